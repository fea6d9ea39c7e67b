"""Virtual time: a discrete-event clock that moves only when something makes it move.

Pollers, stream states and invocations are SimPy processes on this clock.  By default they take no real time:
`advance(86_400)` runs everything that is due within a day and returns at once.  With a `speed`, a pacer moves the
clock along with the wall clock instead, and callers really wait.

Inside, time is a whole number of microseconds, so that equal instants are equal; outside, it is in seconds.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import simpy

from kinesis_lab.emulator.aside import Aside
from kinesis_lab.emulator.pacer import Pacer

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""The instant at which every local cloud begins: a Monday morning."""

MICROSECONDS = 1_000_000

Steps = Generator[simpy.Event, Any, Any]
"""What takes virtual time: a generator that yields the events it waits for and returns its result."""
Watch = Callable[[float], AbstractContextManager[Callable[[], None] | None]]
"""Watches over the passing of so many seconds: it is told, again and again, that they go on."""
LOOK = 50
"""Steps between two times that a watch is told so."""


class Clock:
    """The present, what is due next, and the lock that the one thread holds that lets time pass."""

    def __init__(self, *, start: datetime = START, speed: float | None = None) -> None:
        """Start at `start`; `speed` virtual seconds pass per real second (None: as fast as it computes)."""
        if speed is not None and not speed > 0:
            raise ValueError(f"speed must be a positive number or None, not {speed!r}")
        self.lock = threading.RLock()
        self.speed = speed
        self.on_fault: Callable[[Exception], None] | None = None
        """With a speed: takes a fault of a process, and time goes on.  None: the fault is raised to who waits."""
        self._start = round(start.timestamp() * MICROSECONDS)
        self._simulation = simpy.Environment(self._start)
        self._stepping = False
        self._closed = False
        self._borrowed = 0
        self.watch: Watch = lambda seconds: nullcontext()
        """Entered for each `advance`, with its seconds; what it gives, if anything, is called every `LOOK` steps."""
        self._awaited: list[Callable[[], None]] = []
        """How to end each piece of work that is awaited."""
        self._pacer = Pacer(self._simulation, self.lock, speed * MICROSECONDS, self._step_and_report) if speed else None

    # What time is it?

    @property
    def microseconds(self) -> int:
        """Microseconds since 1970, UTC."""
        return self._simulation._now + self._borrowed  # type: ignore[return-value]  # `now`, without a call

    @property
    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return (self._simulation._now + self._borrowed) / MICROSECONDS

    @property
    def elapsed(self) -> float:
        """Seconds since the clock started."""
        return (self._simulation._now - self._start + self._borrowed) / MICROSECONDS

    @property
    def datetime(self) -> datetime:
        """The present instant as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    @property
    def due(self) -> float:
        """Seconds since 1970, UTC, by the wall clock; `now` may be behind.  Needs no lock."""
        return self._pacer.due / MICROSECONDS if self._pacer else self.now

    # Things that take time

    def timeout(self, seconds: float) -> simpy.Event:
        """An event that happens `seconds` from now."""
        return self._simulation.timeout(max(0, round(seconds * MICROSECONDS)))

    def event(self) -> simpy.Event:
        """An event that happens when its `succeed` is called."""
        return self._simulation.event()

    def start(self, steps: Steps) -> simpy.Process:
        """Run `steps` from now on, alongside everything else."""
        return self._simulation.process(steps)

    def aside(self, work: Callable[[], Any], end: Callable[[], None]) -> Steps:
        """Do `work`, which takes real time, and return its result or raise its error.

        `end` lets it come to its end at once: it is called, from any thread, at Ctrl-C and when the clock is closed.
        Virtual time stands still meanwhile; with a speed, for `aside.BLINK` at most, and then all else goes on.
        """
        self._awaited.append(end)
        try:
            if self._pacer is None:
                return work()
            return (yield from Aside(work, self.event(), self._pacer).wait())
        finally:
            self._awaited.remove(end)

    # Making time pass

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and with them what is due.

        Raises ValueError for less than none, RuntimeError when the clock is closed.
        """
        if seconds < 0:
            raise ValueError(f"time cannot go back: {seconds!r} seconds")
        with self.lock:
            self._check_open()
            if self._stepping:  # a step of the simulation itself sleeps: it pays later, in `debt`
                self._borrowed += round(seconds * MICROSECONDS)
            else:
                self._catch_up()
                with self.watch(seconds) as look:
                    self._run_until(self.timeout(seconds), look)
                while not self._pacer and self._simulation.peek() == self._simulation.now:
                    self._step()  # what is due at this very instant, too

    def complete(self, steps: Steps) -> Any:
        """Run `steps` to their end, let the time they take pass, and return their result or raise their error.

        Raises RuntimeError when the clock is closed.
        """
        with self.lock:
            self._check_open()
            self._catch_up()
            process = self.start(steps)
            process.callbacks.append(_leave_to_caller)
            self._run_until(process)
            result: Any = process.value
            if not process.ok:
                raise result
            return result

    def debt(self) -> simpy.Event:
        """An event after the time that the present step has slept: steps cannot let time pass themselves."""
        owed, self._borrowed = self._borrowed, 0
        return self._simulation.timeout(owed)

    def close(self) -> None:
        """Stop for good, after the present step.  Pending processes are dropped."""
        self._closed = True
        self._end_awaited()
        if self._pacer:
            self._pacer.stop()
        elif not self._stepping:
            with self.lock:  # another thread may be in the middle of something
                pass

    def _end_awaited(self) -> None:
        for end in list(self._awaited):
            end()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the local cloud is closed")

    def _run_until(self, goal: simpy.Event, look: Callable[[], None] | None = None) -> None:
        if self._pacer:
            self._pacer.wait_for(goal)
            return
        step = self._simulation.step
        with self._interrupts_between_steps() as interrupted, self._in_steps():
            steps = 0
            while goal.callbacks is not None and not interrupted:  # until it has happened
                step()
                if look and not (steps := steps + 1) % LOOK:
                    look()

    def _step(self) -> None:
        with self._in_steps():
            self._simulation.step()

    def _step_and_report(self) -> None:
        """One step of the pacer's; a fault of a process goes to `on_fault` if that is set."""
        try:
            self._step()
        except Exception as fault:
            if self.on_fault is None:
                raise
            self.on_fault(fault)

    @contextmanager
    def _in_steps(self) -> Iterator[None]:
        before, self._stepping = self._stepping, True
        try:
            yield
        finally:
            self._stepping = before

    @contextmanager
    def _interrupts_between_steps(self) -> Iterator[list[int]]:
        """Hold Ctrl-C back until a step is done, so that no process of the simulation is torn apart.

        What the step waits for is ended, so that it is done soon; then KeyboardInterrupt is raised.
        """
        if threading.current_thread() is not threading.main_thread():
            yield []
            return
        interrupted: list[int] = []

        def interrupt(signum: int, _frame: FrameType | None) -> None:
            interrupted.append(signum)
            self._end_awaited()

        previous = signal.signal(signal.SIGINT, interrupt)
        try:
            yield interrupted
        finally:
            signal.signal(signal.SIGINT, previous)
        if interrupted:
            raise KeyboardInterrupt

    def _catch_up(self) -> None:
        if self._pacer:
            with self._interrupts_between_steps():
                self._pacer.catch_up()


def _leave_to_caller(process: simpy.Event) -> None:
    """Keep a failure of the process from the simulation's other steps: the caller who waits for it raises it."""
    process.defused = True
