"""No malformed or hostile request does any harm: each is answered as it should be, and the next one is right."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from kinesis_lab.emulator.local import LocalCloud
from kinesis_lab.emulator.server import endpoint
from kinesis_lab.emulator.wire import Request, Response
from tests.hostile.http.cases import CASES, CLOSED, Case, signed

PATIENCE = 10.0
"""Real seconds within which each is answered, and the connection closed: a bound, and no measure."""


class Watched:
    """A cloud at an endpoint, and what came as far as its services."""

    def __init__(self, cloud: LocalCloud, address: str) -> None:
        self.port = int(address.rpartition(":")[2])
        self.reached: list[Request] = []
        self._call = cloud.switchboard.call
        cloud.switchboard.call = self.call  # type: ignore[method-assign]

    def call(self, request: Request) -> Response:
        self.reached.append(request)
        return self._call(request)

    def says(self, sent: bytes, *, hang_up: bool) -> bytes:
        """All that it answers until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
            line.sendall(sent)
            if hang_up:
                line.shutdown(socket.SHUT_WR)
            received = b""
            while piece := line.recv(65_536):
                received += piece
                if not hang_up and complete(received):
                    with suppress(OSError):  # it may have hung up already
                        line.shutdown(socket.SHUT_WR)
            return received

    def streams(self) -> object:
        """The names of its streams: what an ordinary client asks for."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        name, _, value = signed("kinesis").partition(": ")
        line.request("POST", "/", "{}", {name: value, "X-Amz-Target": "Kinesis_20131202.ListStreams"})
        answer = line.getresponse()
        assert answer.status == 200
        names = json.load(answer)["StreamNames"]
        line.close()
        return names


def complete(received: bytes) -> bool:
    """Whether the first answer is there: the client may go."""
    return b"\r\n\r\n" in received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", received)]


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    cloud = LocalCloud(speed=200)
    with endpoint(cloud) as address:
        yield Watched(cloud, address)
    cloud.close()


def threads() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def nobody_is_served() -> None:
    deadline = time.monotonic() + PATIENCE
    while threads():
        assert time.monotonic() < deadline, "a thread is left"
        time.sleep(0.001)


def test_there_are_enough_of_them():
    assert len(CASES) == len({case.name for case in CASES}) > 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_answered_and_the_next_is_right(case: Case, watched, capfd):
    watched.reached.clear()
    received = watched.says(case.sent, hang_up=case.hang_up)
    assert statuses(received) == ([case.status] if case.status != CLOSED else []) + list(case.more), received
    assert bool(watched.reached) == (not case.at_the_door)
    assert watched.streams() == []
    nobody_is_served()
    assert capfd.readouterr() == ("", "")
