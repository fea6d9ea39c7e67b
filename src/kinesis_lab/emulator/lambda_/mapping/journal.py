"""What becomes of a shard's records on their way to the function, told to everybody who keeps accounts of it.

The flight recorder has a row of it, CloudWatch the metrics, and the mapping its LastProcessingResult (facts 7.4, 7.17).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinesis_lab.emulator.kinesis.shard import Record, places, span
from kinesis_lab.emulator.lambda_.function_lookup import parse_name
from kinesis_lab.emulator.lambda_.mapping.configuration import FUNCTION_FAILED, OK, Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.mapping_metrics import MappingMetrics
from kinesis_lab.emulator.lambda_.mapping.target import Attempt
from kinesis_lab.emulator.wire import AwsError


class ShardJournal:
    """The accounts of one shard of one mapping.  Lanes are given by their numbers."""

    def __init__(self, context: MappingContext, configuration: Configuration, stream: str, shard: str) -> None:
        """Of the mapping with this configuration; `stream` is a name, `shard` an id."""
        self._recorder = context.recorder
        self._metrics = MappingMetrics(context, configuration)
        self._configuration = configuration
        self._stream = stream
        self._shard = shard

    # Reading

    def read(self, kind: str, records: Sequence[Record]) -> None:
        """Records were read, by a poll or a push: that is the `kind`."""
        self._note_extent(kind, records, outcome="ok")

    def throttled(self, kind: str) -> None:
        """A read was refused, as the shard's budget was spent."""
        self._note_extent(kind, (), outcome="throttled")

    def unreadable(self, problem: str) -> None:
        """The shard cannot be read, until it is `readable` again: what LastProcessingResult says meanwhile."""
        self._configuration.reading_problems[self._shard] = problem

    def readable(self) -> None:
        """The shard could be read, or there was nothing to read."""
        if self._configuration.reading_problems:
            self._configuration.reading_problems.pop(self._shard, None)

    def expired_unread(self, first: int, last: int) -> None:
        """The stream has trimmed the records at these positions, both included, before they were read."""
        self._note("expired", places=span(first, last), records=last - first + 1, outcome="unread")

    def filtered(self, count: int, dropped: Sequence[Record]) -> None:
        """Of so many records that were read, the filters have `dropped` these."""
        self._metrics.polled(count, len(dropped))
        if dropped:
            self._note_extent("filter", dropped, places=places(dropped))

    def checkpoint(self, last: Record | None) -> None:
        """The checkpoint has moved behind this record; None if the stream has trimmed it."""
        self._note("checkpoint", last=last.sequence_number if last else None)

    # Delivering

    def invoked(
        self, lane: int, records: Sequence[Record], attempt: Attempt, *, number: int, done: int, good: bool, final: bool
    ) -> None:
        """The function was invoked, for the `number`th time with just these records, and has `done` the first of them.

        `good`: nothing is left to do; `final`: the invocation has closed a tumbling window.
        """
        outcome = attempt.outcome
        self._metrics.invoked(attempt.function_name, records, attempt.sent)
        self._configuration.last_result = OK if good else FUNCTION_FAILED
        if not good:
            self._metrics.failed(len(records))
        self._note_extent(
            "invoke",
            records,
            lane=lane,
            places=places(records),
            at=outcome.started,
            until=outcome.ended,
            function=attempt.function_name,
            bytes=attempt.bytes,
            attempt=number,
            outcome=outcome.status if good or not outcome.ok else "partial" if done else "failed",
            done=done,
            request_id=outcome.request_id,
            cold=outcome.cold,
            note="final" if final else None,
        )

    def refused(self, lane: int, records: Sequence[Record], refusal: AwsError, number: int) -> None:
        """The `number`th attempt has failed before the function was invoked."""
        self._configuration.last_result = FUNCTION_FAILED
        self._metrics.failed(len(records))
        self._note_extent(
            "refused",
            records,
            lane=lane,
            places=places(records),
            function=parse_name(self._configuration.function_arn)[0],
            attempt=number,
            outcome=refusal.code,
            note=str(refusal),
        )

    def bisected(self, lane: int, records: Sequence[Record], half: int) -> None:
        """A batch was halved: the first `half` of the records, and the rest."""
        note = f"{half} and {len(records) - half}"
        self._note_extent("bisect", records, lane=lane, places=places(records), note=note)

    def expired(self, lane: int, records: Sequence[Record]) -> None:
        """The stream keeps records no longer that were waiting in their lane."""
        self._note_extent("expired", records, lane=lane, places=places(records), outcome="waiting")

    def discarded(self, lane: int, records: Sequence[Record], invocations: int, condition: str, reported: bool) -> None:
        """Records are given up after so many invocations; the destination was told if they are `reported`."""
        if reported:
            self._metrics.reported(len(records))
        else:
            self._metrics.dropped(len(records))
        self._note_extent(
            "discard",
            records,
            lane=lane,
            places=places(records),
            attempt=invocations,
            outcome="reported" if reported else "dropped",
            note=condition,
        )

    def undeliverable(self) -> None:
        """The destination did not take a document."""
        self._metrics.undeliverable()

    def _note_extent(self, kind: str, records: Sequence[Record], **fields: Any) -> None:
        """A row about records: how many, the first and the last."""
        self._recorder.note(
            kind,
            stream=self._stream,
            shard=self._shard,
            mapping=self._configuration.uuid,
            first=records[0].sequence_number if records else None,
            last=records[-1].sequence_number if records else None,
            records=len(records),
            **fields,
        )

    def _note(self, kind: str, **fields: Any) -> None:
        self._recorder.note(kind, stream=self._stream, shard=self._shard, mapping=self._configuration.uuid, **fields)
