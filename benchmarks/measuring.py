"""Short ways to time things and to hold them against a bar."""

from __future__ import annotations

import io
import statistics
import time
import zipfile
from collections.abc import Callable
from typing import Any

from kinesis_lab.cloud import Cloud

STREAM = "bench"
STREAM_ARN = f"arn:aws:kinesis:us-east-1:123456789012:stream/{STREAM}"


class Bars:
    """Prints measurements beside the bars that they must meet, and remembers whether all did."""

    def __init__(self, title: str) -> None:
        """Start a table."""
        self.missed = 0
        print(f"\n{title}")

    def at_least(self, what: str, value: float, bar: float, unit: str) -> None:
        """More is better."""
        self._row(what, value, f"at least {bar:,g} {unit}", value >= bar, unit)

    def at_most(self, what: str, value: float, bar: float, unit: str) -> None:
        """Less is better."""
        self._row(what, value, f"at most {bar:,g} {unit}", value <= bar, unit)

    def info(self, what: str, value: float, unit: str) -> None:
        """No bar: to compare with."""
        print(f"  {what:<62} {_shown(value):>10} {unit}")

    def _row(self, what: str, value: float, bar: str, met: bool, unit: str) -> None:
        self.missed += not met
        print(f"  {what:<62} {_shown(value):>10} {unit:<10} {'✓' if met else '✗ NOT MET'}  {bar}")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def seconds(action: Callable[[], Any]) -> float:
    """How long `action` takes, in real seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def median_seconds(action: Callable[[], Any], times: int) -> float:
    """The median of several runs."""
    return statistics.median(seconds(action) for _ in range(times))


def zipped(source: str) -> bytes:
    """A deployment package with `source` as app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", source)
    return buffer.getvalue()


def deploy(cloud: Cloud, source: str, name: str = "bench") -> None:
    """A function that is ready to be invoked."""
    iam = cloud.client("iam")
    role = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    iam.attach_role_policy(RoleName=f"{name}-role", PolicyArn=policy)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped(source)},
    )
    cloud.wait(5)


def entries(count: int, size: int = 200) -> list[dict[str, Any]]:
    """Records for PutRecords, each with a key of its own."""
    return [{"Data": b"x" * size, "PartitionKey": f"key-{i}"} for i in range(count)]


def put(client: Any, total: int) -> None:
    """Put `total` records of 200 bytes, 500 a call."""
    batch = entries(500)
    for _ in range(total // 500):
        client.put_records(StreamName=STREAM, Records=batch)
