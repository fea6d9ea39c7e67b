"""Identifiers that look random and are the same on every run."""

from __future__ import annotations

import random


class Identities:
    """Draws the ids that AWS would draw at random from a seeded source."""

    def __init__(self, seed: int = 0) -> None:
        """The same `seed` gives the same ids in the same order."""
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """A version 4 UUID, as in request ids."""
        drawn = self.hex(32)
        variant = "89ab"[int(drawn[16], 16) % 4]
        return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:]}"

    def hex(self, digits: int) -> str:
        """`digits` hexadecimal digits, as in log stream names."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"
