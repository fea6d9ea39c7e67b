"""The exercises of chapter 02: hash keys, shards, a good key, writing all of it, how many shards, where to cut."""

from __future__ import annotations

import time
from hashlib import md5
from typing import Any
from unittest import mock

from helpers.exercises.exercise import Exercise, named, outcome_of
from helpers.exercises.paper import PATIENCE, Endless, PaperWrites

SPACE = 2**128

# 2.1

KEYS = ("Tom", "Zoë", "1", "undefined")


def hashed(key: str, encoding: str = "utf-8", order: Any = "big") -> int:
    """The MD5 of a key as a number."""
    return int.from_bytes(md5(key.encode(encoding), usedforsecurity=False).digest(), order)


def check_hash_key(hash_key: Any) -> str | None:
    """Whether a function turns partition keys into hash keys."""
    for key in KEYS:
        got, error = outcome_of(hash_key, key)
        if got == hashed(key) and not isinstance(got, bool):
            continue
        if isinstance(error, UnicodeEncodeError):
            return f"{named(error)}. Keys are text of any kind: encode them as UTF-8."
        if isinstance(error, TypeError) and "encod" in str(error):
            return f"{named(error)}. MD5 works on bytes: encode the key first."
        if error:
            return f"For the key {key!r}, your function raised {named(error)}."
        return _why_not_hash(key, got)
    return None


def _why_not_hash(key: str, got: Any) -> str:
    right = hashed(key)
    if got is None:
        return "Your function returns nothing (None): does it end with return?"
    if got == f"{right:032x}":
        return "Those are the right 32 hexadecimal digits, as text. Read them as a number: int(…, 16)."
    if got == right.to_bytes(16, "big"):
        return "Those are the right 16 bytes. Read them as one number: int.from_bytes(…)."
    if isinstance(got, str):
        return f"A number is wanted, not the text {got[:20]!r}…"
    if got == hashed(key, order="little"):
        return "The bytes are read from the wrong end: the first byte is the one that weighs most (big-endian)."
    if got == hash(key):
        return "Python's own hash() is another one, and differs from run to run. Use hashlib.md5."
    return f"For the key {key!r}, the hash key is {right}; yours is {got!r}."


# 2.2

MIDDLE = SPACE // 2


def _shard(number: int, first: int, last: int, *, closed: bool = False) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": "495"} | ({"EndingSequenceNumber": "496"} if closed else {})
    return {
        "ShardId": f"shardId-{number:012d}",
        "HashKeyRange": {"StartingHashKey": str(first), "EndingHashKey": str(last)},
        "SequenceNumberRange": numbers,
    }


SHARDS = (
    _shard(0, 0, MIDDLE - 1, closed=True),
    _shard(1, MIDDLE, SPACE - 1),
    _shard(2, 0, 999),
    _shard(3, 1000, MIDDLE - 1),
)
"""Two shards, of which the first was split into two."""
PLACES = ((MIDDLE + 5, 1), (5, 2), (MIDDLE - 7, 3), (MIDDLE, 1), (999, 2), (1000, 3), (0, 2), (SPACE - 1, 1))


def check_shard_for(shard_for: Any) -> str | None:
    """Whether a function finds the shard of a hash key."""
    for hash_key, number in PLACES:
        got, error = outcome_of(shard_for, hash_key, list(SHARDS))
        wanted = f"shardId-{number:012d}"
        if got == wanted:
            continue
        if isinstance(error, TypeError) and "'<" in str(error):
            return f"{named(error)}. The ranges come as text, as they are too long for most numbers: use int()."
        if error:
            return f"For the hash key {hash_key}, your function raised {named(error)}."
        if got == SHARDS[0]["ShardId"]:
            return (
                "shardId-000000000000 is closed (it has an EndingSequenceNumber): it keeps its range, but new records "
                "go to its children."
            )
        if got is None and hash_key in (999, MIDDLE - 1, SPACE - 1):
            return f"{hash_key} is the last hash key of {wanted}. Both ends belong to the range: <= on both sides."
        if isinstance(got, dict):
            return "That is the whole shard: return its ShardId."
        if got == _by_text(hash_key):
            return f"{hash_key} belongs to {wanted}, not {got}. Compare numbers: as text, '9' comes after '10'."
        return f"The hash key {hash_key} belongs to {wanted}; your function says {got!r}."
    return None


def _by_text(hash_key: int) -> str | None:
    """The open shard whose range holds the hash key if all three are compared as text."""
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in SHARDS[1:]}
    key = str(hash_key)
    found = [name for name, ends in ranges.items() if ends["StartingHashKey"] <= key <= ends["EndingHashKey"]]
    return found[0] if found else None


# 2.3

CANDIDATES = {
    "the word 'transaction'": "One key, one shard: however many shards there are, one takes everything.",
    "the currency": "Three currencies, and nine of ten sales are in euros: that is one hot key in one hot shard.",
    "a random number": "Evenly spread, but two sales of one customer land in different shards: their order is lost.",
    "the customer": "",
}


def check_key(choice: Any) -> str | None:
    """Whether the key was chosen that spreads the load and keeps each customer's order."""
    if choice not in CANDIDATES:
        return f"Choose one of {', '.join(map(repr, CANDIDATES))}; {choice!r} is none of them."
    return CANDIDATES[choice] or None


# 2.4


def check_put_all(put_all: Any) -> str | None:
    """Whether everything is written once, in calls that are small enough, and hopeless records are given back."""
    return (
        _check_size(put_all, PaperWrites(refusals=0))
        or _check_retry(put_all, PaperWrites(refusals=2))
        or _check_limit(put_all, PaperWrites(refusals=10_000, every=4))
        or _check_pauses(put_all, PaperWrites(refusals=0, full_for=1.0))
    )


def _records(count: int) -> list[dict[str, Any]]:
    return [{"Data": str(number).encode(), "PartitionKey": f"key-{number % 7}"} for number in range(count)]


def _check_size(put_all: Any, paper: PaperWrites) -> str | None:
    records = _records(1_201)
    got, error = outcome_of(put_all, paper, "orders", records)
    if max(paper.sizes, default=0) > 500:
        return f"You sent {max(paper.sizes)} records in one call; PutRecords takes up to 500."
    if 0 in paper.sizes:
        return "You called PutRecords with no records at all: at least one is needed."
    if error:
        return f"With 1,201 records, your function raised {named(error)}."
    if len(paper.taken) != len(records):
        return f"Of 1,201 records, {len(paper.taken)} were written, though none was refused."
    if got != []:
        return f"Return the list of records that could not be written; here it is empty, and you returned {got!r}."
    return None


def _check_retry(put_all: Any, paper: PaperWrites) -> str | None:
    records = _records(600)
    got, error = outcome_of(put_all, paper, "orders", records)
    if isinstance(error, Endless):
        return f"After {PATIENCE} calls your function was still sending 600 records."
    if error:
        return f"When some entries were refused, your function raised {named(error)}."
    twice = len(paper.taken) - len(set(paper.taken))
    if twice:
        return f"{twice} records were written more than once: send again only the entries that have an ErrorCode."
    lost = len(records) - len(paper.taken)
    if lost and not got:
        return (
            f"{lost} of 600 records are lost, and nobody was told. The call said 200 OK; FailedRecordCount and the "
            "ErrorCode of each entry tell the rest."
        )
    if lost:
        return f"{lost} records were given up that would have been taken at the third try."
    return None if got == [] else f"All was written in the end; return [], not {got!r}."


def _check_limit(put_all: Any, paper: PaperWrites) -> str | None:
    records = _records(8)
    got, error = outcome_of(put_all, paper, "orders", records)
    if isinstance(error, Endless):
        return (
            f"A record that is refused for ever kept your function busy for {PATIENCE} calls. Give up after some "
            "tries, and return what is left."
        )
    if error:
        return f"When a record is refused for ever, your function raised {named(error)}; return what is left instead."
    left = [record for record in records if record["Data"] not in paper.taken]
    if got != left:
        return (
            f"{len(left)} records could not be written, and should come back, in their order and just as they were "
            f"given. What came back was {got!r}."
        )
    return None


def _check_pauses(put_all: Any, paper: PaperWrites) -> str | None:
    """Whether a shard that is full for a second gets the time to take in more."""

    def sleep(seconds: float) -> None:
        paper.slept += seconds

    imported = {name for name, value in getattr(put_all, "__globals__", {}).items() if value is time.sleep}
    with mock.patch.dict(put_all.__globals__, dict.fromkeys(imported, sleep)), mock.patch("time.sleep", sleep):
        outcome_of(put_all, paper, "orders", _records(10))
    if paper.taken:
        return None
    return (
        f"A shard that is full for a second still refused everything after {paper.calls} tries in {paper.slept:g} s: "
        "pause between the tries, longer each time, for a second in all at least."
    )


# 2.5

LOADS = ((400, 200), (5_000, 200), (1_000, 5_000), (1_001, 10), (800, 1_500), (100, 1024), (1, 1), (1, 1024**2))
"""Records a second, and bytes a record, key included."""


def shards_needed(records: float, size: float) -> int:
    """How many shards take in so much, spread evenly (facts 4.1)."""
    return int(max(-(-records // 1_000), -(-records * size // 1024**2)))


def check_shards_needed(function: Any) -> str | None:
    """Whether both limits of a shard are heeded, and rounded up."""
    for records, size in LOADS:
        got, error = outcome_of(function, records, size)
        wanted = shards_needed(records, size)
        case = f"For {records:,} records a second of {size:,} bytes"
        if error:
            return f"{case}, your function raised {named(error)}."
        if got == wanted and not isinstance(got, bool):
            continue
        if not isinstance(got, int | float):
            return f"{case} the answer was {got!r}, and should be a number of shards."
        by_count, by_bytes = -(-records // 1_000), -(-records * size // 1024**2)
        if got == max(records // 1_000, records * size // 1024**2) + 1:
            return f"{case}, {wanted} would do: `// … + 1` counts one too many where it fits exactly. Use math.ceil."
        if got == max(by_count, -(-records * size // 10**6)):
            return f"{case}, {wanted} would do: a shard takes 1 MiB, and that is 1,048,576 bytes."
        if got == by_count + by_bytes:
            return f"{case} you added the two limits up. One shard lives under both: take the larger need."
        if got == by_count:
            return f"{case} you need {wanted}: the records fit, the bytes do not (1 MiB a second and shard)."
        if got == by_bytes:
            return f"{case} you need {wanted}: the bytes fit, the number of records does not (1,000 a second)."
        if got < wanted:
            return f"{case} you need {wanted}, not {got:g}: there are no parts of a shard, round up."
        return f"{case}, {wanted} would do; your answer was {got:g}."
    return None


# 2.6

RANGES = ((0, SPACE - 1), (MIDDLE, SPACE - 1), (1000, 2001), (10**30, 10**30 + 7))


def check_split_at(split_at: Any) -> str | None:
    """Whether a shard is cut into two halves."""
    for first, last in RANGES:
        got, error = outcome_of(split_at, _shard(0, first, last))
        if isinstance(error, TypeError) and "str" in str(error):
            return f"{named(error)}. Both ends come as text: int() makes numbers of them."
        if error:
            return f"For the range from {first} to {last}, your function raised {named(error)}."
        if isinstance(got, float):
            return (
                f"{got!r} has lost digits: a float keeps about 16 of the 39. Divide whole numbers with //, and turn "
                "the result into text."
            )
        if isinstance(got, int):
            return "The number must go in as text: NewStartingHashKey is a string."
        if not isinstance(got, str) or not got.isdigit():
            return f"A number in a string is wanted, like '1234'; your function returned {got!r}."
        if int(got) not in range((first + last) // 2, (first + last) // 2 + 2):
            return (
                f"The range from {first} to {last} has its middle at {(first + last) // 2}, and your function said "
                f"{got}. The middle is the mean of both ends."
            )
    return None


EXERCISES = (
    Exercise(
        id="2.1",
        title="From key to number",
        check=check_hash_key,
        success="UTF-8, MD5, one big number: now you know what AWS knows about a key.",
        hints=(
            "Three steps: text to bytes, bytes to digest, digest to number.",
            "`hashlib.md5(...)` takes bytes; `.digest()` gives 16 of them.",
            '`int.from_bytes(digest, "big")`, or `int(hexdigest, 16)`, makes the number.',
        ),
        solution=(
            "import hashlib\n\n\n"
            "def hash_key(partition_key):\n"
            '    digest = hashlib.md5(partition_key.encode("utf-8")).digest()\n'
            '    return int.from_bytes(digest, "big")'
        ),
    ),
    Exercise(
        id="2.2",
        title="From number to shard",
        check=check_shard_for,
        success="Open shards only, both ends included: that is all there is to routing.",
        hints=(
            'A shard says its range in `shard["HashKeyRange"]`, as text.',
            "Both ends belong to the range: `first <= hash_key <= last`.",
            'A closed shard has an `"EndingSequenceNumber"` in its SequenceNumberRange: skip it.',
        ),
        solution=(
            "def shard_for(hash_key, shards):\n"
            "    for shard in shards:\n"
            '        if "EndingSequenceNumber" in shard["SequenceNumberRange"]:\n'
            "            continue\n"
            '        ends = shard["HashKeyRange"]\n'
            '        if int(ends["StartingHashKey"]) <= hash_key <= int(ends["EndingHashKey"]):\n'
            '            return shard["ShardId"]'
        ),
    ),
    Exercise(
        id="2.3",
        title="A good key",
        check=check_key,
        success="Many values, none of them dominant, and what must stay in order shares a key.",
        hints=(
            "Two questions: how many different values are there, and how evenly are they used?",
            "And a third: which records must stay in order? They need the same key.",
        ),
        solution="choice = 'the customer'",
    ),
    Exercise(
        id="2.4",
        title="All of it, once",
        check=check_put_all,
        success="Small enough calls, only the refused entries again, and what is lost is said.",
        hints=(
            "Take up to 500 records at a time: `records[start : start + 500]`.",
            'Entries answer by position: `zip(chunk, answer["Records"])`. Keep those with an `"ErrorCode"`.',
            "Send the kept ones again, after a pause, five times at most; what is left then goes into the result.",
        ),
        solution=(
            "import time\n\n\n"
            "def put_all(kinesis, stream, records):\n"
            "    lost = []\n"
            "    for start in range(0, len(records), 500):\n"
            "        waiting = records[start : start + 500]\n"
            "        for attempt in range(5):\n"
            "            answer = kinesis.put_records(StreamName=stream, Records=waiting)\n"
            '            pairs = zip(waiting, answer["Records"])\n'
            '            waiting = [record for record, entry in pairs if "ErrorCode" in entry]\n'
            "            if not waiting:\n"
            "                break\n"
            "            time.sleep(0.1 * 2**attempt)\n"
            "        lost += waiting\n"
            "    return lost"
        ),
    ),
    Exercise(
        id="2.5",
        title="How many shards?",
        check=check_shards_needed,
        success="The stricter of two limits decides, and there are no parts of a shard.",
        hints=(
            "By count: records a second over 1,000. By size: bytes a second over 1,048,576.",
            "Round each up with `math.ceil`.",
            "The larger one is the answer.",
        ),
        solution=(
            "import math\n\n\n"
            "def shards_needed(records_per_second, bytes_per_record):\n"
            "    by_count = math.ceil(records_per_second / 1000)\n"
            "    by_size = math.ceil(records_per_second * bytes_per_record / 1024**2)\n"
            "    return max(by_count, by_size)"
        ),
    ),
    Exercise(
        id="2.6",
        title="Where to cut",
        check=check_split_at,
        success="Whole numbers of 39 digits, and a string in the end.",
        hints=(
            "The middle is the mean of the first and the last hash key.",
            "`//` divides whole numbers and keeps every digit; `/` makes a float and loses most of them.",
            "NewStartingHashKey is a string: `str(...)`.",
        ),
        solution=(
            "def split_at(shard):\n"
            '    ends = shard["HashKeyRange"]\n'
            '    return str((int(ends["StartingHashKey"]) + int(ends["EndingHashKey"])) // 2)'
        ),
    ),
)
