"""Pushing a shard's records to a registered consumer, on a budget that it shares with nobody (facts 5.3)."""

from __future__ import annotations

from kinesis_lab.emulator.kinesis.budget import Budget
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.shard import BYTES_OUT, Record, Shard
from kinesis_lab.emulator.kinesis.shard_reads import millis_behind
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream

MOST_RECORDS = 10_000
MOST_BYTES = 2 * 1024**2
"""What one event carries: our choice."""


class ShardPush:
    """What one shard pushes to one registered consumer, event by event."""

    def __init__(self, region: Region, stream: Stream, consumer: Consumer, shard: Shard) -> None:
        """With a budget of its own: as many events as it likes, of `BYTES_OUT` a second."""
        self._region = region
        self._stream = stream
        self._consumer = consumer
        self._shard = shard
        self._budget = Budget(float("inf"), BYTES_OUT)

    @property
    def allowed(self) -> bool:
        """Whether the budget has room for an event now."""
        return not self._region.limits or self._budget.allows(self._region.clock.microseconds, 1, 1)

    def read(self, position: int) -> list[Record]:
        """The records of the next event, from `position` on."""
        self._stream.trim(self._shard)
        return self._shard.read(position, MOST_RECORDS, MOST_BYTES)

    def send(self, records: list[Record], position: int) -> tuple[int, int]:
        """Spend and measure an event with these records, behind which `position` is the next to be read.

        Returns the event's bytes and how far it is behind the tip, in milliseconds.
        """
        region = self._region
        size = sum(record.size for record in records)
        self._budget.spend(region.clock.microseconds, 1, size)
        behind = millis_behind(region, self._shard, position)
        for name, value, unit in (
            ("Success", 1, "Count"),
            ("Records", len(records), "Count"),
            ("Bytes", size, "Bytes"),
            ("MillisBehindLatest", behind, "Milliseconds"),
        ):
            region.count_consumer(self._stream, self._consumer, f"SubscribeToShardEvent.{name}", value, unit)
        return size, behind
