"""Takes a batch to the function until nothing of it is left to do: facts 7.9 to 7.12.

What fails is tried again, halved, cut where the function says that it got stuck, or given up: each part of a batch
knows its own history.  Parts keep the order of the shard, so what is done is always at the front.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from typing import Any

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Record, Shard, places
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.lambda_.function_lookup import parse_name
from kinesis_lab.emulator.lambda_.mapping.configuration import FUNCTION_FAILED, OK, Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.event import MOST_BYTES, EventForm
from kinesis_lab.emulator.lambda_.mapping.lane import Batch, Lane
from kinesis_lab.emulator.lambda_.mapping.mapping_metrics import MappingMetrics
from kinesis_lab.emulator.lambda_.mapping.on_failure import History, OnFailureDestination
from kinesis_lab.emulator.lambda_.mapping.response import processed, state_of
from kinesis_lab.emulator.lambda_.runtime import Outcome
from kinesis_lab.emulator.wire import AwsError

TOO_LARGE = "RequestTooLargeException"

# AWS publishes no numbers.  Recorded is that a function that fails at once was called 8 times within a record age of
# 60 s (facts 7.9): doubling from a second, to at most 12, does that.  Our choice.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 12.0


def pause_after(failures: int) -> float:
    """Seconds between so many failures in a row, from 1, and the next attempt."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 16)))


@dataclass
class SubBatch:
    """Records of a batch that share a history, and how often they have failed."""

    batch: Batch
    records: list[Record]
    history: History
    pause: float = 0.0
    """Seconds to wait before the next attempt."""
    failures: int = 0
    """Function errors with just these records: what MaximumRetryAttempts counts."""
    refusals: int = 0
    """Attempts in a row in which the function was not even invoked."""

    @classmethod
    def fresh(cls, batch: Batch, records: list[Record], pause: float = 0.0) -> SubBatch:
        """Records that were not tried on their own yet."""
        return cls(batch, records, History(), pause)


class Delivery:
    """Delivers the batches of one shard."""

    def __init__(
        self,
        context: MappingContext,
        configuration: Configuration,
        stream: Stream,
        shard: Shard,
        metrics: MappingMetrics,
    ) -> None:
        """For the mapping with this configuration."""
        self._context = context
        self._configuration = configuration
        self._stream = stream
        self._shard = shard
        self._clock = context.clock
        self._metrics = metrics
        self._discards = OnFailureDestination(context, configuration, stream, shard, metrics)
        self._form: EventForm | None = None
        self._form_role = ""

    def fixed_size(self) -> int:
        """Bytes that every record takes in an event of this shard."""
        return self._any_form().fixed_size

    def deliver(self, lane: Lane, batch: Batch) -> Steps:
        """Deliver a batch to its end, or until the lane is stopped."""
        parts = deque([SubBatch.fresh(batch, batch.records)])
        while parts:
            part = parts.popleft()
            if part.pause:
                pause, part.pause = part.pause, 0.0
                yield from lane.bell.pause(pause, over=lambda: lane.stopped)
            if lane.stopped:
                return
            yield from self._let_go_of_old(lane, part)
            if lane.stopped:
                return
            self._cut(part, parts)
            if part.records or (batch.final and not (yield from self._let_go_of_end(lane, part))):
                yield from self._try(lane, part, parts)
        lane.delivered(batch)

    def _cut(self, part: SubBatch, parts: deque[SubBatch]) -> None:
        """Leave no more in a part than BatchSize, which may have become smaller since the batch was made."""
        size = self._configuration.batch_size
        if len(part.records) > size:  # AWS does not say what becomes of a batch that is being retried: our choice
            parts.appendleft(SubBatch.fresh(part.batch, part.records[size:]))
            part.records = part.records[:size]

    # What is too old

    def _let_go_of_old(self, lane: Lane, part: SubBatch) -> Steps:
        """Let go of what the stream no longer keeps, and of what is over MaximumRecordAgeInSeconds (facts 7.10)."""
        now = self._clock.now
        expired = _older(part.records, now - self._stream.retention_hours * 3600)
        if expired:
            self._note("expired", lane, expired, outcome="waiting")
            part.records = part.records[len(expired) :]
            lane.done(len(expired))
        age = self._configuration.record_age
        old = [] if age is None else _older(part.records, now - age)
        if old:
            part.records = part.records[len(old) :]
            yield from self._discards.discard(
                lane.number, old, part.history, "RecordAgeExceeded", self._event(part, old)
            )
            lane.done(len(old))

    def _let_go_of_end(self, lane: Lane, part: SubBatch) -> Steps:
        """Give a final invocation up if its window ended too long ago; returns whether it did.

        Policies of age apply, says facts 7.13; that the age of a window begins at its end is our choice.
        """
        window = part.batch.window
        limits = (self._configuration.record_age, self._stream.retention_hours * 3600)
        age = min(limit for limit in limits if limit is not None)
        if window is None or window.end >= self._clock.now - age:
            return False
        yield from self._discards.discard(lane.number, [], part.history, "RecordAgeExceeded", self._event(part, []))
        return True

    # One attempt

    def _try(self, lane: Lane, part: SubBatch, parts: deque[SubBatch]) -> Steps:
        """Invoke the function with a part, and put back what is to be tried again."""
        try:
            outcome: Outcome = yield from self._invoke(lane, part)
        except AwsError as refusal:  # not invoked: throttled, not there, not ready (facts 7.9)
            if refusal.code == TOO_LARGE and len(part.records) > 1:  # it has outgrown an event since the batch was made
                half = len(part.records) // 2
                parts.extendleft(
                    (SubBatch.fresh(part.batch, part.records[half:]), SubBatch.fresh(part.batch, part.records[:half]))
                )
                return
            part.refusals += 1
            part.pause = pause_after(part.refusals)
            self._configuration.last_result = FUNCTION_FAILED
            self._metrics.failed(len(part.records))
            about = {
                "function": parse_name(self._configuration.function_arn)[0],
                "attempt": part.failures + part.refusals,
            }
            self._note("refused", lane, part.records, outcome=refusal.code, note=str(refusal), **about)
            parts.appendleft(part)
            return
        part.refusals = 0
        part.history.invoked(outcome)
        done, good = self._judge(part, outcome)
        self._configuration.last_result = OK if good else FUNCTION_FAILED
        if not good:
            self._metrics.failed(len(part.records))
        self._note_invoked(lane, part, outcome, done, good)
        lane.done(done)
        if not good:
            yield from self._again(lane, part, part.records[done:], parts)

    def _invoke(self, lane: Lane, part: SubBatch) -> Steps:
        function = self._context.find_function(self._configuration.function_arn)
        event = self._form_for(function.role).event(part.records, _window_keys(part.batch))
        if len(event) > MOST_BYTES:  # one record too large for any event: our choice is to keep trying until it is old
            raise AwsError(TOO_LARGE, f"The event of {len(event)} bytes exceeds {MOST_BYTES}.", 413)
        sent = self._clock.now
        outcome: Outcome = yield from self._context.runtime.invoke(function, event)
        self._metrics.invoked(function, part.records, sent)
        part.history.function_name, part.history.bytes = function.name, len(event)
        return outcome

    def _judge(self, part: SubBatch, outcome: Outcome) -> tuple[int, bool]:
        """How many records, from the first, the function has processed, and whether all is well."""
        if not outcome.ok:
            return 0, False
        done = processed(outcome.payload, part.records) if self._configuration.reports_items else len(part.records)
        if done is None:
            return 0, False
        good = done == len(part.records)
        window = part.batch.window
        if window is not None:
            state = state_of(outcome.payload)
            if state is None:
                return 0, False
            if (done or good) and not part.batch.final:  # what has failed, or has ended, leaves no state
                window.keep(state)
        return done, good

    # What failed

    def _again(self, lane: Lane, part: SubBatch, rest: list[Record], parts: deque[SubBatch]) -> Steps:
        """Put back what is left of a part after a function error, in the form in which it is to be tried."""
        if len(rest) < len(part.records):  # the checkpoint has moved: a new count begins (facts 7.12)
            parts.appendleft(SubBatch.fresh(part.batch, rest, FIRST_PAUSE))
        elif self._configuration.bisects and len(rest) > 1:  # free of charge (facts 7.11)
            half = len(rest) // 2
            parts.appendleft(SubBatch.fresh(part.batch, rest[half:]))
            parts.appendleft(SubBatch.fresh(part.batch, rest[:half], FIRST_PAUSE))
            self._note("bisect", lane, rest, note=f"{half} and {len(rest) - half}")
        else:
            part.failures += 1
            retries = self._configuration.retries
            if retries is None or part.failures <= retries:
                part.pause = pause_after(part.failures)
                parts.appendleft(part)
                return
            event = self._event(part, rest)
            yield from self._discards.discard(lane.number, rest, part.history, "RetryAttemptsExhausted", event)
            lane.done(len(rest))

    # Words

    def _event(self, part: SubBatch, records: list[Record]) -> bytes:
        """The event that the function would be given."""
        return self._any_form().event(records, _window_keys(part.batch))

    def _any_form(self) -> EventForm:
        """The form of the last event; before there was any, of the next."""
        if self._form is None:
            try:
                return self._form_for(self._context.find_function(self._configuration.function_arn).role)
            except AwsError:
                return self._form_for("")
        return self._form

    def _form_for(self, role: str) -> EventForm:
        if self._form is None or role != self._form_role:
            source, region = self._configuration.source_arn, self._stream.region
            self._form, self._form_role = EventForm(self._shard.id, source, region, role), role
        return self._form

    def _note_invoked(self, lane: Lane, part: SubBatch, outcome: Outcome, done: int, good: bool) -> None:
        self._note(
            "invoke",
            lane,
            part.records,
            at=outcome.started,
            until=outcome.ended,
            function=part.history.function_name,
            bytes=part.history.bytes,
            attempt=part.failures + 1,
            outcome=outcome.status if good or not outcome.ok else "partial" if done else "failed",
            done=done,
            request_id=outcome.request_id,
            cold=outcome.cold,
            note="final" if part.batch.final else None,
        )

    def _note(self, kind: str, lane: Lane, records: list[Record], **more: Any) -> None:
        self._context.recorder.note(
            kind,
            stream=self._stream.name,
            shard=self._shard.id,
            mapping=self._configuration.uuid,
            lane=lane.number,
            first=records[0].sequence_number if records else None,
            last=records[-1].sequence_number if records else None,
            places=places(records),
            records=len(records),
            **more,
        )


def _window_keys(batch: Batch) -> dict[str, Any] | None:
    """What an event says of its tumbling window, if there is one."""
    return batch.window.keys(final=batch.final, early=batch.early) if batch.window else None


def _older(records: list[Record], before: float) -> list[Record]:
    """The records at the front that arrived before an instant."""
    return records[: bisect_left(records, before, key=lambda record: record.arrival)]
