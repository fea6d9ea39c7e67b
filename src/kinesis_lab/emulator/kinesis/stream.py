"""A stream: its shards, its settings, which shard a record belongs to, and how shards become others."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import md5

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.kinesis.budget import Budget
from kinesis_lab.emulator.kinesis.shard import HASH_KEYS, Record, Shard
from kinesis_lab.emulator.recorder import FlightRecorder
from kinesis_lab.emulator.transition import Transition
from kinesis_lab.emulator.wire import ACCOUNT

RETENTION_HOURS = 24
"""The default retention (facts 1.7)."""
RECORD_KIB = 1024
"""The default largest record (facts 4.1)."""
A_DAY = 24 * 3600.0


@dataclass
class Consumer:
    """A registered consumer: enhanced fan-out (facts 1.11)."""

    name: str
    arn: str
    created: float
    status: str
    tags: dict[str, str]
    subscribed: dict[int, int]
    """When each shard, by its index, was last subscribed to, in microseconds."""
    transition: Transition
    """The change of its status that is under way."""
    policy: str | None = None


class Stream:
    """A stream: its settings, and its shards from the first one on."""

    def __init__(
        self, name: str, region: str, mode: str, shard_count: int, clock: Clock, recorder: FlightRecorder
    ) -> None:
        """A stream that is being created; it has no shards until `activate`."""
        self.name = name
        self.region = region
        self.arn = f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{name}"
        self.mode = mode
        self.shard_count = shard_count
        self.status = "CREATING"
        self.transition = Transition(clock)
        """The change of its status that is under way."""
        self.created = clock.now
        self.retention_hours = RETENTION_HOURS
        self.largest_record_kib = RECORD_KIB
        self.distribution = "USER_PARTITION_KEY"
        self.warm_throughput = 0
        self.key_id: str | None = None
        """The KMS key with which records are encrypted at rest, if they are."""
        self.tags: dict[str, str] = {}
        self.shard_metrics: list[str] = []
        """The shard-level metrics that are switched on."""
        self.policy: str | None = None
        self.consumers: dict[str, Consumer] = {}
        self.shards: list[Shard] = []
        """All shards that it ever had, by their index."""
        # At most so many in any 24 hours (facts 1.4, 1.8, 6).
        self.mode_switches = Budget(2, seconds=A_DAY)
        self.new_keys = Budget(25, seconds=A_DAY)
        self.rescalings = Budget(10, seconds=A_DAY)
        self._clock = clock
        self._recorder = recorder
        self._open: list[Shard] = []
        self._open_from: list[int] = []
        self._index = 0
        self._turn = 0

    def activate(self) -> None:
        """Make the initial shards: equal ranges, the last takes the remainder (facts 2)."""
        for first, last in even_ranges(self.shard_count):
            self._add(first, last)
        self._find_open()

    @property
    def open_shards(self) -> list[Shard]:
        """The shards that take records, in the order of their hash keys."""
        return self._open

    @property
    def listed_shards(self) -> list[Shard]:
        """All shards that have not expired, by their index."""
        return [shard for shard in self.shards if not shard.expired]

    @property
    def encryption(self) -> str | None:
        """KMS if records are encrypted at rest."""
        return "KMS" if self.key_id else None

    def children(self, parent: Shard) -> list[Shard]:
        """The shards that took over the hash keys of `parent`."""
        return [shard for shard in self.shards[parent.index + 1 :] if parent in shard.parents]

    # Records

    def shard_for(self, partition_key: str | None, hash_key: int | None = None) -> Shard:
        """The open shard that owns the hash key: MD5 of the partition key unless given (facts 2)."""
        if self.distribution == "AUTO":
            self._turn += 1
            return self._open[self._turn % len(self._open)]
        if hash_key is None:
            digest = md5((partition_key or "").encode(), usedforsecurity=False).digest()
            hash_key = int.from_bytes(digest, "big")
        return self._open[bisect_right(self._open_from, hash_key) - 1]

    def append(self, shard: Shard, partition_key: str | None, data: bytes) -> Record:
        """Add a record to a shard."""
        # One index for the whole stream, in uneven steps: numbers in a shard grow but are never consecutive.
        self._index += 1 + self._index % 5
        return shard.append(self._index, round(self._clock.now, 3), partition_key, data, self.encryption)

    def trim(self, shard: Shard) -> None:
        """Drop the records of the shard that are older than the retention period."""
        shard.trim(self._clock.now - self.retention_hours * 3600)

    # Resharding (facts 6)

    def split(self, parent: Shard, hash_key: int) -> list[Shard]:
        """Close `parent`; one child takes its hash keys below `hash_key`, another the rest."""
        self._close(parent)
        children = [
            self._add(parent.first_hash, hash_key - 1, parent),
            self._add(hash_key, parent.last_hash, parent),
        ]
        self._find_open()
        return children

    def merge(self, lower: Shard, upper: Shard) -> Shard:
        """Close two neighbours; one child takes the hash keys of both."""
        self._close(lower)
        self._close(upper)
        child = self._add(lower.first_hash, upper.last_hash, lower, upper)
        self._find_open()
        return child

    def scale(self, target: int) -> None:
        """Split and merge until `target` shards have equal ranges; some of the shards on the way are short-lived."""
        ranges = even_ranges(target)
        for first, _ in ranges:
            shard = self._open[bisect_right(self._open_from, first) - 1]
            if shard.first_hash != first:
                self.split(shard, first)
        for first, last in ranges:
            shard = next(shard for shard in self._open if shard.first_hash == first)
            while shard.last_hash != last:
                shard = self.merge(shard, self._open[self._open.index(shard) + 1])

    def expire(self) -> None:
        """Stop listing the shards that have been closed for longer than the retention period."""
        for shard in self.shards:
            if shard.closed_at is None or shard.expired:
                continue
            if round(self._clock.now - shard.closed_at, 3) >= self.retention_hours * 3600:
                shard.expired = True
                self._note(shard, "expired")

    def _add(self, first_hash: int, last_hash: int, *parents: Shard) -> Shard:
        opened_at = self._clock.now if parents else self.created
        shard = Shard(len(self.shards), first_hash, last_hash, opened_at, parents)
        self.shards.append(shard)
        self._note(shard, "opened")
        return shard

    def _close(self, shard: Shard) -> None:
        shard.close(self._clock.now)
        self._note(shard, "closed")

    def _note(self, shard: Shard, outcome: str) -> None:
        self._recorder.note(
            "shard",
            stream=self.name,
            shard=shard.id,
            outcome=outcome,
            first=str(shard.first_hash),
            last=str(shard.last_hash),
            note=" ".join(parent.id for parent in shard.parents) or None,
        )

    def _find_open(self) -> None:
        self._open = sorted((shard for shard in self.shards if shard.open), key=lambda shard: shard.first_hash)
        self._open_from = [shard.first_hash for shard in self._open]


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The hash key space in `count` equal ranges, first and last hash key; the last takes the remainder (facts 2)."""
    width = HASH_KEYS // count
    return [(width * i, HASH_KEYS - 1 if i == count - 1 else width * (i + 1) - 1) for i in range(count)]
