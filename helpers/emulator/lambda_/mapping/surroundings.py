"""What the parts of a mapping work with: the stream's Region, the functions, the clock, and where things are noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import simpy

from helpers.emulator.clock import Clock, Steps
from helpers.emulator.identity import Identities
from helpers.emulator.kinesis.region import Region
from helpers.emulator.lambda_.functions import Function
from helpers.emulator.lambda_.runtime import Runtime
from helpers.emulator.metrics import Metrics
from helpers.emulator.permissions import Permissions
from helpers.emulator.recorder import FlightRecorder


@dataclass(frozen=True)
class Surroundings:
    """The rest of the cloud, as a mapping sees it."""

    region: Region
    """Of Kinesis."""
    find_function: Callable[[str], Function]
    """By its ARN, anew each time; raises AwsError when it is not there."""
    role_of: Callable[[str], str]
    """The execution role of a function, likewise."""
    runtime: Runtime
    permissions: Permissions
    clock: Clock
    identities: Identities
    recorder: FlightRecorder
    metrics: Metrics


class Bell:
    """Wakes the one process that waits for something to happen; ringing while nobody waits does nothing."""

    def __init__(self, clock: Clock) -> None:
        """Nobody waits yet."""
        self._clock = clock
        self._event: simpy.Event | None = None

    def ring(self) -> None:
        """Something has happened: have a look."""
        event, self._event = self._event, None
        if event is not None:
            event.succeed()

    def wait(self, seconds: float | None = None) -> simpy.Event:
        """An event that happens when the bell rings or `seconds` have passed, whichever comes first."""
        return self._rung if seconds is None else self._rung | self._clock.timeout(seconds)

    def pause(self, seconds: float, over: Callable[[], bool]) -> Steps:
        """Let `seconds` pass, whatever the bell rings for, unless it is `over` before."""
        end = self._clock.timeout(seconds)
        while not (end.processed or over()):
            yield self._rung | end

    @property
    def _rung(self) -> simpy.Event:
        if self._event is None:
            self._event = self._clock.event()
        return self._event
