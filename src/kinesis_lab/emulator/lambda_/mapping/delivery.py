"""Takes a batch to the function until nothing of it is left to do: facts 7.9 to 7.12.

What fails is tried again, halved, cut where the function says that it got stuck, or given up: each sub-batch knows its
own history.  Sub-batches keep the order of the shard, so what is done is always at the front.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kinesis_lab.emulator.clock import Clock, Steps
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.invocation import Outcome
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.journal import ShardJournal
from kinesis_lab.emulator.lambda_.mapping.lane import Batch, Lane
from kinesis_lab.emulator.lambda_.mapping.on_failure import History, OnFailureDestination
from kinesis_lab.emulator.lambda_.mapping.response import processed, state_of
from kinesis_lab.emulator.lambda_.mapping.source import Source
from kinesis_lab.emulator.lambda_.mapping.target import TOO_LARGE, Attempt, Target
from kinesis_lab.emulator.wire import AwsError

# AWS publishes no numbers.  Recorded is that a function that fails at once was called 8 times within a record age of
# 60 s (facts 7.9): doubling from a second, to at most 12, does that.  Our choice.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 12.0


def pause_after(failures: int) -> float:
    """Seconds between so many failures in a row, from 1, and the next attempt."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 16)))


@dataclass(frozen=True)
class Delivery:
    """What the delivery of all batches of one shard has in common."""

    configuration: Configuration
    source: Source
    clock: Clock
    target: Target
    destination: OnFailureDestination
    journal: ShardJournal


@dataclass
class SubBatch:
    """Records of a batch that share a history, and how often they have failed."""

    records: list[Record]
    pause: float = 0.0
    """Seconds to wait before the next attempt."""
    history: History = field(default_factory=History)
    failures: int = 0
    """Function errors with just these records: what MaximumRetryAttempts counts."""
    errors: int = 0
    """The same without a new beginning when its front was too old: the pauses go on growing.  Our choice."""
    refusals: int = 0
    """Attempts in a row in which the function was not even invoked."""

    def become(self, records: list[Record]) -> None:
        """Have other records from now on: counting begins anew, as when a checkpoint advances (facts 7.12)."""
        self.records = records
        self.history = History()
        self.failures = 0


class BatchInFlight:
    """A batch on its way to the function: tried until every record is processed, reported, dropped or expired."""

    def __init__(self, delivery: Delivery, lane: Lane, batch: Batch, on_acknowledge: Callable[[], None]) -> None:
        """A `batch` of this lane; `on_acknowledge` is called whenever some of its records are done."""
        self._delivery = delivery
        self._lane = lane
        self._batch = batch
        self._on_acknowledge = on_acknowledge
        self._left = deque([SubBatch(batch.records)])
        """What is to be tried, the oldest first."""

    def deliver(self) -> Steps:
        """Deliver it to its end, or until its lane is stopped."""
        lane, left = self._lane, self._left
        while left:
            sub_batch = left.popleft()
            if sub_batch.pause:
                pause, sub_batch.pause = sub_batch.pause, 0.0
                yield from lane.wakeup.pause(pause, over=lambda: lane.stopped)
            if lane.stopped:
                return
            yield from self._discard_old(sub_batch)
            if lane.stopped:
                return
            self._cut(sub_batch)
            if sub_batch.records or (self._batch.final and not (yield from self._discard_final(sub_batch))):
                yield from self._try(sub_batch)
        lane.delivered(self._batch)

    def _acknowledge(self, count: int) -> None:
        """The first `count` records are done."""
        if count:
            self._lane.acknowledge(count)
            self._on_acknowledge()

    def _cut(self, sub_batch: SubBatch) -> None:
        """Leave no more in a sub-batch than BatchSize, which may have become smaller since the batch was made."""
        size = self._delivery.configuration.settings.batch_size
        if len(sub_batch.records) > size:  # AWS does not say what becomes of a batch that is being retried: our choice
            self._left.appendleft(SubBatch(sub_batch.records[size:]))
            sub_batch.become(sub_batch.records[:size])

    # What is too old

    def _discard_old(self, sub_batch: SubBatch) -> Steps:
        """Drop what the stream no longer keeps, and discard what is over MaximumRecordAgeInSeconds (facts 7.10)."""
        delivery, now, history = self._delivery, self._delivery.clock.now, sub_batch.history
        expired = _older(sub_batch.records, now - delivery.source.retention_seconds)
        if expired:
            delivery.journal.expired(self._lane.number, expired)
            sub_batch.become(sub_batch.records[len(expired) :])
            self._acknowledge(len(expired))
        age = delivery.configuration.settings.record_age
        old = [] if age is None else _older(sub_batch.records, now - age)
        if old:
            sub_batch.become(sub_batch.records[len(old) :])
            yield from self._discard(history, old, "RecordAgeExceeded")

    def _discard_final(self, sub_batch: SubBatch) -> Steps:
        """Give a final invocation up if its window ended too long ago; returns whether it did.

        Policies of age apply, says facts 7.13; that the age of a window begins at its end is our choice.
        """
        window, delivery = self._batch.window, self._delivery
        limits = (delivery.configuration.settings.record_age, delivery.source.retention_seconds)
        age = min(limit for limit in limits if limit is not None)
        if window is None or window.end >= delivery.clock.now - age:
            return False
        yield from self._discard(sub_batch.history, [], "RecordAgeExceeded")
        return True

    def _discard(self, history: History, records: list[Record], condition: str) -> Steps:
        """Give records up that have this history, and report them."""
        yield from self._delivery.destination.discard(
            self._lane.number, records, history, condition, self._window_keys()
        )
        self._acknowledge(len(records))

    # One attempt

    def _try(self, sub_batch: SubBatch) -> Steps:
        """Invoke the function with a sub-batch, and put back what is to be tried again."""
        delivery, lane, records = self._delivery, self._lane.number, sub_batch.records
        try:
            attempt: Attempt = yield from delivery.target.invoke(records, self._window_keys())
        except AwsError as refusal:  # not invoked: throttled, not there, not ready (facts 7.9)
            if refusal.code == TOO_LARGE and len(records) > 1:  # it has outgrown an event since the batch was made
                self._halve(records)
                return
            sub_batch.refusals += 1
            sub_batch.pause = pause_after(sub_batch.refusals)
            delivery.journal.refused(lane, records, refusal, sub_batch.failures + sub_batch.refusals)
            self._left.appendleft(sub_batch)
            return
        sub_batch.refusals = 0
        sub_batch.history.invoked(attempt.outcome)
        done, good = self._judge(records, attempt.outcome)
        number, final = sub_batch.failures + 1, self._batch.final
        delivery.journal.invoked(lane, records, attempt, number=number, done=done, good=good, final=final)
        self._acknowledge(done)
        if not good:
            yield from self._try_again(sub_batch, records[done:])

    def _judge(self, records: list[Record], outcome: Outcome) -> tuple[int, bool]:
        """How many records, from the first, the function has processed, and whether all is well."""
        if not outcome.ok:
            return 0, False
        reports_items = self._delivery.configuration.settings.reports_items
        done = processed(outcome.payload, records) if reports_items else len(records)
        if done is None:
            return 0, False
        good = done == len(records)
        window = self._batch.window
        if window is not None:
            state = state_of(outcome.payload)
            if state is None:
                return 0, False
            if (done or good) and not self._batch.final:  # what has failed, or has ended, leaves no state
                window.keep(state)
        return done, good

    def _window_keys(self) -> dict[str, Any] | None:
        """What an event says of its tumbling window, if there is one."""
        batch = self._batch
        return batch.window.keys(final=batch.final, early=batch.early) if batch.window else None

    # What failed

    def _try_again(self, sub_batch: SubBatch, rest: list[Record]) -> Steps:
        """Put back what is left of a sub-batch after a function error, in the form in which it is to be tried."""
        settings = self._delivery.configuration.settings
        if len(rest) < len(sub_batch.records):  # the checkpoint has moved: a new count begins (facts 7.12)
            self._left.appendleft(SubBatch(rest, FIRST_PAUSE))
        elif settings.bisects and len(rest) > 1:  # free of charge (facts 7.11)
            half = self._halve(rest, FIRST_PAUSE)
            self._delivery.journal.bisected(self._lane.number, rest, half)
        else:
            sub_batch.failures += 1
            sub_batch.errors += 1
            if settings.retries is None or sub_batch.failures <= settings.retries:
                sub_batch.pause = pause_after(sub_batch.errors)
                self._left.appendleft(sub_batch)
            else:
                yield from self._discard(sub_batch.history, rest, "RetryAttemptsExhausted")

    def _halve(self, records: list[Record], pause: float = 0.0) -> int:
        """Put back two sub-batches, the first to be tried after a `pause`; returns how many records are in that."""
        half = len(records) // 2
        self._left.extendleft((SubBatch(records[half:]), SubBatch(records[:half], pause)))
        return half


def _older(records: list[Record], before: float) -> list[Record]:
    """The records at the front that arrived before an instant."""
    return records[: bisect_left(records, before, key=lambda record: record.arrival)]
