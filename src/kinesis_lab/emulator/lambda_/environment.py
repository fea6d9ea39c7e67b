"""An execution environment seen from outside: the process, and the pipes to it."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from kinesis_lab.emulator.lambda_.bootstrap import SCRIPT, Head, read_frame, write_frame
from kinesis_lab.emulator.lambda_.environment_variables import environment_variables
from kinesis_lab.emulator.lambda_.exit_reason import exit_reason
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.launching import Launch, Start, is_broken_pipe, python
from kinesis_lab.emulator.lambda_.process_tree import memory
from kinesis_lab.emulator.lambda_.watch import MEGABYTE, Watch

PATIENCE = 2.0
"""Real seconds beyond a function's timeout after which a handler that does not answer counts as hung."""
INIT_PATIENCE = 60.0
"""The same for importing a handler."""
LOG_KEPT = 1024**2
"""Bytes of output that may lie in an environment's log file before it is emptied."""
MOST_LOG_BYTES = 64 * MEGABYTE
"""Bytes of output that may lie there until it is read, and what is printed in one tick of the watch."""
LOG_PIECE = 64 * 1024
"""Bytes that are read from it at once."""


class Died(Exception):
    """The process ended, or had to be ended, before it answered."""

    def __init__(self, reason: str) -> None:
        """`reason`: hung, memory, or how it exited."""
        super().__init__(reason)
        self.reason = reason


class Environment:
    """One process that has loaded a function's handler and serves one invocation at a time."""

    def __init__(self, function: Function, task: Path, log: Path, log_stream: str, watch: Watch, start: Start) -> None:
        """Start the process.  `task`: the unzipped code; `log`: a file for what it prints.  Raises OSError."""
        self.function = function
        self.memory = function.memory
        self.revision = function.revision
        self.log_stream = log_stream
        self._task = task
        self._watch = watch
        log.write_bytes(b"")
        with log.open("ab", buffering=0) as output:
            self._process = start(
                Launch(
                    [python(), "-u", "-s", "-S", "-P", "-B", "-X", "utf8", str(SCRIPT)],
                    environment_variables(function, task, log_stream),
                    str(task),
                ),
                output.fileno(),
            )
        self._log = log.open("r+b", buffering=0)
        self._to = os.fdopen(self._process.stdin, "wb")
        self._from = os.fdopen(self._process.stdout, "rb")
        self.killed_for = ""

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def begin(self, now: int) -> None:
        """Let it import the handler, at `now` (microseconds since 1970)."""
        libraries = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
        head = {
            "now": now,
            "task": str(self._task),
            "handler": self.function.handler,
            "seed": self.log_stream,
            "libraries": libraries,
        }
        self.send(head)

    def send(self, head: Head, body: bytes = b"") -> None:
        """Send a frame; if the process is gone, `receive` will say so."""
        try:
            write_frame(self._to, head, body)
        except OSError as error:
            if not is_broken_pipe(error):
                raise

    def receive(self, patience: float) -> tuple[Head, bytes]:
        """Wait for a frame, at most `patience` real seconds.  Raises Died."""
        self._watch.begin(self, patience)
        try:
            return read_frame(self._from)
        except EOFError:
            raise Died(self.killed_for or exit_reason(self._process.wait())) from None
        finally:
            self._watch.end(self)

    def output(self) -> str:
        """What it has printed since the last look."""
        text = b"".join(iter(lambda: self._log.read(LOG_PIECE), b""))
        if text and self._log.tell() > LOG_KEPT and os.name == "posix":
            self._log.truncate(0)
            self._log.seek(0)  # the process appends, so it goes on at the start
        return text.decode("utf-8", "backslashreplace")

    def kill(self, reason: str = "") -> None:
        """End the process and whatever it has started."""
        self.killed_for = reason
        self._process.kill()

    def close(self) -> None:
        """End the process if it still runs, and close its pipes and its log."""
        self._process.close()
        for end in (self._to, self._from, self._log):
            try:
                end.close()
            except OSError as error:
                if not is_broken_pipe(error):
                    raise

    def resident_memory(self) -> int:
        """Bytes of memory that the process, and those that it has started, hold now."""
        return memory(self._process.tree(), self.memory * MEGABYTE)

    def cut_log(self) -> None:
        """Drop what it has printed beyond a bound since the last look.

        Not on Windows, where who goes on writing would leave a hole as large as what was dropped.
        """
        if os.name == "posix" and os.fstat(self._log.fileno()).st_size > MOST_LOG_BYTES:
            os.ftruncate(self._log.fileno(), MOST_LOG_BYTES)
