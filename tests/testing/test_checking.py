"""The pure questions: what was lost, doubled, invented, out of order."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesis_lab.testing import duplicated, invented, lost, out_of_order
from kinesis_lab.testing.wording import FEW, WIDTH, complaint, several, shown, times

ORDERS = [{"ID": 1, "WHO": "Zoë"}, {"ID": 2, "WHO": "José"}, {"ID": 3, "WHO": "Zoë"}]

THINGS = st.lists(st.integers(0, 9) | st.text("ab", max_size=1) | st.lists(st.integers(0, 1)), max_size=12)


def test_what_is_lost():
    assert lost([1, 2, 3], [3, 1]) == [2]
    assert lost([1, 1], [1]) == [1]
    assert lost(ORDERS, ORDERS[1:]) == ORDERS[:1]
    assert lost(ORDERS, [3, 1], by="ID") == [ORDERS[1]]
    assert lost(ORDERS, ["ZOË", "ZOË"], by=lambda order: order["WHO"].upper()) == [ORDERS[1]]


def test_what_is_seen_too_often():
    assert duplicated([1, 2, 3], [3, 1, 3, 2, 3]) == [3, 3]
    assert duplicated([1, 1], [1, 1]) == []
    assert duplicated([1], [1, 7, 7]) == []
    assert duplicated(ORDERS, [2, 2], by="ID") == [ORDERS[1]]


def test_what_nobody_sent():
    assert invented(["Zoë"], ["ZoÃ«", "Zoë", "ZoÃ«"]) == ["ZoÃ«", "ZoÃ«"]
    assert invented(ORDERS, [1, 4], by="ID") == [4]


def test_what_comes_too_late():
    assert out_of_order([1, 2, 3, 4], [1, 3, 2, 4]) == [(2, 3)]
    assert out_of_order([1, 2, 3], [3, 1, 2]) == [(1, 3), (2, 3)]
    assert out_of_order([1, 2, 3], [1, 2, 1, 2, 3]) == []
    assert out_of_order([1, 2], [9, 2, 9]) == []


def test_an_order_for_each_key():
    assert out_of_order(ORDERS, [3, 2, 1], by="ID", key="WHO") == [(ORDERS[0], ORDERS[2])]
    assert out_of_order(ORDERS, [2, 1, 3], by="ID", key="WHO") == []


@given(THINGS, THINGS)
def test_every_difference_is_told_once(sent, seen):
    def counted(things):
        return Counter(map(repr, things))

    assert counted(lost(sent, seen)) == counted(sent) - counted(seen)
    assert counted(duplicated(sent, seen)) + counted(invented(sent, seen)) == counted(seen) - counted(sent)


@given(st.lists(st.integers(), unique=True, max_size=12), st.data())
def test_order_is_kept_just_if_nothing_comes_too_late(sent, data):
    seen = data.draw(st.permutations(sent))
    late = out_of_order(sent, seen)
    assert (late == []) == (seen == sent)
    assert all(sent.index(thing) < sent.index(ahead) for thing, ahead in late)
    again = data.draw(st.lists(st.sampled_from(sent), max_size=5)) if sent else []
    assert out_of_order(sent, sent + again) == []


def test_a_message_shows_the_first_few():
    lines = [str(number) for number in range(FEW + 1001)]
    told = complaint("lost: many", lines, ["it was Monday"]).splitlines()
    assert told == ["lost: many", *(f"  {line}" for line in lines[:FEW]), "  … and 1,001 more", "it was Monday"]
    assert several(range(FEW)) == "0, 1, 2, 3, 4" and several(range(FEW + 1)) == "0, 1, 2, 3, 4, …"


@pytest.mark.parametrize("length", [WIDTH - 2, WIDTH])
def test_a_long_thing_is_cut(length):
    text = shown("x" * length)
    assert len(text) == WIDTH and text.endswith("'" if length < WIDTH else "…")


def test_how_often():
    assert [times(count) for count in (0, 1, 2, 1000)] == ["never", "once", "twice", "1,000 times"]
