"""Whoever is killed with -9, and whenever: no function outlives it, and the next start finds a clean machine."""

from __future__ import annotations

import random
import sys

import pytest

from tests.hostile.kills import VICTIMS, complaints

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the victims are forks"),
]

GATE, ALL = 6, 60
SEEDS = random.Random(20260105).sample(range(10**6), ALL)


@pytest.mark.parametrize(
    ("victim", "seed"),
    [
        pytest.param(VICTIMS[n % len(VICTIMS)], seed, marks=[] if n < GATE else [pytest.mark.thorough])
        for n, seed in enumerate(SEEDS)
    ],
)
def test_nothing_outlives_a_kill(victim: str, seed: int, prepared, tmp_path) -> None:
    report = prepared.ask({"victim": victim, "seed": seed, "folder": str(tmp_path)})
    assert complaints(victim, report) == []
