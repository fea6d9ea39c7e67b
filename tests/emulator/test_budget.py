"""Budgets: what passes, and what comes back when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kinesis_lab.emulator.kinesis.budget import Budget, Burst
from kinesis_lab.emulator.kinesis.read_budget import IdlePoller, ReadBudget
from kinesis_lab.emulator.kinesis.waiters import Waiters

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
def test_an_idle_poller_takes_what_asking_every_second_would(phases, asked):
    told, asking, now = ReadBudget(5, 2 * MIB), Budget(5), 0
    for phase in phases:
        told.start_idling(IdlePoller(phase, now))
    for pause, count in asked:
        moments = [phase + n * SECOND for phase in phases for n in range((now + pause) // SECOND + 1)]
        for moment in sorted(moment for moment in moments if now < moment <= now + pause):
            asking.take(moment, 1, 1)
        now += pause
        passes = asking.take(now, count)
        assert told.take(now, count) == passes
        if not passes:  # from here on idle pollers give way
            return


def test_an_idle_poller_gives_way_to_who_was_refused():
    budget = ReadBudget(1, MIB)
    budget.start_idling(IdlePoller(0, 0))
    assert not budget.take(SECOND + 10) and budget.take(2 * SECOND + 10)
    assert not budget.take(4 * SECOND + 10) and budget.take(5 * SECOND + 10)


def test_a_poller_that_idles_no_more_takes_nothing_more():
    budget, poller = ReadBudget(5, MIB), IdlePoller(0, 0)
    budget.start_idling(poller)
    assert budget.take(SECOND, 4) and not budget.take(SECOND, 1)
    budget.stop_idling(poller, SECOND + 10)
    assert budget.take(2 * SECOND, 5)


def test_waiters_have_their_turn_as_they_came():
    waiters, woken = Waiters(), []

    def first():
        woken.append("first")

    def second():
        woken.append("second")

    assert not waiters.before(first)
    waiters.join(first)
    waiters.join(second)
    waiters.join(first)
    assert waiters.before(second) and not waiters.before(first)
    waiters.wake_first()
    assert woken == ["first"] and waiters.before(second)
    waiters.leave(first)
    waiters.leave(first)
    assert waiters.before(first) and not waiters.before(second)
    waiters.wake_first()
    assert woken == ["first", "second"]
