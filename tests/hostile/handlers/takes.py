"""Handlers that take more than they may have, or lower what they may have."""

from __future__ import annotations

import os
import sys
import threading

from tests.hostile.table import WHATEVER, Answer, died, gives, handler, raised


@handler(died("signal: killed"), fresh=True, gate=True, mapping=True)
def takes_600_MB(event, context):
    data = b"x" * 600_000_000
    threading.Event().wait(20)


@handler(died("signal: killed"), fresh=True)
def takes_more_and_more(event, context):
    data = []
    while True:
        data.append(b"x" * 1_000_000)


@handler(died("signal: killed"), fresh=True, timeout=20, needs="posix", gate=True, mapping=True)
def takes_600_MB_in_a_child(event, context):
    if not os.fork():
        data = b"x" * 600_000_000
        threading.Event().wait(600)
    os.wait()
    return 1


@handler(died("signal: killed"), fresh=True)
def maps_600_MB(event, context):
    import mmap

    memory = mmap.mmap(-1, 600_000_000)
    for at in range(0, len(memory), 4096):
        memory[at] = 1
    threading.Event().wait(20)


@handler(died("signal: killed"), fresh=True, needs="linux")
def takes_600_MB_for_a_moment(event, context):
    data = b"x" * 600_000_000
    return 1


@handler(raised("MemoryError"))
def asks_for_more_memory_than_there_is(event, context):
    return len(bytearray(10**15))


@handler(WHATEVER, fresh=None, next_fails=".*", needs="linux")
def lowers_its_memory(event, context):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (64_000_000, 64_000_000))
    return 1


@handler(gives(1), needs="posix")
def lowers_its_files(event, context):
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*", needs="posix")
def lowers_the_size_of_its_files(event, context):
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    print("x")
    return 1


@handler(died("signal: .*"), fresh=True, timeout=10, needs="posix")
def lowers_its_time(event, context):
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    while True:
        pass


@handler(Answer(error=r"Runtime\.ExitError"), fresh=True, timeout=20)
def recurses_without_a_limit(event, context):
    sys.setrecursionlimit(10**9)
    return recurses_without_a_limit(event, context)


@handler(Answer(error=r"Runtime\.ExitError"), fresh=True, timeout=20)
def recurses_in_C(event, context):
    sys.setrecursionlimit(10**9)

    class Deep:
        def __repr__(self):
            return repr([self])

    return repr(Deep())
