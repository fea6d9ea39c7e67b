"""The cloud's side of the launcher, and of the processes that it starts."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable

from kinesis_lab.emulator.lambda_ import launcher_process
from kinesis_lab.emulator.lambda_.environment_variables import INTERPRETER
from kinesis_lab.emulator.lambda_.launcher_process import NUMBER, as_number, frame, mark_of, orphans
from kinesis_lab.emulator.lambda_.launching import Launch, command
from kinesis_lab.emulator.lambda_.process_tree import LINUX, ProcessTree, descendants, kill

RESERVED = 16 * 1024
"""Bytes for the variables of a process that is forked, as others see them."""
NO_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""What lets boto3 read none of the files in which credentials may be."""
PATIENCE_TO_START = 60.0
"""Real seconds after which a launcher that starts no process is ended: it may have to import boto3 first."""
PATIENCE = 10.0
"""Real seconds after which a launcher that does not do what it is asked is ended, and all its processes with it."""


class Launcher:
    """Starts the processes of functions, in a process that never had credentials in its environment."""

    def __init__(self, on_loss: Callable[[], None], template: str = "none") -> None:
        """Start it.

        `on_loss` is called, in a thread, when it has ended although nobody closed it; `template`: what its forks begin
        with: "boto3", the "usual", or "none" if each process is to start from nothing.
        """
        self.on_loss = on_loss
        self.template = template
        self._owner = os.getpid()
        self._control, theirs = socket.socketpair()
        self._control.settimeout(PATIENCE)
        self._sending = threading.Lock()
        self.running: dict[int, LaunchedProcess] = {}
        self._closed = False
        self.lost = False
        """Whether it was killed here, or a report, whose other end is its, has ended without saying anything."""
        with theirs:
            self._process = subprocess.Popen(
                [*command(launcher_process.__file__), str(theirs.fileno()), template],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                env={**INTERPRETER, **NO_FILES, "_": "_" * RESERVED},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._hangup = select.poll()
        self._hangup.register(self._control, select.POLLIN)
        self._watcher = threading.Thread(target=self._wait, name="lambda launcher", daemon=True)
        self._watcher.start()

    @property
    def is_ours(self) -> bool:
        """Whether it was started by this process, and not by the one of which this is a fork."""
        return self._owner == os.getpid()

    @property
    def ended(self) -> bool:
        """Whether it is gone, and all that it started with it."""
        return self._closed or self.lost or bool(self._hangup.poll(0))

    def start(self, launch: Launch, log: int) -> LaunchedProcess:
        """Start the process of a function; `log` is a descriptor for what it prints.  Raises OSError."""
        variables = {os.fsencode(name): os.fsencode(value) for name, value in launch.variables.items()}
        argv = [os.fsencode(argument) for argument in launch.argv]
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            exited, report = _pipe(ours, theirs)
            stdout, their_stdout = _pipe(ours, theirs)
            their_stdin, stdin = _pipe(theirs, ours)
            start = argv, variables, os.fsencode(launch.cwd), list(launch.services)
            self._send("start", *start, to=[report, their_stdin, their_stdout, log])
            theirs.close()
            pid = self._number(exited, PATIENCE_TO_START)
            if pid is None:
                raise OSError(errno.ESRCH, "the launcher of functions has ended")
            if pid < 0:
                raise OSError(-pid, os.strerror(-pid))
            ours.pop_all()
        process = LaunchedProcess(self, pid, stdin, stdout, exited, mark_of(variables))
        self.running[pid] = process
        return process

    def end(self, pid: int) -> None:
        """End a process and its family."""
        with contextlib.suppress(OSError):  # it is gone, and all processes with it
            self._send("end", pid)

    def clear(self) -> bool:
        """End every process that it has started; returns whether that was done, and it can start others."""
        if self.ended:
            return False
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs, contextlib.suppress(OSError):
            done, report = _pipe(ours, theirs)
            self._send("clear", to=[report])
            theirs.close()
            return self._number(done, PATIENCE) == 0
        return False

    def kill(self) -> None:
        """End the launcher, and all processes with it."""
        self.lost = True  # nobody is to ask it for another one before the system has ended it
        self._process.kill()

    def close(self) -> None:
        """End every process, and the launcher."""
        if self._closed:
            return
        self._closed = True
        self._control.shutdown(socket.SHUT_RDWR)
        self._watcher.join(PATIENCE)
        if self._watcher.is_alive():
            self.kill()
            self._watcher.join()
        self._control.close()

    def _send(self, *message: object, to: list[int] | None = None) -> None:
        data = frame(*message)
        with self._sending:
            sent = socket.send_fds(self._control, [data], to or [])
            self._control.sendall(data[sent:])

    def _number(self, report: int, patience: float) -> int | None:
        """The next number of a report; None if there is none to come."""
        if not is_readable(report, patience):
            self.kill()
        data = os.read(report, NUMBER)
        return as_number(data) if data else None

    def _wait(self) -> None:
        if self._process.wait() != 0:  # it was killed, and did not end what it had started
            for pid in list(self.running):
                launcher_process.kill_group(pid)
            self.on_loss()


class LaunchedProcess:
    """A process that the launcher has started."""

    def __init__(self, launcher: Launcher, pid: int, stdin: int, stdout: int, exited: int, mark: bytes) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.exited: int | None = exited
        self._launcher = launcher
        self._mark = mark
        self._tree = ProcessTree(pid)
        self._killed = False
        self._status: int | None = None
        self._waiting = threading.Lock()

    def wait(self) -> int:
        """How it ended: it was killed, if the launcher was."""
        with self._waiting:
            while self._status is None and self.exited is not None:
                if is_readable(self.exited, PATIENCE):
                    status = os.read(self.exited, NUMBER)
                    self._launcher.lost |= not status
                    self._status = as_number(status) if status else -signal.SIGKILL
                elif self._killed:  # and still there: the launcher does nothing
                    self._launcher.kill()
        return self._status or 0

    def kill(self) -> None:
        """End it and whatever it has started."""
        if self._status is None:
            self._killed = True
            elsewhere = [] if LINUX else descendants(self.pid)  # the launcher finds them on Linux only
            self._launcher.end(self.pid)
            kill(elsewhere)

    def close(self) -> None:
        """End it, and give the descriptor back."""
        self.kill()
        self.wait()
        self._launcher.running.pop(self.pid, None)
        if self.exited is not None:
            os.close(self.exited)
            self.exited = None

    def tree(self) -> list[int]:
        """It and the processes that it has started, and theirs; on Linux those that it left behind as well."""
        left = orphans(self._launcher.pid, self._launcher.running, self.pid, self._mark)
        return [*self._tree.pids(), *left, *launcher_process.descendants(left)]


def is_readable(descriptor: int, seconds: float) -> bool:
    """Wait for so long until something can be read, or the other end is closed."""
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    return bool(ready.poll(seconds * 1000))


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe; each end is closed by its owner."""
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write
