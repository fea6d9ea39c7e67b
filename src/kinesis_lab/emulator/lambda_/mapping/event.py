"""The batch event: what a function receives (facts 7.5), and how large it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Any

from kinesis_lab.emulator.kinesis.shard import Record

MOST_BYTES = 6 * 1024**2
"""A synchronous invocation takes no larger event (facts 7.6)."""
ENVELOPE = len('{"Records":[]}')


class EventForm:
    """Writes the events of one shard for one function: what is the same in all their records is put together once."""

    def __init__(self, shard_id: str, source_arn: str, region: str, role: str) -> None:
        """`source_arn`: of the stream or the registered consumer; `role`: the function's execution role."""
        self.role = role
        self._shard_id = shard_id
        self._source_arn = source_arn
        self._end = (
            f'","eventName":"aws:kinesis:record","invokeIdentityArn":{json.dumps(role)},'
            f'"awsRegion":"{region}","eventSourceARN":"{source_arn}"}}'
        )
        empty = Record("", "", b"", 0.0)
        self.fixed_size = len(self._record(empty).encode()) - own_size(empty) + len(",")
        """Bytes that every record takes besides its `own_size`, the comma before it included."""

    def size(self, count: int, own_sizes: int, further: int = 0) -> int:
        """Bytes of the event with `count` records, of `own_sizes` bytes in all, and the `further` keys of a window."""
        return ENVELOPE + further + count * self.fixed_size + own_sizes

    def event(self, records: Iterable[Record], tumbling: dict[str, Any] | None = None) -> bytes:
        """The event, as JSON with its keys in AWS's order; `tumbling`: the further keys of a tumbling window."""
        body = '{"Records":[' + ",".join(map(self._record, records)) + "]"
        if tumbling is not None:
            further = {**tumbling, "shardId": self._shard_id, "eventSourceARN": self._source_arn}
            body += "," + json.dumps(further, separators=(",", ":"))[1:-1]
        return (body + "}").encode()

    def _record(self, record: Record) -> str:
        number = record.sequence_number
        return (
            f'{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":{_json(record.partition_key)},'
            f'"sequenceNumber":"{number}","data":"{base64.b64encode(record.data).decode("ascii")}",'
            f'"approximateArrivalTimestamp":{record.arrival!r}}},"eventSource":"aws:kinesis","eventVersion":"1.0",'
            f'"eventID":"{self._shard_id}:{number}{self._end}'
        )


def own_size(record: Record) -> int:
    """Bytes that a record takes in any event: its data in base64, its numbers, and its key."""
    key = record.partition_key
    plain = key is not None and key.isascii() and key.isalnum()
    return (
        2 * len(record.sequence_number)
        + (len(record.data) + 2) // 3 * 4
        + len(repr(record.arrival))
        + (len(key) + 2 if plain and key else len(_json(key).encode()))
    )


def _json(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)
