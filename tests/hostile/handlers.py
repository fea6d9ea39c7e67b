"""The table of hostile handlers: each does its worst in `hostile`, or when it is imported."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

from tests.hostile.case import Answer, Case

REQUEST = r"RequestId: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} Error: "


def died(how: str, *logged: str) -> Answer:
    """The process has ended (facts 8.3)."""
    how = f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"
    return Answer(
        error=r"Runtime\.ExitError", message=REQUEST + how, logged=(how, r"Error Type: Runtime\.ExitError", *logged)
    )


def timed_out(seconds: float = 2) -> Answer:
    """The handler has not answered in time (facts 8.3)."""
    message = rf"Task timed out after {seconds:.2f} seconds"
    return Answer(error=r"Sandbox\.Timedout", message=REQUEST + message, logged=(message, "Status: timeout"))


def raised(error: str, message: str = ".*", *logged: str) -> Answer:
    """The handler, or the runtime around it, has raised an error that is reported as it is."""
    return Answer(error=error, message=message, logged=(rf"\[ERROR\] ({error})", *logged))


def unmarshalled(reason: str) -> Answer:
    """The result is no JSON (facts 8.3)."""
    return raised(r"Runtime\.MarshalError", f"Unable to marshal response: {reason}")


def gives(result: Any, *logged: str) -> Answer:
    """All is well."""
    return Answer(result=result, logged=logged)


WHATEVER = Answer(any=True)
"""AWS's answer is not known, or it is the handler's own lie."""


def handler(name: str, body: str, answer: Answer, **settings: Any) -> Case:
    """A case whose handler has these lines as its body; `before` stands before it in the module."""
    before = settings.pop("before", "")
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return Case(name, f"{before}\ndef hostile(event, context):\n{lines}\n", answer, **settings)


def module(name: str, source: str, answer: Answer, **settings: Any) -> Case:
    """A case whose module is hostile while it is imported."""
    return Case(name, source, answer, **{"at_init": True, "rounds": 0, "fresh": None, **settings})


# Raises

RAISING = (
    handler("raises", "raise ValueError('no\\nluck')", raised("ValueError", "no\nluck", "Error Type: ValueError")),
    handler(
        "raises BaseException",
        "class Odd(BaseException): pass\nraise Odd('x')",
        died("exit status 1", "Odd: x"),
        fresh=True,
        gate=True,
    ),
    handler("raises SystemExit(0)", "raise SystemExit(0)", died(""), fresh=True, gate=True),
    handler("raises SystemExit(None)", "raise SystemExit", died(""), fresh=True),
    handler("raises SystemExit(1)", "raise SystemExit(1)", died("exit status 1"), fresh=True),
    handler("raises SystemExit(256)", "raise SystemExit(256)", died(""), fresh=True, needs="posix"),
    handler("raises SystemExit(-1)", "raise SystemExit(-1)", died("exit status 255"), fresh=True),
    handler("raises SystemExit(text)", "raise SystemExit('so long')", died("exit status 1", "so long"), fresh=True),
    handler(
        "raises KeyboardInterrupt", "raise KeyboardInterrupt", died("signal: interrupt"), fresh=True, needs="posix"
    ),
    handler("raises GeneratorExit", "raise GeneratorExit", died("exit status 1"), fresh=True),
    handler("raises CancelledError", "import asyncio\nraise asyncio.CancelledError", died("exit status 1"), fresh=True),
    handler("raises StopIteration", "raise StopIteration(5)", raised("StopIteration", "5")),
    handler(
        "raises RecursionError", "return hostile(event, context)", raised("RecursionError", "maximum recursion depth.*")
    ),
    handler("raises MemoryError", "raise MemoryError", raised("MemoryError", "")),
    handler(
        "raises an error that cannot be said",
        "class Mute(Exception):\n    def __str__(self): raise ValueError('mute')\nraise Mute",
        Answer(error=r"Runtime\.ExitError|Mute"),
        fresh=None,
        gate=True,
    ),
    handler(
        "raises an error that cannot be shown",
        "class Shy(Exception):\n    def __repr__(self): raise ValueError('shy')\nraise Shy('hello')",
        raised("Shy", "hello"),
    ),
    handler(
        "raises an error whose text is none",
        "class Odd(Exception):\n    def __str__(self): return 5\nraise Odd",
        Answer(error=r"Runtime\.ExitError|Odd"),
        fresh=None,
    ),
    handler(
        "raises a group",
        "raise ExceptionGroup('many', [ValueError(1), KeyError(2)])",
        raised("ExceptionGroup", "many.*"),
    ),
    handler(
        "raises a group with Ctrl-C",
        "raise BaseExceptionGroup('many', [KeyboardInterrupt()])",
        died("exit status 1"),
        fresh=True,
    ),
    handler(
        "raises what cannot be pickled",
        "raise ValueError(lambda: 1, open(__import__('os').devnull))",
        raised("ValueError"),
    ),
    handler("raises a long text", "raise ValueError('x' * 50_000)", raised("ValueError", "x{50000}")),
    handler("raises 5 MB", "raise ValueError('x' * 5_000_000)", WHATEVER),
    handler("raises half a character", "raise ValueError('\\ud800')", WHATEVER, fresh=None),
    handler(
        "raises an error with another's name",
        "raise type('Sandbox.Timedout', (Exception,), {})('no')",
        raised(r"Sandbox\.Timedout", "no"),
    ),
    handler(
        "raises an error with 1,000 causes",
        "error = ValueError('last')\nfor n in range(1000):\n    new = ValueError(n)\n    new.__cause__ = error\n    error = new\nraise error",
        raised("ValueError", "999"),
    ),
    handler(
        "raises an error with an evil class",
        "class Meta(type):\n    __name__ = property(lambda self: 1 / 0)\nclass Odd(Exception, metaclass=Meta): pass\nraise Odd",
        WHATEVER,
        fresh=None,
    ),
)

# Dies

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
"""How Lambda names them: those above 15 go by various names."""

DYING = (
    handler("exits 0", "import os\nos._exit(0)", died(""), fresh=True),
    handler("exits 7", "import os\nos._exit(7)", died("exit status 7"), fresh=True, gate=True),
    handler("aborts", "import os\nos.abort()", died("signal: aborted"), fresh=True),
    *(
        handler(
            f"sends itself {name}",
            f"import os, signal, threading\nos.kill(os.getpid(), signal.{name})\nthreading.Event().wait(5)",
            died(f"signal: {text}"),
            fresh=True,
            needs="linux" if name in ("SIGRTMIN", "SIGTRAP") else "posix",
            gate=name in ("SIGUSR1", "SIGKILL"),
        )
        for name, text in SIGNALS.items()
        if hasattr(signal, name)
    ),
    handler(
        "sends itself SIGSTOP",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        timed_out(),
        fresh=True,
        needs="posix",
        gate=True,
    ),
    handler(
        "sends itself SIGPIPE", "import os, signal\nos.kill(os.getpid(), signal.SIGPIPE)", gives(None), needs="posix"
    ),
    handler("reads address 0", "import ctypes\nctypes.string_at(0)", died("signal: segmentation fault"), fresh=True),
    handler(
        "kills its parent",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nreturn 1",
        WHATEVER,
        fresh=None,
        needs="posix",
        gate=True,
    ),
    handler(
        "kills its parent and hangs",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass",
        WHATEVER,
        fresh=True,
        needs="posix",
    ),
    handler(
        "stops its parent",
        "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\nreturn 1",
        WHATEVER,
        fresh=None,
        needs="posix",
    ),
    handler(
        "interrupts its parent",
        "import os, signal\nos.kill(os.getppid(), signal.SIGINT)\nreturn 1",
        WHATEVER,
        fresh=None,
        needs="posix",
    ),
    handler(
        "kills its group",
        "import os, signal\nos.killpg(0, signal.SIGKILL)\nwhile True: pass",
        died("signal: killed"),
        fresh=True,
        needs="posix",
        gate=True,
    ),
    handler(
        "becomes another program",
        "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', ''])",
        died(""),
        fresh=True,
        needs="posix",
    ),
    handler(
        "becomes another program that hangs",
        "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'while True: pass'])",
        timed_out(),
        fresh=True,
        needs="posix",
    ),
    handler(
        "becomes another program that prints",
        "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(7, flush=True)\\nimport os\\nos.abort()'])",
        died("signal: aborted", "7"),
        fresh=True,
        needs="posix",
    ),
)

# Hangs

SLOW_REGULAR_EXPRESSION = "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"
"""Holds the interpreter's lock, in C, for hours."""

HANGING = (
    handler("loops", "while True: pass", timed_out(), fresh=True, gate=True),
    handler(
        "waits for a lock",
        "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
        timed_out(),
        fresh=True,
    ),
    handler("reads its input", "return input()", raised("EOFError", "EOF when reading a line")),
    handler("matches a slow regular expression", SLOW_REGULAR_EXPRESSION, timed_out(), fresh=True, gate=True),
    handler(
        "matches a slow regular expression in a thread",
        "import threading\n"
        "def match():\n    threading.Event().wait(0.05)\n    import re\n    re.match('(a+)+$', 'a' * 40 + 'b')\n"
        "threading.Thread(target=match, daemon=True).start()\nreturn 1",
        gives(1),
        rounds=3,
        padding=1_000_000,
        next_fails=r"Sandbox\.Timedout|None|",
        fresh=None,
        gate=True,
    ),
    handler(
        "catches everything and loops",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        timed_out(),
        fresh=True,
    ),
    handler(
        "ignores signals and loops",
        "import signal\n"
        "for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    try: signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "while True: pass",
        timed_out(),
        fresh=True,
        needs="posix",
        gate=True,
    ),
    handler("waits in asyncio", "import asyncio\nasyncio.run(asyncio.sleep(1e6))", timed_out(), fresh=True),
    handler(
        "exits while a thread lives",
        "import threading\nthreading.Thread(target=threading.Event().wait).start()\nraise SystemExit(0)",
        timed_out(),
        fresh=True,
    ),
    handler(
        "hangs when it exits",
        "import atexit, threading\natexit.register(threading.Event().wait)\nraise SystemExit(1)",
        timed_out(),
        fresh=True,
    ),
    handler(
        "waits for a child that waits",
        "import os, threading\nif not os.fork(): threading.Event().wait(600)\nos.wait()",
        timed_out(),
        fresh=True,
        needs="posix",
    ),
    *(
        handler(
            f"{name}, and Ctrl-C", body, WHATEVER, fresh=True, timeout=900, interrupted=True, gate=gate, needs="posix"
        )
        for name, body, gate in (
            ("loops", "while True: pass", True),
            ("matches a slow regular expression", SLOW_REGULAR_EXPRESSION, False),
            ("waits for a lock", "import threading\nthreading.Event().wait()", False),
            ("stops", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", False),
        )
    ),
    handler(
        "loops, and Ctrl-C, by mapping",
        "while True: pass",
        WHATEVER,
        through="mapping",
        fresh=None,
        timeout=4,
        interrupted=True,
        needs="posix",
    ),
)

# Descriptors and output

EVERY_DESCRIPTOR = "import os\nfor number in range(0, 64):\n    try: {}\n    except OSError: pass\n"

WRITING = (
    handler(
        "closes its standard streams",
        "import sys\nfor each in (sys.stdin, sys.stdout, sys.stderr): each.close()\nreturn 1",
        gives(1),
        gate=True,
    ),
    handler("closes its standard descriptors", "import os\nfor each in (0, 1, 2): os.close(each)\nreturn 1", gives(1)),
    handler(
        "closes every descriptor",
        "import os\nos.closerange(0, 4096)\nreturn 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
        gate=True,
    ),
    handler(
        "writes nonsense everywhere",
        EVERY_DESCRIPTOR.format("os.write(number, b'\\x00\\x00\\x00\\x05hello' * 9)") + "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
        gate=True,
    ),
    handler(
        "writes a large number everywhere",
        EVERY_DESCRIPTOR.format("os.write(number, b'\\xff' * 8)") + "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
    ),
    handler(
        "writes one byte everywhere",
        EVERY_DESCRIPTOR.format("os.write(number, b'\\x00')") + "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
    ),
    handler(
        "writes nonsense everywhere and dies",
        EVERY_DESCRIPTOR.format("os.write(number, b'hello')") + "os._exit(1)",
        WHATEVER,
        fresh=True,
    ),
    handler(
        "writes answers of its own",
        "import marshal\n"
        "frame = marshal.dumps(({'kind': 'result', 'spent': 0, 'peak': 0, 'id': 1, 'request_id': 'x'}, b'7'))\n"
        + EVERY_DESCRIPTOR.format("os.write(number, len(frame).to_bytes(4, 'big') + frame)")
        + "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
    ),
    handler(
        "reads everything",
        EVERY_DESCRIPTOR.format("os.set_blocking(number, False); os.read(number, 100)") + "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
        needs="posix",
    ),
    handler(
        "swaps all descriptors",
        EVERY_DESCRIPTOR.format("os.dup2(2, number)") + "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
    ),
    handler(
        "closes the connection",
        "import gc\n"
        "for each in gc.get_objects():\n"
        "    if type(each).__name__ in ('BufferedReader', 'BufferedWriter'):\n"
        "        try: each.close()\n"
        "        except Exception: pass\n"
        "return 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
    ),
    *(
        handler(
            f"sends a message that is {name}",
            "import gc\n"
            "for each in gc.get_objects():\n"
            "    if type(each).__name__ == 'Connection' and hasattr(each, 'ask'):\n"
            f"        each.ask({message})\n"
            "return 1",
            WHATEVER,
            fresh=None,
            next_fails=".*",
            gate=name == "of no kind",
        )
        for name, message in (
            ("of no kind", "{'kind': 'explode'}"),
            ("of an odd kind", "{'kind': {}, 'seconds': 'x'}"),
            ("a sleep of no length", "{'kind': 'sleep', 'seconds': 'x'}"),
            ("a sleep backwards", "{'kind': 'sleep', 'seconds': -5.0}"),
            ("a sleep without an end", "{'kind': 'sleep', 'seconds': float('inf')}"),
            ("a call without an address", "{'kind': 'call', 'method': 'GET', 'url': '[', 'headers': {}}"),
            ("a call to nowhere", "{'kind': 'call', 'method': 5, 'url': None, 'headers': []}"),
            ("a report of much time", "{'kind': 'sleep', 'seconds': 0.0, 'spent': -1e300}"),
            ("an early end", "{'kind': 'result', 'peak': 'x'}"),
            ("a second start", "{'kind': 'ready'}"),
        )
    ),
    handler("prints 100 MB", "for _ in range(100_000): print('x' * 1000)\nreturn 1", gives(1), seconds=90, gate=True),
    handler(
        "prints 20 MB without an end",
        "import sys\nfor _ in range(20): sys.stdout.write('x' * 1_000_000)\nreturn 1",
        gives(1),
    ),
    handler("prints 100,000 lines", "for n in range(100_000): print(n)\nreturn 1", gives(1, "^99999")),
    handler(
        "prints no UTF-8", "import os\nos.write(1, b'\\xff\\xfe\\x80 here\\n')\nreturn 1", gives(1, " here"), gate=True
    ),
    handler("prints odd characters", "print('a\\0b\\rc\\r\\nd\\x1b[31m\\u2028e')\nreturn 1", gives(1, "a\0b")),
    handler("prints half a character", "print('\\ud800')", raised("UnicodeEncodeError")),
    handler(
        "prints what Lambda prints",
        "print('END RequestId: 1\\nREPORT RequestId: 1\\tDuration: -1 ms')\nreturn 1",
        gives(1, "REPORT RequestId: 1\t"),
    ),
    handler("prints 300 KB in a line", "print('x' * 300_000)\nreturn 1", gives(1, "^x{1000}")),
    handler(
        "puts other things in place of its streams",
        "import sys\nsys.stdout = sys.stderr = sys.stdin = 5\nreturn 1",
        gives(1),
    ),
    handler(
        "has no streams and raises",
        "import sys\nsys.stdout = sys.stderr = None\nraise ValueError('x')",
        WHATEVER,
        fresh=None,
    ),
)

# Processes

FORKING = (
    handler(
        "forks, and both return",
        "import os\nos.fork()\nreturn 1",
        gives(1),
        fresh=None,
        rounds=20,
        needs="posix",
        gate=True,
    ),
    handler(
        "forks, and the child raises",
        "import os\nif not os.fork(): raise ValueError('child')\nos.wait()\nreturn 1",
        WHATEVER,
        fresh=None,
        rounds=20,
        needs="posix",
    ),
    handler(
        "forks, and the child lives on",
        "import os, threading\nif not os.fork(): threading.Event().wait(600)\nreturn 1",
        gives(1),
        needs="posix",
        gate=True,
    ),
    handler(
        "forks and dies, and the child lives on",
        "import os, threading\nif not os.fork(): threading.Event().wait(600)\nos._exit(1)",
        died("exit status 1"),
        fresh=True,
        needs="posix",
        gate=True,
    ),
    handler(
        "forks and hangs, and the child hangs",
        "import os\nos.fork()\nwhile True: pass",
        timed_out(),
        fresh=True,
        needs="posix",
    ),
    handler(
        "forks four times, and all live on",
        "import os, threading\nme = os.getpid()\nfor _ in range(4): os.fork()\nif os.getpid() != me: threading.Event().wait(600)\nreturn 1",
        gives(1),
        needs="posix",
        gate=True,
    ),
    handler(
        "forks a child that works on",
        "import os, time\nif not os.fork():\n    while True: time.sleep(0.01)\nreturn 1",
        gives(1),
        rounds=50,
        fresh=None,
        needs="posix",
    ),
    handler(
        "leaves a daemon",
        "import os, threading\n"
        "if not os.fork():\n    os.setsid()\n    if not os.fork(): threading.Event().wait(600)\n    os._exit(0)\n"
        "os.wait()\nreturn 1",
        gives(1),
        needs="linux",
        gate=True,
    ),
    handler(
        "leaves a daemon and dies",
        "import os, threading\n"
        "if not os.fork():\n    os.setsid()\n    if not os.fork(): threading.Event().wait(600)\n    os._exit(0)\n"
        "os.wait()\nos._exit(1)",
        died("exit status 1"),
        fresh=True,
        needs="linux",
    ),
    handler(
        "uses multiprocessing",
        "import multiprocessing as m\nhere, there = m.Pipe()\np = m.Process(target=there.send, args=(7,))\np.start()\np.join()\nreturn here.recv()",
        gives(7),
        needs="posix",
    ),
    handler(
        "leaves a program",
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nreturn 1",
        gives(1),
        gate=True,
    ),
    handler(
        "leaves a program in a session of its own",
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\nreturn 1",
        gives(1),
        needs="linux",
    ),
    handler(
        "leaves a program that prints",
        "import subprocess\nsubprocess.Popen('for i in $(seq 2000); do echo noise; sleep 0.05; done', shell=True)\nreturn 1",
        gives(1),
        rounds=20,
        needs="posix",
    ),
    handler(
        "leaves a program and dies",
        "import os, subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], close_fds=False)\nos._exit(1)",
        died("exit status 1"),
        fresh=True,
    ),
)

# Threads

THREADS = "import threading, time\ndef start(target):\n    threading.Thread(target=target, daemon=True).start()\n"

THREADING = (
    handler(
        "leaves a thread that sleeps",
        "def run():\n    while True: time.sleep(0.01)\nstart(run)\nreturn 1",
        gives(1),
        before=THREADS,
        rounds=100,
        gate=True,
    ),
    handler(
        "leaves a thread that spins",
        "def run():\n    while True: pass\nstart(run)\nreturn 1",
        gives(1),
        before=THREADS,
        rounds=3,
        padding=6_000_000,
        fresh=None,
        gate=True,
    ),
    handler(
        "leaves ten threads that spin",
        "def run():\n    while True: pass\nfor _ in range(10): start(run)\nreturn 1",
        gives(1),
        before=THREADS,
        rounds=3,
        fresh=None,
    ),
    handler(
        "leaves a thread that prints",
        "def run():\n    while True: print('noise')\nstart(run)\nreturn 1",
        gives(1),
        before=THREADS,
        rounds=10,
        fresh=None,
    ),
    handler(
        "leaves a thread that calls AWS",
        "import boto3\nkinesis = boto3.client('kinesis')\ndef run():\n    while True: kinesis.list_streams()\nstart(run)\nreturn 1",
        gives(1),
        before=THREADS,
        rounds=30,
        fresh=None,
    ),
    handler(
        "leaves 300 threads", "for _ in range(300): start(threading.Event().wait)\nreturn 1", gives(1), before=THREADS
    ),
    handler(
        "has a thread that raises",
        "t = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nreturn 1",
        gives(1, "ZeroDivisionError"),
        before=THREADS,
    ),
    handler(
        "has a thread that exits",
        "import os\nt = threading.Thread(target=os._exit, args=(3,))\nt.start()\nt.join()\nreturn 1",
        died("exit status 3"),
        before=THREADS,
        fresh=True,
    ),
    handler(
        "calls AWS from 200 threads",
        "import boto3\nkinesis, done = boto3.client('kinesis'), []\n"
        "def run(): done.append(kinesis.list_streams())\n"
        "threads = [threading.Thread(target=run) for _ in range(200)]\n"
        "for t in threads: t.start()\nfor t in threads: t.join()\nreturn len(done)",
        gives(200),
        before=THREADS,
        timeout=60,
        gate=True,
    ),
    handler(
        "sleeps in 200 threads",
        "threads = [threading.Thread(target=time.sleep, args=(0.5,)) for _ in range(200)]\n"
        "for t in threads: t.start()\nfor t in threads: t.join()\nreturn 1",
        WHATEVER,
        before=THREADS,
        timeout=200,
        fresh=None,
    ),
    handler(
        "has an alarm that raises",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: 1 / 0)\nsignal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)\nreturn 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
        rounds=1,
        needs="posix",
    ),
)

# Memory

REMEMBERING = (
    handler(
        "takes 600 MB",
        "data = b'x' * 600_000_000\nimport threading\nthreading.Event().wait(20)",
        died("signal: killed"),
        fresh=True,
        gate=True,
    ),
    handler(
        "takes more and more",
        "data = []\nwhile True: data.append(b'x' * 1_000_000)",
        died("signal: killed"),
        fresh=True,
    ),
    handler(
        "takes 600 MB in a child",
        "import os, threading\nif not os.fork():\n    data = b'x' * 600_000_000\n    threading.Event().wait(600)\nos.wait()\nreturn 1",
        died("signal: killed"),
        fresh=True,
        timeout=20,
        needs="posix",
        gate=True,
    ),
    handler(
        "maps 600 MB",
        "import mmap, threading\nmemory = mmap.mmap(-1, 600_000_000)\nfor at in range(0, len(memory), 4096): memory[at] = 1\nthreading.Event().wait(20)",
        died("signal: killed"),
        fresh=True,
    ),
    handler(
        "takes 600 MB for a moment",
        "data = b'x' * 600_000_000\nreturn 1",
        died("signal: killed"),
        fresh=True,
        needs="linux",
    ),
    handler("asks for more memory than there is", "return len(bytearray(10**15))", raised("MemoryError")),
    handler(
        "lowers its memory",
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (64_000_000, 64_000_000))\nreturn 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
        needs="linux",
    ),
    handler(
        "lowers its files",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\nreturn 1",
        gives(1),
        needs="posix",
    ),
    handler(
        "lowers the size of its files",
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nprint('x')\nreturn 1",
        WHATEVER,
        fresh=None,
        next_fails=".*",
        needs="posix",
    ),
    handler(
        "lowers its time",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        died("signal: .*"),
        fresh=True,
        timeout=10,
        needs="posix",
    ),
    handler(
        "recurses without a limit",
        "import sys\nsys.setrecursionlimit(10**9)\nreturn hostile(event, context)",
        Answer(error=r"Runtime\.ExitError"),
        fresh=True,
        timeout=20,
    ),
    handler(
        "recurses in C",
        "import sys\nsys.setrecursionlimit(10**9)\nclass Deep:\n    def __repr__(self): return repr([self])\nreturn repr(Deep())",
        Answer(error=r"Runtime\.ExitError"),
        fresh=True,
        timeout=20,
    ),
)

# Time

SLEEPING = (
    handler("sleeps 1e308 seconds", "import time\ntime.sleep(1e308)", raised("OverflowError"), gate=True),
    handler("sleeps 9e9 seconds", "import time\ntime.sleep(9e9)", timed_out(), fresh=True),
    handler("sleeps an endless time", "import time\ntime.sleep(float('inf'))", raised("OverflowError")),
    handler("sleeps a large number", "import time\ntime.sleep(10**400)", raised("OverflowError")),
    handler(
        "sleeps backwards", "import time\ntime.sleep(-1)", raised("ValueError", "sleep length must be non-negative")
    ),
    handler("sleeps no number", "import time\ntime.sleep(float('nan'))", raised("ValueError", "Invalid value NaN.*")),
    handler("sleeps a text", "import time\ntime.sleep('1')", raised("TypeError")),
    handler("sleeps beyond its timeout", "import time\ntime.sleep(5)", timed_out(), fresh=True, gate=True),
    handler("sleeps again and again", "import time\nwhile True: time.sleep(0.001)", timed_out(), fresh=True),
    handler(
        "sleeps for no time for ever", "import time\nwhile True: time.sleep(0)", timed_out(), fresh=True, seconds=60
    ),
    handler(
        "waits for its last moment",
        "while context.get_remaining_time_in_millis(): pass\nreturn 1",
        WHATEVER,
        fresh=None,
    ),
    handler(
        "waits for next year",
        "import time\nend = time.time() + 3e7\nwhile time.time() < end: pass",
        timed_out(),
        fresh=True,
    ),
    handler("changes time", "import time\ntime.sleep = time.time = time.monotonic = None\nreturn 1", gives(1)),
)

# Returns

RETURNING = (
    handler("returns no number", "return float('nan')", WHATEVER, gate=True),
    handler("returns an endless number", "return [float('inf'), -float('inf')]", WHATEVER),
    handler("returns a large number", "return 10**5000", unmarshalled("Exceeds the limit.*")),
    handler("returns bytes that are no JSON", "return b'\\xff\\x00'", WHATEVER),
    handler("returns a set", "return {1}", unmarshalled("Object of type set is not JSON serializable")),
    handler(
        "returns a circle",
        "circle = []\ncircle.append(circle)\nreturn circle",
        unmarshalled("Circular reference detected"),
    ),
    handler(
        "returns a generator",
        "return (n for n in range(3))",
        unmarshalled("Object of type generator is not JSON serializable"),
    ),
    handler("returns a type", "return int", unmarshalled("Object of type type is not JSON serializable")),
    handler(
        "returns 100,000 lists in each other",
        "deep = []\nfor _ in range(100_000): deep = [deep]\nreturn deep",
        unmarshalled("maximum recursion depth.*"),
        gate=True,
    ),
    handler(
        "returns 7 MB",
        "return 'x' * 7_000_000",
        Answer(
            error=r"Function\.ResponseSizeTooLarge",
            message=r"Response payload size exceeded maximum allowed payload size \(\d+ bytes\)\.",
        ),
    ),
    handler(
        "returns 200 MB",
        "return 'x' * 200_000_000",
        Answer(error=r"Function\.ResponseSizeTooLarge"),
        memory=2048,
        growth=900,
        fresh=None,
    ),
    handler(
        "returns a list without an end",
        "class Endless(list):\n    def __iter__(self):\n        while True: yield 1\nreturn Endless([1])",
        Answer(error=r"Runtime\.ExitError|Sandbox\.Timedout"),
        fresh=True,
    ),
    handler(
        "returns a dict that raises",
        "class Evil(dict):\n    def items(self): raise ValueError('evil')\nreturn Evil(a=1)",
        unmarshalled("evil"),
    ),
    handler(
        "returns a dict that exits",
        "class Evil(dict):\n    def items(self): raise SystemExit(4)\nreturn Evil(a=1)",
        died("exit status 4"),
        fresh=True,
    ),
    handler(
        "returns a tuple that lies",
        "class Evil:\n    def _asdict(self): return self\nreturn Evil()",
        Answer(error=r"Runtime\.MarshalError"),
    ),
    handler(
        "returns a text that lies",
        "class Evil(str):\n    def __str__(self): return 1\n    def encode(self, *a): return 5\nreturn Evil('x')",
        gives("x"),
    ),
    handler(
        "returns an integer that lies",
        "class Evil(int):\n    def __repr__(self): return ']'\n    __str__ = __repr__\nreturn Evil(5)",
        WHATEVER,
    ),
    handler(
        "returns odd keys",
        "return {1: 'a', None: 'b', 2.5: 'c', False: 'd'}",
        gives({"1": "a", "null": "b", "2.5": "c", "false": "d"}),
    ),
    handler("returns a tuple as key", "return {(1, 2): 3}", unmarshalled("keys must be str.*")),
    handler("returns half a character", "return '\\ud800'", WHATEVER, fresh=None),
    handler(
        "returns a coroutine",
        "async def later(): return 1\nreturn later()",
        unmarshalled("Object of type coroutine is not JSON serializable"),
    ),
)

# Changes

CHANGING = (
    handler(
        "deletes its folder",
        "import os, shutil\nshutil.rmtree(os.environ['LAMBDA_TASK_ROOT'], ignore_errors=True)\nreturn 1",
        gives(1),
        gate=True,
    ),
    handler(
        "deletes its folder and dies",
        "import os, shutil\nshutil.rmtree(os.environ['LAMBDA_TASK_ROOT'], ignore_errors=True)\nos._exit(1)",
        died("exit status 1"),
        fresh=True,
        gate=True,
    ),
    handler(
        "changes its code and dies",
        "import os\n"
        "root = os.environ['LAMBDA_TASK_ROOT']\n"
        "for how in (lambda: os.chmod(root, 0o777), lambda: os.chmod(root + '/app.py', 0o666),\n"
        "            lambda: os.rename(root + '/app.py', root + '/old.py'),\n"
        "            lambda: open(root + '/app.py', 'w').write('def handler(event, context): return 666')):\n"
        "    try: how()\n"
        "    except OSError: pass\n"
        "os._exit(1)",
        died("exit status 1"),
        fresh=True,
        gate=True,
    ),
    handler(
        "adds a module and dies",
        "import os\n"
        "for name in ('json.py', 'marshal.py', 'sitecustomize.py', 'boto3.py', 'struct.py'):\n"
        "    try: open(os.path.join(os.environ['LAMBDA_TASK_ROOT'], name), 'w').write('1 / 0')\n"
        "    except OSError: pass\n"
        "os._exit(1)",
        died("exit status 1"),
        fresh=True,
    ),
    handler(
        "fills its temporary folder",
        "import os, tempfile\nfor n in range(50):\n    with tempfile.NamedTemporaryFile(delete=False) as f: f.write(b'x' * 10_000)\nos.mkdir(tempfile.gettempdir() + '/a')\nos.chmod(tempfile.gettempdir() + '/a', 0)\nreturn 1",
        gives(1),
        gate=True,
    ),
    handler("moves to another folder", "import os\nos.chdir('/')\nreturn 1", gives(1)),
    handler("gives files no rights", "import os\nos.umask(0o777)\nreturn 1", gives(1)),
    handler("clears its environment", "import os\nos.environ.clear()\nreturn 1", gives(1)),
    handler(
        "clears sys.path",
        "import sys\nsys.path.clear()\nsys.meta_path.clear()\nsys.path_hooks.clear()\nreturn 1",
        gives(1),
        next_fails=".*",
    ),
    handler("clears sys.modules", "import sys\nsys.modules.clear()\nreturn 1", WHATEVER, next_fails=".*", fresh=None),
    *(
        handler(
            f"breaks {name}",
            f"import {name.rpartition('.')[0]}\n{name} = None\nreturn 1",
            WHATEVER,
            next_fails=".*",
            rounds=1,
            fresh=None,
            gate=name == "marshal.dumps",
        )
        for name in (
            "json.loads",
            "json.dumps",
            "marshal.dumps",
            "marshal.loads",
            "builtins.open",
            "builtins.len",
            "builtins.isinstance",
            "builtins.Exception",
            "builtins.__import__",
            "os.write",
            "os._exit",
            "os.fstat",
            "sys.modules",
            "threading.RLock",
        )
    ),
    handler(
        "has a profiler that raises",
        "import sys\nsys.setprofile(lambda *_: 1 / 0)\nreturn 1",
        WHATEVER,
        next_fails=".*",
        fresh=None,
    ),
    handler(
        "has a tracer that raises",
        "import sys, threading\nsys.settrace(lambda *_: 1 / 0)\nthreading.settrace(lambda *_: 1 / 0)\nreturn 1",
        WHATEVER,
        next_fails=".*",
        fresh=None,
    ),
    handler("never gives up the lock", "import sys\nsys.setswitchinterval(1e9)\nreturn 1", gives(1)),
    handler(
        "disables what it can",
        "import gc, sys, os\ngc.disable()\nsys.excepthook = sys.unraisablehook = None\nos._exit = sys.exit = lambda *_: None\nreturn 1",
        gives(1),
    ),
)

# AWS

STUMBLING = """
import boto3, botocore
calls = 0
for service, operation, arguments in (
    ("cloudformation", "create_stack", {"StackName": "a", "TemplateBody": '{"Resources": {"A": {}}}'}),
    ("cloudformation", "create_stack", {"StackName": "b", "TemplateBody": '{"Resources": []}'}),
    ("cloudformation", "create_stack", {"StackName": "c", "TemplateBody": '[1]'}),
    ("cloudformation", "create_stack", {"StackName": "d", "TemplateBody": 'Resources: {A: {Type: 5, Properties: 7}}'}),
    ("cloudformation", "validate_template", {"TemplateBody": "{"}),
    ("cloudformation", "create_stack", {"StackName": "e", "TemplateBody": '{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "A"}}}}}'}),
    ("iam", "create_policy", {"PolicyName": "p", "PolicyDocument": "{"}),
    ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "[]"}),
    ("s3", "put_object", {"Bucket": "nowhere", "Key": "../../x", "Body": b"x"}),
    ("s3", "create_bucket", {"Bucket": "A__"}),
    ("sqs", "send_message", {"QueueUrl": "https://nowhere/1/2", "MessageBody": "x"}),
    ("sqs", "create_queue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "x"}}),
    ("sns", "publish", {"TopicArn": "x", "Message": "y"}),
    ("sns", "publish", {"TargetArn": "arn:aws:sns", "Message": "y"}),
    ("dynamodb", "put_item", {"TableName": "none", "Item": {"a": {"N": "x"}}}),
    ("dynamodb", "create_table", {"TableName": "abc", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "AttributeDefinitions": []}),
    ("logs", "put_log_events", {"logGroupName": "none", "logStreamName": "none", "logEvents": []}),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": float("nan")}]}),
    ("kms", "decrypt", {"CiphertextBlob": b"x"}),
    ("lambda", "invoke", {"FunctionName": "none"}),
    ("lambda", "create_function", {"FunctionName": "x", "Role": "arn:aws:iam::123456789012:role/x", "Code": {"ZipFile": b"x"}}),
    ("apigateway", "put_rest_api", {"restApiId": "x", "body": b"{"}),
    ("stepfunctions", "create_state_machine", {"name": "x", "definition": "{", "roleArn": "x"}),
    ("kinesis", "get_records", {"ShardIterator": "x"}),
    ("events", "put_rule", {"Name": "x", "EventPattern": "{"}),
    ("firehose", "put_record", {"DeliveryStreamName": "x", "Record": {"Data": b"x"}}),
):
    try:
        getattr(boto3.client(service, config=botocore.config.Config(retries={"total_max_attempts": 1})), operation)(**arguments)
    except Exception as error:
        print(service, operation, type(error).__name__, error)
    calls += 1
return calls
"""

OWN = "import boto3\nme = context.function_name\n"
CREATES_A_STACK = "import boto3\nboto3.client('cloudformation').create_stack(StackName='x', TemplateBody='{\"Resources\": {\"A\": {}}}')\nreturn 1"

CALLING = (
    handler(
        "creates a stack without a type", CREATES_A_STACK, raised("ClientError|ValidationError"), timeout=60, gate=True
    ),
    handler("makes many odd calls", STUMBLING, gives(26), timeout=300, seconds=90, gate=True),
    handler(
        "deletes its function",
        OWN + "boto3.client('lambda').delete_function(FunctionName=me)\nreturn 1",
        gives(1),
        again=("function",),
        fresh=True,
        timeout=20,
        gate=True,
    ),
    handler(
        "deletes its function and dies",
        OWN + "boto3.client('lambda').delete_function(FunctionName=me)\nimport os\nos._exit(1)",
        Answer(error=r"Runtime\.ExitError"),
        again=("function",),
        fresh=True,
        timeout=20,
    ),
    handler(
        "deletes its function, by mapping",
        OWN + "boto3.client('lambda').delete_function(FunctionName=me)\nreturn 1",
        gives(1),
        through="mapping",
        attempts=1,
        again=("function", "mapping"),
        fresh=True,
        timeout=20,
    ),
    handler(
        "deletes its mapping",
        OWN
        + "lambda_ = boto3.client('lambda')\nfor m in lambda_.list_event_source_mappings(FunctionName=me)['EventSourceMappings']: lambda_.delete_event_source_mapping(UUID=m['UUID'])\nreturn 1",
        gives(1),
        through="mapping",
        attempts=1,
        again=("mapping",),
        timeout=20,
        gate=True,
    ),
    handler(
        "deletes its mapping and raises",
        OWN
        + "lambda_ = boto3.client('lambda')\nfor m in lambda_.list_event_source_mappings(FunctionName=me)['EventSourceMappings']: lambda_.delete_event_source_mapping(UUID=m['UUID'])\n1 / 0",
        WHATEVER,
        through="mapping",
        again=("mapping",),
        timeout=20,
    ),
    handler(
        "deletes its stream",
        OWN + "boto3.client('kinesis').delete_stream(StreamName='orders')\nreturn 1",
        gives(1),
        through="mapping",
        attempts=1,
        again=("stream", "mapping"),
        timeout=20,
        gate=True,
    ),
    handler(
        "deletes its stream and raises",
        OWN + "boto3.client('kinesis').delete_stream(StreamName='orders')\n1 / 0",
        WHATEVER,
        through="mapping",
        again=("stream", "mapping"),
        timeout=20,
        fresh=None,
    ),
    handler(
        "deletes its role",
        OWN
        + "iam = boto3.client('iam')\nfor p in iam.list_attached_role_policies(RoleName='shop')['AttachedPolicies']: iam.detach_role_policy(RoleName='shop', PolicyArn=p['PolicyArn'])\niam.delete_role(RoleName='shop')\nreturn 1",
        gives(1),
        through="mapping",
        attempts=1,
        again=("role",),
        timeout=20,
    ),
    handler(
        "updates its code",
        OWN
        + "try: boto3.client('lambda').update_function_code(FunctionName=me, ZipFile=b'x')\nexcept Exception: return 1",
        gives(1),
        timeout=20,
    ),
    handler(
        "changes its timeout",
        OWN + "boto3.client('lambda').update_function_configuration(FunctionName=me, Timeout=1)\nreturn 1",
        gives(1),
        fresh=None,
        timeout=20,
    ),
    handler(
        "invokes itself",
        OWN
        + "import json\nreturn json.load(boto3.client('lambda').invoke(FunctionName=me, Payload=json.dumps(event))['Payload'])",
        WHATEVER,
        fresh=None,
        timeout=60,
        gate=True,
    ),
    handler(
        "invokes itself twice",
        OWN
        + "import json\nlambda_ = boto3.client('lambda')\nreturn [json.load(lambda_.invoke(FunctionName=me, Payload=json.dumps(event))['Payload']) for _ in range(2)]",
        WHATEVER,
        fresh=None,
        timeout=10,
        seconds=100,
    ),
    handler(
        "invokes itself later",
        OWN
        + "import json\nfor _ in range(2): boto3.client('lambda').invoke(FunctionName=me, InvocationType='Event', Payload=json.dumps(event))\nreturn 1",
        WHATEVER,
        fresh=None,
        timeout=60,
        seconds=100,
    ),
    handler(
        "invokes another that invokes it",
        OWN
        + "import json\nother = 'other' if me == 'case' else 'case'\nreturn json.load(boto3.client('lambda').invoke(FunctionName=other, Payload=json.dumps(event))['Payload'])",
        WHATEVER,
        fresh=None,
        timeout=60,
        twin=True,
    ),
    handler(
        "puts its record again",
        OWN + "boto3.client('kinesis').put_record(StreamName='orders', Data=b'again', PartitionKey='x')\nreturn 1",
        gives(1),
        through="mapping",
        attempts=2,
        timeout=20,
    ),
    handler(
        "calls an address of its own",
        "import boto3\nfor address in ('http://127.0.0.1:1', 'http://[::1]:9', 'http://evil.example'):\n"
        "    try: boto3.client('s3', endpoint_url=address).list_buckets()\n    except Exception as error: print(error)\nreturn 1",
        gives(1),
        timeout=60,
    ),
)

# While it is imported

IMPORTING = (
    module(
        "raises when imported",
        "1 / 0",
        Answer(error="ZeroDivisionError", message="division by zero", logged=(r"\[ERROR\] ZeroDivisionError",)),
        gate=True,
    ),
    module(
        "exits 3 when imported",
        "import sys\nsys.exit(3)",
        Answer(error=r"Runtime\.ExitError", message=REQUEST + "Runtime exited with error: exit status 3"),
        gate=True,
    ),
    module("exits 0 when imported", "import os\nos._exit(0)", died("")),
    module(
        "raises KeyboardInterrupt when imported", "raise KeyboardInterrupt", died("signal: interrupt"), needs="posix"
    ),
    module("aborts when imported", "import os\nos.abort()", died("signal: aborted")),
    module("loops when imported", "while True: pass", Answer(error=r"Sandbox\.Timedout"), seconds=150),
    module("loops when imported, and Ctrl-C", "while True: pass", WHATEVER, interrupted=True, needs="posix"),
    module(
        "sleeps when imported",
        "import time\ntime.sleep(1000)",
        Answer(error=r"Sandbox\.Timedout", message=REQUEST + r"Task timed out after \d+\.00 seconds"),
    ),
    module("sleeps 1e308 seconds when imported", "import time\ntime.sleep(1e308)", Answer(error="OverflowError")),
    module(
        "forks when imported",
        "import os\nos.fork()\ndef hostile(event, context): return 1",
        gives(1),
        needs="posix",
        gate=True,
    ),
    module(
        "forks and dies when imported",
        "import os, threading\nif not os.fork(): threading.Event().wait(600)\nos._exit(1)",
        died("exit status 1"),
        needs="posix",
    ),
    module(
        "closes everything when imported",
        "import os\nos.closerange(0, 4096)\ndef hostile(event, context): return 1",
        WHATEVER,
    ),
    module(
        "writes nonsense when imported",
        EVERY_DESCRIPTOR.format("os.write(number, b'hello' * 9)") + "def hostile(event, context): return 1",
        WHATEVER,
        gate=True,
    ),
    module(
        "takes 600 MB when imported",
        "import threading\ndata = b'x' * 600_000_000\nthreading.Event().wait(20)",
        died("signal: killed"),
    ),
    module(
        "creates a stack when imported",
        "import boto3\nboto3.client('cloudformation').create_stack(StackName='x', TemplateBody='{\"Resources\": {\"A\": {}}}')",
        Answer(error="ClientError|ValidationError"),
    ),
    module(
        "replaces itself when imported",
        "import sys\nsys.modules[__name__] = 5",
        Answer(error=r"Runtime\.HandlerNotFound", message="Handler 'handler' missing on module 'app'"),
    ),
    module("raises an odd ImportError", "raise ImportError('\\ud800', name=5)", WHATEVER),
    module(
        "raises an odd SyntaxError",
        "error = SyntaxError('x')\nerror.filename = 5\nerror.lineno = 'x'\nraise error",
        Answer(error=r"Runtime\.UserCodeSyntaxError|Runtime\.ExitError"),
    ),
    module(
        "kills its parent when imported",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\ndef hostile(event, context): return 1",
        WHATEVER,
        needs="posix",
    ),
    handler("prints 10 MB when imported", "return 1", gives(1), before="print('x' * 10_000_000)"),
    handler(
        "starts a thread when imported",
        "return 1",
        gives(1),
        before=THREADS + "def run():\n    while True: pass\nstart(run)\n",
        rounds=5,
        fresh=None,
        gate=True,
    ),
    handler(
        "deletes its folder when imported",
        "return 1",
        gives(1),
        before="import os, shutil\nshutil.rmtree(os.environ['LAMBDA_TASK_ROOT'], ignore_errors=True)\n",
    ),
)

DIRECT = (
    *RAISING,
    *DYING,
    *HANGING,
    *WRITING,
    *FORKING,
    *THREADING,
    *REMEMBERING,
    *SLEEPING,
    *RETURNING,
    *CHANGING,
    *CALLING,
    *IMPORTING,
)


def _by_mapping(name: str, **changes: Any) -> Case:
    """The same handler, invoked by an event source mapping, which retries once what fails."""
    (case,) = [case for case in DIRECT if case.name == name]
    usual = {"gate": False, "attempts": 2 if case.answer.error else 1}
    return replace(case, name=f"{name}, by mapping", through="mapping", **{**usual, **changes})


HANDLERS = (
    *DIRECT,
    _by_mapping("raises"),
    _by_mapping("raises SystemExit(0)"),
    _by_mapping("raises BaseException"),
    _by_mapping("raises an error that cannot be said"),
    _by_mapping("exits 7", gate=True),
    _by_mapping("sends itself SIGKILL"),
    _by_mapping("sends itself SIGSTOP"),
    _by_mapping("loops", gate=True),
    _by_mapping("matches a slow regular expression"),
    _by_mapping("closes every descriptor"),
    _by_mapping("writes nonsense everywhere", gate=True),
    _by_mapping("prints 100,000 lines"),
    _by_mapping("prints no UTF-8"),
    _by_mapping("forks, and both return", gate=True),
    _by_mapping("forks and dies, and the child lives on"),
    _by_mapping("leaves a thread that sleeps"),
    _by_mapping("leaves a thread that spins", padding=0),
    _by_mapping("takes 600 MB"),
    _by_mapping("takes 600 MB in a child"),
    _by_mapping("sleeps 1e308 seconds", gate=True),
    _by_mapping("sleeps beyond its timeout"),
    _by_mapping("returns 100,000 lists in each other"),
    _by_mapping("deletes its folder and dies", gate=True),
    _by_mapping("changes its code and dies"),
    _by_mapping("creates a stack without a type", gate=True),
    _by_mapping("makes many odd calls", attempts=1),
    _by_mapping("invokes itself later"),
    _by_mapping("raises when imported", fresh=None),
    _by_mapping("exits 3 when imported", fresh=None, gate=True),
    _by_mapping("creates a stack when imported", fresh=None),
)
