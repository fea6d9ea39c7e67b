"""The exercises of chapter 07: a limit, a third truth value, a route, a filter for the rest, a book of events."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from helpers.exercises.chapter_03 import event_of
from helpers.exercises.exercise import exercise, named, outcome_of
from helpers.handlers.fan_out.classify import side_of
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.filters import Filters

# 7.1


def check_most_readers(most_readers: Any) -> str | None:
    """Whether a function knows both limits of reading."""
    for megabytes, wanted in ((0.8, 2), (0.5, 4), (1.0, 2), (0.7, 2), (0.05, 5), (0.4, 5), (0.001, 5)):
        got, error = outcome_of(most_readers, megabytes)
        if error:
            return f"For {megabytes} MB/s, your function raised {named(error)}."
        if got == wanted and not isinstance(got, bool):
            continue
        asked = f"For {megabytes} MB/s, you say {got!r}. "
        if not isinstance(got, int | float):
            return f"{asked}A whole number is wanted."
        if isinstance(got, float) and got != int(got):
            return f"{asked}There are no parts of readers: round down."
        if wanted == 5 and got > 5:
            return (
                f"{asked}The bytes would allow it. But a shard answers five calls a second, and each reader makes one."
            )
        if got == wanted + 1:
            return f"{asked}With that many, more would be wanted than 2 MB/s: round down, not up."
        if got == int(1 / megabytes):
            return f"{asked}You took what a shard takes in; it gives out 2 MB/s."
        return f"{asked}The shard gives 2 MB/s, and each reader takes all: that makes {wanted}."
    return None


# 7.2


def check_pump(pump: Any) -> str | None:
    """Whether a function decides as SQL does."""
    for amount, wanted in ((5.0, "POSITIVE"), (-0.01, "NEGATIVE"), (0, "POSITIVE"), (0.0, "POSITIVE"), (None, None)):
        got, error = outcome_of(pump, {"ID": 1, "USERNAME": "Zoë", "AMOUNT": amount})
        if isinstance(error, TypeError) and amount is None:
            return f"For NULL, your function raised {named(error)}. In SQL it is no error: the comparison is unknown."
        if error:
            return f"For an amount of {amount}, your function raised {named(error)}."
        if got == wanted:
            continue
        if amount is None:
            return f"NULL >= 0 is not true, and NULL < 0 is not true either: no pump takes it. You say {got!r}."
        if amount == 0:
            return f"The first pump says >= 0, so zero is its business; you say {got!r}."
        return f"For an amount of {amount}, you say {got!r}; it is {wanted!r}."
    return None


# 7.3

ROUTED = (
    ('{"ID": 1, "USERNAME": "Zoë", "AMOUNT": 5}', "POSITIVE"),
    ('{"ID": 2, "USERNAME": "Tom", "AMOUNT": -5}', "NEGATIVE"),
    ('{"ID": 3, "USERNAME": "Zoë"}', "REJECTED"),
    ('{"ID": 4, "USERNAME": "Zoë", "AMOUNT": 0}', "POSITIVE"),
    ("not JSON", "REJECTED"),
    ('{"ID": 5, "USERNAME": "Tom", "AMOUNT": 7}', "POSITIVE"),
)


def check_route(route: Any) -> str | None:
    """Whether a function routes a batch, with data and keys as they were."""
    event = event_of(*(text.encode() for text, _ in ROUTED))
    keys = [f"key-{place}" for place in range(len(ROUTED))]
    for record, key in zip(event["Records"], keys, strict=True):
        record["kinesis"]["partitionKey"] = key
    got, error = outcome_of(route, event["Records"], side_of)
    if error:
        return f"Your function raised {named(error)}."
    if not isinstance(got, dict) or not set(got) <= {"POSITIVE", "NEGATIVE", "REJECTED"}:
        return f"Return a dict with POSITIVE, NEGATIVE and REJECTED; what came back was {got!r}."
    for side in ("POSITIVE", "NEGATIVE", "REJECTED"):
        wanted = [(text.encode(), key) for (text, where), key in zip(ROUTED, keys, strict=True) if where == side]
        entries = got.get(side)
        if not isinstance(entries, list) or any(not isinstance(entry, dict) for entry in entries):
            return f"{side} should be a list of dicts, and is {entries!r}."
        if any(set(entry) != {"Data", "PartitionKey"} for entry in entries):
            return "An entry for put_records has Data and PartitionKey, and nothing else is needed here."
        if any(not isinstance(entry["Data"], bytes) for entry in entries):
            return "Data must be the bytes themselves: decode base64 first, or it is encoded twice in the end."
        found = [(entry["Data"], entry["PartitionKey"]) for entry in entries]
        if found == wanted:
            continue
        if sorted(data for data, _ in found) != sorted(data for data, _ in wanted):
            return f"{side} should hold {len(wanted)} of the {len(ROUTED)} records, and holds {[d for d, _ in found]}."
        if [data for data, _ in found] != [data for data, _ in wanted]:
            return f"{side} has the right records, but not in the order in which they came."
        return "The keys are not those of the records: then a user's records go to other shards, and lose their order."
    return None


# 7.4

REST = (
    ('{"ID": 1, "AMOUNT": 5}', False, "a number"),
    ('{"ID": 2, "AMOUNT": -0.5}', False, "a negative number"),
    ('{"ID": 3, "AMOUNT": 0}', False, "zero"),
    ('{"ID": 4}', True, "a missing amount"),
    ('{"ID": 5, "AMOUNT": null}', True, "null"),
    ('{"ID": 6, "AMOUNT": "12,50"}', True, "a text"),
)


def check_rest(rest: Any) -> str | None:
    """Whether filters let through what the other two filters don't."""
    if not isinstance(rest, list | tuple) or not all(isinstance(pattern, dict) for pattern in rest):
        return "A list of patterns is wanted, each a dict."
    if len(rest) > 5:
        return f"A mapping takes five filters, and you have {len(rest)}."
    if any(set(pattern) != {"data"} for pattern in rest):
        return 'What a record holds is under "data": {"data": {"AMOUNT": …}}.'
    try:
        filters = Filters.of({"Filters": [{"Pattern": json.dumps(pattern)} for pattern in rest]})
    except Exception as error:  # AWS's own words
        return f"Lambda would not take these: {error}"
    for text, wanted, what in REST:
        passed = filters.pass_(Record("1", "key", text.encode(), 0.0))
        if passed and not wanted:
            return f"They let through {what}, too, which another mapping has already."
        if wanted and not passed:
            together = (
                " Fields in one pattern must all fit; of several patterns, one is enough." if len(rest) == 1 else ""
            )
            return f"They let go of {what}.{together}"
    return None


# 7.5


def check_fresh(fresh: Any) -> str | None:
    """Whether a function skips what it has seen, within a batch and from batch to batch."""

    def batch(*events: str) -> list[dict[str, Any]]:
        documents = (json.dumps({"ID": int(event[1:]) % 2, "EVENT": event}).encode() for event in events)
        records: list[dict[str, Any]] = event_of(*documents)["Records"]
        for record in records:  # in the second stream it is a new record each time
            record["eventID"] = f"shardId-000000000000:{next(numbers)}"
        return records

    numbers = count(49590338271490256608559692538361571095921575989136588898)
    seen: set[str] = set()
    for events, wanted in ((("e1", "e2"), ["e1", "e2"]), (("e2", "e3", "e3"), ["e3"]), (("e1", "e4"), ["e4"])):
        records = batch(*events)
        got, error = outcome_of(fresh, records, seen)
        if error:
            return f"Your function raised {named(error)}."
        if not isinstance(got, list) or any(record not in records for record in got):
            return f"Return a list of records, as they came; what came back was {got!r}."
        places = [records.index(record) for record in got]
        names = [events[place] for place in places]
        if names == wanted:
            continue
        if len(names) > len(set(names)) and not set(names) - set(wanted):
            return "A batch may hold an event twice: remember it as soon as you have seen it."
        if set(names) - set(wanted):
            told = "The next batch brought it again, under another eventID"
            return f"{told}. The name that stays is the EVENT in the data; remember that one in `seen`."
        by_id = " Go by EVENT: IDs begin at 0 again with every start of the till." if seen else ""
        return f"Of {events}, {wanted} are new; you returned {names}.{by_id}"
    return None


EXERCISES = (
    exercise(
        "7.1",
        "How many?",
        check_most_readers,
        "Bytes or calls, whichever comes first: beyond that, somebody needs a lane of their own.",
        (
            "A shard gives out 2 MB/s. Each reader takes all that is written.",
            "`2 / megabytes`, rounded down: `int(…)`.",
            "And never more than the five calls a second.",
        ),
        """
def most_readers(megabytes):
    return min(5, int(2 / megabytes))
""",
    ),
    exercise(
        "7.2",
        "Neither true nor false",
        check_pump,
        "With NULL a comparison is unknown, and WHERE takes only what is true.",
        (
            "Three cases, and one of them is None.",
            "Ask for None first: Python raises where SQL shrugs.",
            "Zero is with `>=`.",
        ),
        """
def pump(row):
    amount = row["AMOUNT"]
    if amount is None:
        return None
    return "POSITIVE" if amount >= 0 else "NEGATIVE"
""",
    ),
    exercise(
        "7.3",
        "Route it",
        check_route,
        "Data and key stay as they were; so does the order of each user.",
        (
            "A dict with three empty lists, and a loop.",
            "`base64.b64decode(record['kinesis']['data'])` are the data, in bytes.",
            "The entry: `{'Data': data, 'PartitionKey': record['kinesis']['partitionKey']}`.",
        ),
        """
import base64


def route(records, side_of):
    sides = {"POSITIVE": [], "NEGATIVE": [], "REJECTED": []}
    for record in records:
        data = base64.b64decode(record["kinesis"]["data"])
        sides[side_of(data)].append({"Data": data, "PartitionKey": record["kinesis"]["partitionKey"]})
    return sides
""",
    ),
    exercise(
        "7.4",
        "The rest",
        check_rest,
        "Amounts that are missing, null or text end up somewhere now. What isn't can't be filtered for.",
        (
            "Three patterns, one for each case: of several, one has to fit.",
            '`[{"exists": False}]`, `[None]`, and for texts the rule that is given.',
            'Each of the form `{"data": {"AMOUNT": rule}}`.',
        ),
        """
rest = [
    {"data": {"AMOUNT": [{"exists": False}]}},
    {"data": {"AMOUNT": [None]}},
    {"data": {"AMOUNT": [{"prefix": ""}]}},
]
""",
    ),
    exercise(
        "7.5",
        "Only once",
        check_fresh,
        "Delivered at least once, and booked only once: the name of the event makes the difference.",
        (
            "The name is in the data: decode, parse, `['EVENT']`.",
            "If it is in `seen`, skip the record; if not, add it *and* keep the record.",
            "Add it at once, in the same loop: the next record may be the same event.",
        ),
        """
import base64
import json


def fresh(records, seen):
    kept = []
    for record in records:
        event = json.loads(base64.b64decode(record["kinesis"]["data"]))["EVENT"]
        if event not in seen:
            seen.add(event)
            kept.append(record)
    return kept
""",
    ),
)
