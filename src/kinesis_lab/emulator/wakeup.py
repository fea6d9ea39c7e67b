"""Wakes a process of the simulation that waits for something to happen."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from kinesis_lab.emulator.clock import MICROSECONDS, Clock, Steps


class Wakeup:
    """Wakes the one process that waits for something to happen; ringing while nobody waits does nothing."""

    def __init__(self, clock: Clock) -> None:
        """Nobody waits yet."""
        self._clock = clock
        self._waiting: simpy.Event | None = None

    def ring(self) -> None:
        """Something has happened: have a look."""
        waiting, self._waiting = self._waiting, None
        if waiting is None or not waiting.callbacks:  # nobody waits, or it has happened
            return
        if waiting.triggered:  # a time that is still to come: let something else happen in its place
            rung = self._clock.event()
            rung.callbacks, waiting.callbacks = waiting.callbacks, []
            waiting = rung
        waiting.succeed()

    def wait(self, seconds: float | None = None) -> simpy.Event:
        """An event that happens when `seconds` have passed; who waits for it goes on earlier if the bell rings."""
        waiting = self._clock.event() if seconds is None else self._clock.timeout(seconds)
        self._waiting = waiting
        return waiting

    def pause(self, seconds: float, over: Callable[[], bool]) -> Steps:
        """Let `seconds` pass, whatever the bell rings for, unless it is `over` before."""
        end = self._clock.microseconds + round(seconds * MICROSECONDS)
        while not over() and (left := end - self._clock.microseconds) > 0:
            yield self.wait(left / MICROSECONDS)
