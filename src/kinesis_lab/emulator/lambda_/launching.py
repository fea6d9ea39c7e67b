"""How this system starts the processes of functions."""

from __future__ import annotations

import errno
import sys
from typing import Any

CREATE_NEW_PROCESS_GROUP = 0x200
"""As in `subprocess`, which has it on Windows only."""


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
