"""Puts handlers on the table: `@handler(answer)` over a function deploys the function's lines, as they stand there.

Of the file around it a handler knows nothing but some modules of the standard library, `start`, and what is `given`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.hostile.case import Answer, Case

HANDLERS: list[Case] = []
"""All of them, in the order in which their modules are imported."""
REQUEST = r"RequestId: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} Error: "

Function = Callable[..., Any]


def start(target: Callable[[], object]) -> None:
    """Start a thread that does not hold up the end of its process."""
    threading.Thread(target=target, daemon=True).start()


KNOWN = f"import os, signal, sys, threading, time\n\n{inspect.getsource(start)}".replace(" -> None", "").replace(
    ": Callable[[], object]", ""
)
"""What stands before every handler."""


def handler(
    answer: Answer,
    *,
    called: str = "",
    given: dict[str, Any] | None = None,
    mapping: bool | dict[str, Any] = False,
    ctrl_c: bool | dict[str, Any] = False,
    **settings: Any,
) -> Callable[[Function], Function]:
    """A case whose handler is the function below.

    called: its name, if not that of the function; given: constants of its module; mapping, ctrl_c: whether it is tried
    by a mapping, and with Ctrl-C, as well, and what is different then; settings: fields of `Case`.
    """

    def put(function: Function) -> Function:
        constants = "".join(f"{name} = {value!r}\n" for name, value in (given or {}).items())
        source = f"{KNOWN}\n{constants}\n{_lines(function)}\nhostile = {function.__name__}\n"
        case = Case(called or function.__name__.replace("_", " "), source, answer, **settings)
        HANDLERS.append(case)
        if mapping is not False:
            HANDLERS.append(_by_mapping(case, mapping if isinstance(mapping, dict) else {}))
        if ctrl_c is not False:
            HANDLERS.append(_with_ctrl_c(case, ctrl_c if isinstance(ctrl_c, dict) else {}))
        return function

    return put


def module(
    answer: Answer, *, mapping: bool | dict[str, Any] = False, **settings: Any
) -> Callable[[Function], Function]:
    """A case whose module has the lines of the function below: it is hostile while it is imported."""
    usual = {"at_init": True, "rounds": 0, "fresh": None}

    def put(function: Function) -> Function:
        _, _, body = _lines(function).partition("\n")
        source = f"{KNOWN}\n{textwrap.dedent(body)}"
        case = Case(function.__name__.replace("_", " "), source, answer, **{**usual, **settings})
        HANDLERS.append(case)
        if mapping is not False:
            HANDLERS.append(_by_mapping(case, mapping if isinstance(mapping, dict) else {}))
        return function

    return put


def _lines(function: Function) -> str:
    """A function's source without its decorators."""
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    return "\n".join(source.splitlines()[definition.lineno - 1 :]) + "\n"


def _by_mapping(case: Case, changes: dict[str, Any]) -> Case:
    """The same handler, invoked by an event source mapping, which retries once what fails."""
    usual = {"gate": False, "attempts": 2 if case.answer.error else 1}
    return replace(case, name=f"{case.name} by mapping", through="mapping", **{**usual, **changes})


def _with_ctrl_c(case: Case, changes: dict[str, Any]) -> Case:
    """The same handler with a long timeout, and somebody who does not wait for it."""
    usual = {"gate": False, "answer": WHATEVER, "timeout": 900, "interrupted": True}
    return replace(case, name=f"{case.name} and Ctrl-C", **{**usual, **changes})


# Answers


WHATEVER = Answer(any=True)
"""AWS's answer is not known, or it is the handler's own lie."""


def gives(result: Any, *logged: str) -> Answer:
    """All is well."""
    return Answer(result=result, logged=logged)


def raised(error: str, message: str = ".*", *logged: str) -> Answer:
    """The handler, or the runtime around it, has raised an error that is reported as it is (facts 8.3)."""
    return Answer(error=error, message=message, logged=(rf"\[ERROR\] ({error})", *logged))


def unmarshalled(reason: str) -> Answer:
    """The result is no JSON (facts 8.3)."""
    return raised(r"Runtime\.MarshalError", f"Unable to marshal response: {reason}")


def died(how: str, *logged: str) -> Answer:
    """The process has ended (facts 8.3): `how`, or with status 0 if that is empty."""
    message = f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"
    return Answer(
        error=r"Runtime\.ExitError",
        message=REQUEST + message,
        logged=(message, r"Error Type: Runtime\.ExitError", *logged),
    )


def timed_out(seconds: float = 2) -> Answer:
    """The handler has not answered in time (facts 8.3)."""
    message = rf"Task timed out after {seconds:.2f} seconds"
    return Answer(error=r"Sandbox\.Timedout", message=REQUEST + message, logged=(message, "Status: timeout"))
