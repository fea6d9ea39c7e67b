"""The commitment to a minimum throughput that turns on-demand streams into On-demand Advantage: facts 1.4."""

from __future__ import annotations

from typing import Any

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.wire import AwsError

LEAST_SECONDS = 24 * 3600.0
"""A commitment lasts at least a day."""
MOST_WARM_MIBPS = 10 * 1024
"""What a stream can be warmed up to, in MiB/s."""


class Commitment:
    """The commitment of one account in one Region, if it has made one."""

    def __init__(self, clock: Clock) -> None:
        """No commitment; `clock` says when one has ended."""
        self._clock = clock
        self._started: float | None = None
        """When it was made, in seconds since 1970."""
        self._ends: float | None = None
        """When it ends, or ended, in seconds since 1970; None until it is given up."""

    @property
    def holds(self) -> bool:
        """Whether it is in force."""
        return self._started is not None and (self._ends is None or self._clock.now < self._ends)

    def make(self) -> None:
        """Make a commitment, or keep one that was given up and has not ended."""
        if not self.holds:
            self._started = self._clock.now
        self._ends = None

    def give_up(self) -> None:
        """End the commitment: now, or when its first day is over."""
        if self._started is not None and self._ends is None:
            self._ends = max(self._clock.now, self._started + LEAST_SECONDS)

    def document(self) -> dict[str, Any]:
        """A MinimumThroughputBillingCommitment as responses show it."""
        if self._started is None:
            return {"Status": "DISABLED"}
        if not self.holds:
            return {"Status": "DISABLED", "StartedAt": self._started, "EndedAt": self._ends}
        status = "ENABLED" if self._ends is None else "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
        earliest = self._started + LEAST_SECONDS
        return {"Status": status, "StartedAt": self._started, "EarliestAllowedEndAt": earliest}

    def check_warm_throughput(self, mode: str, mibps: int) -> None:
        """Raise unless a stream of this mode can be warmed up to `mibps` MiB/s."""
        if mode != "ON_DEMAND":
            raise AwsError("ValidationException", "Warm throughput is only supported for ON_DEMAND streams.")
        if not self.holds:
            raise AwsError(
                "ValidationException",
                "Warm throughput is only supported in accounts with MinimumThroughputBillingCommitment enabled.",
            )
        if mibps > MOST_WARM_MIBPS:
            raise AwsError("LimitExceededException", f"WarmThroughputMiBps can be at most {MOST_WARM_MIBPS}.")
