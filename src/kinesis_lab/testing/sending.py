"""Gets things into a stream, all of them and in their order, and knows where each one went."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kinesis_lab.testing.checking import Field, taking
from kinesis_lab.testing.wording import shown

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud

Record = dict[str, Any]
"""A record as PutRecords takes it."""
Where = tuple[str, int]

MOST_RECORDS = 500
MOST_BYTES = 1024**2
"""What goes in within a second: no more than one call takes, and one shard.  So nothing is refused and comes late."""


@dataclass(frozen=True)
class Sent:
    """A thing that the stream has taken."""

    thing: Any
    key: str
    """Its partition key."""
    shard: str
    place: int
    """In the shard, from 0."""

    @property
    def where(self) -> Where:
        """Shard and place, which no other record has."""
        return self.shard, self.place

    def __str__(self) -> str:
        """The thing, and where it is."""
        return f"{shown(self.thing)}, key {shown(self.key)}, place {self.place} of {self.shard}"


def as_record(thing: Any, key: Field | None) -> Record:
    """A thing as PutRecords takes it.

    Bytes and texts go as they are, everything else as JSON; a dict with Data and PartitionKey is a record already.
    """
    if isinstance(thing, dict) and {"Data", "PartitionKey"} <= thing.keys():
        return {**thing, "Data": _bytes(thing["Data"])}
    if key is None:
        raise ValueError(f"what is the partition key of {thing!r}? Pass key: the name of a field, or a function")
    data = thing if isinstance(thing, bytes | str) else json.dumps(thing, ensure_ascii=False)
    return {"Data": _bytes(data), "PartitionKey": str(taking(key)(thing))}


def send(cloud: Cloud, stream: str, things: Iterable[tuple[Any, Record]], *, per_second: int) -> list[Sent]:
    """Put things, each with its record, into a stream; about so many in a second."""
    if not 1 <= per_second <= MOST_RECORDS:
        raise ValueError(f"per_second must be from 1 to {MOST_RECORDS}, not {per_second}")
    kinesis = cloud.client("kinesis")
    sent: list[Sent] = []
    for waiting in _seconds(things, per_second):
        while waiting:
            answers = kinesis.put_records(StreamName=stream, Records=[record for _, record in waiting])["Records"]
            places = _places(cloud, answers)
            sent += [
                Sent(thing, record["PartitionKey"], answer["ShardId"], next(places))
                for (thing, record), answer in zip(waiting, answers, strict=True)
                if "ShardId" in answer
            ]
            waiting = [each for each, answer in zip(waiting, answers, strict=True) if "ErrorCode" in answer]
            cloud.wait(1)
    return sent


def _seconds(things: Iterable[tuple[Any, Record]], most: int) -> Iterator[list[tuple[Any, Record]]]:
    chunk: list[tuple[Any, Record]] = []
    size = 0
    for thing, record in things:
        more = len(record["Data"]) + len(record["PartitionKey"].encode())
        if chunk and (len(chunk) == most or size + more > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((thing, record))
        size += more
    if chunk:
        yield chunk


def _places(cloud: Cloud, answers: list[dict[str, Any]]) -> Iterator[int]:
    """Where the records of a call stand in their shards: from where its first one in each shard stands, in a row."""
    from kinesis_lab.ledger import spans

    starts = {entry.first: next(spans(entry.places))[0] for entry in cloud.recorder.entries("put") if entry.places}
    following: dict[str, int] = {}
    for answer in answers:
        if shard := answer.get("ShardId"):
            place = following[shard] if shard in following else starts[answer["SequenceNumber"]]
            following[shard] = place + 1
            yield place


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)
