"""`python -m helpers serve`, as others use it: the aws command line, producers side by side, Ctrl-C."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.commands import browser, environment, places, serve, voice
from kinesis_lab.emulator.lambda_.launching import out_of_reach_of_ctrl_c
from tests.conftest import zipped

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
        [sys.executable, "-m", "kinesis_lab", "serve", "--port", str(port), "--speed", str(SPEED), *options],
        cwd=ROOT,
        env=CLEAN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        **out_of_reach_of_ctrl_c(),
    )


def interrupt(process: subprocess.Popen[str]) -> None:
    """As Ctrl-C does; on Windows only Ctrl-Break can be sent to another process."""
    process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))


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
        interrupt(process)
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
    interrupt(process)
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


# Real time, and nobody who drives it


def client(address: str, service: str) -> Any:
    import boto3

    names = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=address, **names)


def deploy(address: str, name: str, source: str, **settings: Any) -> None:
    """Make a function with a role of its own that may read streams, and wait until it is active."""
    iam, lambda_ = client(address, "iam"), client(address, "lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED)
    lambda_.create_function(
        FunctionName=name,
        Role=role,
        Code={"ZipFile": zipped(source)},
        Runtime="python3.13",
        Handler="app.handler",
        **settings,
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def mapped(address: str, name: str, shards: int, **settings: Any) -> None:
    """Make a stream, map it to the function of the same name, and wait until the mapping is at work."""
    kinesis, lambda_ = client(address, "kinesis"), client(address, "lambda")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    source = f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}"
    whence = {"EventSourceArn": source, "StartingPosition": "TRIM_HORIZON"}
    uuid = lambda_.create_event_source_mapping(FunctionName=name, **whence, **settings)["UUID"]
    until(lambda: lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")


IN_ORDER = """
import boto3, sys
address, name = sys.argv[1:]
kinesis = boto3.client("kinesis", endpoint_url=address)
for first in range(0, 2000, 50):
    wanted = [{"Data": str(n).encode(), "PartitionKey": f"{name}-{n % 20}"} for n in range(first, first + 50)]
    answer = kinesis.put_records(StreamName="delivered", Records=wanted)
    assert not answer["FailedRecordCount"], answer
"""


def test_what_two_producers_put_at_once_is_delivered_once_and_in_order(tmp_path):
    process = start(free_port(), "--no-limits")  # a refused record, put again, would come after its successors
    try:
        address = ready(process)
        source = """
            import base64, json

            def handler(event, context):
                records = [record["kinesis"] for record in event["Records"]]
                told = [[record["partitionKey"], int(base64.b64decode(record["data"]))] for record in records]
                print("DONE", json.dumps(told))
            """
        deploy(address, "delivered", source)
        mapped(address, "delivered", 2, ParallelizationFactor=2)
        producers = [
            subprocess.Popen([sys.executable, "-c", IN_ORDER, address, name], env={**CLEAN, **KEYS}, cwd=ROOT)
            for name in ("left", "right")
        ]
        assert [producer.wait(PATIENCE) for producer in producers] == [0, 0]

        def delivered() -> list[list[Any]] | None:
            pages = client(address, "logs").get_paginator("filter_log_events")
            lines = [
                event["message"]
                for page in pages.paginate(logGroupName="/aws/lambda/delivered", filterPattern="DONE")
                for event in page["events"]
            ]
            records = [record for line in lines for record in json.loads(line.removeprefix("DONE"))]
            return records if len(records) >= 4000 else None

        numbers: dict[str, list[int]] = {}
        for key, number in until(delivered):
            numbers.setdefault(key, []).append(number)
        assert numbers == {f"{name}-{k}": list(range(k, 2000, 20)) for name in ("left", "right") for k in range(20)}
    finally:
        interrupt(process)
        process.wait(20)


def test_windows_close_and_retries_back_off_while_nobody_calls(address, tmp_path):
    """The function tells of itself in a file: no request moves the clock."""
    calls = tmp_path / "calls"
    calls.touch()
    source = f"""
        import time

        def handler(event, context):
            with open({str(calls)!r}, "a", encoding="utf-8") as file:
                file.write(f"{{time.time()}} {{event['Records'][0]['kinesis']['approximateArrivalTimestamp']}}\\n")
            raise ValueError("no")
        """
    deploy(address, "alone", source)
    mapped(address, "alone", 1, MaximumBatchingWindowInSeconds=100, MaximumRetryAttempts=3)
    client(address, "kinesis").put_record(StreamName="alone", Data=b"x", PartitionKey="k")
    rows = until(lambda: (rows := calls.read_text(encoding="utf-8").splitlines())[3:] and rows)
    arrival = float(rows[0].split()[1])
    times = [float(row.split()[0]) - arrival for row in rows]
    assert 10 < times[0] < 102  # the window had opened a moment before the record came
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == pytest.approx([1, 2, 4], abs=0.2)


def test_nobody_waits_for_a_function_that_computes(address, tmp_path):
    """It goes on until it sees a file, which is written when others were answered meanwhile."""
    begun, enough = tmp_path / "begun", tmp_path / "enough"
    source = f"""
        import os

        def handler(event, context):
            open({str(begun)!r}, "w").close()
            while not os.path.exists({str(enough)!r}):
                pass
            return "seen"
        """
    deploy(address, "busy", source, Timeout=60)
    answers: list[Any] = []
    invoke = threading.Thread(
        target=lambda: answers.append(client(address, "lambda").invoke(FunctionName="busy")["Payload"].read())
    )
    invoke.start()
    until(begun.exists)
    kinesis = client(address, "kinesis")
    kinesis.create_stream(StreamName="meanwhile", ShardCount=1)
    until(
        lambda: (
            kinesis.describe_stream_summary(StreamName="meanwhile")["StreamDescriptionSummary"]["StreamStatus"]
            == "ACTIVE"
        )
    )
    assert not answers
    enough.touch()
    invoke.join()
    assert answers == [b'"seen"']


# The end of the job itself


@pytest.mark.skipif(os.name != "posix", reason="process groups and their signals are POSIX's")
@pytest.mark.skipif(not environment.is_installed(places.LOCK), reason="the job would set up an environment")
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_nothing_is_left_behind_though_a_function_computes(how, tmp_path):
    """A handler that never looks up, and a program that it has started."""
    stored, working = tmp_path / "stored", tmp_path / "working"
    stored.mkdir()
    job = subprocess.Popen(
        [sys.executable, "-m", "helpers", "serve", "--port", "0", "--speed", str(SPEED)],
        cwd=ROOT,
        env={**CLEAN, "TMPDIR": str(stored)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    address = ready(job)
    source = f"""
        import subprocess, sys

        def handler(event, context):
            subprocess.Popen([sys.executable, "-c", "while True: pass"])
            open({str(working)!r}, "w").close()
            while True:
                pass
        """
    deploy(address, "computes", source, Timeout=900)
    client(address, "lambda").invoke(FunctionName="computes", InvocationType="Event")
    until(working.exists)
    with urllib.request.urlopen(f"{address}/_health", timeout=5) as answer:
        assert json.load(answer)["status"] == "ok"
    family = psutil.Process(job.pid).children(recursive=True)
    assert len(family) >= 3
    if how == "Ctrl-C":
        os.killpg(job.pid, signal.SIGINT)
    else:
        job.terminate()
    rest, _ = job.communicate(timeout=10)
    assert job.returncode == 0
    assert "Traceback" not in rest
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert not any(stored.iterdir())


# Arguments


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port", "99999"], "'99999' is no port: they are numbers from 1 to 65535"),
        (["--port", "-1"], "'-1' is no port"),
        (["--port", "http"], "'http' is no port"),
        (["--speed", "0"], "'0' is no speed: give a number from 0.001 to 100000"),
        (["--speed", "-1"], "'-1' is no speed"),
        (["--speed", "nan"], "'nan' is no speed"),
        (["--speed", "inf"], "'inf' is no speed"),
        (["--speed", "fast"], "'fast' is no speed"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, told, capsys):
    with pytest.raises(SystemExit) as leaving:
        serve.main(arguments)
    assert leaving.value.code == 2
    assert told in capsys.readouterr().err


def test_the_job_says_which_port_is_taken_and_proposes_another():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(voice.Stop, match=rf"Port {port} is in use.*\n.*serve --port \d+"):
            serve.main(["--port", str(port)])
