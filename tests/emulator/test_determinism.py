"""Two runs of the same thing are identical: times, sequence numbers, request ids, logs, the recorder's table."""

from __future__ import annotations

import json
from typing import Any

from helpers import open_cloud
from tests.conftest import zipped

HANDLER = """
    import boto3, os, random, time, uuid
    seen = 0
    def handler(event, context):
        global seen
        seen += 1
        print(random.random(), uuid.uuid4(), sorted({"b", "a"}), time.time(), {"x", "y", "z"})
        if seen == 2:
            raise ValueError(context.aws_request_id)
        boto3.client("s3").list_buckets()
"""


def whole_story(seed: int) -> str:
    """Everything that can be seen of a run, as text."""
    with open_cloud("local", seed=seed) as cloud:
        kinesis, lambda_, iam = (cloud.client(name) for name in ("kinesis", "lambda", "iam"))
        seen: list[Any] = []

        def say(response: Any) -> Any:
            seen.append(response)
            return response

        say(kinesis.create_stream(StreamName="orders", ShardCount=3))
        kinesis.get_waiter("stream_exists").wait(StreamName="orders")
        role = say(iam.create_role(RoleName="shop", AssumeRolePolicyDocument="{}"))["Role"]["Arn"]
        policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
        iam.attach_role_policy(RoleName="shop", PolicyArn=policy)
        say(
            lambda_.create_function(
                FunctionName="app",
                Role=role,
                Runtime="python3.13",
                Handler="app.handler",
                Timeout=60,
                Code={"ZipFile": zipped(HANDLER)},
            )
        )
        arn = say(kinesis.describe_stream_summary(StreamName="orders"))["StreamDescriptionSummary"]["StreamARN"]
        mapping = say(
            lambda_.create_event_source_mapping(
                EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON", BatchSize=10
            )
        )
        for i in range(50):
            say(kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey=str(i)))
        cloud.wait(60)
        say(lambda_.get_event_source_mapping(UUID=mapping["UUID"]))
        url = say(cloud.client("sqs").create_queue(QueueName="dlq"))["QueueUrl"]
        say(cloud.client("sqs").send_message(QueueUrl=url, MessageBody="hello"))
        say(cloud.client("sqs").receive_message(QueueUrl=url, AttributeNames=["All"]))
        say(cloud.client("s3").create_bucket(Bucket="attic"))
        say(cloud.client("s3").list_buckets())
        logs = cloud.client("logs")
        say(logs.filter_log_events(logGroupName="/aws/lambda/app"))
        say(logs.describe_log_streams(logGroupName="/aws/lambda/app"))
        table = cloud.recorder.table().to_csv()
        return json.dumps(seen, default=str, indent=1) + table


def without_zip_times(text: str) -> str:
    """zip files carry the time of their making."""
    return "\n".join(line for line in text.splitlines() if "CodeSha256" not in line)


def test_the_same_seed_tells_the_same_story():
    assert without_zip_times(whole_story(0)) == without_zip_times(whole_story(0))


def test_another_seed_gives_other_ids():
    assert without_zip_times(whole_story(0)) != without_zip_times(whole_story(1))
