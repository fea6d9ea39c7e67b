"""Sends mutated requests to every operation of many services, and judges the answers.

`python -m tests.hostile.requests.campaign --count 20000 --seed 0` prints what it found.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil

from kinesis_lab.cloud import Cloud, open_cloud
from kinesis_lab.emulator.validation import service_model
from kinesis_lab.emulator.wire import NotOffered, Request, Response
from tests.hostile.requests import mutations, wire_forms

SERVICES = {
    "lambda": 8,
    "kinesis": 5,
    "iam": 2,
    "sqs": 2,
    "sns": 1,
    "s3": 2,
    "dynamodb": 2,
    "cloudformation": 2,
    "logs": 1,
    "cloudwatch": 1,
    "firehose": 1,
    "apigateway": 1,
    "sts": 1,
    "events": 1,
    "secretsmanager": 1,
    "ssm": 1,
    "kms": 1,
    "stepfunctions": 1,
}
"""Services, and how often each is asked compared with others."""
BATCH = 200
"""Requests to one cloud; after them, it is probed."""
MOST_SECONDS = 2.0


@dataclass
class Found:
    """What became of the requests of a campaign."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    not_offered: int = 0
    failures: list[str] = field(default_factory=list)
    """Answers of 500 and above, exceptions, answers that took too long, probes that failed: each with its request."""
    slowest: float = 0.0
    megabytes: list[int] = field(default_factory=list)
    """Of memory that the process has after each batch."""


def requests_of(seed: int, count: int) -> Iterator[Request]:
    """Mutated requests, always the same ones for a seed."""
    chance = random.Random(seed)
    package = _package()
    services = [service for service, weight in SERVICES.items() for _ in range(weight)]
    operations = {service: _operations(service) for service in SERVICES}
    for _ in range(count):
        service = chance.choice(services)
        operation = chance.choice(operations[service])
        model = service_model(service).operation_model(operation)
        valid = wire_forms.request_of(service, operation, wire_forms.made_up(model, chance, package))
        yield mutations.mutated(valid, chance)


def _operations(service: str) -> list[str]:
    """The operations of a service; what deletes comes seldom, so that something is there for the others."""
    names = sorted(service_model(service).operation_names)
    return [name for name in names for _ in range(1 if name.startswith(("Delete", "Deregister")) else 4)]


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), "def handler(event, context):\n    return event\n")
    return buffer.getvalue()


@contextlib.contextmanager
def furnished_cloud() -> Iterator[Cloud]:
    """A cloud that has what the valid requests name."""
    with contextlib.redirect_stdout(io.StringIO()):
        opened = open_cloud("local")
    with opened as cloud:
        cloud.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
        iam = cloud.client("iam")
        iam.create_role(RoleName="shop", AssumeRolePolicyDocument=json.dumps(wire_forms.TRUST))
        iam.attach_role_policy(
            RoleName="shop", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
        )
        cloud.wait(15)
        cloud.client("kinesis").register_stream_consumer(StreamARN=wire_forms.STREAM, ConsumerName="reader")
        lambda_ = cloud.client("lambda")
        lambda_.create_function(
            FunctionName="book",
            Runtime="python3.13",
            Handler="app.handler",
            Role=wire_forms.ROLE,
            Code={"ZipFile": _package()},
        )
        cloud.wait(15)
        lambda_.create_event_source_mapping(
            FunctionName="book", EventSourceArn=wire_forms.STREAM, StartingPosition="LATEST", Enabled=False
        )
        cloud.client("sqs").create_queue(QueueName="parcels")
        cloud.client("sns").create_topic(Name="news")
        cloud.client("s3").create_bucket(Bucket="store")
        cloud.client("logs").create_log_group(logGroupName="/aws/lambda/book")
        cloud.client("dynamodb").create_table(
            TableName="shelf",
            KeySchema=[{"AttributeName": "text", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "text", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for service, operations in PROBES.items():  # imports what is imported when it is first asked for
            getattr(cloud.client(service), operations[0])()
        yield cloud


def run(seed: int, count: int) -> Found:
    """Send `count` requests, in batches with a cloud each."""
    found = Found()
    process = psutil.Process()
    requests = requests_of(seed, count)
    while found.requests < count:
        with furnished_cloud() as cloud:
            for request in _next(requests, min(BATCH, count - found.requests)):
                _send(cloud, request, found)
            _probe(cloud, found)
        found.megabytes.append(process.memory_info().rss // 2**20)
    return found


def _next(requests: Iterator[Request], count: int) -> Iterator[Request]:
    for _ in range(count):
        yield next(requests)


def _send(cloud: Cloud, request: Request, found: Found) -> None:
    found.requests += 1
    printed = io.StringIO()
    began = time.process_time()
    problem = ""
    try:
        with contextlib.redirect_stderr(printed):
            response = cloud.emulator.switchboard.call(request)
        found.statuses[response.status] += 1
        problem = _problem_of(response)
    except NotOffered:
        found.not_offered += 1
    except Exception as raised:
        problem = f"raised {raised!r}"
    took = time.process_time() - began
    found.slowest = max(found.slowest, took)
    if took > MOST_SECONDS:
        problem += f" took {took:.1f} s"
    if "Traceback" in printed.getvalue():
        problem += f"\n{printed.getvalue()[-3_000:]}"
    if problem:
        found.failures.append(f"{problem}\n{_shown(request)}")


def _problem_of(response: Response) -> str:
    if response.status >= 500:
        return f"status {response.status}: {response.body[:300]!r}"
    bad = [name for name, value in response.headers.items() if {"\r", "\n"} & set(f"{name}{value}")]
    return f"headers that go on for another line: {bad}" if bad else ""


def _shown(request: Request) -> str:
    headers = {name: value[:200] for name, value in request.headers.items()}
    return f"{request.method} {request.url[:600]} {headers} {request.body[:1_500]!r}"


PROBES: dict[str, tuple[str, ...]] = {
    "lambda": ("list_functions", "list_event_source_mappings", "list_layers"),
    "kinesis": ("list_streams",),
    "cloudformation": ("describe_stacks", "list_stacks"),
    "iam": ("list_roles", "list_users", "list_groups", "list_policies", "get_account_authorization_details"),
    "sqs": ("list_queues",),
    "sns": ("list_topics", "list_subscriptions"),
    "s3": ("list_buckets",),
    "dynamodb": ("list_tables", "list_backups"),
    "logs": ("describe_log_groups", "describe_metric_filters"),
    "cloudwatch": ("list_metrics", "describe_alarms", "list_dashboards"),
    "firehose": ("list_delivery_streams",),
    "apigateway": ("get_rest_apis", "get_api_keys", "get_usage_plans"),
    "events": ("list_rules", "list_event_buses"),
    "secretsmanager": ("list_secrets",),
    "ssm": ("list_documents",),  # moto lists parameters no more when a version of a missing one was labelled
    "kms": ("list_keys", "list_aliases"),
    "stepfunctions": ("list_state_machines", "list_activities"),
    "sts": ("get_caller_identity",),
}
"""Ordinary requests, which whatever was asked before may not make fail."""


def _probe(cloud: Cloud, found: Found) -> None:
    for service, operations in PROBES.items():
        client: Any = cloud.client(service)
        for operation in operations:
            printed = io.StringIO()
            try:
                with contextlib.redirect_stderr(printed):
                    getattr(client, operation)()
            except Exception as raised:
                found.failures.append(f"probe {service}.{operation} raised {raised!r}\n{printed.getvalue()[-3_000:]}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=2_000)
    arguments.add_argument("--seed", type=int, default=0)
    asked = arguments.parse_args()
    found = run(asked.seed, asked.count)
    for failure in found.failures:
        print(f"---\n{failure}")
    print(
        f"{found.requests} requests, statuses {dict(sorted(found.statuses.items()))}, {found.not_offered} not offered, "
        f"{len(found.failures)} failures, slowest {found.slowest:.2f} s, memory {found.megabytes[:3]} … "
        f"{found.megabytes[-3:]} MiB"
    )


if __name__ == "__main__":
    main()
