"""How the commands talk: plain lines, and steps that show that something is going on."""

import io
import shutil
import sys
import threading
import time
from types import TracebackType

TITLE = "Kinesis → Lambda: a workbook"


class Stop(Exception):
    """The job cannot go on; the text tells the reader why and what to do."""


def prepare() -> None:
    """Let any console take any text: a sign it lacks becomes a question mark, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print a line about something that went wrong."""
    print(text, file=sys.stderr, flush=True)


def seconds(duration: float) -> str:
    """A duration as people say it."""
    return f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"


class Step:
    """One step of a longer job: says what it does while it does it, then how long it took.

    On a terminal the line keeps moving; anywhere else it is written once.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._detail = ""
        self._started = 0.0
        self._finished = threading.Event()
        self._moving = sys.stdout.isatty()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def detail(self, text: str) -> None:
        """Show behind the step what it is busy with just now."""
        self._detail = text

    def __enter__(self) -> "Step":
        self._started = time.monotonic()
        if self._moving:
            self._painter.start()
        else:
            print(f"  {self.text} … ", end="", flush=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        ending = "stopped" if kind else seconds(time.monotonic() - self._started)
        if not self._moving:
            say(ending)
            return
        self._finished.set()
        self._painter.join()
        self._line(f"  {self.text} … {ending}")
        say()

    def _paint(self) -> None:
        while not self._finished.wait(0.1):
            elapsed = int(time.monotonic() - self._started)
            self._line(f"  {self.text} … {elapsed} s  {self._detail}")

    def _line(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]:<{width}}", end="", flush=True)
