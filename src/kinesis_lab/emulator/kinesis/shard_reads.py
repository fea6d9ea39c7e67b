"""Reading a shard within its budget, as GetRecords does and every poller of an event source mapping: facts 5.2."""

from __future__ import annotations

from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.kinesis.stream import Stream

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
    region.count_all_of_shard(
        stream,
        shard.id,
        ("OutgoingRecords", len(records), "Count"),
        ("OutgoingBytes", size, "Bytes"),
        ("IteratorAgeMilliseconds", age, "Milliseconds"),
    )
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
