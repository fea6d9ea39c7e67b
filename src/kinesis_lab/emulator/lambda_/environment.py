"""An execution environment seen from outside: the process, the line to it, and the watch over it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, cast

import psutil

from kinesis_lab.emulator.lambda_ import bootstrap
from kinesis_lab.emulator.lambda_.bootstrap import Head, read_frame, write_frame
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
        self._log = log.open("w+b", buffering=0)
        with log.open("ab", buffering=0) as output:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-s", "-S", "-P", "-B", "-X", "utf8", bootstrap.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=task,
                env=_variables(function, task, log_stream),
                start_new_session=True,  # Ctrl-C in the notebook is not for the handler
            )
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
        with contextlib.suppress(BrokenPipeError):
            write_frame(self._to, head, body)

    def receive(self, patience: float) -> tuple[Head, bytes]:
        """Wait for a frame, at most `patience` real seconds.  Raises Died."""
        self._watch.begin(self, patience)
        try:
            return read_frame(self._from)
        except EOFError:
            raise Died(self.killed_for or self._exit_status()) from None
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
        """End the process if it still runs, and let go of its pipes and its log."""
        if self._process.poll() is None:
            self.kill("closed")
        self._process.wait()
        for end in (self._to, self._from, self._log):
            with contextlib.suppress(BrokenPipeError):
                end.close()

    def resident_memory(self) -> int:
        """Bytes of memory that the process holds now."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def _exit_status(self) -> str:
        status = self._process.wait()
        if status < 0:
            return _SIGNALS.get(-status, f"signal {-status}")
        return f"exit status {status}"


_SIGNALS = MappingProxyType(
    {
        4: "signal: illegal instruction",
        6: "signal: aborted",
        7: "signal: bus error",
        8: "signal: floating point exception",
        9: "signal: killed",
        11: "signal: segmentation fault",
        15: "signal: terminated",
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
    """Ends processes that take too long or too much memory while somebody waits for them."""

    TICK = 0.02

    def __init__(self) -> None:
        """Nothing to watch yet; the thread starts with the first wait."""
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
