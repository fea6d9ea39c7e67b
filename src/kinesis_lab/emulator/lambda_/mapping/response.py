"""Reads a function's response: how far it got with a batch, and the state of a tumbling window."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kinesis_lab.emulator.kinesis.shard import Record


def processed(payload: bytes, records: Sequence[Record]) -> int | None:
    """How many of the records, from the first, a response with batchItemFailures counts as processed (facts 7.12).

    The lowest sequence number that it names is a checkpoint: that record and all behind it come again.  A response
    that names something which is not in the batch counts as a complete failure: None.
    """
    response = _parsed(payload)
    if not response:  # null, "", [], {}
        return len(records)
    if not isinstance(response, dict):
        return None
    failures = response.get("batchItemFailures")
    if failures is None:  # a document about something else counts as success
        return len(records)
    if not isinstance(failures, list):
        return None
    places = {record.sequence_number: place for place, record in enumerate(records)}
    named = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    stuck = [places.get(number) if isinstance(number, str) else None for number in named]
    if None in stuck:
        return None
    return min((place for place in stuck if place is not None), default=len(records))


def state_of(payload: bytes) -> dict[str, Any] | None:
    """The state that a tumbling window's function returns; None if it returns none, which is a failure (facts 7.13)."""
    response = _parsed(payload)
    state = response.get("state") if isinstance(response, dict) else None
    return state if isinstance(state, dict) else None


def _parsed(payload: bytes) -> Any:
    """The response; a handler may return bytes, which need not be JSON: then it is a text that says nothing."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return "no JSON"
