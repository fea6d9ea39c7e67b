"""boto3 inside the process: its requests go to the local connection."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from .connection import Connection

MOST_RESIDENT = 64 * 1024**2
"""Bytes of memory from which on no more descriptions are loaded ahead: the smallest function has 128 MB."""


def forward_boto(connection: Connection) -> Callable[[ModuleType], None]:
    """Send every request of botocore to the local cloud: none can leave the process another way."""

    def forward(request: Any, **_event: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        headers = {
            str(name).lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        head, answer = connection.ask(
            {"kind": "call", "method": str(request.method), "url": str(request.url), "headers": headers},
            body.encode() if isinstance(body, str) else bytes(body),
        )
        if "refused" in head:
            raise RuntimeError(head["refused"])
        return AWSResponse(request.url, head["status"], head["headers"], Body(answer))

    return lambda module: module.BUILTIN_HANDLERS.insert(0, ("before-send", forward))


def load_descriptions() -> Callable[[Iterable[str]], None]:
    """Import boto3; returns what loads its descriptions of services, for all sessions that begin later.

    A session's loader reads files of JSON and remembers what is in them: every later one begins with that memory, if it
    looks in the same folders.  As it counts as memory of every function, there is a limit to it.
    """
    import boto3
    from botocore.loaders import Loader

    session = boto3.Session(region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local")
    loaded, folders = session._loader._cache, Loader().search_paths
    begin = Loader.__init__

    def __init__(self: Any, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        if self.search_paths == folders:
            self._cache.update(loaded)

    Loader.__init__ = __init__
    clients, resources = set(session.get_available_services()), set(session.get_available_resources())

    def load(services: Iterable[str]) -> None:
        for made, make in ((clients, session.client), (resources, session.resource)):
            for service in sorted(made.intersection(services)):
                if _resident_bytes() < MOST_RESIDENT:
                    made.discard(service)
                    make(service)

    return load


def _resident_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Body(io.BytesIO):
    """A response body as urllib3 would hand it out."""

    def stream(self, **_options: Any) -> Any:
        """The whole body in one piece."""
        yield self.read()
