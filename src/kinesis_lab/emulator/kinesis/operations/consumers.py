"""Enhanced fan-out: registered consumers and their subscriptions: facts 1.11 and 5.3."""

from __future__ import annotations

from kinesis_lab.emulator.clock import MICROSECONDS
from kinesis_lab.emulator.kinesis.documents import consumer_document
from kinesis_lab.emulator.kinesis.operations.shards import check_age_of_token, check_creation_timestamp, find_shard
from kinesis_lab.emulator.kinesis.operations.tags import add_tags
from kinesis_lab.emulator.kinesis.positions import starting_position
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.kinesis.subscription import Subscription
from kinesis_lab.emulator.kinesis.tokens import seal, unseal
from kinesis_lab.emulator.transition import Transition
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document

CONSUMERS = 20
CONSUMERS_WITH_ADVANTAGE = 50
"""Registered consumers of a stream (facts 1.11)."""
CREATING_AT_ONCE = 5
"""Consumers of a stream that may be in CREATING at the same time (facts 1.11)."""
RESUBSCRIBE_SECONDS = 5.0
"""For how long after a subscription the same consumer cannot subscribe to the same shard again (facts 5.3)."""

# How long a change of state takes is not published: our choice, in virtual seconds.
SECONDS_TO_REGISTER = 5.0
SECONDS_TO_DEREGISTER = 5.0


class ConsumerOperations:
    """Register, describe, list, deregister, SubscribeToShard."""

    def __init__(self, region: Region) -> None:
        """Operate on the streams of `region`."""
        self._region = region

    def register_stream_consumer(self, request: Document) -> Document:
        """RegisterStreamConsumer: CREATING for a while, then ACTIVE."""
        stream = self._region.stream(request)
        if stream.status == "DELETING":
            raise AwsError("ResourceInUseException", f"Stream {stream.name} under account {ACCOUNT} is being deleted.")
        name = request["ConsumerName"]
        if name in stream.consumers:
            raise AwsError(
                "ResourceInUseException", f"Consumer {name} of stream {stream.name} under account {ACCOUNT} exists."
            )
        most = CONSUMERS_WITH_ADVANTAGE if self._has_advantage(stream) else CONSUMERS
        creating = sum(consumer.status == "CREATING" for consumer in stream.consumers.values())
        if len(stream.consumers) >= most or creating >= CREATING_AT_ONCE:
            raise AwsError(
                "LimitExceededException",
                f"Stream {stream.name} has {len(stream.consumers)} registered consumers, {creating} of them in "
                f"CREATING; it may have {most}, and {CREATING_AT_ONCE} in CREATING.",
            )
        now = self._region.clock.now
        arn, transition = f"{stream.arn}/consumer/{name}:{int(now)}", Transition(self._region.clock)
        consumer = Consumer(name, arn, now, "CREATING", {}, {}, transition)
        add_tags(consumer.tags, request.get("Tags", {}))
        stream.consumers[name] = consumer
        transition.begin(SECONDS_TO_REGISTER, lambda: setattr(consumer, "status", "ACTIVE"))
        return {"Consumer": consumer_document(consumer)}

    def _has_advantage(self, stream: Stream) -> bool:
        return stream.mode == "ON_DEMAND" and self._region.commitment.holds

    def describe_stream_consumer(self, request: Document) -> Document:
        """DescribeStreamConsumer: by ARN, or by stream and name."""
        stream, consumer = self._consumer(request)
        return {"ConsumerDescription": {**consumer_document(consumer), "StreamARN": stream.arn}}

    def list_stream_consumers(self, request: Document) -> Document:
        """ListStreamConsumers: by name, 100 a page unless asked otherwise."""
        stream = self._region.stream(request)
        check_creation_timestamp(stream, request)
        after = ""
        if token := request.get("NextToken"):
            parts = unseal(token)
            if len(parts) != 3 or parts[0] != stream.arn:
                raise AwsError("InvalidArgumentException", "Invalid NextToken.")
            check_age_of_token(int(parts[1]), self._region.clock.microseconds)
            after = parts[2]
        names = sorted(name for name in stream.consumers if name > after)
        page = names[: request.get("MaxResults", 100)]
        more = (
            {"NextToken": seal(stream.arn, self._region.clock.microseconds, page[-1])} if len(page) < len(names) else {}
        )
        return {"Consumers": [consumer_document(stream.consumers[name]) for name in page], **more}

    def deregister_stream_consumer(self, request: Document) -> None:
        """DeregisterStreamConsumer: DELETING for a while, then gone."""
        stream, consumer = self._consumer(request)
        if consumer.status != "DELETING":
            consumer.status = "DELETING"
            consumer.transition.begin(SECONDS_TO_DEREGISTER, lambda: stream.consumers.pop(consumer.name))

    def subscribe_to_shard(self, request: Document) -> Subscription:
        """SubscribeToShard: the records of a shard are pushed for five minutes."""
        stream, consumer = self._consumer(request)
        if consumer.status != "ACTIVE":
            raise AwsError(
                "ResourceInUseException", f"Consumer {consumer.arn} is not ACTIVE, instead in state {consumer.status}"
            )
        shard = find_shard(stream, request["ShardId"])
        position = request["StartingPosition"]
        stream.trim(shard)
        start = starting_position(
            self._region, stream, shard, position["Type"], position.get("SequenceNumber"), position.get("Timestamp")
        )
        self._region.end_dry_run(request)
        now = self._region.clock.microseconds
        since = now - consumer.subscribed.get(shard.index, -int(RESUBSCRIBE_SECONDS) * MICROSECONDS)
        if since < RESUBSCRIBE_SECONDS * MICROSECONDS:
            self._region.count_consumer(stream, consumer, "SubscribeToShard.RateExceeded", 1)
            raise AwsError(
                "ResourceInUseException",
                f"Another active subscription exists for this consumer: {ACCOUNT}:{stream.name}:{shard.id}:"
                f"{consumer.name}",
            )
        consumer.subscribed[shard.index] = now
        self._region.count_consumer(stream, consumer, "SubscribeToShard.Success", 1)
        return Subscription(self._region, stream, consumer, shard, start)

    def _consumer(self, request: Document) -> tuple[Stream, Consumer]:
        arn, stream_arn, name = (request.get(name) or "" for name in ("ConsumerARN", "StreamARN", "ConsumerName"))
        if not arn and not (stream_arn and name):
            raise AwsError(
                "InvalidArgumentException", "Either ConsumerARN, or StreamARN and ConsumerName, must be specified."
            )
        stream = self._region.stream({"StreamARN": stream_arn or arn.partition("/consumer/")[0]})
        consumer = stream.consumers.get(name or arn.rpartition("/")[2].partition(":")[0])
        if consumer is None or arn not in ("", consumer.arn):
            raise AwsError("ResourceNotFoundException", f"Consumer {arn or name} under account {ACCOUNT} not found.")
        return stream, consumer
