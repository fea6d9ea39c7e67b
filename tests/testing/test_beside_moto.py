"""Tests with moto's own `mock_aws` in the same run as tests with a local cloud: each has its own AWS."""

from __future__ import annotations

import os
import re
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from kinesis_lab.emulator.clock import START
from kinesis_lab.emulator.wire import NotOffered
from kinesis_lab.testing import fresh_cloud
from tests.conftest import ROLE, execution_role, zipped

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"


def use_moto() -> None:
    """What a test of somebody does who uses moto alone: things that the local cloud does in another way."""
    kinesis = boto3.client("kinesis", region_name=REGION)
    kinesis.create_stream(StreamName="plain", ShardCount=1)
    description = kinesis.describe_stream(StreamName="plain")["StreamDescription"]
    assert description["StreamStatus"] == "ACTIVE"
    assert description["StreamCreationTimestamp"].timestamp() > START.timestamp()
    iam = boto3.client("iam", region_name=REGION)
    role = iam.create_role(RoleName="plain", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = boto3.client("lambda", region_name=REGION)
    function = functions.create_function(
        FunctionName="plain",
        Runtime="nodejs20.x",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": zipped("")},
    )
    assert function["State"] == "Active"
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    template = '{"Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "stacked"}}}}'
    cloudformation.create_stack(StackName="plain", TemplateBody=template)
    assert kinesis.list_streams()["StreamNames"] == ["plain", "stacked"]


def use_cloud(cloud) -> None:
    """What is so in a local cloud only: no function but Python's, a stream that is created in its time, stacks."""
    kinesis = cloud.client("kinesis")
    assert kinesis.list_streams()["StreamNames"] == []
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    assert kinesis.describe_stream(StreamName="orders")["StreamDescription"]["StreamStatus"] == "CREATING"
    cloud.wait(10)
    with pytest.raises(NotOffered, match="the local cloud runs Python functions; node is nodejs"):
        cloud.client("lambda").create_function(
            FunctionName="node", Runtime="nodejs20.x", Role=ROLE, Handler="a.b", Code={"ZipFile": zipped("")}
        )
    template = '{"Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "stacked"}}}}'
    cloud.client("cloudformation").create_stack(StackName="shop", TemplateBody=template)
    cloud.client("s3").create_bucket(Bucket="attic")
    cloud.client("s3").put_object(Bucket="attic", Key="key", Body=b"the cloud's")


def check_cloud(cloud) -> None:
    """What `use_cloud` has left is there."""
    assert cloud.client("kinesis").list_streams()["StreamNames"] == ["orders", "stacked"]
    assert cloud.client("s3").get_object(Bucket="attic", Key="key")["Body"].read() == b"the cloud's"
    assert cloud.client("cloudformation").describe_stacks()["Stacks"][0]["StackName"] == "shop"


def test_before_and_after_a_cloud_moto_is_what_it_was():
    with mock_aws():
        use_moto()
    for _ in range(2):
        with fresh_cloud() as cloud:
            use_cloud(cloud)
        with mock_aws():
            use_moto()


@mock_aws
def test_moto_as_a_decorator():
    use_moto()


def test_a_cloud_inside_of_a_mock():
    with mock_aws():
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="attic")
        s3.put_object(Bucket="attic", Key="key", Body=b"the mock's")
        with fresh_cloud() as cloud:
            assert s3.list_buckets()["Buckets"] == []
            use_cloud(cloud)
            check_cloud(cloud)
        assert s3.get_object(Bucket="attic", Key="key")["Body"].read() == b"the mock's"
        with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
            boto3.client("s3", region_name="eu-west-1").create_bucket(
                Bucket="attic", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
        use_moto()


def test_a_mock_inside_of_a_cloud():
    mock = mock_aws()  # made before, as a decorator is
    with fresh_cloud() as cloud:
        use_cloud(cloud)
        with mock:
            check_cloud(cloud)
            assert boto3.client("kinesis", region_name=REGION).list_streams()["StreamNames"] == ["orders", "stacked"]
            cloud.client("sqs").create_queue(QueueName="kept")
        check_cloud(cloud)
        assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 1
        assert os.environ["AWS_ACCESS_KEY_ID"] == "local"
    with mock_aws():
        use_moto()


def test_a_mock_decorates_a_test_with_a_cloud(cloud):
    @mock_aws
    def test():
        use_cloud(cloud)
        role, code = execution_role(cloud), {"ZipFile": zipped("")}
        cloud.client("lambda").create_function(
            FunctionName="app", Runtime="python3.13", Role=role, Handler="app.handler", Code=code
        )

    test()
    check_cloud(cloud)
    assert cloud.client("lambda").get_function(FunctionName="app")["Configuration"]["State"] == "Pending"


def test_ids_of_moto_are_not_drawn_from_the_seed_of_a_cloud():
    def key() -> str:
        with mock_aws():
            return boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]

    keys = set()
    for _ in range(3):
        with fresh_cloud(seed=1):
            pass
        keys.add(key())
    assert len(keys) == 3


def test_a_client_of_a_closed_cloud_serves_in_a_mock():
    """A handler's module makes it once, when the first test imports it."""
    with fresh_cloud():
        client = boto3.client("kinesis")
    with mock_aws():
        client.create_stream(StreamName="plain", ShardCount=1)
        assert client.describe_stream(StreamName="plain")["StreamDescription"]["StreamStatus"] == "ACTIVE"


def test_the_oldest_and_the_newest_moto_are_tested():
    (requirement,) = re.findall(r'"moto>=(.+?),.*<(.+?)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    oldest, too_new = requirement
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert f'moto: ["moto=={oldest}", "moto<{too_new}"]' in workflow
