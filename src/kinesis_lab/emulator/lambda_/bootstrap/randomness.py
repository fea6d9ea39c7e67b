"""Random numbers that are the same on every run."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from .imports import standard_module


class SeededRandomness:
    """Makes `os.urandom` (hence uuid and secrets) and the module `random` give the same on every run."""

    def __init__(self) -> None:
        """From now on."""
        self._seed = ""
        self.draws = 0
        self._random: Any = None
        os.urandom = self._urandom

    def begin(self, seed: str, draws: int) -> None:
        """Go on with what belongs to this seed, after so many draws."""
        self._seed, self.draws = seed, draws
        if self._random:
            self.seed_module(self._random)

    def seed_module(self, module: ModuleType) -> None:
        """The hook for `random`."""
        self._random = module
        self._random.seed(self._seed)

    def _urandom(self, size: int) -> bytes:
        self.draws += 1
        digest: bytes = standard_module("hashlib").shake_128(f"{self._seed}{self.draws}".encode()).digest(size)
        return digest
