"""The batch event that a function receives: build it from records, decode it, check it, explain it.  Pure functions."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from kinesis_lab.batch_event import batch_event

Event = dict[str, Any]

MOST_RECORDS = 10_000
MOST_BYTES = 6 * 1024**2
"""The largest BatchSize, and the largest event (facts 7.2, 7.6)."""

MEANING = {
    "kinesis": "what the stream knows of the record",
    "kinesis.kinesisSchemaVersion": "the form of this part: always 1.0",
    "kinesis.partitionKey": "what the producer gave; it decided the shard",
    "kinesis.sequenceNumber": "the record's place in its shard: a string, as it has more digits than most numbers",
    "kinesis.data": "the producer's bytes, as base64 text",
    "kinesis.approximateArrivalTimestamp": "when the stream took the record: seconds since 1970, with milliseconds",
    "eventSource": "which service the record is from: aws:kinesis",
    "eventVersion": "the form of the whole: 1.0",
    "eventID": "shard and sequence number: the same whenever the record is delivered again",
    "eventName": "aws:kinesis:record",
    "invokeIdentityArn": "the role of the function, with which the mapping reads the stream",
    "awsRegion": "where the stream is",
    "eventSourceARN": "the stream, or the registered consumer, that is mapped",
}
"""Every field of a record in the event, in the event's order (facts 7.5)."""


@dataclass(frozen=True)
class Decoded:
    """A record of an event, opened."""

    shard: str
    sequence_number: str
    partition_key: str
    arrived: datetime
    """In UTC."""
    data: bytes
    """What the producer put."""

    @property
    def text(self) -> str:
        """The data as UTF-8 text; UnicodeDecodeError if it is none."""
        return self.data.decode("utf-8")

    @property
    def json(self) -> Any:
        """The data as JSON; ValueError if it is none."""
        return json.loads(self.data)


def build(records: Iterable[dict[str, Any]], *, shard: str, stream_arn: str, role_arn: str) -> Event:
    """The event that Lambda makes of records of one shard, as GetRecords returns them (facts 7.5).

    `records`: dicts with SequenceNumber, PartitionKey, Data (bytes) and ApproximateArrivalTimestamp (datetime).
    """
    return batch_event(records, shard=shard, stream_arn=stream_arn, role_arn=role_arn)


def decode(event: Event) -> list[Decoded]:
    """The records of an event, opened.  Raises ValueError, naming the field, for an event that is none."""
    wrong = problems(event)
    if wrong:
        raise ValueError(f"this is no Kinesis event: {wrong[0]}")
    return [
        Decoded(
            shard=record["eventID"].partition(":")[0],
            sequence_number=record["kinesis"]["sequenceNumber"],
            partition_key=record["kinesis"]["partitionKey"],
            arrived=datetime.fromtimestamp(record["kinesis"]["approximateArrivalTimestamp"], UTC),
            data=base64.b64decode(record["kinesis"]["data"]),
        )
        for record in event["Records"]
    ]


def size(event: Event) -> int:
    """Bytes of the event as Lambda sends it: what the 6 MB are about."""
    return len(json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode())


def explain(field: str) -> str:
    """What a field of a record is; `field` as in kinesis.data or eventID.  Raises LookupError for an unknown one."""
    if field not in MEANING:
        raise LookupError(f"there is no field {field!r}; there are {', '.join(MEANING)}")
    return MEANING[field]


# Checking


def problems(event: Any) -> list[str]:
    """What is wrong with an event, one line each; an empty list for one that Lambda could have sent (facts 7.5)."""
    if not isinstance(event, dict) or not isinstance(event.get("Records"), list):
        return ["the event must be a dict with a list of Records"]
    records = event["Records"]
    if not records and "window" not in event:
        return ["there are no Records: only the last event of a tumbling window has none"]
    found = [f"Records[{place}].{line}" for place, record in enumerate(records) for line in _of_record(record)]
    if found:
        return found
    if len(records) > MOST_RECORDS:
        found.append(f"there are {len(records):,} Records; a batch has {MOST_RECORDS:,} at most")
    for field, values in (("eventSourceARN", "streams"), ("shard of eventID", "shards")):
        several = {_value(record, field) for record in records}
        if len(several) > 1:
            found.append(f"the records are of {len(several)} {values}; a batch is of one")
    numbers = [int(record["kinesis"]["sequenceNumber"]) for record in records]
    if any(one >= other for one, other in pairwise(numbers)):
        found.append("the sequence numbers must grow from record to record")
    if not found and size(event) > MOST_BYTES:
        found.append(f"the event has {size(event):,} bytes; Lambda sends {MOST_BYTES:,} at most")
    return found


def _value(record: dict[str, Any], field: str) -> str:
    return str(record["eventID"].partition(":")[0] if field == "shard of eventID" else record[field])


def _of_record(record: Any) -> list[str]:
    if not isinstance(record, dict):
        return [" must be a dict"]
    inner = record.get("kinesis")
    fields = (
        {**record, **{f"kinesis.{name}": value for name, value in inner.items()}} if isinstance(inner, dict) else record
    )
    missing = [name for name in MEANING if name not in fields]
    if missing:
        return [f"{missing[0]} is missing"]
    return [
        f"{name} is {_shown(fields[name])}, and must {rule}" for name, rule, holds in _RULES if not holds(fields[name])
    ]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}…"


def _is_base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True) is not None
    except (binascii.Error, ValueError):
        return False


def _matches(pattern: str) -> Any:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


_RULES = (
    ("kinesis.partitionKey", "be a string of 1 to 256 characters", _matches(r"(?s).{1,256}")),
    ("kinesis.sequenceNumber", "be a string of digits", _matches(r"\d+")),
    ("kinesis.data", "be base64 text", _is_base64),
    (
        "kinesis.approximateArrivalTimestamp",
        "be a number of seconds since 1970",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11,
    ),
    ("eventSource", "be aws:kinesis", _matches("aws:kinesis")),
    ("eventID", "be a shard id, a colon and the sequence number", _matches(r"shardId-\d{12}:\d+")),
    ("eventName", "be aws:kinesis:record", _matches("aws:kinesis:record")),
    ("eventSourceARN", "be the ARN of a stream or of a consumer", _matches(r"arn:aws:kinesis:[^:]+:\d{12}:stream/.+")),
)
