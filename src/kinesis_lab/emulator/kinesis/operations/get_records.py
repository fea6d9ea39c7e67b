"""Reading records by iterators: facts 5.1 and 5.2."""

from __future__ import annotations

from email.utils import formatdate

from kinesis_lab.emulator.clock import MICROSECONDS
from kinesis_lab.emulator.kinesis.documents import child_documents, rate_exceeded, record_documents
from kinesis_lab.emulator.kinesis.operations.shards import find_shard, no_such_shard
from kinesis_lab.emulator.kinesis.positions import starting_position
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.kinesis.shard_reads import MOST_RECORDS, millis_behind, read
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.kinesis.tokens import seal, unseal
from kinesis_lab.emulator.wire import AwsError, Document

ITERATOR_SECONDS = 300
"""How long a shard iterator stays valid (facts 5.1)."""


class ReadOperations:
    """GetShardIterator and GetRecords."""

    def __init__(self, region: Region) -> None:
        """Operate on the streams of `region`."""
        self._region = region

    def get_shard_iterator(self, request: Document) -> Document:
        """GetShardIterator: a place in a shard, valid for five minutes."""
        stream = self._region.stream(request)
        shard = find_shard(stream, request["ShardId"])
        stream.trim(shard)
        kind, number = request["ShardIteratorType"], request.get("StartingSequenceNumber")
        position = starting_position(self._region, stream, shard, kind, number, request.get("Timestamp"))
        self._region.end_dry_run(request)
        if self._region.limits and not shard.iterators.take(self._region.clock.microseconds):
            raise _rate_exceeded(stream, shard)
        return {"ShardIterator": self._iterator(stream, shard, position)}

    def get_records(self, request: Document) -> Document:
        """GetRecords: what lies behind an iterator, and the iterator that goes on from there."""
        stream, shard, position = self._place(request["ShardIterator"])
        arn = request.get("StreamARN")
        if arn and arn != stream.arn:
            raise AwsError("InvalidArgumentException", f"The ShardIterator is not of the stream {arn}.")
        self._region.check_key(stream.key_id)
        self._region.end_dry_run(request)
        records = read(self._region, stream, shard, position, request.get("Limit", MOST_RECORDS))
        self._note(stream, shard, records)
        if records is None:
            raise _rate_exceeded(stream, shard)
        following = max(position, shard.horizon) + len(records)
        answer: Document = {
            "Records": record_documents(records),
            "MillisBehindLatest": millis_behind(self._region, shard, following),
        }
        if shard.read_to_end(following):
            answer["ChildShards"] = child_documents(stream, shard)
        else:
            answer["NextShardIterator"] = self._iterator(stream, shard, following)
        return answer

    def _iterator(self, stream: Stream, shard: Shard, position: int) -> str:
        return seal(stream.name, stream.created, shard.index, position, self._region.clock.microseconds)

    def _place(self, iterator: str) -> tuple[Stream, Shard, int]:
        parts = unseal(iterator)
        if len(parts) != 5:
            raise AwsError("InvalidArgumentException", "Invalid ShardIterator.")
        name, created, (index, position, made) = parts[0], parts[1], map(int, parts[2:])
        age = self._region.clock.microseconds - made
        if age > ITERATOR_SECONDS * MICROSECONDS:
            raise AwsError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {_java_date(made)} while right now it is "
                f"{_java_date(made + age)} which is further in the future than the tolerated delay of "
                f"{ITERATOR_SECONDS * 1000} milliseconds.",
            )
        stream = self._region.streams.get(name)
        if stream is None or str(stream.created) != created or stream.shards[index].expired:
            raise no_such_shard(index, name)
        return stream, stream.shards[index], position

    def _note(self, stream: Stream, shard: Shard, records: list[Record] | None) -> None:
        self._region.recorder.note(
            "get",
            stream=stream.name,
            shard=shard.id,
            first=records[0].sequence_number if records else None,
            last=records[-1].sequence_number if records else None,
            records=len(records or ()),
            outcome="throttled" if records is None else "ok",
        )


def _rate_exceeded(stream: Stream, shard: Shard) -> AwsError:
    return AwsError("ProvisionedThroughputExceededException", rate_exceeded(stream, shard))


def _java_date(microseconds: int) -> str:
    day, date, month, year, clock, _ = formatdate(microseconds // MICROSECONDS, usegmt=True).split()
    return f"{day.rstrip(',')} {month} {date} {clock} UTC {year}"
