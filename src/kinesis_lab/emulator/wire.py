"""The messages between an AWS client and the local cloud: requests, responses, errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

Document = dict[str, Any]
"""A JSON object, as most requests and responses carry one."""

ACCOUNT = "123456789012"
"""The account in which everything local lives: the example account of the AWS documentation."""

REGION = "us-east-1"
"""The Region of clients that name no other."""

_RAISED_BY_TEST = "_kinesis_lab_raised_by_test"
"""The attribute of an error of a test's own code."""

LATENCY = 0.010
"""Virtual seconds that every call takes: our choice, so that loops meet real limits."""


class Request(NamedTuple):
    """A signed HTTP request as botocore would send it."""

    method: str
    url: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    lineage: tuple[str, ...] = ()
    """Of what a function asks: the ARNs of the functions that were invoked one by the other, this one last."""

    @property
    def scope(self) -> tuple[str, str]:
        """Region and service, out of the signature's credential scope; empty when unsigned."""
        parts = self.headers.get("authorization", "").partition("Credential=")[2].split("/", 4)
        return (parts[2], parts[3]) if len(parts) == 5 else ("", "")


class Response(NamedTuple):
    """The answer to a request."""

    status: int
    headers: dict[str, str]
    body: bytes
    """All of it, or its first chunk if there is a `next_chunk`."""
    next_chunk: Callable[[], Generator[Any, Any, bytes | None]] | None = None
    """Of a response that goes on as time passes: steps on the clock that return the next chunk, None at the end."""


class AwsError(Exception):
    """An error that AWS would answer with: its code, its message, and the HTTP status.

    Two of them are equal if all three are.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message, status)  # all of them, for pickle makes an exception of its arguments
        self.code = code
        self.message = message
        self.status = status

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AwsError) and self.args == other.args

    def __hash__(self) -> int:
        return hash(self.args)

    def __str__(self) -> str:
        """Code and message, as a traceback shows them."""
        return f"{self.code}: {self.message}"


class NotOffered(Exception):
    """The local cloud has no such service or operation, and does not pass the call on to AWS."""


@contextmanager
def code_of_a_test() -> Iterator[None]:
    """Around what a test has put into the simulation: its errors are the test's own, and are raised to it."""
    try:
        yield
    except Exception as fault:
        vars(fault)[_RAISED_BY_TEST] = True
        raise


def raised_by_test(fault: BaseException | None) -> bool:
    """Whether a test's own code has raised this, or what caused it: SimPy hands on copies, each caused by the last."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:  # what is raised again and again may be its own cause
        if _RAISED_BY_TEST in vars(fault):
            return True
        seen.add(id(fault))
        fault = fault.__cause__
    return False


def json_response(document: Document | None, *, request_id: str, status: int = 200, **headers: str) -> Response:
    """A response with a JSON body, an empty one for None; `headers` are added to those that every response has."""
    body = b"" if document is None else json.dumps(document, separators=(",", ":")).encode()
    return Response(status, {"content-type": "application/json", "x-amzn-requestid": request_id, **headers}, body)


def refusal(request: Request, status: int, code: str, message: str) -> Response:
    """An error in the form that clients of the request's service read: JSON, or XML for S3 and the query protocol."""
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    if request.scope[1] == "s3":
        return Response(status, {"content-type": "application/xml"}, error.encode())
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return Response(status, {"content-type": "text/xml"}, f"<ErrorResponse>{error}</ErrorResponse>".encode())
    body = json.dumps({"__type": code, "message": message})
    return Response(status, {"content-type": "application/json", "x-amzn-errortype": code}, body.encode())
