"""Work that takes real time, such as a function that computes, while a paced simulation goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

import simpy

from kinesis_lab.emulator.pacer import Pacer

BLINK = 0.25
"""Real seconds for which the whole simulation waits for work before it goes on without it."""


class Aside:
    """Work in a thread of its own."""

    def __init__(self, work: Callable[[], Any], done: simpy.Event, pacer: Pacer) -> None:
        """Do `work`; if it takes longer than `BLINK`, `done` happens at its end in the simulation of `pacer`."""
        self._work = work
        self._done = done
        self._pacer = pacer
        self._over = threading.Event()
        self._awaited = False
        """Whether a process waits for `done`, and no longer for the thread."""
        self._failure: Exception | None = None
        self._result: Any = None

    def wait(self) -> Generator[simpy.Event, Any, Any]:
        """Steps that begin the work and return its result or raise its error; they hold the pacer's lock."""
        threading.Thread(target=self._run, name="aside", daemon=True).start()
        if not self._over.wait(BLINK):
            self._awaited = True
            yield self._done
        if self._failure:
            raise self._failure
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as raised:  # raised again by `wait`
            self._failure = raised
        self._over.set()
        with self._pacer.lock:  # which is not free before `wait` has returned or yielded
            if self._awaited:
                self._done.succeed()
                self._pacer.hurry()
