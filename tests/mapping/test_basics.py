"""The event source mapping: its API, what it delivers, and what becomes of failures."""

from __future__ import annotations

import base64
import json
import math
import textwrap
import time

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesis_lab.testing import feed, fresh_cloud
from tests.examples import examples

KEEP = "def handler(event, context): print(__import__('json').dumps(event))"


@pytest.fixture
def connect(cloud, lambda_):
    """Maps a stream to a function and waits until the mapping is enabled."""

    def connect(stream_arn, function="app", position="TRIM_HORIZON", wait=6, **settings_):
        mapping = lambda_.create_event_source_mapping(
            EventSourceArn=stream_arn, FunctionName=function, StartingPosition=position, **settings_
        )
        cloud.wait(wait)
        return mapping["UUID"]

    return connect


@pytest.fixture
def events(log_lines):
    """The events that a function which prints them has received."""

    def events(name="app"):
        return [json.loads(line) for line in log_lines(name) if line.startswith("{")]

    return events


def data(event):
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]


def put(kinesis, *texts, key="k", stream="orders"):
    return [kinesis.put_record(StreamName=stream, Data=text, PartitionKey=key)["SequenceNumber"] for text in texts]


# The API (facts 7.1 to 7.4)


def test_a_pair_that_an_update_is_about_to_make_is_refused_as_well(stage):
    stage.deploy("other")
    stage.deploy("third")
    stage.cloud.wait(10)
    one = stage.map()
    two = stage.map(function="third")
    stage.lambda_.update_event_source_mapping(UUID=one, FunctionName="other")
    with pytest.raises(ClientError, match=f"ResourceConflictException.*already exists.*{one}"):
        stage.map(function="other")
    with pytest.raises(ClientError, match="ResourceConflictException"):
        stage.lambda_.update_event_source_mapping(UUID=two, FunctionName="other")
    stage.cloud.wait(5)
    assert stage.map()  # the old pair is free again


def test_the_answer_to_create_has_the_defaults_of_aws(cloud, lambda_, stream, deploy):
    function, source = deploy(KEEP), stream()
    answer = lambda_.create_event_source_mapping(EventSourceArn=source, FunctionName="app", StartingPosition="LATEST")
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 202
    uuid = answer.pop("UUID")
    assert answer.pop("LastModified") == cloud.now()
    assert answer == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": source,
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:{uuid}",
        "FunctionArn": function,
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "LATEST",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
    }


def test_states(cloud, lambda_, stream, deploy, connect):
    deploy(KEEP)
    uuid = connect(stream(), wait=0)

    def state():
        return lambda_.get_event_source_mapping(UUID=uuid)["State"]

    assert state() == "Creating"
    cloud.wait(10)
    assert state() == "Enabled"
    assert lambda_.update_event_source_mapping(UUID=uuid, BatchSize=5)["State"] == "Updating"
    cloud.wait(10)
    assert state() == "Enabled"
    assert lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    cloud.wait(10)
    assert state() == "Disabled"
    assert lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabling"
    cloud.wait(10)
    assert state() == "Enabled"
    assert lambda_.list_event_source_mappings(FunctionName="app")["EventSourceMappings"][0]["UUID"] == uuid
    assert lambda_.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    with pytest.raises(ClientError, match="The resource you requested does not exist"):
        state()
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []


BAD = [
    ({"EventSourceArn": None}, "InvalidParameterValueException", "Unrecognized event source."),
    ({"FunctionName": "nobody"}, "InvalidParameterValueException", "Function does not exist"),
    ({"StartingPosition": None}, "InvalidParameterValueException", "Value null at 'startingPosition'"),
    (
        {"StartingPosition": "MIDDLE"},
        "ValidationException",
        "1 validation error detected: Value 'MIDDLE' at 'startingPosition' failed to satisfy constraint: Member "
        "must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    ),
    (
        {"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/none"},
        "InvalidParameterValueException",
        "Stream not found: arn:aws:kinesis:us-east-1:123456789012:stream/none",
    ),
    ({"BatchSize": 10_001}, "ValidationException", "less than or equal to 10000"),
    ({"StartingPosition": "AT_TIMESTAMP"}, "InvalidParameterValueException", "StartingPositionTimestamp"),
    (
        {"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q"}}},
        "InvalidParameterValueException",
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
]


@pytest.mark.parametrize(("changes", "code", "message"), BAD)
def test_bad_requests_get_the_errors_of_aws(lambda_, stream, deploy, changes, code, message):
    deploy(KEEP)
    request = {"EventSourceArn": stream(), "FunctionName": "app", "StartingPosition": "LATEST", **changes}
    with pytest.raises(ClientError) as refused:
        lambda_.create_event_source_mapping(**{k: v for k, v in request.items() if v is not None})
    assert refused.value.response["Error"]["Code"] == code
    assert message in refused.value.response["Error"]["Message"]


def test_the_same_pair_twice_is_refused(lambda_, stream, deploy, connect):
    deploy(KEEP)
    source = stream()
    uuid = connect(source)
    with pytest.raises(ClientError) as refused:
        connect(source)
    assert refused.value.response["Error"] == {
        "Code": "ResourceConflictException",
        "Message": f'The event source arn (" {source} ") and function (" app ") provided mapping already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}",
    }


# What arrives


def test_the_event_is_that_of_aws(kinesis, stream, deploy, connect, events):
    deploy(KEEP)
    source = stream()
    connect(source)
    (number,) = put(kinesis, '{"USERNAME": "Zoë"}', key="Zoë")
    (kinesis_record,) = (
        kinesis.get_records(
            ShardIterator=kinesis.get_shard_iterator(
                StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        )
    )["Records"]
    time.sleep(5)
    (event,) = events()
    (record,) = event["Records"]
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "Zoë",
            "sequenceNumber": number,
            "data": base64.b64encode('{"USERNAME": "Zoë"}'.encode()).decode(),
            "approximateArrivalTimestamp": kinesis_record["ApproximateArrivalTimestamp"].timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/shop",
        "awsRegion": "us-east-1",
        "eventSourceARN": source,
    }
    assert [*record][:1] + [*record][-1:] == ["kinesis", "eventSourceARN"]


def test_batches_are_full_where_there_is_enough_and_of_one_shard(cloud, kinesis, stream, deploy, connect, events):
    deploy(KEEP, MemorySize=256)
    source = stream(shards=3)
    kinesis.put_records(StreamName="orders", Records=[{"Data": str(i), "PartitionKey": str(i)} for i in range(250)])
    connect(source, BatchSize=20)
    cloud.wait(30)
    seen: dict[str, list[str]] = {}
    for event in events():
        shards = {record["eventID"].split(":")[0] for record in event["Records"]}
        assert len(shards) == 1
        seen.setdefault(shards.pop(), []).append(data(event))
    assert sum(len(batch) for batches in seen.values() for batch in batches) == 250
    for batches in seen.values():
        assert all(len(batch) == 20 for batch in batches[:-1])
        order = [int(text) for batch in batches for text in batch]
        assert order == sorted(order)


def test_an_idle_shard_is_polled_once_a_second(cloud, kinesis, stream, deploy, connect):
    deploy(KEEP)
    connect(stream())
    for _ in range(40):
        put(kinesis, "x")
        cloud.wait(0.24)
    cloud.wait(2)
    starts = cloud.recorder.table("invoke")["at"]
    assert 9 <= len(starts) <= 12
    assert starts.diff().dropna().between(0.99, 1.2).all()
    assert cloud.recorder.table("invoke")["records"].sum() == 40


def test_where_a_mapping_starts(cloud, kinesis, stream, deploy, connect, events):
    source = stream()
    put(kinesis, "early")
    cloud.wait(60)
    moment = cloud.now()
    put(kinesis, "late")
    for name, position in (("horizon", "TRIM_HORIZON"), ("latest", "LATEST"), ("moment", "AT_TIMESTAMP")):
        deploy(KEEP, name=name)
        extra = {"StartingPositionTimestamp": moment} if position == "AT_TIMESTAMP" else {}
        connect(source, function=name, position=position, **extra)
    put(kinesis, "new")
    cloud.wait(5)

    def got(name):
        return [text for event in events(name) for text in data(event)]

    assert got("horizon") == ["early", "late", "new"]
    assert got("moment") == ["late", "new"]
    assert got("latest") == ["new"]


def test_latest_misses_what_is_put_before_the_mapping_polls(cloud, kinesis, stream, deploy, connect, events):
    deploy(KEEP)
    connect(stream(), position="LATEST", wait=1)
    put(kinesis, "too early")
    cloud.wait(10)
    put(kinesis, "in time")
    cloud.wait(5)
    assert [data(event) for event in events()] == [["in time"]]


def test_disabled_and_enabled_again_goes_on_where_it_was(cloud, kinesis, lambda_, stream, deploy, connect, events):
    deploy(KEEP)
    uuid = connect(stream())
    put(kinesis, "1", "2")
    cloud.wait(5)
    lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    cloud.wait(10)
    put(kinesis, "3", "4")
    cloud.wait(60)
    assert [text for event in events() for text in data(event)] == ["1", "2"]
    lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    cloud.wait(10)
    assert [text for event in events() for text in data(event)] == ["1", "2", "3", "4"]


def test_a_deleted_mapping_delivers_no_more(cloud, kinesis, lambda_, stream, deploy, connect):
    deploy(KEEP)
    uuid = connect(stream())
    lambda_.delete_event_source_mapping(UUID=uuid)
    put(kinesis, "x")
    cloud.wait(60)
    assert cloud.recorder.entries("invoke") == []


def test_a_failing_batch_is_retried_whole_and_blocks_only_its_shard(cloud, kinesis, lambda_, stream, deploy, connect):
    deploy("""
        import base64
        def handler(event, context):
            texts = [base64.b64decode(r["kinesis"]["data"]) for r in event["Records"]]
            if b"poison" in texts:
                raise ValueError("I cannot")
    """)
    uuid = connect(stream(shards=2), BatchSize=3)
    for text, hash_key in [("a", 0), ("poison", 0), ("b", 0), ("behind", 0), ("other", 2**127)]:
        kinesis.put_record(StreamName="orders", Data=text, PartitionKey="k", ExplicitHashKey=str(hash_key))
    cloud.wait(300)
    rows = cloud.recorder.table("invoke")
    stuck = rows[rows["shard"] == "shardId-000000000000"]
    poisoned = stuck[stuck["outcome"] == "error"]
    assert list(poisoned["attempt"]) == list(range(1, len(poisoned) + 1))
    assert poisoned[["first", "last", "records"]].drop_duplicates().shape[0] == 1
    pauses = poisoned["at"].diff().dropna().round().tolist()
    assert pauses[:4] == [1, 2, 4, 8] and set(pauses[4:]) == {12}
    assert lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    other = rows[rows["shard"] == "shardId-000000000001"]
    assert list(other["outcome"]) == ["ok"]
    cloud.wait(25 * 3600)
    expired = cloud.recorder.table("expired")
    assert expired["records"].sum() >= 3, "after a day the poison is gone, and what waited behind it"


def test_two_functions_on_one_stream_both_get_everything(cloud, kinesis, stream, deploy, connect, events):
    source = stream()
    for name in ("one", "two"):
        deploy(KEEP, name=name)
        connect(source, function=name)
    put(kinesis, "x", "y")
    cloud.wait(5)
    for name in ("one", "two"):
        assert [text for event in events(name) for text in data(event)] == ["x", "y"]


def test_a_mapping_of_an_alias_follows_it(cloud, kinesis, lambda_, stream, deploy, connect, log_lines):
    deploy("def handler(event, context): print('version', context.function_version)")
    lambda_.publish_version(FunctionName="app")
    lambda_.create_alias(FunctionName="app", Name="live", FunctionVersion="1")
    connect(stream(), function="app:live")
    put(kinesis, "x")
    cloud.wait(5)
    assert "version 1" in log_lines()


def test_shards_are_served_at_the_same_virtual_time(cloud, kinesis, stream, deploy, connect):
    deploy("import time\ndef handler(event, context): time.sleep(10)", Timeout=60)
    source = stream(shards=4)
    kinesis.put_records(StreamName="orders", Records=[{"Data": "x", "PartitionKey": str(i)} for i in range(100)])
    connect(source)
    cloud.wait(15)
    rows = cloud.recorder.table("invoke")
    assert len(rows) == 4
    assert rows["at"].nunique() == 1 and rows["until"].nunique() == 1


# Invariants

FLAKY = """
    import base64, os
    calls = 0
    def handler(event, context):
        global calls
        calls += 1
        if calls % int(os.environ["EVERY"]) == 0:
            raise ValueError("now and then")
        for record in event["Records"]:
            print("done", base64.b64decode(record["kinesis"]["data"]).decode())
"""


@pytest.fixture(scope="module")
def flaky(tmp_path_factory):
    """A handler that raises at every so many calls."""
    file = tmp_path_factory.mktemp("code") / "flaky.py"
    file.write_text(textwrap.dedent(FLAKY), encoding="utf-8")
    return file


@settings(max_examples=examples(20))
@given(
    records=st.integers(1, 60),
    shards=st.integers(1, 3),
    batch_size=st.integers(1, 25),
    every=st.integers(2, 9),
    pause_at=st.none() | st.integers(0, 20),
    per_second=st.sampled_from([3, 20, 500]),
)
def test_every_record_is_processed_and_first_in_order(flaky, records, shards, batch_size, every, pause_at, per_second):
    """Whatever fails and whenever the mapping is paused: nothing is lost, and keys stay in order."""
    numbers = list(range(records))
    before = records if pause_at is None else pause_at + 1
    with fresh_cloud() as cloud:
        run = feed(
            cloud,
            flaky,
            numbers[:before],
            key=lambda number: f"key{number % 5}",
            shards=shards,
            per_second=per_second,
            seconds=7,
            environment={"EVERY": str(every)},
            BatchSize=batch_size,
        )
        if before < records:
            lambda_, mapping = cloud.client("lambda"), run.deployment.mapping
            lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
            cloud.wait(7)
            lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
            run.put(numbers[before:], per_second=per_second)
        cloud.wait(60 + 3 * math.ceil(records / batch_size))
        done = [int(line.split()[1]) for line in run.lines if line.startswith("done ")]
        assert run.fates == {"processed": records}
        run.assert_nothing_lost(done)
        run.assert_no_duplicates(done)
        run.assert_in_order(done)
