"""The pipes to a function's process: no wait for it is without an end, whatever it does with them."""

from __future__ import annotations

import contextlib
import os
import sys
import tracemalloc

import pytest

from kinesis_lab.emulator.lambda_ import invocation
from kinesis_lab.emulator.lambda_.bootstrap.frames import Frames, to_cloud
from kinesis_lab.emulator.lambda_.channel import PolledChannel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes on Windows cannot be polled")


class Pipes:
    """A process that is only its pipes."""

    def __init__(self) -> None:
        self.their_stdin, self.stdin = os.pipe()
        self.stdout, self.their_stdout = os.pipe()
        self.exited, self.end = os.pipe()
        self.channel = PolledChannel(self)

    def close(self) -> None:
        self.channel.close()
        for descriptor in (self.their_stdin, self.their_stdout, self.exited, self.end):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def pipes():
    pipes = Pipes()
    yield pipes
    pipes.close()


def test_a_frame_comes_through(pipes):
    os.write(pipes.their_stdout, to_cloud({"a": 1}, b"x") + to_cloud({"b": 2}))
    assert pipes.channel.receive(10) == ({"a": 1}, b"x")
    assert pipes.channel.receive(10) == ({"b": 2}, b"")


def test_silence_has_an_end(pipes):
    with pytest.raises(TimeoutError):
        pipes.channel.receive(0.01)


def test_a_frame_that_trickles_has_an_end(pipes):
    os.write(pipes.their_stdout, to_cloud({"a": 1})[:-1])
    with pytest.raises(TimeoutError):
        pipes.channel.receive(0.01)
    os.write(pipes.their_stdout, to_cloud({"a": 1})[-1:])
    assert pipes.channel.receive(10)[0] == {"a": 1}


def test_what_was_sent_is_not_kept(pipes):
    tracemalloc.start()
    try:
        pipes.channel.send({}, b"x" * 40_000)
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()


def test_nobody_reads_what_is_sent(pipes):
    pipes.channel.send({}, b"x" * 6_000_000)
    with pytest.raises(TimeoutError):
        pipes.channel.receive(0.01)


def test_what_is_not_read_at_once_is_sent_while_an_answer_is_awaited(pipes):
    pipes.channel.send({"n": 1}, b"x" * 300_000)
    pipes.channel.send({"n": 2}, b"y" * 300_000)
    frames, taken = Frames(from_process=False), []
    while len(taken) < 2:
        frames.add(os.read(pipes.their_stdin, 65_536))
        with pytest.raises(TimeoutError):
            pipes.channel.receive(0.001)
        while frame := frames.take():
            taken.append(frame)
    assert taken == [({"n": 1}, b"x" * 300_000), ({"n": 2}, b"y" * 300_000)]


def test_an_end_is_noticed_although_somebody_holds_the_pipe(pipes):
    os.write(pipes.their_stdout, to_cloud({"last": True}) + b"a part")
    os.write(pipes.end, b"0000")
    assert pipes.channel.receive(10)[0] == {"last": True}, "what is complete is heard"
    with pytest.raises(EOFError):
        pipes.channel.receive(10)


def test_a_process_that_closes_its_pipe_is_awaited_until_its_end(pipes):
    os.close(pipes.their_stdout)
    with pytest.raises(TimeoutError):
        pipes.channel.receive(0.01)
    os.write(pipes.end, b"0000")
    with pytest.raises(EOFError):
        pipes.channel.receive(10)


def test_who_reads_no_more_is_no_error(pipes):
    os.close(pipes.their_stdin)
    pipes.channel.send({}, b"x")
    os.write(pipes.end, b"0000")
    with pytest.raises(EOFError):
        pipes.channel.receive(10)


HANGS = {
    "holds the GIL": """
        import re, threading
        started = threading.Event()
        def slow():
            started.set()
            re.match("(a+)+$", "a" * 60 + "b")
        def handler(event, context):
            if event == 0:
                threading.Thread(target=slow, daemon=True).start()
                started.wait()
            return 0
    """,
    "stopped": """
        import os, signal, threading
        def handler(event, context):
            if event == 0:
                os.fork() or (os.kill(os.getppid(), signal.SIGSTOP), os._exit(0))
            return 0
    """,
    "forks and crashes": """
        import os, time
        def handler(event, context):
            if os.fork() == 0:
                import select
                while True: select.select([], [], [])
            os._exit(1)
    """,
    "closes its pipes": """
        import os
        def handler(event, context):
            os.closerange(3, 100)
            while True: pass
    """,
    "trickles": """
        import os, stat, select
        def handler(event, context):
            pipes = [n for n in range(3, 30) if os.path.exists(f"/dev/fd/{n}") and stat.S_ISFIFO(os.fstat(n).st_mode)]
            out = next(n for n in pipes if select.select([], [n], [], 0)[1])
            os.write(out, bytes([0, 0, 100, 0, 0, 0, 0, 0]))
            while True:
                os.write(out, b" ")
                select.select([], [], [], 0.1)
    """,
}


@pytest.mark.parametrize("hang", list(HANGS))
def test_no_wait_is_without_an_end(deploy, invoke, monkeypatch, hang):
    monkeypatch.setattr(invocation, "PATIENCE", 0.2)
    deploy(HANGS[hang], Timeout=1)
    answers = [invoke(0).result, invoke("x" * 5_000_000).result]
    assert any(answer and answer["errorType"] in ("Sandbox.Timedout", "Runtime.ExitError") for answer in answers)
