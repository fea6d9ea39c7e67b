"""What a hostile case is: a handler or a package, how it is tried, and what AWS would answer."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

Ending = Literal["close", "kill"]
"""How the notebook ends: its cloud is closed, or the notebook is killed with -9."""

BEHAVES = """
import os as _os

def _is_hostile(event):
    if isinstance(event, dict) and "Records" in event:
        return any(record["kinesis"]["data"] == "aG9zdGlsZQ==" for record in event["Records"])
    return event["do"] == "hostile"

def handler(event, context):
    if _is_hostile(event):
        return hostile(event, context)
    if "Records" in event:
        return None
    event.pop("padding")
    return {"event": event, "pid": _os.getpid(), "environment": context.log_stream_name}
"""
"""Behind the source of every handler: it is hostile when it is asked to be, and otherwise says who it is."""


@dataclass(frozen=True)
class Answer:
    """What an invocation answers: a result, or an error in the words of facts 8.3."""

    result: Any = None
    error: str = ""
    """The errorType, as a regular expression; without one, `result` is what is expected."""
    message: str = ".*"
    """The errorMessage, as a regular expression for all of it."""
    logged: tuple[str, ...] = ()
    """Regular expressions: each is found in some event of the log."""
    any: bool = False
    """Whatever comes is right, as AWS's answer is not known or hangs on the machine; it has to come, though."""


@dataclass(frozen=True)
class Case:
    """A handler, how it is invoked, and what is expected."""

    name: str
    source: str
    """Has a function `hostile(event, context)`, or is hostile when it is imported (`at_init`)."""
    answer: Answer = Answer()
    through: Literal["invoke", "mapping"] = "invoke"
    at_init: bool = False
    """The module itself is hostile, so that no invocation is right until the code is mended."""
    fresh: bool | None = False
    """Whether the next invocation has a new process; None where both are right."""
    attempts: int = 2
    """Of a mapping that retries once: how often the handler is given the record."""
    next_fails: str = ""
    """The errorType of the one invocation after it, where AWS's runtime is broken by such a handler as well."""
    rounds: int = 3
    """How many invocations follow."""
    padding: int = 0
    """Bytes in the events, besides what they say."""
    timeout: int = 2
    memory: int = 256
    settings: dict[str, Any] = field(default_factory=dict)
    """Further settings of the function."""
    again: tuple[Literal["function", "mapping", "stream", "role"], ...] = ()
    """What it deletes, to be made again before the next invocation."""
    twin: bool = False
    """Whether there is another function with the same code, `other`."""
    interrupted: bool = False
    """Ctrl-C comes while it runs."""
    seconds: float = 60
    """Real time that all of the case may take."""
    growth: int = 300
    """Megabytes by which the notebook may grow."""
    processes: int = 24
    """How many processes there may be after the hostile invocation."""
    gate: bool = False
    """Whether it runs every time, and not only with `--thorough`."""
    needs: Literal["", "posix", "linux"] = ""

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> str:
        """The handler's module."""
        return f"{textwrap.dedent(self.source)}\n{BEHAVES}"


@dataclass(frozen=True)
class Package:
    """A package, and what becomes of it."""

    name: str
    made: bytes | Callable[[], bytes] = field(repr=False)
    """The zip, or what makes it, where that takes long."""
    refused: str = ""
    """A regular expression for what the refusal says; without one, the package is taken."""
    code: str = "InvalidParameterValueException|RequestEntityTooLargeException|NotOffered"
    may_run: bool = False
    """Whether it may be taken as well, and its function run: AWS's answer is not known."""
    answer: Answer = Answer(result="well")
    """What its function answers, if it is taken."""
    handler: str = "app.handler"
    seconds: float = 60
    growth: int = 300
    gate: bool = False
    needs: Literal["", "posix", "linux"] = ""

    def __str__(self) -> str:
        return self.name

    @property
    def data(self) -> bytes:
        """The zip."""
        return self.made if isinstance(self.made, bytes) else self.made()


def parameters(cases: tuple[Case, ...] | tuple[Package, ...]) -> list[Any]:
    """The cases for pytest: those that are not in every gate are marked, and so are those for other systems."""
    marked = []
    for case in cases:
        absent = (case.needs == "linux" and sys.platform != "linux") or (case.needs and sys.platform == "win32")
        marks = [pytest.mark.skipif(bool(absent), reason=f"needs {case.needs}")] if case.needs else []
        marks += [] if case.gate else [pytest.mark.thorough]
        marked.append(pytest.param(case, id=case.name, marks=marks))
    return marked
