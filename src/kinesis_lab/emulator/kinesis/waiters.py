"""The readers of a shard that were throttled and wait for their turn (facts 7.6)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Wake = Callable[[], None]
"""How a reader is told to try again."""


class Waiters:
    """First come, first served.  AWS does not say whose turn it is when a shard has more readers than reads."""

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        """An empty queue."""
        self._queue: deque[Wake] = deque()

    def before(self, wake: Wake) -> bool:
        """Whether it is the turn of another reader than that with this `wake`."""
        return bool(self._queue) and self._queue[0] != wake

    def wake_first(self) -> None:
        """Tell the reader whose turn it is; it stays in the queue until it has read."""
        self._queue[0]()

    def join(self, wake: Wake) -> None:
        """Queue up, unless in the queue already."""
        if wake not in self._queue:
            self._queue.append(wake)

    def leave(self, wake: Wake) -> None:
        """Leave the queue, wherever in it, if in it at all."""
        if wake in self._queue:
            self._queue.remove(wake)
