"""The door: `open_cloud()` gives a cloud, and with it boto3 clients, time, and the flight recorder.

Three clouds stand behind the same door: `local` (the emulator in this process, virtual time), `endpoint` (any
AWS-compatible endpoint) and `aws` (your own account).  Code that uses them is the same for all three.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.loaders import Loader, create_loader

if TYPE_CHECKING:
    from kinesis_lab.emulator.local import LocalCloud
    from kinesis_lab.emulator.recorder import FlightRecorder

BACKENDS = ("local", "endpoint", "aws")

Answer = TypeVar("Answer")


class CloudError(Exception):
    """A cloud cannot be opened, is closed, or lacks what was asked for; the message says what to do."""


class TookTooLong(CloudError):
    """`wait_until` gave up."""


class Cloud:
    """An open cloud.  Use `open_cloud` to make one."""

    def __init__(
        self,
        backend: str,
        session: boto3.Session,
        where: str,
        *,
        local: LocalCloud | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        """`where` says in one line what this cloud is; `local` is the emulator if it is behind."""
        self.backend = backend
        self.session = session
        self._where = where
        self._local = local
        self._endpoint_url = endpoint_url

    def client(self, service: str, **arguments: Any) -> Any:
        """An ordinary boto3 client; `arguments` are those of `boto3.client`."""
        return self.session.client(service, **self._directed(arguments))

    def resource(self, service: str, **arguments: Any) -> Any:
        """An ordinary boto3 resource; `arguments` are those of `boto3.resource`."""
        return self.session.resource(service, **self._directed(arguments))

    def api_url(self, api_id: str, stage: str) -> str:
        """Where a REST API of API Gateway answers; its paths come behind it.

        On AWS every API has a host name.  Elsewhere there is none, and id and stage are part of the path.
        """
        if self.backend == "aws":
            return f"https://{api_id}.execute-api.{self.session.region_name}.amazonaws.com/{stage}"
        self._check_open()
        address = self._local.address() if self._local else str(self._endpoint_url)
        return f"{address}/restapis/{api_id}/{stage}/_user_request_"

    def now(self) -> datetime:
        """The present instant in UTC: the cloud's, which is virtual when the cloud is local."""
        return self._local.clock.datetime if self._local else datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass: at once when local, really otherwise."""
        self._check_open()
        if self._local:
            self._local.clock.advance(seconds)
        else:
            time.sleep(seconds)

    def wait_until(self, condition: Callable[[], Answer], *, timeout: float = 60.0, every: float = 1.0) -> Answer:
        """Ask `condition` every `every` seconds until its answer is true; return that answer.

        Raises TookTooLong after `timeout` seconds.
        """
        deadline = self.now().timestamp() + timeout
        while not (answer := condition()):
            if self.now().timestamp() + every > deadline:
                raise TookTooLong(f"{timeout:g} seconds have passed and the condition is still not met")
            self.wait(every)
        return answer

    @property
    def recorder(self) -> FlightRecorder:
        """The flight recorder: what happened inside, which only the local cloud can tell."""
        if self._local is None:
            raise CloudError(f"there is no flight recorder in the {self.backend} cloud: it sees inside the local one")
        return self._local.recorder

    @property
    def emulator(self) -> LocalCloud:
        """What stands behind the local cloud, for tests that reach inside; it is no part of AWS."""
        if self._local is None:
            raise CloudError(f"there is no emulator behind the {self.backend} cloud, only behind the local one")
        return self._local

    def close(self) -> None:
        """Leave the cloud.  A local one stops and forgets everything; in others, what you made stays."""
        if self._local:
            self._local.close()

    def __enter__(self) -> Self:
        """The cloud itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Where you are, in one line."""
        return self._where

    def _check_open(self) -> None:
        if self._local and self._local.closed:
            raise CloudError("this local cloud is closed: open another one")

    def _directed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._check_open()
        return {"endpoint_url": self._endpoint_url, **arguments} if self._endpoint_url else arguments


def open_cloud(
    backend: str | None = None,
    *,
    speed: float | None = None,
    limits: bool = True,
    seed: int = 0,
    endpoint_url: str | None = None,
    yes: str | None = None,
) -> Cloud:
    """Open a cloud and say where you are.

    backend: "local", "endpoint" or "aws"; if not given, the environment variable WORKBOOK_BACKEND, else local.
    speed: local only; virtual seconds per real second (60: a minute a second).  None: nothing is waited for.
    limits: local only; False lets records in and out of Kinesis however fast they come, as AWS would not.
    seed: local only; where its ids come from.
    endpoint_url: endpoint only; if not given, AWS_ENDPOINT_URL.
    yes: aws only; the number of the account that you agree to use and to pay for.

    Raises CloudError when the door cannot be opened.
    """
    chosen = backend or os.environ.get("WORKBOOK_BACKEND") or "local"
    if chosen not in BACKENDS:
        source = "backend" if backend else "WORKBOOK_BACKEND"
        raise CloudError(f"{source} is {chosen!r}; it can be one of: {', '.join(BACKENDS)}")
    for name, value, owner in (
        ("speed", speed, "local"),
        ("endpoint_url", endpoint_url, "endpoint"),
        ("yes", yes, "aws"),
    ):
        if value is not None and chosen != owner:
            raise CloudError(f"{name} is for the {owner} cloud, and this one is {chosen}")
    if chosen == "local":
        cloud = _open_local(speed, limits, seed)
    elif chosen == "endpoint":
        cloud = _open_endpoint(endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))
    else:
        cloud = _open_aws(yes)
    print(cloud)
    return cloud


def _open_local(speed: float | None, limits: bool, seed: int) -> Cloud:
    from kinesis_lab.emulator.clock import START
    from kinesis_lab.emulator.local import LocalCloud  # moto is slow to import: only when it is wanted
    from kinesis_lab.emulator.wire import REGION

    local = LocalCloud(seed=seed, speed=speed, limits=limits)
    pace = f"{speed:g} seconds pass in one" if speed else "virtual time"
    pace += "" if limits else ", no limits"
    where = f"Local cloud in {REGION}: nothing leaves this machine; {pace}, from {START:%A %Y-%m-%d %H:%M} UTC."
    return Cloud("local", _local_session(REGION), where, local=local)


def _local_session(region: str) -> boto3.Session:
    """A session that knows AWS's services from the one before: to read their descriptions takes long."""
    core = botocore.session.Session()
    core.register_component("data_loader", _descriptions())
    session = boto3.Session(botocore_session=core, region_name=region)
    paths = _descriptions().search_paths
    paths[:] = dict.fromkeys(paths)  # each session adds boto3's own
    return session


@cache
def _descriptions() -> Loader:
    return create_loader()


def _open_endpoint(url: str | None) -> Cloud:
    if not url:
        raise CloudError("the endpoint cloud needs an address: pass endpoint_url or set AWS_ENDPOINT_URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CloudError(f"endpoint_url is {url!r}; it should look like http://127.0.0.1:4566")
    session = boto3.Session()
    if session.get_credentials() is None:
        session = boto3.Session("local", "local", region_name=session.region_name)
    if session.region_name is None:
        raise CloudError("no Region is set: set AWS_DEFAULT_REGION, for instance to us-east-1")
    where = f"Cloud at {url} in {session.region_name}; real time."
    return Cloud("endpoint", session, where, endpoint_url=url)


def _open_aws(yes: str | None) -> Cloud:
    session = boto3.Session()
    if session.region_name is None:
        raise CloudError("no Region is set: set AWS_DEFAULT_REGION, for instance to us-east-1")
    if session.get_credentials() is None:
        raise CloudError("no AWS credentials were found: configure them as for the AWS command line")
    account = session.client("sts").get_caller_identity()["Account"]
    if yes != account:
        raise CloudError(
            f"this would use the AWS account {account} and cost money; to agree, call "
            f'open_cloud("aws", yes="{account}")'
        )
    return Cloud("aws", session, f"AWS account {account} in {session.region_name}: real time, real money.")
