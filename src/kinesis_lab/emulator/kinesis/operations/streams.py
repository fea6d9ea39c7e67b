"""Streams and their settings: facts 1."""

from __future__ import annotations

from collections.abc import Callable

from kinesis_lab.emulator.kinesis.documents import shard_document, stream_document
from kinesis_lab.emulator.kinesis.operations.shards import find_shard
from kinesis_lab.emulator.kinesis.operations.tags import add_tags
from kinesis_lab.emulator.kinesis.region import (
    ON_DEMAND_STREAMS,
    SECONDS_TO_CREATE,
    Region,
)
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document

ON_DEMAND_SHARDS = 4
"""Shards of a new on-demand stream (facts 1.2)."""
CREATING_AT_ONCE = 5
"""Streams that may be in CREATING at the same time (facts 1.2)."""
RETENTION_HOURS = (24, 8760)
"""The shortest and the longest retention (facts 1.7)."""
SHARD_METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
)
"""What enhanced monitoring can measure (facts 11)."""


class StreamOperations:
    """Create, delete, describe, list; retention, encryption, mode, record size, monitoring."""

    def __init__(self, region: Region) -> None:
        """Operate on the streams of `region`."""
        self._region = region

    # From creation to deletion

    def create_stream(self, request: Document) -> None:
        """CreateStream: CREATING for a while, then ACTIVE (facts 1.1, 1.2)."""
        name = request["StreamName"]
        region = self._region
        if name in region.streams:
            raise AwsError("ResourceInUseException", f"Stream {name} under account {ACCOUNT} already exists.")
        stream = self._new_stream(request)
        creating = sum(other.status == "CREATING" for other in region.streams.values())
        if creating >= CREATING_AT_ONCE:
            raise AwsError(
                "LimitExceededException",
                f"Account {ACCOUNT} has {creating} streams in CREATING, and may have at most {CREATING_AT_ONCE}.",
            )
        if stream.mode == "PROVISIONED":
            region.check_quota(stream.shard_count)
        else:
            self._check_on_demand_quota()
        region.streams[name] = stream
        region.change(stream, stream.activate, seconds=SECONDS_TO_CREATE, through="CREATING")

    def _new_stream(self, request: Document) -> Stream:
        mode = request.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        shards = request.get("ShardCount") if mode == "PROVISIONED" else ON_DEMAND_SHARDS
        if shards is None:
            raise AwsError(
                "ValidationException",
                "1 validation error detected: Value null at 'shardCount' failed to satisfy constraint: "
                "Member must not be null",
            )
        if shards > self._region.shard_quota:  # before they are made
            self._region.check_quota(shards)
        region = self._region
        stream = Stream(request["StreamName"], region.name, mode, shards, region.clock, region.recorder)
        add_tags(stream.tags, request.get("Tags", {}))
        stream.largest_record_kib = request.get("MaxRecordSizeInKiB", stream.largest_record_kib)
        if "WarmThroughputMiBps" in request:
            region.commitment.check_warm_throughput(mode, request["WarmThroughputMiBps"])
            stream.warm_throughput = request["WarmThroughputMiBps"]
        if "RecordDistributionStrategy" in request:
            _distribute(stream, request["RecordDistributionStrategy"])
        return stream

    def _check_on_demand_quota(self) -> None:
        count = self._on_demand_streams
        if count >= ON_DEMAND_STREAMS:
            raise AwsError(
                "LimitExceededException",
                f"Account {ACCOUNT} has {count} on-demand streams in {self._region.name}, its limit.",
            )

    @property
    def _on_demand_streams(self) -> int:
        return sum(stream.mode == "ON_DEMAND" for stream in self._region.streams.values())

    def delete_stream(self, request: Document) -> None:
        """DeleteStream: DELETING for a while, then gone (facts 1.12)."""
        stream = self._region.stream(request)
        if stream.consumers and not request.get("EnforceConsumerDeletion"):
            raise AwsError(
                "ResourceInUseException",
                f"Stream {stream.name} under account {ACCOUNT} has registered consumers; "
                "deregister them or set EnforceConsumerDeletion.",
            )
        if stream.status != "DELETING":
            self._region.delete(stream)

    # Describing (facts 1.10)

    def list_streams(self, request: Document) -> Document:
        """ListStreams: by name, 100 a page unless asked otherwise."""
        after = request.get("NextToken") or request.get("ExclusiveStartStreamName") or ""
        names = sorted(name for name in self._region.streams if name > after)
        page = names[: min(request.get("Limit", 100), 100)]
        more = len(page) < len(names)
        summaries = [
            {
                "StreamName": stream.name,
                "StreamARN": stream.arn,
                "StreamStatus": stream.status,
                "StreamModeDetails": {"StreamMode": stream.mode},
                "StreamCreationTimestamp": stream.created,
            }
            for stream in map(self._region.streams.__getitem__, page)
        ]
        token = {"NextToken": page[-1]} if more else {}
        return {"StreamNames": page, "HasMoreStreams": more, "StreamSummaries": summaries, **token}

    def describe_stream(self, request: Document) -> Document:
        """DescribeStream: the stream with up to 100 of its shards."""
        stream = self._region.stream(request)
        start = request.get("ExclusiveStartShardId")
        after = -1 if start is None else find_shard(stream, start).index
        shards = [shard for shard in stream.listed_shards if shard.index > after]
        limit = min(request.get("Limit", 100), 100)
        return {
            "StreamDescription": {
                **stream_document(stream),
                "Shards": [shard_document(shard) for shard in shards[:limit]],
                "HasMoreShards": len(shards) > limit,
            }
        }

    def describe_stream_summary(self, request: Document) -> Document:
        """DescribeStreamSummary: the stream without its shards."""
        stream = self._region.stream(request)
        warm = {"TargetMiBps": stream.warm_throughput, "CurrentMiBps": stream.warm_throughput}
        return {
            "StreamDescriptionSummary": {
                **stream_document(stream),
                "OpenShardCount": len(stream.open_shards),
                "ConsumerCount": len(stream.consumers),
                "MaxRecordSizeInKiB": stream.largest_record_kib,
                "RecordDistributionStrategy": stream.distribution,
                "QueueCount": 0,
                "ChannelCount": 0,
                **({"WarmThroughput": warm} if stream.warm_throughput else {}),
            }
        }

    def describe_limits(self, _request: Document) -> Document:
        """DescribeLimits: the account's quotas in this Region, and how much of them is used (facts 1.6)."""
        return {
            "ShardLimit": self._region.shard_quota,
            "OpenShardCount": self._region.open_shards,
            "OnDemandStreamCount": self._on_demand_streams,
            "OnDemandStreamCountLimit": ON_DEMAND_STREAMS,
        }

    # Retention (facts 1.7)

    def increase_stream_retention_period(self, request: Document) -> None:
        """IncreaseStreamRetentionPeriod: not shorter than it is."""
        self._retain(request, "shorter", "Decrease")

    def decrease_stream_retention_period(self, request: Document) -> None:
        """DecreaseStreamRetentionPeriod: not longer than it is; what is older is gone at once."""
        self._retain(request, "longer", "Increase")

    def _retain(self, request: Document, wrong: str, other: str) -> None:
        stream = self._region.active_stream(request)
        hours = request["RetentionPeriodHours"]
        check_retention(hours)
        present = stream.retention_hours
        if hours != present and (hours < present) == (wrong == "shorter"):
            raise AwsError(
                "InvalidArgumentException",
                f"Requested retention period ({hours} hours) for stream {stream.name} can not be {wrong} than "
                f"existing retention period ({present} hours). Use {other}RetentionPeriod API.",
            )
        for shard in stream.shards:
            stream.trim(shard)  # what has expired does not come back with a longer period
        stream.retention_hours = hours
        self._region.change(stream, lambda: self._region.expire_shards(stream))

    # Encryption (facts 1.8)

    def start_stream_encryption(self, request: Document) -> None:
        """StartStreamEncryption: what is written from then on is encrypted."""
        stream = self._region.active_stream(request)
        if request["EncryptionType"] != "KMS":
            raise AwsError("InvalidArgumentException", "EncryptionType must be KMS to start encryption.")
        key = request["KeyId"]
        self._region.check_key(key)
        if key != stream.key_id and not stream.new_keys.take(self._region.clock.microseconds):
            raise AwsError(
                "LimitExceededException", f"Stream {stream.name} was given a new key 25 times within 24 hours."
            )
        self._region.change(stream, lambda: setattr(stream, "key_id", key))

    def stop_stream_encryption(self, request: Document) -> None:
        """StopStreamEncryption: what was written before stays encrypted."""
        stream = self._region.active_stream(request)
        if request["EncryptionType"] != "KMS":
            raise AwsError("InvalidArgumentException", "EncryptionType must be KMS to stop encryption.")
        self._region.change(stream, lambda: setattr(stream, "key_id", None))

    # Mode, record size, distribution (facts 1.4, 1.5, 4.1)

    def update_stream_mode(self, request: Document) -> None:
        """UpdateStreamMode: twice a day at most; the shards stay as they are."""
        stream = self._region.active_stream(request)
        mode = request["StreamModeDetails"]["StreamMode"]
        if mode == stream.mode:
            raise AwsError("InvalidArgumentException", f"Stream {stream.name} is already in the mode {mode}.")
        if mode == "ON_DEMAND":
            self._check_on_demand_quota()
        else:
            self._region.check_quota(len(stream.open_shards))
        warm = request.get("WarmThroughputMiBps", 0)
        if warm:
            self._region.commitment.check_warm_throughput(mode, warm)
        if not stream.mode_switches.take(self._region.clock.microseconds):
            raise AwsError(
                "LimitExceededException", f"The mode of stream {stream.name} was switched twice within 24 hours."
            )
        self._region.change(stream, lambda: _switch_mode(stream, mode, warm))

    def update_max_record_size(self, request: Document) -> None:
        """UpdateMaxRecordSize: how large one record of the stream may be."""
        stream = self._region.active_stream(request)
        size = request["MaxRecordSizeInKiB"]
        self._region.change(stream, lambda: setattr(stream, "largest_record_kib", size))

    def update_stream_record_distribution_strategy(self, request: Document) -> None:
        """UpdateStreamRecordDistributionStrategy: who chooses the shard, the partition key or the service."""
        stream = self._region.active_stream(request)
        _distribute(stream, request["RecordDistributionStrategy"])

    # Monitoring (facts 11)

    def enable_enhanced_monitoring(self, request: Document) -> Document:
        """EnableEnhancedMonitoring: measure every shard, too."""
        return self._monitor(request, lambda present, wanted: present | wanted)

    def disable_enhanced_monitoring(self, request: Document) -> Document:
        """DisableEnhancedMonitoring: stop measuring shards."""
        return self._monitor(request, lambda present, wanted: present - wanted)

    def _monitor(self, request: Document, combine: Callable[[set[str], set[str]], set[str]]) -> Document:
        stream = self._region.active_stream(request)
        asked = request["ShardLevelMetrics"]
        wanted = set(SHARD_METRICS) if "ALL" in asked else set(asked)
        before, desired = stream.shard_metrics, combine(set(stream.shard_metrics), wanted)
        after = [name for name in SHARD_METRICS if name in desired]
        self._region.change(stream, lambda: setattr(stream, "shard_metrics", after))
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "CurrentShardLevelMetrics": before,
            "DesiredShardLevelMetrics": after,
        }


def check_retention(hours: int) -> None:
    """Raise InvalidArgumentException for a retention that no stream can have (facts 1.7)."""
    least, most = RETENTION_HOURS
    if hours < least:
        raise AwsError(
            "InvalidArgumentException",
            f"Minimum allowed retention period is {least} hours. "
            f"Requested retention period ({hours} hours) is too short.",
        )
    if hours > most:
        raise AwsError(
            "InvalidArgumentException",
            f"Maximum allowed retention period is {most} hours. "
            f"Requested retention period ({hours} hours) is too long.",
        )


def _switch_mode(stream: Stream, mode: str, warm: int) -> None:
    stream.mode = mode
    stream.warm_throughput = warm
    if mode == "PROVISIONED":
        stream.distribution = "USER_PARTITION_KEY"


def _distribute(stream: Stream, strategy: str) -> None:
    if strategy == "AUTO" and stream.mode != "ON_DEMAND":
        raise AwsError(
            "InvalidArgumentException", "RecordDistributionStrategy AUTO is only supported for ON_DEMAND streams."
        )
    stream.distribution = strategy
