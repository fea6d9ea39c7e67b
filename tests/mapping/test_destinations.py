"""On-failure destinations: facts 7.15."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError

from tests.mapping.conftest import ARN, poison, stuck_at_poison, throttled

INSTANT = r"2026-01-05T\d\d:\d\d:\d\d\.\d{3}Z"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def allow(stage):
    """Lets the function's role do something."""

    def allow(action, resource="*", effect="Allow"):
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}
        stage.cloud.client("iam").put_role_policy(
            RoleName="shop", PolicyName=re.sub(r"\W", "", action + effect), PolicyDocument=json.dumps(policy)
        )

    return allow


@pytest.fixture
def queue(stage, allow):
    """A queue to which the role may send; returns its ARN and a function that takes out what is in it."""
    allow("sqs:SendMessage")
    sqs = stage.cloud.client("sqs")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]

    def messages():
        found = []
        while answer := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in answer:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return "arn:aws:sqs:us-east-1:123456789012:failed", messages


def to(arn):
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


def test_a_queue_gets_the_document_of_aws(stage, queue):
    arn, messages = queue
    stage.answer = poison
    stage.map(MaximumRetryAttempts=1, **to(arn))
    first, _, last = stage.put("a", "poison", "b")
    stage.cloud.wait(30)
    (document,) = messages()
    assert list(document) == ["requestContext", "responseContext", "version", "timestamp", "KinesisBatchInfo"]
    request = document["requestContext"]
    assert list(request) == ["requestId", "functionArn", "condition", "approximateInvokeCount"]
    assert request["requestId"] == stage.rows("invoke")["request_id"].iloc[-1]
    assert request["functionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:app"
    assert (request["condition"], request["approximateInvokeCount"]) == ("RetryAttemptsExhausted", 2)
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert document["version"] == "1.0" and re.fullmatch(INSTANT, document["timestamp"])
    batch = document["KinesisBatchInfo"]
    assert list(batch) == [
        "shardId",
        "startSequenceNumber",
        "endSequenceNumber",
        "approximateArrivalOfFirstRecord",
        "approximateArrivalOfLastRecord",
        "batchSize",
        "streamArn",
    ]
    assert (batch["shardId"], batch["startSequenceNumber"]) == ("shardId-000000000000", first)
    assert (batch["endSequenceNumber"], batch["batchSize"], batch["streamArn"]) == (last, 3, ARN)
    assert re.fullmatch(INSTANT, batch["approximateArrivalOfFirstRecord"])
    (discard,) = stage.rows("discard").itertuples()
    assert (discard.outcome, discard.records) == ("reported", 3)


def test_a_topic_gets_it_as_a_message(stage, queue, allow):
    queue_arn, messages = queue
    allow("sns:Publish")
    sns = stage.cloud.client("sns")
    topic = sns.create_topic(Name="failed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, **to(topic))
    stage.put("poison")
    stage.cloud.wait(30)
    (notification,) = messages()
    assert json.loads(notification["Message"])["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_a_bucket_gets_the_payload_too(stage, allow):
    allow("s3:PutObject")
    s3 = stage.cloud.client("s3")
    s3.create_bucket(Bucket="failed")
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, **to("arn:aws:s3:::failed"))
    stage.put("poison", "a")
    stage.cloud.wait(30)
    (item,) = s3.list_objects_v2(Bucket="failed")["Contents"]
    document = json.loads(s3.get_object(Bucket="failed", Key=item["Key"])["Body"].read())
    pattern = rf"aws/lambda/{stage.uuid}/shardId-000000000000/2026/01/05/(2026-01-05T\d\d\.\d\d\.\d\d)-{UUID}"
    found = re.fullmatch(pattern, item["Key"])
    assert found and found[1].replace(".", ":") == document["timestamp"][:19]
    assert list(document)[-1] == "payload"
    assert json.loads(document["payload"]) == stage.invocations[0].event


def test_what_was_too_old_has_no_response(stage, queue):
    arn, messages = queue
    stage.put("old")
    stage.cloud.wait(100)
    stage.map(MaximumRecordAgeInSeconds=60, **to(arn))
    (document,) = messages()
    assert "responseContext" not in document
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 1, "as AWS says, though it was never invoked"
    assert re.fullmatch(UUID, document["requestContext"]["requestId"])


def test_what_became_too_old_while_it_was_retried(stage, queue):
    arn, messages = queue
    stage.answer = poison
    stage.map(MaximumRecordAgeInSeconds=60, **to(arn))
    stage.put("poison")
    stage.cloud.wait(100)
    (document,) = messages()
    assert "responseContext" not in document and document["requestContext"]["approximateInvokeCount"] == 8


def test_a_partial_response_was_no_function_error(stage, queue):
    arn, messages = queue
    stage.answer = stuck_at_poison
    stage.map(MaximumRetryAttempts=1, FunctionResponseTypes=["ReportBatchItemFailures"], **to(arn))
    *_, bad = stage.put("a", "b", "poison")
    stage.cloud.wait(30)
    (document,) = messages()
    assert document["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}
    assert document["KinesisBatchInfo"]["startSequenceNumber"] == bad
    assert document["KinesisBatchInfo"]["batchSize"] == 1


def test_the_records_can_be_read_again_until_they_expire(stage, queue):
    arn, messages = queue
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, **to(arn))
    stage.put("poison", "a")
    stage.cloud.wait(30)
    info = messages()[0]["KinesisBatchInfo"]

    def again():
        place = stage.kinesis.get_shard_iterator(
            StreamName="orders",
            ShardId=info["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=info["startSequenceNumber"],
        )["ShardIterator"]
        return [record["Data"] for record in stage.kinesis.get_records(ShardIterator=place)["Records"]]

    assert again() == [b"poison", b"a"]
    stage.cloud.wait(25 * 3600)
    assert again() == []


def test_a_destination_that_is_gone_stops_nothing(stage, allow):
    allow("sqs:SendMessage")
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, BatchSize=1, **to("arn:aws:sqs:us-east-1:123456789012:nowhere"))
    stage.put("poison", "a")
    stage.cloud.wait(30)
    assert stage.batches == [["poison"], ["a"]]
    (discard,) = stage.rows("discard").itertuples()
    assert discard.outcome == "dropped" and discard.note.startswith("RetryAttemptsExhausted: ")


def test_the_role_must_be_allowed_to_report(stage):
    stage.cloud.client("sqs").create_queue(QueueName="failed")
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, **to("arn:aws:sqs:us-east-1:123456789012:failed"))
    stage.put("poison")
    stage.cloud.wait(30)
    (discard,) = stage.rows("discard").itertuples()
    assert (
        discard.outcome == "dropped" and "AccessDeniedException" in discard.note and "sqs:SendMessage" in discard.note
    )


def test_a_policy_for_one_bucket_does_not_allow_another(stage, allow):
    allow("s3:PutObject", "arn:aws:s3:::mine/*")
    s3 = stage.cloud.client("s3")
    for name in ("mine", "yours"):
        s3.create_bucket(Bucket=name)
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, **to("arn:aws:s3:::yours"))
    stage.put("poison")
    stage.cloud.wait(20)
    stage.update(**to("arn:aws:s3:::mine"))
    stage.put("poison")
    stage.cloud.wait(20)
    assert list(stage.rows("discard")["outcome"]) == ["dropped", "reported"]


def test_never_invoked_never_reported_as_exhausted(stage, queue):
    arn, messages = queue
    stage.refuse = throttled
    stage.map(MaximumRetryAttempts=0, **to(arn))
    stage.put("a")
    stage.cloud.wait(600)
    assert messages() == []


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sqs:us-east-1:123456789012:failed.fifo",
        "arn:aws:sns:us-east-1:123456789012:failed.fifo",
        "arn:aws:lambda:us-east-1:123456789012:function:app",
        "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
    ],
)
def test_other_destinations_are_refused(stage, arn):
    with pytest.raises(ClientError, match="is not the ARN of a standard SQS queue"):
        stage.map(**to(arn))


def test_an_empty_arn_takes_the_destination_away(stage):
    stage.map(**to("arn:aws:sqs:us-east-1:123456789012:failed"))
    stage.update(**to(""))
    answer = stage.lambda_.get_event_source_mapping(UUID=stage.uuid)
    assert answer["DestinationConfig"] == {"OnFailure": {}}
