"""What most tests need: an open local cloud, and short ways to put streams and functions into it."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from kinesis_lab.cloud import Cloud
from tests.examples import THOROUGH, USUAL

settings.register_profile("untimed", max_examples=USUAL, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("untimed"), max_examples=THOROUGH)
settings.load_profile("untimed")  # a slow machine is no failure

pytest_plugins = ["kinesis_lab.testing.plugin"]  # known from the environment already, if that was set up from here

ROLE = "arn:aws:iam::123456789012:role/shop"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before any test is imported, which is when its examples are counted."""
    if config.getoption("--thorough"):
        settings.load_profile("thorough")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: a worker runs a file to its end, and nobody likes to wait for the last."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _launchers_are_kept(kept_launchers: None) -> None:
    """For tests, too, that open a cloud by themselves."""


@pytest.fixture
def cloud(local_cloud: Cloud) -> Cloud:
    """The plugin's cloud, for short."""
    return local_cloud


@pytest.fixture
def kinesis(cloud: Cloud) -> Any:
    return cloud.client("kinesis")


@pytest.fixture
def lambda_(cloud: Cloud) -> Any:
    return cloud.client("lambda")


def zipped(source: str, **files: str) -> bytes:
    """A zip with `source` as app.py, and other files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def execution_role(cloud: Cloud, name: str = "shop", policy: str = "AWSLambdaKinesisExecutionRole") -> str:
    """The ARN of a new role that may read streams and write logs."""
    iam = cloud.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
    arn: str = role["Arn"]
    return arn


@pytest.fixture
def deploy(cloud: Cloud, lambda_: Any) -> Callable[..., str]:
    """Deploys app.handler from source and returns the function's ARN."""
    role = execution_role(cloud)

    def deploy(source: str, name: str = "app", **settings: Any) -> str:
        function = lambda_.create_function(
            FunctionName=name,
            Role=role,
            Code={"ZipFile": zipped(source)},
            **{"Runtime": "python3.13", "Handler": "app.handler", **settings},
        )
        cloud.wait(5)
        arn: str = function["FunctionArn"]
        return arn

    return deploy


@pytest.fixture
def stream(cloud: Cloud, kinesis: Any) -> Callable[..., str]:
    """Creates an active stream and returns its ARN."""

    def stream(name: str = "orders", shards: int = 1) -> str:
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        kinesis.get_waiter("stream_exists").wait(StreamName=name)
        summary = kinesis.describe_stream_summary(StreamName=name)
        arn: str = summary["StreamDescriptionSummary"]["StreamARN"]
        return arn

    return stream


class Invoked:
    """The answer of an invocation, unpacked."""

    def __init__(self, response: dict[str, Any]) -> None:
        self.error = response.get("FunctionError")
        self.text = response["Payload"].read().decode()
        self.status = response["StatusCode"]
        self.request_id = response["ResponseMetadata"]["RequestId"]

    @property
    def result(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def invoke(lambda_: Any) -> Callable[..., Invoked]:
    """Invokes a function synchronously with a JSON event."""

    def invoke(event: Any = None, name: str = "app", **arguments: Any) -> Invoked:
        return Invoked(lambda_.invoke(FunctionName=name, Payload=json.dumps(event), **arguments))

    return invoke


@pytest.fixture
def log_lines(cloud: Cloud) -> Callable[..., list[str]]:
    """What a function has logged, oldest first."""

    def log_lines(name: str = "app") -> list[str]:
        logs = cloud.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        return [event["message"] for page in pages for event in page["events"]]

    return log_lines
