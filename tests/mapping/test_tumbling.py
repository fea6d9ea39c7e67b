"""Tumbling windows: facts 7.13."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.mapping.conftest import ARN, Failure, Stage, failures, number_of


def count(event):
    """A counter: the state is the number of records so far."""
    return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}


@pytest.fixture
def counting(stage):
    stage.answer = count
    return stage


def test_the_keys_of_a_window(counting):
    counting.map(TumblingWindowInSeconds=60)
    counting.put("a")
    counting.cloud.wait(3)
    (invocation,) = counting.invocations
    event = dict(invocation.event)
    assert len(event.pop("Records")) == 1
    assert event == {
        "window": {"start": "2026-01-05T09:00:00Z", "end": "2026-01-05T09:01:00Z"},
        "state": {},
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
        "shardId": "shardId-000000000000",
        "eventSourceARN": ARN,
    }


def test_state_goes_from_batch_to_batch_and_the_window_is_closed_at_its_end(counting):
    counting.map(TumblingWindowInSeconds=60, BatchSize=2)
    counting.put("a", "b", "c")
    counting.cloud.wait(10)
    counting.put("d")
    counting.cloud.wait(120)
    seen = [(each.texts, each.event["state"], each.event["isFinalInvokeForWindow"]) for each in counting.invocations]
    assert seen == [
        (["a", "b"], {}, False),
        (["c"], {"count": 2}, False),
        (["d"], {"count": 3}, False),
        ([], {"count": 4}, True),
    ]
    assert counting.invocations[-1].began == pytest.approx(60, abs=1.5)


def test_each_record_is_in_the_window_in_which_it_arrived(counting):
    counting.map(TumblingWindowInSeconds=30)
    for number in range(100):
        counting.put(str(number))
        counting.cloud.wait(1)
    counting.cloud.wait(60)
    for each in counting.invocations:
        start, end = (_minute(each.event["window"][name]) for name in ("start", "end"))
        for record in each.event["Records"]:
            assert start <= record["kinesis"]["approximateArrivalTimestamp"] < end
    finals = [each for each in counting.invocations if each.event["isFinalInvokeForWindow"]]
    assert sum(each.event["state"]["count"] for each in finals) == 100
    assert len({each.event["window"]["start"] for each in finals}) == len(finals) >= 3


def _minute(text):
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def test_an_empty_window_is_not_closed(counting):
    counting.map(TumblingWindowInSeconds=10)
    counting.cloud.wait(60)
    assert counting.invocations == []


def test_a_response_without_state_is_a_failure(stage):
    stage.answer = lambda event: {"count": 1}
    stage.map(TumblingWindowInSeconds=60, MaximumRetryAttempts=1)
    stage.put("a")
    stage.cloud.wait(20)
    assert stage.batches == [["a"], ["a"]]
    assert [row.records for row in stage.rows("discard").itertuples()] == [1]


def test_a_failure_keeps_the_state_from_before(stage):
    def fails_once(event):
        if len(stage.invocations) == 2:
            raise Failure
        return count(event)

    stage.answer = fails_once
    stage.map(TumblingWindowInSeconds=60, BatchSize=1)
    stage.put("a", "b")
    stage.cloud.wait(90)
    assert [each.event["state"] for each in stage.invocations] == [{}, {"count": 1}, {"count": 1}, {"count": 2}]


def test_the_final_invocation_is_tried_again_and_holds_up_the_shard(stage):
    def refuses_to_close(event):
        if event["isFinalInvokeForWindow"] and len(stage.invocations) < 5:
            raise Failure
        return count(event)

    stage.answer = refuses_to_close
    stage.map(TumblingWindowInSeconds=10)
    stage.put("a")
    stage.cloud.wait(12)
    stage.put("b")
    stage.cloud.wait(60)
    kinds = [(each.texts, each.event["isFinalInvokeForWindow"]) for each in stage.invocations]
    assert kinds == [(["a"], False), *[([], True)] * 4, (["b"], False), ([], True)]


def test_the_state_of_a_partial_success_is_kept_and_what_is_left_comes_again(stage):
    def stops_at_the_second(event):
        left = failures(number_of(event["Records"][1])) if len(event["Records"]) > 1 else {}
        return {"state": {"calls": event["state"].get("calls", 0) + 1}, **left}

    stage.answer = stops_at_the_second
    stage.map(TumblingWindowInSeconds=60, FunctionResponseTypes=["ReportBatchItemFailures"])
    stage.put("a", "b", "c")
    stage.cloud.wait(10)
    seen = [(each.texts, each.event["state"]) for each in stage.invocations]
    assert seen == [(["a", "b", "c"], {}), (["b", "c"], {"calls": 1}), (["c"], {"calls": 2})]


def test_a_final_invocation_without_retries_left_is_given_up_and_its_state_is_gone(stage):
    def never_closes(event):
        if event["isFinalInvokeForWindow"]:
            raise Failure
        return count(event)

    sqs = stage.cloud.client("sqs")
    queue = sqs.create_queue(QueueName="failed")["QueueUrl"]
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}'
    stage.cloud.client("iam").put_role_policy(RoleName="shop", PolicyName="send", PolicyDocument=policy)
    stage.answer = never_closes
    destination = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}}
    stage.map(TumblingWindowInSeconds=10, MaximumRetryAttempts=2, DestinationConfig=destination)
    stage.put("a")
    stage.cloud.wait(30)
    stage.put("b")
    stage.cloud.wait(30)
    seen = [(each.texts, each.event["state"]) for each in stage.invocations]
    assert seen == [(["a"], {}), *[([], {"count": 1})] * 3, (["b"], {}), *[([], {"count": 1})] * 3]
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    document = json.loads(message["Body"])
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["requestContext"]["approximateInvokeCount"] == 3
    assert document["KinesisBatchInfo"] == {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": None,
        "endSequenceNumber": None,
        "approximateArrivalOfFirstRecord": None,
        "approximateArrivalOfLastRecord": None,
        "batchSize": 0,
        "streamArn": ARN,
    }
    assert json.loads(document["payload"]) == stage.invocations[3].event
    reported = [(row.records, row.outcome, row.note) for row in stage.rows("discard").itertuples()]
    assert reported == [(0, "reported", "RetryAttemptsExhausted")] * 2


@pytest.mark.parametrize(("age", "hours"), [(60, 1), (-1, 24)])
def test_a_final_invocation_is_given_up_when_its_window_ended_too_long_ago(stage, age, hours):
    def never_closes(event):
        if event["isFinalInvokeForWindow"]:
            raise Failure
        return count(event)

    stage.answer = never_closes
    stage.map(TumblingWindowInSeconds=10, MaximumRecordAgeInSeconds=age)
    stage.put("a")
    stage.cloud.wait((hours - 1) * 3600 + 40)
    assert stage.batches[0] == ["a"] and not any(stage.batches[1:])
    assert stage.rows("discard").empty
    stage.cloud.wait(3600)
    (given_up,) = stage.rows("discard").itertuples()
    assert given_up.records == 0 and given_up.note == "RecordAgeExceeded"
    tries = len(stage.invocations)
    stage.put("b")
    stage.cloud.wait(5)
    assert stage.batches[tries:][0] == ["b"] and stage.invocations[tries].event["state"] == {}


def test_a_final_invocation_that_is_too_old_goes_to_the_destination_with_its_state(stage):
    def never_closes(event):
        if event["isFinalInvokeForWindow"]:
            raise Failure
        return count(event)

    s3 = stage.cloud.client("s3")
    s3.create_bucket(Bucket="failed")
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    stage.cloud.client("iam").put_role_policy(RoleName="shop", PolicyName="keep", PolicyDocument=policy)
    stage.answer = never_closes
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}
    stage.map(TumblingWindowInSeconds=10, MaximumRecordAgeInSeconds=60, DestinationConfig=destination)
    stage.put("a", "b")
    stage.cloud.wait(120)
    (found,) = s3.list_objects_v2(Bucket="failed")["Contents"]
    document = json.loads(s3.get_object(Bucket="failed", Key=found["Key"])["Body"].read())
    payload = json.loads(document["payload"])
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert (payload["state"], payload["Records"], payload["isFinalInvokeForWindow"]) == ({"count": 2}, [], True)


def test_too_much_state_ends_the_window_early(stage):
    def hoards(event):
        state = event["state"]
        return {"state": {"hoard": state.get("hoard", "") + "x" * 700_000}}

    stage.answer = hoards
    stage.map(TumblingWindowInSeconds=60, BatchSize=1)
    stage.put("a", "b", "c")
    stage.cloud.wait(30)
    seen = [
        (each.texts, len(each.event["state"].get("hoard", "")), each.event["isWindowTerminatedEarly"])
        for each in stage.invocations
    ]
    assert seen == [(["a"], 0, False), (["b"], 700_000, False), ([], 1_400_000, True), (["c"], 0, False)]
    assert {each.event["window"]["start"] for each in stage.invocations} == {"2026-01-05T09:00:00Z"}
    assert stage.invocations[2].event["isFinalInvokeForWindow"]


def test_a_record_that_does_not_fit_beside_the_state_ends_the_window_early(stage):
    stage.answer = lambda event: {"state": {"hoard": "x" * 900_000}}
    stage.kinesis.update_max_record_size(StreamARN=ARN, MaxRecordSizeInKiB=10_240)
    stage.cloud.wait(10)
    stage.map(TumblingWindowInSeconds=60, BatchSize=1)
    stage.put("a")
    stage.cloud.wait(5)
    stage.kinesis.put_record(StreamName="orders", Data=b"y" * 4_300_000, PartitionKey="k")
    stage.cloud.wait(20)
    seen = [
        (sum(len(text) for text in each.texts), bool(each.event["state"]), each.event["isWindowTerminatedEarly"])
        for each in stage.invocations
    ]
    assert seen == [(1, False, False), (0, True, True), (4_300_000, False, False)]


def test_the_end_of_a_shard_closes_its_window(counting):
    counting.map(TumblingWindowInSeconds=900)
    counting.put("a")
    counting.cloud.wait(5)
    counting.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(2**127))
    counting.cloud.wait(60)
    first, final = counting.invocations
    assert first.texts == ["a"] and final.event["isFinalInvokeForWindow"] and final.began < 100


def test_a_window_that_is_open_survives_a_pause(counting):
    counting.map(TumblingWindowInSeconds=120)
    counting.put("a", "b")
    counting.cloud.wait(5)
    counting.update(Enabled=False, wait=20)
    counting.put("c")
    counting.update(Enabled=True, wait=20)
    assert [(each.texts, each.event["state"].get("count", 0)) for each in counting.invocations] == [
        (["a", "b"], 0),
        (["c"], 2),
    ]
    counting.cloud.wait(120)
    assert counting.invocations[-1].event["isFinalInvokeForWindow"]
    assert counting.invocations[-1].event["state"] == {"count": 3}


def test_a_window_that_ends_in_a_pause_is_closed_after_it(counting):
    counting.map(TumblingWindowInSeconds=60)
    counting.put("a")
    counting.cloud.wait(5)
    counting.update(Enabled=False, wait=600)
    counting.update(Enabled=True, wait=20)
    first, final = counting.invocations
    assert first.texts == ["a"] and final.event["isFinalInvokeForWindow"] and final.event["state"] == {"count": 1}


# A window that is open when reading comes to its end


def finals(stage):
    """The state with which each window was closed, in their order."""
    return [each.event["state"] for each in stage.invocations if each.event["isFinalInvokeForWindow"]]


def split(stage):
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(2**127))


def merge(stage):
    shards = [f"shardId-{number:012d}" for number in range(2)]
    stage.kinesis.merge_shards(StreamName="orders", ShardToMerge=shards[0], AdjacentShardToMerge=shards[1])


def scale(stage):
    stage.kinesis.update_shard_count(StreamName="orders", TargetShardCount=2, ScalingType="UNIFORM_SCALING")


@pytest.fixture
def paused(counting):
    """With three records in a window that is open, Disabled."""
    counting.map(TumblingWindowInSeconds=60)
    counting.put("a", "b", "c")
    counting.cloud.wait(3)
    counting.update(Enabled=False)
    return counting


@pytest.mark.parametrize("reshard", [split, scale])
@pytest.mark.parametrize("seconds", [31, 3600])
def test_a_shard_that_is_closed_in_a_pause_has_its_window_closed(paused, reshard, seconds):
    reshard(paused)
    paused.cloud.wait(seconds)
    assert not finals(paused)
    paused.put("d", hash_key=0)
    paused.update(Enabled=True, wait=90)
    assert finals(paused) == [{"count": 3}, {"count": 1}]
    assert paused.batches == [["a", "b", "c"], [], ["d"], []], "the parent's comes first"


def test_both_shards_of_a_merge_have_theirs_closed(local_cloud):
    stage = Stage(local_cloud, answer=count)
    stage.open(shards=2)
    stage.map(TumblingWindowInSeconds=60)
    stage.put("a", hash_key=0)
    stage.put("b", "c", hash_key=2**128 - 1)
    stage.cloud.wait(3)
    stage.update(Enabled=False)
    merge(stage)
    stage.cloud.wait(31)
    stage.put("d")
    stage.update(Enabled=True, wait=90)
    assert sorted(state["count"] for state in finals(stage)) == [1, 1, 2]


def test_a_shard_whose_final_invocation_fails_is_closed_after_a_pause(stage):
    def closes_late(event):
        if event["isFinalInvokeForWindow"] and stage.cloud.emulator.clock.elapsed < 400:
            raise Failure
        return count(event)

    stage.answer = closes_late
    stage.map(TumblingWindowInSeconds=60)
    stage.put("a")
    stage.cloud.wait(3)
    split(stage)
    stage.cloud.wait(100)
    stage.update(Enabled=False, wait=400)
    tries = len(finals(stage))
    stage.update(Enabled=True, wait=20)
    assert tries > 3 and finals(stage)[tries:] == [{"count": 1}]


@pytest.mark.parametrize(("hours", "closes"), [(23, True), (25, False), (60, False)])
def test_a_shard_that_expires_in_a_pause_has_its_window_closed_or_given_up(paused, hours, closes):
    split(paused)
    paused.cloud.wait(hours * 3600)
    paused.put("d", hash_key=0)
    paused.update(Enabled=True, wait=90)
    assert finals(paused) == [{"count": 3}, {"count": 1}][not closes :]
    given_up = [(row.shard, row.records, row.note) for row in paused.rows("discard").itertuples()]
    assert given_up == [("shardId-000000000000", 0, "RecordAgeExceeded")][closes:]


def test_a_long_window_outlives_its_shard(counting):
    counting.map(TumblingWindowInSeconds=900)
    counting.put("a")
    counting.cloud.wait(3)
    counting.update(Enabled=False)
    split(counting)
    counting.cloud.wait(24 * 3600 + 40)
    listed = [shard["ShardId"] for shard in counting.kinesis.list_shards(StreamName="orders")["Shards"]]
    assert listed == ["shardId-000000000001", "shardId-000000000002"]
    counting.update(Enabled=True, wait=20)
    assert finals(counting) == [{"count": 1}]


def test_what_expires_in_a_closed_shard_is_counted_as_lost(stage):
    stage.map(Enabled=False)
    stage.update(Enabled=True)
    stage.update(Enabled=False)
    stage.put("a", "b")
    split(stage)
    stage.cloud.wait(31)
    stage.put("c", hash_key=0)
    stage.cloud.wait(25 * 3600)
    stage.put("d", hash_key=0)
    stage.update(Enabled=True, wait=20)
    lost = [(row.shard[-1], row.places) for row in stage.rows("expired").itertuples()]
    assert lost == [("0", "0-1"), ("1", "0")] and stage.batches == [["d"]]


def test_a_stream_that_is_deleted_in_a_pause_has_its_windows_closed(paused):
    paused.kinesis.delete_stream(StreamName="orders")
    paused.cloud.wait(60)
    paused.update(Enabled=True, wait=20)
    assert finals(paused) == [{"count": 3}]


@pytest.mark.parametrize("in_a_pause", [False, True])
def test_a_consumer_that_is_deregistered_has_its_windows_closed(counting, in_a_pause):
    consumer = counting.kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="fast")["Consumer"]["ConsumerARN"]
    counting.cloud.wait(20)
    counting.map(source=consumer, TumblingWindowInSeconds=60)
    counting.put("a", "b")
    counting.cloud.wait(3)
    if in_a_pause:
        counting.update(Enabled=False)
    counting.kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    counting.put("of the same window, and never read")
    counting.cloud.wait(120)
    if in_a_pause:
        assert not finals(counting)
        counting.update(Enabled=True)
    assert counting.batches == [["a", "b"], []] and finals(counting) == [{"count": 2}]
    assert counting.last_result == "PROBLEM: Consumer not found"


@pytest.mark.parametrize(
    "settings",
    [
        {"TumblingWindowInSeconds": 0},
        {"TumblingWindowInSeconds": 0, "ParallelizationFactor": 5},
        {"TumblingWindowInSeconds": 30},
        {"BatchSize": 1, "MaximumBatchingWindowInSeconds": 300},
        {"FilterCriteria": {"Filters": [{"Pattern": '{"partitionKey": ["nobody"]}'}]}},
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_a_window_is_closed_whatever_the_settings_become(paused, settings, closed):
    if closed:
        split(paused)
        paused.cloud.wait(31)
    paused.update(**settings)
    paused.update(Enabled=True, wait=400)
    assert finals(paused) == [{"count": 3}]


def test_a_window_is_closed_by_the_function_that_the_mapping_has_by_then(paused):
    paused.deploy("other")
    split(paused)
    paused.cloud.wait(31)
    paused.update(FunctionName="other", Enabled=True, wait=20)
    assert finals(paused) == [{"count": 3}]
    assert [row.function for row in paused.rows("invoke").itertuples()] == ["app", "other"]


def test_a_window_has_one_state_so_one_lane(stage):
    with pytest.raises(ClientError, match="ParallelizationFactor must be 1"):
        stage.map(TumblingWindowInSeconds=60, ParallelizationFactor=2)
    stage.map(TumblingWindowInSeconds=60)
    with pytest.raises(ClientError, match="ParallelizationFactor must be 1"):
        stage.update(ParallelizationFactor=2)
