"""The exercises of chapter 01: having a stream, bytes, reading to the tip, every shard, the bill, errors."""

from __future__ import annotations

import math
from typing import Any

from helpers.exercises.exercise import Exercise, NotStarted, named, outcome_of
from helpers.exercises.paper import ARN, PATIENCE, Endless, PaperShards, PaperStreams

# 1.1


def check_ensure_stream(ensure_stream: Any) -> str | None:
    """Whether a function makes sure that a stream is there and can be used."""
    fresh, there = PaperStreams(), PaperStreams(exists=True)
    got, error = outcome_of(ensure_stream, fresh, "orders")
    if error:
        return f"With no stream there, your function raised {named(error)}."
    if not fresh.created:
        return "There was no stream, and your function made none."
    if not fresh.active:
        return (
            "The stream was made, but your function came back while it was still CREATING: the next put would be "
            "refused. Wait until it is ACTIVE."
        )
    if got != ARN + "orders":
        return f"The stream is there and ACTIVE; return its StreamARN, too. What came back was {got!r}."
    got, error = outcome_of(ensure_stream, there, "orders")
    if error:
        return f"The second time, with the stream there already, your function raised {named(error)}"
    if got != ARN + "orders":
        return f"With the stream there already, what came back was {got!r} instead of its StreamARN."
    return _check_other_errors(ensure_stream)


def _check_other_errors(ensure_stream: Any) -> str | None:
    busy = PaperStreams(refuses="LimitExceededException")
    _, error = outcome_of(ensure_stream, busy, "orders")
    if error is None or "LimitExceeded" not in named(error):
        return (
            "Creating a stream can also fail because too many are being made (LimitExceededException), and your "
            "function hides that: catch ResourceInUseException only."
        )
    return None


# 1.2

DECODERS = {
    "A": ('data.decode("ascii")', "it raises UnicodeDecodeError, and so somebody will notice"),
    "B": ('data.decode("utf-8")', "it gives back just what went in"),
    "D": ("json.loads(data)", "it knows that JSON is UTF-8, and gives back what went in"),
}


def check_decoder(letter: Any) -> str | None:
    """Whether the decoder that corrupts without a word was found."""
    if not isinstance(letter, str) or letter.strip().upper() not in "ABCD" or len(letter.strip()) != 1:
        return f'The answer is one letter in quotes, "A", "B", "C" or "D", and not {letter!r}.'
    if letter.strip().upper() == "C":
        return None
    code, why = DECODERS[letter.strip().upper()]
    return f"`{code}`: {why}. Which one gives back something else, and raises nothing?"


# 1.3

PAGES = [[b"one", b"two"], [], [b"three"], [], [], [b"four"]]
WHOLE = [b"one", b"two", b"three", b"four"]


def check_read_shard(read_shard: Any) -> str | None:
    """Whether a reader goes on to the tip, and stops there."""
    return _check_read_shard(read_shard, closed=False) or _check_read_shard(read_shard, closed=True)


def _check_read_shard(read_shard: Any, *, closed: bool) -> str | None:
    paper = PaperShards({"shardId-000000000000": PAGES}, closed=closed)
    got, error = outcome_of(read_shard, paper, "orders", "shardId-000000000000")
    if isinstance(error, Endless):
        again = paper.iterators > 1
        return (
            _going_in_circles()
            if again
            else (
                f"Your loop was still reading after {PATIENCE} calls. An open shard has no end: stop when "
                "MillisBehindLatest is 0."
            )
        )
    if closed and isinstance(error, KeyError | TypeError):
        return (
            f"This shard is closed, and at its end your function raised {named(error)}: the last answer has no "
            "NextShardIterator. Use .get, and stop there, too."
        )
    if error and "Invalid ShardIterator" in str(error):
        return "Your iterator does not come from the `kinesis` that your function is given: ask that one for it."
    if error:
        return f"Your function raised {named(error)}."
    return _wrong_records(got, paper)


def _going_in_circles() -> str:
    return (
        "Your loop asks for a new iterator each time, and so reads the first page again and again. Ask once, then "
        "go on with NextShardIterator."
    )


def _wrong_records(got: Any, paper: PaperShards) -> str | None:
    data = _data(got)
    if data is None:
        return f"Return a list of records, each as GetRecords gives it. What came back was {got!r}."
    if data == WHOLE:
        return None
    if paper.iterators > 1 and data.count(b"one") > 1:
        return _going_in_circles()
    if data == WHOLE[:2] and paper.reads == 1:
        return "That is only the first page. Go on with its NextShardIterator."
    if data == WHOLE[:2]:
        return (
            "Your reader stopped at the first empty page, and missed what came behind it. An empty page is not the "
            "end: MillisBehindLatest tells."
        )
    return f"The shard holds {_shown(WHOLE)}; your function returned {_shown(data)}."


def _data(records: Any) -> list[bytes] | None:
    try:
        return [record["Data"] for record in records]
    except (TypeError, KeyError):
        return None


def _shown(data: list[bytes]) -> str:
    return ", ".join(each.decode() if isinstance(each, bytes) else repr(each) for each in data) or "nothing"


# 1.4


def check_read_stream(read_stream: Any) -> str | None:
    """Whether all shards are read, also those on the second page of the list."""
    names = [f"shardId-{number:012d}" for number in range(5)]
    paper = PaperShards({name: [[name[-1:].encode()]] for name in names})
    got, error = outcome_of(read_stream, paper, "orders")
    if isinstance(error, Endless):
        return f"Your loop did not come to an end within {PATIENCE} calls."
    if error and "cannot be provided together" in str(error):
        return "For the next page, pass NextToken alone: it knows its stream."
    if error:
        return f"Your function raised {named(error)}."
    data = _data(got)
    if data is None:
        return f"Return one list with the records of all shards. What came back was {got!r}."
    found = sorted(data)
    if found == [b"0"]:
        return "That is the first shard alone. A key decides the shard: the others have records, too."
    if found == [b"0", b"1"]:
        return (
            "Shards 0 and 1 were read, and there are five: ListShards answers in pages. While there is a NextToken, "
            "ask again with it."
        )
    return None if found == [b"0", b"1", b"2", b"3", b"4"] else f"Each shard holds one record; yours were {found}."


# 1.5

SHARD_HOUR = 0.015
MILLION_PUT_UNITS = 0.014
HOURS = 730
BILLS: tuple[tuple[int, float, float], ...] = ((2, 100, 1), (1, 0, 1), (2, 100, 26), (4, 50, 25), (3, 10, 60.5))
"""Shards, records a second, kilobytes a record."""


def bill(shards: int, records_per_second: float, kilobytes: float, *, unit: float = 25, up: bool = True) -> float:
    """A month of a provisioned stream, in US dollars (facts 10)."""
    units = kilobytes / unit
    puts = records_per_second * HOURS * 3600 * (math.ceil(units) if up else units)
    return shards * HOURS * SHARD_HOUR + puts / 1_000_000 * MILLION_PUT_UNITS


def check_bill(monthly_price: Any) -> str | None:
    """Whether a month of a provisioned stream is priced right."""
    for shards, rate, size in BILLS:
        got, error = outcome_of(monthly_price, shards, rate, size)
        case = f"{shards} shard{'s' * (shards != 1)}, {rate} records a second of {size} KB"
        if error:
            return f"For {case}, your function raised {named(error)}."
        if not isinstance(got, int | float) or isinstance(got, bool):
            return f"For {case} the answer was {got!r}, and should be a number of dollars."
        if not math.isclose(got, bill(shards, rate, size), abs_tol=0.005):
            return _why_not(got, shards, rate, size, case)
    return None


def _why_not(got: float, shards: int, rate: float, size: float, case: str) -> str:
    def near(value: float) -> bool:
        return math.isclose(got, value, abs_tol=0.005)

    if near(bill(0, rate, size)):
        return f"For {case}: a shard costs by the hour, whether records come or not."
    if near(bill(shards, 0, size)):
        return f"For {case}: the records cost, too, by PUT payload units."
    if near(bill(shards, rate, size, up=False)):
        return f"For {case}: a unit that was begun counts whole. 26 KB are 2 units, 1 KB is 1 unit."
    if near(bill(shards, rate, size, unit=1)):
        return f"For {case}: a unit is 25 KB, not 1 KB."
    if near(bill(1, rate, size)):
        return f"For {case}: every shard costs."
    if near(bill(shards, rate / 60, size)):
        return f"For {case}: an hour has 3,600 seconds."
    units = rate * HOURS * 3600 * math.ceil(size / 25)
    if near(bill(shards, 0, size) + math.ceil(units / 1_000_000) * MILLION_PUT_UNITS):
        return f"For {case}: round the units of a record up, not the millions of a month."
    return f"For {case} the bill is {bill(shards, rate, size):.4f} USD; your answer was {got:.4f}."


# 1.6

ERRORS = {
    "put to a stream that is CREATING": (
        "ResourceNotFoundException",
        "while it is CREATING, a stream is not there for those who write",
    ),
    "create a stream that is there": ("ResourceInUseException", "the name is in use"),
    "read with an iterator of six minutes ago": (
        "ExpiredIteratorException",
        "an iterator is good for five minutes; get another one after the last sequence number that you have read",
    ),
    "ask for a retention of 12 hours": (
        "InvalidArgumentException",
        "the request is well formed, but the service does not take this value",
    ),
    "create a stream called 'Black Friday'": (
        "ValidationException",
        "the request itself is malformed, as a name has no blanks; nobody has looked whether there is such a stream",
    ),
}


def check_errors(answers: Any) -> str | None:
    """Whether each mistake was given the error that it brings."""
    if not isinstance(answers, dict):
        return f"The answer is a dict from the mistake to the name of its error, and not {answers!r}."
    if all(answers.get(mistake) is ... for mistake in ERRORS):
        raise NotStarted("put the code of an error in place of each of the dots")
    missing = [mistake for mistake in ERRORS if mistake not in answers or answers[mistake] in (..., None, "")]
    if missing:
        return f"Still open: “{missing[0]}”."
    wrong = [mistake for mistake, (code, _) in ERRORS.items() if str(answers[mistake]) != code]
    if not wrong:
        return None
    mistake = wrong[0]
    right = len(ERRORS) - len(wrong)
    return f"{right} of {len(ERRORS)} are right. “{mistake}” is another one: {ERRORS[mistake][1]}."


EXERCISES = (
    Exercise(
        id="1.1",
        title="There when you need it",
        check=check_ensure_stream,
        success="Run it as often as you like: afterwards the stream is there, and ACTIVE.",
        hints=(
            "Three things in a row: try to create, wait, ask for the ARN.",
            "If the name is taken, that is fine: `except kinesis.exceptions.ResourceInUseException: pass`.",
            'The waiter is `kinesis.get_waiter("stream_exists")`; the ARN stands in describe_stream_summary.',
        ),
        solution=(
            "def ensure_stream(kinesis, name):\n"
            "    try:\n"
            "        kinesis.create_stream(StreamName=name, ShardCount=1)\n"
            "    except kinesis.exceptions.ResourceInUseException:\n"
            "        pass\n"
            '    kinesis.get_waiter("stream_exists").wait(StreamName=name)\n'
            "    summary = kinesis.describe_stream_summary(StreamName=name)\n"
            '    return summary["StreamDescriptionSummary"]["StreamARN"]'
        ),
    ),
    Exercise(
        id="1.2",
        title="The quiet vandal",
        check=check_decoder,
        success="Latin-1 has a letter for every byte, so it never complains, and turns ë into two others.",
        hints=(
            """Try them: `data = '{"NAME": "Zoë"}'.encode("utf-8")`, then each of the four.""",
            "One raises. Two give back what went in.",
            "Which encoding knows a letter for each of the 256 bytes?",
        ),
        solution='answer = "C"',
    ),
    Exercise(
        id="1.3",
        title="Read to the tip",
        check=check_read_shard,
        success="One iterator, then from page to page, past the empty ones, to the tip or the end.",
        hints=(
            "Ask for the iterator once, before the loop; in the loop, replace it by NextShardIterator.",
            "Stop when MillisBehindLatest is 0: not when a page is empty.",
            'A closed shard ends without a next one: `answer.get("NextShardIterator")` is None then.',
        ),
        solution=(
            "def read_shard(kinesis, stream, shard):\n"
            "    place = kinesis.get_shard_iterator(\n"
            '        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"\n'
            '    )["ShardIterator"]\n'
            "    records = []\n"
            "    while place:\n"
            "        answer = kinesis.get_records(ShardIterator=place)\n"
            '        records += answer["Records"]\n'
            '        at_the_tip = answer["MillisBehindLatest"] == 0\n'
            '        place = None if at_the_tip else answer.get("NextShardIterator")\n'
            "    return records"
        ),
    ),
    Exercise(
        id="1.4",
        title="Every shard",
        check=check_read_stream,
        success="All shards, page after page of them.",
        hints=(
            "ListShards gives the ids; read each of them as in 1.3.",
            "It answers in pages. While there is a NextToken, there are more.",
            'boto3 turns the pages for you: `kinesis.get_paginator("list_shards").paginate(StreamName=stream)`.',
        ),
        solution=(
            "def read_stream(kinesis, stream):\n"
            "    records = []\n"
            '    for page in kinesis.get_paginator("list_shards").paginate(StreamName=stream):\n'
            '        for shard in page["Shards"]:\n'
            "            place = kinesis.get_shard_iterator(\n"
            '                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"\n'
            '            )["ShardIterator"]\n'
            "            while place:\n"
            "                answer = kinesis.get_records(ShardIterator=place)\n"
            '                records += answer["Records"]\n'
            '                at_the_tip = answer["MillisBehindLatest"] == 0\n'
            '                place = None if at_the_tip else answer.get("NextShardIterator")\n'
            "    return records"
        ),
    ),
    Exercise(
        id="1.5",
        title="What a month costs",
        check=check_bill,
        success="Shards cost by the hour, records by units of 25 KB, begun ones whole.",
        hints=(
            "Two sums: shards × hours × price, and units × price.",
            "Records in a month: records a second × 3600 × 730.",
            "Units of one record: `math.ceil(kilobytes / 25)`.",
        ),
        solution=(
            "import math\n\n\n"
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    hours = 730\n"
            "    units = records_per_second * 3600 * hours * math.ceil(kilobytes / 25)\n"
            "    return shards * hours * 0.015 + units / 1_000_000 * 0.014"
        ),
    ),
    Exercise(
        id="1.6",
        title="Which error is it?",
        check=check_errors,
        success="Five mistakes, five errors, and each says what to do about it.",
        hints=(
            "Try them! Each takes one line, and the error tells its name.",
            "ValidationException: the request itself is malformed. InvalidArgumentException: its value is refused.",
            "While it is CREATING, those who write are told that there is no such stream.",
        ),
        solution=(
            "answers = {\n" + "".join(f'    "{mistake}": "{code}",\n' for mistake, (code, _) in ERRORS.items()) + "}"
        ),
    ),
)
