"""What an invocation leaves in CloudWatch Logs (facts 8.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.moto_adapter.logs import put_log_events

MOST_CHARACTERS = 256 * 1024
"""A longer line becomes several log events: our choice of the place to cut."""
TAIL = 4096
"""Bytes of log that Invoke returns at most (facts 8.1)."""


@dataclass
class LogLines:
    """The lines of one invocation, each with the virtual time at which it was written."""

    clock: Clock
    lines: list[tuple[int, str]] = field(default_factory=list)
    """Milliseconds since 1970, and the text."""
    _unfinished: str = ""

    def write(self, text: str) -> None:
        """Add output of the handler; a line that has no end yet waits for the rest of it."""
        if text:
            *complete, self._unfinished = (self._unfinished + text).split("\n")
            for line in complete:
                self.line(line)

    def line(self, text: str) -> None:
        """Add one line."""
        self.lines.append((self.clock.microseconds // 1000, text))

    def flush(self) -> None:
        """End the last line of a handler that is done, if it has no end."""
        if self._unfinished:
            self.line(self._unfinished)
            self._unfinished = ""

    def tail(self) -> bytes:
        """The last 4 KB, as Invoke returns them for LogType Tail."""
        return "".join(f"{text}\n" for _, text in self.lines[-TAIL:]).encode()[-TAIL:]


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
            events = [{"timestamp": at, "message": message} for at, text in texts for message in _messages(text)]
            put_log_events(region, group, stream, events)


def _messages(line: str) -> list[str]:
    """A line, cut where it is too long for a log event."""
    return [line[start : start + MOST_CHARACTERS] for start in range(0, max(1, len(line)), MOST_CHARACTERS)]
