"""The door: where a cloud is, what it refuses, and that the local one never reaches AWS."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time

import boto3
import pytest

from helpers import open_cloud
from kinesis_lab import cloud as door
from kinesis_lab.cloud import CloudError
from kinesis_lab.emulator.wire import NotOffered


@pytest.fixture
def no_network(monkeypatch):
    """Every attempt to look up a host or to connect to one fails the test."""
    attempts = []

    def refuse(*arguments, **_options):
        attempts.append(arguments)
        raise AssertionError(f"a connection was tried: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert not attempts


def test_it_says_in_one_line_where_you_are(capsys):
    with open_cloud() as cloud:
        line = capsys.readouterr().out
        assert line == (
            "Local cloud in us-east-1: nothing leaves this machine; virtual time, from Monday 2026-01-05 09:00 UTC.\n"
        )
        assert repr(cloud) + "\n" == line
        assert cloud.backend == "local"


# The local cloud and the rest of the world


def test_nothing_leaves_this_machine(no_network, monkeypatch):
    """Neither services that are emulated, nor those of moto, nor those that nobody offers; not even with real keys."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with open_cloud("local") as cloud:
        assert os.environ["AWS_ACCESS_KEY_ID"] == "local"
        calls = {
            "kinesis": "list_streams",
            "lambda": "list_functions",
            "s3": "list_buckets",
            "sqs": "list_queues",
            "sns": "list_topics",
            "dynamodb": "list_tables",
            "iam": "list_roles",
            "logs": "describe_log_groups",
            "cloudwatch": "list_metrics",
            "sts": "get_caller_identity",
            "kms": "list_keys",
        }
        for service, operation in calls.items():
            for client in (cloud.client(service), boto3.client(service)):
                assert getattr(client, operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200
        own = boto3.Session("AKIAREALREALREALREAL", "secret", region_name="eu-west-1")
        assert own.client("kinesis").list_streams()["StreamNames"] == []
        for service in ("braket", "chime", "outposts"):
            client = cloud.client(service, region_name="us-east-1")
            operation = {"braket": "search_jobs", "chime": "list_accounts", "outposts": "list_outposts"}[service]
            with pytest.raises(NotOffered, match="the local cloud does not offer"):
                getattr(client, operation)(**({"filters": []} if service == "braket" else {}))


def test_an_operation_that_moto_lacks_is_refused(cloud):
    with pytest.raises(NotOffered, match="does not offer"):
        cloud.client("iam").simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["kinesis:PutRecord"])


def test_a_client_that_was_made_before_and_one_with_an_endpoint_stay_here(no_network):
    open_cloud("local").close()
    early = boto3.client("kinesis", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    with open_cloud("local") as cloud:
        assert early.list_streams()["StreamNames"] == []
        elsewhere = cloud.client("kinesis", endpoint_url="https://kinesis.eu-west-1.amazonaws.com")
        assert elsewhere.list_streams()["StreamNames"] == []


def test_a_handler_cannot_reach_aws_either(deploy, invoke):
    deploy(
        """
        import boto3
        def handler(event, context):
            session = boto3.Session("AKIAREALREALREALREAL", "secret", region_name="us-east-1")
            print(session.client("sts").get_caller_identity()["Account"])
            session.client("braket").search_jobs(filters=[])
        """,
        Timeout=60,
    )
    answer = invoke()
    assert answer.error == "Unhandled"
    assert "the local cloud does not offer braket" in answer.result["errorMessage"]


def test_the_process_is_given_back_as_it_was(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    before, zone = dict(os.environ), time.strftime("%Z")
    with open_cloud("local") as cloud:
        assert "AWS_PROFILE" not in os.environ
        assert cloud.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert dict(os.environ) == before
    assert time.strftime("%Z") == zone


def test_every_cloud_starts_empty_and_the_last_one_counts():
    first = open_cloud("local")
    first.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    first.client("s3").create_bucket(Bucket="attic")
    second = open_cloud("local")
    assert second.client("kinesis").list_streams()["StreamNames"] == []
    assert second.client("s3").list_buckets()["Buckets"] == []
    first.close()  # closed already, when the second was opened: nothing happens
    assert second.client("kinesis").list_streams()["StreamNames"] == []
    with pytest.raises(CloudError, match="this local cloud is closed: open another one"):
        first.client("kinesis")
    second.close()
    second.close()
    with pytest.raises(CloudError, match="closed"):
        second.resource("s3")


def test_clients_and_resources_take_the_arguments_of_boto3(cloud):
    assert cloud.client("kinesis", region_name="eu-west-1").meta.region_name == "eu-west-1"
    cloud.resource("s3").Bucket("attic").create()
    assert [bucket.name for bucket in cloud.resource("s3").buckets.all()] == ["attic"]


def test_threads_may_call_too(cloud, kinesis, stream):
    stream()

    def put():
        for _ in range(50):
            kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    numbers = [r["SequenceNumber"] for r in kinesis.get_records(ShardIterator=iterator)["Records"]]
    assert len(set(numbers)) == 200 and numbers == sorted(numbers)


# Choosing a cloud


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backend": "cloud"}, "backend is 'cloud'; it can be one of: local, endpoint, aws"),
        ({"backend": "aws", "speed": 60}, "speed is for the local cloud, and this one is aws"),
        ({"backend": "local", "endpoint_url": "http://127.0.0.1"}, "endpoint_url is for the endpoint cloud"),
        ({"backend": "local", "yes": "123456789012"}, "yes is for the aws cloud"),
        ({"backend": "endpoint"}, "pass endpoint_url or set AWS_ENDPOINT_URL"),
        ({"backend": "endpoint", "endpoint_url": "localhost:4566"}, "it should look like http://127.0.0.1:4566"),
    ],
)
def test_a_door_that_stays_closed_says_why(monkeypatch, arguments, message):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(CloudError, match=message):
        open_cloud(**arguments)


def test_the_environment_variable_chooses(monkeypatch):
    monkeypatch.setenv("WORKBOOK_BACKEND", "moon")
    with pytest.raises(CloudError, match="WORKBOOK_BACKEND is 'moon'"):
        open_cloud()
    monkeypatch.setenv("WORKBOOK_BACKEND", "local")
    open_cloud().close()


class Answer(http.server.BaseHTTPRequestHandler):
    """An AWS-compatible endpoint that knows one answer."""

    def do_POST(self):
        body = b'{"StreamNames": ["far away"], "HasMoreStreams": false}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


def test_an_endpoint(monkeypatch, capsys):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        with open_cloud("endpoint", endpoint_url=url) as cloud:
            assert capsys.readouterr().out == f"Cloud at {url} in us-east-1; real time.\n"
            assert cloud.client("kinesis").list_streams()["StreamNames"] == ["far away"]
            began = time.monotonic()
            cloud.wait(0.05)
            assert time.monotonic() - began >= 0.05
            assert abs(cloud.now().timestamp() - time.time()) < 5
            with pytest.raises(CloudError, match="there is no flight recorder in the endpoint cloud"):
                cloud.recorder  # noqa: B018
            with pytest.raises(CloudError, match="there is no emulator behind the endpoint cloud"):
                cloud.emulator  # noqa: B018
    finally:
        server.shutdown()
        server.server_close()


class PretendedAccount:
    """Stands for a boto3 session of a learner's account."""

    region_name = "eu-west-1"

    def __init__(self, credentials=True):
        self._credentials = credentials

    def get_credentials(self):
        return self._credentials or None

    def client(self, service, **_arguments):
        assert service == "sts"
        return self

    def get_caller_identity(self):
        return {"Account": "111122223333"}


@pytest.mark.parametrize("yes", [None, "123456789012", "yes"])
def test_aws_needs_a_yes_that_names_the_account(monkeypatch, yes):
    monkeypatch.setattr(door.boto3, "Session", PretendedAccount)
    with pytest.raises(CloudError, match=r'AWS account 111122223333 and cost money.*yes="111122223333"'):
        open_cloud("aws", yes=yes)


def test_aws_with_a_yes(monkeypatch, capsys):
    monkeypatch.setattr(door.boto3, "Session", PretendedAccount)
    cloud = open_cloud("aws", yes="111122223333")
    assert cloud.backend == "aws"
    assert capsys.readouterr().out == "AWS account 111122223333 in eu-west-1: real time, real money.\n"


def test_aws_without_credentials(monkeypatch):
    monkeypatch.setattr(door.boto3, "Session", lambda: PretendedAccount(credentials=False))
    with pytest.raises(CloudError, match="no AWS credentials were found"):
        open_cloud("aws", yes="111122223333")


def test_importing_helpers_is_light():
    heavy = "{'boto3', 'moto', 'pandas', 'matplotlib'}"
    code = f"import sys, helpers; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_policies_that_aws_manages_for_lambda_are_there(cloud):
    iam = cloud.client("iam")
    iam.create_role(RoleName="shop", AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    iam.attach_role_policy(RoleName="shop", PolicyArn=arn)
    assert [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName="shop")["AttachedPolicies"]] == [arn]
    document = iam.get_policy_version(
        PolicyArn=arn, VersionId=iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    )
    assert "kinesis:GetRecords" in document["PolicyVersion"]["Document"]["Statement"][0]["Action"]
