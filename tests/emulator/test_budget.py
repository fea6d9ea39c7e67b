"""Budgets: what passes, and what comes back when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kinesis_lab.emulator.kinesis.budget import Budget, Burst, Habit

SECOND = 1_000_000
MIB = 1024**2


def test_what_was_spent_comes_back_a_second_later():
    budget = Budget(1000, MIB)
    assert budget.take(0, 600)
    assert not budget.take(10, 401)
    assert budget.take(20, 400)
    assert not budget.take(SECOND - 1, 1)
    assert budget.take(SECOND, 600)
    assert not budget.take(SECOND, 1)
    assert budget.take(SECOND + 20, 400)


def test_bytes_count_as_well():
    budget = Budget(1000, MIB)
    assert budget.take(0, 1, MIB - 10)
    assert not budget.take(5, 1, 11)
    assert budget.take(5, 1, 10)


def test_a_debt_takes_as_long_to_come_back_as_it_is_large():
    budget = Budget(5, 2 * MIB)
    budget.spend(0, 1, 10 * MIB)
    assert not budget.allows(5 * SECOND - 1, 1, 1)
    assert budget.allows(5 * SECOND, 1, 1)


def test_a_debt_counts_what_was_spent_before_it():
    budget = Budget(5, 2 * MIB)
    budget.spend(0, 1, 2 * MIB - 1)
    assert budget.allows(10, 1, 1)
    budget.spend(10, 1, 2 * MIB + 1)
    assert not budget.allows(2 * SECOND + 9, 1, 1)
    assert budget.allows(2 * SECOND + 10, 1, 1)


def test_a_burst_is_empty_after_its_size_and_fills_at_its_rate():
    burst = Burst(10 * MIB, MIB)
    assert burst.allows(0, 10 * MIB)
    burst.spend(0, 8 * MIB)
    assert burst.allows(0, 2 * MIB) and not burst.allows(0, 2 * MIB + 1)
    burst.spend(0, 9 * MIB)
    assert not burst.allows(3 * SECOND - 1, 3 * MIB) and burst.allows(3 * SECOND, 3 * MIB)
    assert not burst.allows(100 * SECOND, 10 * MIB + 1)


@given(
    st.lists(st.tuples(st.integers(0, SECOND // 2), st.integers(1, 300), st.integers(0, MIB // 3)), max_size=80),
)
def test_no_second_sees_more_than_the_budget(asked):
    budget, now, passed = Budget(1000, MIB), 0, []
    for pause, count, size in asked:
        now += pause
        if budget.take(now, count, size):
            passed.append((now, count, size))
    for begin, _, _ in passed:
        within = [(count, size) for at, count, size in passed if begin <= at < begin + SECOND]
        assert sum(count for count, _ in within) <= 1000
        assert sum(size for _, size in within) <= MIB


@given(st.lists(st.integers(1, 400), max_size=60))
def test_a_budget_refuses_only_when_it_must(asked):
    """Whoever asks for what is left gets it."""
    budget, now, passed = Budget(1000), 0, []
    for count in asked:
        now += SECOND // 7
        left = 1000 - sum(amount for at, amount in passed if at > now - SECOND)
        assert budget.take(now, count) == (count <= left)
        if count <= left:
            passed.append((now, count))


@given(
    st.lists(st.integers(0, SECOND - 1), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(1, 3 * SECOND), st.integers(1, 3)), max_size=60),
)
def test_a_habit_takes_what_asking_every_second_would(phases, asked):
    told, asking, now = Budget(5), Budget(5), 0
    for phase in phases:
        told.begin(Habit(phase, now))
    for pause, count in asked:
        moments = [phase + n * SECOND for phase in phases for n in range((now + pause) // SECOND + 1)]
        for moment in sorted(moment for moment in moments if now < moment <= now + pause):
            asking.take(moment, 1, 1)
        now += pause
        passes = asking.take(now, count)
        assert told.take(now, count) == passes
        if not passes:  # from here on habits give way
            return


def test_a_habit_gives_way_to_who_was_refused():
    budget = Budget(1)
    budget.begin(Habit(0, 0))
    assert not budget.take(SECOND + 10) and budget.take(2 * SECOND + 10)
    assert not budget.take(4 * SECOND + 10) and budget.take(5 * SECOND + 10)


def test_a_habit_that_ends_takes_nothing_more():
    budget, habit = Budget(5), Habit(0, 0)
    budget.begin(habit)
    assert budget.take(SECOND, 4) and not budget.take(SECOND, 1)
    budget.end(habit, SECOND + 10)
    assert budget.take(2 * SECOND, 5)
