"""Whose turn it is to use the pipes: that of one thread of this process, or of one process that it has forked."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType
from typing import Any


class Turns:
    """A lock of threads, and from the first fork on of processes, too.

    Nobody who waits for a turn can be passed for ever by one that takes one turn after the other.
    """

    def __init__(self, file: int) -> None:
        """`file`: a descriptor of an ordinary file, open for writing, that this process shares with its children."""
        self._file = file
        self._fcntl = _fcntl()
        self._shared = False
        self._make_locks()
        if hasattr(os, "register_at_fork"):  # while nobody has a turn: a child never begins in the middle of one
            os.register_at_fork(
                before=lambda: self.__enter__(), after_in_parent=self._in_parent, after_in_child=self._in_child
            )

    def _make_locks(self) -> None:
        self._next = threading.Lock()
        self._lock = threading.Lock()
        self._threads: set[int] = set()
        """Those that have a turn or wait for one."""

    def __enter__(self) -> None:
        """Wait for a turn.  Raises RuntimeError in a signal's handler that has interrupted this thread's own turn."""
        this = threading.get_ident()
        if this in self._threads:
            raise RuntimeError("a signal handler that interrupts a call or a sleep cannot call or sleep itself")
        self._threads.add(this)
        try:
            with self._next:
                self._lock.acquire()
        except BaseException:  # a signal's handler has raised it
            self._threads.discard(this)
            raise
        if self._shared:
            self._take_from_others()

    def _take_from_others(self) -> None:
        try:
            self._fcntl.lockf(self._file, self._fcntl.LOCK_EX)
        except BaseException:
            self._lock.release()
            self._threads.discard(threading.get_ident())
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the turn to who waits."""
        try:
            if self._shared:
                self._fcntl.lockf(self._file, self._fcntl.LOCK_UN)
        finally:
            self._lock.release()
            self._threads.discard(threading.get_ident())

    def _in_parent(self) -> None:
        self.__exit__(None, None, None)
        self._shared = True

    def _in_child(self) -> None:
        self._make_locks()
        self._shared = True


def _fcntl() -> Any:
    """The module, where there is one; handlers may have another of this name."""
    try:
        import fcntl
    except ImportError:
        return None
    del sys.modules["fcntl"]
    return fcntl
