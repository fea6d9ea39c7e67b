"""Delivers one batch: invokes the function until the batch has succeeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.emulator.clock import Clock, Steps
from helpers.emulator.kinesis.shard import Record
from helpers.emulator.lambda_.functions import Function
from helpers.emulator.lambda_.mapping.configuration import Configuration
from helpers.emulator.lambda_.mapping.event import batch_event
from helpers.emulator.lambda_.mapping.poller import Poller
from helpers.emulator.lambda_.runtime import Outcome, Runtime
from helpers.emulator.recorder import FlightRecorder
from helpers.emulator.wire import AwsError

# AWS publishes no numbers; what was recorded is consistent with doubling from a second (facts 7.9): our choice.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

OK = "OK"
PROBLEM = "PROBLEM: Function call failed"
"""Values of LastProcessingResult (facts 7.4)."""


def pause_after(attempt: int) -> float:
    """Seconds between the attempt with this number, from 1, and the next."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt - 1, 16)))


class Delivery:
    """Takes the batches of one mapping to its function."""

    def __init__(
        self,
        configuration: Configuration,
        function: Callable[[], Function],
        runtime: Runtime,
        clock: Clock,
        recorder: FlightRecorder,
    ) -> None:
        """`function` finds the function anew for every attempt."""
        self._configuration = configuration
        self._function = function
        self._runtime = runtime
        self._clock = clock
        self._recorder = recorder

    def deliver(self, poller: Poller, batch: list[Record]) -> Steps:
        """Invoke the function with the batch, again and again; returns whether it succeeded.

        It gives up when the poller is stopped, and when records of the batch expire.
        """
        attempt = 0
        while not poller.stopped and not poller.drop_expired():
            attempt += 1
            if (yield from self._attempt(poller, batch, attempt)):
                return True
            yield self._clock.timeout(pause_after(attempt))
        return False

    def _attempt(self, poller: Poller, batch: list[Record], attempt: int) -> Steps:
        about: dict[str, Any] = {
            "stream": poller.stream.name,
            "shard": poller.shard.id,
            "mapping": self._configuration.uuid,
            "first": batch[0].sequence_number,
            "last": batch[-1].sequence_number,
            "records": len(batch),
            "attempt": attempt,
            "lane": 0,
        }
        try:
            function = self._function()
            about["function"] = function.name
            event = batch_event(poller.stream, poller.shard, batch, function.role)
            outcome = yield from self._runtime.invoke(function, event)
        except AwsError as refusal:  # not invoked: throttled, not there, not ready
            self._configuration.last_result = PROBLEM
            self._recorder.note("refused", outcome=refusal.code, note=refusal.message, **about)
            return False
        self._configuration.last_result = OK if outcome.ok else PROBLEM
        self._note(outcome, len(event), about)
        return outcome.ok

    def _note(self, outcome: Outcome, size: int, about: dict[str, Any]) -> None:
        self._recorder.note(
            "invoke",
            at=outcome.started,
            until=outcome.ended,
            bytes=size,
            outcome=outcome.status,
            request_id=outcome.request_id,
            cold=outcome.cold,
            **about,
        )
