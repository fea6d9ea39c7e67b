"""The connection to the local cloud, and the virtual clock that the cloud keeps.

The present is virtual in this process.  It moves when the handler sleeps or calls AWS, both of which are frames to the
local cloud, and by a microsecond at every look at the clock, so that a loop that waits for a moment ends.
"""

from __future__ import annotations

import math
import threading
from typing import BinaryIO

from .frames import Head, read_frame, write_frame


class Connection:
    """Sends frames to the local cloud, receives its answers, and tells the virtual time."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._now = 0
        self._looks = 0
        self._lock = threading.RLock()  # held while no invocation runs: stray threads are frozen, as on Lambda

    def microseconds(self) -> int:
        """Virtual microseconds since 1970; each look costs one."""
        self._looks += 1
        return self._now + self._looks

    def ask(self, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        """Send a frame and wait for the answer, which carries the time."""
        with self._lock:
            self.send(head, body)
            return self.receive()

    def send(self, head: Head, body: bytes = b"") -> None:
        """Send a frame, with the time that looking at the clock has cost."""
        head["spent"], self._looks = self._looks, 0
        write_frame(self._outgoing, head, body)

    def receive(self) -> tuple[Head, bytes]:
        """Wait for a frame and set the clock by it."""
        head, body = read_frame(self._incoming)
        self._now = head["now"]
        return head, body

    def next_invocation(self) -> tuple[Head, bytes]:
        """Wait, frozen, for the next event.  Raises EOFError when the cloud is closed."""
        with self._lock:
            return self.receive()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if not math.isfinite(seconds):  # as the real one
            raise ValueError("Invalid value NaN (not a number)") if math.isnan(seconds) else OverflowError("too long")
        self.ask({"kind": "sleep", "seconds": seconds})
