"""What the process does: loads the handler, then serves one invocation after the other."""

from __future__ import annotations

import importlib
import os
import site
import sys

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
from .logs import end_lines_as_linux_does, lambda_logging, log_error
from .marshalling import marshal, to_json, unmarshal
from .memory import PeakMemory
from .randomness import seeded_randomness
from .virtual_time import virtual_datetime, virtual_time


def serve(handler: Handler, event: bytes, context: Context, paths: LambdaPaths) -> tuple[str, bytes]:
    """Call the handler; returns "result" or "error", and the document."""
    try:
        return "result", marshal(handler(unmarshal(event), context))
    except Exception as error:
        document = error_document(error, context.aws_request_id, paths)
        log_error(document)
        return "error", to_json(document).encode()


def run() -> None:
    """Load the handler, then serve one invocation after the other until the cloud is closed."""
    incoming, outgoing, log = os.dup(0), os.dup(1), os.dup(2)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # from here on, what is printed is logged
    end_lines_as_linux_does(sys.stdout, sys.stderr)

    company = Company()
    connection = Connection(incoming, outgoing, log, company)
    start = connection.begin()
    os.environ.pop("PYTHONHASHSEED", None)
    virtual_time(connection)
    paths = LambdaPaths(start["task"], start["tmp"], start["libraries"])
    hooks = {
        **FileSystem(paths, start["storage"]).install(),
        "_posixsubprocess": company.watch_subprocesses,
        "_winapi": company.watch_subprocesses,
        "botocore.handlers": forward_boto(connection),
        "datetime": virtual_datetime,
        "logging": lambda_logging(connection),
        "random": seeded_randomness(start["seed"]),
    }
    for name in hooks.keys() & {*sys.modules, *sys.builtin_module_names}:
        hooks.pop(name)(importlib.import_module(name))
    sys.meta_path[:0] = [AfterImport(hooks)]
    sys.meta_path.append(RuntimeLibraries(start["libraries"]))
    memory, settings = PeakMemory(), FunctionSettings()
    site.setquit()  # `exit` and `quit`
    sys.path.insert(0, TASK_ROOT)  # from here on, what is imported may be the function's

    try:
        handler = load_handler(start["handler"])
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
