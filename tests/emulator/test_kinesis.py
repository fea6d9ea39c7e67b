"""Streams, shards and records through plain boto3."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.kinesis import sequence
from kinesis_lab.emulator.kinesis.shard import HASH_KEYS, Shard
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.recorder import FlightRecorder
from tests.examples import examples


def read_all(kinesis, name="orders"):
    """Every record of every shard, by shard id."""
    found = {}
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found[shard["ShardId"]] = kinesis.get_records(ShardIterator=iterator)["Records"]
    return found


def test_a_stream_takes_time_to_come_and_to_go(cloud, kinesis):
    kinesis.create_stream(StreamName="orders", ShardCount=2)
    creating = kinesis.describe_stream(StreamName="orders")["StreamDescription"]
    assert (creating["StreamStatus"], creating["Shards"]) == ("CREATING", [])
    with pytest.raises(ClientError, match="Stream orders under account 123456789012 not found"):
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    cloud.wait(10)
    active = kinesis.describe_stream(StreamName="orders")["StreamDescription"]
    assert active["StreamStatus"] == "ACTIVE"
    assert active["RetentionPeriodHours"] == 24
    assert active["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert active["EncryptionType"] == "NONE"
    assert active["StreamARN"] == "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
    kinesis.delete_stream(StreamName="orders")
    assert kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamStatus"] == "DELETING"
    cloud.wait(10)
    assert kinesis.list_streams()["StreamNames"] == []


@pytest.mark.parametrize(
    ("count", "starts"),
    [
        (1, [0]),
        (2, [0, 170141183460469231731687303715884105728]),
        (3, [0, 113427455640312821154458202477256070485, 226854911280625642308916404954512140970]),
        (
            4,
            [
                0,
                85070591730234615865843651857942052864,
                170141183460469231731687303715884105728,
                255211775190703847597530955573826158592,
            ],
        ),
    ],
)
def test_the_initial_shards_share_the_hash_keys(kinesis, stream, count, starts):
    stream(shards=count)
    shards = kinesis.list_shards(StreamName="orders")["Shards"]
    ranges = [(int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"])) for s in shards]
    assert [first for first, _ in ranges] == starts
    assert [last + 1 for _, last in ranges] == [*starts[1:], HASH_KEYS]
    assert [s["ShardId"] for s in shards] == [f"shardId-{i:012d}" for i in range(count)]


@pytest.mark.parametrize(("key", "shard"), [("1", 3), ("test", 0), ("device-1", 3), ("a", 0), ("MyPartitionKey", 0)])
def test_the_md5_of_the_key_chooses_the_shard(kinesis, stream, key, shard):
    stream(shards=4)
    put = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey=key)
    assert put["ShardId"] == f"shardId-{shard:012d}"


def test_both_ends_of_every_range_belong_to_their_shard(kinesis, stream):
    stream(shards=3)
    for shard in kinesis.list_shards(StreamName="orders")["Shards"]:
        for end in shard["HashKeyRange"].values():
            put = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k", ExplicitHashKey=end)
            assert put["ShardId"] == shard["ShardId"]


def test_what_is_put_is_read_back(cloud, kinesis, stream):
    stream(shards=2)
    data = ["Zoë 5€".encode(), b"", bytes(range(256))]
    answer = kinesis.put_records(
        StreamName="orders", Records=[{"Data": d, "PartitionKey": f"k{i}"} for i, d in enumerate(data)]
    )
    assert answer["FailedRecordCount"] == 0
    records = sorted(
        (record for records in read_all(kinesis).values() for record in records),
        key=lambda record: record["PartitionKey"],
    )
    assert [record["Data"] for record in records] == data
    assert [record["SequenceNumber"] for record in records] == [entry["SequenceNumber"] for entry in answer["Records"]]
    assert all(0 <= (cloud.now() - r["ApproximateArrivalTimestamp"]).total_seconds() < 1 for r in records)


def test_sequence_numbers_look_like_those_of_aws(kinesis, stream):
    stream(shards=2)
    numbers = {}
    for i in range(40):
        put = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey=str(i))
        numbers.setdefault(put["ShardId"], []).append(int(put["SequenceNumber"]))
    for shard, ours in numbers.items():
        assert ours == sorted(set(ours))
        assert all(len(str(number)) == 56 for number in ours)
        assert {sequence.origin(str(number)).shard for number in ours} == {int(shard[-12:])}
        assert any(b - a != 1 for a, b in itertools.pairwise(ours))
        start = next(
            s["SequenceNumberRange"]["StartingSequenceNumber"]
            for s in kinesis.list_shards(StreamName="orders")["Shards"]
            if s["ShardId"] == shard
        )
        assert int(start) < ours[0]


def test_the_layout_of_a_real_sequence_number():
    """A number of AWS's documentation, taken apart in facts section 3."""
    assert (
        sequence.sequence_number(created=1542776258, shard=6, index=1734642199, second=1545084650)
        == "49590338271490256608559692538361571095921575989136588898"
    )


def test_iterators_of_every_type(cloud, kinesis, stream):
    stream()
    numbers, times = [], []
    for i in range(5):
        times.append(cloud.now())
        numbers.append(kinesis.put_record(StreamName="orders", Data=str(i), PartitionKey="k")["SequenceNumber"])
        cloud.wait(10)

    def read(**where):
        iterator = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-000000000000", **where)
        answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
        return "".join(record["Data"].decode() for record in answer["Records"])

    assert read(ShardIteratorType="TRIM_HORIZON") == "01234"
    assert read(ShardIteratorType="LATEST") == ""
    assert read(ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[2]) == "234"
    assert read(ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[2]) == "34"
    assert read(ShardIteratorType="AT_TIMESTAMP", Timestamp=times[3]) == "34"


def test_reading_on_and_how_far_behind(cloud, kinesis, stream):
    stream()
    for i in range(5):
        kinesis.put_record(StreamName="orders", Data=str(i), PartitionKey="k")
        cloud.wait(10)
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    first = kinesis.get_records(ShardIterator=iterator, Limit=2)
    assert [r["Data"] for r in first["Records"]] == [b"0", b"1"]
    assert 30_000 <= first["MillisBehindLatest"] <= 30_100
    again = kinesis.get_records(ShardIterator=iterator, Limit=2)
    assert again["Records"] == first["Records"], "an iterator is a place, not a cursor"
    rest = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert [r["Data"] for r in rest["Records"]] == [b"2", b"3", b"4"]
    assert rest["MillisBehindLatest"] == 0
    empty = kinesis.get_records(ShardIterator=rest["NextShardIterator"])
    assert empty["Records"] == [] and empty["NextShardIterator"]


def test_an_iterator_expires_after_five_minutes(cloud, kinesis, stream):
    stream()
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="LATEST"
    )["ShardIterator"]
    cloud.wait(299)
    kinesis.get_records(ShardIterator=iterator)
    cloud.wait(2)
    with pytest.raises(kinesis.exceptions.ExpiredIteratorException) as expired:
        kinesis.get_records(ShardIterator=iterator)
    assert expired.value.response["Error"]["Message"] == (
        "Iterator expired. The iterator was created at time Mon Jan 05 09:00:10 UTC 2026 while right now it is "
        "Mon Jan 05 09:05:11 UTC 2026 which is further in the future than the tolerated delay of 300000 "
        "milliseconds."
    )


def test_an_iterator_is_of_its_own_stream(kinesis, stream):
    orders, clicks = stream("orders"), stream("clicks")
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="LATEST")
    kinesis.get_records(StreamARN=orders, ShardIterator=place["ShardIterator"])
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        kinesis.get_records(StreamARN=clicks, ShardIterator=place["ShardIterator"])


def test_the_token_of_a_next_page_expires_after_five_minutes(cloud, kinesis, stream):
    arn = stream(shards=2)
    for name in ("a", "b"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)
    shards = kinesis.list_shards(StreamName="orders", MaxResults=1)["NextToken"]
    consumers = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=1)["NextToken"]
    cloud.wait(299)
    assert len(kinesis.list_shards(NextToken=shards)["Shards"]) == 1
    assert len(kinesis.list_stream_consumers(StreamARN=arn, NextToken=consumers)["Consumers"]) == 1
    cloud.wait(1)
    with pytest.raises(ClientError, match="ExpiredNextTokenException"):
        kinesis.list_shards(NextToken=shards)
    with pytest.raises(ClientError, match="ExpiredNextTokenException"):
        kinesis.list_stream_consumers(StreamARN=arn, NextToken=consumers)


def test_records_are_kept_for_a_day(cloud, kinesis, stream):
    stream()
    kinesis.put_record(StreamName="orders", Data=b"old", PartitionKey="k")
    cloud.wait(12 * 3600)
    kinesis.put_record(StreamName="orders", Data=b"new", PartitionKey="k")
    cloud.wait(12 * 3600)
    (records,) = read_all(kinesis).values()
    assert [record["Data"] for record in records] == [b"new"]


BAD_REQUESTS = [
    ("describe_stream", {"StreamName": "nowhere"}, "ResourceNotFoundException", "Stream nowhere under account"),
    ("create_stream", {"StreamName": "orders", "ShardCount": 1}, "ResourceInUseException", "already exists."),
    ("create_stream", {"StreamName": "a b", "ShardCount": 1}, "ValidationException", "regular expression pattern"),
    ("create_stream", {"StreamName": "new"}, "ValidationException", "Value null at 'shardCount'"),
    (
        "put_records",
        {"StreamName": "orders", "Records": [{"Data": b"x", "PartitionKey": "k"}] * 501},
        "ValidationException",
        "Member must have length less than or equal to 500",
    ),
    (
        "put_record",
        {"StreamName": "orders", "Data": b"x", "PartitionKey": "k" * 257},
        "ValidationException",
        "at 'partitionKey' failed to satisfy constraint: Member must have length less than or equal to 256",
    ),
    (
        "put_record",
        {"StreamName": "orders", "Data": b"x", "PartitionKey": "k", "ExplicitHashKey": str(2**128)},
        "InvalidArgumentException",
        "ExplicitHashKey must be in the range: [0, 2^128-1]",
    ),
    (
        "put_record",
        {"StreamName": "orders", "Data": b"x" * 2**20, "PartitionKey": "k"},
        "ValidationException",
        "larger",
    ),
    ("get_records", {"ShardIterator": "garbage"}, "InvalidArgumentException", "Invalid ShardIterator."),
    (
        "get_shard_iterator",
        {"StreamName": "orders", "ShardId": "shardId-000000000009", "ShardIteratorType": "LATEST"},
        "ResourceNotFoundException",
        "Shard shardId-000000000009 in stream orders under account 123456789012 does not exist",
    ),
    (
        "get_shard_iterator",
        {"StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "AT_TIMESTAMP"},
        "InvalidArgumentException",
        "Must specify timestampInMillis parameter",
    ),
    (
        "get_shard_iterator",
        {"StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"},
        "InvalidArgumentException",
        "Must either specify (1) AT_SEQUENCE_NUMBER",
    ),
    (
        "get_shard_iterator",
        {"StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "NEXT"},
        "ValidationException",
        "Member must satisfy enum value set",
    ),
]


@pytest.mark.parametrize(("operation", "request_", "code", "message"), BAD_REQUESTS)
def test_bad_requests_get_the_errors_of_aws(kinesis, stream, operation, request_, code, message):
    stream()
    with pytest.raises(ClientError) as refused:
        getattr(kinesis, operation)(**request_)
    assert refused.value.response["Error"]["Code"] == code
    assert message in refused.value.response["Error"]["Message"]


def test_one_bad_record_leaves_the_others_unwritten(kinesis, stream):
    stream()
    with pytest.raises(ClientError):
        kinesis.put_records(
            StreamName="orders",
            Records=[
                {"Data": b"good", "PartitionKey": "k"},
                {"Data": b"bad", "PartitionKey": "k", "ExplicitHashKey": str(2**128)},
            ],
        )
    assert read_all(kinesis) == {"shardId-000000000000": []}


def test_what_is_not_offered_says_so(kinesis):
    with pytest.raises(ClientError, match=r"UnsupportedOperationException.*does not offer ListQueues"):
        kinesis.list_queues()


def test_pages_of_streams_and_shards(kinesis, stream):
    for name in ("c", "a", "b"):
        stream(name)
    page = kinesis.list_streams(Limit=2)
    assert (page["StreamNames"], page["HasMoreStreams"]) == (["a", "b"], True)
    assert kinesis.list_streams(NextToken=page["NextToken"])["StreamNames"] == ["c"]
    stream("wide", shards=5)
    page = kinesis.list_shards(StreamName="wide", MaxResults=2)
    sizes = [len(page["Shards"])]
    while "NextToken" in page:
        page = kinesis.list_shards(NextToken=page["NextToken"], MaxResults=2)
        sizes.append(len(page["Shards"]))
    assert sizes == [2, 2, 1]


def test_tags(kinesis, stream):
    stream()
    kinesis.add_tags_to_stream(StreamName="orders", Tags={"team": "shop", "stage": "dev"})
    kinesis.add_tags_to_stream(StreamName="orders", Tags={"stage": "prod"})
    kinesis.remove_tags_from_stream(StreamName="orders", TagKeys=["team", "unknown"])
    assert kinesis.list_tags_for_stream(StreamName="orders")["Tags"] == [{"Key": "stage", "Value": "prod"}]


def test_regions_are_apart(cloud, kinesis, stream):
    stream()
    assert cloud.client("kinesis", region_name="eu-west-1").list_streams()["StreamNames"] == []


# Invariants


@settings(max_examples=examples(50))
@given(
    keys=st.lists(st.text(min_size=1, max_size=20), max_size=60),
    shards=st.integers(1, 7),
    chunk=st.integers(1, 9),
)
def test_every_record_is_read_once_and_in_order(keys, shards, chunk):
    clock = Clock()
    stream = Stream("s", "us-east-1", "PROVISIONED", shards, clock, FlightRecorder(clock))
    stream.activate()
    written: dict[str, list[bytes]] = {}
    for i, key in enumerate(keys):
        shard = stream.shard_for(key)
        record = stream.append(shard, key, str(i).encode())
        written.setdefault(shard.id, []).append(record.data)
        hash_key = int(hashlib.md5(key.encode()).hexdigest(), 16)
        assert shard.first_hash <= hash_key <= shard.last_hash
        clock.advance(0.001)
    for shard in stream.shards:
        read, position = [], 0
        while records := shard.read(position, chunk, 10**9):
            read += [record.data for record in records]
            position += len(records)
        assert read == written.get(shard.id, [])
        numbers = [int(r.sequence_number) for r in shard.read(0, 10**6, 10**9)]
        assert numbers == sorted(set(numbers))


@settings(max_examples=examples(100))
@given(steps=st.lists(st.one_of(st.integers(1, 30), st.floats(0, 50)), max_size=30))
def test_positions_survive_trimming(steps):
    """A model of a shard: the list of everything ever put, and how much of it is gone."""
    shard, ever, gone, now = Shard(0, 0, HASH_KEYS - 1, 0), [], 0, 0.0
    for step in steps:
        if isinstance(step, int):
            for _ in range(step):
                ever.append(shard.append(len(ever) + 1, now, "k", b""))
                now += 1
        else:
            shard.trim(now - step)
            gone = max(gone, sum(record.arrival < now - step for record in ever))
    assert (shard.horizon, shard.tip) == (gone, len(ever))
    assert shard.read(0, 10**6, 10**9) == ever[gone:]
    for position in range(gone, len(ever)):
        number = ever[position].sequence_number
        assert shard.at(position) == ever[position]
        assert shard.position_of(number) == position
        assert shard.position_after(number) == position + 1
