"""What a shard, a stream or an account allows in a given time."""

from __future__ import annotations

from collections import deque
from math import ceil

from helpers.emulator.clock import MICROSECONDS


class Budget:
    """A number of things, and of bytes, in any `seconds`, wherever they begin.

    What is spent comes back `seconds` later.  AWS publishes the rates, not the bookkeeping: this one never lets more
    through than it says.  A single spending of more bytes than the budget holds is allowed while nothing is spent,
    and comes back when the budget would have held that much: this is how records over 1 MiB pass (facts 4.1), and why
    a read of 10 MiB from a shard of 2 MiB/s is followed by five seconds without (facts 5.2).
    """

    __slots__ = ("_back", "_count", "_most", "_most_bytes", "_seconds", "_size")

    def __init__(self, most: float, most_bytes: float = float("inf"), *, seconds: float = 1.0) -> None:
        """At most `most` things and `most_bytes` bytes in `seconds`."""
        self._most = most
        self._most_bytes = most_bytes
        self._seconds = round(seconds * MICROSECONDS)
        self._count = 0
        self._size = 0
        self._back: deque[tuple[int, int, int]] = deque()

    def allows(self, now: int, count: int = 1, size: int = 0) -> bool:
        """Whether `count` things of `size` bytes together may pass at `now`, in microseconds."""
        back = self._back
        while back and back[0][0] <= now:
            _, returned, returned_size = back.popleft()
            self._count -= returned
            self._size -= returned_size
        if self._count + count > self._most:
            return False
        return self._size + size <= self._most_bytes or not back

    def spend(self, now: int, count: int = 1, size: int = 0) -> None:
        """Let them pass."""
        self._count += count
        self._size += size
        times = max(1.0, size / self._most_bytes)
        back = now + (self._seconds if times == 1.0 else ceil(self._seconds * times))
        if self._back and self._back[-1][0] == back:
            _, spent, spent_size = self._back.pop()
            count, size = count + spent, size + spent_size
        self._back.append((back, count, size))

    def take(self, now: int, count: int = 1, size: int = 0) -> bool:
        """Let them pass if that is allowed; says whether it was."""
        allowed = self.allows(now, count, size)
        if allowed:
            self.spend(now, count, size)
        return allowed
