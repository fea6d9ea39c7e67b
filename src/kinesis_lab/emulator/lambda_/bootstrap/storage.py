"""The size of `/tmp`: what is written there counts until there is no space left (facts 8.1)."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Callable
from typing import Any

COUNTED = {"write": 1, "pwrite": 1, "writev": 1, "pwritev": 1, "sendfile": 3, "copy_file_range": 2}
"""Functions of `os` that write to a descriptor, and which of their arguments says how much."""

_scandir, _fstat = os.scandir, os.fstat


class Storage:
    """The space below a folder.

    It is measured when as much has been written as was free the last time: what is deleted or written over is free
    again.  What other processes write counts from the next measurement, which is due once one has been started.
    """

    _folder = ""
    size = sys.maxsize
    _left = size

    def begin(self, folder: str, size: int) -> None:
        """Limit what is written to a folder, until then there is no limit; `size`: bytes."""
        self._folder = folder
        self.size = self._left = size

    def take(self, wanted: int) -> int:
        """How many of so many bytes may be written: at least one.  Raises OSError when there is no space left."""
        if wanted > self._left:
            self._left = self.free()
            if self._left <= 0 < wanted:
                raise OSError(errno.ENOSPC, "No space left on device")
        granted = min(wanted, self._left)
        self._left -= granted
        return granted

    def measure_again(self) -> None:
        """Something else may write there from now on."""
        self._left = 0

    def free(self) -> int:
        """Bytes that are free now; files count with their sizes."""
        used, folders = 0, [self._folder]
        while folders:
            try:
                with _scandir(folders.pop()) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        else:
                            used += entry.stat(follow_symlinks=False).st_size
            except OSError:  # somebody removes it at the same time, or it cannot be looked into
                continue
        return max(0, self.size - used)


def limit_files(size: int) -> None:
    """Let no file become larger, whoever writes it: children and native code, too.  Windows has no such limit."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_FSIZE, getrlimit, setrlimit
    except ImportError:
        return
    del sys.modules["resource"]  # handlers may have a module of this name
    _, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (size if hard == RLIM_INFINITY else min(size, hard), hard))


def counted(function: Callable[..., Any], storage: Storage, position: int) -> Callable[..., Any]:
    """A function that writes to a descriptor, and only as much as there is space for."""

    def call(*arguments: Any, **options: Any) -> Any:
        if len(arguments) > position and arguments[0] not in (1, 2):  # these two are the log
            asked = arguments[position]
            try:
                granted = storage.take(_size(asked))
            except OSError:
                target = arguments[1] if function.__name__ == "copy_file_range" else arguments[0]
                if stat.S_ISREG(_fstat(target).st_mode):
                    raise
            else:
                if granted < _size(asked):
                    arguments = (*arguments[:position], _first(asked, granted), *arguments[position + 1 :])
        return function(*arguments, **options)

    return call


def _size(asked: Any) -> int:
    if isinstance(asked, int):
        return asked
    return sum(map(_size, asked)) if isinstance(asked, (list, tuple)) else memoryview(asked).nbytes


def _first(asked: Any, size: int) -> Any:
    if isinstance(asked, int):
        return size
    return [_first(b"".join(asked), size)] if isinstance(asked, (list, tuple)) else memoryview(asked).cast("B")[:size]


def counted_file(storage: Storage, opener_for: Callable[[Any], Any]) -> type[io.FileIO]:
    """The class of raw files, of which as much is written as there is space for.

    `opener_for` gives what opens a path that has to be translated, or None.
    """
    native = io.FileIO

    class AnyFile(type(native)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, native)

    class FileIO(native, metaclass=AnyFile):  # type: ignore[valid-type, misc]
        __module__, __qualname__ = "_io", "FileIO"

        def __init__(self, file: Any, mode: str = "r", closefd: bool = True, opener: Any = None) -> None:
            super().__init__(file, mode, closefd, opener or opener_for(file))

        def write(self, data: Any, /) -> int:
            size = memoryview(data).nbytes
            granted = storage.take(size)
            written: int = super().write(data if granted == size else _first(data, granted))
            return written

    return FileIO


def counted_open(raw_file: type[io.FileIO]) -> Callable[..., Any]:
    """A function as `open`, for files that are written to."""

    def open(
        file: Any,
        mode: str,
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        raw = raw_file(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        try:
            if not buffering:
                return raw
            size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
            buffered = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw, size)
            if "b" in mode:
                return buffered
            text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
            text.mode = mode  # type: ignore[misc]
            return text
        except BaseException:
            raw.close()
            raise

    return open


def writes(mode: Any, buffering: Any, *text_only: Any) -> bool:
    """Whether `open` would write to a file; False as well for what it would refuse."""
    if not isinstance(mode, str) or not isinstance(buffering, int):
        return False
    letters = set(mode)
    if len(letters) < len(mode) or not letters <= set("rwxabt+") or len(letters & set("rwxa")) != 1:
        return False
    if "b" in letters and ("t" in letters or any(given is not None for given in text_only)):
        return False
    return bool(letters & set("wxa+")) and ("b" in letters or buffering != 0)
