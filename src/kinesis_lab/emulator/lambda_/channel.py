"""The two pipes to the process of a function, and the waits for them: each has an end."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from typing import Protocol

from kinesis_lab.emulator.lambda_.bootstrap import Frames, Head, to_process
from kinesis_lab.emulator.lambda_.launching import FunctionProcess

AT_ONCE = 0.1
"""Real seconds that a process has to read an event of 6 MB.  What it has not read then is sent while it is awaited."""
PIECE = 64 * 1024
"""Bytes that are read at once: what a pipe holds."""
NOTHING = memoryview(b"")


class Channel(Protocol):
    """Frames to a process and from it."""

    def send(self, head: Head, body: bytes) -> None:
        """Begin to send a frame.  Whether the process is there to read it shows in `receive`."""

    def receive(self, seconds: float) -> tuple[Head, bytes]:
        """Send what is not sent yet, and wait for the next frame, at most so many real seconds.

        Raises TimeoutError after that; EOFError when the process has ended, whoever else holds its pipes; Garbled.
        """

    def close(self) -> None:
        """Close the pipes of a process that has been killed."""


def open_channel(process: FunctionProcess) -> Channel:
    """The channel to a process that was started."""
    return PolledChannel(process) if hasattr(select, "poll") else BlockingChannel(process)


class PolledChannel:
    """Waits for both pipes and for the end of the process at once."""

    def __init__(self, process: FunctionProcess) -> None:
        """None of it is read yet."""
        self._to, self._from, self._exited = process.stdin, process.stdout, process.exited
        self._frames = Frames(from_process=True)
        self._unsent = NOTHING
        self._receiving = threading.Lock()
        for end in (self._to, self._from):
            os.set_blocking(end, False)
        self._poll = select.poll()
        self._poll.register(self._from, select.POLLIN)
        if self._exited is not None:
            self._poll.register(self._exited, select.POLLIN)

    def send(self, head: Head, body: bytes) -> None:
        """See Channel."""
        frame = to_process(head, body)
        self._unsent = memoryview(b"".join((self._unsent, frame)) if self._unsent else frame)
        self._write()
        if self._unsent:
            self._write_for(AT_ONCE)

    def _write(self) -> None:
        """Write what the pipe takes now; nothing if nobody reads it any more."""
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._to, self._unsent) :] or NOTHING  # an empty part holds all
        except BlockingIOError:
            pass
        except OSError:  # of which `receive` will say more
            self._unsent = NOTHING

    def _write_for(self, seconds: float) -> None:
        poll, deadline = select.poll(), time.monotonic() + seconds
        poll.register(self._to, select.POLLOUT)
        while self._unsent and poll.poll(max(0, deadline - time.monotonic()) * 1000):
            self._write()

    def receive(self, seconds: float) -> tuple[Head, bytes]:
        """See Channel."""
        with self._receiving:
            return self._receive(time.monotonic() + seconds)

    def _receive(self, deadline: float) -> tuple[Head, bytes]:
        while (frame := self._frames.take()) is None:
            if self._unsent:
                self._poll.register(self._to, select.POLLOUT)
            left = deadline - time.monotonic()
            ready = [each for each, _ in self._poll.poll(left * 1000 + 1)] if left > 0 else []
            if not ready:
                raise TimeoutError
            if self._to in ready:
                self._write()
                self._poll.unregister(self._to)
            if self._from in ready:
                self._read()
            elif self._exited in ready:  # and all that it has sent was read
                raise EOFError
        return frame

    def _read(self) -> None:
        """Read a piece.  At the end the wait goes on for that of the process: it may have closed its pipe only."""
        try:
            piece = os.read(self._from, PIECE)
        except BlockingIOError:  # read by someone else who holds this end: there is none, but nothing depends on it
            return
        if piece:
            self._frames.add(piece)
            return
        self._poll.unregister(self._from)
        if self._exited is None:
            raise EOFError

    def close(self) -> None:
        """See Channel.  Whoever still waits in another thread is let out first."""
        with self._receiving:
            _close(self._to, self._from)


class BlockingChannel:
    """For Windows, whose pipes cannot be waited for together: whoever watches over the process has to end a wait.

    Ctrl-C waits there until the process has answered or was ended.
    """

    def __init__(self, process: FunctionProcess) -> None:
        """None of it is read yet."""
        self._to, self._from = process.stdin, process.stdout
        self._frames = Frames(from_process=True)
        self._unsent = NOTHING

    def send(self, head: Head, body: bytes) -> None:
        """See Channel."""
        self._unsent = memoryview(to_process(head, body))
        if len(self._unsent) < PIECE // 16:  # which a pipe takes at once
            self._write()

    def _write(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._to, self._unsent) :] or NOTHING
        except OSError:
            self._unsent = NOTHING

    def receive(self, seconds: float) -> tuple[Head, bytes]:
        """See Channel; `seconds` are not counted."""
        self._write()
        while (frame := self._frames.take()) is None:
            piece = os.read(self._from, PIECE)
            if not piece:
                raise EOFError
            self._frames.add(piece)
        return frame

    def close(self) -> None:
        """See Channel."""
        _close(self._to, self._from)


def _close(*ends: int) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)
