"""Handlers whose process ends, or that would take others with it."""

from __future__ import annotations

import os
import signal
import sys
import threading

from tests.hostile.table import WHATEVER, died, gives, handler, timed_out

SIGNALS = {
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
    "SIGALRM": "alarm clock",
    "SIGTERM": "terminated",
    "SIGXCPU": ".*",
    "SIGVTALRM": ".*",
    "SIGSYS": ".*",
    "SIGRTMIN": ".*",
}
"""How Lambda names them; those above 15 go by various names."""


@handler(died(""), fresh=True)
def exits_0(event, context):
    os._exit(0)


@handler(died("exit status 7"), fresh=True, mapping={"gate": True})
def exits_7(event, context):
    os._exit(7)


@handler(died("signal: aborted"), fresh=True)
def aborts(event, context):
    os.abort()


for name, how in SIGNALS.items():

    @handler(
        died(f"signal: {how}"),
        called=f"sends itself {name}",
        given={"name": name},
        fresh=True,
        needs="posix" if name != "SIGRTMIN" else "linux",
        gate=name in ("SIGUSR1", "SIGKILL"),
    )
    def sends_itself_a_signal(event, context):
        os.kill(os.getpid(), getattr(signal, name))
        threading.Event().wait(5)


@handler(timed_out(), fresh=True, needs="posix", gate=True, mapping=True, ctrl_c=True)
def sends_itself_SIGSTOP(event, context):
    os.kill(os.getpid(), signal.SIGSTOP)


@handler(gives(None), needs="posix")
def sends_itself_SIGPIPE(event, context):
    os.kill(os.getpid(), signal.SIGPIPE)


@handler(died("signal: segmentation fault"), fresh=True)
def reads_address_0(event, context):
    import ctypes

    ctypes.string_at(0)


@handler(WHATEVER, fresh=None, needs="posix", gate=True)
def kills_its_parent(event, context):
    os.kill(os.getppid(), signal.SIGKILL)
    return 1


@handler(WHATEVER, fresh=True, needs="posix")
def kills_its_parent_and_hangs(event, context):
    os.kill(os.getppid(), signal.SIGKILL)
    while True:
        pass


@handler(WHATEVER, fresh=None, needs="posix")
def stops_its_parent(event, context):
    os.kill(os.getppid(), signal.SIGSTOP)
    return 1


@handler(WHATEVER, fresh=None, needs="posix")
def interrupts_its_parent(event, context):
    os.kill(os.getppid(), signal.SIGINT)
    return 1


@handler(died("signal: killed"), fresh=True, needs="posix", gate=True)
def kills_its_group(event, context):
    os.killpg(0, signal.SIGKILL)
    while True:
        pass


@handler(died(""), fresh=True, needs="posix")
def becomes_another_program(event, context):
    os.execv(sys.executable, [sys.executable, "-c", ""])


@handler(timed_out(), fresh=True, needs="posix")
def becomes_another_program_that_hangs(event, context):
    os.execv(sys.executable, [sys.executable, "-c", "while True: pass"])


@handler(died("signal: aborted", "7"), fresh=True, needs="posix")
def becomes_another_program_that_prints(event, context):
    os.execv(sys.executable, [sys.executable, "-c", "print(7, flush=True)\nimport os\nos.abort()"])
