"""What a mapping reads: a source of records, in partitions that are each read in order (facts 7.2, 7.6, 7.16)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection

from kinesis_lab.emulator.kinesis.positions import position_at
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.shard import Shard
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.lambda_.mapping.configuration import NO_CONSUMER, NO_STREAM
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.journal import ShardJournal
from kinesis_lab.emulator.lambda_.mapping.readers import Poller, Reader, Subscriber
from kinesis_lab.emulator.lambda_.mapping.settings import invalid
from kinesis_lab.emulator.lambda_.mapping.target import Right, Target
from kinesis_lab.emulator.wire import AwsError

READING = ("DescribeStream", "GetRecords", "GetShardIterator", "ListShards")
"""What an execution role must be allowed to do to a stream (facts 7.3, 9)."""
NO_ACCESS = (
    "Cannot access stream {}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, "
    "ListShards, and ListStreams Actions on your stream in IAM."
)


class Source(ABC):
    """A source of records.  Its partitions are shards, which have an index, an id and a history."""

    arn: str
    """That of the mapping's EventSourceArn."""
    name: str
    """Of the stream, for the flight recorder."""
    stream_arn: str
    exclusive: bool
    """Whether one mapping only may have it."""
    rights: tuple[Right, ...]
    """What the execution role must be allowed, at creation."""
    reading: Right
    """What it must be allowed at each read."""
    not_found: str
    """What LastProcessingResult says when it is deleted."""
    no_access: str
    """What AWS says to a role without these rights (facts 7.3)."""

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether it has partitions to read: it is not being created any more."""

    @property
    @abstractmethod
    def deleted(self) -> bool:
        """Whether there is nothing to read any more, and never will be."""

    @property
    @abstractmethod
    def retention_seconds(self) -> int:
        """How long it keeps records."""

    @abstractmethod
    def partitions(self) -> list[Shard]:
        """All partitions that there have ever been: what one of them keeps no longer has expired."""

    @abstractmethod
    def due(self, finished: Collection[int]) -> list[Shard]:
        """The partitions whose turn has come, when those with the indices `finished` are done."""

    @abstractmethod
    def starting_position(self, partition: Shard, kind: str, timestamp: float | None) -> int:
        """Where a StartingPosition begins, with its StartingPositionTimestamp in seconds since 1970."""

    @abstractmethod
    def reader(
        self,
        context: MappingContext,
        target: Target,
        partition: Shard,
        position: int,
        journal: ShardJournal,
        wake: Callable[[], None],
    ) -> Reader:
        """A reader of a partition from a position on, which calls `wake` when it is worth having another look."""


class PolledStream(Source):
    """A Kinesis stream, on the throughput that it has for all its readers."""

    exclusive = False
    not_found = NO_STREAM

    def __init__(self, region: Region, stream: Stream) -> None:
        """The `stream` of this Region."""
        self._region = region
        self._stream = stream
        self.arn = self.stream_arn = stream.arn
        self.name = stream.name
        self.rights = tuple(Right(f"kinesis:{operation}", stream.arn) for operation in READING)
        self.reading = Right("kinesis:GetRecords", stream.arn)
        self.no_access = NO_ACCESS.format(stream.arn)

    @property
    def ready(self) -> bool:
        """Whether the stream has its shards."""
        return self._stream.status != "CREATING"

    @property
    def deleted(self) -> bool:
        """Whether the stream was deleted; another one may have its name."""
        return self._region.streams.get(self.name) is not self._stream

    @property
    def retention_seconds(self) -> int:
        """The stream's retention period."""
        return self._stream.retention_hours * 3600

    def partitions(self) -> list[Shard]:
        """All shards, those included that have expired."""
        return self._stream.shards

    def due(self, finished: Collection[int]) -> list[Shard]:
        """The shards whose parents are done: this keeps the order of a key through resharding (facts 7.16).

        One that has expired has its turn as well, if it was not done: a tumbling window may be open in it, and what
        nobody has read is noted as lost.
        """
        return [
            shard
            for shard in self._stream.shards
            if shard.index not in finished and all(parent.index in finished for parent in shard.parents)
        ]

    def starting_position(self, partition: Shard, kind: str, timestamp: float | None) -> int:
        """As GetShardIterator has it."""
        self._stream.trim(partition)
        return position_at(partition, kind, timestamp or 0.0)

    def reader(
        self,
        context: MappingContext,
        target: Target,
        partition: Shard,
        position: int,
        journal: ShardJournal,
        wake: Callable[[], None],
    ) -> Reader:
        """A reader that polls."""
        return Poller(context, target, self._stream, partition, position, self.reading, journal, wake)


class RegisteredConsumer(PolledStream):
    """A Kinesis stream that is pushed to a registered consumer, on throughput of its own (facts 7.6)."""

    exclusive = True
    not_found = NO_CONSUMER

    def __init__(self, region: Region, stream: Stream, consumer: Consumer) -> None:
        """A `consumer` that is registered with the `stream`."""
        super().__init__(region, stream)
        self._consumer = consumer
        self.arn = consumer.arn
        self.reading = Right("kinesis:SubscribeToShard", consumer.arn)
        self.rights = (*self.rights, self.reading)

    @property
    def deleted(self) -> bool:
        """Whether the consumer was deregistered, or the stream deleted; another one may have its name."""
        return super().deleted or self._stream.consumers.get(self._consumer.name) is not self._consumer

    def reader(
        self,
        context: MappingContext,
        target: Target,
        partition: Shard,
        position: int,
        journal: ShardJournal,
        wake: Callable[[], None],
    ) -> Reader:
        """A reader to which records are pushed."""
        about = context, target, self._stream, partition, position, self.reading, journal, wake
        return Subscriber(*about, self._consumer)


def find_source(region: Region, arn: str) -> Source:
    """The source with this ARN: a stream, or a registered consumer, which must be ACTIVE (facts 7.2, 7.6)."""
    try:
        found = region.resource(arn)
    except AwsError:
        raise invalid(f"Stream not found: {arn}") from None
    if isinstance(found, Stream):
        return PolledStream(region, found)
    if found.status != "ACTIVE":
        raise invalid(f"The consumer {arn} is not ACTIVE, instead in state {found.status}.")
    return RegisteredConsumer(region, region.streams[arn.partition(":stream/")[2].partition("/")[0]], found)
