"""Random numbers that are the same on every run."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType


def seeded_randomness(seed: str) -> Callable[[ModuleType], None]:
    """Make `os.urandom` (hence uuid and secrets) the same on every run; returns the hook for `random`."""
    drawn = 0

    def urandom(size: int) -> bytes:
        nonlocal drawn
        from _sha3 import shake_128  # not by way of hashlib, which may be a module of the function's

        drawn += 1
        return shake_128(f"{seed}{drawn}".encode()).digest(size)

    os.urandom = urandom
    return lambda module: module.seed(seed)
