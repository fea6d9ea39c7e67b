"""How the processes of functions start and end."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple, Protocol

CREATE_NEW_PROCESS_GROUP = 0x200
"""As in `subprocess`, which has it on Windows only."""


class Launch(NamedTuple):
    """What a process is started with."""

    argv: list[str]
    variables: dict[str, str]
    """All of its environment variables: it inherits none."""
    cwd: str
    services: tuple[str, ...] = ()
    """What the function seems to ask of AWS: names as boto3 has them, to load what it knows of them ahead."""


class FunctionProcess(Protocol):
    """The process of a function, from outside."""

    pid: int
    stdin: int
    """The end of the pipe to it.  Both ends belong to who has started it, and are closed by who reads and writes."""
    stdout: int
    """The end of the pipe from it: others that it has started may hold it open when it has ended itself."""
    exited: int | None
    """A descriptor that is readable once the process has ended, whoever holds its pipes; None where there is none."""

    def wait(self) -> int:
        """How it ended, as Popen has it: the status, or minus the signal.  Waits for that end, so kill it first."""

    def kill(self) -> None:
        """End it and whatever it has started, if that is not done."""

    def close(self) -> None:
        """End it as `kill` does, and give back all but the ends of the pipes."""

    def tree(self) -> list[int]:
        """The ids of this process, first, and of those that it has started."""


class Launcher(Protocol):
    """What starts the processes of functions."""

    @property
    def ended(self) -> bool:
        """Whether it is gone, and all that it started with it."""

    def start(self, launch: Launch, log: int) -> FunctionProcess:
        """Start the process of a function; `log` is a descriptor for what it prints.  Raises OSError."""

    def close(self) -> None:
        """End every process that it has started."""


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


def command(script: str | Path) -> list[str]:
    """The command that runs a script as functions are run, and tells it the folders of installed packages."""
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return [python(), "-u", "-s", "-S", "-P", "-B", "-X", "utf8", str(script), *sorted(libraries)]
