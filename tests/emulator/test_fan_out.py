"""Registered consumers and subscriptions through boto3: facts 1.11 and 5.3."""

from __future__ import annotations

import itertools

import pytest
from botocore.exceptions import ClientError

SHARD = "shardId-000000000000"


@pytest.fixture
def register(cloud, kinesis):
    """Registers a consumer and waits until it is active; returns its ARN."""

    def register(stream_arn, name="dashboard"):
        consumer = kinesis.register_stream_consumer(StreamARN=stream_arn, ConsumerName=name)["Consumer"]
        assert consumer["ConsumerStatus"] == "CREATING"
        cloud.wait(6)
        return consumer["ConsumerARN"]

    return register


def subscribe(kinesis, consumer, kind="TRIM_HORIZON", shard=SHARD, **position):
    answer = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId=shard, StartingPosition={"Type": kind, **position}
    )
    return (event["SubscribeToShardEvent"] for event in answer["EventStream"])


def data(event):
    return [record["Data"] for record in event["Records"]]


def put(kinesis, *values):
    for value in values:
        last = kinesis.put_record(StreamName="orders", Data=value, PartitionKey="k")
    return last["SequenceNumber"]


def test_to_deregister_twice_leaves_its_successor_alone(cloud, kinesis, stream, register):
    arn = stream()
    register(arn)
    for pause in (3, 2.5):
        kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="dashboard")
        cloud.wait(pause)
    register(arn)
    cloud.wait(20)
    assert [each["ConsumerStatus"] for each in kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]] == ["ACTIVE"]


def test_a_stream_that_is_deleted_takes_its_consumers_along(cloud, kinesis, stream, register):
    arn = stream()
    events = subscribe(kinesis, register(arn), "LATEST")
    assert data(next(events)) == []
    kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="late")
    assert list(events) == []


def test_a_consumer_that_is_being_created_goes_with_its_stream_as_well(cloud, kinesis, stream):
    arn = stream()
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="late")["Consumer"]["ConsumerARN"]
    cloud.wait(3)
    kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)
    cloud.wait(3)
    description = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    assert description["ConsumerStatus"] == "DELETING"


def test_a_consumer_can_be_deregistered_while_it_is_being_created(cloud, kinesis, stream):
    arn = stream()
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="late")["Consumer"]["ConsumerARN"]
    cloud.wait(3)
    kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    cloud.wait(3)
    description = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    assert description["ConsumerStatus"] == "DELETING"
    cloud.wait(3)
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == []


def test_who_looks_late_still_gets_what_was_pushed_in_time(cloud, kinesis, stream, register):
    events = subscribe(kinesis, register(stream()))
    put(kinesis, b"in time")
    cloud.wait(400)
    put(kinesis, b"too late")
    assert [data(event) for event in events] == [[b"in time"]]


def test_a_consumer_comes_and_goes(cloud, kinesis, stream, register):
    arn = stream()
    consumer = register(arn)
    assert consumer.startswith(f"{arn}/consumer/dashboard:")
    described = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    assert (described["ConsumerStatus"], described["StreamARN"]) == ("ACTIVE", arn)
    assert described == kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName="dashboard")["ConsumerDescription"]
    summary = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 1
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="dashboard")
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"][0]["ConsumerStatus"] == "DELETING"
    cloud.wait(6)
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == []


def test_twenty_consumers_five_at_once(cloud, kinesis, stream):
    arn = stream()
    for number in range(20):
        if number == 5:
            with pytest.raises(ClientError, match="LimitExceededException"):
                kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="sixth")
        if number % 5 == 0:
            cloud.wait(6)
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number:02d}")
    cloud.wait(6)
    with pytest.raises(ClientError, match="LimitExceededException"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="more")
    pages = kinesis.get_paginator("list_stream_consumers").paginate(StreamARN=arn, PaginationConfig={"PageSize": 7})
    assert [len(page["Consumers"]) for page in pages] == [7, 7, 6]


def test_fifty_consumers_with_on_demand_advantage(cloud, kinesis, stream):
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    provisioned = stream("provisioned")
    kinesis.create_stream(StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    cloud.wait(10)

    def room(arn):
        """How many consumers it takes."""
        taken = 0
        try:
            while True:
                kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{taken}")
                taken += 1
                if taken % 5 == 0:
                    cloud.wait(6)
        except kinesis.exceptions.LimitExceededException:
            return taken

    assert room(provisioned) == 20
    assert room(provisioned.replace("provisioned", "orders")) == 50


def test_a_name_is_taken_once(kinesis, stream, register):
    arn = stream()
    register(arn)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="dashboard")


def test_a_stream_with_consumers_is_deleted_on_purpose_only(cloud, kinesis, stream, register):
    register(stream())
    with pytest.raises(ClientError, match="ResourceInUseException"):
        kinesis.delete_stream(StreamName="orders")
    kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)
    cloud.wait(6)
    assert kinesis.list_streams()["StreamNames"] == []


def test_what_is_there_is_pushed_and_then_what_comes(cloud, kinesis, stream, register):
    arn = stream()
    put(kinesis, b"one", b"two")
    events = subscribe(kinesis, register(arn))
    assert data(next(events)) == [b"one", b"two"]
    number = put(kinesis, b"three")
    event = next(events)
    assert (data(event), event["ContinuationSequenceNumber"], event["MillisBehindLatest"]) == ([b"three"], number, 0)


def test_a_subscription_lives_five_minutes_and_waiting_for_events_is_waiting(cloud, kinesis, stream, register):
    arn = stream()
    consumer = register(arn)
    before = cloud.now()
    events = list(subscribe(kinesis, consumer, "LATEST"))
    assert 299 < (cloud.now() - before).total_seconds() < 301
    assert all(data(event) == [] for event in events)


def test_going_on_after_five_minutes_misses_nothing(cloud, kinesis, stream, register):
    arn = stream()
    consumer = register(arn)
    put(kinesis, b"before")
    last = list(subscribe(kinesis, consumer, "LATEST"))[-1]
    put(kinesis, b"between")
    events = subscribe(kinesis, consumer, "AFTER_SEQUENCE_NUMBER", SequenceNumber=last["ContinuationSequenceNumber"])
    assert data(next(events)) == [b"between"]


def test_a_second_subscription_must_wait_five_seconds_and_then_takes_over(cloud, kinesis, stream, register):
    consumer = register(stream())
    first = subscribe(kinesis, consumer, "LATEST")
    with pytest.raises(ClientError, match="ResourceInUseException"):
        subscribe(kinesis, consumer, "LATEST")
    next(first)
    second = subscribe(kinesis, consumer, "LATEST")
    put(kinesis, b"x")
    assert list(first) == []
    assert data(next(second)) == [b"x"]


def test_consumers_have_throughput_of_their_own(cloud, kinesis, stream, register):
    """Standard reads are used up; pushes come all the same."""
    arn = stream()
    consumers = [register(arn, name) for name in ("a", "b")]
    put(kinesis, b"x")
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    for _ in range(5):
        kinesis.get_records(ShardIterator=place["ShardIterator"])
    assert [data(next(subscribe(kinesis, consumer))) for consumer in consumers] == [[b"x"], [b"x"]]


def test_two_mebibytes_a_second(cloud, kinesis, stream, register):
    arn = stream()
    for _ in range(6):
        kinesis.put_record(StreamName="orders", Data=b"x" * (1024**2 - 1), PartitionKey="k")
        cloud.wait(1)
    events = subscribe(kinesis, register(arn))
    before = cloud.now()
    assert [len(event["Records"]) for event in itertools.islice(events, 3)] == [2, 2, 2]
    assert 2 <= (cloud.now() - before).total_seconds() < 2.5


def test_the_end_of_a_closed_shard_names_its_children(cloud, kinesis, stream, register):
    arn = stream()
    put(kinesis, b"last")
    consumer = register(arn)
    kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD, NewStartingHashKey="1000")
    events = list(subscribe(kinesis, consumer))
    assert data(events[0]) == [b"last"]
    assert [child["ShardId"][-1] for child in events[-1]["ChildShards"]] == ["1", "2"]
    assert all("ChildShards" not in event for event in events[:-1])


def test_a_consumer_that_is_not_active_yet_cannot_subscribe(kinesis, stream):
    consumer = kinesis.register_stream_consumer(StreamARN=stream(), ConsumerName="c")["Consumer"]["ConsumerARN"]
    with pytest.raises(ClientError, match="is not ACTIVE, instead in state CREATING"):
        subscribe(kinesis, consumer)


def test_a_handler_gets_the_first_event(cloud, kinesis, stream, register, deploy, invoke):
    arn = stream()
    consumer = register(arn)
    put(kinesis, b"hello")
    deploy(
        """
        import boto3
        def handler(event, context):
            answer = boto3.client("kinesis").subscribe_to_shard(
                ConsumerARN=event, ShardId="shardId-000000000000", StartingPosition={"Type": "TRIM_HORIZON"})
            return [r["Data"].decode() for e in answer["EventStream"] for r in e["SubscribeToShardEvent"]["Records"]]
        """,
        Timeout=60,
    )
    assert invoke(consumer).result == ["hello"]
