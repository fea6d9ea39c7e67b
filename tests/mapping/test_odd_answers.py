"""Odd answers, odd data and odd timing: nothing of it stops a shard, and nothing counts twice or for nothing."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from botocore.exceptions import ClientError

from kinesis_lab.emulator.lambda_.function_lookup import parse_name
from tests.conftest import zipped
from tests.mapping.conftest import ARN, Stage, failures, number_of, text_of


def filters(pattern: str) -> dict[str, list[dict[str, str]]]:
    return {"Filters": [{"Pattern": pattern}]}


# Windows


def test_a_final_answer_with_too_much_state_ends_the_window_all_the_same(stage: Stage):
    stage.answer = lambda event: {"state": {"x": "a" * 1_100_000}}
    stage.map(TumblingWindowInSeconds=60)
    stage.put("one")
    stage.cloud.wait(130)
    stage.put("two")
    stage.cloud.wait(20)
    assert ["one"] in stage.batches and ["two"] in stage.batches
    assert len(stage.invocations) < 10


def test_what_has_failed_leaves_no_state(stage: Stage):
    answers = iter([failures(""), failures(""), {"batchItemFailures": []}])

    def answer(event):
        return {"state": {"n": event["state"].get("n", 0) + len(event["Records"])}, **next(answers, {})}

    stage.answer = answer
    stage.map(TumblingWindowInSeconds=60, FunctionResponseTypes=["ReportBatchItemFailures"])
    stage.put("a", "b")
    stage.cloud.wait(20)
    assert [invocation.event["state"] for invocation in stage.invocations] == [{}, {}, {}]


def test_a_final_invocation_that_reports_a_failure_comes_again(stage: Stage):
    finals = []

    def answer(event):
        if event["isFinalInvokeForWindow"]:
            finals.append(event)
            return {"state": {}, **(failures("") if len(finals) < 3 else {})}
        return {"state": {}}

    stage.answer = answer
    stage.map(TumblingWindowInSeconds=10, FunctionResponseTypes=["ReportBatchItemFailures"])
    stage.put("a")
    stage.cloud.wait(60)
    assert len(finals) == 3


def test_what_a_bucket_is_given_is_the_whole_event(stage: Stage):
    s3 = stage.cloud.client("s3")
    s3.create_bucket(Bucket="failed")
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stage.cloud.client("iam").put_role_policy(RoleName="shop", PolicyName="puts", PolicyDocument=policy)
    stage.answer = lambda event: None  # no state: a failure
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}
    stage.map(TumblingWindowInSeconds=60, MaximumRetryAttempts=0, DestinationConfig=destination)
    stage.put("a")
    stage.cloud.wait(10)
    (entry,) = s3.list_objects_v2(Bucket="failed")["Contents"]
    document = json.load(s3.get_object(Bucket="failed", Key=entry["Key"])["Body"])
    assert set(json.loads(document["payload"])) == set(stage.invocations[0].event)


# Records without a key


def test_a_record_without_a_key_has_a_key_of_null(stage: Stage):
    stage.kinesis.create_stream(
        StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"}, RecordDistributionStrategy="AUTO"
    )
    stage.cloud.wait(10)
    stage.map(source=ARN.replace("orders", "clicks"))
    stage.kinesis.put_record(StreamName="clicks", Data=b"one")
    stage.cloud.wait(5)
    ((record,),) = (invocation.event["Records"] for invocation in stage.invocations)
    assert text_of(record) == "one" and record["kinesis"]["partitionKey"] is None


# Filters


@pytest.mark.parametrize("data", ["[" * 100_000, '{"a":1e1000000000000000000}', '{"a":"\\ud800"}'])
def test_odd_data_do_not_stop_a_filtered_shard(stage: Stage, data: str):
    stage.map(FilterCriteria=filters('{"data":{"a":[{"numeric":[">",1]}]}}'))
    stage.put(data, '{"a": 2}')
    stage.cloud.wait(10)
    assert stage.batches == [['{"a": 2}']]


@pytest.mark.parametrize(
    "pattern",
    [
        '{"data":' + '{"a":' * 400 + "[1]" + "}" * 400 + "}",
        '{"data":{"a":[{"numeric":[["="],1]}]}}',
        '{"data":{"a":[{"numeric":[{"a":1},1]}]}}',
        '{"data":{"a":[{"numeric":[">",1e1000000000000000000]}]}}',
    ],
)
def test_odd_patterns_are_refused(stage: Stage, pattern: str):
    with pytest.raises(ClientError, match="Invalid filter pattern definition"):
        stage.map(FilterCriteria=filters(pattern))


# Size and time


def test_a_batch_that_has_outgrown_an_event_is_halved(stage: Stage):
    def answer(event):
        first = [record for record in event["Records"] if text_of(record) == "first"]
        state = {"x": "a" * 900_000}  # which every event carries from now on
        return {"state": state, **(failures(number_of(event["Records"][1])) if first else {})}

    stage.answer = answer
    stage.map(
        TumblingWindowInSeconds=300,
        BatchSize=10_000,
        MaximumBatchingWindowInSeconds=20,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    stage.put("first", *["x" * 10_000] * 60)
    for _ in range(7):
        stage.cloud.wait(1)
        stage.put(*["x" * 10_000] * 60)
    stage.cloud.wait(60)
    assert len(stage.batches[0]) > 400
    assert sum(map(len, stage.batches[1:])) == 8 * 60
    assert len(stage.rows("refused")) == 0


def test_new_settings_reach_a_batch_that_waits(stage: Stage):
    stage.map(MaximumBatchingWindowInSeconds=300)
    stage.put("one")
    stage.cloud.wait(5)
    stage.update(MaximumBatchingWindowInSeconds=0)
    assert stage.batches == [["one"]]


def test_a_mapping_that_was_deleted_before_its_stream_was_there_stays_deleted(stage: Stage):
    stage.kinesis.create_stream(StreamName="late", ShardCount=1)
    stage.map(wait=5.5, source=ARN.replace("orders", "late"))
    stage.lambda_.delete_event_source_mapping(UUID=stage.uuid)
    stage.cloud.wait(10)
    stage.kinesis.put_record(StreamName="late", PartitionKey="k", Data=b"one")
    stage.cloud.wait(10)
    assert stage.batches == []


def test_a_consumer_that_may_not_read_does_not_spin(stage: Stage):
    consumer = stage.kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="mine")["Consumer"]["ConsumerARN"]
    stage.cloud.wait(10)
    stage.map(source=consumer)
    stage.put("one")
    stage.cloud.client("iam").detach_role_policy(
        RoleName="shop", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    )
    stage.put("two")
    before = next(stage.cloud._local.clock._simulation._eid)  # type: ignore[union-attr]
    stage.cloud.wait(600)
    assert next(stage.cloud._local.clock._simulation._eid) - before < 5_000  # type: ignore[union-attr]


# Names


def test_a_function_may_be_called_function(stage: Stage):
    assert parse_name("function") == ("function", None)
    assert parse_name("function:prod") == ("function", "prod")
    assert parse_name("123456789012:function:function:prod") == ("function", "prod")
    assert parse_name("arn:aws:lambda:us-east-1:123456789012:function:app") == ("app", None)


def test_an_update_does_not_make_the_same_pair_twice(stage: Stage):
    stage.lambda_.create_function(
        FunctionName="other",
        Role=stage.lambda_.get_function(FunctionName="app")["Configuration"]["Role"],
        Code={"ZipFile": zipped("")},
        Runtime="python3.13",
        Handler="app.handler",
    )
    stage.cloud.wait(10)
    stage.map()
    other = stage.lambda_.create_event_source_mapping(
        EventSourceArn=ARN, FunctionName="other", StartingPosition="LATEST"
    )["UUID"]
    stage.cloud.wait(10)
    with pytest.raises(ClientError, match="already exists"):
        stage.lambda_.update_event_source_mapping(UUID=other, FunctionName="app")


def test_a_topic_calls_nobody_on_the_web(stage: Stage):
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sns = stage.cloud.client("sns")
        topic = sns.create_topic(Name="failed")["TopicArn"]
        for protocol, end in (
            ("http", f"http://127.0.0.1:{server.server_port}/x"),
            ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:app"),
        ):
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=end)
        sns.publish(TopicArn=topic, Message="hello")
        server.shutdown()
    assert heard == []


@pytest.mark.parametrize("service", ["sqs", "sns"])
@pytest.mark.parametrize("where", ["eu-west-1:123456789012", "us-east-1:210987654321"])
def test_a_destination_elsewhere_is_refused(stage: Stage, service: str, where: str):
    destination = {"OnFailure": {"Destination": f"arn:aws:{service}:{where}:failed"}}
    with pytest.raises(ClientError, match="must be in the Region us-east-1 and of the account 123456789012"):
        stage.map(DestinationConfig=destination)
    stage.map()
    with pytest.raises(ClientError, match=f"The destination arn:aws:{service}:{where}:failed must be"):
        stage.update(DestinationConfig=destination)
