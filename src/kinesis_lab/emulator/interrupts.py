"""Ctrl-C, kept waiting where it would leave things half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_postponed() -> Iterator[None]:
    """Let Ctrl-C take effect at the end only.  For what takes a moment: starting a process, ending all of them.

    Only the main thread is interrupted; for any other there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    came: list[FrameType | None] = []
    before = signal.signal(signal.SIGINT, lambda _signal, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(signal.SIGINT, came[-1])
