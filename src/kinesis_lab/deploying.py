"""From handler files to a function that is fed by a stream, and back: packages, roles, functions, mappings.

Everything here is plain boto3 through the clients of a `Cloud`: it works on AWS, too.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.lambda_.mapping.destinations import destination_of

RUNTIME = "python3.13"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a package: the earliest that zip files know, so that the same files give the same bytes."""

READING = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
"""What AWS advises; what the emulator insists on is in `mapping/source.py` (facts 9)."""
LOGGING = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
"""What a role needs to read a stream and to log (facts 9)."""


# Packages


Files = Mapping[str, str | Path]
"""What a package brings along besides code: files and folders, by their place in the package."""


def package(code: str | Path, *, libraries: Iterable[str] = (), files: Files | None = None) -> bytes:
    """A deployment package: a handler file, or all files of a folder, and installed packages and files to bring along.

    The same files give the same bytes, wherever and whenever they are packed: Lambda sees that nothing has changed.
    Raises FileNotFoundError for code, and ModuleNotFoundError for a library, that is not there.
    """
    code = _there(code)
    packed = {code.name: code} if code.is_file() else dict(_files(code, code))
    for name in libraries:
        packed |= _library(name)
    for place, path in (files or {}).items():
        found = _there(path)
        packed |= (
            {place: found} if found.is_file() else {f"{place}/{name}": file for name, file in _files(found, found)}
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(packed):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, packed[name].read_bytes())
    return buffer.getvalue()


def _there(path: str | Path) -> Path:
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    return Path(path)


def _files(folder: Path, root: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path


def _library(name: str) -> dict[str, Path]:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"there is no installed package {name}")
    origin = Path(found.origin)
    if found.submodule_search_locations:
        return dict(_files(origin.parent, origin.parent.parent))
    return {origin.name: origin}


# Roles


def role_policy(stream_arn: str, destination_arn: str | None = None) -> dict[str, Any]:
    """The least that a function's role must allow: read this stream, log, report to this destination.

    Raises ValueError for a destination that is no queue, topic or bucket.
    """
    statements = [
        {"Effect": "Allow", "Action": list(READING), "Resource": stream_arn},
        {"Effect": "Allow", "Action": list(LOGGING), "Resource": "arn:aws:logs:*:*:*"},
    ]
    if destination_arn:
        destination = destination_of(destination_arn)
        resource = destination.resource(destination_arn, "*")
        statements.append({"Effect": "Allow", "Action": destination.action, "Resource": resource})
    return {"Version": "2012-10-17", "Statement": statements}


def trust_policy() -> dict[str, Any]:
    """Who may take on the role: Lambda."""
    principal = {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


# Functions with their mapping


@dataclass(frozen=True)
class Deployment:
    """A function that a stream feeds."""

    name: str
    """Of the function; its role is called the same."""
    stream_arn: str
    mapping: str
    """The UUID of the mapping."""


def deploy(
    cloud: Cloud,
    name: str,
    code: str | Path,
    stream: str,
    *,
    handler: str = "",
    libraries: Iterable[str] = (),
    files: Files | None = None,
    timeout: int = 30,
    memory: int = 128,
    environment: dict[str, str] | None = None,
    statements: Iterable[dict[str, Any]] = (),
    **mapping: Any,
) -> Deployment:
    """Deploy a handler, map the stream to it, and wait until records flow.

    `stream`: its name; `handler`: as Lambda takes it, by default the function `handler` in the file `code`;
    `libraries`, `files`: what the package brings along;
    `statements`: what the role allows besides reading the stream, logging and reporting to the mapping's destination;
    `mapping`: settings of the event source mapping, with StartingPosition TRIM_HORIZON unless given.
    """
    summary = cloud.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    arn = summary["StreamARN"]
    destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    deploy_function(
        cloud,
        name,
        code,
        handler=handler,
        libraries=libraries,
        files=files,
        timeout=timeout,
        memory=memory,
        environment=environment,
        statements=[*role_policy(arn, destination)["Statement"], *statements],
    )
    lambda_ = cloud.client("lambda")
    settings = {"StartingPosition": "TRIM_HORIZON", **mapping}
    uuid = lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName=name, **settings)["UUID"]
    wait_until_enabled(cloud, uuid)
    return Deployment(name, arn, uuid)


def deploy_function(
    cloud: Cloud,
    name: str,
    code: str | Path,
    *,
    handler: str = "",
    libraries: Iterable[str] = (),
    files: Files | None = None,
    timeout: int = 30,
    memory: int = 128,
    environment: dict[str, str] | None = None,
    statements: Iterable[dict[str, Any]] = (),
) -> str:
    """Deploy a function with a role of its own, which allows these statements, and wait until it is there; its ARN."""
    iam, lambda_ = cloud.client("iam"), cloud.client("lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust_policy()))["Role"]
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    cloud.wait(10)  # on AWS, a new role takes a few seconds to be known everywhere
    created = lambda_.create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Handler=handler or f"{Path(code).stem}.handler",
        Role=role["Arn"],
        Code={"ZipFile": package(code, libraries=libraries, files=files)},
        Timeout=timeout,
        MemorySize=memory,
        Environment={"Variables": environment or {}},
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    return str(created["FunctionArn"])


def wait_until_enabled(cloud: Cloud, uuid: str, *, timeout: float = 300.0) -> None:
    """Wait until a mapping is Enabled; raises TookTooLong."""
    lambda_ = cloud.client("lambda")
    cloud.wait_until(
        lambda: lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Enabled", timeout=timeout, every=2.0
    )


def update_code(
    cloud: Cloud, name: str, code: str | Path, *, libraries: Iterable[str] = (), files: Files | None = None
) -> None:
    """Give a function new code, and wait until it is in force."""
    lambda_ = cloud.client("lambda")
    lambda_.update_function_code(FunctionName=name, ZipFile=package(code, libraries=libraries, files=files))
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)


def tear_down(cloud: Cloud, deployment: Deployment) -> None:
    """Delete mapping, function, log group and role, in the reverse order of their making.  The stream stays."""
    iam, lambda_, logs = cloud.client("iam"), cloud.client("lambda"), cloud.client("logs")
    lambda_.delete_event_source_mapping(UUID=deployment.mapping)
    lambda_.delete_function(FunctionName=deployment.name)
    with contextlib.suppress(logs.exceptions.ResourceNotFoundException):  # it never ran
        logs.delete_log_group(logGroupName=f"/aws/lambda/{deployment.name}")
    iam.delete_role_policy(RoleName=deployment.name, PolicyName=deployment.name)
    iam.delete_role(RoleName=deployment.name)
