"""The connection to the local cloud, and the virtual clock that the cloud keeps.

The present is virtual in this process.  It moves when the handler sleeps or calls AWS, both of which are frames to the
local cloud, and by a microsecond at every look at the clock, so that a loop that waits for a moment ends.
"""

from __future__ import annotations

import itertools
import math
from os import _exit, getpid, read, write

from .company import Company
from .frames import MOST_BODY_BYTES, MOST_HEAD_BYTES, Frames, Head, to_cloud
from .turns import Turns

MOST_SLEEP = 2**63 / 1e9
"""Seconds that the real `time.sleep` can count."""
_PIECE = 64 * 1024


class Connection:
    """Sends frames to the local cloud, receives its answers, and tells the virtual time."""

    _incoming: int
    _outgoing: int
    _turns: Turns
    """One asks at a time.  The runtime has the turn while no invocation runs: all others are frozen, as on AWS."""
    _process: int

    def __init__(self, company: Company) -> None:
        """Until `begin` there is nobody to ask, and it is 1970."""
        self._frames = Frames(from_process=False)
        self._now = 0
        self.looks = 0
        """Looks at the clock since the cloud last heard of them."""
        self._company = company
        self._questions = itertools.count()
        self.request_id = ""

    def microseconds(self) -> int:
        """Virtual microseconds since 1970; each look costs one."""
        self.looks += 1
        return self._now + self.looks

    def begin(self, incoming: int, outgoing: int, shared: int) -> Head:
        """Wait for what the process is to load.

        Takes two ends of pipes, and a file that this process shares with those that it forks.
        """
        self._incoming = incoming
        self._outgoing = outgoing
        self._turns = Turns(shared)
        self._process = getpid()
        self.looks = 0
        return self._receive(None)[0]

    def ask(self, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        """Send a frame and wait for the answer to it, which carries the time."""
        with self._turns:
            asker = f"{getpid()}-{next(self._questions)}"
            head["asker"] = asker
            self._send(head, body)
            return self._receive(asker)

    def next_invocation(self, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        """Tell what became of the start, or of an invocation, and wait, frozen, for the next event.

        Raises EOFError when the cloud is closed.  A process that the handler has forked ends here: the runtime is one.
        """
        if getpid() != self._process:
            _exit(0)
        with self._turns:
            head["alone"] = self._company.is_none()
            self._send(head, body[:MOST_BODY_BYTES])  # a response is much shorter
            invocation, event = self._receive(None)
            self.request_id = invocation["request_id"]
        return invocation, event

    def fail(self, body: bytes) -> None:
        """Tell that the start has failed."""
        if getpid() == self._process:
            with self._turns:
                self._send({"kind": "failed"}, body[:MOST_BODY_BYTES])

    def _send(self, head: Head, body: bytes) -> None:
        """Send a frame, with the id of the invocation, and with the time that looking at the clock has cost."""
        head["request_id"], head["spent"] = self.request_id, self.looks
        frame = to_cloud(head, body)
        if len(body) > MOST_BODY_BYTES or len(frame) - len(body) > MOST_HEAD_BYTES:
            raise RuntimeError(f"the local cloud takes calls of up to {MOST_BODY_BYTES} bytes from a function")
        self.looks = 0
        sent = write(self._outgoing, frame)
        while sent < len(frame):
            sent += write(self._outgoing, memoryview(frame)[sent:])

    def _receive(self, asker: str | None) -> tuple[Head, bytes]:
        """Wait for the answer to this asker, or for what is no answer, and set the clock by it.

        Answers to others are dropped: who asked has been interrupted, or was a process that has ended.
        """
        while True:
            while (frame := self._frames.take()) is None:
                piece = read(self._incoming, _PIECE)
                if not piece:
                    raise EOFError("the other end of the pipe is gone")
                self._frames.add(piece)
            if frame[0].get("asker") == asker:
                self._now = frame[0]["now"]
                return frame

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if math.isnan(seconds):  # as the real one
            raise ValueError("Invalid value NaN (not a number)")
        if seconds >= MOST_SLEEP:
            raise OverflowError("timestamp too large to convert to C PyTime_t")
        self.ask({"kind": "sleep", "seconds": seconds})
