"""Sequence numbers in the shape that AWS gives them: 56 decimal digits, unique in their stream.

AWS calls them opaque, and so should every consumer.  The layout (186 bits) is the one read off real numbers (facts 3):
a version digit, the shard's creation second, an index, the arrival second and the shard's own number; hence they
only compare within a shard, and they are not consecutive.
"""

from __future__ import annotations

from typing import NamedTuple

LAST_INDEX = 2**63 - 1
"""The index in the ending sequence number of a closed shard."""


class Origin(NamedTuple):
    """What a sequence number encodes: where and when its record arrived."""

    created: int
    """When its shard was created, in seconds since 1970."""
    shard: int
    """The index of its shard."""
    position: int
    """The sequence index."""
    second: int
    """When the record arrived, in seconds since 1970."""


def sequence_number(*, created: int, shard: int, index: int, second: int) -> str:
    """The number of the record with `index` that arrived at `second` in the shard `shard`, made at `created`.

    Both times are in seconds since 1970.  Larger index, larger number.
    """
    return str(0x2 << 184 | created << 148 | (shard & 0xF) << 144 | index << 80 | second << 36 | shard << 4 | 0x2)


def origin(number: str) -> Origin | None:
    """What a sequence number encodes; None if `sequence_number` cannot have made it."""
    value = int(number)
    found = Origin(
        value >> 148 & 0xFFFFFFFFF, value >> 4 & 0xFFFFFFFF, value >> 80 & 0xFFFFFFFFFFFFFFFF, value >> 36 & 0xFFFFFFFFF
    )
    whole = sequence_number(created=found.created, shard=found.shard, index=found.position, second=found.second)
    return found if whole == number else None
