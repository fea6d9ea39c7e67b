"""Reading a shard: as a poller that shares its budget, or as a registered consumer that has its own (facts 7.6)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from kinesis_lab.emulator.clock import MICROSECONDS
from kinesis_lab.emulator.kinesis.push import ShardPush
from kinesis_lab.emulator.kinesis.read_budget import IdlePoller
from kinesis_lab.emulator.kinesis.shard import Record, Shard, span
from kinesis_lab.emulator.kinesis.shard_reads import read, refuse
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.lambda_.mapping.configuration import NO_ACCESS, Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.wire import AwsError

POLL_SECONDS = 1.0
"""An idle shard is polled once a second (facts 7.6)."""
READ_SECONDS = 0.01
"""Virtual time of one read, as of any API call."""
PUSH_SECONDS = 0.07
"""Virtual time from a record's arrival to its being pushed: our choice."""


class Reader(ABC):
    """Reads a shard from `position` on, and knows when to do so next."""

    action = "kinesis:GetRecords"
    """What the execution role must allow."""
    kind = "poll"
    """Under which name the flight recorder notes it."""

    def __init__(
        self, context: MappingContext, configuration: Configuration, stream: Stream, shard: Shard, position: int
    ) -> None:
        """Read `shard` of `stream` for the mapping with this configuration."""
        self.position = position
        self._barred = False
        """Whether the last read was not allowed."""
        self._more = True
        """Whether to read on at once: the last read did not get everything, or there was none."""
        self._context = context
        self._configuration = configuration
        self._stream = stream
        self._shard = shard
        self._clock = context.clock
        self._began = context.clock.microseconds
        self._resting = False
        self.wake: Callable[[], None] = _nothing
        """Called when it is worth having another look at once."""
        self.called = False
        """Whether it may read before the end of its pause."""

    # When to read

    @property
    def gone(self) -> bool:
        """Whether the stream was deleted."""
        return self._context.region.streams.get(self._stream.name) is not self._stream

    @property
    def patience(self) -> float | None:
        """Seconds until the next read is done; None if there is nothing to read at the moment."""
        if self._barred:  # to ask again and again would not help
            return POLL_SECONDS
        if self._more:
            return READ_SECONDS
        return None if self._at_tip else self._pause() + READ_SECONDS

    @property
    def _at_tip(self) -> bool:
        return self.position >= self._shard.tip

    @abstractmethod
    def _pause(self) -> float:
        """Seconds until its turn comes, when something is there to read."""

    def rest(self) -> None:
        """There is nothing to read: `wake` whoever waits when something arrives, or the shard is closed."""
        if not self._resting:
            self._resting = True
            self._shard.on_arrival(self._heard)

    def _heard(self) -> None:
        self.end()
        self.wake()

    def end(self) -> None:
        """End the rest, if there is one: something has arrived, or nothing will be read for a while."""
        self._resting = False

    def caught_up(self, second: float) -> bool:
        """Whether it has read all that arrived before `second` (since 1970), which has passed."""
        unread = self._shard.at(max(self.position, self._shard.horizon))
        return unread is None or unread.arrival >= second

    # Reading

    def read(self) -> list[Record]:
        """Read what there is, up to the limits of one read; oldest first."""
        self.called = False
        self._barred = not self._may_read()
        if self._barred:
            self.end()
        records = None if self._barred else self._read()
        if records is None:  # a read lets go of what is too old, and there was none
            self._stream.trim(self._shard)
        self._skip_expired()
        if records:
            self.position += len(records)
            self._note(self.kind, records, outcome="ok")
        self._more = records is not None and not self._at_tip
        return records or []

    @abstractmethod
    def _read(self) -> list[Record] | None:
        """What there is at `position`; None when the budget is spent."""

    def _may_read(self) -> bool:
        """Whether the function's role may read the stream; the mapping says so if not."""
        try:
            role = self._context.find_function(self._configuration.function_arn).role
        except AwsError:  # a function that is gone shows when a batch is due
            return True
        if self._context.permissions.allow(role, self.action, self._configuration.source_arn):
            return True
        self._configuration.last_result = NO_ACCESS
        return False

    def _skip_expired(self) -> None:
        """What the stream no longer keeps was lost before it was ever read."""
        lost = self._shard.horizon - self.position
        if lost > 0:
            self.position = self._shard.horizon
            self._context.recorder.note(
                "expired",
                stream=self._stream.name,
                shard=self._shard.id,
                mapping=self._configuration.uuid,
                places=span(self.position - lost, self.position - 1),
                records=lost,
                outcome="unread",
            )

    def _note(self, kind: str, records: list[Record], outcome: str) -> None:
        self._context.recorder.note(
            kind,
            stream=self._stream.name,
            shard=self._shard.id,
            mapping=self._configuration.uuid,
            first=records[0].sequence_number if records else None,
            last=records[-1].sequence_number if records else None,
            records=len(records),
            outcome=outcome,
        )


class Poller(Reader):
    """Polls once a second, and at once while there is more; the shard's budget is shared with all other readers.

    At the tip it waits for the next record; what it would have polled in vain meanwhile is taken from the budget.
    AWS does not say whose turn it is when there are more polls than the shard allows: here those who were refused
    stand in line, and the first of them reads as soon as anybody comes and there is room.
    """

    _idle: IdlePoller | None = None

    def rest(self) -> None:
        """As a Reader, and poll in vain meanwhile."""
        super().rest()
        if self._idle is None:
            self._idle = IdlePoller(self._began + round(READ_SECONDS * MICROSECONDS), self._clock.microseconds)
            self._shard.reads.start_idling(self._idle)

    def end(self) -> None:
        """As a Reader, and wait for no turn."""
        super().end()
        if self._idle:
            self._shard.reads.stop_idling(self._idle, self._clock.microseconds)
            self._idle = None
        self._shard.waiters.leave(self._call)

    def _pause(self) -> float:
        """Until the next whole second since it began."""
        since = (self._clock.microseconds - self._began) / MICROSECONDS
        return POLL_SECONDS - since % POLL_SECONDS

    def _read(self) -> list[Record] | None:
        where = self._context.region, self._stream, self._shard
        waiters = self._shard.waiters
        if waiters.before(self._call):
            if self._shard.reads.allows(self._clock.microseconds, 1, 1):
                waiters.wake_first()
            refuse(*where)
            records = None
        else:
            records = read(*where, self.position)
        if records is None:
            self._note(self.kind, [], outcome="throttled")
            waiters.join(self._call)
        else:
            waiters.leave(self._call)
        return records

    def _call(self) -> None:
        self.called = True
        self.wake()


class Subscriber(Reader):
    """Is pushed what arrives, on a budget of its own: enhanced fan-out."""

    action = "kinesis:SubscribeToShard"
    kind = "push"

    def __init__(
        self,
        context: MappingContext,
        configuration: Configuration,
        stream: Stream,
        shard: Shard,
        position: int,
        consumer: Consumer,
    ) -> None:
        """As a Reader, for a registered `consumer`."""
        super().__init__(context, configuration, stream, shard, position)
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


def _nothing() -> None:
    """Nobody waits."""
