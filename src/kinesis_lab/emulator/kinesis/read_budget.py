"""What a shard gives out in a second to all its standard consumers, those included who poll it in vain (facts 5.2)."""

from __future__ import annotations

from kinesis_lab.emulator.kinesis.budget import Budget


class IdlePoller:
    """Polls an idle shard once in every period of its budget, always at the same point of the period."""

    __slots__ = ("last", "phase")

    def __init__(self, phase: int, now: int) -> None:
        """It polls at `phase`, in microseconds, and whole periods before and after; for the first time after `now`."""
        self.phase = phase
        self.last = now


class ReadBudget(Budget):
    """A budget of reads, of which idle pollers take one each in every period.

    They take no events of the simulation: what they would have spent is spent when somebody else asks.  Whoever was
    refused comes again after a period: until then, and at that very instant, idle pollers give way.
    """

    __slots__ = ("_idle", "_refused")

    def __init__(self, most: float, most_bytes: float) -> None:
        """At most `most` reads and `most_bytes` bytes in a second."""
        super().__init__(most, most_bytes)
        self._idle: list[IdlePoller] = []
        self._refused = float("-inf")
        """When anybody was refused for the last time, in microseconds."""

    def allows(self, now: int, count: int = 1, size: int = 0) -> bool:
        """As a Budget, less what idle pollers have spent by `now`."""
        if self._idle:
            self._poll_until(now)
        allowed = super().allows(now, count, size)
        if not allowed:
            self._refused = now
        return allowed

    def start_idling(self, poller: IdlePoller) -> None:
        """From now on `poller` polls in vain."""
        self._idle.append(poller)

    def stop_idling(self, poller: IdlePoller, now: int) -> None:
        """From `now` on it does not; what it has spent comes back as all else does."""
        self._poll_until(now)
        self._idle.remove(poller)

    def _poll_until(self, now: int) -> None:
        """Spend what idle pollers would have by `now`: the last poll is enough, those before have come back."""
        due = []
        for poller in self._idle:
            last = now - (now - poller.phase) % self._seconds
            if last > poller.last:
                poller.last = last
                due.append(last)
        for moment in sorted(due):
            if self._refused < moment - self._seconds and super().allows(moment, 1, 1):
                self.spend(moment)
