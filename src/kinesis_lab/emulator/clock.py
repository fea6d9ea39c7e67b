"""Virtual time: a discrete-event clock that moves only when something makes it move.

Pollers, stream states and invocations are SimPy processes on this clock.  By default nobody waits for them:
`advance(86_400)` runs everything that is due within a day and returns at once.  With a `speed`, a background
thread moves the clock along with the wall clock instead, and callers really wait.

Inside, time is a whole number of microseconds, so that equal instants are equal; outside, it is in seconds.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import simpy

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""The instant at which every local cloud begins: a Monday morning."""

MICROSECONDS = 1_000_000

TURN = 0.05
"""Real seconds of catching up with the wall clock after which whoever waits for the lock has a turn."""
BREATH = 0.0002
"""Real seconds for which the lock is free between two turns."""
BLINK = 0.25
"""Real seconds for which everybody waits for one who computes."""
MOST_BEHIND = 3.0
"""Real seconds that are caught up with: a machine that is further behind has let time pass more slowly."""

Steps = Generator[simpy.Event, Any, Any]
"""What takes virtual time: a generator that yields the events it waits for and returns its result."""


class Clock:
    """Now, what happens next, and who may make it happen (one thread at a time, holding `lock`)."""

    def __init__(self, *, start: datetime = START, speed: float | None = None) -> None:
        """Start at `start`; `speed` virtual seconds pass per real second (None: as fast as it computes)."""
        if speed is not None and not speed > 0:
            raise ValueError(f"speed must be a positive number or None, not {speed!r}")
        self.lock = threading.RLock()
        self.speed = speed
        self.on_fault: Callable[[Exception], None] | None = None
        """With a speed: told of a fault in what nobody waits for; time goes on.  Unset, whoever waits hears of it."""
        self._start = round(start.timestamp() * MICROSECONDS)
        self._simulation = simpy.Environment(self._start)
        self._stepping = False
        self._borrowed = 0
        self._pacer = _Pacer(self, speed) if speed else None

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
        """Seconds since 1970, UTC, by the wall clock: what happens then may be late.  Needs no lock."""
        return self._pacer.due / MICROSECONDS if self._pacer else self.now

    # Things that take time

    def timeout(self, seconds: float) -> simpy.Event:
        """An event that happens `seconds` from now."""
        return self._simulation.timeout(max(0, round(seconds * MICROSECONDS)))

    def event(self) -> simpy.Event:
        """An event that happens when somebody calls its `succeed`."""
        return self._simulation.event()

    def start(self, steps: Steps) -> simpy.Process:
        """Run `steps` from now on, alongside everything else."""
        return self._simulation.process(steps)

    def aside(self, work: Callable[[], Any]) -> Steps:
        """Do what takes real time, and return its result or raise its error.

        Time stands still meanwhile.  With a speed this is so for no more than `BLINK`; then all else goes on.
        """
        if self._pacer is None:
            return work()
        return (yield from _Aside(self, work).wait())

    # Making time pass

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; whatever is due within them happens."""
        if seconds < 0:
            raise ValueError(f"time cannot go back: {seconds!r} seconds")
        with self.lock:
            if self._stepping:  # a step of the simulation itself sleeps: it pays later, in `debt`
                self._borrowed += round(seconds * MICROSECONDS)
            else:
                self._catch_up()
                self._run_until(self.timeout(seconds))
                while not self._pacer and self._simulation.peek() == self._simulation.now:
                    self._step()  # what is due at this very instant, too

    def complete(self, steps: Steps) -> Any:
        """Run `steps` to their end, let the time they take pass, and return their result or raise their error."""
        with self.lock:
            self._catch_up()
            process = self.start(steps)
            process.callbacks.append(_leave_to_caller)
            self._run_until(process)
            result: Any = process.value
            if not process.ok:
                raise result
            return result

    def debt(self) -> simpy.Event:
        """The time that the present step slept while it could not let time pass, as an event to wait for."""
        owed, self._borrowed = self._borrowed, 0
        return self._simulation.timeout(owed)

    def close(self) -> None:
        """Stop moving.  Pending processes are dropped."""
        if self._pacer:
            self._pacer.stop()

    def _run_until(self, goal: simpy.Event) -> None:
        if self._pacer:
            self._pacer.wait_for(goal)
            return
        step = self._simulation.step
        with _interrupts_between_steps() as interrupted, self._in_steps():
            while goal.callbacks is not None:  # until it has happened
                step()
                if interrupted:
                    raise KeyboardInterrupt

    def _step(self) -> None:
        with self._in_steps():
            self._simulation.step()

    @contextmanager
    def _in_steps(self) -> Iterator[None]:
        before, self._stepping = self._stepping, True
        try:
            yield
        finally:
            self._stepping = before

    def _catch_up(self) -> None:
        if self._pacer:
            self._pacer.catch_up()


class _Pacer:
    """Moves a clock along with the wall clock, from a thread of its own."""

    def __init__(self, clock: Clock, speed: float) -> None:
        self._clock = clock
        self._speed = speed * MICROSECONDS
        self._began = time.monotonic()
        self._changed = threading.Condition(clock.lock)
        self._stopped = False
        self._happened = 0
        """Goals that have happened and whose waiters have not gone on yet."""
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="virtual clock", daemon=True)
        self._thread.start()

    @property
    def due(self) -> int:
        """Where the wall clock is: microseconds since 1970, UTC."""
        return self._clock._start + int((time.monotonic() - self._began) * self._speed)

    def catch_up(self) -> None:
        """Let happen what is due by the wall clock, for one turn at most.  The caller holds the lock.

        A turn ends when somebody can go on: no client's answer waits for a function that computes.
        """
        simulation, until = self._clock._simulation, time.monotonic() + TURN
        self._began += max(0.0, (self.due - simulation.now) / self._speed - MOST_BEHIND)
        due = self.due
        while simulation.peek() <= due:
            if self._stopped or self._happened or time.monotonic() > until:
                return
            self._step()
        if due > simulation.now:
            simulation.timeout(due - int(simulation.now))
            self._step()

    def _step(self) -> None:
        try:
            self._clock._step()
        except Exception as fault:
            if self._clock.on_fault is None:
                raise
            self._clock.on_fault(fault)

    def hurry(self) -> None:
        """Something has happened at once: have a look.  The caller holds the lock."""
        self._changed.notify_all()

    def wait_for(self, goal: simpy.Event) -> None:
        """Wait really until `goal` has happened.  The caller holds the lock, which is free meanwhile."""
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
        finally:  # Ctrl-C in a notebook ends the wait as well
            if goal.callbacks is None:
                self._happened -= 1
            else:
                goal.callbacks.remove(self._has_happened)

    def _has_happened(self, _goal: simpy.Event) -> None:
        self._happened += 1
        self._changed.notify_all()

    def stop(self) -> None:
        """Stop after the present step.  Whoever makes it holds the lock, and must not go on to the next."""
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
                except BaseException as failure:  # handed to whoever waits, in `wait_for`
                    self._failure = failure
                    self._changed.notify_all()
                    return
                self._changed.wait(self._pause())

    def _pause(self) -> float | None:
        """Real seconds until the next event, None if there is none."""
        if self._happened:
            return BREATH
        next_event = self._clock._simulation.peek()
        if next_event == float("inf"):
            return None
        real = self._began + (next_event - self._clock._start) / self._speed
        return min(max(BREATH, real - time.monotonic()), threading.TIMEOUT_MAX)


class _Aside:
    """Work in a thread of its own, while the clock moves with the wall clock."""

    def __init__(self, clock: Clock, work: Callable[[], Any]) -> None:
        self._clock = clock
        self._work = work
        self._over = threading.Event()
        self._done = clock.event()
        self._awaited = False
        """Whether somebody waits in virtual time, and not for the thread."""
        self._failure: Exception | None = None
        self._result: Any = None

    def wait(self) -> Steps:
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
        except Exception as raised:  # whoever waits hears of it
            self._failure = raised
        self._over.set()
        with self._clock.lock:  # which is taken until somebody waits in virtual time
            if self._awaited and self._clock._pacer:
                self._done.succeed()
                self._clock._pacer.hurry()


def _leave_to_caller(process: simpy.Event) -> None:
    """Let a failure be the business of the one who waits for the process, and of nobody else."""
    process.defused = True


@contextmanager
def _interrupts_between_steps() -> Iterator[list[int]]:
    """Hold Ctrl-C back until a step is done, so that no process of the simulation is torn apart."""
    if threading.current_thread() is not threading.main_thread():
        yield []
        return
    interrupted: list[int] = []

    def remember(signum: int, _frame: FrameType | None) -> None:
        interrupted.append(signum)

    previous = signal.signal(signal.SIGINT, remember)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)
