"""A cloud that is closed does not stay in memory: neither it, nor its clock, nor its streams, whatever was made in it."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from moto.core.common_models import BaseModel
from moto.iam.models import Role

from kinesis_lab.cloud import Cloud
from kinesis_lab.testing import fresh_cloud
from tests.conftest import ROLE, execution_role, zipped

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
TEMPLATE = json.dumps(
    {
        "Resources": {
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Bucket": {"Type": "AWS::S3::Bucket"},
        }
    }
)


def role(cloud: Cloud) -> None:
    execution_role(cloud)


def stream(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=2)
    cloud.wait(10)
    kinesis.put_record(StreamName="orders", Data=b"x" * 1_000_000, PartitionKey="k")
    kinesis.register_stream_consumer(StreamARN=STREAM, ConsumerName="fast")
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(2**126))


def function(cloud: Cloud) -> None:
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="app",
        Runtime="python3.13",
        Role=execution_role(cloud),
        Handler="app.handler",
        Code={"ZipFile": zipped("def handler(event, context): print(len(event['Records']))")},
    )
    cloud.wait(5)


def mapping(cloud: Cloud) -> None:
    function(cloud)
    stream(cloud)
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=STREAM, FunctionName="app", StartingPosition="TRIM_HORIZON", BatchSize=1
    )
    cloud.wait(20)
    assert len(cloud.recorder.entries("invoke")) == 1


def stack(cloud: Cloud) -> None:
    cloud.client("cloudformation").create_stack(StackName="shop", TemplateBody=TEMPLATE)
    cloud.wait(20)


def bucket(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="attic")
    s3.put_object(Bucket="attic", Key="key", Body=b"x")


def table(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})


def queue_and_topic(cloud: Cloud) -> None:
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    topic = sns.create_topic(Name="failed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:failed")
    sns.publish(TopicArn=topic, Message="x")
    assert sqs.receive_message(QueueUrl=url)["Messages"]


def rest_api(cloud: Cloud) -> None:
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")


def delivery_stream(cloud: Cloud) -> None:
    bucket(cloud)
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="attic", S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::attic"}
    )


def others(cloud: Cloud) -> None:
    cloud.client("logs").create_log_group(logGroupName="shop")
    cloud.client("cloudwatch").list_metrics()
    cloud.client("kms").create_key()
    cloud.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="x")
    cloud.client("events").put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    cloud.client("iam").create_user(UserName="u")


def network(cloud: Cloud) -> None:
    cloud.client("ec2").describe_vpcs()


def endpoint(cloud: Cloud) -> None:
    assert cloud.emulator.address()


MAKERS = [
    role,
    stream,
    function,
    mapping,
    stack,
    bucket,
    table,
    queue_and_topic,
    rest_api,
    delivery_stream,
    others,
    network,
    endpoint,
]


def parts(cloud: Cloud) -> dict[str, weakref.ref[Any]]:
    """What must not outlive a cloud."""
    emulator = cloud.emulator
    kinesis = emulator.switchboard.kinesis("us-east-1").region
    whole = {
        "cloud": emulator,
        "clock": emulator.clock,
        "switchboard": emulator.switchboard,
        "runtime": emulator.switchboard.runtime,
        "recorder": emulator.recorder,
        "region": kinesis,
        **kinesis.streams,
    }
    return {name: weakref.ref(part) for name, part in whole.items()}


def alive(refs: dict[str, weakref.ref[Any]]) -> list[str]:
    gc.collect()
    return [name for name, ref in refs.items() if ref() is not None]


@pytest.mark.parametrize("make", MAKERS)
def test_a_closed_cloud_is_forgotten(make: Callable[[Cloud], None]):
    with fresh_cloud() as cloud:
        make(cloud)
        refs = parts(cloud)
    del cloud
    assert alive(refs) == []


def test_what_a_program_keeps_does_not_keep_the_cloud():
    """Clients, answers, bodies that were not read, tables."""
    kept: list[Any] = []
    with fresh_cloud() as cloud:
        function(cloud)
        bucket(cloud)
        kept += [cloud.client("kinesis"), cloud.resource("dynamodb"), cloud.now(), cloud.recorder.table()]
        kept += [cloud.client("iam").list_roles(), cloud.client("lambda").list_functions()]
        kept.append(cloud.client("lambda").invoke(FunctionName="app", Payload='{"Records": []}')["Payload"])
        kept.append(cloud.client("s3").get_object(Bucket="attic", Key="key")["Body"])
        refs = parts(cloud)
    del cloud
    assert alive(refs) == []
    assert kept[-1].read() == b"x"


def test_what_moto_keeps_does_not_keep_the_cloud():
    """A role for instance, which knows when it was made."""
    with fresh_cloud() as cloud:
        role(cloud)
        (kept,) = Role.instances_tracked
        refs = parts(cloud)
    del cloud
    assert alive(refs) == [] and Role.instances_tracked == []
    assert kept.create_date.year == 2026


def test_classes_of_the_same_name_are_both_emptied():
    one, other = (type("Twin", (BaseModel,), {"__module__": "moto.twins.models"}) for _ in range(2))
    with fresh_cloud():
        one(), other()
        assert len(one.instances_tracked) == len(other.instances_tracked) == 1
    assert one.instances_tracked == other.instances_tracked == []


def count_objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.slow
def test_twenty_clouds_later_there_is_no_more_in_memory_than_after_two():
    counts = []
    for number in range(22):
        with fresh_cloud(seed=number) as cloud:
            for make in (mapping, table, queue_and_topic, rest_api):
                make(cloud)
            if number % 10 == 1:  # these take seconds
                stack(cloud), network(cloud), others(cloud)
        del cloud
        counts.append(count_objects())
    assert counts[-1] - counts[1] < 20 * 200, "botocore's caches fill up; a cloud has tens of thousands of objects"
