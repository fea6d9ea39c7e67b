"""Writes records into a stream, all of them: PutRecords, with a retry of the refused entries."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
"""A record as PutRecords takes it: Data (bytes), PartitionKey, and ExplicitHashKey if wanted."""

MOST_RECORDS = 500
MOST_BYTES = 10 * 1024**2
"""What one PutRecords takes (facts 4.1)."""


@dataclass(frozen=True)
class Lost:
    """A record that could not be written, and the error of its last try."""

    record: Record
    code: str
    message: str


@dataclass
class Report:
    """What became of the records that `put_all` was given."""

    written: int = 0
    calls: int = 0
    throttled: Counter[str] = field(default_factory=Counter)
    """Entries that were refused, by shard; a record counts each time."""
    lost: list[Lost] = field(default_factory=list)

    def __str__(self) -> str:
        """In one line."""
        refused = sum(self.throttled.values())
        return f"{self.written:,} written in {self.calls:,} calls, {refused:,} refusals, {len(self.lost):,} lost"


def put_all(
    kinesis: Any,
    stream: str,
    records: Iterable[Record],
    *,
    attempts: int = 8,
    first_pause: float = 0.1,
    seed: int = 0,
) -> Report:
    """Write records with PutRecords, up to 500 or 10 MiB a call, and send refused entries again.

    `records`: dicts with Data (bytes), PartitionKey and, if wanted, ExplicitHashKey; taken as they are needed.
    `attempts`: how often a record is sent at most.  Between two attempts it waits `first_pause` seconds, then twice
    as long, and so on, each time a random part of it (drawn from `seed`), so that many writers do not come back
    together.  A record that is sent again lands behind those of its key that were taken meanwhile.

    Returns a report of what was written and what was lost.  Errors of a whole call (no such stream, a malformed
    record) are raised by boto3 as they are, with a note of what was written until then.
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, not {attempts}")
    report, chance = Report(), random.Random(seed)
    for chunk in _chunks(records):
        waiting = chunk
        for attempt in range(attempts):
            refused = _put(kinesis, stream, waiting, report)
            waiting = [lost.record for lost in refused]
            if not waiting:
                break
            if attempt + 1 < attempts:
                time.sleep(chance.uniform(0, first_pause * 2**attempt))
        report.lost += refused
    return report


def _put(kinesis: Any, stream: str, records: list[Record], report: Report) -> list[Lost]:
    try:
        answer = kinesis.put_records(StreamName=stream, Records=records)
    except Exception as error:
        error.add_note(f"Until then: {report}.")
        raise
    refused = [
        Lost(record, entry["ErrorCode"], entry["ErrorMessage"])
        for record, entry in zip(records, answer["Records"], strict=True)
        if "ErrorCode" in entry
    ]
    report.calls += 1
    report.written += len(records) - len(refused)
    report.throttled.update(_shard_of(lost.message) for lost in refused)
    return refused


def _shard_of(message: str) -> str:
    found = re.search(r"shardId-\d{12}", message)
    return found[0] if found else "unknown"


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    size = 0
    for record in records:
        more = len(record["Data"]) + len(record.get("PartitionKey", "").encode())
        if chunk and (len(chunk) == MOST_RECORDS or size + more > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(record)
        size += more
    if chunk:
        yield chunk
