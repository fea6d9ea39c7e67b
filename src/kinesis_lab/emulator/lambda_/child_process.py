"""Processes of functions that are this process's own children: how it is done where there is no launcher.

What is lacking then: a function's parent is the program that opened the cloud, whose environment it can read (without
what `process.py` hides).  And a handler whose program is killed goes on until it is done, but for Windows, which has
job objects.
"""

from __future__ import annotations

import os
import subprocess

from kinesis_lab.emulator.lambda_ import launcher_process
from kinesis_lab.emulator.lambda_.job_object import JobObject
from kinesis_lab.emulator.lambda_.launching import Launch, out_of_reach_of_ctrl_c
from kinesis_lab.emulator.lambda_.process_tree import ProcessTree, descendants, kill


class ChildProcesses:
    """Starts processes as children of this one."""

    def __init__(self) -> None:
        """None yet."""
        self.ended = False

    def start(self, launch: Launch, log: int) -> ChildProcess:
        """Start the process of a function; `log` is a descriptor for what it prints.  Raises OSError."""
        return ChildProcess(launch, log)

    def close(self) -> None:
        """Every process is ended by who holds it."""
        self.ended = True


class ChildProcess:
    """A process that is a child of this one."""

    exited: int | None = None

    def __init__(self, launch: Launch, log: int) -> None:
        """Start it."""
        theirs_in, self.stdin = os.pipe()
        self.stdout, theirs_out = os.pipe()
        try:
            self._process = subprocess.Popen(
                launch.argv,
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=log,
                cwd=launch.cwd,
                env=launch.variables,
                **out_of_reach_of_ctrl_c(),
            )
        except BaseException:
            os.close(self.stdin)
            os.close(self.stdout)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self.pid = self._process.pid
        self._tree = ProcessTree(self.pid)
        self._job = JobObject(self._process) if os.name == "nt" else None

    def wait(self) -> int:
        """How it ended."""
        return self._process.wait()

    def kill(self) -> None:
        """End it and whatever it has started."""
        started = descendants(self.pid)
        if self._job:
            self._job.terminate()
        elif hasattr(os, "killpg") and self._process.poll() is None:
            launcher_process.kill_group(self.pid)
        self._process.kill()
        kill(started)

    def close(self) -> None:
        """End it."""
        self.kill()
        self._process.wait()
        if self._job:
            self._job.close()

    def tree(self) -> list[int]:
        """It and the processes that it has started, and theirs."""
        return self._tree.pids()
