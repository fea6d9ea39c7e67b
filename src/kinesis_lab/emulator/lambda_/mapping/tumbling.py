"""A tumbling window: records of the same minutes, and a state that goes from batch to batch (facts 7.13)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

MOST_STATE_BYTES = 1024**2
"""A larger state ends its window early."""


class TumblingWindow:
    """One window of one shard."""

    def __init__(self, start: int, seconds: int) -> None:
        """From `start` (seconds since 1970), so many seconds long, with an empty state."""
        self.start = start
        self.seconds = seconds
        self.state: dict[str, Any] = {}
        self.overgrown = False
        """Whether the state has become too large: the window ends early then."""

    @classmethod
    def around(cls, second: float, seconds: int) -> TumblingWindow:
        """The window in which an instant lies: windows begin at whole multiples of their length."""
        return cls(int(second // seconds) * seconds, seconds)

    @property
    def end(self) -> int:
        """Where it ends: the first second that is not in it any more."""
        return self.start + self.seconds

    def keep(self, state: dict[str, Any]) -> None:
        """The state that the function has returned, for the next batch."""
        self.state = state
        self.overgrown = len(json.dumps(state, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MOST_STATE_BYTES

    def holds(self, second: float) -> bool:
        """Whether an instant lies in it."""
        return self.start <= second < self.end

    def keys(self, *, final: bool = False, early: bool = False) -> dict[str, Any]:
        """What an event says about its window, besides the shard and the stream."""
        return {
            "window": {"start": _instant(self.start), "end": _instant(self.end)},
            "state": self.state,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": early,
        }


def _instant(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
