"""Moves virtual time along with the wall clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import simpy

TURN = 0.05
"""Real seconds of catching up with the wall clock after which a thread that waits for the lock has a turn."""
BREATH = 0.0002
"""Real seconds for which the lock is free between two turns."""
MOST_BEHIND = 3.0
"""Real seconds that are caught up with: a machine that is further behind has let time pass more slowly."""


class Pacer:
    """Moves a simulation along with the wall clock, in a thread of its own.

    Every method but `due` and `stop` is for a caller that holds the lock.
    """

    def __init__(
        self, simulation: simpy.Environment, lock: threading.RLock, speed: float, step: Callable[[], None]
    ) -> None:
        """Move `simulation`, holding `lock`, at `speed`: its units of time in a real second.

        `step` processes the next event that is due; what it raises ends the simulation for all who wait.
        """
        self.lock = lock
        self._simulation = simulation
        self._speed = speed
        self._step = step
        self._start = int(simulation.now)
        self._began = time.monotonic()
        self._changed = threading.Condition(lock)
        self._stopped = False
        self._happened = 0
        """Goals that have happened and whose waiters have not gone on yet."""
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="virtual clock", daemon=True)
        self._thread.start()

    @property
    def due(self) -> int:
        """Where the simulation would be if it were not behind the wall clock, in its units of time."""
        return self._start + int((time.monotonic() - self._began) * self._speed)

    def catch_up(self) -> None:
        """Process what is due by the wall clock, for one turn at most.

        A turn ends when a goal has happened: no client's answer waits for a function that computes.
        """
        simulation, until = self._simulation, time.monotonic() + TURN
        self._began += max(0.0, (self.due - simulation.now) / self._speed - MOST_BEHIND)
        due = self.due
        while simulation.peek() <= due:
            if self._stopped or self._happened or time.monotonic() > until:
                return
            self._step()
        if due > simulation.now:
            simulation.timeout(due - int(simulation.now))
            self._step()

    def hurry(self) -> None:
        """Wake the thread: an event has happened in between."""
        self._changed.notify_all()

    def wait_for(self, goal: simpy.Event) -> None:
        """Wait really until `goal` has happened; the lock is free meanwhile.

        Raises RuntimeError if the pacer is stopped, or has failed, before.
        """
        if goal.callbacks is None:
            return
        goal.callbacks.append(self._has_happened)
        self._changed.notify_all()
        try:
            while not goal.processed:
                if self._failure:
                    raise RuntimeError("the local cloud stopped") from self._failure
                if self._stopped:
                    raise RuntimeError("the local cloud is closed")
                self._changed.wait()
        finally:  # Ctrl-C ends the wait as well
            if goal.callbacks is None:
                self._happened -= 1
            else:
                goal.callbacks.remove(self._has_happened)

    def _has_happened(self, _goal: simpy.Event) -> None:
        self._happened += 1
        self._changed.notify_all()

    def stop(self) -> None:
        """Stop after the present step.  The thread that makes it holds the lock, and must not go on to the next."""
        self._stopped = True
        with self._changed:
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                try:
                    self.catch_up()
                except BaseException as failure:  # raised to all who wait, in `wait_for`
                    self._failure = failure
                    self._changed.notify_all()
                    return
                self._changed.wait(self._pause())

    def _pause(self) -> float | None:
        """Real seconds until the next event, None if there is none."""
        if self._happened:
            return BREATH
        next_event = self._simulation.peek()
        if next_event == float("inf"):
            return None
        real = self._began + (next_event - self._start) / self._speed
        return min(max(BREATH, real - time.monotonic()), threading.TIMEOUT_MAX)
