"""The batch event: built, decoded, checked, explained."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import batches

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
ROLE = "arn:aws:iam::123456789012:role/shop"
SAMPLE = Path(__file__).parent.parent / "data" / "sample_event.json"


@pytest.fixture
def event(cloud, kinesis, stream, deploy, lambda_):
    """The event that Lambda made of three records, and that `build` made of the same."""
    deploy("def handler(event, context): print(__import__('json').dumps(event))")
    lambda_.create_event_source_mapping(EventSourceArn=stream(), FunctionName="app", StartingPosition="TRIM_HORIZON")
    for key, text in (("Zoë", "5 €"), ("k", ""), ("k", "\x00 bytes")):
        kinesis.put_record(StreamName="orders", PartitionKey=key, Data=text.encode())
    cloud.wait(10)
    logged = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/app")["events"]
    (sent,) = [json.loads(each["message"]) for each in logged if each["message"].startswith("{")]
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]
    return sent, batches.build(records, shard="shardId-000000000000", stream_arn=ARN, role_arn=ROLE)


def test_what_is_built_is_what_lambda_sends(event):
    sent, built = event
    assert built == sent
    assert json.dumps(built) == json.dumps(sent), "the keys are in the same order, too"
    assert batches.problems(sent) == []
    assert [record.data.decode() for record in batches.decode(sent)] == ["5 €", "", "\x00 bytes"]
    first = batches.decode(sent)[0]
    assert (first.shard, first.partition_key, first.text) == ("shardId-000000000000", "Zoë", "5 €")
    assert first.arrived.isoformat().startswith("2026-01-05T09:00:")
    assert (
        list(batches.MEANING)[1:]
        == [f"kinesis.{name}" for name in sent["Records"][0]["kinesis"]] + list(sent["Records"][0])[1:]
    )


def one(number=1, **changes):
    record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "sequenceNumber": str(number),
            "data": "eA==",
            "approximateArrivalTimestamp": 1767603600.5,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-1",
        "eventSourceARN": ARN,
    }
    for name, value in changes.items():
        inner = record["kinesis"] if name in record["kinesis"] else record
        inner[name] = value
    return record


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ([], "must be a dict with a list of Records"),
        ({"Records": "x"}, "must be a dict with a list of Records"),
        ({"Records": []}, "there are no Records"),
        ({"Records": [5]}, "must be a dict"),
        ({"Records": [one(), {**one(2), "kinesis": None}]}, "Records[1].kinesis.kinesisSchemaVersion is missing"),
        ({"Records": [one(data=b"x")]}, "Records[0].kinesis.data is b'x', and must be base64 text"),
        ({"Records": [one(data="not base64!")]}, "and must be base64 text"),
        ({"Records": [one(sequenceNumber=5)]}, "kinesis.sequenceNumber is 5, and must be a string of digits"),
        ({"Records": [one(approximateArrivalTimestamp="now")]}, "must be a number of seconds since 1970"),
        ({"Records": [one(approximateArrivalTimestamp=1767603600500)]}, "must be a number of seconds since 1970"),
        ({"Records": [one(eventID="5")]}, "must be a shard id, a colon and the sequence number"),
        ({"Records": [one(eventSource="aws:sqs")]}, "must be aws:kinesis"),
        ({"Records": [one(1), one(2, eventID="shardId-000000000007:2")]}, "of 2 shards; a batch is of one"),
        ({"Records": [one(1), one(2, eventSourceARN=ARN + "2")]}, "of 2 streams; a batch is of one"),
        ({"Records": [one(2), one(1)]}, "must grow from record to record"),
        ({"Records": [one(1, data="AAAA" * 1_600_000)]}, "Lambda sends 6,291,456 at most"),
        ({"Records": [one(number) for number in range(1, 10_002)]}, "a batch has 10,000 at most"),
    ],
)
def test_problems(event, problem):
    assert problem in batches.problems(event)[0]
    with pytest.raises(ValueError, match="this is no Kinesis event"):
        batches.decode(event)


def test_the_last_event_of_a_tumbling_window_has_no_records():
    assert batches.problems({"Records": [], "window": {}, "state": {}}) == []


def test_every_field_is_explained():
    assert "base64" in batches.explain("kinesis.data")
    with pytest.raises(LookupError, match="there is no field 'data'; there are kinesis, "):
        batches.explain("data")


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.binary(max_size=50)), min_size=1, max_size=20))
def test_what_goes_in_comes_out(records):
    from datetime import UTC, datetime

    given_ = [
        {
            "SequenceNumber": str(1000 + place),
            "PartitionKey": key,
            "Data": data,
            "ApproximateArrivalTimestamp": datetime(2026, 1, 5, 9, 0, place, tzinfo=UTC),
        }
        for place, (key, data) in enumerate(records)
    ]
    event = batches.build(given_, shard="shardId-000000000003", stream_arn=ARN, role_arn=ROLE)
    untouched = copy.deepcopy(event)
    assert [(each.partition_key, each.data) for each in batches.decode(event)] == records
    assert [each.arrived for each in batches.decode(event)] == [each["ApproximateArrivalTimestamp"] for each in given_]
    assert event == untouched
