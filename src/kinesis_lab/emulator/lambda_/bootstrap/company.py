"""Whether anything but the runtime is at work in an environment: threads, and processes that were started."""

from __future__ import annotations

import _thread
import os
import sys
from collections.abc import Callable


def _has_had_children() -> Callable[[], bool]:
    """Whether this process has children, or had some: those may have left others behind."""
    waitid = getattr(os, "waitid", None)  # neither on Windows nor on every macOS
    if waitid is None:
        return lambda: False
    from resource import RUSAGE_CHILDREN, getrusage

    del sys.modules["resource"]  # handlers may have a module of this name
    look = os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT

    def has_had_children() -> bool:
        try:
            waitid(*look)
        except ChildProcessError:
            return getrusage(RUSAGE_CHILDREN).ru_minflt > 0
        return True

    return has_had_children


_children = _has_had_children()
_threads = _thread._count


def is_alone() -> bool:
    """Whether this thread is all that runs here."""
    return not _threads() and not _children()
