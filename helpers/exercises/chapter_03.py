"""The exercises of chapter 03: the envelope, an event of one's own, bad data, batches, six megabytes, aggregates."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_kinesis_agg.aggregator import RecordAggregator

from helpers import batches
from helpers.exercises.exercise import exercise, named, outcome_of

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
ROLE = "arn:aws:iam::123456789012:role/shop"
SHARD = "shardId-000000000003"


def stored(number: int, data: bytes, key: str = "Zoë") -> dict[str, Any]:
    """A record as GetRecords returns it."""
    return {
        "SequenceNumber": str(4967 * 10**52 + number),
        "PartitionKey": key,
        "Data": data,
        "ApproximateArrivalTimestamp": datetime(2026, 1, 5, 9, 0, 27, 237_000, tzinfo=UTC) + timedelta(seconds=number),
    }


def event_of(*data: bytes) -> dict[str, Any]:
    """An event with these data in it."""
    records = [stored(place, each) for place, each in enumerate(data, 1)]
    return batches.build(records, shard=SHARD, stream_arn=STREAM, role_arn=ROLE)


# 3.1


def check_where_and_when(where_and_when: Any) -> str | None:
    """Whether a function reads shard and time from a record."""
    for record in event_of(b"a", b"b")["Records"]:
        got, error = outcome_of(where_and_when, record)
        at = datetime.fromtimestamp(record["kinesis"]["approximateArrivalTimestamp"], UTC)
        if error:
            return _why_no_envelope(error)
        if not isinstance(got, tuple | list) or len(got) != 2:
            return f"Return two things, the shard's id and the time; what came back was {got!r}."
        shard, moment = got
        if shard == record["kinesis"]["sequenceNumber"] or (isinstance(shard, str) and ":" in shard):
            return f"The shard's id is only what stands before the colon in the eventID; yours was {shard!r}."
        if shard != SHARD:
            return f"The shard is {SHARD}, and yours was {shard!r}."
        if not isinstance(moment, datetime):
            return f"Make a datetime of the seconds: datetime.fromtimestamp(…, timezone.utc); yours was {moment!r}."
        if moment.tzinfo is None:
            return "Your time says nothing of its zone, so on another computer it is another one: pass timezone.utc."
        if moment != at:
            return f"The record arrived at {at.isoformat()}, and you say {moment.isoformat()}: are these seconds?"
    return None


def _why_no_envelope(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{named(error)}: the time is one level down, in record['kinesis']; the eventID is at the top."
    if isinstance(error, ValueError | OverflowError | OSError):
        return f"{named(error)}. The number is in seconds already: dividing or multiplying by 1,000 leads astray."
    return f"Your function raised {named(error)}."


# 3.2


def check_as_lambda_sends_it(as_lambda_sends_it: Any) -> str | None:
    """Whether a record of GetRecords becomes one of an event."""
    for place, data in enumerate((b"plain", "Zoë paid 5€".encode(), b"\xff\x00"), 1):
        record = stored(place, data)
        wanted = batches.build([record], shard=SHARD, stream_arn=STREAM, role_arn=ROLE)["Records"][0]
        got, error = outcome_of(as_lambda_sends_it, record, SHARD, STREAM, ROLE)
        if error:
            return f"For the data {data!r}, your function raised {named(error)}. Data may be any bytes: use base64."
        if not isinstance(got, dict):
            return f"Return a dict like those in event['Records']; what came back was {got!r}."
        if got != wanted:
            return _difference(got, wanted, record)
    return None


def _difference(got: dict[str, Any], wanted: dict[str, Any], record: dict[str, Any]) -> str:
    inner = got.get("kinesis")
    if not isinstance(inner, dict):
        return "What the stream knows of a record stands one level down, under the key kinesis."
    data = inner.get("data")
    if isinstance(data, bytes):
        return "b64encode returns bytes, and an event is JSON, which has none: add .decode()."
    if data == str(base64.b64encode(record["Data"])):
        return "str() of bytes keeps the b and the quotes: use .decode() to make text of them."
    if isinstance(data, str) and data != wanted["kinesis"]["data"]:
        return f"The data should be base64 of the bytes, {wanted['kinesis']['data']!r}; yours is {data!r}."
    time = inner.get("approximateArrivalTimestamp")
    if isinstance(time, datetime):
        return "The time is a number of seconds in an event: .timestamp() makes one of a datetime."
    if isinstance(time, int | float) and abs(time - wanted["kinesis"]["approximateArrivalTimestamp"]) > 1e6:
        return "The time is in seconds here. Milliseconds are for other places."
    if isinstance(inner.get("sequenceNumber"), int):
        return "The sequence number stays text: most programs cannot hold so many digits in a number."
    if got.get("eventID") == record["SequenceNumber"]:
        return "The eventID is the shard's id, a colon, and the sequence number: unique in the whole stream."
    for name, value in [*wanted["kinesis"].items(), *wanted.items()]:
        holder = inner if name in wanted["kinesis"] else got
        if holder.get(name) != value and name != "kinesis":
            return f"{name} should be {value!r}, and yours is {holder.get(name)!r}."
    more = sorted({*got, *inner} - {*wanted, *wanted["kinesis"]})
    return f"There is something too much: {', '.join(more)}."


# 3.3

LATIN = '{"NAME": "Zoë"}'.encode("latin-1")
MIXED = (b'{"ID": 1}', b"not JSON", '{"NAME": "Zoë"}'.encode(), b"\x80abc", LATIN, b"", b"[1, 2]", b"null")
OPENED = [{"ID": 1}, None, {"NAME": "Zoë"}, None, None, None, None, None]


def check_read_batch(read_batch: Any) -> str | None:
    """Whether what is no JSON object does not stop a batch."""
    got, error = outcome_of(read_batch, event_of(*MIXED))
    if isinstance(error, UnicodeDecodeError):
        return f"{named(error)}. One record is no text at all: let it become None, and go on."
    if isinstance(error, ValueError):
        return f"{named(error)}. One record is no JSON. Raising here would stop the whole shard: give None for it."
    if error:
        return f"Your function raised {named(error)}."
    if not isinstance(got, list) or len(got) != len(MIXED):
        return f"Return a list with something for each of the {len(MIXED)} records, None included; it was {got!r}."
    if got[2] == {"NAME": "ZoÃ«"}:
        return "Zoë came out as ZoÃ«: that was latin-1. The bytes are UTF-8."
    for data, value, wanted in zip(MIXED, got, OPENED, strict=True):
        if value != wanted:
            more = " Valid JSON, but no object: nobody could look up an amount in it." if value is not None else ""
            if data == LATIN:
                more = (
                    " These bytes are no UTF-8. Whoever skips or replaces what can't be read changes what was written."
                )
            return f"For the data {data!r}, {wanted!r} was expected, and you gave {value!r}.{more}"
    return None


# 3.4

RATES = ((5, 100, 0), (5, 100, 20), (5, 50, 20), (200, 100, 0), (0.5, 10, 60), (3, 10_000, 300), (80, 100, 1))
"""Records a second that one shard gets, BatchSize, window in seconds."""


def check_records_per_batch(records_per_batch: Any) -> str | None:
    """Whether size, window and rate are put together right."""
    for rate, size, window in RATES:
        got, error = outcome_of(records_per_batch, rate, size, window)
        case = f"For {rate} records a second, BatchSize {size:,} and a window of {window} s"
        if error:
            return f"{case}, your function raised {named(error)}."
        if not isinstance(got, int | float) or isinstance(got, bool):
            return f"{case} the answer was {got!r}, and should be a number."
        gathered = rate * max(window, 1)
        wanted = min(size, gathered)
        if abs(got - wanted) < 0.01:
            continue
        if got == size:
            return f"{case} you say {size:,}: that is the limit. In that time only {gathered:g} come."
        if got == gathered:
            return f"{case} you say {gathered:g}: more than BatchSize never go into one batch."
        if window == 0 and got == 0:
            return (
                f"{case} you say 0: without a window, the mapping takes what one poll finds, and polls once a second."
            )
        return f"{case} about {wanted:g} records make a batch; you say {got:g}."
    return None


# 3.5

ENVELOPE = 530
SIZES = (1_000, 100, 0, 100_000, 999_999, 1_000_000, 1_048_000, 4_718_000, 5_000_000)


def fitting(data_bytes: int, envelope: int) -> int:
    """How many records with so much data fit into one event (facts 7.6)."""
    return batches.MOST_BYTES // (-(-data_bytes // 3) * 4 + envelope)


def check_records_that_fit(records_that_fit: Any) -> str | None:
    """Whether base64 and the envelope are counted."""
    for data in SIZES:
        got, error = outcome_of(records_that_fit, data, ENVELOPE)
        case = f"For {data:,} bytes of data and an envelope of {ENVELOPE} bytes"
        if error:
            return f"{case}, your function raised {named(error)}."
        wanted = min(fitting(data, ENVELOPE), batches.MOST_RECORDS)
        if got == wanted:
            continue
        if not isinstance(got, int | float) or isinstance(got, bool):
            return f"{case} the answer was {got!r}, and should be a number of records."
        if got == fitting(data, ENVELOPE) > batches.MOST_RECORDS:
            return f"{case} {got:,} would fit, but a batch never has more than {batches.MOST_RECORDS:,}."
        if got == batches.MOST_BYTES // (data + ENVELOPE):
            return f"{case} {wanted:,} fit: you have left out base64, which makes 4 bytes of 3."
        if data and got == min(batches.MOST_RECORDS, batches.MOST_BYTES // (-(-data // 3) * 4)):
            return f"{case} {wanted:,} fit: the envelope around each record counts, too."
        if data and got in (
            batches.MOST_BYTES // (data * 4 // 3 + ENVELOPE),
            batches.MOST_BYTES // (data // 3 * 4 + ENVELOPE),
        ):
            return f"{case} {wanted:,} fit: one or two bytes that are left at the end make four characters, too."
        if got == min(batches.MOST_RECORDS, 6_000_000 // (-(-data // 3) * 4 + ENVELOPE)):
            return f"{case} {wanted:,} fit: 6 MB are 6 · 1024 · 1024 bytes here."
        if got != int(got):
            return f"{case} you say {got:g}: there are no parts of a record."
        return f"{case} {wanted:,} fit; you say {got:,}."
    return None


# 3.6

MAGIC = b"\xf3\x89\x9a\xc2"


def aggregate(*texts: str) -> bytes:
    """Several small records in one, as the Kinesis Producer Library packs them (facts 12)."""
    aggregator = RecordAggregator()
    for text in texts:
        aggregator.add_user_record("key", text.encode(), None)
    packed: bytes = aggregator.clear_and_get().get_contents()[2]
    return packed


def _blobs() -> list[tuple[bytes, bool, str]]:
    good = aggregate("one", "two")
    return [
        (good, True, "an aggregate of two records"),
        (aggregate("x" * 5000), True, "an aggregate of one large record"),
        (b'{"ID": 1}', False, "plain JSON"),
        (b"", False, "an empty record"),
        (MAGIC, False, "the four magic bytes and nothing else"),
        (MAGIC + b"just a coincidence, and long enough", False, "plain data that happens to begin with the magic"),
        (good[:-1] + bytes([good[-1] ^ 1]), False, "an aggregate whose last byte was damaged"),
        (b"\x00" + good, False, "something before the magic"),
        (b"\x00\x00\x00\x00" + good[4:], False, "something else in the place of the magic, and the right MD5"),
    ]


def check_is_aggregate(is_aggregate: Any) -> str | None:
    """Whether aggregates are told from plain data."""
    for blob, wanted, what in _blobs():
        got, error = outcome_of(is_aggregate, blob)
        if error:
            return f"For {what}, your function raised {named(error)}."
        if bool(got) == wanted and got is not None:
            continue
        if got is None:
            return f"For {what} nothing came back (None): does every path end with return?"
        if wanted and blob.startswith(MAGIC) and hashlib.md5(blob[4:-16]).digest() == blob[-16:]:
            return (
                f"{what[:1].upper()}{what[1:]} was not recognised: the MD5 is that of what lies between magic and MD5."
            )
        why = (
            "the magic alone proves little, the MD5 does"
            if blob.startswith(MAGIC)
            else "it does not begin with the magic"
        )
        return f"{what[:1].upper()}{what[1:]} was taken for an aggregate: {why}."
    return None


EXERCISES = (
    exercise(
        "3.1",
        "Where and when",
        check_where_and_when,
        "The eventID names shard and record; the time is in seconds, and UTC if you say so.",
        (
            "The eventID is two things with a colon between: `record['eventID'].split(':')`.",
            "The time is at `record['kinesis']['approximateArrivalTimestamp']`, in seconds since 1970.",
            "`datetime.fromtimestamp(seconds, timezone.utc)` makes a time that is the same everywhere.",
        ),
        """
from datetime import datetime, timezone


def where_and_when(record):
    shard = record["eventID"].split(":")[0]
    seconds = record["kinesis"]["approximateArrivalTimestamp"]
    return shard, datetime.fromtimestamp(seconds, timezone.utc)
""",
    ),
    exercise(
        "3.2",
        "Be the mapping",
        check_as_lambda_sends_it,
        "Nothing in an event is a secret any more: you can build your own for every test.",
        (
            "Twelve fields: five inside `kinesis`, seven beside it. Copy the shape of a real one.",
            "`base64.b64encode(record['Data']).decode()` is text; `.timestamp()` makes a number of a datetime.",
            "The Region stands in the stream's ARN: `stream_arn.split(':')[3]`.",
        ),
        """
def as_lambda_sends_it(record, shard, stream_arn, role_arn):
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }
""",
    ),
    exercise(
        "3.3",
        "One bad apple",
        check_read_batch,
        "What cannot be read is marked, and the rest of the batch goes on.",
        (
            "Put `try` and `except` inside the loop, around one record.",
            "`json.loads` raises ValueError for both kinds: no JSON, and no UTF-8.",
            "And `isinstance(document, dict)` tells an object from a list, a number or null.",
        ),
        """
def read_batch(event):
    documents = []
    for record in event["Records"]:
        try:
            document = json.loads(base64.b64decode(record["kinesis"]["data"]))
        except ValueError:
            document = None
        documents.append(document if isinstance(document, dict) else None)
    return documents
""",
    ),
    exercise(
        "3.4",
        "How full is a batch?",
        check_records_per_batch,
        "The rate fills the batch, the window gives it time, and BatchSize is only the limit.",
        (
            "How many records come while the mapping waits? Rate times seconds.",
            "Without a window it waits for nothing; but it only looks once a second.",
            "`min(batch_size, …)`: the limit.",
        ),
        """
def records_per_batch(per_second, batch_size, window):
    return min(batch_size, per_second * max(window, 1))
""",
    ),
    exercise(
        "3.5",
        "Six megabytes",
        check_records_that_fit,
        "Base64 takes a third more, every record has its envelope, and then there is the limit of 10,000.",
        (
            "Base64 makes 4 characters of every 3 bytes, begun ones included: `math.ceil(n / 3) * 4`.",
            "One record takes that and the envelope; the event has `6 * 1024**2` bytes.",
            "Round down, and never say more than 10,000.",
        ),
        """
import math


def records_that_fit(data_bytes, envelope):
    one = math.ceil(data_bytes / 3) * 4 + envelope
    return min(10_000, 6 * 1024**2 // one)
""",
    ),
    exercise(
        "3.6",
        "Is it a bundle?",
        check_is_aggregate,
        "Magic in front, MD5 behind: only together are they a proof.",
        (
            "Two questions: does it begin with the four bytes, and do the last 16 fit?",
            "The MD5 is made of the bytes in between: `data[4:-16]`.",
            "`hashlib.md5(data[4:-16]).digest() == data[-16:]`; with `and`, short data are no trouble.",
        ),
        """
import hashlib


def is_aggregate(data):
    whole = data[:4] == b"\\xf3\\x89\\x9a\\xc2" and len(data) >= 20
    return whole and hashlib.md5(data[4:-16]).digest() == data[-16:]
""",
    ),
)
