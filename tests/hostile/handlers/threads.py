"""Handlers that leave threads, or call from many."""

from __future__ import annotations

import os
import signal
import threading
import time

from tests.hostile.table import WHATEVER, died, gives, handler, start


@handler(gives(1), rounds=100, gate=True, mapping=True)
def leaves_a_thread_that_sleeps(event, context):
    def run():
        while True:
            time.sleep(0.01)

    start(run)
    return 1


@handler(gives(1), rounds=3, padding=6_000_000, fresh=None, gate=True, mapping={"padding": 0})
def leaves_a_thread_that_spins(event, context):
    def run():
        while True:
            pass

    start(run)
    return 1


@handler(gives(1), rounds=3, fresh=None)
def leaves_ten_threads_that_spin(event, context):
    def run():
        while True:
            pass

    for _ in range(10):
        start(run)
    return 1


@handler(gives(1), rounds=10, fresh=None)
def leaves_a_thread_that_prints(event, context):
    def run():
        while True:
            print("noise")

    start(run)
    return 1


@handler(gives(1), rounds=30, fresh=None)
def leaves_a_thread_that_calls_AWS(event, context):
    import boto3

    kinesis = boto3.client("kinesis")

    def run():
        while True:
            kinesis.list_streams()

    start(run)
    return 1


@handler(gives(1))
def leaves_300_threads(event, context):
    for _ in range(300):
        start(threading.Event().wait)
    return 1


@handler(gives(1, "ZeroDivisionError"))
def has_a_thread_that_raises(event, context):
    t = threading.Thread(target=lambda: 1 / 0)
    t.start()
    t.join()
    return 1


@handler(died("exit status 3"), fresh=True)
def has_a_thread_that_exits(event, context):
    t = threading.Thread(target=os._exit, args=(3,))
    t.start()
    t.join()
    return 1


@handler(gives(200), timeout=60)
def calls_AWS_from_200_threads(event, context):
    import boto3

    sts, done = boto3.client("sts"), []

    def run():
        done.append(sts.get_caller_identity())

    threads = [threading.Thread(target=run) for _ in range(200)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return len(done)


@handler(WHATEVER, timeout=200, fresh=None)
def sleeps_in_200_threads(event, context):
    threads = [threading.Thread(target=time.sleep, args=(0.5,)) for _ in range(200)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*", rounds=1, needs="posix")
def has_an_alarm_that_raises(event, context):
    signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    return 1
