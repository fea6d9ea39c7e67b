"""What people may do to streams and mappings, drawn at random: nothing is lost, stuck, out of order or unexplained.

300 schedules in every run, 10,000 with `--thorough`, in chunks that share the work among pytest's workers.
"""

from __future__ import annotations

import pytest

from kinesis_lab.testing import fresh_cloud
from tests.hostile.schedules.judge import judge
from tests.hostile.schedules.play import Player
from tests.hostile.schedules.schedule import draw

CHUNK = 50
SCHEDULES = 300
THOROUGH_SCHEDULES = 10_000


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chunk" in metafunc.fixturenames:
        schedules = THOROUGH_SCHEDULES if metafunc.config.getoption("--thorough") else SCHEDULES
        metafunc.parametrize("chunk", range(schedules // CHUNK))


def check(seed: int, *, real: bool = False) -> None:
    """Perform the schedule of a seed, and hear the judge."""
    schedule = draw(seed)
    with fresh_cloud(seed=seed) as cloud:
        complaints = judge(Player(cloud, schedule, real=real).play())
    assert not complaints, "\n".join([*complaints, f"to repeat: check({seed}, real={real})", str(schedule)])


@pytest.mark.slow
def test_every_schedule_keeps_the_promises(chunk: int):
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_so_do_functions_in_processes_of_their_own(seed: int):
    check(seed, real=True)


def test_a_seed_draws_the_same_schedule_again():
    assert str(draw(7)) == str(draw(7)) != str(draw(8))
