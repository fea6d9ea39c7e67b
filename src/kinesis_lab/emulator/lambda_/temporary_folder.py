"""The folder of a cloud's files, and the removal of those whose owners were killed."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
import uuid
from pathlib import Path
from typing import BinaryIO

PREFIX = "kinesis-lab-"
LOCK = "lock"
"""A file in the folder that its owner keeps locked: the system unlocks it, however the owner ends."""
MOST_SWEPT = 16
"""Folders that are removed at once; what is left is for the next start."""


class TemporaryFolder:
    """A folder of this process, among the system's temporary files."""

    def __init__(self) -> None:
        """Make it, when those are removed that were left there by processes that are gone."""
        sweep(Path(tempfile.gettempdir()))
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
            self._file = (self.path / LOCK).open("xb")
            try:
                _lock(self._file)
            except BlockingIOError:  # another process sweeps it away: it was not locked a moment ago
                self._file.close()
            except OSError:  # there are no locks here, so nobody sweeps either
                return
            else:
                if os.fstat(self._file.fileno()).st_nlink:
                    return
                self._file.close()

    def close(self) -> None:
        """Remove it and everything in it."""
        self._file.close()
        remove(self.path)


def sweep(among: Path) -> None:
    """Remove folders whose owners are gone: not another user's, and none without a lock, as nobody knows its owner."""
    swept = 0
    for folder in among.glob(f"{PREFIX}*"):
        if swept < MOST_SWEPT and _is_ours(folder) and _is_abandoned(folder / LOCK):
            remove(folder)
            swept += 1


def remove(top: Path) -> None:
    """Remove a folder, the lock last, or as much of it as can be removed.

    What is nested in it is moved up first: a handler can make more folders in folders than a path or a stack of calls
    has room for.
    """
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        for entry in _entries(folder):
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry.path, stat.S_IRWXU)
                    nearer = top / uuid.uuid4().hex
                    os.rename(entry.path, nearer)
                    waiting.append(nearer)
                elif entry.name != LOCK or folder != top:
                    _remove_file(entry.path)
        if folder != top:
            with contextlib.suppress(OSError):
                folder.rmdir()
    with contextlib.suppress(OSError):
        _remove_file(top / LOCK)
    with contextlib.suppress(OSError):
        top.rmdir()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _remove_file(path: str | Path) -> None:
    if os.name == "nt":
        os.chmod(path, stat.S_IWRITE)  # Windows removes no file that may not be written
    os.unlink(path)


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user, and no link to one."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "getuid") or found.st_uid == os.getuid())


def _is_abandoned(lock: Path) -> bool:
    """Whether nobody holds the lock; it is not kept, as two may well remove the same."""
    try:
        with lock.open("r+b") as file:
            _lock(file)
    except OSError:
        return False
    return True


def _lock(file: BinaryIO) -> None:
    """Lock a file until it is closed.  Raises OSError; if it is locked, BlockingIOError (Windows: PermissionError)."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
