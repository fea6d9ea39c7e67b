"""Answers every request of botocore in this process while a local cloud is open: none goes out.

It does not matter when a client was made, nor for which credentials, profile, Region or endpoint.  A client that was
made while a cloud was open never reaches the network, not even afterwards.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partialmethod
from typing import Any, NoReturn

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint import Endpoint, EndpointCreator

from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.switchboard import Switchboard
from kinesis_lab.emulator.wire import Request


def attach(patches: Patches, switchboard: Switchboard) -> None:
    """Let `switchboard` answer where botocore would go to the network, until `patches` are closed."""

    def send(_endpoint: Endpoint, request: AWSPreparedRequest) -> AWSResponse:
        return _answer(switchboard, request)

    create_endpoint = partialmethod(EndpointCreator.create_endpoint, http_session_cls=_NoNetwork)
    patches.attribute(EndpointCreator, "create_endpoint", create_endpoint)
    patches.attribute(Endpoint, "_send", send)


def _answer(switchboard: Switchboard, request: AWSPreparedRequest) -> AWSResponse:
    response = switchboard.call(
        Request(
            request.method,
            request.url,
            {_text(name).lower(): _text(value) for name, value in request.headers.items()},
            _bytes(request.body),
        )
    )
    rest = switchboard.further_chunks(response) if response.next_chunk else iter(())  # a body may outlive its cloud
    body = _Body(response.body, rest)
    return AWSResponse(request.url, response.status, response.headers, body)


class _NoNetwork:
    """The connection of a client that was made while a cloud was open: it is asked for only when none is any more."""

    def __init__(self, **_options: Any) -> None:
        pass

    def send(self, request: AWSPreparedRequest) -> NoReturn:
        raise RuntimeError(f"the local cloud of this client is closed, and it never calls {request.url}")

    def close(self) -> None:
        pass


class _Body(io.BytesIO):
    """A response body as urllib3 would hand it out."""

    def __init__(self, body: bytes, rest: Iterator[bytes]) -> None:
        super().__init__(body)
        self._rest = rest

    def stream(self, **_options: Any) -> Iterator[bytes]:
        yield self.read()
        yield from self._rest


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)
