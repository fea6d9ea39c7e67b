"""The processes that the process of a function has started: which they are, and how much memory they take."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from kinesis_lab.emulator.lambda_ import launcher_process

LINUX = sys.platform == "linux"
SEARCH_SECONDS = 0.5
"""Real seconds between two searches for the processes of one environment where each takes long: not on Linux."""


class ProcessTree:
    """A process and those that it has started, as they are now or were a moment ago."""

    def __init__(self, pid: int) -> None:
        """None is looked for yet."""
        self._pid = pid
        self._found: list[int] = []
        self._search_again = 0.0

    def pids(self) -> list[int]:
        """The process first."""
        if LINUX:
            return [self._pid, *launcher_process.descendants([self._pid])]
        if time.monotonic() >= self._search_again:
            self._found = descendants(self._pid)
            self._search_again = time.monotonic() + SEARCH_SECONDS
        return [self._pid, *self._found]


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs, as far as their parents live."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except (psutil.Error, OSError):
        return []


def kill(pids: Iterable[int]) -> None:
    """End processes, if they are still there and ours."""
    for pid in pids:
        with contextlib.suppress(psutil.Error, OSError):
            psutil.Process(pid).kill()


def memory(pids: Iterable[int], limit: int) -> int:
    """Bytes of memory that processes hold; what they share is counted once, if it makes more than `limit` otherwise.

    To count so takes longer.  A process that is gone holds none, nor does one at which nobody may look.
    """
    resident = {pid: _resident(pid) for pid in pids}
    if len(resident) == 1 or sum(resident.values()) <= limit:
        return sum(resident.values())
    return max(*resident.values(), sum(_own(pid) for pid in resident))


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.Error, OSError):
        return 0


def _own(pid: int) -> int:
    """With its part of what is shared on Linux, without it elsewhere."""
    try:
        full = psutil.Process(pid).memory_full_info()
    except (psutil.Error, OSError):
        return 0
    return int(full.pss if LINUX else full.uss)


def end_left_behind(folder: Path, spared: Iterable[Path]) -> None:
    """End every process of a function whose code lies in `folder`, and not in one that is spared, wherever it went."""
    others = set(spared)
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            task = process.environ().get("LAMBDA_TASK_ROOT", "")
            if pid != os.getpid() and folder in (parents := Path(task).parents) and others.isdisjoint(parents):
                process.kill()
