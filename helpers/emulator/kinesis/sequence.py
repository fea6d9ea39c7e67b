"""Sequence numbers in the shape that AWS gives them: 56 decimal digits, unique in their stream.

AWS calls them opaque, and so should every consumer.  The layout (186 bits) is the one read off real numbers:
a version digit, the shard's creation second, an index, the arrival second and the shard's own number; hence they
only compare within a shard, and they are not consecutive.
"""

from __future__ import annotations

LAST_INDEX = 2**63 - 1
"""The index in the ending sequence number of a closed shard."""


def sequence_number(*, created: int, shard: int, index: int, second: int) -> str:
    """The number of the record with `index` that arrived at `second` in the shard `shard`, made at `created`.

    Both times are in seconds since 1970.  Larger index, larger number.
    """
    return str(0x2 << 184 | created << 148 | (shard & 0xF) << 144 | index << 80 | second << 36 | shard << 4 | 0x2)


def shard_of(number: str) -> int:
    """The index of the shard in which a sequence number was given."""
    return int(number) >> 4 & 0xFFFFFFFF
