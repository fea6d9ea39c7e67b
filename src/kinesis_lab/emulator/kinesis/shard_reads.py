"""Reading a shard within its budget, as GetRecords does and every poller of an event source mapping: facts 5.2."""

from __future__ import annotations

from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.sequence import origin
from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.wire import ACCOUNT, AwsError

MOST_RECORDS = 10_000
MOST_BYTES = 10 * 1024**2
"""What one read returns at most (facts 5.2)."""


def read(region: Region, stream: Stream, shard: Shard, position: int, most: int = MOST_RECORDS) -> list[Record] | None:
    """Up to `most` records from `position` on; None if the budget that all standard consumers share is spent."""
    now = region.clock.microseconds
    if region.limits and not shard.reads.allows(now, 1, 1):
        refuse(region, stream, shard)
        return None
    stream.trim(shard)
    records = shard.read(position, most, MOST_BYTES)
    size = sum(record.size for record in records)
    if region.limits:
        shard.reads.spend(now, 1, size)
    age = (region.clock.now - records[-1].arrival) * 1000 if records else 0.0
    region.count_all(
        stream,
        ("GetRecords.Success", 1, "Count"),
        ("GetRecords.Latency", region.latency_ms, "Milliseconds"),
        ("GetRecords.Records", len(records), "Count"),
        ("GetRecords.Bytes", size, "Bytes"),
        ("GetRecords.IteratorAgeMilliseconds", age, "Milliseconds"),
        ("ReadProvisionedThroughputExceeded", 0, "Count"),
    )
    if stream.shard_metrics:
        region.count_shard(stream, shard.id, "OutgoingRecords", len(records))
        region.count_shard(stream, shard.id, "OutgoingBytes", size, "Bytes")
        region.count_shard(stream, shard.id, "IteratorAgeMilliseconds", age, "Milliseconds")
    return records


def refuse(region: Region, stream: Stream, shard: Shard) -> None:
    """Count a read that is not let through."""
    region.count(stream, "GetRecords.Success", 0)
    region.count(stream, "ReadProvisionedThroughputExceeded", 1)
    region.count_shard(stream, shard.id, "ReadProvisionedThroughputExceeded", 1)


def millis_behind(region: Region, shard: Shard, position: int) -> int:
    """MillisBehindLatest: the age of the oldest record that is still to be read, 0 at the tip."""
    unread = shard.at(max(position, shard.horizon))
    return 0 if unread is None else max(0, round((region.clock.now - unread.arrival) * 1000))


def starting_position(
    region: Region, stream: Stream, shard: Shard, kind: str, number: str | None, timestamp: float | None
) -> int:
    """Where in the shard an iterator or a subscription of this type begins.

    `number`: of AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER; `timestamp`: of AT_TIMESTAMP, in seconds since 1970.
    """
    if ("SEQUENCE_NUMBER" in kind) != (number is not None):
        also = "also a" if number is not None else "no"
        raise AwsError(
            "InvalidArgumentException",
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} and {also} StartingSequenceNumber.",
        )
    match kind:
        case "TRIM_HORIZON":
            return shard.horizon
        case "LATEST":
            return shard.tip
        case "AT_TIMESTAMP":
            return shard.position_at_time(_past(timestamp, region.clock.now))
    _check_number(stream, shard, str(number))
    find = shard.position_of if kind == "AT_SEQUENCE_NUMBER" else shard.position_after
    return find(str(number))


def _past(timestamp: float | None, now: float) -> float:
    if timestamp is None:
        raise AwsError(
            "InvalidArgumentException",
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
            "Current request has no timestamp parameter.",
        )
    if timestamp > now:
        raise AwsError(
            "InvalidArgumentException",
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {round(timestamp * 1000)}, currentTimestampInMillis: {round(now * 1000)}",
        )
    return timestamp


def _check_number(stream: Stream, shard: Shard, number: str) -> None:
    found = origin(number)
    owner = stream.shards[found.shard] if found and found.shard < len(stream.shards) else None
    if owner is None or not owner.numbered(number):
        raise AwsError(
            "InvalidArgumentException",
            f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.id} in stream {stream.name} "
            f"under account {ACCOUNT} is invalid because it did not come from this stream.",
        )
    if owner is not shard:
        raise AwsError(
            "InvalidArgumentException",
            f"Invalid StartingSequenceNumber. It encodes {owner.id}, while it was used in a call to a shard "
            f"with {shard.id}",
        )
