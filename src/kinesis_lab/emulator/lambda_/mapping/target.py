"""The function to which a shard's batches go, and the form of the events that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.invocation import Outcome
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.event import MOST_BYTES, EventForm
from kinesis_lab.emulator.wire import AwsError

MOST_KEPT = 256 * 1024
"""Bytes of the largest event that is kept until its batch is tried again."""
TOO_LARGE = "RequestTooLargeException"


class Right(NamedTuple):
    """What a role may be allowed to do, and to what."""

    action: str
    resource: str


class Attempt(NamedTuple):
    """An invocation, and what came of it."""

    function_name: str
    sent: float
    """When, in seconds since 1970."""
    bytes: int
    """Of the event."""
    outcome: Outcome


class LastEvent(NamedTuple):
    """The event of a batch that has failed: it is the same when the batch is tried again."""

    records: Sequence[Record]
    tumbling: dict[str, Any] | None
    form: EventForm
    text: bytes


class Target:
    """The function of one mapping, for the events of one shard."""

    def __init__(self, context: MappingContext, configuration: Configuration, shard_id: str) -> None:
        """The function that `configuration` names at the time."""
        self._context = context
        self._configuration = configuration
        self._shard_id = shard_id
        self._form: EventForm | None = None
        self._last: LastEvent | None = None

    @property
    def role(self) -> str:
        """Its execution role; raises AwsError if the function is not there."""
        return self._context.find_function(self._configuration.function_arn).role

    def check(self, right: Right) -> None:
        """Raise AwsError if the execution role has not this right, or the function is not there (facts 9)."""
        if not self._context.permissions.allow(role := self.role, *right):
            raise AwsError(
                "AccessDeniedException", f"{role} is not authorized to perform: {right.action} on {right.resource}", 403
            )

    def may(self, right: Right) -> bool:
        """Whether the execution role has this right; a function that is not there shows when a batch is due."""
        try:
            role = self.role
        except AwsError:
            return True
        return self._context.permissions.allow(role, *right)

    @property
    def form(self) -> EventForm:
        """The form of the last event; before there was any, of the next."""
        if self._form is None:
            try:
                role = self.role
            except AwsError:  # it is not there: events cannot name its role
                role = ""
            self._form = self._form_for(role)
        return self._form

    def invoke(self, records: Sequence[Record], tumbling: dict[str, Any] | None) -> Steps:
        """Invoke the function with an event of these records; returns the Attempt.

        `tumbling`: what the event says of a tumbling window.  Raises AwsError if the function was not even invoked.
        """
        context = self._context
        function = context.find_function(self._configuration.function_arn)
        self._form = self._form_for(function.role)
        event = self._event_of(records, tumbling, self._form)
        if len(event) > MOST_BYTES:  # one record too large for any event: our choice is to keep trying until it is old
            raise AwsError(TOO_LARGE, f"The event of {len(event)} bytes exceeds {MOST_BYTES}.", 413)
        sent = context.clock.now
        outcome: Outcome = yield from context.runtime.invoke(function, event)
        if outcome.ok or len(event) > MOST_KEPT:
            self._last = None
        return Attempt(function.name, sent, len(event), outcome)

    def _event_of(self, records: Sequence[Record], tumbling: dict[str, Any] | None, form: EventForm) -> bytes:
        last = self._last
        if last is None or last.records is not records or last.tumbling != tumbling or last.form is not form:
            last = self._last = LastEvent(records, tumbling, form, form.event(records, tumbling))
        return last.text

    def _form_for(self, role: str) -> EventForm:
        if self._form is not None and self._form.role == role:
            return self._form
        configuration = self._configuration
        return EventForm(self._shard_id, configuration.source_arn, self._context.region.name, role)
