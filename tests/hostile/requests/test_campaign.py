"""Mutated requests to every operation of many services: no answer of 500, nothing raised, nothing slow."""

from __future__ import annotations

import pytest

from tests.hostile.requests import campaign

GATE, ALL = 600, 20_000
SETTLED = 10
"""Batches after which the process has all that it needs: models, moto's modules."""
MOST_GROWTH = 100
"""MiB between then and the end: a cloud that stayed would be many of them."""


def judge(found: campaign.Found) -> None:
    assert not found.failures, "\n---\n".join(found.failures[:20])
    answered = sum(found.statuses.values())
    assert answered + found.not_offered == found.requests
    assert found.statuses[200] > answered / 50  # it is not all refused at the door
    assert found.statuses[400] > answered / 3


@pytest.mark.slow
def test_some_mutated_requests():
    judge(campaign.run(seed=0, count=GATE))


@pytest.mark.thorough
@pytest.mark.slow
def test_all_mutated_requests():
    found = campaign.run(seed=1, count=ALL)
    judge(found)
    assert found.megabytes[-1] - found.megabytes[SETTLED] < MOST_GROWTH


def test_the_same_seed_mutates_in_the_same_way():
    first, again, other = (list(campaign.requests_of(seed, 100)) for seed in (3, 3, 4))
    assert first == again != other
