"""Handlers that leave processes."""

from __future__ import annotations

import os
import sys
import threading
import time

from tests.hostile.table import WHATEVER, died, gives, handler, timed_out


@handler(gives(1), fresh=None, rounds=20, needs="posix", gate=True, mapping={"gate": True})
def forks_and_both_return(event, context):
    os.fork()
    return 1


@handler(WHATEVER, fresh=None, rounds=20, needs="posix")
def forks_and_the_child_raises(event, context):
    if not os.fork():
        raise ValueError("child")
    os.wait()
    return 1


@handler(gives(1), needs="posix", gate=True)
def forks_and_the_child_lives_on(event, context):
    if not os.fork():
        threading.Event().wait(600)
    return 1


@handler(died("exit status 1"), fresh=True, needs="posix", gate=True, mapping=True)
def forks_and_dies_and_the_child_lives_on(event, context):
    if not os.fork():
        threading.Event().wait(600)
    os._exit(1)


@handler(timed_out(), fresh=True, needs="posix")
def forks_and_hangs_and_the_child_hangs(event, context):
    os.fork()
    while True:
        pass


@handler(gives(1), needs="posix")
def forks_four_times_and_all_live_on(event, context):
    me = os.getpid()
    for _ in range(4):
        os.fork()
    if os.getpid() != me:
        threading.Event().wait(600)
    return 1


@handler(gives(1), rounds=50, fresh=None, needs="posix")
def forks_a_child_that_works_on(event, context):
    if not os.fork():
        while True:
            time.sleep(0.01)
    return 1


@handler(gives(1), needs="linux", gate=True)
def leaves_a_daemon(event, context):
    if not os.fork():
        os.setsid()
        if not os.fork():
            threading.Event().wait(600)
        os._exit(0)
    os.wait()
    return 1


@handler(died("exit status 1"), fresh=True, needs="linux")
def leaves_a_daemon_and_dies(event, context):
    if not os.fork():
        os.setsid()
        if not os.fork():
            threading.Event().wait(600)
        os._exit(0)
    os.wait()
    os._exit(1)


@handler(gives(7), needs="posix")
def uses_multiprocessing(event, context):
    import multiprocessing as m

    here, there = m.Pipe()
    p = m.Process(target=there.send, args=(7,))
    p.start()
    p.join()
    return here.recv()


@handler(gives(1))
def leaves_a_program(event, context):
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return 1


@handler(gives(1), needs="linux")
def leaves_a_program_in_a_session_of_its_own(event, context):
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    return 1


@handler(gives(1), rounds=20, needs="posix")
def leaves_a_program_that_prints(event, context):
    import subprocess

    subprocess.Popen("for i in $(seq 2000); do echo noise; sleep 0.05; done", shell=True)
    return 1


@handler(died("exit status 1"), fresh=True)
def leaves_a_program_and_dies(event, context):
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
    os._exit(1)
