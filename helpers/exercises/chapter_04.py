"""The exercises of chapter 04: a handler, its name, its role, a lost start, a stage, a record handler."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from helpers.exercises.chapter_03 import event_of
from helpers.exercises.exercise import NotStarted, exercise, named, outcome_of

# 4.1

FIRST = tuple(
    json.dumps(each).encode()
    for each in ({"ID": 1, "AMOUNT": 5}, {"ID": 2}, {"ID": 3, "AMOUNT": 0}, {"ID": 6, "AMOUNT": 7})
)
SECOND = (b'{"ID": 4, "AMOUNT": -1}', b'{"ID": 5, "AMOUNT": null}')


def check_handler(handler: Any) -> str | None:
    """Whether a handler counts, skips, and starts anew with every call."""
    for number, (data, booked, skipped) in enumerate(((FIRST, 3, 1), (SECOND, 1, 1), ((FIRST[0],), 1, 0)), 1):
        got, error = outcome_of(handler, event_of(*data), None)
        if isinstance(error, AttributeError) and "NoneType" in str(error):
            return f"{named(error)}. In a test there is no context: it is None here, and you don't need it."
        if isinstance(error, KeyError) and "AMOUNT" in str(error):
            return f"{named(error)}. An order without an amount is skipped; raising would stop the shard."
        if error:
            return f"With {len(data)} orders, your handler raised {named(error)}."
        wanted = {"booked": booked, "skipped": skipped}
        if got == wanted:
            continue
        if got is None:
            return "Your handler returns nothing (None): return the two numbers as a dict."
        if not isinstance(got, dict) or set(got) != set(wanted):
            return f"Return a dict with booked and skipped; what came back was {got!r}."
        if number > 1 and got["booked"] + got["skipped"] > len(data):
            return (
                f"The next call had {len(data)} orders, and you counted {got['booked'] + got['skipped']}. What is not "
                "made inside of the handler lives on between calls: set the counts to 0 inside."
            )
        if number == 1 and got == {"booked": 1, "skipped": 3}:
            return "You book the orders without an amount, and skip those with one: turn the condition round."
        if number == 1 and got == {"booked": 2, "skipped": 2}:
            return "An amount of 0 is an amount: `if not amount` takes it for missing. Ask for None."
        return f"Of {len(data)} orders, {booked} have an amount; you say {got!r}."
    return None


# 4.2

HANDLERS = {
    "orders.book": "Lambda would look for orders.py at the top of the zip, and it is in the folder shop.",
    "shop/orders.py": "that is the file. Which function in it? And without the .py.",
    "shop/orders.py.book": "without the .py: the name is the module's, as in an import.",
    "shop.orders": "that would be a function called orders in a module called shop.",
    "shop/orders": "the name of the function is missing.",
    "book": "where is it? The module comes first.",
    "shop.book": "there is no function book in the folder: which file is it in?",
    "shop.orders.handler": "folder and file are right. The function is called book here.",
    "shop.orders.py.book": "without the .py: the name is the module's, as in an import.",
    "shop.orders.book()": "only the name, without the brackets: Lambda calls it.",
    "shop.orders:book": "a dot stands between module and function, not a colon.",
}


def check_handler_name(name: Any) -> str | None:
    """Whether the Handler setting names module and function."""
    if name in ("shop.orders.book", "shop/orders.book"):
        return None
    if not isinstance(name, str):
        return f"The setting is a string, and not {name!r}."
    return f"With “{name}”: {HANDLERS.get(name, 'folder, module and function, with dots between.')}"


# 4.3

ORDERS = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
OTHERS = "arn:aws:kinesis:us-east-1:123456789012:stream/salaries"
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/book"
NEEDED = ("kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
LOGGING = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
TOO_MUCH = (
    ("kinesis:PutRecord", ORDERS, "write to the stream"),
    ("kinesis:DeleteStream", ORDERS, "delete the stream"),
    ("kinesis:SplitShard", ORDERS, "split its shards"),
    ("kinesis:AddTagsToStream", ORDERS, "tag the stream"),
    ("logs:DeleteLogGroup", LOG_GROUP, "delete logs"),
    ("kinesis:GetRecords", OTHERS, "read the stream `salaries`"),
    ("s3:GetObject", "arn:aws:s3:::anything", "read everybody's files"),
)


def allows(policy: dict[str, Any], action: str, resource: str) -> bool:
    """Whether a policy of Allow statements allows an action; `*` matches anything."""
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]

    def fits(patterns: Any, value: str) -> bool:
        return any(fnmatchcase(value, each) for each in ([patterns] if isinstance(patterns, str) else patterns))

    return any(
        each["Effect"] == "Allow" and fits(each["Action"], action) and fits(each["Resource"], resource)
        for each in statements
    )


def check_policy(policy_for: Any) -> str | None:
    """Whether a role may do what it must, and no more."""
    other, error = outcome_of(policy_for, OTHERS)
    if error:
        return f"Your function raised {named(error)}."
    policy, _ = outcome_of(policy_for, ORDERS)
    if isinstance(policy, str):
        return "Return the dict; json.dumps comes when it is sent."
    if not isinstance(policy, dict) or "Statement" not in policy:
        return f"A policy is a dict with a Version and a list called Statement; yours is {policy!r}."
    try:
        missing = [action for action in NEEDED if not allows(policy, action, ORDERS)]
        spare = [what for action, resource, what in TOO_MUCH if allows(policy, action, resource)]
        logs = [action for action in LOGGING if not allows(policy, action, LOG_GROUP)]
    except (KeyError, TypeError) as malformed:
        return f"A statement has Effect, Action and Resource ({named(malformed)})."
    if missing:
        return f"The mapping reads the stream with this role, and could not: {', '.join(missing)} is not allowed."
    if logs:
        return f"Reading is allowed. But nothing could be logged: {', '.join(logs)} is missing."
    if spare:
        return f"It works, and allows too much: the role could also {' and '.join(spare)}."
    if other == policy:
        return "For another stream it says the same: take the ARN that your function is given."
    return None


# 4.4

LAST_SEEN = datetime(2026, 1, 5, 9, 17, 30, tzinfo=UTC)


def check_start_again(start_again: Any) -> str | None:
    """Whether a mapping starts where the old one left off."""
    got, error = outcome_of(start_again, LAST_SEEN)
    if error:
        return f"Your function raised {named(error)}."
    if not isinstance(got, dict):
        return f"Return a dict with settings for create_event_source_mapping; what came back was {got!r}."
    position, moment = got.get("StartingPosition"), got.get("StartingPositionTimestamp")
    if position == "LATEST":
        return "LATEST is what lost them: it begins with what comes after the mapping has started."
    if position == "TRIM_HORIZON":
        return "Nothing would be lost, but everything of the last 24 hours would be booked a second time."
    if position != "AT_TIMESTAMP":
        return f"There are three starting positions, and {position!r} is none of them."
    if moment is None:
        return "At which time? AT_TIMESTAMP goes with StartingPositionTimestamp."
    if isinstance(moment, str):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(moment)
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    if not isinstance(seconds, int | float):
        return f"The time is a datetime, or seconds since 1970; yours is {moment!r}."
    if seconds != LAST_SEEN.timestamp():
        return f"It should start at {LAST_SEEN.isoformat()}, and not at {moment!r}."
    more = set(got) - {"StartingPosition", "StartingPositionTimestamp"}
    if more:
        return f"Two settings are all it takes; {', '.join(map(str, sorted(more)))} is too much."
    return None


# 4.5


def check_parameters(parameters: Any) -> str | None:
    """Whether a stack's parameters have the form that CloudFormation takes."""
    for stage, shards in (("prod", 4), ("test", 1)):
        got, error = outcome_of(parameters, stage, shards)
        if error:
            return f"Your function raised {named(error)}."
        if isinstance(got, dict):
            return "CloudFormation wants a list, with one dict for each parameter."
        if not isinstance(got, list) or not all(isinstance(each, dict) for each in got):
            return f"A list of dicts is wanted; what came back was {got!r}."
        if any(set(each) != {"ParameterKey", "ParameterValue"} for each in got):
            return "Each of the dicts has two keys: ParameterKey, the name, and ParameterValue."
        values = {each["ParameterKey"]: each["ParameterValue"] for each in got}
        if any(not isinstance(value, str) for value in values.values()):
            return "All values are text here, numbers as well: str(shards)."
        if values != {"Stage": stage, "Shards": str(shards)}:
            return f"For the stage {stage} with {shards} shards, your parameters say {values}."
    return None


# 4.6


AMOUNTS: tuple[tuple[dict[str, Any], bool, str], ...] = (
    ({"AMOUNT": 5}, False, "an amount"),
    ({}, True, "no amount"),
    ({"AMOUNT": 0}, False, "an amount, of exactly 0"),
    ({"AMOUNT": None}, True, "null for an amount"),
    ({"AMOUNT": "12,50"}, True, "a text for an amount"),
    ({"AMOUNT": -1.5}, False, "an amount, which is paid back"),
)
"""What an order holds, whether it should be refused, and what it is in words."""


def check_record_handler(book: Any) -> str | None:
    """Whether a record handler for Powertools raises for what it cannot book, and only for that."""
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    event = event_of(*(json.dumps({"ID": number, **order}).encode() for number, (order, _, _) in enumerate(AMOUNTS, 1)))
    processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
    raised: list[Exception] = []
    stubs: list[NotStarted] = []

    def watched(record: Any) -> Any:
        try:
            result, error = outcome_of(book, record)
        except NotStarted as stub:  # Powertools would take it for a failed record
            stubs.append(stub)
            return None
        if error is not None:
            raised.append(error)
            raise error
        return result

    answer, error = outcome_of(lambda: process_partial_response(event, watched, processor))
    if stubs:
        raise stubs[0]
    if error is not None:
        return f"All records failed, with {named(raised[0] if raised else error)}. {_wrappings(raised)}"
    failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
    if not failed:
        return "Order 2 has no amount, and nobody heard of it: raise an exception; Powertools makes the report of it."
    results = [record["kinesis"]["sequenceNumber"] in failed for record in event["Records"]]
    if results == [not bad for _, bad, _ in AMOUNTS]:
        return "You raise for the orders that have an amount: turn the condition round."
    for number, (raises, (_, bad, what)) in enumerate(zip(results, AMOUNTS, strict=True), 1):
        if raises != bad:
            return f"Order {number} has {what}, and was {'refused' if raises else 'booked'}."
    return None


def _wrappings(raised: list[Exception]) -> str:
    if any(isinstance(error, TypeError | json.JSONDecodeError | AttributeError | KeyError) for error in raised):
        return "A record is an object of Powertools here: `record.kinesis.data_as_json()` is the order."
    return "Raise for an order whose amount is not a number only."


EXERCISES = (
    exercise(
        "4.1",
        "A function like any other",
        check_handler,
        "It counts, it skips, and it forgets: a handler that can be called again and again.",
        (
            "Two counters, set to 0 inside of the function, and a loop over `event['Records']`.",
            "`json.loads(base64.b64decode(record['kinesis']['data']))` is the order.",
            "`order.get('AMOUNT') is None` is true for a missing amount, and not for 0.",
        ),
        """
def handler(event, context):
    booked = skipped = 0
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        if order.get("AMOUNT") is None:
            skipped += 1
        else:
            booked += 1
    return {"booked": booked, "skipped": skipped}
""",
    ),
    exercise(
        "4.2",
        "What is it called?",
        check_handler_name,
        "Folder, module, function: as you would import it.",
        (
            "Lambda imports a module and takes a function out of it.",
            "In Python the module would be `shop.orders`.",
        ),
        """
handler_name = "shop.orders.book"
""",
    ),
    exercise(
        "4.3",
        "As little as possible",
        check_policy,
        "This role reads one stream and writes logs, and whoever steals it cannot do more.",
        (
            "Two statements: one for the stream, with its ARN as the Resource, and one for logs.",
            "DescribeStream, GetRecords, GetShardIterator, ListShards, each with `kinesis:` in front.",
            "The logs: `logs:CreateLogGroup`, `logs:CreateLogStream`, `logs:PutLogEvents` on `arn:aws:logs:*:*:*`.",
        ),
        """
def policy_for(stream_arn):
    reading = ["DescribeStream", "GetRecords", "GetShardIterator", "ListShards"]
    logging = ["CreateLogGroup", "CreateLogStream", "PutLogEvents"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [f"kinesis:{name}" for name in reading], "Resource": stream_arn},
            {"Effect": "Allow", "Action": [f"logs:{name}" for name in logging], "Resource": "arn:aws:logs:*:*:*"},
        ],
    }
""",
    ),
    exercise(
        "4.4",
        "The lost beginning",
        check_start_again,
        "From that moment on, nothing is missed, and nothing from before comes twice.",
        (
            "Of the three starting positions, one takes a time.",
            "Two settings: `StartingPosition` and `StartingPositionTimestamp`.",
        ),
        """
def start_again(last_seen):
    return {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": last_seen}
""",
    ),
    exercise(
        "4.5",
        "One template, two stages",
        check_parameters,
        "The template stays the same; what differs between stages is in a short list.",
        (
            "A list with two dicts.",
            "Each dict has ParameterKey and ParameterValue.",
            "Parameters travel as text: `str(shards)`.",
        ),
        """
def parameters(stage, shards):
    return [
        {"ParameterKey": "Stage", "ParameterValue": stage},
        {"ParameterKey": "Shards", "ParameterValue": str(shards)},
    ]
""",
    ),
    exercise(
        "4.6",
        "One record at a time",
        check_record_handler,
        "You say what one record needs; what that means for the batch is Powertools' business.",
        (
            "The order is `record.kinesis.data_as_json()`, a dict.",
            "Failing is said by raising: `raise ValueError(…)`.",
            "Only when `order.get('AMOUNT')` is not a number: `isinstance(amount, (int, float))`.",
        ),
        """
def book(record):
    amount = record.kinesis.data_as_json().get("AMOUNT")
    if not isinstance(amount, (int, float)):
        raise ValueError(f"{amount!r} is no amount")
""",
    ),
)
