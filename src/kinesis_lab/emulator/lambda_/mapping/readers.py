"""Reading a shard: as a poller that shares its budget, or as a registered consumer that has its own (facts 7.6)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from kinesis_lab.emulator.clock import MICROSECONDS
from kinesis_lab.emulator.kinesis.push import ShardPush
from kinesis_lab.emulator.kinesis.read_budget import IdlePoller
from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.kinesis.shard_reads import read, refuse
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.lambda_.mapping.configuration import NO_ACCESS, THROTTLED
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.journal import ShardJournal
from kinesis_lab.emulator.lambda_.mapping.target import Right, Target

POLL_SECONDS = 1.0
"""An idle shard is polled once a second (facts 7.6)."""
READ_SECONDS = 0.01
"""Virtual time of one read, as of any API call."""
PROBLEM_SECONDS = 60.0
"""When all reads were throttled for so long, LastProcessingResult says so: our choice."""
PUSH_SECONDS = 0.07
"""Virtual time from a record's arrival to its being pushed: our choice."""


class Reader(ABC):
    """Reads a shard from `position` on, and knows when to do so next."""

    kind: str
    """Under which name the flight recorder has its reads."""

    def __init__(
        self,
        context: MappingContext,
        target: Target,
        stream: Stream,
        shard: Shard,
        position: int,
        right: Right,
        journal: ShardJournal,
        wake: Callable[[], None],
    ) -> None:
        """Read `shard` of `stream`, while the target's role has the `right` to do so.

        `wake` is called when it is worth having another look at once.
        """
        self.position = position
        self.has_turn = False
        """Whether it may read before the end of its pause: others let it go first."""
        self._denied = False
        """Whether the last read was not allowed."""
        self._refused_since: int | None = None
        """Since when all reads were throttled, in microseconds; None if the last one was not."""
        self._more = True
        """Whether to read on at once: the last read did not get everything, or there was none."""
        self._awaiting_arrival = False
        self._context = context
        self._target = target
        self._stream = stream
        self._shard = shard
        self._right = right
        self._journal = journal
        self._wake = wake
        self._clock = context.clock
        self._began = context.clock.microseconds

    # When to read

    @property
    def seconds_until_read(self) -> float | None:
        """Seconds until the next read is done; None if there is nothing to read at the moment."""
        if self._denied:  # to ask again and again would not help
            return POLL_SECONDS
        if self._more:
            return READ_SECONDS
        return None if self._at_tip else self._pause() + READ_SECONDS

    @property
    def read_until(self) -> float:
        """All that arrived before this instant was read: when the first unread record arrived, in seconds since 1970.

        It is infinite if there is none: in the present, all was read.
        """
        unread = self._shard.at(max(self.position, self._shard.horizon))
        return float("inf") if unread is None else unread.arrival

    @property
    def _at_tip(self) -> bool:
        return self.position >= self._shard.tip

    @abstractmethod
    def _pause(self) -> float:
        """Seconds until its turn comes, when something is there to read."""

    def await_arrival(self) -> None:
        """There is nothing to read: `wake` whoever waits when something arrives, or the shard is closed."""
        if not self._awaiting_arrival:
            self._awaiting_arrival = True
            self._shard.on_arrival(self._arrived)

    def _arrived(self) -> None:
        self.stop_waiting()
        self._wake()

    def stop_waiting(self) -> None:
        """Wait for no arrival and no turn: there is something to read, or nothing will be read for a while."""
        self._awaiting_arrival = False

    # Reading

    def read(self) -> list[Record]:
        """Read what there is, up to the limits of one read; oldest first."""
        self.has_turn = False
        self._denied = not self._may_read()
        if self._denied:
            self.stop_waiting()
        records = None if self._denied else self._read()
        if records is None:  # a read trims the shard, and there was none
            self._stream.trim(self._shard)
        self._skip_expired()
        if records:
            self.position += len(records)
            self._journal.read(self.kind, records)
        self._tell_problem(refused=records is None)
        self._more = records is not None and not self._at_tip
        return records or []

    @abstractmethod
    def _read(self) -> list[Record] | None:
        """What there is at `position`; None when the budget is spent."""

    def _may_read(self) -> bool:
        if self._target.may(self._right):
            return True
        self._journal.unreadable(NO_ACCESS)
        return False

    def _tell_problem(self, *, refused: bool) -> None:
        """Say so when what is there cannot be read for long, and when it can be again."""
        if self._denied:
            return
        if not refused or self._at_tip:
            self._refused_since = None
            self._journal.readable()
        elif self._refused_since is None:
            self._refused_since = self._clock.microseconds
        elif self._clock.microseconds - self._refused_since >= PROBLEM_SECONDS * MICROSECONDS:
            self._journal.unreadable(THROTTLED)

    def _skip_expired(self) -> None:
        """What the stream no longer keeps was lost before it was ever read."""
        oldest = self._shard.horizon
        if oldest > self.position:
            self._journal.expired_unread(self.position, oldest - 1)
            self.position = oldest


class Poller(Reader):
    """Polls once a second, and at once while there is more; the shard's budget is shared with all other readers.

    At the tip it waits for the next record; what it would have polled in vain meanwhile is taken from the budget.
    When there are more polls than the shard allows, those that were refused queue up: the first of them reads as soon
    as anybody comes and there is room.
    """

    kind = "poll"
    _idle: IdlePoller | None = None

    def await_arrival(self) -> None:
        """As a Reader, and poll in vain meanwhile; who has nothing to read stands in nobody's way."""
        super().await_arrival()
        self._shard.waiters.leave(self._take_turn)
        if self._idle is None:
            self._idle = IdlePoller(self._began + round(READ_SECONDS * MICROSECONDS), self._clock.microseconds)
            self._shard.reads.start_idling(self._idle)

    def stop_waiting(self) -> None:
        """As a Reader, and leave the queue."""
        super().stop_waiting()
        if self._idle:
            self._shard.reads.stop_idling(self._idle, self._clock.microseconds)
            self._idle = None
        self._shard.waiters.leave(self._take_turn)

    def _pause(self) -> float:
        """Until the next whole second since it began."""
        since = (self._clock.microseconds - self._began) / MICROSECONDS
        return POLL_SECONDS - since % POLL_SECONDS

    def _read(self) -> list[Record] | None:
        where = self._context.region, self._stream, self._shard
        waiters = self._shard.waiters
        if waiters.before(self._take_turn):
            if self._shard.reads.allows(self._clock.microseconds, 1, 1):
                waiters.wake_first()
            refuse(*where)
            records = None
        else:
            records = read(*where, self.position)
        if records is None:
            self._journal.throttled(self.kind)
            waiters.join(self._take_turn)
        else:
            waiters.leave(self._take_turn)
        return records

    def _take_turn(self) -> None:
        self.has_turn = True
        self._wake()


class Subscriber(Reader):
    """Is pushed what arrives, on a budget of its own: enhanced fan-out."""

    kind = "push"

    def __init__(
        self,
        context: MappingContext,
        target: Target,
        stream: Stream,
        shard: Shard,
        position: int,
        right: Right,
        journal: ShardJournal,
        wake: Callable[[], None],
        consumer: Consumer,
    ) -> None:
        """As a Reader, for a registered `consumer`."""
        super().__init__(context, target, stream, shard, position, right, journal, wake)
        self._consumer = consumer
        self._push = ShardPush(context.region, stream, consumer, shard)

    def _pause(self) -> float:
        """Until the oldest record that is there has made its way."""
        unread = self._shard.at(self.position)
        arrived = self._clock.now if unread is None else unread.arrival
        return max(PUSH_SECONDS / 10, arrived + PUSH_SECONDS - self._clock.now)

    def _may_read(self) -> bool:
        return self._consumer.status == "ACTIVE" and super()._may_read()

    def _read(self) -> list[Record] | None:
        if not self._push.allowed:
            return None
        records = self._push.read(self.position)
        self._push.send(records, max(self.position, self._shard.horizon) + len(records))
        return records
