"""An execution environment seen from outside: the process, and the pipes to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import BinaryIO, cast

import psutil

from kinesis_lab.emulator.lambda_.bootstrap import SCRIPT, Head, read_frame, write_frame
from kinesis_lab.emulator.lambda_.environment_variables import environment_variables
from kinesis_lab.emulator.lambda_.exit_reason import exit_reason
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.launching import is_broken_pipe, out_of_reach_of_ctrl_c, python
from kinesis_lab.emulator.lambda_.watch import Watch

PATIENCE = 2.0
"""Real seconds beyond a function's timeout after which a handler that does not answer counts as hung."""
INIT_PATIENCE = 60.0
"""The same for importing a handler."""
LOG_KEPT = 1024**2
"""Bytes of output that may lie in an environment's log file before it is emptied."""
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

    def __init__(self, function: Function, task: Path, log: Path, log_stream: str, watch: Watch) -> None:
        """Start the process.  `task`: the unzipped code; `log`: a file for what it prints."""
        self.function = function
        self.memory = function.memory
        self.revision = function.revision
        self.log_stream = log_stream
        self._task = task
        self._watch = watch
        log.write_bytes(b"")
        with log.open("ab", buffering=0) as output:
            self._process = subprocess.Popen(
                [python(), "-u", "-s", "-S", "-P", "-B", "-X", "utf8", str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=task,
                env=environment_variables(function, task, log_stream),
                **out_of_reach_of_ctrl_c(),
            )
        self._log = log.open("r+b", buffering=0)
        self._to = cast("BinaryIO", self._process.stdin)
        self._from = cast("BinaryIO", self._process.stdout)
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
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            for child in process.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        self._process.kill()

    def close(self) -> None:
        """End the process if it still runs, and close its pipes and its log."""
        if self._process.poll() is None:
            self.kill("closed")
        self._process.wait()
        for end in (self._to, self._from, self._log):
            try:
                end.close()
            except OSError as error:
                if not is_broken_pipe(error):
                    raise

    def resident_memory(self) -> int:
        """Bytes of memory that the process holds now."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0
