"""Our runtime held against AWS's own runtime client: same handler, same event, same answer and same log."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from helpers import open_cloud
from helpers.commands import browser
from kinesis_lab.cloud import Cloud
from tests.conftest import zipped

if not browser.required():  # the gate has it and insists
    pytest.importorskip("awslambdaric", reason="AWS's runtime client is only in the gate's environment, on Linux")

APP = '''
import collections, datetime, decimal, enum, json, logging, sys

Point = collections.namedtuple("Point", "x y")

class Colour(enum.IntEnum):
    RED = 1

class OrderRefused(Exception):
    """An error of the handler's own."""

def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value

def circle():
    value = {}
    value["itself"] = value
    return value

def price(order):
    return order["AMOUNT"]

def chained():
    try:
        price({})
    except KeyError as error:
        raise OrderRefused("no amount") from error

RESULTS = {
    "echo": lambda event, context: event,
    "nothing": lambda event, context: None,
    "text": lambda event, context: "Zo\\u00eb \\U0001f600 \\u2028 \\x7f \\x01",
    "bytes": lambda event, context: b"as they are",
    "bytes inside": lambda event, context: {"data": "Zo\\u00eb".encode()},
    "numbers": lambda event, context: [1, -0.0, 1e300, 10**30, 1.0, 0.1, True, False],
    "not finite": lambda event, context: [float("inf"), -float("inf"), float("nan")],
    "decimals": lambda event, context: [decimal.Decimal(text) for text in ("1.10", "3", "1E+3", "-0.0", "NaN", "-NaN")],
    "tuples": lambda event, context: {"plain": (1, 2), "named": Point(1, (2,)), "inside": [Point(0, 0)]},
    "keys": lambda event, context: {1: "int", 2.5: "float", True: "bool", None: "none", "s": "text", b"b": "bytes"},
    "key that is a tuple": lambda event, context: {(1, 2): 3},
    "ordered": lambda event, context: collections.OrderedDict(b=1, a=2),
    "counter": lambda event, context: collections.Counter("aab"),
    "enumeration": lambda event, context: Colour.RED,
    "date": lambda event, context: datetime.datetime(2026, 1, 5),
    "set": lambda event, context: {1},
    "generator": lambda event, context: (n for n in "abc"),
    "bytes that are no text": lambda event, context: {"data": b"\\xff"},
    "circle": lambda event, context: circle(),
    "deep": lambda event, context: nested(50),
    "empty": lambda event, context: [{}, [], (), "", {"a": {}}],
    "shown": lambda event, context: repr([datetime.datetime(2026, 1, 5, 9), datetime.date(2026, 1, 5)]),
    "raises": lambda event, context: price(event),
    "raises with words": lambda event, context: chained(),
    "raises nothing to say": lambda event, context: (_ for _ in ()).throw(ValueError()),
    "raises umlauts": lambda event, context: (_ for _ in ()).throw(ValueError("Zo\\u00eb\\nsays\\n  no")),
    "raises in a library": lambda event, context: json.loads("{nonsense"),
    "raises by assertion": lambda event, context: (_ for _ in ()).throw(AssertionError("1 != 2")),
    "context": lambda event, context: [
        context.function_name, context.function_version, context.memory_limit_in_mb, context.invoked_function_arn,
        context.aws_request_id, context.log_group_name, context.client_context, context.tenant_id,
        context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id,
        0 < context.get_remaining_time_in_millis() <= 3000, type(context.get_remaining_time_in_millis()).__name__,
    ],
    "prints": lambda event, context: print("one\\ntwo", file=sys.stderr),
    "logs": lambda event, context: logging.getLogger("shop").warning("careful: %s", "ice"),
    "logs to nobody": lambda event, context: logging.getLogger("shop").info("too quiet"),
}

def handler(event, context):
    print("CASE")
    return RESULTS[event["case"]](event, context)

answer = 42
'''
CASES = re.findall(r'^    "(.+)": lambda', APP, re.MULTILINE)

BROKEN = {
    "an import that fails": ("import nowhere\n", "app.handler"),
    "a name that is not in a module": ("from json import nothing\n", "app.handler"),
    "a syntax error": ("def handler(event, context)\n    pass\n", "app.handler"),
    "an error on the way": ("import json\njson.loads('{')\n", "app.handler"),
    "no such function": ("def other(event, context): pass\n", "app.handler"),
    "no such module": ("", "elsewhere.handler"),
    "no module named": ("", "handler"),
    "a built-in module": ("", "sys.exit"),
}


REQUEST_ID = re.compile(r"request-\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Said(NamedTuple):
    """What a runtime answered, and what it logged about it; what differs from run to run is taken out."""

    failed: bool
    answer: str
    log: str


def said(failed: bool, answer: str, log: str) -> Said:
    without_ids, log = (INSTANT.sub("INSTANT", REQUEST_ID.sub("REQUEST", text)) for text in (answer, log))
    return Said(failed, without_ids, log)


class RuntimeApi(ThreadingHTTPServer):
    """The API that AWS's runtime client lives on: gives out events one by one, and keeps what comes back."""

    daemon_threads = True

    def __init__(self, events: list[dict[str, Any]], arn: str) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeApiHandler)
        self.events = [json.dumps(event).encode() for event in events]
        self.arn = arn
        self.served = 0
        self.answers: list[tuple[bool, str]] = []
        self.finished = threading.Event()


class RuntimeApiHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:
        api = self.server
        if api.served == len(api.events):
            api.finished.set()
            return
        event, number = api.events[api.served], api.served
        api.served += 1
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", f"request-{number}")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(time.time_ns() // 1_000_000 + 3000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", api.arn)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        if self.headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["content-length"]))
        self.server.answers.append((self.path.endswith("/error"), body.decode()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


def as_aws(folder: Path, source: str, handler: str, cases: list[str], arn: str) -> list[Said]:
    """What AWS's client makes of the source: an answer for each case, or the one that it cannot start."""
    (folder / "app.py").write_text(source, encoding="utf-8")
    with RuntimeApi([{"case": case} for case in cases], arn) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        variables = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "app",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/app",
        }
        command = [sys.executable, "-m", "awslambdaric", handler]
        with subprocess.Popen(
            command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as client:
            threading.Thread(target=lambda: api.finished.wait(60) and client.kill(), daemon=True).start()
            output, _ = client.communicate(timeout=60)
        api.shutdown()
        answers = api.answers
    assert len(answers) == max(1, len(cases))
    logs = output.decode().split("CASE\n")[1:] if cases else [""]
    return [
        said(failed, at_aws(text, folder), at_aws(log, folder))
        for (failed, text), log in zip(answers, logs, strict=True)
    ]


def at_aws(text: str, folder: Path) -> str:
    """The text, with the names that files have on Lambda."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return text.replace(str(folder), "/var/task").replace(os.path.dirname(os.__file__), f"/var/lang/lib/{version}")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    folder = tmp_path_factory.mktemp("task")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:app"
    return dict(zip(CASES, as_aws(folder, APP, "app.handler", CASES, arn), strict=True))


@pytest.fixture(scope="module")
def ours() -> Iterator[dict[str, Said]]:
    with open_cloud("local") as cloud:
        deployed(cloud, APP, "app.handler")
        yield {case: invoked(cloud, case) for case in CASES}


def deployed(cloud: Cloud, source: str, handler: str) -> None:
    role = cloud.client("iam").create_role(RoleName="shop", AssumeRolePolicyDocument="{}")["Role"]
    cloud.client("lambda").create_function(
        FunctionName="app",
        Role=role["Arn"],
        Code={"ZipFile": zipped(source)},
        Runtime="python3.13",
        Handler=handler,
    )
    cloud.wait(5)


def invoked(cloud: Cloud, case: str) -> Said:
    answer = cloud.client("lambda").invoke(FunctionName="app", Payload=json.dumps({"case": case}))
    pages = cloud.client("logs").get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/app")
    events = [event["message"] for page in pages for event in page["events"]]
    mine = itertools.takewhile(lambda line: not line.startswith("END "), events[-1 - events[::-1].index("CASE") + 1 :])
    return said("FunctionError" in answer, answer["Payload"].read().decode(), "".join(f"{line}\n" for line in mine))


@pytest.mark.parametrize("case", CASES)
def test_the_same_answer_and_the_same_log(case: str, ours: dict[str, Said], theirs: dict[str, Said]) -> None:
    assert ours[case] == theirs[case]


def test_the_cases_hold_both_kinds(theirs: dict[str, Said]) -> None:
    failed = {case for case in CASES if theirs[case].failed}
    assert {"raises", "set", "circle"} <= failed and {"echo", "decimals", "tuples"} <= set(CASES) - failed


@pytest.mark.parametrize("broken", BROKEN)
def test_the_same_error_when_a_handler_cannot_be_loaded(broken: str, cloud: Cloud, tmp_path: Path) -> None:
    source, handler = BROKEN[broken]
    deployed(cloud, source, handler)
    answer = cloud.client("lambda").invoke(FunctionName="app", Payload="{}")
    (expected,) = as_aws(tmp_path, source, handler, [], "")
    assert said("FunctionError" in answer, answer["Payload"].read().decode(), "") == expected
