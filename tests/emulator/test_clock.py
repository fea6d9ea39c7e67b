"""Virtual time: what moves it, what does not, and the same clock tied to the wall."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from helpers import open_cloud
from kinesis_lab.cloud import TookTooLong
from kinesis_lab.emulator.clock import START, Clock
from kinesis_lab.emulator.kinesis.operations.streams import StreamOperations
from kinesis_lab.emulator.wire import AwsError


def test_a_day_passes_at_once():
    clock, began = Clock(), time.monotonic()
    clock.advance(86_400)
    assert clock.elapsed == 86_400
    assert (clock.datetime - START).total_seconds() == 86_400
    assert time.monotonic() - began < 1


def test_what_is_due_happens_in_order_and_at_its_time():
    clock, seen = Clock(), []

    def tick(name, pause):
        for _ in range(3):
            yield clock.timeout(pause)
            seen.append((name, clock.elapsed))

    clock.start(tick("a", 0.1))
    clock.start(tick("b", 0.15))
    clock.advance(0.3)
    assert seen == [("a", 0.1), ("b", 0.15), ("a", 0.2), ("b", 0.3), ("a", 0.3)]
    clock.advance(1)
    assert seen[-1] == ("b", 0.45)


def test_completing_steps_lets_their_time_pass():
    clock = Clock()

    def steps():
        yield clock.timeout(5)
        return "done"

    assert clock.complete(steps()) == "done"
    assert clock.elapsed == 5


def test_a_step_that_sleeps_pays_afterwards():
    clock = Clock()

    def steps():
        clock.advance(3)
        assert clock.elapsed == 3
        yield clock.debt()
        return clock.elapsed

    assert clock.complete(steps()) == 3
    assert clock.elapsed == 3


def test_time_cannot_go_back():
    with pytest.raises(ValueError, match="time cannot go back"):
        Clock().advance(-1)


def test_a_fault_in_a_process_is_not_swallowed():
    clock = Clock()

    def steps():
        yield clock.timeout(1)
        raise LookupError("a bug")

    clock.start(steps())
    with pytest.raises(LookupError, match="a bug"):
        clock.advance(2)


def test_an_interrupt_waits_for_the_step_in_hand():
    clock, finished = Clock(), []

    def steps():
        yield clock.timeout(1)
        signal.raise_signal(signal.SIGINT)
        finished.append(clock.elapsed)

    clock.start(steps())
    with pytest.raises(KeyboardInterrupt):
        clock.advance(10)
    assert finished == [1]
    clock.advance(10)  # and the clock still works


# Tied to the wall clock


def test_speed_makes_callers_really_wait():
    clock, began = Clock(speed=100), time.monotonic()
    clock.advance(20)
    assert 0.15 < time.monotonic() - began < 2
    assert clock.elapsed >= 20
    clock.close()


def test_with_speed_things_happen_without_anybody_asking():
    clock, happened = Clock(speed=100), threading.Event()

    def steps():
        yield clock.timeout(5)
        happened.set()

    with clock.lock:
        clock.start(steps())
    clock.advance(0)
    assert happened.wait(5)
    clock.close()


def test_with_speed_a_fault_reaches_the_one_who_waits():
    clock = Clock(speed=100)

    def steps():
        yield clock.timeout(1)
        raise LookupError("a bug")

    with clock.lock:
        clock.start(steps())
    with pytest.raises((RuntimeError, LookupError)):
        clock.advance(5)
    clock.close()


@pytest.mark.parametrize("speed", [0, -1])
def test_speed_must_be_positive(speed):
    with pytest.raises(ValueError, match="speed must be a positive number"):
        Clock(speed=speed)


# What moves the clock of an open cloud


def test_calls_waits_sleeps_and_waiters_move_the_clock(cloud, kinesis):
    def took(action):
        before = cloud.now()
        action()
        return (cloud.now() - before).total_seconds()

    assert took(lambda: kinesis.list_streams()) == 0.01
    assert took(lambda: cloud.wait(3600)) == 3600
    assert took(lambda: time.sleep(0.25)) == 0.25
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    waiter = kinesis.get_waiter("stream_exists")
    assert took(lambda: waiter.wait(StreamName="orders")) == pytest.approx(10.02)


def test_waiting_takes_no_real_time(kinesis, stream, cloud):
    stream("stays")
    began = time.monotonic()
    with pytest.raises(WaiterError):
        kinesis.get_waiter("stream_not_exists").wait(StreamName="stays")
    assert (cloud.now() - START).total_seconds() > 170
    assert time.monotonic() - began < 3


def test_retries_of_botocore_take_virtual_time(cloud, monkeypatch):
    tries = []

    def busy(self, request):
        tries.append(cloud.now())
        raise AwsError("ProvisionedThroughputExceededException", "Rate exceeded")

    monkeypatch.setattr(StreamOperations, "list_streams", busy)
    client = cloud.client("kinesis", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    began = time.monotonic()
    with pytest.raises(ClientError):
        client.list_streams()
    assert len(tries) == 3
    assert (tries[-1] - tries[0]).total_seconds() > 0.02
    assert time.monotonic() - began < 1


def test_sleep_in_another_thread_is_real_and_leaves_the_clock_alone(cloud):
    before = cloud.now()
    thread = threading.Thread(target=lambda: time.sleep(0.1))
    began = time.monotonic()
    thread.start()
    thread.join()
    assert time.monotonic() - began >= 0.1
    assert cloud.now() == before


def test_the_standard_library_waits_really(cloud):
    before = cloud.now()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.2)"], timeout=30, check=True)
    assert cloud.now() == before


def test_sleep_is_real_again_when_the_cloud_is_closed():
    open_cloud("local").close()
    began = time.monotonic()
    time.sleep(0.05)
    assert time.monotonic() - began >= 0.05


def test_wait_until(cloud):
    deadline = cloud.now().timestamp() + 12
    before = cloud.now()
    assert cloud.wait_until(lambda: cloud.now().timestamp() >= deadline and "there") == "there"
    assert (cloud.now() - before).total_seconds() == 12
    with pytest.raises(TookTooLong, match="30 seconds have passed"):
        cloud.wait_until(lambda: False, timeout=30)


def test_a_cloud_tied_to_the_wall_clock():
    """The same loop as everywhere, with 200 seconds in one."""
    with open_cloud("local", speed=200) as cloud:
        kinesis = cloud.client("kinesis")
        began = time.monotonic()
        kinesis.create_stream(StreamName="orders", ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName="orders")
        cloud.wait(20)
        assert time.monotonic() - began > 0.1
        assert (cloud.now() - START).total_seconds() >= 28
