"""A process that is forked is as one that was started: nothing that a handler can see tells the one from the other."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from kinesis_lab.emulator.lambda_ import launchers
from kinesis_lab.testing import fresh_cloud
from tests.conftest import Invoked, execution_role, zipped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no forks here")

SEEN = """
import sys
before = sorted(sys.modules)
import os, resource, signal, time
import {modules}
import datetime, logging, random, uuid

logging.getLogger().setLevel("INFO")

def handler(event, context):
    logging.info("%s", event)
    record = logging.LogRecord("a", 20, "b", 1, "c", (), None)
    return {{
        "variables": sorted(os.environ.items()),
        "variables as others see them": sorted(filter(None, open("/proc/self/environ").read().split("\\0"))),
        "arguments": sys.argv,
        "flags": str(sys.flags),
        "path": sys.path,
        "main": [sys.modules["__main__"].__file__, sys.modules["__main__"].__name__],
        "descriptors": sorted(os.readlink(f"/proc/self/fd/{{fd}}")[:5] for fd in os.listdir("/proc/self/fd")[:-1]),
        "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "limits": [resource.getrlimit(limit) for limit in range(16)],
        "session": os.getsid(0) == os.getpid() == os.getpgid(0),
        "folder": os.getcwd(),
        "streams": [str(stream).partition(" mode")[2] for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "umask": os.umask(0o22),
        "encodings": [sys.getfilesystemencoding(), sys.stdout.encoding, sys.getdefaultencoding()],
        "sets": str({{"a", "b", "c", "d"}}),
        "chance": [random.random(), str(uuid.uuid4()), os.urandom(3).hex(), random.SystemRandom().random()],
        "time": [time.time_ns(), str(datetime.datetime.now()), round(record.relativeCreated, 2), time.tzname],
        "threads": len(os.listdir("/proc/self/task")),
        "nice": os.nice(0),
        "without being imported": [name for name in event if name in before],
        "own file": __file__,
        "recursion": sys.getrecursionlimit(),
        "meta path": [type(finder).__name__ for finder in sys.meta_path],
    }}
"""
UNSEEN = ["ctypes", "resource", "select", "_socket", "fcntl", "bootstrap", "logging", "random", "hashlib"]


def answers(source: str, *, forks: bool, monkeypatch: Any, files: dict[str, str] | None = None, **settings: Any) -> Any:
    """Two answers of a function's first environment, after another function, and its log."""
    monkeypatch.setattr(launchers, "TEMPLATES", forks)
    with fresh_cloud() as cloud:
        lambda_, role = cloud.client("lambda"), execution_role(cloud)
        code = {"before": zipped(source), "app": zipped(source, **(files or {}))}
        for name, content in code.items():
            lambda_.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Handler="app.handler",
                Role=role,
                Code={"ZipFile": content},
                **settings,
            )
        cloud.wait(5)
        found = [Invoked(lambda_.invoke(FunctionName=name, Payload="[]")) for name in ("before", "app", "app")]
        log = [
            event["message"]
            for event in cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/app")["events"]
        ]
        return [answer.result for answer in found], [line for line in log if not line.startswith("REPORT")]


@pytest.mark.parametrize("modules", ["json, base64, decimal", "boto3; boto3.client('dynamodb'); boto3.resource('s3')"])
def test_nothing_tells_a_fork_from_a_start(modules, monkeypatch):
    source = SEEN.format(modules=modules)
    forked, started = (answers(source, forks=forks, monkeypatch=monkeypatch) for forks in (True, False))
    assert forked == started
    assert "\x00" not in str(forked)


def test_no_module_is_there_that_was_imported_for_the_launcher_alone(monkeypatch):
    source = SEEN.format(modules="json").replace("in event", f"in {UNSEEN}")
    [_, answer, _], _ = answers(source, forks=True, monkeypatch=monkeypatch)
    assert answer["without being imported"] == []


@pytest.mark.parametrize("name", ["boto3", "json", "decimal", "jmespath", "logging", "struct", "bootstrap", "hashlib"])
def test_what_a_package_brings_along_is_what_it_imports(monkeypatch, name):
    source = f"""
        import {name}, boto3, base64, os
        os.urandom(1)
        def handler(event, context): return [{name}.__file__, boto3.__file__, base64.__file__]
    """
    files = {f"{name}.py": "mine = 1"}
    forked, started = (answers(source, forks=forks, monkeypatch=monkeypatch, files=files) for forks in (True, False))
    assert forked == started


@pytest.mark.parametrize("variables", [{"PYTHONOPTIMIZE": "1"}, {"HOME": "/tmp"}, {"X" * 99: "x" * 3000}])
def test_variables_that_are_read_at_the_start_are_heeded(monkeypatch, variables):
    source = """
        import boto3, os, sys
        def handler(event, context): return [sys.flags.optimize, os.path.expanduser("~"), dict(os.environ)]
    """
    both = [
        answers(source, forks=forks, monkeypatch=monkeypatch, Environment={"Variables": variables})
        for forks in (True, False)
    ]
    assert both[0] == both[1]


def test_functions_see_nothing_of_each_other(monkeypatch):
    source = """
        import boto3, botocore.session, json, sys
        def handler(event, context):
            seen = getattr(json, "secret", None), boto3.DEFAULT_SESSION is None, sys.modules.get("mine")
            json.secret = sys.modules["mine"] = "secret"
            boto3.client("sqs").meta.service_model._service_description["secret"] = "secret"
            boto3.setup_default_session()
            found = botocore.session.Session().get_service_model("sqs")._service_description.get("secret")
            return [*seen, found]
    """
    [before, first, _], _ = answers(source, forks=True, monkeypatch=monkeypatch)
    assert before[:3] == first[:3] == [None, True, None]


def test_a_service_that_there_is_not_is_nothing_to_load(monkeypatch):
    source = "import boto3\ndef handler(e, c): return boto3.client('nothing') if e else 1"
    assert answers(source, forks=True, monkeypatch=monkeypatch)[0] == [1, 1, 1]


def test_what_others_use_leaves_a_function_its_memory(monkeypatch):
    names = ["ec2", "s3", "rds", "iam", "sagemaker", "dynamodb", "glue", "quicksight", "ssm", "cloudfront"]
    many = "\n".join(f"if 0: boto3.client({name!r})" for name in names)
    source = f"""
import boto3
{many}
def handler(event, context):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
"""
    [_, megabytes, _], _ = answers(source, forks=True, monkeypatch=monkeypatch)
    assert megabytes < 90
