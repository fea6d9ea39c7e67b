"""What a consumer can do, by arithmetic."""

from __future__ import annotations

import pytest

from helpers.planning import capacity


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((1, 1, 10, 0.2, 0.05), 10 / 0.7),
        ((1, 1, 1, 0.2, 0.05), 4),
        ((2, 1, 10, 0.2, 0.05), 20 / 0.7),
        ((2, 10, 10, 0.2, 0.05), 200 / 0.7),
        ((1, 1, 100, 0.5, 0.0), 200),
    ],
)
def test_full_batches_one_after_another_in_every_lane(given, wanted):
    assert capacity(*given) == pytest.approx(wanted)


def test_larger_batches_come_close_to_what_one_record_takes_and_never_pass_it():
    rates = [capacity(1, 1, size, 0.2, 0.05) for size in (1, 10, 100, 1000, 10_000)]
    assert rates == sorted(rates)
    assert 19.9 < rates[-1] < 1 / 0.05
