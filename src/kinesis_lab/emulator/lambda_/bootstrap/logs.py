"""What the process writes to its log, in the forms of Lambda's runtime (facts 8.4)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, TextIO

from .connection import Connection
from .frames import Head


def end_lines_as_linux_does(*streams: TextIO) -> None:
    """Let text streams end lines as Linux does: on Windows, a carriage return would come before each line feed."""
    for stream in streams:
        stream.reconfigure(newline="\n")  # type: ignore[attr-defined]


def lambda_logging(connection: Connection) -> Callable[[ModuleType], None]:
    """Give the root logger the handler and the line format of Lambda's runtime."""

    def install(logging: Any) -> None:
        class Handler(logging.Handler):  # type: ignore[misc]
            def emit(self, record: Any) -> None:
                record.aws_request_id = connection.request_id
                sys.stdout.write(self.format(record))

        logging.Formatter.converter = time.gmtime
        handler = Handler()
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))
        logging.getLogger().addHandler(handler)

    return install


def begin_logging() -> None:
    """Let log records count their time from now, if `logging` was imported before this was an environment."""
    logging: Any = sys.modules.get("logging")
    if logging:
        logging._startTime = time.time_ns() if isinstance(logging._startTime, int) else time.time()


def log_error(document: Head) -> None:
    """Write an error to the log as the runtime does: one event, its lines joined by carriage returns."""
    lines = [f"[ERROR] {document['errorType']}"]
    if document["errorMessage"]:
        lines[0] += f": {document['errorMessage']}"
    lines.append("Traceback (most recent call last):")
    for frame in document["stackTrace"]:
        for line in frame.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines) + "\n")
