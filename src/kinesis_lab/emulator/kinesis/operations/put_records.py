"""Putting records: facts 4."""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from typing import NamedTuple

from kinesis_lab.emulator.kinesis.region import Document, Region
from kinesis_lab.emulator.kinesis.sequence import origin
from kinesis_lab.emulator.kinesis.shard import HASH_KEYS, LARGEST_RECORD, Record, Shard, places
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import ACCOUNT, AwsError

MOST_RECORDS = 500
MOST_BYTES = 10 * 1024**2
"""What one PutRecords takes (facts 4.1)."""
LONGEST_KEY = 256

_HASH_KEY = re.compile(r"0|[1-9][0-9]{0,38}")


class Entry(NamedTuple):
    """A record to be put."""

    key: str | None
    data: bytes
    hash_key: int | None
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
        entry = _entry(stream, request)
        if entry is None:
            raise _malformed("PutRecord", request)
        self._check_ordering(stream, request.get("SequenceNumberForOrdering"))
        self._region.check_key(stream.key_id)
        self._region.end_dry_run(request)
        placed = self._place(stream, [entry])
        self._count(stream, "PutRecord", [entry], placed)
        shard, record = placed[0]
        if record is None:
            raise AwsError("ProvisionedThroughputExceededException", _rate_exceeded(stream, shard))
        return {"ShardId": shard.id, "SequenceNumber": record.sequence_number, **_encryption(stream)}

    def put_records(self, request: Document) -> Document:
        """PutRecords: up to 500 records, each with a result of its own (facts 4.3)."""
        given = request.get("Records")
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_RECORDS:
            raise _malformed("PutRecords", request)
        validate("kinesis", "PutRecords", {**request, "Records": [{"Data": ""}]})  # the records: below, in less time
        stream = self._region.stream(request, writing=True)
        entries = []
        for document in given:  # all are checked before any is put: nothing is half done
            entry = _entry(stream, document)
            if entry is None:
                raise _malformed("PutRecords", request)
            entries.append(entry)
        if sum(entry.size for entry in entries) > MOST_BYTES:
            raise AwsError(
                "InvalidArgumentException",
                f"Records of {sum(entry.size for entry in entries)} bytes exceed the limit of {MOST_BYTES} a request.",
            )
        self._region.check_key(stream.key_id)
        self._region.end_dry_run(request)
        placed = self._place(stream, entries)
        self._count(stream, "PutRecords", entries, placed)
        answers = [
            {"SequenceNumber": record.sequence_number, "ShardId": shard.id}
            if record
            else {
                "ErrorCode": "ProvisionedThroughputExceededException",
                "ErrorMessage": _rate_exceeded(stream, shard),
            }
            for shard, record in placed
        ]
        failed = sum(record is None for _, record in placed)
        return {"FailedRecordCount": failed, "Records": answers, **_encryption(stream)}

    def _place(self, stream: Stream, entries: list[Entry]) -> list[tuple[Shard, Record | None]]:
        """Each entry's shard, and its record unless the shard's budget is spent."""
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

    # What is written down and measured (facts 11)

    def _count(
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
        count, good = self._region.count, len(entries) - throttled
        count(stream, f"{operation}.Bytes", sum(entry.size for entry in entries), "Bytes")
        count(stream, f"{operation}.Latency", self._region.latency_ms, "Milliseconds")
        count(stream, f"{operation}.Success", float(good > 0))
        count(stream, "WriteProvisionedThroughputExceeded", throttled)
        if operation == "PutRecords":
            count(stream, "PutRecords.TotalRecords", len(entries))
            count(stream, "PutRecords.SuccessfulRecords", good)
            count(stream, "PutRecords.FailedRecords", 0)
            count(stream, "PutRecords.ThrottledRecords", throttled)

    def _note_accepted(self, stream: Stream, shard: Shard, records: list[Record]) -> None:
        size = sum(record.size for record in records)
        self._region.count(stream, "IncomingBytes", size, "Bytes")
        self._region.count(stream, "IncomingRecords", len(records))
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


def _entry(stream: Stream, document: Document) -> Entry | None:
    """What a request says of one record; None if its members are not as the API's model has them."""
    try:
        key = document.get("PartitionKey")
        data = base64.b64decode(document["Data"], validate=True)
        size = len(data) + (len(key.encode()) if key is not None else 0)
    except (AttributeError, KeyError, TypeError, binascii.Error, ValueError):
        return None
    if key is None:
        if stream.distribution != "AUTO":
            raise AwsError("InvalidArgumentException", f"PartitionKey is required for stream {stream.name}.")
    elif not 1 <= len(key) <= LONGEST_KEY:
        return None
    explicit = document.get("ExplicitHashKey")
    if len(data) > LARGEST_RECORD or not (explicit is None or _is_number(explicit)):
        return None
    if size > stream.largest_record_kib * 1024:
        raise AwsError(
            "ValidationException",
            f"The record of {size} bytes is larger than the maximum of stream {stream.name}, "
            f"{stream.largest_record_kib} KiB.",
        )
    return Entry(key, data, None if explicit is None else _hash_key(explicit), size)


def _is_number(text: object) -> bool:
    return isinstance(text, str) and bool(_HASH_KEY.fullmatch(text))


def _hash_key(text: str) -> int:
    if int(text) >= HASH_KEYS:
        raise AwsError(
            "InvalidArgumentException",
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}",
        )
    return int(text)


def _malformed(operation: str, request: Document) -> AwsError:
    """What is wrong with a request whose members are not as the API's model has them."""
    validate("kinesis", operation, request)
    return AwsError("SerializationException", f"The request is not a {operation} request.")


def _rate_exceeded(stream: Stream, shard: Shard) -> str:
    return f"Rate exceeded for shard {shard.id} in stream {stream.name} under account {ACCOUNT}."


def _encryption(stream: Stream) -> Document:
    return {"EncryptionType": stream.encryption} if stream.encryption else {}
