"""How a process ended, in the words of Lambda's log."""

from __future__ import annotations

import signal
from types import MappingProxyType

NTSTATUS_ERROR = 0xC
"""The highest four bits of the statuses with which Windows ends a process for an error."""
KILLED = "Runtime exited with error: signal: killed"
"""What Lambda says of a process that took too much memory (facts 8.3)."""

_SIGNALS = MappingProxyType(
    {
        "SIGHUP": "hangup",
        "SIGINT": "interrupt",
        "SIGQUIT": "quit",
        "SIGILL": "illegal instruction",
        "SIGTRAP": "trace/breakpoint trap",
        "SIGABRT": "aborted",
        "SIGBUS": "bus error",
        "SIGFPE": "floating point exception",
        "SIGKILL": "killed",
        "SIGUSR1": "user defined signal 1",
        "SIGSEGV": "segmentation fault",
        "SIGUSR2": "user defined signal 2",
        "SIGPIPE": "broken pipe",
        "SIGALRM": "alarm clock",
        "SIGTERM": "terminated",
        "SIGSTKFLT": "stack fault",
        "SIGCHLD": "child exited",
        "SIGCONT": "continued",
        "SIGSTOP": "stopped (signal)",
        "SIGTSTP": "stopped",
        "SIGTTIN": "stopped (tty input)",
        "SIGTTOU": "stopped (tty output)",
        "SIGURG": "urgent I/O condition",
        "SIGXCPU": "CPU time limit exceeded",
        "SIGXFSZ": "file size limit exceeded",
        "SIGVTALRM": "virtual timer expired",
        "SIGPROF": "profiling timer expired",
        "SIGWINCH": "window changed",
        "SIGIO": "I/O possible",
        "SIGPWR": "power failure",
        "SIGSYS": "bad system call",
    }
)
"""As Go's syscall package words them on Linux: Lambda's log is written by a program in Go.  By name, since the numbers
differ between systems."""

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

    An end without an error is none that Lambda expects, either: it has words of its own.
    """
    how = _signal(-status) if status < 0 else _exit(status)
    return f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"


def _exit(status: int) -> str:
    """A crash on Windows is named as the signal that it would be on Lambda; of others Linux keeps a byte."""
    crash = _CRASHES_ON_WINDOWS.get(status)
    if crash:
        return f"signal: {crash}"
    if status >> 28 == NTSTATUS_ERROR:
        return f"exit status {status:#x}"
    return f"exit status {status & 0xFF}" if status & 0xFF else ""


def _signal(number: int) -> str:
    """One without words has its number: a real-time signal, or one that Linux does not know."""
    known = {int(signal.Signals[name]): words for name, words in _SIGNALS.items() if hasattr(signal, name)}
    return f"signal: {known.get(number, f'signal {number}')}"
