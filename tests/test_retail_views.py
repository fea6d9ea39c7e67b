"""The views of the retail system: the specification's test vectors, and the museum; the published code and ours."""

from __future__ import annotations

import json
import random

import pytest

from helpers import open_cloud
from helpers.handlers.retail.envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2
from helpers.handlers.retail.tally import fact, tally
from helpers.retail import museum
from helpers.retail.museum import Log, View

LISTED = (
    (CREATE, "P1", "ann"),
    (PURCHASE, "P1", "eve"),
    (IMAGE, "P1", "bob"),
    (PURCHASE, "P1", "eve"),
    (PURCHASE, "P1", "eve"),
    (CREATE, "P2", "ann"),
    (IMAGE, "P2", "cat"),
    (PURCHASE, "P2", "eve"),
)
USUAL = {("ann", "creator"): 4, ("bob", "photographer"): 2, ("cat", "photographer"): 1}
UNKNOWN = {
    ("UNKNOWN", "creator"): 3,
    ("UNKNOWN", "photographer"): 3,
    ("ann", "creator"): 1,
    ("cat", "photographer"): 1,
}
ONE_MORE = {("ann", "creator"): 5, ("bob", "photographer"): 3, ("cat", "photographer"): 1}
RESHOT = (*LISTED, (IMAGE, "P1", "dan"), (PURCHASE, "P1", "eve"))
AGAIN = (*LISTED, (CREATE, "P1", "ann"), (PURCHASE, "P1", "eve"))


@pytest.fixture(scope="module")
def shop():
    """One cloud for all: a view begins with empty tables anyway."""
    with open_cloud("local") as opened:
        yield opened


@pytest.fixture
def view(shop, request):
    return View(shop, request.param)


def views(*names):
    return pytest.mark.parametrize("view", names, indirect=True)


ORDERED = views("winner_2017", "winner")
ANY_ORDER = views("winner_any_order_2017", "winner_any_order")
ALL = views("winner_2017", "winner", "winner_any_order_2017", "winner_any_order")
OURS = views("winner", "winner_any_order")
DONE = {"batchItemFailures": []}


def written(*events):
    log = Log()
    return [log.record(*event) for event in events]


@ALL
def test_as_listed(view):
    assert view.take(*written(*LISTED)) == DONE
    assert view.scores() == USUAL


@ORDERED
def test_a_product_has_its_two_scores(view):
    view.take(*written(*LISTED))
    assert view.product("P1") == [("ann", 3), ("bob", 2)]


@ALL
def test_delivered_twice_is_counted_once(view):
    records = written(*LISTED)
    view.take(*records)
    assert view.take(*records) == DONE
    assert view.scores() == USUAL


@ORDERED
def test_a_broken_order_has_another_winner(view):
    first, second, *rest = written(*LISTED)
    view.take(second, first, *rest)
    assert view.product("P1") == [("UNKNOWN", 3), ("UNKNOWN", 3)]
    assert view.scores() == UNKNOWN


@ORDERED
def test_a_create_event_that_is_gone_has_another_winner(view):
    view.take(*written(*LISTED)[1:])
    assert view.scores() == UNKNOWN


@ALL
def test_a_second_picture_is_ignored(view):
    view.take(*written(*RESHOT))
    assert view.scores() == ONE_MORE


@views("winner", "winner_any_order_2017", "winner_any_order")
def test_a_second_create_event_is_ignored(view):
    view.take(*written(*AGAIN))
    assert view.scores() == ONE_MORE


@views("winner_2017")
def test_a_second_create_event_zeroed_the_photographer(view):
    view.take(*written(*AGAIN))
    assert view.product("P1") == [("ann", 4), ("bob", 0)]
    assert view.scores() == {("ann", "creator"): 5, ("cat", "photographer"): 1}


@ANY_ORDER
@pytest.mark.parametrize("seed", range(3))
def test_any_order_has_the_usual_winner(view, seed):
    view.take(*random.Random(seed).sample(written(*LISTED), len(LISTED)))
    assert view.scores() == USUAL


@views("winner_any_order")
@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_a_second_picture(view, seed):
    records = written(*RESHOT)
    shuffled = random.Random(seed).sample(records * 2, 2 * len(records))
    view.take(*shuffled)
    assert view.scores() == ONE_MORE


@ALL
def test_a_copy_that_keeps_the_id_is_the_same_event(view):
    log = Log()
    events = log.created("P1", "ann"), log.bought("P1")
    for _ in range(2):
        view.take(*(log.copied(event) for event in events))
    assert view.scores() == {("ann", "creator"): 1}


@ALL
def test_a_copy_that_loses_the_id_is_another_event(view):
    log = Log()
    events = log.created("P1", "ann"), log.bought("P1")
    for _ in range(2):
        view.take(*(log.copied(event, keep_id=False) for event in events))
    assert view.scores() == {("ann", "creator"): 2}


@OURS
def test_an_order_with_a_number_counts_and_counts_once(view):
    log = Log()
    view.take(log.created("P1", "ann"), log.pictured("P1", "bob"), log.created("P2", "ann"))
    sales = log.ordered("P1", "o1"), log.bought("P1"), log.ordered("P1", "o2"), log.ordered("P1", "o1")
    for _ in range(2):
        assert view.take(*sales, log.ordered("P2", "o1"), log.ordered("P2", "o1")) == DONE
    assert view.scores() == {("ann", "creator"): 4, ("bob", "photographer"): 3}


@views("winner")
def test_a_crash_forgets_no_order_and_counts_none_twice(view):
    log = Log()
    created, sale, again = log.created("P1", "ann"), log.ordered("P1", "o1"), log.ordered("P1", "o1")
    for number in (1, 2):
        view.empty()
        view.take(created)
        view.crash(number, sale)
        view.take(sale, again)
        assert view.scores() == {("ann", "creator"): 1}


# The museum

SHOWN = {
    museum.created_again: ("photographer: 0", "photographer: 3"),
    museum.crashed: ("right after 2 of 6", "right after 2 of 2"),
    museum.second_picture: ("bob: 2, dan: 1", "bob: 2, dan: 0"),
    museum.race: ("photographer: 0", "photographer: 1"),
    museum.late_index: ("merchant: 1", "merchant: 2"),
    museum.two_pages: ("merchant: 1", "merchant: 2"),
    museum.two_at_once: ("merchant: 1", "merchant: 2"),
    museum.other_name: ("people: 2", "people: 1"),
    museum.own_product: ("merchant: 3", "merchant: 0"),
    museum.nobody_known: ("leader: UNKNOWN", "leader: Ann"),
    museum.asked_badly: ("400, 500, 500", "400, 200, 400"),
    museum.price_of_a_sale: ("calls: 6", "calls: 2"),
}


def test_every_exhibit_has_its_test():
    assert {each.show for each in museum.EXHIBITS} == set(SHOWN)


@pytest.mark.parametrize("exhibit", museum.EXHIBITS, ids=lambda each: each.show.__name__)
def test_a_bug_is_seen_and_mended(shop, exhibit):
    (row,) = museum.tour(shop, (exhibit,)).itertuples()
    assert row[2:] == SHOWN[exhibit.show]


@pytest.mark.parametrize("name", ["winner_any_order"])
@pytest.mark.parametrize(
    "exhibit", [museum.created_again, museum.late_index, museum.two_at_once, museum.own_product, museum.other_name]
)
def test_our_other_view_has_none_of_these_either(shop, name, exhibit):
    assert exhibit(View(shop, name), Log()) == SHOWN[exhibit][1]


def test_our_other_view_survives_a_crash_at_every_call(shop):
    assert museum.crashed(View(shop, "winner_any_order"), Log()) == "right after 4 of 4"


@OURS
def test_the_text_of_a_bad_request_says_what_was_asked(view):
    assert view.ask(role="pirate") == (400, {"error": "role must be one of creator, photographer: {'role': 'pirate'}"})
    assert view.ask(role="creator", page="2")[0] == 400


@views("winner_2017")
def test_the_text_of_a_bad_request_said_none(view):
    assert view.ask(role="pirate") == (400, {"error": "Bad request: None. role is wanted, and limit if you like"})


@ALL
def test_nobody_has_sold_anything(view):
    assert view.ask(role="photographer") == (200, "Nobody has sold anything as a photographer yet.")


@ALL
def test_the_best_first(view):
    view.take(*written(*LISTED))
    best = view.ask(role="photographer", **({"limit": "2"} if not view.published else {}))[1]
    assert [(each["userId"], each["score"]) for each in best] == [("Bob", 2), ("Cat", 1)][: len(best)]
    assert view.ask("/contributions") == (200, [{"productId": "P1"}, {"productId": "P2"}])


# By hand


def facts(*events):
    return [
        {
            "productId": product,
            "eventId": f"shardId-000000000000:{number}",
            "schema": schema,
            "origin": f"w/r/{who}/{who}",
        }
        for number, (schema, product, who) in enumerate(events, 1)
    ]


def test_the_tally_of_any_order_is_the_same():
    known = facts(*(event for event in RESHOT if event[1] == "P1"))
    wanted = {"creator": ("ann", "ann", 4), "photographer": ("bob", "bob", 3)}
    for seed in range(50):
        assert tally(random.Random(seed).sample(known * 2, 2 * len(known))) == wanted


def test_an_order_counts_once_whatever_its_event():
    known = facts(
        (CREATE, "P1", "ann"), (PURCHASE_2, "P1", "eve"), (PURCHASE_2, "P1", "eve"), (PURCHASE_2, "P1", "eve")
    )
    for each, order in zip(known[1:], ("o1", "o2", "o1"), strict=True):
        each["order"] = order
    assert tally(known) == {"creator": ("ann", "ann", 2)}


def test_an_order_from_before_the_picture_stays_there():
    known = facts((PURCHASE_2, "P1", "eve"), (IMAGE, "P1", "bob"), (PURCHASE_2, "P1", "eve"))
    for each in (known[0], known[2]):
        each["order"] = "o1"
    assert tally(known) == {"photographer": ("bob", "bob", 0)}


def test_a_child_comes_after_its_parent():
    one = {"schema": CREATE, "origin": "web/x/ann/Ann", "eventId": "shardId-000000000009:9"}
    other = {"schema": PURCHASE, "origin": "web/x/eve/Eve", "eventId": "shardId-000000000010:1"}
    assert tally([other, one]) == {"creator": ("ann", "Ann", 1)}


def test_a_fact_is_what_is_needed_of_an_event():
    data = {"schema": PURCHASE_2, "id": "P1", "order": "o1"}
    event = {"eventId": "e", "origin": "o", "data": data, "timeOrigin": "t"}
    assert fact(event) == {"productId": "P1", "eventId": "e", "schema": PURCHASE_2, "origin": "o", "order": "o1"}
    assert "order" not in fact({**event, "data": {"schema": PURCHASE, "id": "P1"}})


def test_too_many_at_a_product_are_tried_again_later(shop):
    view, log = View(shop, "winner_any_order"), Log()
    created = log.created("P1", "ann")
    module = view._module
    settle, module.settle = module.settle, lambda product: False
    try:
        answer = view.take(created)
    finally:
        module.settle = settle
    assert answer == {"batchItemFailures": [{"itemIdentifier": created["kinesis"]["sequenceNumber"]}]}
    assert view.take(created) == DONE
    assert json.dumps(view.product("P1")) == '[["ann", 0]]'
