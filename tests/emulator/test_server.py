"""The local cloud through HTTP, as clients of other processes see it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from helpers.emulator.local import LocalCloud
from helpers.emulator.server import endpoint

CLIENT = """
import boto3, json, sys
address = sys.argv[1]
def client(service):
    return boto3.client(service, endpoint_url=address, region_name="us-east-1",
                        aws_access_key_id="local", aws_secret_access_key="local")
"""


@pytest.fixture
def address() -> Iterator[str]:
    cloud = LocalCloud(speed=200)
    with endpoint(cloud) as where:
        yield where
    cloud.close()


def run(address: str, source: str) -> object:
    """What a client in a process of its own prints, as JSON."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    finished = subprocess.run(
        [sys.executable, "-c", CLIENT + source, address], capture_output=True, text=True, env=environment, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_it_listens_on_loopback_only(address):
    assert address.startswith("http://127.0.0.1:")


def test_records_go_in_and_come_out(address):
    read = run(
        address,
        """
kinesis = client("kinesis")
kinesis.create_stream(StreamName="orders", ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 1})
kinesis.put_records(StreamName="orders", Records=[{"Data": b"caf\\xc3\\xa9", "PartitionKey": str(i)} for i in range(9)])
shard = kinesis.list_shards(StreamName="orders")["Shards"][0]["ShardId"]
iterator = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
print(json.dumps([record["Data"].decode() for record in records]))
""",
    )
    assert read == ["café"] * 9


def test_pushed_records_arrive_as_they_are_put(address):
    events = run(
        address,
        """
kinesis = client("kinesis")
kinesis.create_stream(StreamName="orders", ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 1})
arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="dashboard")["Consumer"]["ConsumerARN"]
while kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
    pass
subscription = kinesis.subscribe_to_shard(
    ConsumerARN=consumer, ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"})
kinesis.put_record(StreamName="orders", Data=b"now", PartitionKey="k")
for event in subscription["EventStream"]:
    if event["SubscribeToShardEvent"]["Records"]:
        print(json.dumps([r["Data"].decode() for r in event["SubscribeToShardEvent"]["Records"]]))
        break
""",
    )
    assert events == ["now"]


def test_errors_are_errors_of_aws(address):
    assert run(
        address,
        """
try:
    client("kinesis").describe_stream(StreamName="nowhere")
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
""",
    ) == [
        "ResourceNotFoundException",
        "An error occurred (ResourceNotFoundException) when calling the DescribeStream operation: "
        "Stream nowhere under account 123456789012 not found.",
    ]


def test_services_of_moto_answer_too(address):
    assert run(
        address,
        """
client("sqs").create_queue(QueueName="failed")
client("iam").create_role(RoleName="shop", AssumeRolePolicyDocument="{}")
table = client("dynamodb").create_table(TableName="t", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}])
bucket = client("s3").create_bucket(Bucket="shop")
client("s3").put_object(Bucket="shop", Key="a/b", Body=b"x")
print(json.dumps([client("sqs").list_queues()["QueueUrls"][0].rpartition("/")[2],
    client("iam").list_roles()["Roles"][0]["RoleName"], client("dynamodb").list_tables()["TableNames"],
    client("s3").list_objects_v2(Bucket="shop")["Contents"][0]["Key"],
    client("sts").get_caller_identity()["Account"]]))
""",
    ) == ["failed", "shop", ["t"], "a/b", "123456789012"]


def test_a_request_that_is_nobodys_is_refused_calmly(address):
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(f"{address}/nothing")


def test_a_request_without_a_length_is_refused(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    connection.request("POST", "/", body=iter([b"{}"]), encode_chunked=True)
    assert connection.getresponse().status == 411
