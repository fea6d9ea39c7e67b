"""The exercises of chapter 09: buckets, fewer writes, a mark, a doubtful clock, what was left undone, full batches."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from helpers.exercises.exercise import exercise, named, outcome_of
from helpers.handlers.analytics import dimensions, dimensions_2017

right: Callable[[float], list[str]] = dimensions.dimensions
published: Callable[[float], list[str]] = dimensions_2017.dimensions

# 9.1

MOMENTS = (
    (2017, 8, 25, 13, 33),
    (2017, 10, 5, 14, 7),
    (2016, 2, 29, 0, 0),
    (2019, 12, 31, 23, 59),
    (2018, 1, 1, 0, 0),
    (2020, 9, 9, 9, 9),
    (2020, 11, 30, 12, 0),
)


@contextmanager
def _clock_in(zone: str) -> Iterator[None]:
    """Let this machine's clock stand in another time zone, so that local time is not UTC by chance."""
    if not hasattr(time, "tzset"):  # Windows
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def check_dimensions(dimensions: Any) -> str | None:
    """Whether a hit gets its five buckets in every month."""
    for moment in MOMENTS:
        milliseconds = int(datetime(*moment, 17, tzinfo=UTC).timestamp() * 1000)
        wanted = right(milliseconds)
        with _clock_in("Asia/Kolkata"):
            got, error = outcome_of(dimensions, milliseconds)
        if error:
            more = " The time is in milliseconds." if isinstance(error, ValueError | OverflowError | OSError) else ""
            return f"For {milliseconds}, your function raised {named(error)}.{more}"
        if not isinstance(got, list | tuple) or not all(isinstance(bucket, str) for bucket in got):
            return f"Return a list of texts; what came back was {got!r}."
        if list(got) == wanted:
            continue
        if list(got) == published(milliseconds):
            return f"That is the October bug itself: {got[3]} for a hit of {moment[0]}-{moment[1]}."
        if sorted(got) == sorted(wanted):
            return "All five are there. From the minute to the year, please, in this order."
        if len(got) != 5:
            return f"Five buckets are wanted, MINUTE, HOUR, DATE, MONTH and YEAR; you gave {len(got)}."
        with _clock_in("Asia/Kolkata"):
            here = datetime.fromtimestamp(milliseconds / 1000)
        if got[1] == f"HOUR:{here:%Y-%m-%dT%H}":
            return f"{got[1]} instead of {wanted[1]}: that is local time, where the clock is ahead. In UTC, please."
        mine, theirs = next((a, b) for a, b in zip(got, wanted, strict=True) if a != b)
        if "1970" in mine:
            return f"{mine} instead of {theirs}: milliseconds, not seconds, since 1970."
        return f"{mine} instead of {theirs}."
    return None


# 9.2


def check_totals(totals: Any) -> str | None:
    """Whether the hits of a batch are added up by page and bucket."""
    cases: tuple[list[tuple[str, list[str]]], ...] = (
        [("/", ["MINUTE:1", "YEAR:1"]), ("/", ["MINUTE:1", "YEAR:1"]), ("/cart", ["MINUTE:1", "YEAR:1"])],
        [("/", ["MINUTE:1", "YEAR:1"]), ("/", ["MINUTE:2", "YEAR:1"])],
        [],
    )
    for hits in cases:
        wanted = Counter((page, bucket) for page, buckets in hits for bucket in buckets)
        got, error = outcome_of(totals, hits)
        if error:
            return f"For {hits}, your function raised {named(error)}."
        if not isinstance(got, dict):
            return f"Return a dict from (page, bucket) to a number; what came back was {got!r}."
        if dict(got) == dict(wanted):
            continue
        if set(got) == {page for page, _ in hits}:
            return "You added up pages. A write is for one page in one bucket: the key is the pair of both."
        if set(got) != set(wanted):
            return f"The keys should be {sorted(wanted)}, and are {sorted(map(str, got))}."
        return f"For {hits}: {dict(wanted)}, and you have {dict(got)}."
    return None


# 9.3


def check_count_once(count_once: Any) -> str | None:
    """Whether an item counts each hit once, however often a batch comes."""
    item: dict[str, Any] = {"value": 0, "mark": ""}
    seen: set[str] = set()
    for numbers in (
        ["11", "12", "15"],
        ["11", "12", "15"],
        ["12", "15"],
        ["15", "16"],
        ["17"],
        ["11"],
        ["16", "17", "18"],
    ):
        seen |= set(numbers)
        got, error = outcome_of(count_once, dict(item), numbers)
        if error:
            return f"For {item} and {numbers}, your function raised {named(error)}."
        if not isinstance(got, dict) or set(got) != {"value", "mark"}:
            return f"Return the item, a dict with value and mark; what came back was {got!r}."
        if got["mark"] != max(seen):
            back = " A batch that comes again must not move it back." if got["mark"] < item["mark"] else ""
            return f"After {numbers}, the mark should be {max(seen)!r}, and is {got['mark']!r}.{back}"
        if got["value"] != len(seen):
            if got["value"] == item["value"] + len(numbers):
                return f"{numbers} came again, at least in part, and you counted them a second time."
            if got["value"] == item["value"]:
                return f"Of {numbers}, some are new: only those up to the mark {item['mark']!r} were counted already."
            return f"After {numbers}, {len(seen)} hits have been seen, and you have {got['value']}."
        item = got
    return None


# 9.4

HOUR = 3_600_000


def check_when(when: Any) -> str | None:
    """Whether a hit gets a time that can be trusted."""
    arrived = 1_503_667_980_000
    for date, wanted, what in (
        (arrived - 5_000, arrived - 5_000, "five seconds ago"),
        (arrived - HOUR, arrived - HOUR, "an hour ago"),
        (arrived + 5_000, arrived + 5_000, "in five seconds"),
        (arrived + HOUR, arrived + HOUR, "in an hour"),
        (arrived - 0.5, arrived - 0.5, "half a millisecond ago"),
        (None, arrived, "no time at all"),
        ("yesterday", arrived, "a text"),
        (float("nan"), arrived, "no number (NaN)"),
        (0, arrived, "1970"),
        (arrived + 400 * 24 * HOUR, arrived, "next year"),
        (arrived - 2 * HOUR, arrived, "two hours ago"),
    ):
        hit = {"url": "/", "name": "Start"} | ({} if date is None else {"date": date})
        got, error = outcome_of(when, hit, arrived)
        if error:
            return (
                f"For a clock that says {what}, your function raised {named(error)}. One visitor would stop the shard."
            )
        if got == wanted:
            continue
        if wanted == arrived:
            return f"For a clock that says {what}, take the time of arrival; you gave {got!r}."
        return f"A clock that says {what} can be right: take it; you gave {got!r}."
    return None


# 9.5


class PaperTable:
    """BatchWriteItem that does not do everything at once: at most three, and nothing every third time."""

    def __init__(self) -> None:
        """Nothing is written yet."""
        self.written: list[Any] = []
        self.calls = 0
        self.largest = 0

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:
        """As boto3's."""
        self.calls += 1
        if self.calls > 60:
            raise RuntimeError("batch_write_item was called 60 times, and there is no end to it")
        (name, requests), *_ = RequestItems.items()
        self.largest = max(self.largest, len(requests))
        if not 1 <= len(requests) <= 25:
            raise ValueError(f"batch_write_item takes 1 to 25 requests, and was given {len(requests)}")
        taken = 0 if self.calls % 3 == 0 else 3
        self.written += requests[:taken]
        return {"UnprocessedItems": {name: requests[taken:]} if requests[taken:] else {}}


def check_write_all(write_all: Any) -> str | None:
    """Whether everything is written, however often it takes."""
    for count in (2, 8, 40):
        dynamodb = PaperTable()
        requests = [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(count)]
        _, error = outcome_of(write_all, dynamodb, "hits", list(requests))
        if error:
            return f"With {count} requests, your function raised {named(error)}."
        missing = [each for each in requests if each not in dynamodb.written]
        if not dynamodb.calls:
            return "Nothing was written: call dynamodb.batch_write_item(RequestItems={table: requests})."
        if missing and len(dynamodb.written) <= 3 * -(-count // 25):
            return f"{len(missing)} of {count} are missing. The answer said so: look at UnprocessedItems."
        if missing:
            return f"{len(missing)} of {count} are missing: go on until nothing is left, even after a call for nothing."
        if len(dynamodb.written) > count:
            return f"{len(dynamodb.written)} writes for {count} requests: send again only what was not processed."
    return None


# 9.6


def check_batch(batch: Any) -> str | None:
    """Whether it is known how full a batch is, and how many seconds of traffic it holds."""
    for rate, size, window, records, seconds in (
        (2, 100, 20, 40, 20),
        (2, 100, 0, 2, 1),
        (2, 100, 300, 100, 50),
        (4, 10, 5, 10, 2.5),
        (500, 100, 0, 100, 0.2),
        (0.5, 100, 10, 5, 10),
    ):
        case = f"{rate} visits a second, size {size}, window {window}"
        got, error = outcome_of(batch, rate, size, window)
        if error:
            return f"For {case}, your function raised {named(error)}."
        if not (isinstance(got, list | tuple) and len(got) == 2 and all(isinstance(each, int | float) for each in got)):
            return f"Return two numbers, records and seconds; what came back was {got!r}."
        if math.isclose(got[0], records) and math.isclose(got[1], seconds):
            continue
        if (got[0], got[1]) == (seconds, records):
            return "The records first, please, then the seconds."
        if got[0] > size:
            return f"For {case}: {got[0]:g} records are more than the size allows: the batch is full sooner."
        if got[1] > max(window, 1):
            return f"For {case}: nobody waits {got[1]:g} seconds. The size is a limit, not a wish."
        if window == 0 and got[1] < seconds:
            return f"For {case}: without a window, a call takes what a poll finds, and there is a poll a second."
        if math.isclose(got[0], records):
            return f"{got[0]:g} records, right; at {rate} a second they come in {seconds:g} seconds, not {got[1]:g}."
        return f"For {case}: {records:g} records and {seconds:g} seconds, and you have {got[0]:g} and {got[1]:g}."
    return None


EXERCISES = (
    exercise(
        "9.1",
        "Five buckets",
        check_dimensions,
        "Every month, leap days and New Year's Eve: strftime knows the calendar.",
        (
            "`datetime.fromtimestamp(milliseconds / 1000, timezone.utc)`.",
            "`strftime` writes padded numbers by itself: `%Y-%m-%dT%H:%M`.",
            "Five formats, each shorter than the one before; no slicing, no padding by hand.",
        ),
        """
from datetime import datetime, timezone


def dimensions(milliseconds):
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    formats = {"MINUTE": "%Y-%m-%dT%H:%M", "HOUR": "%Y-%m-%dT%H", "DATE": "%Y-%m-%d", "MONTH": "%Y-%m", "YEAR": "%Y"}
    return [f"{name}:{moment.strftime(form)}" for name, form in formats.items()]
""",
    ),
    exercise(
        "9.2",
        "Add up first",
        check_totals,
        "One write for each page and bucket, instead of five for each hit.",
        (
            "A `collections.Counter`, or a dict with `.get(key, 0) + 1`.",
            "Two loops: over the hits, and over the buckets of each.",
            "The key is `(page, bucket)`.",
        ),
        """
from collections import Counter


def totals(hits):
    return Counter((page, bucket) for page, buckets in hits for bucket in buckets)
""",
    ),
    exercise(
        "9.3",
        "Leave a mark",
        check_count_once,
        "However often a batch comes, whole or in part: each hit counts once.",
        (
            "New are the numbers that are larger than the mark.",
            "Add how many there are; the new mark is the largest of all.",
            "`max(item['mark'], *numbers)` never goes back.",
        ),
        """
def count_once(item, numbers):
    fresh = [number for number in numbers if number > item["mark"]]
    return {"value": item["value"] + len(fresh), "mark": max(item["mark"], *numbers)}
""",
    ),
    exercise(
        "9.4",
        "Whose clock?",
        check_when,
        "A visitor's clock is believed as long as it is plausible; then the stream's counts.",
        (
            "Three questions: is it there, is it a number, is it near?",
            "Ask whether it is a number first: `isinstance(date, (int, float))`. A text can't be subtracted.",
            "`abs(date - arrived) <= 3_600_000` is false for NaN, which is what you want.",
        ),
        """
def when(hit, arrived):
    date = hit.get("date")
    if isinstance(date, (int, float)) and abs(date - arrived) <= 3_600_000:
        return date
    return arrived
""",
    ),
    exercise(
        "9.5",
        "What was left undone",
        check_write_all,
        "No error, and not all done: the answer has to be read, as with PutRecords.",
        (
            "25 requests at a time: `requests[:25]`.",
            "`answer['UnprocessedItems'].get(table, [])` is what is still to do; put it in front of the rest.",
            "A loop `while requests:`. On AWS one would pause between the rounds.",
        ),
        """
def write_all(dynamodb, table, requests):
    while requests:
        answer = dynamodb.batch_write_item(RequestItems={table: requests[:25]})
        requests = answer["UnprocessedItems"].get(table, []) + requests[25:]
""",
    ),
    exercise(
        "9.6",
        "How full is a batch?",
        check_batch,
        "Full or over, whichever is first: the size is a limit, and only a window makes a call wait.",
        (
            "How long does it take until a batch is full? `size / rate` seconds.",
            "It closes then or when the window is over, whichever is sooner. Without a window, a second counts.",
            "`min(size / rate, max(window, 1))` are the seconds; and how many come in that time?",
        ),
        """
def batch(rate, size, window):
    seconds = min(size / rate, max(window, 1))
    return rate * seconds, seconds
""",
    ),
)
