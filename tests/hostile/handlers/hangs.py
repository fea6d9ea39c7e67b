"""Handlers that do not come back."""

from __future__ import annotations

import os
import signal
import threading

from tests.hostile.table import WHATEVER, gives, handler, raised, timed_out


@handler(timed_out(), fresh=True, gate=True, mapping=True, ctrl_c={"gate": True})
def loops(event, context):
    while True:
        pass


@handler(timed_out(), fresh=True, ctrl_c=True)
def waits_for_a_lock(event, context):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@handler(raised("EOFError", "EOF when reading a line"))
def reads_its_input(event, context):
    return input()


@handler(timed_out(), fresh=True, gate=True, mapping=True, ctrl_c=True)
def matches_a_slow_regular_expression(event, context):
    import re

    re.match("(a+)+$", "a" * 40 + "b")


@handler(gives(1), rounds=3, padding=1_000_000, next_fails=r"Sandbox\.Timedout|None|", fresh=None, gate=True)
def matches_a_slow_regular_expression_in_a_thread(event, context):
    def match():
        threading.Event().wait(0.05)
        import re

        re.match("(a+)+$", "a" * 40 + "b")

    threading.Thread(target=match, daemon=True).start()
    return 1


@handler(timed_out(), fresh=True)
def catches_everything_and_loops(event, context):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


@handler(timed_out(), fresh=True, needs="posix")
def ignores_signals_and_loops(event, context):
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass


@handler(timed_out(), fresh=True)
def waits_in_asyncio(event, context):
    import asyncio

    asyncio.run(asyncio.sleep(1e6))


@handler(timed_out(), fresh=True)
def exits_while_a_thread_lives(event, context):
    threading.Thread(target=threading.Event().wait).start()
    raise SystemExit(0)


@handler(timed_out(), fresh=True)
def hangs_when_it_exits(event, context):
    import atexit

    atexit.register(threading.Event().wait)
    raise SystemExit(1)


@handler(timed_out(), fresh=True, needs="posix")
def waits_for_a_child_that_waits(event, context):
    if not os.fork():
        threading.Event().wait(600)
    os.wait()


@handler(WHATEVER, through="mapping", fresh=None, timeout=4, interrupted=True, needs="posix")
def loops_and_Ctrl_C_by_mapping(event, context):
    while True:
        pass
