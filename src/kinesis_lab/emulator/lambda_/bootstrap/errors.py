"""Errors as Lambda's Python runtime reports them (facts 8.3)."""

from __future__ import annotations

from typing import Any

from .frames import Head
from .imports import standard_module, with_standard_library
from .lambda_paths import RUNTIME, LambdaPaths


class FaultException(Exception):
    """An error of the type `Runtime.…`: the handler could not be loaded, or what it takes or returns is not JSON."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


def error_document(error: BaseException, request_id: str, paths: LambdaPaths) -> Head:
    """An error as Lambda's Python runtime reports it (facts 8.3)."""
    if isinstance(error, FaultException):
        kind, trace = error.kind, error.trace
    else:
        # linecache imports tokenize when it reads its first file, from Python 3.13 on.
        kind, trace = type(error).__name__, with_standard_library(lambda: _stack(error, paths), "tokenize")
    return {
        "errorMessage": paths.text(str(error)),
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _stack(error: BaseException, paths: LambdaPaths) -> list[str]:
    """The frames from the handler on; the runtime's own only when there are no others.

    AWS leaves out the first ones of any file that is called bootstrap.py.  Further ones of the runtime are only here.
    """
    traceback: Any = standard_module("traceback")
    frames = [
        (paths.path(frame.filename), frame.lineno or 0, frame.name, frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    first = next((n for n, frame in enumerate(frames) if "/bootstrap.py" not in frame[0]), 0)
    lines: list[str] = traceback.format_list(
        [frames[first], *(frame for frame in frames[first + 1 :] if frame[0] != RUNTIME)] if frames else []
    )
    return lines
