"""How many examples a property test has: its own count, and 20 times as many with `--thorough`."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
"""What Hypothesis draws for a test that names no count; the profiles in conftest.py are multiples of it."""
THOROUGH = 20 * USUAL


def examples(count: int) -> int:
    """`count`, times what the profile of this run has more than the usual one."""
    return count * settings.default.max_examples // USUAL
