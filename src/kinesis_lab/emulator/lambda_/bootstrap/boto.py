"""boto3 inside the process: its requests go to the local connection."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .connection import Connection


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


class Body(io.BytesIO):
    """A response body as urllib3 would hand it out."""

    def stream(self, **_options: Any) -> Any:
        """The whole body in one piece."""
        yield self.read()
