"""A change of state: through after its time, unless it is settled earlier, cancelled, or another one begins."""

from __future__ import annotations

import pytest

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.transition import Transition


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_takes_effect_after_its_time_and_once(clock):
    seen, transition = [], Transition(clock)
    transition.begin(5, lambda: seen.append(clock.elapsed))
    clock.advance(4.9)
    assert seen == []
    clock.advance(10)
    transition.settle()
    assert seen == [5]


def test_settled_it_takes_effect_at_once_and_not_again(clock):
    seen, transition = [], Transition(clock)
    transition.begin(5, lambda: seen.append(clock.elapsed))
    clock.advance(1)
    transition.settle()
    clock.advance(10)
    assert seen == [1]


def test_cancelled_it_has_no_effect(clock):
    seen, transition = [], Transition(clock)
    transition.begin(5, lambda: seen.append(clock.elapsed))
    transition.cancel()
    transition.settle()
    clock.advance(10)
    assert seen == []


def test_the_one_that_begins_replaces_the_one_before_even_with_the_same_effect(clock):
    seen, transition = [], Transition(clock)

    def effect() -> None:
        seen.append(clock.elapsed)

    transition.begin(5, effect)
    clock.advance(3)
    transition.begin(5, effect)
    clock.advance(10)
    assert seen == [8]


def test_an_effect_can_begin_the_next_change(clock):
    seen, transition = [], Transition(clock)

    def first() -> None:
        transition.begin(2, lambda: seen.append(clock.elapsed))

    transition.begin(5, first)
    clock.advance(6)
    assert seen == []
    clock.advance(1)
    assert seen == [7]
