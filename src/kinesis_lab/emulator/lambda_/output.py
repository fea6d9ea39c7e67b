"""What the process of a function prints: it goes to a file, which is read whenever something is heard of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LOG_KEPT = 1024**2
"""Bytes of output that may lie in an environment's log file before it is emptied."""
MOST_LOG_BYTES = 64 * 1024**2
"""Bytes of output that may lie there until it is read, and what is printed in one tick of the watch."""
PIECE = 64 * 1024
"""Bytes that are read from it at once."""


class Output:
    """The file behind a process's standard error."""

    def __init__(self, log: Path) -> None:
        """The process appends to `log`, which is there."""
        self._file = log.open("r+b", buffering=0)

    def read(self, most: int) -> tuple[bytes, int]:
        """What is new, `most` bytes of it, and how many more there were: those are passed over, and not read."""
        pieces, left = [], most
        while left and (piece := self._file.read(min(left, PIECE))):
            pieces.append(piece)
            left -= len(piece)
        passed_over = 0
        if pieces or not left:
            passed_over = self._pass_over() if not left else 0
            self._empty()
        return b"".join(pieces), passed_over

    def _pass_over(self) -> int:
        at = self._file.tell()
        return self._file.seek(0, os.SEEK_END) - at

    def _empty(self) -> None:
        """Let the file not grow for ever; the process appends, so it goes on at the start."""
        if os.name == "posix" and self._file.tell() > LOG_KEPT:
            self._file.truncate(0)
            self._file.seek(0)

    def cut(self) -> None:
        """Drop what was printed beyond a bound since the last look.

        Not on Windows, where who goes on writing would leave a hole as large as what was dropped.
        """
        if os.name == "posix" and os.fstat(self._file.fileno()).st_size > MOST_LOG_BYTES:
            os.ftruncate(self._file.fileno(), MOST_LOG_BYTES)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            self._file.close()
