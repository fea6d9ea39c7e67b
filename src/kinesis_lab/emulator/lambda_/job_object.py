"""Job objects of Windows: processes that end together, and with the last handle of the job."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

KILL_ON_JOB_CLOSE = 0x2000
EXTENDED_LIMIT_INFORMATION = 9
ENDED = 1
"""The status of a process that was ended so."""


class JobObject:
    """A process, and whatever it starts, that Windows ends when this process ends, however it ends.

    What the process started before it was put into the job would be missing: it is put there while Python still starts.
    A Windows that allows no job within a job leaves it out, and the process ends at the end of its pipe only.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Put a process that has just started into a job of its own."""
        import ctypes

        self._kernel = kernel = _kernel32()
        self._job = kernel.CreateJobObjectW(None, None)
        limits = _limits()
        kernel.SetInformationJobObject(
            self._job, EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
        )
        kernel.AssignProcessToJobObject(self._job, int(process._handle))  # type: ignore[attr-defined]

    def terminate(self) -> None:
        """End every process in it."""
        self._kernel.TerminateJobObject(self._job, ENDED)

    def close(self) -> None:
        """End every process in it, and the job."""
        self._kernel.CloseHandle(self._job)


def _kernel32() -> Any:
    """The functions that are needed, with the sizes of their arguments."""
    import ctypes
    from ctypes import wintypes

    if sys.platform != "win32":
        raise OSError("job objects are Windows's")
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    kernel.CreateJobObjectW.argtypes = [wintypes.LPVOID, wintypes.LPCWSTR]
    kernel.SetInformationJobObject.argtypes = [wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD]
    kernel.AssignProcessToJobObject.argtypes = [wintypes.HANDLE, wintypes.HANDLE]
    kernel.TerminateJobObject.argtypes = [wintypes.HANDLE, wintypes.UINT]
    kernel.CloseHandle.argtypes = [wintypes.HANDLE]
    return kernel


def _limits() -> Any:
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION with one limit: that the job's processes end with it."""
    import ctypes

    class Basic(ctypes.Structure):
        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", ctypes.c_uint32),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", ctypes.c_uint32),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", ctypes.c_uint32),
            ("SchedulingClass", ctypes.c_uint32),
        ]

    class Extended(ctypes.Structure):
        _fields_ = [
            ("BasicLimitInformation", Basic),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    limits = Extended()
    limits.BasicLimitInformation.LimitFlags = KILL_ON_JOB_CLOSE
    return limits
