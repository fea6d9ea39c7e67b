"""Random numbers that are the same on every run."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType

from .imports import standard_module


def seeded_randomness(seed: str) -> Callable[[ModuleType], None]:
    """Make `os.urandom` (hence uuid and secrets) the same on every run; returns the hook for `random`."""
    drawn = 0

    def urandom(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        digest: bytes = standard_module("hashlib").shake_128(f"{seed}{drawn}".encode()).digest(size)
        return digest

    os.urandom = urandom
    return lambda module: module.seed(seed)
