"""What an invocation leaves in CloudWatch Logs (facts 8.4)."""

from __future__ import annotations

import math

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.moto_adapter.logs import put_log_events

MOST_EVENT_BYTES = 256 * 1024
"""A longer line becomes several log events: our choice of the place to cut."""
MOST_KEPT = 16 * 1024**2
"""Bytes of output that are kept of one invocation, each line with `LINE_COST` more: our choice."""
LINE_COST = 128
"""Bytes that a line takes besides its text."""
PIECE = 64 * 1024
"""Bytes of output that are looked at at once."""
TAIL = 4096
"""Bytes of log that Invoke returns at most (facts 8.1)."""


class LogLines:
    """The lines of one invocation, each with the virtual time at which it was written."""

    def __init__(self, clock: Clock) -> None:
        """None yet."""
        self._clock = clock
        self._unfinished: list[bytes] = []
        """A line that has no end yet, in the pieces in which it was printed."""
        self._unfinished_bytes = 0
        self._dropped = 0
        self.room = MOST_KEPT
        """Bytes of output for which there is room."""
        self.lines: list[tuple[int, str]] = []
        """Milliseconds since 1970, and the text."""

    def write(self, output: bytes, dropped: int = 0) -> None:
        """Add output of the handler, of which so many bytes were `dropped`.

        A line that has no end yet waits for the rest of it, but for as much as an event can hold.
        """
        self._dropped += dropped
        for at in range(0, len(output), PIECE):  # a megabyte of line ends is a million lines
            if not self.room:
                self._dropped += len(output) - at
                return
            first, *rest = output[at : at + PIECE].split(b"\n")
            self._continue(first)
            for line in rest:
                self._finish()
                self._continue(line)

    def _continue(self, text: bytes) -> None:
        """Add to the line that has no end."""
        if text:
            self._unfinished.append(text)
            self._unfinished_bytes += len(text)
            if self._unfinished_bytes > MOST_EVENT_BYTES:
                *whole, rest = _pieces(b"".join(self._unfinished))
                for piece in whole:
                    self._keep(piece)
                self._unfinished, self._unfinished_bytes = [rest], len(rest)

    def _finish(self) -> None:
        """End the line that has no end."""
        self._keep(b"".join(self._unfinished))
        self._unfinished, self._unfinished_bytes = [], 0

    def _keep(self, line: bytes) -> None:
        """Add a line of output, if there is room for it."""
        cost = len(line) + LINE_COST
        if cost > self.room:
            self._dropped += len(line)
            self.room = 0
            return
        self.room -= cost
        self.line(line.decode("utf-8", "backslashreplace"))

    def line(self, text: str) -> None:
        """Add one line: several, if it is longer than an event may be."""
        now = self._clock.microseconds // 1000
        if len(text) * 4 <= MOST_EVENT_BYTES:  # no character takes more
            self.lines.append((now, text))
        else:
            self.lines.extend((now, piece.decode()) for piece in _pieces(text.encode("utf-8", "backslashreplace")))

    def flush(self) -> None:
        """End the last line of a handler that is done, if it has no end, and say how much was dropped."""
        if self._unfinished:
            self._finish()
        if self._dropped:
            self.line(f"[local cloud] {self._dropped} bytes of output were dropped: {MOST_KEPT} are kept at most")
            self._dropped = 0

    def tail(self) -> bytes:
        """The last 4 KB, as Invoke returns them for LogType Tail; it begins with a whole character."""
        tail = b""
        for _, text in reversed(self.lines):
            tail = text[-TAIL:].encode("utf-8", "backslashreplace") + b"\n" + tail
            if len(tail) > TAIL:
                break
        return _without_a_part(tail[-TAIL:])


def _pieces(line: bytes) -> list[bytes]:
    """A line, cut where it is too long for a log event, but never within a character."""
    pieces, at = [], 0
    while len(line) - at > MOST_EVENT_BYTES:
        cut = at + MOST_EVENT_BYTES
        while cut > at + MOST_EVENT_BYTES - 3 and line[cut] & 0xC0 == 0x80:  # goes on with a character
            cut -= 1
        pieces.append(line[at:cut])
        at = cut
    return [*pieces, line[at:]]


def _without_a_part(text: bytes) -> bytes:
    """Text that was cut somewhere, without what is left of a character at its beginning."""
    return text[next((at for at in range(min(4, len(text))) if text[at] & 0xC0 != 0x80), 0) :]


def start_line(request_id: str, version: str) -> str:
    """The line that opens an invocation."""
    return f"START RequestId: {request_id} Version: {version}"


def end_lines(
    request_id: str, *, duration: float, init: float | None, memory: int, used: int, status: str
) -> list[str]:
    """The two lines that close an invocation; durations in seconds, memory in MB, status "" when all went well."""
    billed = math.ceil(round((duration + (init or 0.0)) * 1000, 3))
    report = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration * 1000:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory} MB",
        f"Max Memory Used: {used} MB",
    ]
    if init is not None:
        report.append(f"Init Duration: {init * 1000:.2f} ms")
    if status:
        report.append(f"Status: {status}")
    return [f"END RequestId: {request_id}", "\t".join(report)]


class Logs:
    """Collects what functions log until CloudWatch Logs is asked for it."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, str], list[tuple[int, str]]] = {}

    def keep(self, function: Function, stream: str, lines: list[tuple[int, str]]) -> None:
        """Add lines to a log stream of the function."""
        if lines:
            self._lines.setdefault((function.region, function.log_group, stream), []).extend(lines)

    def publish(self) -> None:
        """Hand all of it over, making groups and streams when they are new."""
        lines, self._lines = self._lines, {}
        for (region, group, stream), texts in lines.items():
            events = [{"timestamp": at, "message": message} for at, message in texts]
            put_log_events(region, group, stream, events)
