"""The streams of one Region, and what all operations need: finding one, changing its state, limits and metrics."""

from __future__ import annotations

from kinesis_lab.emulator.clock import Clock, Steps
from kinesis_lab.emulator.kinesis.budget import Budget
from kinesis_lab.emulator.kinesis.commitment import Commitment
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.metrics import Metrics
from kinesis_lab.emulator.moto_adapter.kms import key_state
from kinesis_lab.emulator.recorder import FlightRecorder
from kinesis_lab.emulator.transition import Effect
from kinesis_lab.emulator.wire import ACCOUNT, LATENCY, AwsError, Document

LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
"""Regions in which an account may have more shards than elsewhere (facts 1.6)."""
ON_DEMAND_STREAMS = 50
"""On-demand streams of an account (facts 1.6)."""

# How long a change of state takes is not published: our choice, in virtual seconds.
SECONDS_TO_CREATE = 8.0
SECONDS_TO_DELETE = 5.0
SECONDS_TO_UPDATE = 5.0
SECONDS_TO_RESHARD = 30.0

ACCOUNT_RATES = {
    "CreateStream": 5,
    "DeleteStream": 5,
    "MergeShards": 5,
    "SplitShard": 5,
    "ListStreams": 5,
    "AddTagsToStream": 5,
    "DescribeStream": 10,
    "DescribeStreamSummary": 20,
    "DescribeLimits": 1,
    "UpdateShardCount": 10,
    "RegisterStreamConsumer": 5,
    "UpdateAccountSettings": 5,
    "UpdateStreamWarmThroughput": 5,
}
"""Calls a second that an account may make (facts 1.4, 1.6)."""
STREAM_RATES = {
    "ListShards": 1000,
    "ListStreamConsumers": 5,
    "DescribeStreamConsumer": 20,
    "DeregisterStreamConsumer": 5,
}
"""Calls a second that may be made on one stream (facts 1.6)."""


class Region:
    """The state of Kinesis in one Region."""

    def __init__(self, name: str, clock: Clock, recorder: FlightRecorder, metrics: Metrics, *, limits: bool) -> None:
        """A Region without streams.  Without `limits`, reads, writes and calls are never throttled."""
        self.name = name
        self.clock = clock
        self.recorder = recorder
        self.streams: dict[str, Stream] = {}
        self.limits = limits
        self.shard_quota = 20_000 if name in LARGE_REGIONS else 1_000
        """Shards of provisioned streams (facts 1.6)."""
        self.commitment = Commitment(clock)
        self.latency_ms = LATENCY * 1000
        self._metrics = metrics
        self._rates: dict[tuple[str, str], Budget] = {}

    # Finding

    def stream(self, request: Document, *, writing: bool = False) -> Stream:
        """The stream that a request names by StreamName, StreamARN or both."""
        name = request.get("StreamName")
        arn = request.get("StreamARN")
        if request.get("StreamId"):
            raise AwsError("InvalidArgumentException", "StreamId is not supported; use StreamARN or StreamName.")
        if not name and not arn:
            raise AwsError("InvalidArgumentException", "Either StreamARN or StreamName must be specified.")
        named = name or str(arn).partition(":stream/")[2]
        stream = self.streams.get(named)
        if stream is None or (writing and stream.status == "CREATING"):
            raise AwsError("ResourceNotFoundException", f"Stream {named} under account {ACCOUNT} not found.")
        if arn and arn != stream.arn:
            if name and arn.rpartition("/")[2] != name:
                raise AwsError(
                    "InvalidArgumentException", f"StreamARN {arn} and StreamName {name} do not name the same stream."
                )
            raise AwsError("ResourceNotFoundException", f"Stream {arn} not found.")
        return stream

    def active_stream(self, request: Document) -> Stream:
        """The stream that a request names, which must be ACTIVE (facts 1.1)."""
        stream = self.stream(request)
        if stream.status != "ACTIVE":
            raise AwsError(
                "ResourceInUseException",
                f"Stream {stream.name} under account {ACCOUNT} not ACTIVE, instead in state {stream.status}",
            )
        return stream

    def resource(self, arn: str) -> Stream | Consumer:
        """The stream or the consumer with this ARN."""
        name, _, consumer = arn.partition(":stream/")[2].partition("/consumer/")
        stream = self.streams.get(name)
        if stream and consumer:
            found = stream.consumers.get(consumer.partition(":")[0])
            if found and found.arn == arn:
                return found
        elif stream and stream.arn == arn:
            return stream
        raise AwsError("ResourceNotFoundException", f"Resource {arn} under account {ACCOUNT} not found.")

    @property
    def open_shards(self) -> int:
        """The open shards of provisioned streams, which count against the quota; those being created included."""
        provisioned = [stream for stream in self.streams.values() if stream.mode == "PROVISIONED"]
        return sum(len(stream.open_shards) or stream.shard_count for stream in provisioned)

    def check_quota(self, more: int) -> None:
        """Raise LimitExceededException if `more` shards would be too many (facts 1.2)."""
        count = self.open_shards
        if count + more > self.shard_quota:
            raise AwsError(
                "LimitExceededException",
                f"This request would exceed the shard limit for the account {ACCOUNT} in {self.name}. "
                f"Current shard count for the account: {count}. Limit: {self.shard_quota}. "
                f"Number of additional shards that would have resulted from this request: {more}.",
            )

    # States

    def change(
        self,
        stream: Stream,
        effect: Effect,
        *,
        seconds: float = SECONDS_TO_UPDATE,
        through: str = "UPDATING",
    ) -> None:
        """Give `stream` the status `through`; after `seconds` the change takes effect and it is ACTIVE."""

        def finish() -> None:
            effect()
            self.set_status(stream, "ACTIVE")

        self.set_status(stream, through)
        stream.transition.begin(seconds, finish)

    def settle(self, stream: Stream) -> None:
        """Let the change that `stream` is in, if it is in one, take effect now; a deletion takes its time."""
        if stream.status != "DELETING":
            stream.transition.settle()

    def delete(self, stream: Stream) -> None:
        """Delete `stream` with its consumers: all are DELETING for a while, then gone (facts 1.12)."""

        def finish() -> None:
            del self.streams[stream.name]
            for shard in stream.shards:
                shard.wake()

        self.set_status(stream, "DELETING")
        for consumer in stream.consumers.values():
            if consumer.status != "DELETING":
                consumer.status = "DELETING"
                consumer.transition.cancel()
        stream.transition.begin(SECONDS_TO_DELETE, finish)

    def set_status(self, stream: Stream, status: str) -> None:
        """Give `stream` a new status."""
        stream.status = status
        self.recorder.note("state", stream=stream.name, outcome=status)

    def expire_shards(self, stream: Stream) -> None:
        """Expire closed shards of `stream` once they are older than its retention, now or later (facts 1.7)."""
        stream.expire()
        waiting = [shard.closed_at for shard in stream.shards if shard.closed_at is not None and not shard.expired]
        if waiting:
            due = min(waiting) + stream.retention_hours * 3600
            self.clock.start(self._expire_at(stream, due))

    def _expire_at(self, stream: Stream, due: float) -> Steps:
        yield self.clock.timeout(due - self.clock.now)
        before = len(stream.listed_shards)
        stream.expire()
        if len(stream.listed_shards) < before:
            self.expire_shards(stream)

    def check_key(self, key: str | None) -> None:
        """Raise AwsError if a KMS key cannot be used (facts 1.8); no key, or AWS's own, always can."""
        if key is None or key.endswith("alias/aws/kinesis"):
            return
        state = key_state(self.name, key)
        if state is None:
            raise AwsError("KMSNotFoundException", f"The KMS key {key} was not found.")
        if state == "Disabled":
            raise AwsError("KMSDisabledException", f"The KMS key {key} is disabled.")
        if state != "Enabled":
            raise AwsError("KMSInvalidStateException", f"The KMS key {key} is in the state {state}.")

    def end_dry_run(self, request: Document) -> None:
        """Raise DryRunOperationException if a request, found to be valid, is only a dry run (facts 1.3)."""
        if request.get("DryRun"):
            raise AwsError("DryRunOperationException", "The request would have succeeded, but DryRun is set.")

    # Rates and metrics

    def check_rate(self, operation: str, request: Document) -> None:
        """Count a call; raise LimitExceededException if it is more than AWS allows in a second (facts 1.6)."""
        if operation in ACCOUNT_RATES:
            budget = self._rate(operation, "", ACCOUNT_RATES[operation])
            of = f"account {ACCOUNT}"
        elif operation in STREAM_RATES:
            name = request.get("StreamName") or str(request.get("StreamARN") or request.get("ConsumerARN"))
            budget = self._rate(operation, name.rpartition(":stream/")[2].partition("/")[0], STREAM_RATES[operation])
            of = f"stream {name}"
        else:
            return
        if self.limits and not budget.take(self.clock.microseconds):
            raise AwsError("LimitExceededException", f"Rate exceeded for {operation} in {of}.")

    def _rate(self, operation: str, name: str, rate: int) -> Budget:
        return self._rates.setdefault((operation, name), Budget(rate))

    def count(self, stream: Stream, name: str, value: float, unit: str = "Count") -> None:
        """Add a value of a metric of `stream` (facts 11)."""
        self._metrics.add(self.name, "AWS/Kinesis", name, value, unit, StreamName=stream.name)

    def count_all(self, stream: Stream, *measured: tuple[str, float, str]) -> None:
        """Add values of several metrics of `stream`: name, value and unit of each."""
        self._metrics.add_all(self.name, "AWS/Kinesis", measured, StreamName=stream.name)

    def count_shard(self, stream: Stream, shard_id: str, name: str, value: float, unit: str = "Count") -> None:
        """Add a value of a shard-level metric, if the stream's enhanced monitoring has it on (facts 11)."""
        if name in stream.shard_metrics:
            self._metrics.add(self.name, "AWS/Kinesis", name, value, unit, StreamName=stream.name, ShardId=shard_id)

    def count_all_of_shard(self, stream: Stream, shard_id: str, *measured: tuple[str, float, str]) -> None:
        """Measure several things of a shard, those that the stream's enhanced monitoring has on: name, value, unit."""
        if stream.shard_metrics:
            for name, value, unit in measured:
                self.count_shard(stream, shard_id, name, value, unit)

    def count_consumer(self, stream: Stream, consumer: Consumer, name: str, value: float, unit: str = "Count") -> None:
        """Add a value of a metric of a registered consumer (facts 11)."""
        self._metrics.add(
            self.name, "AWS/Kinesis", name, value, unit, StreamName=stream.name, ConsumerName=consumer.name
        )
