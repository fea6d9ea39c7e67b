"""The function runtime: what a handler may do to itself, to the clock and to the log, and what Lambda answers."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from kinesis_lab.emulator.lambda_ import invocation
from tests.conftest import zipped

pytestmark = pytest.mark.usefixtures("way")

SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends no process by a signal")


def test_result_is_json_and_globals_stay_warm(deploy, invoke):
    deploy("""
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            return {"event": event, "calls": calls}
    """)
    assert invoke({"a": "Zoë"}).result == {"event": {"a": "Zoë"}, "calls": 1}
    assert invoke(None).result == {"event": None, "calls": 2}


def test_context_and_environment_variables(deploy, invoke):
    arn = deploy(
        """
        import os
        def handler(event, context):
            return {
                "env": {k: v for k, v in os.environ.items() if k.startswith(("AWS_", "_HAND", "COLOUR", "PYTHON"))},
                "id": context.aws_request_id,
                "name": context.function_name,
                "version": context.function_version,
                "memory": context.memory_limit_in_mb,
                "arn": context.invoked_function_arn,
                "group": context.log_group_name,
                "stream": context.log_stream_name,
                "left": context.get_remaining_time_in_millis(),
                "client": context.client_context,
                "file": __file__,
                "cwd": os.getcwd(),
                "root": os.environ["LAMBDA_TASK_ROOT"],
            }
        """,
        Environment={"Variables": {"COLOUR": "blue"}},
        MemorySize=256,
        Timeout=7,
    )
    answer = invoke({})
    got = answer.result
    env = got.pop("env")
    stream = got.pop("stream")
    assert re.fullmatch(r"2026/01/05/\[\$LATEST\][0-9a-f]{32}", stream)
    assert got == {
        "id": answer.request_id,
        "name": "app",
        "version": "$LATEST",
        "memory": "256",
        "arn": arn,
        "group": "/aws/lambda/app",
        "left": 6997,
        "client": None,
        "file": "/var/task/app.py",
        "cwd": "/var/task",
        "root": "/var/task",
    }
    assert env["COLOUR"] == "blue"
    assert env["_HANDLER"] == "app.handler"
    assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert env["AWS_LAMBDA_LOG_STREAM_NAME"] == stream
    assert env["AWS_REGION"] == "us-east-1"
    assert not any(name.startswith("PYTHON") for name in env)


def test_log_lines_of_a_cold_and_a_warm_invocation(deploy, invoke, log_lines):
    deploy("""
        import sys
        print("loading")
        def handler(event, context):
            print("first\\nsecond")
            sys.stderr.write("no line end")
    """)
    cold, warm = invoke().request_id, invoke().request_id
    assert log_lines() == [
        "INIT_START Runtime Version: python:3.13",
        "loading",
        f"START RequestId: {cold} Version: $LATEST",
        "first",
        "second",
        "no line end",
        f"END RequestId: {cold}",
        f"REPORT RequestId: {cold}\tDuration: 2.00 ms\tBilled Duration: 122 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 38 MB\tInit Duration: 120.00 ms",
        f"START RequestId: {warm} Version: $LATEST",
        "first",
        "second",
        "no line end",
        f"END RequestId: {warm}",
        f"REPORT RequestId: {warm}\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 38 MB",
    ]


def test_time_is_virtual_in_the_handler(cloud, deploy, invoke):
    deploy(
        """
        import time, datetime, logging
        def handler(event, context):
            marks = [time.time(), time.monotonic(), time.perf_counter(), time.time_ns() / 1e9]
            before = datetime.datetime.now(datetime.timezone.utc)
            time.sleep(100)
            after = datetime.datetime.now(datetime.timezone.utc)
            logging.warning("careful")
            return {
                "marks": marks, "slept": (after - before).total_seconds(), "at": after.isoformat(),
                "today": datetime.date.today().isoformat(), "year": time.gmtime().tm_year,
                "naive": datetime.datetime.utcnow().tzinfo is None, "left": context.get_remaining_time_in_millis(),
                "same": isinstance(after, datetime.datetime),
            }
        """,
        Timeout=900,
    )
    before, real = cloud.now(), time.monotonic()
    got = invoke().result
    assert time.monotonic() - real < 20
    assert got["slept"] == pytest.approx(100, abs=0.001)
    assert (cloud.now() - before).total_seconds() == pytest.approx(100.132, abs=0.001)
    assert max(got["marks"]) - min(got["marks"]) < 0.001
    assert got["at"].startswith("2026-01-05T09:01:")
    assert got["today"] == "2026-01-05" and got["year"] == 2026
    assert got["naive"] and got["same"]
    assert got["left"] == pytest.approx(800_000, abs=5)


def test_a_loop_that_waits_for_a_moment_ends(deploy, invoke):
    deploy("""
        import time
        def handler(event, context):
            end = time.time() + 0.05
            while time.time() < end:
                pass
            return "done"
    """)
    assert invoke().result == "done"


def test_log_record_has_the_runtimes_format(deploy, invoke, log_lines):
    deploy("""
        import logging
        def handler(event, context):
            logging.getLogger().warning("careful: %s", "ice")
    """)
    request_id = invoke().request_id
    line = next(line for line in log_lines() if "careful" in line)
    assert re.fullmatch(rf"\[WARNING\]\t2026-01-05T09:00:\d\d\.\d{{3}}Z\t{request_id}\tcareful: ice", line)


def test_boto3_in_the_handler_reaches_the_same_cloud(cloud, kinesis, stream, deploy, invoke):
    stream()
    deploy(
        """
        import boto3
        kinesis = boto3.client("kinesis")
        def handler(event, context):
            put = kinesis.put_record(StreamName="orders", Data="Zoë".encode(), PartitionKey="k")
            boto3.resource("s3").create_bucket(Bucket="attic")
            return put["SequenceNumber"]
        """,
        Timeout=30,
    )
    number = invoke().result
    shard = kinesis.list_shards(StreamName="orders")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert record["SequenceNumber"] == number and record["Data"] == "Zoë".encode()
    assert [b["Name"] for b in cloud.client("s3").list_buckets()["Buckets"]] == ["attic"]


def test_errors_of_aws_reach_the_handler_as_exceptions(deploy, invoke):
    deploy(
        """
        import boto3
        def handler(event, context):
            try:
                boto3.client("kinesis").describe_stream_summary(StreamName="nowhere")
            except Exception as error:
                return [type(error).__name__, str(error)]
        """,
        Timeout=30,
    )
    name, text = invoke().result
    assert name == "ResourceNotFoundException"
    assert text.endswith("Stream nowhere under account 123456789012 not found.")


def test_a_function_can_invoke_another(deploy, invoke):
    deploy("def handler(event, context): return event + 1", name="plus")
    deploy(
        """
        import boto3, json
        def handler(event, context):
            answer = boto3.client("lambda").invoke(FunctionName="plus", Payload=json.dumps(event))
            return json.load(answer["Payload"])
        """,
        Timeout=30,
    )
    assert invoke(41).result == 42


def test_a_handler_can_long_poll_a_queue_in_virtual_time(cloud, deploy, invoke):
    url = cloud.client("sqs").create_queue(QueueName="empty")["QueueUrl"]
    deploy(
        """
        import boto3, time
        def handler(event, context):
            began = time.time()
            boto3.client("sqs").receive_message(QueueUrl=event, WaitTimeSeconds=20)
            return time.time() - began
        """,
        Timeout=60,
    )
    real = time.monotonic()
    assert invoke(url).result == pytest.approx(20, abs=0.5)
    assert time.monotonic() - real < 15


def test_only_the_libraries_of_lambda_can_be_imported(deploy, invoke):
    deploy("import pandas\ndef handler(event, context): pass")
    answer = invoke()
    assert answer.error == "Unhandled"
    assert answer.result == {
        "errorMessage": "Unable to import module 'app': No module named 'pandas'",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": [],
    }


def test_an_exception_becomes_an_error_document_and_a_log_entry(deploy, invoke, log_lines):
    deploy("""
        def price(order):
            return order["AMOUNT"]
        def handler(event, context):
            return price(event)
    """)
    answer = invoke({})
    assert answer.status == 200 and answer.error == "Unhandled"
    assert answer.result == {
        "errorMessage": "'AMOUNT'",
        "errorType": "KeyError",
        "requestId": answer.request_id,
        "stackTrace": [
            '  File "/var/task/app.py", line 5, in handler\n    return price(event)\n',
            '  File "/var/task/app.py", line 3, in price\n    return order["AMOUNT"]\n',
        ],
    }
    assert any(line.startswith("[ERROR] KeyError: 'AMOUNT'\rTraceback") for line in log_lines())
    assert log_lines()[-1].endswith("\tStatus: error\tError Type: KeyError")


def test_timeout(cloud, deploy, invoke, log_lines):
    deploy(
        """
        import time
        def handler(event, context):
            print("waiting")
            time.sleep(event)
        """,
        Timeout=2,
    )
    assert invoke(1.5).error is None
    before = cloud.now()
    answer = invoke(50)
    assert (cloud.now() - before).total_seconds() == pytest.approx(2.01)
    assert answer.error == "Unhandled"
    assert answer.result == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after 2.00 seconds",
    }
    assert log_lines()[-1].endswith(
        "Duration: 2000.00 ms\tBilled Duration: 2000 ms\tMemory Size: 128 MB\tMax Memory Used: 38 MB\tStatus: timeout"
    )
    assert f"{answer.request_id} Task timed out after 2.00 seconds" in log_lines()[-3]
    assert invoke(0).error is None, "the next invocation gets a new environment"
    assert "Init Duration" in log_lines()[-1]


def test_a_start_that_takes_too_long_times_out(cloud, deploy, invoke, log_lines):
    deploy("import time\ntime.sleep(10)\ndef handler(event, context): return 'started'", Timeout=60)
    before = cloud.now()
    answer = invoke()
    assert (cloud.now() - before).total_seconds() == pytest.approx(10.01)
    assert answer.result == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after 10.00 seconds",
    }
    assert "Init Duration: 10000.00 ms" in log_lines()[-1]
    assert invoke().result["errorType"] == "Sandbox.Timedout", "the next invocation gets a new environment"


def test_a_start_may_take_its_time(deploy, invoke):
    deploy("import time\ntime.sleep(9.8)\ndef handler(event, context): return 'started'")
    assert invoke().result == "started"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import os; os._exit(7)", "exit status 7"),
        ("import sys; sys.exit(1)", "exit status 1"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal: killed", marks=SIGNALS),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal: segmentation fault", marks=SIGNALS
        ),
    ],
)
def test_a_crash_is_answered_and_hurts_nobody(deploy, invoke, body, message):
    deploy(f"def handler(event, context):\n    if event: return 'fine'\n    {body}")
    answer = invoke(0)
    assert answer.error == "Unhandled"
    assert answer.result == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.request_id} Error: Runtime exited with error: {message}",
    }
    assert invoke(1).result == "fine"


@pytest.mark.parametrize(
    "hang", ["while True: pass", "import threading; threading.Event().wait()"], ids=["busy", "idle"]
)
def test_a_hang_times_out(deploy, invoke, monkeypatch, hang):
    monkeypatch.setattr(invocation, "PATIENCE", 0.2)
    deploy(f"def handler(event, context):\n    {hang}", Timeout=1)
    answer = invoke()
    assert answer.result["errorType"] == "Sandbox.Timedout"


def test_too_much_memory_is_a_kill(deploy, invoke, log_lines):
    deploy(
        "def handler(event, context):\n    x = bytearray(400_000_000)\n    x[::4096] = x[1::4096]\n    return len(x)"
    )
    answer = invoke()
    assert answer.result["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert "Memory Size: 128 MB\tMax Memory Used: 128 MB" in log_lines()[-1]


def test_endless_recursion_is_an_error(deploy, invoke):
    deploy("def handler(event, context): return handler(event, context)")
    assert invoke().result["errorType"] == "RecursionError"


def test_ten_megabytes_of_output(deploy, invoke, log_lines):
    deploy("def handler(event, context):\n    for i in range(10_000): print('x' * 999)\n    print('y' * 600_000)")
    assert invoke().error is None
    lines = log_lines()
    assert sum(line == "x" * 999 for line in lines) == 10_000
    assert [len(line) for line in lines if line.startswith("y")] == [262_144, 262_144, 75_712]


@pytest.mark.parametrize("value", ["{1, 2}", "object()", "lambda: 0"])
def test_a_result_that_is_not_json(deploy, invoke, value):
    deploy(f"def handler(event, context): return {value}")
    answer = invoke()
    assert answer.error == "Unhandled"
    assert answer.result["errorType"] == "Runtime.MarshalError"
    assert answer.result["errorMessage"].startswith("Unable to marshal response: Object of type ")


def test_a_response_that_is_too_large(deploy, invoke):
    deploy("def handler(event, context): return 'x' * event")
    assert len(invoke(6_000_000).result) == 6_000_000
    answer = invoke(6_300_000)
    assert answer.error == "Unhandled"
    assert answer.result["errorType"] == "Function.ResponseSizeTooLarge"


def test_stray_threads_are_frozen_between_invocations(cloud, kinesis, stream, deploy, invoke):
    stream()
    deploy(
        """
        import boto3, threading, time
        kinesis = boto3.client("kinesis")
        def stray():
            while True:
                kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
        def handler(event, context):
            threading.Thread(target=stray, daemon=True).start()
            time.sleep(0.1)
            return "left a thread behind"
        """,
        Timeout=30,
    )
    assert invoke().result == "left a thread behind"
    puts = len(cloud.recorder.entries("put"))
    cloud.wait(60)
    assert len(cloud.recorder.entries("put")) == puts


def test_no_process_and_no_file_is_left_behind(cloud, deploy, invoke):
    deploy("""
        import subprocess, sys, os
        def handler(event, context):
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            return os.getpid()
    """)
    pid = invoke().result
    folder = Path(psutil.Process(pid).cwd()).parent
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert len(family) == 2
    cloud.close()
    _gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert not folder.parent.exists()


# The Invoke operation


def test_dry_run_and_event(cloud, lambda_, deploy):
    deploy("def handler(event, context): raise ValueError(event)")
    assert lambda_.invoke(FunctionName="app", InvocationType="DryRun")["StatusCode"] == 204
    assert lambda_.invoke(FunctionName="app", InvocationType="Event", Payload="1")["StatusCode"] == 202
    cloud.wait(600)
    rows = cloud.recorder.table("invoke")
    assert list(rows["outcome"]) == ["error"] * 3, "an asynchronous invocation is tried three times"
    assert rows["request_id"].nunique() == 1
    assert list(rows["at"].diff().dropna().round()) == [60, 120]


def test_log_tail(deploy, lambda_):
    deploy("def handler(event, context): print('x' * 5000); print('end')")
    answer = lambda_.invoke(FunctionName="app", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert len(tail) == 4096 and "\nend\nEND RequestId: " in tail
    assert "LogResult" not in lambda_.invoke(FunctionName="app")


def test_an_absent_payload_is_an_empty_document(deploy, lambda_):
    deploy("def handler(event, context): return event")
    assert json.load(lambda_.invoke(FunctionName="app")["Payload"]) == {}


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        ({"FunctionName": "nobody"}, "ResourceNotFoundException", 404),
        ({"FunctionName": "app", "Qualifier": "7"}, "ResourceNotFoundException", 404),
        ({"FunctionName": "app", "Payload": b"{nonsense"}, "InvalidRequestContentException", 400),
        ({"FunctionName": "app", "Payload": b'"' + b"x" * 6_291_456 + b'"'}, "RequestTooLargeException", 413),
    ],
)
def test_bad_invocations(deploy, lambda_, arguments, code, status):
    deploy("def handler(event, context): pass")
    with pytest.raises(ClientError) as refused:
        lambda_.invoke(**arguments)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_new_function_is_pending_for_a_while(cloud, deploy, lambda_):
    deploy("def handler(event, context): pass", name="first")
    function = lambda_.get_function(FunctionName="first")["Configuration"]
    assert (function["State"], function["Timeout"], function["MemorySize"]) == ("Active", 3, 128)
    code = lambda_.create_function(
        FunctionName="second",
        Role=function["Role"],
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped("def handler(e, c): pass")},
    )
    assert code["State"] == "Pending"
    with pytest.raises(ClientError, match="currently in the following state: Pending"):
        lambda_.invoke(FunctionName="second")
    lambda_.get_waiter("function_active_v2").wait(FunctionName="second")
    assert lambda_.invoke(FunctionName="second")["StatusCode"] == 200


def test_new_code_and_new_settings_take_new_environments(deploy, lambda_, invoke):
    deploy("import os\ndef handler(event, context): return ['one', os.getenv('MODE')]")
    assert invoke().result == ["one", None]
    lambda_.update_function_code(
        FunctionName="app",
        ZipFile=zipped("import os\ndef handler(event, context): return ['two', os.getenv('MODE')]"),
    )
    assert invoke().result == ["two", None]
    lambda_.update_function_configuration(FunctionName="app", Environment={"Variables": {"MODE": "dark"}})
    assert invoke().result == ["two", "dark"]


def test_versions_and_aliases(deploy, lambda_, invoke):
    deploy("def handler(event, context): return context.function_version")
    lambda_.publish_version(FunctionName="app")
    lambda_.create_alias(FunctionName="app", Name="live", FunctionVersion="1")
    lambda_.update_function_code(FunctionName="app", ZipFile=zipped("def handler(event, context): return 'new'"))
    assert invoke().result == "new"
    assert invoke(Qualifier="1").result == "1"
    assert invoke(Qualifier="live").result == "1"
    assert invoke(name="app:live").result == "1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"Timeout": 901}, "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than"),
        ({"MemorySize": 10_241}, "Value '10241' at 'memorySize' failed to satisfy constraint: Member must have"),
    ],
)
def test_limits_of_a_function(deploy, settings, message):
    with pytest.raises(ClientError, match=re.escape(message)):
        deploy("def handler(event, context): pass", **settings)


def test_reserved_concurrency_throttles(cloud, deploy, lambda_):
    deploy("import time\ndef handler(event, context): time.sleep(30)", Timeout=60)
    lambda_.put_function_concurrency(FunctionName="app", ReservedConcurrentExecutions=1)
    lambda_.invoke(FunctionName="app", InvocationType="Event")
    cloud.wait(1)
    with pytest.raises(ClientError) as refused:
        lambda_.invoke(FunctionName="app")
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
