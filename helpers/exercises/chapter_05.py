"""The exercises of chapter 05: an alarm, a search, an answer, a redrive, a time budget, a decision."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from math import log2
from types import SimpleNamespace
from typing import Any

from helpers.exercises.chapter_03 import SHARD, STREAM, event_of
from helpers.exercises.exercise import exercise, named, outcome_of
from helpers.exercises.paper import Endless, PaperShards

HOUR = 3600
DAY = 24 * HOUR
"""Seconds for which the stream of the chapter keeps its records."""
ANSWER = '{"batchItemFailures": [{"itemIdentifier": …}]}'

# 5.1


def check_time_left(time_left: Any) -> str | None:
    """Whether a function says how long it takes until records expire."""
    for hours, retention in ((0, 24), (1, 24), (20.5, 24), (30, 48), (24, 24), (25, 24), (200, 168)):
        age = int(hours * HOUR * 1000)
        got, error = outcome_of(time_left, age, retention)
        if error:
            return f"Your function raised {named(error)}."
        if not isinstance(got, int | float):
            return f"A number of seconds is wanted; what came back was {got!r}."
        wanted = max(0.0, (retention - hours) * HOUR)
        if abs(got - wanted) < 1:
            continue
        asked = f"For an age of {age:,} ms and {retention} hours of retention, "
        if retention != 24 and abs(got - max(0.0, (24 - hours) * HOUR)) < 1:
            return f"{asked}you calculated with a day. Other streams keep records longer."
        if abs(got - max(0.0, retention * HOUR - age)) < 1:
            return f"{asked}you took milliseconds for seconds: divide the age by 1,000."
        if abs(got - wanted * 1000) < 1000:
            return f"{asked}you say {got:,}: those are milliseconds."
        if got < 0:
            return f"{asked}you say {got:,.0f}. Time that has run out does not run backwards: 0, at least."
        return f"{asked}you say {got:,}; it is {wanted:,.0f} seconds."
    return None


# 5.2


def check_calls(calls: Any) -> str | None:
    """Whether a function says how many calls bisecting takes."""
    for records in (64, 2, 1, 1024):
        got, error = outcome_of(calls, records)
        if error:
            return f"For {records} records, your function raised {named(error)}."
        depth = int(log2(records))
        if got == 1 + 2 * depth:
            continue
        asked = f"For a batch of {records}, you say {got}. "
        if got in (depth, depth + 1):
            return f"{asked}You followed the bad half only. The good half is called at every step, too."
        if got == 2 * depth:
            return f"{asked}And the first call, with the whole batch?"
        if got in (records, records + 1, 2 * records - 1):
            return f"{asked}A half that went through is not cut any further: most of the tree is never visited."
        return f"{asked}Draw it: one call with all, and at every step two halves, of which one fails."
    return None


# 5.3, 5.5


class Bookings:
    """Books orders, but for the bad ones; keeps count, and lets the time of a context pass."""

    def __init__(self, bad: tuple[int, ...] = (), seconds: float = 0.0, milliseconds: float = 1e9) -> None:
        """`bad`: places of orders that can't be booked; `seconds`: what a booking takes; `milliseconds`: time left."""
        self.places: list[int] = []
        self._left = milliseconds
        self.context = SimpleNamespace(get_remaining_time_in_millis=lambda: int(self._left))
        self._bad = bad
        self._seconds = seconds

    def book(self, record: dict[str, Any]) -> None:
        """What the learner's handler is to call for each record."""
        self._left -= self._seconds * 1000
        if self._left <= 0:
            raise OutOfTime
        place = _place(record)
        if place in self._bad:
            raise ValueError(f"order {place} has no amount")
        self.places.append(place)


class OutOfTime(BaseException):
    """The function is stopped: no handler can catch that."""


def _place(record: Any) -> int:
    if not isinstance(record, dict) or "kinesis" not in record:
        raise TypeError("book takes one record of event['Records']")
    return int(json.loads(base64.b64decode(record["kinesis"]["data"]))["ID"])


def check_handle(handle: Any) -> str | None:
    """Whether a handler stops at a failure and names the record."""
    for count, bad in ((5, ()), (5, (2,)), (4, (0,)), (6, (1, 4)), (3, (2,))):
        bookings = Bookings(bad)
        wrong = _wrong_answer(bookings, count, bad[0] if bad else None, handle, bookings.book)
        if wrong:
            return wrong
    return None


ENOUGH = 2000
"""Milliseconds that must be left to begin a booking."""
ONE = 1350
"""Milliseconds that a booking takes."""


def check_budget(handle: Any) -> str | None:
    """Whether a handler stops in time, too."""
    for count, bad, left, stuck in (
        (3, (), 60_000, None),
        (8, (), 10_000, 6),
        (8, (3,), 10_000, 3),
        (3, (), 1_990, 0),
        (2, (), 3_360, None),
    ):
        bookings = Bookings(bad, ONE / 1000, left)
        try:
            wrong = _wrong_answer(bookings, count, stuck, handle, bookings.context, bookings.book)
        except OutOfTime:
            return (
                f"With {left:,} ms and {count} orders, the function was stopped in the middle of a booking: the call "
                "has failed, and all of it comes again. Look at the clock before each booking, and begin none with "
                f"less than {ENOUGH:,} ms."
            )
        if wrong:
            late = "" if bad or stuck is None else f" (It had {left:,} ms; each booking took {ONE:,}.)"
            return (
                None if bad else _wrong_clock(bookings.places, count if stuck is None else stuck, left)
            ) or wrong + late
    return None


def _wrong_clock(booked: list[int], wanted: int, left: int) -> str | None:
    """Whether a handler stopped too early or too late, and how much time there was."""
    if booked != list(range(len(booked))) or len(booked) == wanted:
        return None
    if len(booked) < wanted:
        return (
            f"You stopped with {left - ONE * len(booked):,} ms left, and should have booked the first {wanted} of "
            f"these orders: with {ENOUGH:,} or more, begin the next."
        )
    return (
        f"You began with a booking when {left - ONE * wanted:,} ms were left: too little, if one takes longer than "
        f"usual. With less than {ENOUGH:,}, answer."
    )


def _wrong_answer(
    bookings: Bookings, count: int, stuck: int | None, handle: Callable[..., Any], *arguments: Any
) -> str | None:
    """What is wrong with a handler's answer, if it should get stuck at a place, or nowhere."""
    event = event_of(*(json.dumps({"ID": place}).encode() for place in range(count)))
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    answer, error = outcome_of(handle, event, *arguments)
    if error:
        if isinstance(error, ValueError) and "no amount" in str(error):
            return "book raised, and so did your handler: then the whole batch has failed. Catch it, and answer."
        return f"Your handler raised {named(error)}."
    wanted = list(range(count if stuck is None else stuck))
    booked = bookings.places
    if stuck is None and booked != wanted:
        return f"There was nothing wrong with {count} orders, and you booked {len(booked)} of them."
    if stuck is not None and booked != wanted and booked[: len(wanted)] == wanted:
        behind = f"You got stuck at place {stuck}, and booked {len(booked) - len(wanted)} behind it."
        return f"{behind} {_wrong_form(answer, numbers, event, stuck) or 'They all come again: stop there.'}"
    if booked != wanted:
        return (
            f"With {count} orders, you should have booked the first {len(wanted)}, and booked those in places {booked}."
        )
    return _wrong_form(answer, numbers, event, stuck)


def _wrong_form(answer: Any, numbers: list[str], event: dict[str, Any], stuck: int | None) -> str | None:
    if stuck is None:
        done = _says_all_done(answer)
        return None if done else f"All was booked: there is nothing to report, and you returned {answer!r}."
    if _says_all_done(answer):
        return (
            f"Not all was booked, and you returned {answer!r}: that means that all is done. The rest is gone for good."
        )
    identifiers = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not isinstance(identifiers, list):
        return f"The answer looks like this: {ANSWER}. Yours was {answer!r}."
    if not all(isinstance(each, dict) and set(each) == {"itemIdentifier"} for each in identifiers):
        return f"Each failure is a dict with the one key itemIdentifier; yours were {identifiers!r}."
    named_ones = [each["itemIdentifier"] for each in identifiers]
    if any(each in {record["eventID"] for record in event["Records"]} for each in named_ones):
        return "You named the eventID. No record has that as its sequence number: the whole batch would fail."
    if not all(each in numbers for each in named_ones):
        return f"You named {named_ones[0]!r}, and that is no sequence number of this batch: the whole batch would fail."
    lowest = min(numbers.index(each) for each in named_ones)
    if lowest < stuck:
        return "You named a record that was booked: it comes again. Name the first that was not."
    if lowest > stuck:
        return "You named a record behind the one that was not booked: that one counts as done, and is gone for good."
    return None


def _says_all_done(answer: Any) -> bool:
    """Whether Lambda takes an answer for a success."""
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    return failures in (None, {}, [], "")


# 5.4

PAGES = [
    *([b"before"], [b"just before", b"bad"], [], [b"behind"], [], [b"third"], [], [b"fourth"], [], [b"fifth"], []),
    *([b"last", b"after"], [b"much later"]),
]
FIRST, LAST = "102", "1101"
"""As text, 301 is behind 1101."""
WANTED = [b"bad", b"behind", b"third", b"fourth", b"fifth", b"last"]
BATCH_SIZE = 3
"""Other records stand in the range, as with several lanes."""


def check_redrive(redrive: Any) -> str | None:
    """Whether a function gets back what a failure report points to."""
    kinesis = PaperShards({SHARD: PAGES})
    batch = {
        "shardId": SHARD,
        "startSequenceNumber": FIRST,
        "endSequenceNumber": LAST,
        "approximateArrivalOfFirstRecord": "2026-01-05T09:10:28.160Z",
        "approximateArrivalOfLastRecord": "2026-01-05T09:12:28.160Z",
        "batchSize": BATCH_SIZE,
        "streamArn": STREAM,
    }
    try:
        got, error = outcome_of(redrive, kinesis, batch)
    except Endless:
        return "Your loop does not come to an end: stop when the last sequence number was there."
    if isinstance(error, Endless):
        return "Your loop does not come to an end: stop when the last sequence number was there."
    if error:
        return f"Your function raised {named(error)}."
    if not isinstance(got, list):
        return f"Return a list; what came back was {got!r}."
    if got and isinstance(got[0], dict):
        return "You returned whole records. Wanted is what is in them, under Data."
    if got == WANTED:
        return None
    if got[:1] == [b"before"]:
        return "You began at the beginning of the shard. There is a type of iterator that begins at a sequence number."
    if b"bad" not in got:
        return "The first record is missing: AFTER_SEQUENCE_NUMBER begins behind it, AT_SEQUENCE_NUMBER with it."
    if b"after" in got:
        return f"You read on behind the last one, and got {got}. Compare sequence numbers, as numbers: int(…)."
    if got == WANTED[:BATCH_SIZE]:
        return (
            f"You stopped after {BATCH_SIZE} records. batchSize counts those that failed, and others may stand among "
            "them: read up to endSequenceNumber."
        )
    if b"behind" not in got and kinesis.reads >= PAGES.index([b"behind"]):
        return f"You got {got}, and left out what you had read: as text, '9' is behind '10'. Compare numbers: int(…)."
    if got == WANTED[:-1]:
        return "The last record is missing: the end is included."
    return f"You got {got}, and that is not all: an empty page is not the end. Follow NextShardIterator."


# 5.6

BUCKET = "arn:aws:s3:::failed-orders"
RANGES = {
    "MaximumRetryAttempts": range(-1, 10_001),
    "MaximumRecordAgeInSeconds": (-1, *range(60, 604_801)),
}
"""What AWS takes (facts 7.2)."""
REPORTS = "ReportBatchItemFailures"
LONGEST_PAUSE = 12
"""Seconds to which the emulator's pauses between retries grow."""
MOST_RETRIES = DAY // LONGEST_PAUSE
"""After so many, a record has expired, and others behind it."""


def check_settings(settings: Any) -> str | None:
    """Whether settings fit what three systems need."""
    for system, judge in (("clicks", _clicks), ("orders", _orders), ("ledger", _ledger)):
        got, error = outcome_of(settings, system)
        if error:
            return f"For {system}, your function raised {named(error)}."
        if not isinstance(got, dict):
            return f"For {system}: return a dict with settings; what came back was {got!r}."
        wrong = _out_of_range(got) or judge(SimpleNamespace(**_with_defaults(got)))
        if wrong:
            return f"For {system}: {wrong}"
    return None


def _with_defaults(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "retries": given.get("MaximumRetryAttempts", -1),
        "age": given.get("MaximumRecordAgeInSeconds", -1),
        "bisects": given.get("BisectBatchOnFunctionError", False),
        "reports": REPORTS in given.get("FunctionResponseTypes", []),
        "destination": given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
    }


def _out_of_range(given: dict[str, Any]) -> str | None:
    known = [*RANGES, "BisectBatchOnFunctionError", "FunctionResponseTypes", "DestinationConfig"]
    unknown = [name for name in given if name not in known]
    if unknown:
        return f"{unknown[0]} is not one of this chapter's settings: {', '.join(known)}."
    for name, allowed in RANGES.items():
        if given.get(name, -1) not in allowed:
            return f"{name} can be -1, or {60 if 'Age' in name else 0} to {allowed[-1]:,}; yours is {given[name]!r}."
    types = given.get("FunctionResponseTypes", [])
    if types not in ([], [REPORTS]):
        return f'FunctionResponseTypes is a list, and only one word may be in it: ["{REPORTS}"]; yours is {types!r}.'
    destination = given.get("DestinationConfig", {})
    if not isinstance(destination, dict) or not isinstance(destination.get("OnFailure", {}), dict):
        return 'DestinationConfig looks like this: {"OnFailure": {"Destination": arn}}.'
    return None


def _clicks(chosen: SimpleNamespace) -> str | None:
    if chosen.age == -1 and chosen.retries == -1:
        return "a bad click would stop its shard for a day. Nobody wants old clicks: which knob gives up by age?"
    if chosen.age == -1:
        return "after an outage, it would count clicks of yesterday first. Nobody wants them: limit the age."
    if chosen.age > 600:
        return f"after {chosen.age:,} seconds a click is of no interest any more; ten minutes are 600."
    return None


def _orders(chosen: SimpleNamespace) -> str | None:
    if chosen.age != -1:
        return (
            "after an outage, good orders would be thrown out as too old, and nobody has tried them. No limit of age."
        )
    if not chosen.bisects:
        if chosen.reports:
            return (
                "given up is the bad order, with all that stands behind it in the batch. What searches on from there?"
            )
        return "the bad order takes its whole batch with it. It must be isolated first."
    if chosen.retries == -1:
        return "the bad order is isolated, and then tried without end: it stops the shard. Limit the retries."
    if chosen.retries >= MOST_RETRIES:
        return (
            f"{chosen.retries:,} retries, {LONGEST_PAUSE} seconds apart, take {chosen.retries * LONGEST_PAUSE // HOUR} "
            "hours. Before that the bad order expires, and good ones behind it expire, too. A few retries are enough."
        )
    if chosen.destination is None:
        return "the bad order is given up, and nobody hears of it. There is a bucket for that."
    if not str(chosen.destination).startswith("arn:aws:s3:::"):
        return "a message only says where the order was; next month, it has expired there. Use the bucket."
    if chosen.destination != BUCKET:
        return f"the bucket is {BUCKET}, and yours is {chosen.destination}."
    return None


def _ledger(chosen: SimpleNamespace) -> str | None:
    if chosen.retries != -1:
        return f"after {chosen.retries + 1} calls, a movement of money is skipped. Here, stopping is what is wanted."
    if chosen.age != -1:
        return f"after {chosen.age:,} seconds, a movement of money is skipped. Here, stopping is what is wanted."
    return None


EXERCISES = (
    exercise(
        "5.1",
        "How long have we got?",
        check_time_left,
        "An alarm at half the retention leaves the other half to do something about it.",
        (
            "The retention is in hours, the age in milliseconds; both become seconds.",
            "`retention_hours * 3600 - iterator_age / 1000`; and when that is negative?",
            "`max(0, …)`.",
        ),
        """
def time_left(iterator_age, retention_hours):
    return max(0, retention_hours * 3600 - iterator_age / 1000)
""",
    ),
    exercise(
        "5.2",
        "How many calls?",
        check_calls,
        "Twice the depth of the tree, and one: finding one in a thousand takes 21 calls.",
        (
            "The first call is with the whole batch. It fails.",
            "Then, at every step, two halves are called: one goes through, and one fails.",
            "How often can 64 be halved? `math.log2(64)` times.",
        ),
        """
import math


def calls(records):
    return 1 + 2 * int(math.log2(records))
""",
    ),
    exercise(
        "5.3",
        "Stop there",
        check_handle,
        "Nothing is done twice, nothing is lost: the answer says exactly how far you got.",
        (
            "A loop, and in it `try: book(record)`. What to do in `except`?",
            "Return at once: what stands behind it comes again anyway.",
            f"The answer: `{ANSWER}`, with the `sequenceNumber` of the record that could not be booked.",
        ),
        """
def handle(event, book):
    for record in event["Records"]:
        try:
            book(record)
        except Exception:
            return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
    return {"batchItemFailures": []}
""",
    ),
    exercise(
        "5.4",
        "Redrive",
        check_redrive,
        "From a slip of paper back to the records, as long as the stream remembers them.",
        (
            "`get_shard_iterator` with AT_SEQUENCE_NUMBER and StartingSequenceNumber, then `get_records` in a loop.",
            "Follow `NextShardIterator`, through empty pages as well.",
            "Stop at the first record with `int(record['SequenceNumber']) > int(batch['endSequenceNumber'])`, and also "
            "when the last number was there.",
        ),
        """
def redrive(kinesis, batch):
    iterator = kinesis.get_shard_iterator(
        StreamName=batch["streamArn"].partition("/")[2],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    found, last = [], int(batch["endSequenceNumber"])
    while iterator:
        page = kinesis.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            if int(record["SequenceNumber"]) <= last:
                found.append(record["Data"])
            if int(record["SequenceNumber"]) >= last:
                return found
        iterator = page.get("NextShardIterator")
    return found
""",
    ),
    exercise(
        "5.5",
        "A time budget",
        check_budget,
        "Whatever the clock says, every call gets somewhere, and says where.",
        (
            "As in 5.3, with one more question before each booking.",
            "`context.get_remaining_time_in_millis() < 2000`: then answer at once.",
            "The answer names the record that you did *not* begin with.",
        ),
        """
def handle(event, context, book):
    for record in event["Records"]:
        stuck = {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
        if context.get_remaining_time_in_millis() < 2000:
            return stuck
        try:
            book(record)
        except Exception:
            return stuck
    return {"batchItemFailures": []}
""",
    ),
    exercise(
        "5.6",
        "Three systems",
        check_settings,
        "Freshness, completeness or order: you decide what gives way, before it happens.",
        (
            "For clicks, what is old may go: one knob is enough.",
            "For orders: isolate, limit the retries, keep the record in a bucket. And no limit of age.",
            "For the ledger, touch nothing: by default, a mapping gives up nothing that the stream still keeps.",
        ),
        """
def settings(system):
    if system == "clicks":
        return {"MaximumRecordAgeInSeconds": 600}
    if system == "orders":
        return {
            "BisectBatchOnFunctionError": True,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "MaximumRetryAttempts": 2,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failed-orders"}},
        }
    return {}
""",
    ),
)
