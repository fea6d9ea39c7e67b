"""From partition key to hash key to shard: pure functions (facts 2)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import md5
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

HASH_KEYS = 2**128
"""Hash keys go from 0 to one less than this."""
RECORDS_PER_SECOND = 1_000
BYTES_PER_SECOND = 1024**2
"""What one shard takes in (facts 4.1)."""

Shard = dict[str, Any]
"""A shard as ListShards describes it."""


def hash_key(partition_key: str) -> int:
    """The MD5 of the key's UTF-8 bytes as an unsigned number, big-endian."""
    return int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest(), "big")


def hash_range(shard: Shard) -> tuple[int, int]:
    """The first and the last hash key of a shard; both belong to it."""
    ends = shard["HashKeyRange"]
    return int(ends["StartingHashKey"]), int(ends["EndingHashKey"])


def is_open(shard: Shard) -> bool:
    """Whether the shard takes records; one that was split or merged does not."""
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def shard_for(hash_key: int, shards: Iterable[Shard]) -> str:
    """The id of the open shard that takes records with this hash key.

    Raises ValueError when none does: the list is not complete, or the number is no hash key.
    """
    for shard in shards:
        first, last = hash_range(shard)
        if is_open(shard) and first <= hash_key <= last:
            return str(shard["ShardId"])
    raise ValueError(f"no open shard takes the hash key {hash_key}; hash keys go from 0 to 2^128 - 1")


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The ranges of a new stream with `count` shards; the last takes the remainder."""
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    width = HASH_KEYS // count
    return [(width * i, HASH_KEYS - 1 if i == count - 1 else width * (i + 1) - 1) for i in range(count)]


def middle(shard: Shard) -> str:
    """Where to split a shard into halves, as SplitShard wants it: a decimal string."""
    return str(sum(hash_range(shard)) // 2)


def shards_needed(records_per_second: float, bytes_per_record: float) -> int:
    """How many shards take in so much, if it is evenly spread; `bytes_per_record` includes the key."""
    by_count = records_per_second / RECORDS_PER_SECOND
    by_size = records_per_second * bytes_per_record / BYTES_PER_SECOND
    return max(1, math.ceil(max(by_count, by_size)))


def shard_table(shards: Sequence[Shard]) -> pd.DataFrame:
    """Shards as a table for pictures: shard, first_hash, last_hash; only those that are open."""
    import pandas as pd  # heavy, and the rest of this module does without

    rows = [(shard["ShardId"], *hash_range(shard)) for shard in shards if is_open(shard)]
    return pd.DataFrame(rows, columns=["shard", "first_hash", "last_hash"], dtype=object)


def placement(partition_keys: Iterable[str], shards: Sequence[Shard]) -> pd.DataFrame:
    """Where records with these keys land: partition_key, hash_key, shard, records; most records first.

    `partition_keys`: one for each record; the same key may come many times.
    """
    import pandas as pd  # as above

    counts = Counter(partition_keys).most_common()
    rows = [(key, hash_key(key), shard_for(hash_key(key), shards), count) for key, count in counts]
    return pd.DataFrame(rows, columns=["partition_key", "hash_key", "shard", "records"], dtype=object)
