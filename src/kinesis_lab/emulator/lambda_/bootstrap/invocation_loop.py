"""What the process does: sees time, files and AWS as on Lambda, loads the handler, and serves invocations."""

from __future__ import annotations

import importlib
import os
import site
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .boto import forward_boto
from .company import Company
from .connection import Connection
from .context import Context, FunctionSettings
from .errors import error_document
from .file_system import FileSystem
from .frames import Head
from .handler import Handler, load_handler
from .imports import AfterImport, RuntimeLibraries
from .lambda_paths import TASK_ROOT, LambdaPaths
from .logs import begin_logging, end_lines_as_linux_does, lambda_logging, log_error
from .marshalling import marshal, to_json, unmarshal
from .memory import PeakMemory
from .randomness import SeededRandomness
from .virtual_time import virtual_datetime, virtual_time


def serve(handler: Handler, event: bytes, context: Context, paths: LambdaPaths) -> tuple[str, bytes]:
    """Call the handler; returns "result" or "error", and the document."""
    try:
        return "result", marshal(handler(unmarshal(event), context))
    except Exception as error:
        document = error_document(error, context.aws_request_id, paths)
        log_error(document)
        return "error", to_json(document).encode()


class Prepared(NamedTuple):
    """A process that can become an execution environment, or be forked into many."""

    run: Callable[[], None]
    """Become one, and serve until the cloud is closed."""
    note_imports: Callable[[], None]
    """Every environment begins as if it had itself imported what was imported until now."""


def prepare(libraries: Sequence[str]) -> Prepared:
    """Let this process see time, files and AWS as a function does; `libraries`: the folders of installed packages."""
    company = Company()
    connection = Connection(company)
    virtual_time(connection)
    paths = LambdaPaths(libraries)
    file_system = FileSystem(paths)
    randomness = SeededRandomness()
    hooks = {
        **file_system.install(),
        "_posixsubprocess": company.watch_subprocesses,
        "_winapi": company.watch_subprocesses,
        "botocore.handlers": forward_boto(connection),
        "datetime": virtual_datetime,
        "logging": lambda_logging(connection),
        "random": randomness.seed_module,
    }
    for name in hooks.keys() & {*sys.modules, *sys.builtin_module_names}:
        hooks.pop(name)(importlib.import_module(name))
    sys.meta_path[:0] = [AfterImport(hooks)]
    sys.meta_path.append(RuntimeLibraries(libraries))

    looks = draws = 0

    def note_imports() -> None:
        nonlocal looks, draws
        looks, draws = connection.looks, randomness.draws

    def run() -> None:
        incoming, outgoing, log = os.dup(0), os.dup(1), os.dup(2)
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)  # from here on, what is printed is logged
        end_lines_as_linux_does(sys.stdout, sys.stderr)

        company.begin()
        start = connection.begin(incoming, outgoing, log)
        os.environ.pop("PYTHONHASHSEED", None)
        paths.begin(start["task"], start["tmp"])
        file_system.begin(start["storage"])
        randomness.begin(start["seed"], draws)
        begin_logging()
        connection.looks = looks
        serve_invocations(connection, start["handler"], paths)

    return Prepared(run, note_imports)


def serve_invocations(connection: Connection, name: str, paths: LambdaPaths) -> None:
    """Load the handler, then serve one invocation after the other until the cloud is closed."""
    memory, settings = PeakMemory(), FunctionSettings()
    site.setquit()  # `exit` and `quit`
    sys.path.insert(0, TASK_ROOT)  # from here on, what is imported may be the function's

    try:
        handler = load_handler(name)
    except Exception as error:
        document = error_document(error, "", paths)
        log_error(document)
        connection.fail(to_json(document).encode())
        sys.exit(1)

    done: Head = {"kind": "ready"}
    body = b""
    while True:
        try:
            invocation, event = connection.next_invocation(done, body)
        except EOFError:
            os._exit(0)  # the cloud is closed: no thread of the handler may keep this process
        kind, body = serve(handler, event, Context(connection, invocation, settings), paths)
        done = {"kind": kind, "peak": memory.kilobytes()}
