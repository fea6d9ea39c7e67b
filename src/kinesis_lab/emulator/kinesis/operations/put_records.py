"""Putting records: facts 4."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from kinesis_lab.emulator.kinesis.documents import rate_exceeded
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.sequence import origin
from kinesis_lab.emulator.kinesis.shard import HASH_KEYS, Record, Shard, places
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document

MOST_BYTES = 10 * 1024**2
"""What one PutRecords takes (facts 4.1)."""


class Entry(NamedTuple):
    """A record to be put."""

    key: str | None
    """The partition key; None if the service places the records of the stream and it came without one."""
    data: bytes
    hash_key: int | None
    """The explicit hash key, if there is one."""
    size: int
    """Bytes of the data and of the key."""


class WriteOperations:
    """PutRecord and PutRecords."""

    def __init__(self, region: Region) -> None:
        """Operate on the streams of `region`."""
        self._region = region

    def put_record(self, request: Document) -> Document:
        """PutRecord: one record, its shard and its sequence number (facts 4.2)."""
        stream = self._region.stream(request, writing=True)
        entry = _entry("PutRecord", stream, request)
        self._check_ordering(stream, request.get("SequenceNumberForOrdering"))
        self._region.check_key(stream.key_id)
        self._region.end_dry_run(request)
        placed = self._place(stream, [entry])
        self._report(stream, "PutRecord", [entry], placed)
        shard, record = placed[0]
        if record is None:
            raise AwsError("ProvisionedThroughputExceededException", rate_exceeded(stream, shard))
        return {"ShardId": shard.id, "SequenceNumber": record.sequence_number, **_encryption(stream)}

    def put_records(self, request: Document) -> Document:
        """PutRecords: up to 500 records, each with a result of its own; a bad one fails the call (facts 4.3)."""
        stream = self._region.stream(request, writing=True)
        entries = [_entry("PutRecords", stream, record) for record in request["Records"]]
        size = sum(entry.size for entry in entries)
        if size > MOST_BYTES:
            raise AwsError(
                "InvalidArgumentException", f"Records of {size} bytes exceed the limit of {MOST_BYTES} a request."
            )
        self._region.check_key(stream.key_id)
        self._region.end_dry_run(request)
        placed = self._place(stream, entries)
        self._report(stream, "PutRecords", entries, placed)
        answers = [
            {"SequenceNumber": record.sequence_number, "ShardId": shard.id}
            if record
            else {
                "ErrorCode": "ProvisionedThroughputExceededException",
                "ErrorMessage": rate_exceeded(stream, shard),
            }
            for shard, record in placed
        ]
        failed = sum(record is None for _, record in placed)
        return {"FailedRecordCount": failed, "Records": answers, **_encryption(stream)}

    def _place(self, stream: Stream, entries: list[Entry]) -> list[tuple[Shard, Record | None]]:
        """Put all entries; returns each one's shard, and its record, None if the shard's budget is spent."""
        now = self._region.clock.microseconds
        limits = self._region.limits
        placed: list[tuple[Shard, Record | None]] = []
        for key, data, hash_key, size in entries:
            shard = stream.shard_for(key, hash_key)
            taken = not limits or shard.takes(now, size)
            placed.append((shard, stream.append(shard, key, data) if taken else None))
        for shard in {shard for shard, _ in placed}:
            stream.trim(shard)
        return placed

    def _check_ordering(self, stream: Stream, number: str | None) -> None:
        if number is None:
            return
        found = origin(number)
        known = found and found.shard < len(stream.shards) and stream.shards[found.shard].numbered(number)
        if not known or (found and found.second > self._region.clock.now):
            raise AwsError(
                "InvalidArgumentException",
                f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream.name} under account "
                f"{ACCOUNT} is invalid.",
            )

    # Flight recorder and metrics (facts 11)

    def _report(
        self, stream: Stream, operation: str, entries: list[Entry], placed: list[tuple[Shard, Record | None]]
    ) -> None:
        accepted: defaultdict[int, list[Record]] = defaultdict(list)
        refused: defaultdict[int, list[Entry]] = defaultdict(list)
        for entry, (shard, record) in zip(entries, placed, strict=True):
            if record:
                accepted[shard.index].append(record)
            else:
                refused[shard.index].append(entry)
        for index in sorted(accepted):
            self._note_accepted(stream, stream.shards[index], accepted[index])
        for index in sorted(refused):
            self._note_refused(stream, stream.shards[index], refused[index])
        throttled = sum(map(len, refused.values()))
        good = len(entries) - throttled
        self._region.count_all(
            stream,
            (f"{operation}.Bytes", sum(entry.size for entry in entries), "Bytes"),
            (f"{operation}.Latency", self._region.latency_ms, "Milliseconds"),
            (f"{operation}.Success", float(good > 0), "Count"),
            ("WriteProvisionedThroughputExceeded", throttled, "Count"),
        )
        if operation == "PutRecords":
            self._region.count_all(
                stream,
                ("PutRecords.TotalRecords", len(entries), "Count"),
                ("PutRecords.SuccessfulRecords", good, "Count"),
                ("PutRecords.FailedRecords", 0, "Count"),
                ("PutRecords.ThrottledRecords", throttled, "Count"),
            )

    def _note_accepted(self, stream: Stream, shard: Shard, records: list[Record]) -> None:
        size = sum(record.size for record in records)
        self._region.count_all(stream, ("IncomingBytes", size, "Bytes"), ("IncomingRecords", len(records), "Count"))
        self._region.count_shard(stream, shard.id, "IncomingBytes", size, "Bytes")
        self._region.count_shard(stream, shard.id, "IncomingRecords", len(records))
        self._region.recorder.note(
            "put",
            stream=stream.name,
            shard=shard.id,
            first=records[0].sequence_number,
            last=records[-1].sequence_number,
            places=places(records),
            records=len(records),
            bytes=size,
            outcome="ok",
        )

    def _note_refused(self, stream: Stream, shard: Shard, entries: list[Entry]) -> None:
        self._region.count_shard(stream, shard.id, "WriteProvisionedThroughputExceeded", len(entries))
        self._region.recorder.note(
            "put",
            stream=stream.name,
            shard=shard.id,
            records=len(entries),
            bytes=sum(entry.size for entry in entries),
            outcome="throttled",
        )


def _entry(operation: str, stream: Stream, record: Document) -> Entry:
    """A record to be put, of a request that fits the API's model; raises AwsError if the stream does not take it."""
    key, data, explicit = record.get("PartitionKey"), record["Data"], record.get("ExplicitHashKey")
    try:
        size = len(data) + (len(key.encode()) if key is not None else 0)
    except UnicodeEncodeError:  # half a surrogate pair
        raise AwsError("SerializationException", f"The request is not a {operation} request.") from None
    if key is None and stream.distribution != "AUTO":
        raise AwsError("InvalidArgumentException", f"PartitionKey is required for stream {stream.name}.")
    if size > stream.largest_record_kib * 1024:
        raise AwsError(
            "ValidationException",
            f"The record of {size} bytes is larger than the maximum of stream {stream.name}, "
            f"{stream.largest_record_kib} KiB.",
        )
    return Entry(key, data, None if explicit is None else _hash_key(explicit), size)


def _hash_key(text: str) -> int:
    hash_key = int(text)
    if hash_key >= HASH_KEYS:
        raise AwsError(
            "InvalidArgumentException",
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}",
        )
    return hash_key


def _encryption(stream: Stream) -> Document:
    return {"EncryptionType": stream.encryption} if stream.encryption else {}
