"""The exercises of chapter 08: poison or bad luck, a filter, a whole log, what tables take, order, orders."""

from __future__ import annotations

import json
import random
from typing import Any

from helpers.exercises.chapter_03 import event_of
from helpers.exercises.exercise import exercise, named, outcome_of
from helpers.exercises.paper import Endless, PaperShards
from helpers.handlers.retail.envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2, ingress
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.filters import Filters

# 8.1

BATCHES = (
    ("abc", "abc", "", None),
    ("aPb", "ab", "P", None),
    ("PaPLb", "aL", "PP", 3),
    ("VaL", "V", "", 0),
    ("aVb", "aV", "", 1),
    ("bP", "b", "P", None),
    ("P", "", "P", None),
)
"""A letter for each record: P is poison; L and V are luckless (they raise TimeoutError and ValueError when handled).
Then what is to be handled, what is bad, and where to stop."""


def check_handle(handle: Any) -> str | None:
    """Whether a handler skips what can't be read, and stops at what can't be done now."""
    for letters, wanted, bad, stop in BATCHES:
        records = event_of(*(letter.encode() for letter in letters))["Records"]
        handled: list[str] = []

        def read(record: Any, letters: str = letters, records: Any = records) -> dict[str, str]:
            letter = letters[records.index(record)]
            if letter == "P":
                raise ValueError("not JSON")
            return {"id": letter}

        def act(event: dict[str, str], handled: list[str] = handled) -> None:
            handled.append(event["id"])
            if event["id"] in "LV":
                raise ValueError("no such category") if event["id"] == "V" else TimeoutError("the table is busy")

        got, error = outcome_of(handle, {"Records": records}, read, act)
        if error:
            return f"Your function raised {named(error)}. It has to answer, whatever read and act raise."
        if not isinstance(got, tuple) or len(got) != 2:
            return f"Two things are to be returned: the answer, and the list of bad ones. What came back was {got!r}."
        if stop is not None and isinstance(got[1], list) and records[stop]["eventID"] in got[1]:
            return "Whatever act raises may pass, a ValueError as well. Only what read refuses is bad."
        if wrong := _handled_wrongly("".join(handled), wanted, letters):
            return wrong
        if wrong := _answered_wrongly(*got, [records[i] for i, x in enumerate(letters) if x in bad], records, stop):
            return wrong
    return None


def _handled_wrongly(handled: str, wanted: str, letters: str) -> str | None:
    if handled == wanted:
        return None
    if handled.startswith(wanted):
        return "You went on behind a failure: the mapping sends everything from there on again, so stop."
    if "P" in letters and handled == letters.partition("P")[0]:
        return "You stopped at a record that can't be read. It will never get better: skip it, and go on."
    return f"Of the records {list(letters)}, {list(wanted)} should be handled; you handled {list(handled)}."


def _answered_wrongly(answer: Any, bad: Any, poison: list[Any], records: list[Any], stop: int | None) -> str | None:
    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    stuck = [{"itemIdentifier": numbers[stop]}] if stop is not None else []
    poisonous = [{"itemIdentifier": record["kinesis"]["sequenceNumber"]} for record in poison]
    if answer != {"batchItemFailures": stuck}:
        items = answer.get("batchItemFailures") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            return f"The answer is a dict with batchItemFailures; yours is {answer!r}."
        if items and any(item in poisonous for item in items):
            return "You report a record that can't be read as a failure: it comes again for ever, and blocks its shard."
        if not items:
            return "A failure that may pass is not in your answer: the record counts as done, and is lost."
        return f"The answer should name the sequenceNumber of the record that failed; yours is {answer!r}."
    ids = [record["eventID"] for record in poison]
    if bad != ids:
        return f"The bad ones should be {ids}, as eventIDs; you returned {bad!r}."
    return None


# 8.2

LOGGED = (
    (CREATE, True, "a new product"),
    (IMAGE, True, "a picture"),
    (PURCHASE, True, "a purchase"),
    (PURCHASE_2, True, "a purchase of version 2-0-0"),
    ("com.nordstrom/product/price/1-0-0", True, "a new price"),
    ("com.nordstrom/user-info/login/1-0-0", False, "a login"),
    ("com.nordstrom/user-info/update-phone/1-0-0", False, "a telephone number"),
    ("com.nordstrom/product-review/create/1-0-0", False, "a review"),
)


def check_pattern(pattern: Any) -> str | None:
    """Whether a filter lets through the events of products, in their envelopes."""
    if isinstance(pattern, str):
        return "A dict is wanted this time, not text."
    if not isinstance(pattern, dict):
        return f"A dict is wanted; yours is {pattern!r}."
    try:
        filters = Filters.of({"Filters": [{"Pattern": json.dumps(pattern)}]})
    except Exception as error:  # AWS's own words
        return f"Lambda would not take it: {error}"
    passed = {}
    for schema, _, what in LOGGED:
        envelope = ingress({"schema": schema, "id": "1"}, "web/merchant/ann/Ann", "2026-01-05T09:00:00Z")
        passed[what] = filters.pass_(Record("1", "key", json.dumps(envelope).encode(), 0.0))
    if not any(passed.values()):
        if set(pattern) == {"data"} and isinstance(pattern["data"], dict) and "schema" in pattern["data"]:
            return "Nothing gets through: data.schema is the schema of the envelope. The event is one level deeper."
        return "Nothing gets through. A pattern begins with data: so Lambda calls what is in the record."
    for _, wanted, what in LOGGED:
        if passed[what] and not wanted:
            return f"It lets {what} through, which is none of the catalogue's business."
        if wanted and not passed[what]:
            return f"It holds back {what}. All that is about products is wanted: what do their names begin with?"
    return None


# 8.3

OLD, OTHER, LEFT, RIGHT, MERGED = (f"shardId-{number:012d}" for number in range(5))
PAGES = {
    RIGHT: [[b"hat 4"], [], [b"hat 5"], []],
    OLD: [[b"hat 1", b"lamp 1"], [], [b"hat 2", b"hat 3", b"lamp 2"]],
    MERGED: [[b"lamp 4"], [], [], [b"mug 3", b"lamp 5"], []],
    LEFT: [[b"lamp 3"]],
    OTHER: [[b"mug 1"], [], [b"mug 2"]],
}
"""Shard 0 was split into 2 and 3; later, 1 and 2 were merged into 4.  Listed in no special order."""
CLOSED = (OLD, OTHER, LEFT)
IN_ORDER = [data for shard in sorted(PAGES) for page in PAGES[shard] for data in page]


def check_whole_log(whole_log: Any) -> str | None:
    """Whether a stream is read from the first record to the last, parents before children."""
    kinesis = PaperShards(PAGES, closed=CLOSED, parents={LEFT: (OLD,), RIGHT: (OLD,), MERGED: (OTHER, LEFT)})
    try:
        got, error = outcome_of(whole_log, kinesis, "retail")
    except Endless:
        got, error = None, Endless()
    if isinstance(error, Endless):
        return (
            "Your loop does not come to an end: an open shard always has a NextShardIterator. MillisBehindLatest tells."
        )
    if error:
        return f"Your function raised {named(error)}."
    if not isinstance(got, list | tuple) or any(not isinstance(record, dict) or "Data" not in record for record in got):
        return "Return a list of records, as get_records gives them."
    data = [record["Data"] for record in got]
    missing = sorted(set(IN_ORDER) - set(data))
    if not data:
        return "Nothing was read: TRIM_HORIZON begins with the oldest record."
    if missing:
        return f"Missing are {[each.decode() for each in missing]}. {_why_missing(missing)}"
    if len(data) > len(set(data)):
        return "Some records are in your list twice."
    for product in (b"hat", b"lamp", b"mug"):
        read = [each for each in data if each.startswith(product)]
        if read != sorted(read):
            order = ", ".join(each.decode() for each in read)
            return f"Not in order: {order}. A shard that was split or merged has to be read before what came of it."
    return None


def _why_missing(missing: list[bytes]) -> str:
    whole = [shard for shard, pages in PAGES.items() if {data for page in pages for data in page} <= set(missing)]
    if not whole:
        return "An empty page is not the end of a shard: follow NextShardIterator."
    if set(whole) <= set(CLOSED):
        return "They are in shards that are closed: these keep their records, too."
    return "Whole shards are missing: the list of shards may have several pages."


# 8.4

PLANS = (
    (10, 4, 1, 2),
    (10, 4, 2, 5),
    (30, 3, 5, 50),
    (10, 20, 1, 0),
    (6, 4, 5, 7),
    (900, 1, 1000, 10_000),
    (60, 2, 0.5, 15),
)
"""Timeout, writes for an event, writes a second, and the largest batch."""


def check_largest_batch(largest_batch: Any) -> str | None:
    """Whether a batch is as large as what is behind the function allows."""
    for timeout, writes, a_second, wanted in PLANS:
        got, error = outcome_of(largest_batch, timeout, writes, a_second)
        asked = f"With a timeout of {timeout} s, {writes} writes an event, {a_second} writes a second:"
        if error:
            return f"{asked} your function raised {named(error)}."
        if not isinstance(got, int | float) or isinstance(got, bool):
            return f"{asked} a number is wanted; you say {got!r}."
        if got == wanted:
            continue
        if got != int(got):
            return f"{asked} you say {got:g}. There are no parts of events: round down."
        if got > 10_000:
            return f"{asked} you say {got:,}. More than 10,000 is no BatchSize."
        if wanted == 0:
            return f"{asked} not even one event fits. You say {got:g}; 0 is the honest answer."
        takes = got * writes / a_second
        if got > wanted:
            return f"{asked} a batch of {got:g} takes {takes:g} s, and is ended before: with every retry again."
        return f"{asked} you say {got:g}. A batch of {wanted} would be done in {wanted * writes / a_second:g} s."
    return None


# 8.5

Event = dict[str, str]


def _events(text: str) -> list[Event]:
    """`c:Ann p:Eve …`: the events of a product, in the order of the log."""
    kinds = {"c": "create", "i": "image", "p": "purchase"}
    events = []
    for number, word in enumerate(text.split(), 1):
        kind, _, who = word.partition(":")
        events.append({"eventId": f"shardId-000000000003:{number:056d}", "kind": kinds[kind], "who": who})
    return events


PRODUCTS: tuple[tuple[str, dict[str, tuple[str, int]]], ...] = (
    ("c:Ann p:Eve i:Bob p:Eve p:Tom", {"creator": ("Ann", 3), "photographer": ("Bob", 2)}),
    ("c:Ann i:Bob p:Eve i:Dan p:Eve", {"creator": ("Ann", 2), "photographer": ("Bob", 2)}),
    ("c:Ann p:Eve c:Cat p:Tom", {"creator": ("Ann", 2)}),
    ("p:Eve c:Ann p:Tom", {"creator": ("Ann", 1)}),
    ("i:Bob p:Eve", {"photographer": ("Bob", 1)}),
    ("c:Ann i:Bob", {"creator": ("Ann", 0), "photographer": ("Bob", 0)}),
    ("p:Eve", {}),
)


def check_tally(tally: Any) -> str | None:
    """Whether a product's sales are right whatever the order, and however often each event comes."""
    for text, wanted in PRODUCTS:
        for how, events in _deliveries(_events(text)):
            got, error = outcome_of(tally, [dict(event) for event in events])
            if error:
                return f"{how}, your function raised {named(error)}."
            if not isinstance(got, dict):
                return f"Return a dict with creator and photographer; what came back was {got!r}."
            if any(not isinstance(pair, list | tuple) or len(pair) != 2 for pair in got.values()):
                return f"For each role, a pair of who it is and the sales; what came back was {got!r}."
            got = {role: tuple(pair) for role, pair in got.items()}
            if got == wanted:
                continue
            return _wrong_tally(how, text, got, wanted)
    return None


def _deliveries(events: list[Event]) -> list[tuple[str, list[Event]]]:
    shuffled = random.Random(len(events)).sample(events, len(events))
    return [
        ("In the order of the log", events),
        ("Backwards", events[::-1]),
        ("Shuffled", shuffled),
        ("Delivered twice", [*events, *events]),
    ]


def _wrong_tally(how: str, text: str, got: dict[Any, Any], wanted: dict[str, tuple[str, int]]) -> str:
    told = f"{how} ({text.replace(':', ' ')}), you say {got}; it is {wanted}."
    if how in ("Backwards", "Shuffled"):
        return f"{told} In the order of the log you were right: sort by eventId."
    if how == "Delivered twice":
        return f"{told} An event that is there twice is one event: its eventId says so."
    if any(role in got and role in wanted and got[role][0] != wanted[role][0] for role in wanted):
        return f"{told} The first to register counts, and later ones are ignored."
    if set(got) != set(wanted):
        return f"{told} A role that nobody has is not in the result."
    return f"{told} Only what was bought after somebody's event counts for them."


# 8.6

SALES: tuple[tuple[tuple[tuple[str, str | None], ...], int, str], ...] = (
    ((("e1", "o1"), ("e2", "o2")), 2, "Two orders"),
    ((("e1", "o1"), ("e1", "o1")), 1, "An event that was delivered twice"),
    ((("e1", "o1"), ("e2", "o1")), 1, "An order that was sent twice"),
    ((("e1", None), ("e2", None)), 2, "Two purchases without an order"),
    ((("e1", None), ("e1", None), ("e2", "o1")), 2, "A purchase without an order, delivered twice, and another one"),
    ((), 0, "Nothing"),
)
SALES_WHY = {
    "An event that was delivered twice": "its eventId is the same",
    "An order that was sent twice": "the log has two events for it, but it is one order",
    "Two purchases without an order": "None is not the number of an order: they are as different as their eventIds",
    "A purchase without an order, delivered twice, and another one": "without an order, the eventId tells them apart",
}


def check_sold(sold: Any) -> str | None:
    """Whether each order counts once, and what has no order by its event."""
    for sales, wanted, what in SALES:
        events = [{"eventId": event, "order": order} for event, order in sales]
        got, error = outcome_of(sold, events)
        if error:
            return f"{what}: your function raised {named(error)}."
        if got == wanted and not isinstance(got, bool):
            continue
        if not isinstance(got, int):
            return f"A number is wanted; what came back was {got!r}."
        return f"{what}: you count {got}, and it is {wanted}{': ' + SALES_WHY[what] if what in SALES_WHY else ''}."
    return None


EXERCISES = (
    exercise(
        "8.1",
        "Poison, or bad luck?",
        check_handle,
        "What will never get better is put aside; what may get better is tried again.",
        (
            "Two things can fail, and they need two `try`: one around `read`, one around `act`.",
            "If `read` fails, put the record's eventID on the list, and `continue`.",
            "If `act` fails, return at once, with the record's `sequenceNumber` as in 5.3.",
        ),
        """
def handle(event, read, act):
    bad = []
    for record in event["Records"]:
        try:
            content = read(record)
        except ValueError:
            bad.append(record["eventID"])
            continue
        try:
            act(content)
        except Exception:
            return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}, bad
    return {"batchItemFailures": []}, bad
""",
    ),
    exercise(
        "8.2",
        "Only products",
        check_pattern,
        "The first data is Lambda's word, the second one the envelope's.",
        (
            "Lambda calls what is in the record `data`. What is the envelope's field with the event called?",
            'For texts that begin with something: `[{"prefix": "…"}]`.',
            '`{"data": {"data": {"schema": [{"prefix": …}]}}}`.',
        ),
        """
pattern = {"data": {"data": {"schema": [{"prefix": "com.nordstrom/product/"}]}}}
""",
    ),
    exercise(
        "8.3",
        "The whole log",
        check_whole_log,
        "All of it, and each product's events in their order: from this, every view can be made again.",
        (
            "All shards, the closed ones as well. Shard ids count up: sorted, parents come before their children.",
            "Follow `NextShardIterator` through empty pages. A closed shard has none at its end.",
            "In an open shard, stop where `MillisBehindLatest` is 0.",
        ),
        """
def whole_log(kinesis, stream):
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    ids = sorted(shard["ShardId"] for page in pages for shard in page["Shards"])
    records = []
    for shard in ids:
        place = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        iterator = place["ShardIterator"]
        while iterator:
            page = kinesis.get_records(ShardIterator=iterator)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["MillisBehindLatest"] else None
    return records
""",
    ),
    exercise(
        "8.4",
        "As much as the tables take",
        check_largest_batch,
        "A batch that can't be done in time is never done, however often it is tried.",
        (
            "How many writes are possible before the timeout? How many events is that?",
            "`timeout * writes_per_second / writes_per_event`, rounded down.",
            "And a BatchSize is 10,000 at most: `min(10_000, …)`.",
        ),
        """
def largest_batch(timeout, writes_per_event, writes_per_second):
    return min(10_000, int(timeout * writes_per_second / writes_per_event))
""",
    ),
    exercise(
        "8.5",
        "In any order",
        check_tally,
        "Order was lost on the way, and is found again in the ids: same facts, same result.",
        (
            "A dict by eventId drops what is there twice; `sorted` by eventId brings back the order.",
            "The first create and the first image, in this order, say who is who.",
            "Then count the purchases whose eventId is larger than that of the registration.",
        ),
        """
def tally(events):
    events = sorted({event["eventId"]: event for event in events}.values(), key=lambda event: event["eventId"])
    result = {}
    for role, kind in (("creator", "create"), ("photographer", "image")):
        for place, event in enumerate(events):
            if event["kind"] == kind:
                later = [other for other in events[place:] if other["kind"] == "purchase"]
                result[role] = (event["who"], len(later))
                break
    return result
""",
    ),
    exercise(
        "8.6",
        "Bought once",
        check_sold,
        "Only who makes the event can give it a name that survives being sent twice.",
        (
            "What makes two events the same purchase? The order, if there is one; else the eventId.",
            "`event['order'] or event['eventId']` is that name.",
            "How many different ones are there? `len({…})`.",
        ),
        """
def sold(events):
    return len({event["order"] or event["eventId"] for event in events})
""",
    ),
)
