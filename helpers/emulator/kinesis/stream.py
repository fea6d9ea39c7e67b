"""A stream: its shards, its states, and which shard a record belongs to."""

from __future__ import annotations

from bisect import bisect_right
from hashlib import md5

from helpers.emulator.clock import Clock
from helpers.emulator.kinesis.shard import HASH_KEYS, Record, Shard
from helpers.emulator.wire import ACCOUNT

RETENTION_HOURS = 24
"""The default retention (facts 1.7)."""


class Stream:
    """A named row of shards."""

    def __init__(self, name: str, region: str, mode: str, shard_count: int, clock: Clock) -> None:
        """A stream that is being created; it has no shards until `activate`."""
        self.name = name
        self.region = region
        self.arn = f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{name}"
        self.mode = mode
        self.shard_count = shard_count
        self.status = "CREATING"
        self.created = clock.now
        self.retention_hours = RETENTION_HOURS
        self.tags: dict[str, str] = {}
        self.shards: list[Shard] = []
        self._clock = clock
        self._open: list[Shard] = []
        self._open_from: list[int] = []
        self._index = 0

    def activate(self) -> None:
        """Make the initial shards: equal ranges, the last takes the remainder (facts 2)."""
        width = HASH_KEYS // self.shard_count
        for index in range(self.shard_count):
            last = index == self.shard_count - 1
            end = HASH_KEYS - 1 if last else width * (index + 1) - 1
            self.shards.append(Shard(index, width * index, end, int(self._clock.now)))
        self._find_open()
        self.status = "ACTIVE"

    @property
    def open_shards(self) -> list[Shard]:
        """The shards that take records, in the order of their hash keys."""
        return self._open

    def shard(self, shard_id: str) -> Shard | None:
        """The shard with this id; AWS takes shortened ids such as `shardId-3` too (facts 2)."""
        number = shard_id.rpartition("-")[2]
        if not (number.isascii() and number.isdigit()):
            return None
        return next((shard for shard in self.shards if shard.index == int(number)), None)

    def put(self, partition_key: str, data: bytes, hash_key: int | None = None) -> tuple[Shard, Record]:
        """Append a record to the open shard that owns its hash key: MD5 of the key unless given (facts 2)."""
        if hash_key is None:
            hash_key = int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest(), "big")
        shard = self._open[bisect_right(self._open_from, hash_key) - 1]
        # One index for the whole stream, in uneven steps: numbers in a shard grow but are never consecutive.
        self._index += 1 + self._index % 5
        return shard, shard.append(self._index, round(self._clock.now, 3), partition_key, data)

    def trim(self) -> None:
        """Forget what is older than the retention period."""
        oldest = self._clock.now - self.retention_hours * 3600
        for shard in self.shards:
            shard.trim(oldest)

    def _find_open(self) -> None:
        shards = [shard for shard in self.shards if shard.ending_sequence_number is None]
        self._open = sorted(shards, key=lambda shard: shard.first_hash)
        self._open_from = [shard.first_hash for shard in self._open]
