"""A shard: an append-only row of records, read by position."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import NamedTuple

from helpers.emulator.kinesis.sequence import LAST_INDEX, sequence_number

HASH_KEYS = 2**128
"""The size of the space into which MD5 maps partition keys."""


class Record(NamedTuple):
    """What a shard keeps of a record."""

    sequence_number: str
    partition_key: str
    data: bytes
    arrival: float
    """Seconds since 1970, to the millisecond."""

    @property
    def size(self) -> int:
        """Bytes that count against limits: the data and the partition key."""
        return len(self.data) + len(self.partition_key.encode())


class Shard:
    """The records of one range of hash keys.

    A position counts the records ever appended; it stays valid when old records are trimmed.  Appending is
    constant in the number of records kept, finding a place is logarithmic.
    """

    def __init__(self, index: int, first_hash: int, last_hash: int, created: int) -> None:
        """An open shard for the hash keys `first_hash` to `last_hash`, both included, made at second `created`."""
        self.index = index
        self.id = f"shardId-{index:012d}"
        self.first_hash = first_hash
        self.last_hash = last_hash
        self.created = created
        self.starting_sequence_number = self._number(0, created)
        self.ending_sequence_number: str | None = None
        self.parents: tuple[str, ...] = ()
        self._records: list[Record] = []
        self._trimmed = 0
        self._kept_from = 0
        self._waiting: list[Callable[[], None]] = []

    # Writing

    def append(self, index: int, arrival: float, partition_key: str, data: bytes) -> Record:
        """Add a record under the sequence index `index`, which must exceed every earlier one."""
        record = Record(self._number(index, int(arrival)), partition_key, data, arrival)
        self._records.append(record)
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for wake in waiting:
                wake()
        return record

    def close(self, second: int) -> None:
        """Take no more records."""
        self.ending_sequence_number = self._number(LAST_INDEX, second)

    def trim(self, before: float) -> None:
        """Forget the records that arrived before `before` (seconds since 1970)."""
        self._kept_from = bisect_left(self._records, before, lo=self._kept_from, key=lambda record: record.arrival)
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
            total += len(record.data) + len(record.partition_key)
            if total > size and taken:
                return records[:taken]
        return records

    def at(self, position: int) -> Record | None:
        """The record at `position`, or None when it has not come yet or is gone."""
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

    def on_arrival(self, wake: Callable[[], None]) -> None:
        """Call `wake` once, when the next record arrives."""
        self._waiting.append(wake)

    def _number(self, index: int, second: int) -> str:
        return sequence_number(created=self.created, shard=self.index, index=index, second=second)
