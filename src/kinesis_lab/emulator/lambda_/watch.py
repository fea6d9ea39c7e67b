"""The watch over functions while their answers are awaited."""

from __future__ import annotations

import threading
import time
from typing import Protocol

MEGABYTE = 1024**2


class Watched(Protocol):
    """An execution environment."""

    memory: int
    """Megabytes that it may take."""

    def resident_memory(self) -> int:
        """Bytes of memory that it holds now."""

    def kill(self, reason: str) -> None:
        """End it, for a reason: hung or memory."""


class Watch:
    """Ends processes that take too long or too much memory while their answer is awaited."""

    TICK = 0.02

    def __init__(self) -> None:
        """The thread starts with the first wait."""
        self._waits: dict[Watched, float] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, environment: Watched, patience: float) -> None:
        """Watch `environment` for so many seconds."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lambda watch", daemon=True)
            self._thread.start()
        self._waits[environment] = time.monotonic() + patience

    def end(self, environment: Watched) -> None:
        """Watch it no longer."""
        self._waits.pop(environment, None)

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.TICK):
            for environment, deadline in list(self._waits.items()):
                if time.monotonic() > deadline:
                    environment.kill("hung")
                elif environment.resident_memory() > environment.memory * MEGABYTE:
                    environment.kill("memory")
