"""What a shard, a stream or an account allows in a given time."""

from __future__ import annotations

from collections import deque
from math import ceil

from kinesis_lab.emulator.clock import MICROSECONDS


class Budget:
    """A number of things, and of bytes, in any `seconds`, wherever they begin.

    What is spent comes back `seconds` later.  AWS publishes the rates, not the bookkeeping: this one never lets more
    through than it says.  Who spends without having asked for the size may run into debt, and then all of it comes
    back when the budget would have held that much: this is why a read of 10 MiB from a shard of 2 MiB/s is followed
    by five seconds without (facts 5.2).
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
        return self._size + size <= self._most_bytes

    def spend(self, now: int, count: int = 1, size: int = 0) -> None:
        """Let them pass."""
        self._count += count
        self._size += size
        times = max(1.0, self._size / self._most_bytes)
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


class Burst:
    """Room for single records that are larger than a second's budget: a bucket of bytes (facts 4.1).

    What the shard takes in empties it, and it fills again at the shard's rate.
    """

    __slots__ = ("_level", "_most", "_rate", "_since")

    def __init__(self, most: int, rate: int) -> None:
        """A full bucket of `most` bytes, filling at `rate` bytes a second."""
        self._most = most
        self._rate = rate
        self._level = float(most)
        self._since = 0

    def allows(self, now: int, size: int) -> bool:
        """Whether `size` bytes are in it at `now`, in microseconds."""
        self._level = min(self._most, self._level + (now - self._since) / MICROSECONDS * self._rate)
        self._since = now
        return size <= self._level

    def spend(self, now: int, size: int) -> None:
        """Take them out; it is never emptier than empty."""
        self.allows(now, size)
        self._level = max(0.0, self._level - size)
