"""Modules that do their worst while they are imported."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from tests.hostile.table import REQUEST, WHATEVER, Answer, died, gives, module, start


@module(
    Answer(error="ZeroDivisionError", message="division by zero", logged=(r"\[ERROR\] ZeroDivisionError",)),
    mapping={"fresh": None},
)
def raises_when_imported():
    1 / 0


@module(
    Answer(error=r"Runtime\.ExitError", message=REQUEST + "Runtime exited with error: exit status 3"),
    gate=True,
    mapping={"fresh": None, "gate": True},
)
def exits_3_when_imported():
    sys.exit(3)


@module(died(""))
def exits_0_when_imported():
    os._exit(0)


@module(died("signal: interrupt"), needs="posix")
def raises_KeyboardInterrupt_when_imported():
    raise KeyboardInterrupt


@module(died("signal: aborted"))
def aborts_when_imported():
    os.abort()


@module(Answer(error=r"Sandbox\.Timedout"), seconds=150)
def loops_when_imported():
    while True:
        pass


@module(WHATEVER, interrupted=True, needs="posix")
def loops_when_imported_and_Ctrl_C():
    while True:
        pass


@module(Answer(error=r"Sandbox\.Timedout", message=REQUEST + r"Task timed out after \d+\.00 seconds"))
def sleeps_when_imported():
    time.sleep(1000)


@module(Answer(error="OverflowError"))
def sleeps_1e308_seconds_when_imported():
    time.sleep(1e308)


@module(gives(1), needs="posix", gate=True)
def forks_when_imported():
    os.fork()

    def hostile(event, context):
        return 1


@module(died("exit status 1"), needs="posix")
def forks_and_dies_when_imported():
    if not os.fork():
        threading.Event().wait(600)
    os._exit(1)


@module(WHATEVER)
def closes_everything_when_imported():
    os.closerange(0, 4096)

    def hostile(event, context):
        return 1


@module(WHATEVER)
def writes_nonsense_when_imported():
    for number in range(0, 64):
        try:
            os.write(number, b"hello" * 9)
        except OSError:
            pass

    def hostile(event, context):
        return 1


@module(died("signal: killed"))
def takes_600_MB_when_imported():
    data = b"x" * 600_000_000
    threading.Event().wait(20)


@module(Answer(error="ClientError|ValidationError"), mapping={"fresh": None})
def creates_a_stack_when_imported():
    import boto3

    boto3.client("cloudformation").create_stack(StackName="x", TemplateBody='{"Resources": {"A": {}}}')


@module(Answer(error=r"Runtime\.HandlerNotFound", message="Handler 'handler' missing on module 'app'"))
def replaces_itself_when_imported():
    sys.modules[__name__] = 5


@module(WHATEVER)
def raises_an_odd_ImportError():
    raise ImportError("\ud800", name=5)


@module(Answer(error=r"Runtime\.UserCodeSyntaxError|Runtime\.ExitError"))
def raises_an_odd_SyntaxError():
    error = SyntaxError("x")
    error.filename = 5
    error.lineno = "x"
    raise error


@module(WHATEVER, needs="posix")
def kills_its_parent_when_imported():
    os.kill(os.getppid(), signal.SIGKILL)

    def hostile(event, context):
        return 1


@module(gives(1), at_init=False, rounds=3)
def prints_10_MB_when_imported():
    print("x" * 10_000_000)

    def hostile(event, context):
        return 1


@module(gives(1), at_init=False, rounds=5)
def starts_a_thread_when_imported():
    def run():
        while True:
            pass

    start(run)

    def hostile(event, context):
        return 1


@module(gives(1), at_init=False, rounds=3)
def deletes_its_folder_when_imported():
    import shutil

    shutil.rmtree(os.environ["LAMBDA_TASK_ROOT"], ignore_errors=True)

    def hostile(event, context):
        return 1
