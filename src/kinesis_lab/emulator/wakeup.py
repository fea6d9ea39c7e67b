"""Wakes a process of the simulation that waits for something to happen."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from kinesis_lab.emulator.clock import MICROSECONDS, Clock, Steps


class Wakeup:
    """Wakes the one process that waits for something to happen; to wake a process that does not wait does nothing."""

    def __init__(self, clock: Clock) -> None:
        """For one process on `clock`, which is not waiting yet."""
        self._clock = clock
        self._waiting: simpy.Event | None = None

    def wake(self) -> None:
        """Let the process look again: something has happened."""
        waiting, self._waiting = self._waiting, None
        if waiting is None or not waiting.callbacks:  # no process waits, or the event has happened
            return
        if waiting.triggered:  # a timeout, which cannot be brought forward: another event takes its place
            sooner = self._clock.event()
            sooner.callbacks, waiting.callbacks = waiting.callbacks, []
            waiting = sooner
        waiting.succeed()

    def wait(self, seconds: float | None = None) -> simpy.Event:
        """The event to yield: it happens at the next `wake`, or when `seconds` have passed if that is earlier."""
        waiting = self._clock.event() if seconds is None else self._clock.timeout(seconds)
        self._waiting = waiting
        return waiting

    def pause(self, seconds: float, over: Callable[[], bool]) -> Steps:
        """Let `seconds` pass, however often `wake` is called, unless it is `over` before."""
        end = self._clock.microseconds + round(seconds * MICROSECONDS)
        while not over() and (left := end - self._clock.microseconds) > 0:
            yield self.wait(left / MICROSECONDS)
