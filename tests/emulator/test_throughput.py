"""Limits of shards, hit through boto3: facts 4 and 5."""

from __future__ import annotations

from contextlib import suppress

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ONCE = Config(retries={"total_max_attempts": 1})
MIB = 1024**2


def batch(count=500, size=10, key="constant"):
    return [{"Data": b"x" * size, "PartitionKey": key} for _ in range(count)]


@pytest.fixture
def impatient(cloud):
    """A client that does not try again."""
    return cloud.client("kinesis", config=ONCE)


def iterator(kinesis, shard="shardId-000000000000", kind="TRIM_HORIZON", name="orders", **more):
    return kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def test_a_shard_takes_a_thousand_records_a_second(cloud, kinesis, stream):
    stream()
    answers = [kinesis.put_records(StreamName="orders", Records=batch()) for _ in range(3)]
    assert [answer["FailedRecordCount"] for answer in answers] == [0, 0, 500]
    assert answers[2]["Records"][0] == {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": "Rate exceeded for shard shardId-000000000000 in stream orders under account 123456789012.",
    }
    cloud.wait(1)
    assert kinesis.put_records(StreamName="orders", Records=batch())["FailedRecordCount"] == 0


def test_entries_fail_one_by_one(kinesis, stream):
    stream()
    kinesis.put_records(StreamName="orders", Records=batch())
    kinesis.put_records(StreamName="orders", Records=batch(300))
    answer = kinesis.put_records(StreamName="orders", Records=batch(400))
    assert answer["FailedRecordCount"] == 200
    assert ["SequenceNumber" in entry for entry in answer["Records"]] == [True] * 200 + [False] * 200


def test_other_shards_go_on(kinesis, stream):
    stream(shards=2)
    for _ in range(2):
        kinesis.put_records(StreamName="orders", Records=batch(key="a"))
    answer = kinesis.put_records(
        StreamName="orders",
        Records=[{"Data": b"x", "PartitionKey": "a"}, {"Data": b"x", "PartitionKey": "1"}],
    )
    assert ["ErrorCode" in entry for entry in answer["Records"]] == [True, False]


def test_a_shard_takes_a_mebibyte_a_second(kinesis, stream):
    stream()
    answer = kinesis.put_records(StreamName="orders", Records=batch(20, size=100_000))
    assert answer["FailedRecordCount"] == 10


def test_put_record_fails_as_a_whole_and_the_sdk_tries_again(cloud, kinesis, impatient, stream):
    stream()
    for _ in range(2):
        kinesis.put_records(StreamName="orders", Records=batch())
    with pytest.raises(ClientError, match="Rate exceeded for shard shardId-000000000000 in stream orders") as refused:
        impatient.put_record(StreamName="orders", Data=b"x", PartitionKey="constant")
    assert refused.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    before = cloud.now()
    put = kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="constant")
    assert put["ResponseMetadata"]["RetryAttempts"] > 0
    assert 0.5 < (cloud.now() - before).total_seconds() < 60


def test_five_reads_a_second_for_all_consumers_together(cloud, kinesis, impatient, stream):
    stream()
    place = iterator(kinesis)
    for _ in range(5):
        impatient.get_records(ShardIterator=place)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        impatient.get_records(ShardIterator=place)
    cloud.wait(1)
    impatient.get_records(ShardIterator=place)


def test_five_iterators_a_second(impatient, stream):
    stream()
    for _ in range(5):
        iterator(impatient)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        iterator(impatient)


def fill(cloud, kinesis, mebibytes):
    for _ in range(mebibytes):
        kinesis.put_records(StreamName="orders", Records=batch(8, size=MIB // 8 - 8))
        cloud.wait(1)


def test_after_ten_mebibytes_come_five_seconds_without(cloud, kinesis, impatient, stream):
    stream()
    fill(cloud, kinesis, 12)
    place = iterator(kinesis)
    page = impatient.get_records(ShardIterator=place)
    assert sum(len(record["Data"]) + 8 for record in page["Records"]) == 10 * MIB
    cloud.wait(4.9)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        impatient.get_records(ShardIterator=page["NextShardIterator"])
    cloud.wait(0.2)
    assert len(impatient.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 16


def test_two_mebibytes_a_second(cloud, kinesis, impatient, stream):
    stream()
    fill(cloud, kinesis, 3)
    place = iterator(kinesis)
    first = impatient.get_records(ShardIterator=place, Limit=16)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        impatient.get_records(ShardIterator=first["NextShardIterator"])


@pytest.mark.parametrize("size", [20, 340])
def test_who_reads_in_small_pages_gets_no_more_than_that(cloud, kinesis, impatient, stream, size):
    stream()
    fill(cloud, kinesis, 40)
    place, began, read = iterator(kinesis), cloud.now(), 0
    while (cloud.now() - began).total_seconds() < 10:
        try:
            page = impatient.get_records(ShardIterator=place, Limit=11)
        except impatient.exceptions.ProvisionedThroughputExceededException:
            continue
        place, read = page["NextShardIterator"], read + sum(len(record["Data"]) for record in page["Records"])
    assert 18 * MIB < read < 22 * MIB


def test_large_records_pass_a_busy_shard_now_and_then(cloud, kinesis, impatient, stream):
    arn = stream()
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=4096)
    cloud.wait(10)
    impatient.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    large = {"Data": b"x" * (3 * MIB), "PartitionKey": "k"}
    small = {"Data": b"x", "PartitionKey": "k"}
    assert impatient.put_records(StreamName="orders", Records=[small, large, small, large])["FailedRecordCount"] == 0
    assert impatient.put_records(StreamName="orders", Records=[large, small])["FailedRecordCount"] == 0
    answer = impatient.put_records(StreamName="orders", Records=[large, small])
    assert ["ErrorCode" in entry for entry in answer["Records"]] == [True, False]
    cloud.wait(3)
    assert impatient.put_records(StreamName="orders", Records=[large])["FailedRecordCount"] == 0


def test_control_calls_are_limited_too(impatient):
    for _ in range(5):
        impatient.list_streams()
    with pytest.raises(ClientError, match="LimitExceededException"):
        impatient.list_streams()


@pytest.mark.local_cloud(limits=False)
def test_without_limits_everything_passes(cloud):
    kinesis = cloud.client("kinesis", config=ONCE)
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    cloud.wait(10)
    for _ in range(5):
        assert kinesis.put_records(StreamName="orders", Records=batch())["FailedRecordCount"] == 0
    place = iterator(kinesis)
    assert [len(kinesis.get_records(ShardIterator=place)["Records"]) for _ in range(8)] == [2500] * 8


def test_a_mapping_shares_the_reads_with_everybody_else(cloud, kinesis, lambda_, stream, deploy):
    """A consumer that spends the shard's whole read budget leaves the poller nothing."""
    arn = stream()
    deploy("def handler(event, context): pass")
    place = iterator(kinesis, kind="LATEST")
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON")
    impatient = cloud.client("kinesis", config=ONCE)
    cloud.wait(0.005)  # half the time of a call: the poll does not come in the very moment in which a read returns
    for _ in range(1000):
        with suppress(impatient.exceptions.ProvisionedThroughputExceededException):
            impatient.get_records(ShardIterator=place, Limit=1)
    assert set(cloud.recorder.table("poll")["outcome"]) == {"throttled"}
    cloud.wait(5)
    assert cloud.recorder.table("invoke")["records"].sum() == 1
