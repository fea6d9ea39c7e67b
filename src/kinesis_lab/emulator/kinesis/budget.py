"""What a shard, a stream or an account allows in a given time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil

from kinesis_lab.emulator.clock import MICROSECONDS


class Budget:
    """A number of things, and of bytes, in any `seconds`, wherever they begin.

    What is spent comes back `seconds` later.  AWS publishes the rates, not the bookkeeping: this one never lets more
    through than it says.  Who spends without having asked for the size may run into debt, and then all of it comes
    back when the budget would have held that much: this is why a read of 10 MiB from a shard of 2 MiB/s is followed
    by five seconds without (facts 5.2).
    """

    __slots__ = ("_back", "_count", "_habits", "_most", "_most_bytes", "_refused", "_seconds", "_size", "line")

    def __init__(self, most: float, most_bytes: float = float("inf"), *, seconds: float = 1.0) -> None:
        """At most `most` things and `most_bytes` bytes in `seconds`."""
        self._most = most
        self._most_bytes = most_bytes
        self._seconds = round(seconds * MICROSECONDS)
        self._count = 0
        self._size = 0
        self._back: deque[tuple[int, int, int]] = deque()
        self._habits: list[Habit] = []
        self._refused = float("-inf")
        """When anybody was refused for the last time."""
        self.line: deque[Callable[[], None]] = deque()
        """Those who were refused, by what calls them, in this order."""

    def allows(self, now: int, count: int = 1, size: int = 0) -> bool:
        """Whether `count` things of `size` bytes together may pass at `now`, in microseconds."""
        if self._habits:
            self._keep_up(now)
        allowed = self._has_room(now, count, size)
        if not allowed:
            self._refused = now
        return allowed

    def _has_room(self, now: int, count: int, size: int) -> bool:
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

    # Those who spend one thing in every period

    def begin(self, habit: Habit) -> None:
        """From now on somebody spends one thing in every period, if there is room and nobody was refused in it."""
        self._habits.append(habit)

    def end(self, habit: Habit, now: int) -> None:
        """From `now` on they don't; what they have spent comes back as all else does."""
        self._keep_up(now)
        self._habits.remove(habit)

    def _keep_up(self, now: int) -> None:
        """Let them spend what they would have by `now`: the last time is enough, the ones before have come back."""
        due = []
        for habit in self._habits:
            last = now - (now - habit.phase) % self._seconds
            if last > habit.last:
                habit.last = last
                due.append(last)
        for moment in sorted(due):
            if self._refused <= moment - self._seconds and self._has_room(moment, 1, 1):
                self.spend(moment)


class Habit:
    """One thing that is spent in every period of a budget, always at the same point of it: a poll of an idle shard."""

    __slots__ = ("last", "phase")

    def __init__(self, phase: int, now: int) -> None:
        """It is spent at `phase`, in microseconds, or whole periods from there, and for the first time after `now`."""
        self.phase = phase
        self.last = now


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
