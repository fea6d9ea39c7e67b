"""Handlers that play with time."""

from __future__ import annotations

import time

from tests.hostile.table import WHATEVER, gives, handler, raised, timed_out


@handler(raised("OverflowError"), gate=True, mapping={"gate": True})
def sleeps_1e308_seconds(event, context):
    time.sleep(1e308)


@handler(timed_out(), fresh=True)
def sleeps_9e9_seconds(event, context):
    time.sleep(9e9)


@handler(raised("OverflowError"))
def sleeps_an_endless_time(event, context):
    time.sleep(float("inf"))


@handler(raised("OverflowError"))
def sleeps_a_large_number(event, context):
    time.sleep(10**400)


@handler(raised("ValueError", "sleep length must be non-negative"))
def sleeps_backwards(event, context):
    time.sleep(-1)


@handler(raised("ValueError", "Invalid value NaN.*"))
def sleeps_no_number(event, context):
    time.sleep(float("nan"))


@handler(raised("TypeError"))
def sleeps_a_text(event, context):
    time.sleep("1")


@handler(timed_out(), fresh=True, mapping=True)
def sleeps_beyond_its_timeout(event, context):
    time.sleep(5)


@handler(timed_out(), fresh=True)
def sleeps_again_and_again(event, context):
    while True:
        time.sleep(0.001)


@handler(timed_out(), fresh=True, seconds=60)
def sleeps_for_no_time_for_ever(event, context):
    while True:
        time.sleep(0)


@handler(WHATEVER, fresh=None)
def waits_for_its_last_moment(event, context):
    while context.get_remaining_time_in_millis():
        pass
    return 1


@handler(timed_out(), fresh=True)
def waits_for_next_year(event, context):
    end = time.time() + 3e7
    while time.time() < end:
        pass


@handler(gives(1))
def changes_time(event, context):
    time.sleep = time.time = time.monotonic = None
    return 1
