"""An execution environment seen from outside: the process, the pipes to it, and the watch over it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, cast

import psutil

from kinesis_lab.emulator.lambda_.bootstrap import SCRIPT, Head, read_frame, write_frame
from kinesis_lab.emulator.lambda_.function_lookup import Function

MEGABYTE = 1024**2
PATIENCE = 2.0
"""Real seconds beyond a function's timeout after which a handler that does not answer counts as hung."""
INIT_PATIENCE = 60.0
"""The same for importing a handler."""
LOG_KEPT = MEGABYTE
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
                env=_variables(function, task, log_stream),
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


# How this system starts and ends processes


def python() -> str:
    """The Python that runs functions.

    In a virtual environment on Windows `sys.executable` starts another process, the real one, and stays beside it: the
    watch would look at the memory of the wrong one.  Libraries are found by their folders, so none is missed.
    """
    base = getattr(sys, "_base_executable", "")
    return base if sys.platform == "win32" and base else sys.executable


def out_of_reach_of_ctrl_c() -> dict[str, Any]:
    """Options for Popen: Ctrl-C ends the program that opened the cloud, and no handler."""
    return {"creationflags": CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {"start_new_session": True}


def is_broken_pipe(error: OSError) -> bool:
    """Whether an error says that nobody reads a pipe any more, for which Windows has EINVAL."""
    return isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL


def exit_reason(status: int) -> str:
    """How a process ended, in the words of Lambda's log (facts 8.3); `status` as Popen has it.

    A crash on Windows is named as the signal that it would be on Lambda; other statuses are cut to the byte that Linux
    keeps of them.
    """
    if status >= 0:
        crash = _CRASHES_ON_WINDOWS.get(status)
        if crash:
            return f"signal: {crash}"
        return f"exit status {status:#x}" if status >> 28 == NTSTATUS_ERROR else f"exit status {status & 0xFF}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = ""
    return f"signal: {_SIGNALS[name]}" if name in _SIGNALS else f"signal {-status}"


CREATE_NEW_PROCESS_GROUP = 0x200
"""As in `subprocess`, which has it on Windows only."""
NTSTATUS_ERROR = 0xC
"""The highest four bits of the statuses with which Windows ends a process for an error."""

_SIGNALS = MappingProxyType(
    {
        "SIGILL": "illegal instruction",
        "SIGABRT": "aborted",
        "SIGBUS": "bus error",
        "SIGFPE": "floating point exception",
        "SIGKILL": "killed",
        "SIGSEGV": "segmentation fault",
        "SIGTERM": "terminated",
    }
)
"""Their numbers differ between systems."""

_CRASHES_ON_WINDOWS = MappingProxyType(
    {
        0xC0000005: _SIGNALS["SIGSEGV"],  # access violation
        0xC00000FD: _SIGNALS["SIGSEGV"],  # stack overflow
        0xC000001D: _SIGNALS["SIGILL"],
        0xC0000094: _SIGNALS["SIGFPE"],  # division by zero
        0xC0000409: _SIGNALS["SIGABRT"],
    }
)


def _variables(function: Function, task: Path, log_stream: str) -> dict[str, str]:
    """The environment variables that Lambda sets (facts 8.5), under the function's own.

    LAMBDA_TASK_ROOT is where the code really lies, so that a handler finds the files that it brought along.
    """
    system = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR") if name in os.environ}
    return {
        **system,
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",  # sets in the handler's output have the same order on every run
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "LAMBDA_TASK_ROOT": str(task),
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        **dict(function.environment),
    }


class Watch:
    """Ends processes that take too long or too much memory while their answer is awaited."""

    TICK = 0.02

    def __init__(self) -> None:
        """The thread starts with the first wait."""
        self._waits: dict[Environment, float] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, environment: Environment, patience: float) -> None:
        """Watch `environment` for so many seconds."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lambda watch", daemon=True)
            self._thread.start()
        self._waits[environment] = time.monotonic() + patience

    def end(self, environment: Environment) -> None:
        """Watch it no longer."""
        self._waits.pop(environment, None)

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.TICK):
            for environment, deadline in list(self._waits.items()):
                if time.monotonic() > deadline:
                    environment.kill("hung")
                elif environment.resident_memory() > environment.function.memory * MEGABYTE:
                    environment.kill("memory")
