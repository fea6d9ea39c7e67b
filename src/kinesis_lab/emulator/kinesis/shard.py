"""A shard: an append-only log of records, read by position."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kinesis_lab.emulator.kinesis.budget import Budget, Burst
from kinesis_lab.emulator.kinesis.read_budget import ReadBudget
from kinesis_lab.emulator.kinesis.sequence import LAST_INDEX, origin, sequence_number
from kinesis_lab.emulator.kinesis.waiters import Waiters

HASH_KEYS = 2**128
"""The size of the space into which MD5 maps partition keys."""

RECORDS_IN = 1_000
BYTES_IN = 1024**2
"""What a shard takes in a second (facts 4.1)."""
LARGEST_RECORD = 10 * 1024**2
"""What a stream can be told to take as one record (facts 4.1)."""
READS = 5
BYTES_OUT = 2 * 1024**2
"""What a shard gives out in a second to all its standard consumers together (facts 5.2)."""


class Record(NamedTuple):
    """What a shard keeps of a record."""

    sequence_number: str
    partition_key: str | None
    """None if the service was to place the record and it came without a key."""
    data: bytes
    arrival: float
    """Seconds since 1970, to the millisecond."""
    encryption: str | None = None
    """KMS if the stream was encrypted when the record arrived."""
    position: int = 0
    """How many records its shard has taken before."""

    @property
    def size(self) -> int:
        """Bytes that count against limits: the data and the partition key."""
        return len(self.data) + len((self.partition_key or "").encode())


def places(records: Sequence[Record]) -> str | None:
    """Where records stand in their shard, as the flight recorder has it: `3`, `0-99`, or `0-4,7,9`; None for none.

    They come in the order of the shard.
    """
    if not records:
        return None
    first, last = records[0].position, records[-1].position
    if last - first + 1 == len(records):
        return span(first, last)
    spans: list[list[int]] = []
    for record in records:
        place = record.position
        if spans and place == spans[-1][1] + 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    return ",".join(span(first, last) for first, last in spans)


def span(first: int, last: int) -> str:
    """Consecutive places: `3`, or `0-99`."""
    return str(first) if first == last else f"{first}-{last}"


class Shard:
    """The records of one range of hash keys.

    A position counts the records ever appended; it stays valid when old records are trimmed.  Appending is
    constant in the number of records kept, finding a place is logarithmic.
    """

    def __init__(
        self, index: int, first_hash: int, last_hash: int, opened_at: float, parents: tuple[Shard, ...] = ()
    ) -> None:
        """An open shard for the hash keys `first_hash` to `last_hash`, both included.

        `opened_at`: in seconds since 1970; `parents`: the shard that was split, or the two that were merged.
        """
        self.index = index
        self.id = f"shardId-{index:012d}"
        self.first_hash = first_hash
        self.last_hash = last_hash
        self.opened_at = opened_at
        self.parents = parents
        self._created = int(opened_at)
        if parents:  # younger than they are, even if they were made in this very second (facts 3)
            self._created = max(self._created, *(parent._created for parent in parents)) + 1
        self.starting_sequence_number = self._number(0, self._created)
        self.ending_sequence_number: str | None = None
        self.closed_at: float | None = None
        self.expired = False
        """Whether it has been closed for longer than the stream keeps records: AWS no longer lists it (facts 1.7)."""
        self._writes = Budget(RECORDS_IN, BYTES_IN)
        self._burst = Burst(LARGEST_RECORD, BYTES_IN)
        self.reads = ReadBudget(READS, BYTES_OUT)
        self.waiters = Waiters()
        """Pollers that were throttled."""
        self.iterators = Budget(READS)
        self._records: list[Record] = []
        self._trimmed = 0
        self._kept_from = 0
        self._waiting: list[Callable[[], None]] = []

    @property
    def open(self) -> bool:
        """Whether it takes records."""
        return self.closed_at is None

    def numbered(self, number: str) -> bool:
        """Whether a sequence number is one of this shard's."""
        found = origin(number)
        return found is not None and (found.shard, found.created) == (self.index, self._created)

    # Writing

    def takes(self, now: int, size: int) -> bool:
        """Whether the shard's budget has room for a record of so many bytes at `now`, in microseconds; if so, spend it.

        A record that is larger than a second's budget spends the burst bucket instead (facts 4.1).
        """
        large = size > BYTES_IN
        if large and not self._burst.allows(now, size):
            return False
        if not self._writes.take(now, 1, 0 if large else size):
            return False
        self._burst.spend(now, size)
        return True

    def append(
        self, index: int, arrival: float, partition_key: str | None, data: bytes, encryption: str | None = None
    ) -> Record:
        """Add a record under the sequence index `index`, which must exceed every earlier one."""
        record = Record(self._number(index, int(arrival)), partition_key, data, arrival, encryption, self.tip)
        self._records.append(record)
        if self._waiting:
            self.wake()
        return record

    def close(self, now: float) -> None:
        """Take no more records from `now` on, in seconds since 1970."""
        self.closed_at = now
        self.ending_sequence_number = self._number(LAST_INDEX, int(now))
        self.wake()

    def trim(self, before: float) -> None:
        """Drop the records that arrived before `before` (seconds since 1970)."""
        kept = self._kept_from
        if kept == len(self._records) or self._records[kept].arrival >= before:
            return
        self._kept_from = bisect_left(self._records, before, lo=kept, key=lambda record: record.arrival)
        if self._kept_from > len(self._records) // 2:  # each record is moved once, on average
            del self._records[: self._kept_from]
            self._trimmed += self._kept_from
            self._kept_from = 0

    # Reading

    @property
    def horizon(self) -> int:
        """The position of the oldest record that is kept."""
        return self._trimmed + self._kept_from

    @property
    def tip(self) -> int:
        """The position that the next record will take."""
        return self._trimmed + len(self._records)

    def read(self, position: int, count: int, size: int) -> list[Record]:
        """Up to `count` records from `position` on, of at most `size` bytes in all but for the first."""
        start = max(position, self.horizon) - self._trimmed
        records = self._records[start : start + count]
        total = 0
        for taken, record in enumerate(records):
            total += record.size
            if total > size and taken:
                return records[:taken]
        return records

    def at(self, position: int) -> Record | None:
        """The record at `position`, or None if it has not arrived yet or was trimmed."""
        if self.horizon <= position < self.tip:
            return self._records[position - self._trimmed]
        return None

    def position_of(self, number: str) -> int:
        """The position of the first record with this sequence number or a larger one."""
        found = bisect_left(self._records, int(number), key=lambda record: int(record.sequence_number))
        return self._trimmed + found

    def position_after(self, number: str) -> int:
        """The position of the first record with a larger sequence number."""
        found = bisect_right(self._records, int(number), key=lambda record: int(record.sequence_number))
        return self._trimmed + found

    def position_at_time(self, second: float) -> int:
        """The position of the first record that arrived at `second` (since 1970) or later."""
        found = bisect_left(self._records, second, key=lambda record: record.arrival)
        return self._trimmed + found

    def read_to_end(self, position: int) -> bool:
        """Whether the shard is closed and has no record at `position` or after it."""
        return not self.open and position >= self.tip

    def on_arrival(self, wake: Callable[[], None]) -> None:
        """Call `wake` once, when the next record arrives or the shard is closed."""
        self._waiting.append(wake)

    def wake(self) -> None:
        """Call all that `on_arrival` was given: a record has arrived, or none will any more."""
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def _number(self, index: int, second: int) -> str:
        return sequence_number(created=self._created, shard=self.index, index=index, second=second)
