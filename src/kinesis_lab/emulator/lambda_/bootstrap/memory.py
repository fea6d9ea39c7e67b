"""The memory that the process has used."""

from __future__ import annotations

import sys
from collections.abc import Callable


class PeakMemory:
    """The peak of this process's resident memory."""

    def __init__(self) -> None:
        self._page_faults = _page_faults()
        self._faults = 0
        self._kilobytes = 0

    def kilobytes(self) -> int:
        """The peak until now; 0 where the system does not tell.

        No process grows without page faults, and to count them is much cheaper than to ask for the peak.
        """
        faults = self._page_faults()
        if faults != self._faults or not faults:
            self._faults, self._kilobytes = faults, _high_water_mark()
        return self._kilobytes


def _page_faults() -> Callable[[], int]:
    """What counts the page faults of this process; 0 where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return lambda: 0
    del sys.modules["resource"]  # handlers may have a module of this name

    def count() -> int:
        usage = getrusage(RUSAGE_SELF)
        return usage.ru_minflt + usage.ru_majflt

    return count


def _high_water_mark() -> int:
    try:
        with open("/proc/self/status", "rb") as status:
            return next((int(line.split()[1]) for line in status if line.startswith(b"VmHWM")), 0)
    except OSError:
        return 0
