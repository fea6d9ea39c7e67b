"""The exercises of chapter 00: open a record, and count zero."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

from helpers import batches
from helpers.exercises.exercise import Exercise, named, outcome_of

TRANSACTIONS: tuple[dict[str, Any], ...] = (
    {"ID": 1, "USERNAME": "Tom", "AMOUNT": 12.5},
    {"ID": 2, "USERNAME": "Zoë", "AMOUNT": -12.5},
    {"ID": 3, "USERNAME": "李娜 🛒", "AMOUNT": 0},
)

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/transactions"
ROLE = "arn:aws:iam::123456789012:role/book-transactions"


def record_of(transaction: dict[str, Any]) -> dict[str, Any]:
    """A record of a batch event with this transaction in it."""
    put = {
        "SequenceNumber": f"4966{transaction['ID']:052d}",
        "PartitionKey": transaction["USERNAME"],
        "Data": json.dumps(transaction, ensure_ascii=False).encode("utf-8"),
        "ApproximateArrivalTimestamp": datetime.fromtimestamp(1767603600.25, UTC),
    }
    event = batches.build([put], shard="shardId-000000000000", stream_arn=STREAM, role_arn=ROLE)
    record: dict[str, Any] = event["Records"][0]
    return record


def check_decode(decode: Any) -> str | None:
    """Whether a function opens the records of a batch event."""
    for transaction in TRANSACTIONS:
        record = record_of(transaction)
        got, error = outcome_of(decode, record)
        if got == transaction:
            continue
        return _what_went_wrong(got, error, record, transaction)
    return None


def _what_went_wrong(got: Any, error: Exception | None, record: dict[str, Any], wanted: dict[str, Any]) -> str:
    inner = base64.b64decode(record["kinesis"]["data"])
    if isinstance(error, KeyError):
        return 'The data is not at the top of the record but one level down, in record["kinesis"]["data"].'
    if isinstance(error, UnicodeDecodeError):
        return f"{named(error)}. There are names beyond ASCII in here: the bytes are UTF-8."
    if isinstance(error, json.JSONDecodeError | binascii.Error):
        return f"{named(error)}. The data is base64 text around bytes of JSON: undo base64 once, then read the JSON."
    if error:
        return f"For the record of {wanted['USERNAME']}, your function raised {named(error)}."
    if got is None:
        return "Your function returns nothing (None): does it end with return?"
    if got == inner:
        return "That is still bytes: you have undone base64, and the JSON is left to read."
    if got == inner.decode("utf-8") or isinstance(got, str):
        return "That is still text: read it as JSON, so that a dict comes out."
    if isinstance(got, dict) and got.get("USERNAME") != wanted["USERNAME"]:
        name = got.get("USERNAME")
        if wanted["USERNAME"].isascii():
            return f"That is another record's transaction, of {name}: does your function use the record it is given?"
        return f"The name came out as {name!r} instead of {wanted['USERNAME']!r}: decode the bytes as UTF-8."
    return f"For the record of {wanted['USERNAME']} the answer was {got!r} instead of {wanted!r}."


CASES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"ID": 1, "AMOUNT": 0.01}, "POSITIVE"),
    ({"ID": 2, "AMOUNT": -99.99}, "NEGATIVE"),
    ({"ID": 3, "AMOUNT": 0}, "ZERO"),
    ({"ID": 4, "AMOUNT": -0.0}, "ZERO"),
    ({"ID": 5}, "MISSING"),
    ({"ID": 6, "AMOUNT": None}, "MISSING"),
)


def check_classify(classify: Any) -> str | None:
    """Whether a function tells paid, paid back, zero and missing apart."""
    for transaction, wanted in CASES:
        got, error = outcome_of(classify, dict(transaction))
        if got != wanted:
            return _why(transaction, wanted, got, error)
    return None


def _why(transaction: dict[str, Any], wanted: str, got: Any, error: Exception | None) -> str:
    if isinstance(error, KeyError):
        return (
            f"{transaction} has no AMOUNT, and your function raised {named(error)}. In a batch, that would stop the "
            "whole shard: answer MISSING instead."
        )
    if error:
        return f"For {transaction}, your function raised {named(error)}."
    if got is None:
        return f"For {transaction} nothing came back (None): does every path end with return?"
    if wanted == "ZERO" and got == "MISSING":
        return "An AMOUNT of 0 is there: it is not missing. In Python, `not 0` is true; ask for None instead."
    if wanted == "ZERO":
        return f"An AMOUNT of {transaction['AMOUNT']} is neither paid nor paid back, but the answer was {got}."
    if wanted == "MISSING":
        return f"{transaction} has no amount that could be {got}: absent and None are both MISSING."
    return f"For {transaction} the answer was {got!r} instead of {wanted!r}."


EXERCISES = (
    Exercise(
        id="0.1",
        title="Open the envelope",
        check=check_decode,
        success="base64 off, UTF-8 bytes inside, JSON in them: that is every Kinesis record in Lambda.",
        hints=(
            'The data is at `record["kinesis"]["data"]`, and it is text in base64.',
            "`base64.b64decode(...)` gives you the bytes that the producer sent.",
            "`json.loads` takes bytes as well as text, and expects UTF-8.",
        ),
        solution=(
            'def decode(record):\n    data = base64.b64decode(record["kinesis"]["data"])\n    return json.loads(data)'
        ),
    ),
    Exercise(
        id="0.2",
        title="Zero is an amount",
        check=check_classify,
        success="Zero counts, and what is missing is named instead of dropped.",
        hints=(
            "There are four answers, and one of them is about the key not being there at all.",
            '`transaction.get("AMOUNT")` gives None both when the key is absent and when it holds None.',
            "Ask `amount is None` first; only then compare with 0.",
        ),
        solution=(
            "def classify(transaction):\n"
            '    amount = transaction.get("AMOUNT")\n'
            "    if amount is None:\n"
            '        return "MISSING"\n'
            "    if amount == 0:\n"
            '        return "ZERO"\n'
            '    return "POSITIVE" if amount > 0 else "NEGATIVE"'
        ),
    ),
)
