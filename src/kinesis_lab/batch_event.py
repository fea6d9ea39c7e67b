"""The batch event of records as GetRecords returns them: for calling a handler by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.event import EventForm


def batch_event(records: Iterable[dict[str, Any]], *, shard: str, stream_arn: str, role_arn: str) -> dict[str, Any]:
    """The event that Lambda makes of records of one shard (facts 7.5).

    `records`: dicts with SequenceNumber, PartitionKey, Data (bytes) and ApproximateArrivalTimestamp (datetime).
    """
    stored = [
        Record(
            record["SequenceNumber"],
            record["PartitionKey"],
            record["Data"],
            record["ApproximateArrivalTimestamp"].timestamp(),
        )
        for record in records
    ]
    form = EventForm(shard, stream_arn, stream_arn.split(":")[3], role_arn)
    event: dict[str, Any] = json.loads(form.event(stored))
    return event
