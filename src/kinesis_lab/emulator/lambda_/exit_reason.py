"""How a process ended, in the words of Lambda's log."""

from __future__ import annotations

import signal
from types import MappingProxyType

NTSTATUS_ERROR = 0xC
"""The highest four bits of the statuses with which Windows ends a process for an error."""

_SIGNALS = MappingProxyType(
    {
        "SIGILL": "illegal instruction",
        "SIGABRT": "aborted",
        "SIGBUS": "bus error",
        "SIGFPE": "floating point exception",
        "SIGKILL": "killed",
        "SIGSEGV": "segmentation fault",
        "SIGTERM": "terminated",
    }
)
"""Their numbers differ between systems."""

_CRASHES_ON_WINDOWS = MappingProxyType(
    {
        0xC0000005: _SIGNALS["SIGSEGV"],  # access violation
        0xC00000FD: _SIGNALS["SIGSEGV"],  # stack overflow
        0xC000001D: _SIGNALS["SIGILL"],
        0xC0000094: _SIGNALS["SIGFPE"],  # division by zero
        0xC0000409: _SIGNALS["SIGABRT"],
    }
)


def exit_reason(status: int) -> str:
    """How a process ended, in the words of Lambda's log (facts 8.3); `status` as Popen has it.

    A crash on Windows is named as the signal that it would be on Lambda; other statuses are cut to the byte that Linux
    keeps of them.
    """
    if status >= 0:
        crash = _CRASHES_ON_WINDOWS.get(status)
        if crash:
            return f"signal: {crash}"
        return f"exit status {status:#x}" if status >> 28 == NTSTATUS_ERROR else f"exit status {status & 0xFF}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = ""
    return f"signal: {_SIGNALS[name]}" if name in _SIGNALS else f"signal {-status}"
