"""What the process of a function prints: it goes to a file, which is read whenever something is heard of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LOG_KEPT = 1024**2
"""Bytes of output that may lie in an environment's log file before it is emptied."""
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

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            self._file.close()
