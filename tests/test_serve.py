"""`python -m helpers serve`, as others use it: the aws command line, producers side by side, Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.commands import browser, places

SPEED = 60
PATIENCE = 60.0
ROOT = Path(__file__).parent.parent
AWS = shutil.which("aws", path=str(places.BIN)) or shutil.which("aws", path=str(Path(sys.executable).parent))
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(port: int, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.commands.serving", "--port", str(port), "--speed", str(SPEED), *options],
        cwd=ROOT,
        env=CLEAN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def ready(process: subprocess.Popen[str]) -> str:
    """Its address, once it says that it answers."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().startswith("http://"):
            return line.strip()
    raise AssertionError("it ended before it was ready")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process = start(free_port())
    try:
        yield ready(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def until(condition: Callable[[], Any]) -> Any:
    """The condition's answer as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it took too long"
    return answer


@pytest.fixture
def aws(address: str) -> Callable[..., Any]:
    if AWS is None and not browser.required():
        pytest.skip("the aws command line is only in the gate's environment")
    assert AWS is not None

    def aws(*arguments: str) -> Any:
        command = [AWS, "--endpoint-url", address, "--output", "json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env={**CLEAN, **KEYS}, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    return aws


def package(folder: Path, source: str) -> str:
    with zipfile.ZipFile(folder / "code.zip", "w") as archive:
        archive.writestr("app.py", source)
    return f"fileb://{folder / 'code.zip'}"


def test_the_whole_loop_from_the_command_line(aws, tmp_path):
    role = aws("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", "{}")["Role"]["Arn"]
    aws("iam", "attach-role-policy", "--role-name", "cli", "--policy-arn", MANAGED)
    sending = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
    }
    aws("iam", "put-role-policy", "--role-name", "cli", "--policy-name", "s", "--policy-document", json.dumps(sending))
    queue = aws("sqs", "create-queue", "--queue-name", "failed")["QueueUrl"]
    aws("kinesis", "create-stream", "--stream-name", "cli", "--shard-count", "1")
    code = package(
        tmp_path,
        "def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        assert record['kinesis']['partitionKey'] != 'poison'\n"
        "        print('got', record['kinesis']['partitionKey'])\n",
    )
    create = (
        "lambda",
        "create-function",
        "--function-name",
        "cli",
        "--runtime",
        "python3.13",
        "--handler",
        "app.handler",
    )
    aws(*create, "--role", role, "--zip-file", code)
    source = "arn:aws:kinesis:us-east-1:123456789012:stream/cli"
    until(lambda: _status(aws) == "ACTIVE")
    destination = json.dumps({"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}})
    settings = ("--batch-size", "1", "--maximum-retry-attempts", "0", "--destination-config", destination)
    mapped = ("lambda", "create-event-source-mapping", "--function-name", "cli", "--event-source-arn", source)
    assert aws(*mapped, "--starting-position", "TRIM_HORIZON", *settings)["State"] == "Creating"
    for key in ("one", "poison", "two"):
        aws("kinesis", "put-record", "--stream-name", "cli", "--partition-key", key, "--data", "eA==")

    def said() -> set[str]:
        if not aws("logs", "describe-log-groups")["logGroups"]:
            return set()
        events = aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/cli")["events"]
        return {event["message"].strip() for event in events}

    until(lambda: {"got one", "got two"} <= said())
    (message,) = until(lambda: aws("sqs", "receive-message", "--queue-url", queue).get("Messages"))
    assert json.loads(message["Body"])["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert aws("sts", "get-caller-identity")["Account"] == "123456789012"


def _status(aws: Callable[..., Any]) -> str:
    summary = aws("kinesis", "describe-stream-summary", "--stream-name", "cli")
    return str(summary["StreamDescriptionSummary"]["StreamStatus"])


PRODUCER = """
import boto3, sys
from helpers.producing import put_all
kinesis = boto3.client("kinesis", endpoint_url=sys.argv[1])
name = sys.argv[2]
records = [{"Data": f"{name} {i}".encode(), "PartitionKey": f"{name}-{i % 5}"} for i in range(2000)]
report = put_all(kinesis, "shared", records, attempts=30)
assert not report.lost, report
"""


def test_two_producers_side_by_side_lose_nothing(address):
    import boto3

    def client(service: str) -> Any:
        names = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=address, **names)

    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="shared", ShardCount=4)
    kinesis.get_waiter("stream_exists").wait(StreamName="shared", WaiterConfig={"Delay": 1})
    producers = [
        subprocess.Popen([sys.executable, "-c", PRODUCER, address, name], env={**CLEAN, **KEYS}, cwd=ROOT)
        for name in ("left", "right")
    ]
    assert [producer.wait(PATIENCE) for producer in producers] == [0, 0]
    read: list[str] = []
    for shard in kinesis.list_shards(StreamName="shared")["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName="shared", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        behind = 1
        while behind:
            page = kinesis.get_records(ShardIterator=place)
            numbers = [int(record["SequenceNumber"]) for record in page["Records"]]
            assert numbers == sorted(numbers)
            read += [record["Data"].decode() for record in page["Records"]]
            place, behind = page["NextShardIterator"], page["MillisBehindLatest"]
    assert sorted(read) == sorted(f"{name} {i}" for name in ("left", "right") for i in range(2000))


def test_health_says_how_it_is(address):
    with urllib.request.urlopen(f"{address}/_health") as answer:
        first = json.load(answer)
    assert (first["status"], first["region"], first["speed"]) == ("ok", "us-east-1", SPEED)

    def later() -> bool:
        with urllib.request.urlopen(f"{address}/_health") as answer:
            return bool(json.load(answer)["time"] > first["time"])

    until(later)


def test_ctrl_c_leaves_no_process_behind(tmp_path):
    import boto3

    process = start(free_port())
    address = ready(process)
    names = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    lambda_ = boto3.client("lambda", endpoint_url=address, **names)
    role = boto3.client("iam", endpoint_url=address, **names).create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    package(tmp_path, "import time\ndef handler(event, context):\n    while True: time.sleep(1)\n")
    lambda_.create_function(
        FunctionName="busy",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": (tmp_path / "code.zip").read_bytes()},
        Runtime="python3.13",
        Handler="app.handler",
        Timeout=900,
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName="busy", WaiterConfig={"Delay": 1})
    lambda_.invoke(FunctionName="busy", InvocationType="Event")
    children = until(lambda: psutil.Process(process.pid).children(recursive=True))
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_port_that_is_taken_is_said_in_a_line():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        process = start(port)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"Port {port} cannot be used" in output and f"--port {port + 1}" in output and "Traceback" not in output


def test_a_client_that_hangs_up_does_no_harm(address):
    host, port = address.removeprefix("http://").split(":")
    for garbage in (
        b"GET / HTTP/1.1\r\nhost: x\r\n",
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nx",
    ):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(garbage)
    with urllib.request.urlopen(f"{address}/_health") as answer:
        assert json.load(answer)["status"] == "ok"
