"""An execution environment seen from outside: the process, and the pipes to it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil

from kinesis_lab.emulator.lambda_.bootstrap import SCRIPT, Garbled, Head
from kinesis_lab.emulator.lambda_.channel import open_channel
from kinesis_lab.emulator.lambda_.environment_variables import environment_variables
from kinesis_lab.emulator.lambda_.exit_reason import exit_reason
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.launching import Launch, Launcher, command
from kinesis_lab.emulator.lambda_.message import check
from kinesis_lab.emulator.lambda_.output import Output
from kinesis_lab.emulator.lambda_.process_tree import memory
from kinesis_lab.emulator.lambda_.watch import MEGABYTE, Watch

PATIENCE = 2.0
"""Real seconds beyond a function's timeout after which a handler that does not answer counts as hung."""
INIT_PATIENCE = 60.0
"""The same for importing a handler."""


class Died(Exception):
    """The process ended, or had to be ended, before it answered."""

    def __init__(self, reason: str, cause: str = "") -> None:
        """`reason`: why it was killed (`Environment.killed_for`), or how it exited; `cause`: more, if that is odd."""
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


class Environment:
    """One process that has loaded a function's handler and serves one invocation at a time."""

    def __init__(
        self,
        function: Function,
        folder: Path,
        log_stream: str,
        watch: Watch,
        launcher: Launcher,
        services: Sequence[str],
    ) -> None:
        """Start the process.  Raises OSError.

        `folder`: its own, with `task`, the unzipped code, `tmp`, and `log`, which is made here for what it prints;
        `services`: those of AWS that the code seems to use.
        """
        self.launcher = launcher
        self.function = function
        self.memory = function.memory
        self.revision = function.revision
        self.log_stream = log_stream
        self.folder = folder
        self._task, self._tmp, log = folder / "task", folder / "tmp", folder / "log"
        self._watch = watch
        log.write_bytes(b"")
        with log.open("ab", buffering=0) as output:
            self._process = launcher.start(
                Launch(
                    command(SCRIPT),
                    environment_variables(function, log_stream),
                    str(self._task),
                    tuple(services),
                ),
                output.fileno(),
            )
        try:
            self._output = Output(log)
            self._channel = open_channel(self._process)
        except BaseException:
            self._process.close()
            raise
        self._stopped = False
        self.killed_for = ""
        """Why it was ended: hung, interrupted, memory, garbled, timeout, closed."""

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def begin(self, now: int) -> None:
        """Let it import the handler, at `now` (microseconds since 1970)."""
        head = {
            "now": now,
            "task": str(self._task),
            "tmp": str(self._tmp),
            "storage": self.function.storage,
            "handler": self.function.handler,
            "seed": self.log_stream,
        }
        self.send(head)

    def send(self, head: Head, body: bytes = b"") -> None:
        """Begin to send a frame; `receive` goes on with it, and says so if the process is gone."""
        self._channel.send(head, body)

    def receive(self, patience: float) -> tuple[Head, bytes]:
        """Wait for a frame, at most `patience` real seconds; its head is that of a message.  Raises Died."""
        self._watch.begin(self, patience)
        try:
            head, body = self._channel.receive(patience)
            check(head)
            return head, body
        except EOFError:
            raise Died(self.killed_for or exit_reason(self._process.wait())) from None
        except TimeoutError:
            self.kill("hung")
            raise Died(self.killed_for) from None
        except (Garbled, OSError) as error:
            raise self.misled(str(error)) from error
        finally:
            self._watch.end(self)

    def misled(self, by: str) -> Died:
        """End the process, which has not kept to what it and the cloud say to each other."""
        self.kill("garbled")
        return Died(self.killed_for, f"it has sent {by}")

    def output(self, most: int) -> tuple[bytes, int]:
        """What it has printed since the last look, `most` bytes of it, and how many more there were."""
        return self._output.read(most)

    def stop(self) -> None:
        """Let nothing in it go on until `go_on`."""
        self._stopped = True
        self._signal("SIGSTOP")

    def go_on(self) -> None:
        """Let it go on, if it was stopped."""
        if self._stopped:
            self._stopped = False
            self._signal("SIGCONT")

    def _signal(self, name: str) -> None:
        """To the process and all in its group; on Windows, to the process and its children."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.Signals[name])
            return
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    each.suspend() if name == "SIGSTOP" else each.resume()

    def interrupt(self) -> None:
        """End a process that is awaited, from a signal's handler: without a lock that the interrupted may hold."""
        if not self.killed_for:
            self.killed_for = "interrupted"
            if hasattr(os, "killpg"):
                self._signal("SIGKILL")
            else:
                self._process.kill()

    def kill(self, reason: str = "") -> None:
        """End the process and whatever it has started."""
        self.killed_for = self.killed_for or reason
        self._process.kill()

    def close(self) -> None:
        """End the process if it still runs, and close its pipes and its log."""
        if not self.killed_for:
            self.kill("closed")
        self._channel.close()
        self._process.close()
        self._output.close()

    def resident_memory(self) -> int:
        """Bytes of memory that the process, and those that it has started, hold now."""
        return memory(self._process.tree(), self.memory * MEGABYTE)

    def cut_log(self) -> None:
        """Drop what it has printed beyond a bound since the last look."""
        self._output.cut()
