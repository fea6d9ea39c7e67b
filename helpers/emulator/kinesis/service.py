"""The Kinesis API of one Region: each operation is a method named after it.

Operations take the request's JSON document and return the response's.  Facts sections 1 to 5 say what they do.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from botocore import xform_name

from helpers.emulator.clock import Clock, Steps
from helpers.emulator.identity import Identities
from helpers.emulator.kinesis.shard import HASH_KEYS, Record, Shard
from helpers.emulator.kinesis.stream import Stream
from helpers.emulator.recorder import FlightRecorder
from helpers.emulator.validation import service_model, validate
from helpers.emulator.wire import ACCOUNT, AwsError, NotOffered, Request, Response, json_response

Document = dict[str, Any]

# How long a stream takes to change its state is not published: our choice, in virtual seconds.
SECONDS_TO_CREATE = 8.0
SECONDS_TO_DELETE = 5.0

ON_DEMAND_SHARDS = 4
"""Shards of a new on-demand stream (facts 1.2)."""
MOST_RECORDS_A_READ = 10_000
MOST_BYTES_A_READ = 10 * 1024**2
"""What one GetRecords returns at most (facts 5.2)."""
ITERATOR_SECONDS = 300
"""How long a shard iterator stays valid (facts 5.1)."""
MOST_BYTES_A_RECORD = 1024**2
MOST_BYTES_A_REQUEST = 10 * 1024**2
MOST_RECORDS_A_REQUEST = 500
"""Limits of PutRecords (facts 4.1)."""


class KinesisService:
    """The streams of one Region and the operations on them."""

    def __init__(self, region: str, clock: Clock, identities: Identities, recorder: FlightRecorder) -> None:
        """An empty Region."""
        self._region = region
        self._clock = clock
        self._identities = identities
        self._recorder = recorder
        self._streams: dict[str, Stream] = {}

    # The way in

    def answer(self, request: Request) -> Response:
        """Carry out the operation that the request's target header names."""
        request_id = self._identities.uuid()
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            document = self._operation(operation)(json.loads(request.body or b"{}"))
        except AwsError as error:
            body = {"__type": error.code, "message": error.message}
            return json_response(body, request_id=request_id, status=error.status)
        return json_response(document, request_id=request_id)

    def _operation(self, name: str) -> Callable[[Document], Document | None]:
        method: Callable[[Document], Document | None] | None = getattr(self, xform_name(name), None)
        known = name in service_model("kinesis").operation_names
        if method is None or not known:
            raise NotOffered(f"the local cloud does not offer kinesis {name or 'without an operation'}")
        if name == "PutRecords":  # checked record by record on the way in: the one operation that must be quick
            return method

        def checked(document: Document) -> Document | None:
            validate("kinesis", name, document)
            return method(document)

        return checked

    # For the event source mapping, which reads as GetRecords does but holds no iterator

    def find(self, arn: str) -> Stream | None:
        """The stream with this ARN, unless it is gone."""
        stream = self._streams.get(arn.partition("stream/")[2])
        return stream if stream and stream.arn == arn else None

    # Streams

    def create_stream(self, request: Document) -> None:
        """CreateStream: the stream is CREATING for a while, then ACTIVE (facts 1.1, 1.2)."""
        name = request["StreamName"]
        mode = request.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED")
        shards = request.get("ShardCount") if mode == "PROVISIONED" else ON_DEMAND_SHARDS
        if shards is None:
            raise AwsError(
                "ValidationException",
                "1 validation error detected: Value null at 'shardCount' failed to satisfy constraint: "
                "Member must not be null",
            )
        if name in self._streams:
            raise AwsError("ResourceInUseException", f"Stream {name} under account {ACCOUNT} already exists.")
        stream = self._streams[name] = Stream(name, self._region, mode, shards, self._clock)
        stream.tags.update(request.get("Tags", {}))
        self._note_state(stream)
        self._clock.start(self._become_active(stream))

    def _become_active(self, stream: Stream) -> Steps:
        yield self._clock.timeout(SECONDS_TO_CREATE)
        if stream.status == "CREATING":
            stream.activate()
            self._note_state(stream)

    def delete_stream(self, request: Document) -> None:
        """DeleteStream: DELETING for a while, then gone (facts 1.12)."""
        stream = self._stream(request)
        stream.status = "DELETING"
        self._note_state(stream)
        self._clock.start(self._vanish(stream))

    def _vanish(self, stream: Stream) -> Steps:
        yield self._clock.timeout(SECONDS_TO_DELETE)
        self._streams.pop(stream.name, None)

    def _note_state(self, stream: Stream) -> None:
        self._recorder.note("state", stream=stream.name, outcome=stream.status)

    def list_streams(self, request: Document) -> Document:
        """ListStreams: by name, 100 a page unless asked otherwise (facts 1.10)."""
        after = request.get("NextToken") or request.get("ExclusiveStartStreamName") or ""
        names = sorted(name for name in self._streams if name > after)
        page = names[: request.get("Limit", 100)]
        more = len(page) < len(names)
        return {
            "StreamNames": page,
            "HasMoreStreams": more,
            "StreamSummaries": [
                {
                    "StreamName": stream.name,
                    "StreamARN": stream.arn,
                    "StreamStatus": stream.status,
                    "StreamModeDetails": {"StreamMode": stream.mode},
                    "StreamCreationTimestamp": stream.created,
                }
                for stream in map(self._streams.__getitem__, page)
            ],
            **({"NextToken": page[-1]} if more and page else {}),
        }

    def describe_stream(self, request: Document) -> Document:
        """DescribeStream: the stream with up to 100 of its shards (facts 1.10)."""
        stream = self._stream(request)
        after = request.get("ExclusiveStartShardId", "")
        shards = [shard for shard in stream.shards if shard.id > after]
        limit = min(request.get("Limit", 100), 100)
        return {
            "StreamDescription": {
                **self._description(stream),
                "Shards": [self._shard(shard) for shard in shards[:limit]],
                "HasMoreShards": len(shards) > limit,
            }
        }

    def describe_stream_summary(self, request: Document) -> Document:
        """DescribeStreamSummary: the stream without its shards (facts 1.10)."""
        stream = self._stream(request)
        return {
            "StreamDescriptionSummary": {
                **self._description(stream),
                "OpenShardCount": len(stream.open_shards),
                "ConsumerCount": 0,
            }
        }

    def _description(self, stream: Stream) -> Document:
        return {
            "StreamName": stream.name,
            "StreamARN": stream.arn,
            "StreamStatus": stream.status,
            "StreamModeDetails": {"StreamMode": stream.mode},
            "RetentionPeriodHours": stream.retention_hours,
            "StreamCreationTimestamp": stream.created,
            "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
            "EncryptionType": "NONE",
        }

    def list_shards(self, request: Document) -> Document:
        """ListShards: all of them, 1,000 a page (facts 1.10)."""
        if not (request.get("StreamName") or request.get("StreamARN") or request.get("NextToken")):
            raise AwsError("InvalidArgumentException", "Either NextToken or StreamName should be provided.")
        if request.get("ShardFilter"):
            raise NotOffered("the local cloud does not offer ShardFilter in ListShards yet")
        token = request.get("NextToken")
        if token and request.get("StreamName"):
            raise AwsError(
                "InvalidArgumentException",
                "NextToken and StreamName cannot be provided together.",
            )
        name, _, after = token.partition("/") if token else ("", "", "")
        stream = self._stream({"StreamName": name} if token else request)
        after = after or request.get("ExclusiveStartShardId", "")
        shards = [shard for shard in stream.shards if shard.id > after]
        page = shards[: request.get("MaxResults", 1000)]
        more = {"NextToken": f"{stream.name}/{page[-1].id}"} if len(page) < len(shards) else {}
        return {"Shards": [self._shard(shard) for shard in page], **more}

    def _shard(self, shard: Shard) -> Document:
        numbers = {"StartingSequenceNumber": shard.starting_sequence_number}
        if shard.ending_sequence_number:
            numbers["EndingSequenceNumber"] = shard.ending_sequence_number
        parents = zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False)
        return {
            "ShardId": shard.id,
            "HashKeyRange": {
                "StartingHashKey": str(shard.first_hash),
                "EndingHashKey": str(shard.last_hash),
            },
            "SequenceNumberRange": numbers,
            **dict(parents),
        }

    # Tags

    def add_tags_to_stream(self, request: Document) -> None:
        """AddTagsToStream: the same key again overwrites (facts 1.9)."""
        self._stream(request).tags.update(request["Tags"])

    def remove_tags_from_stream(self, request: Document) -> None:
        """RemoveTagsFromStream: unknown keys are no error."""
        tags = self._stream(request).tags
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def list_tags_for_stream(self, request: Document) -> Document:
        """ListTagsForStream: all tags, by key."""
        tags = self._stream(request).tags
        return {
            "Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)],
            "HasMoreTags": False,
        }

    # Writing

    def put_record(self, request: Document) -> Document:
        """PutRecord: one record, its shard and its sequence number (facts 4.2)."""
        stream = self._stream(request, writing=True)
        shard, record = stream.put(*self._checked(request))
        self._note_put(stream, [(shard, record)])
        return {"ShardId": shard.id, "SequenceNumber": record.sequence_number}

    def put_records(self, request: Document) -> Document:
        """PutRecords: up to 500 records, each with a result of its own (facts 4.3)."""
        entries = request.get("Records", [])
        if not 1 <= len(entries) <= MOST_RECORDS_A_REQUEST:
            validate("kinesis", "PutRecords", request)
        stream = self._stream(request, writing=True)
        checked = [self._checked(entry) for entry in entries]  # all of them first: nothing is half done
        put = [stream.put(*entry) for entry in checked]
        self._note_put(stream, put)
        return {
            "FailedRecordCount": 0,
            "Records": [{"SequenceNumber": record.sequence_number, "ShardId": shard.id} for shard, record in put],
        }

    def _checked(self, entry: Document) -> tuple[str, bytes, int | None]:
        key = entry.get("PartitionKey", "")
        if not 1 <= len(key) <= 256:
            validate("kinesis", "PutRecord", entry)
            raise AwsError("InvalidArgumentException", "PartitionKey is required.")
        data = base64.b64decode(entry["Data"])
        if len(data) + len(key.encode()) > MOST_BYTES_A_RECORD:
            raise AwsError(
                "ValidationException",
                f"The record is larger than the stream's maximum of {MOST_BYTES_A_RECORD} bytes.",
            )
        explicit = entry.get("ExplicitHashKey")
        return key, data, None if explicit is None else _hash_key(explicit)

    def _note_put(self, stream: Stream, put: list[tuple[Shard, Record]]) -> None:
        by_shard = sorted(put, key=lambda pair: pair[0].index)
        for shard_id, pairs in groupby(by_shard, key=lambda pair: pair[0].id):
            records = [record for _, record in pairs]
            self._recorder.note(
                "put",
                stream=stream.name,
                shard=shard_id,
                first=records[0].sequence_number,
                last=records[-1].sequence_number,
                records=len(records),
                bytes=sum(len(record.data) + len(record.partition_key) for record in records),
                outcome="ok",
            )

    # Reading

    def get_shard_iterator(self, request: Document) -> Document:
        """GetShardIterator: a place in a shard, valid for five minutes (facts 5.1)."""
        stream = self._stream(request)
        shard = stream.shard(request["ShardId"])
        if shard is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"Shard {request['ShardId']} in stream {stream.name} under account {ACCOUNT} does not exist",
            )
        position = self._starting_position(shard, request)
        return {"ShardIterator": self._iterator(stream, shard, position)}

    def _starting_position(self, shard: Shard, request: Document) -> int:
        kind = request["ShardIteratorType"]
        number = request.get("StartingSequenceNumber")
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
            case "AT_SEQUENCE_NUMBER":
                return shard.position_of(number or "0")
            case "AFTER_SEQUENCE_NUMBER":
                return shard.position_after(number or "0")
            case _:
                return shard.position_at_time(self._timestamp(request))

    def _timestamp(self, request: Document) -> float:
        timestamp: float | None = request.get("Timestamp")
        if timestamp is None:
            raise AwsError(
                "InvalidArgumentException",
                "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
                "Current request has no timestamp parameter.",
            )
        if timestamp > self._clock.now:
            raise AwsError(
                "InvalidArgumentException",
                "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                f"timestampInMillis: {round(timestamp * 1000)}, "
                f"currentTimestampInMillis: {round(self._clock.now * 1000)}",
            )
        return timestamp

    def get_records(self, request: Document) -> Document:
        """GetRecords: what lies behind an iterator, and the iterator that goes on from there (facts 5.2)."""
        stream, shard, position = self._place(request["ShardIterator"])
        stream.trim()
        limit = min(request.get("Limit", MOST_RECORDS_A_READ), MOST_RECORDS_A_READ)
        records = shard.read(position, limit, MOST_BYTES_A_READ)
        following = max(position, shard.horizon) + len(records)
        unread = shard.at(following)
        behind = 0 if unread is None else max(0, round((self._clock.now - unread.arrival) * 1000))
        answer: Document = {
            "Records": [
                {
                    "SequenceNumber": record.sequence_number,
                    "ApproximateArrivalTimestamp": record.arrival,
                    "Data": base64.b64encode(record.data).decode("ascii"),
                    "PartitionKey": record.partition_key,
                }
                for record in records
            ],
            "MillisBehindLatest": behind,
        }
        if shard.ending_sequence_number is None or following < shard.tip:
            answer["NextShardIterator"] = self._iterator(stream, shard, following)
        return answer

    def _iterator(self, stream: Stream, shard: Shard, position: int) -> str:
        place = f"{stream.name}/{shard.index}/{position}/{self._clock.microseconds}"
        return base64.b64encode(place.encode()).decode("ascii")

    def _place(self, iterator: str) -> tuple[Stream, Shard, int]:
        try:
            place = base64.b64decode(iterator, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            place = ""
        found = re.fullmatch(r"([\w.-]+)/(\d+)/(\d+)/(\d+)", place)
        if not found:
            raise AwsError("InvalidArgumentException", "Invalid ShardIterator.")
        name, index, position, made = found[1], int(found[2]), int(found[3]), int(found[4])
        age = self._clock.microseconds - made
        if age > ITERATOR_SECONDS * 1_000_000:
            raise AwsError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {_java_date(made)} while right now it is "
                f"{_java_date(made + age)} which is further in the future than the tolerated delay of "
                f"{ITERATOR_SECONDS * 1000} milliseconds.",
            )
        stream = self._streams.get(name)
        if stream is None or index >= len(stream.shards):
            raise AwsError(
                "ResourceNotFoundException",
                f"Shard shardId-{index:012d} in stream {name} under account {ACCOUNT} does not exist",
            )
        return stream, stream.shards[index], position

    # Shared by the operations

    def _stream(self, request: Document, *, writing: bool = False) -> Stream:
        arn = request.get("StreamARN") or ""
        name = request.get("StreamName") or arn.partition("stream/")[2]
        stream = self._streams.get(name)
        if stream is None or (writing and stream.status == "CREATING"):
            raise AwsError("ResourceNotFoundException", f"Stream {name} under account {ACCOUNT} not found.")
        return stream


def _hash_key(text: str) -> int:
    if not text.isdigit() or int(text) >= HASH_KEYS:
        raise AwsError(
            "InvalidArgumentException",
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}",
        )
    return int(text)


def _java_date(microseconds: int) -> str:
    from email.utils import formatdate

    day, date, month, year, clock, _ = formatdate(microseconds // 1_000_000, usegmt=True).split()
    return f"{day.rstrip(',')} {month} {date} {clock} UTC {year}"
