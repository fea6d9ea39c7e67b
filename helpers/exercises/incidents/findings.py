"""What is known of a scene at an hour, and what an hour has cost: orders, patience, and dollars."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.exercises.incidents.scene import FUNCTION, QUEUE, STREAM, Scene
from helpers.exercises.incidents.signs import vital_signs
from helpers.observing import log_events
from helpers.pictures.style import plural, shard_label
from kinesis_lab.ledger import ledger

if TYPE_CHECKING:
    import pandas as pd

STALLED = 60.0
"""Seconds that an order may wait: in a minute at whose end one has waited longer, the shop stands still."""
LOST = ("dropped", "expired", "filtered")
"""Fates of orders that nobody will ever book, and of which nobody is told."""

# Dollars in us-east-1 (facts 10).
SHARD_HOUR = 0.015
PUT_UNIT = 0.014e-6
"""For each record of up to 25 KB."""
REQUEST = 0.20e-6
GB_SECOND = 0.0000166667
HOURS_A_MONTH = 730

MOST_MESSAGES = 10
"""That are read from the queue of what was set aside."""
FAILURE_COLUMNS = ("first", "last", "times", "where", "what")


@dataclass(frozen=True)
class Findings:
    """Everything that was looked at, at one moment."""

    signs: pd.DataFrame
    """See `vital_signs`."""
    failures: pd.DataFrame
    """A row for every kind of failure in the function's log, and for every message about what was set aside."""
    account: pd.DataFrame
    """What became of every order: see `kinesis_lab.ledger`."""
    shards: int
    """That are open."""
    calls: int
    """Since nine o'clock."""
    seconds: float
    """For which the function has worked, since nine o'clock."""
    memory: int
    """Of the function, in megabytes."""


@dataclass(frozen=True)
class Toll:
    """What an hour has cost."""

    lost: int
    """Orders that nobody will ever book."""
    set_aside: int
    """Orders that were given up with a note to somebody."""
    again: int
    """Orders that the function was given once more, each time counted."""
    stalled: int
    """Minutes at whose end an order had waited for more than a minute."""
    dollars: float
    behind: float
    """Seconds that the oldest order has waited at the end."""
    worst: float
    """The same, at the worst of the last ten minutes."""


def look(scene: Scene) -> Findings:
    """Look at everything.  It takes some virtual moments, always the same."""
    table = scene.cloud.recorder.table()
    calls = table[(table["kind"] == "invoke") & (table["mapping"] == scene.mapping)]
    shards = scene.kinesis.list_shards(StreamName=STREAM)["Shards"]
    signs = vital_signs(scene)
    return Findings(
        signs=signs,
        failures=_failures(scene, log=bool(signs.loc[signs["sign"] == "errors", "value"].any())),
        account=ledger(table, scene.mapping),
        shards=sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards),
        calls=len(calls),
        seconds=float((calls["until"] - calls["at"]).sum()),
        memory=scene.lambda_.get_function_configuration(FunctionName=FUNCTION)["MemorySize"],
    )


def toll(after: Findings, before: Findings | None = None) -> Toll:
    """What has come to pass until a finding: since the one before, an hour earlier, or since nine."""
    ages = after.signs[after.signs["sign"] == "age"].groupby("at")["value"].max()
    lost, set_aside, again = (_count(after, each) - _count(before, each) for each in (_lost, _set_aside, _again))
    orders, calls, seconds = len(after.account), after.calls, after.seconds
    if before:
        ages = ages[ages.index > before.signs["at"].max()]
        orders, calls, seconds = orders - len(before.account), calls - before.calls, seconds - before.seconds
    dollars = (
        after.shards * SHARD_HOUR + orders * PUT_UNIT + calls * REQUEST + seconds * after.memory / 1024 * GB_SECOND
    )
    return Toll(
        lost=lost,
        set_aside=set_aside,
        again=again,
        stalled=int((ages > STALLED).sum()),
        dollars=dollars,
        behind=float(ages.iloc[-1]),
        worst=float(ages.iloc[-10:].max()),
    )


def _count(findings: Findings | None, what: Callable[[pd.DataFrame], Any]) -> int:
    return int(what(findings.account)) if findings else 0


def _lost(account: pd.DataFrame) -> Any:
    return account["fate"].isin(LOST).sum()


def _set_aside(account: pd.DataFrame) -> Any:
    return (account["fate"] == "reported").sum()


def _again(account: pd.DataFrame) -> Any:
    return (account["deliveries"] - 1).clip(lower=0).sum()


def _failures(scene: Scene, *, log: bool) -> pd.DataFrame:
    """Failures in the log, if it has any, each kind in a row, and then what has been set aside."""
    import pandas as pd

    rows = [*(_from_log(scene) if log else ()), *_from_queue(scene)]
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS))


def _from_log(scene: Scene) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for event in log_events(scene.cloud, FUNCTION):
        text = event["message"]
        if text.startswith("[ERROR]"):
            what = text.removeprefix("[ERROR]").partition("\r")[0].partition("Traceback")[0].strip()
        elif "Task timed out" in text:
            what = text[text.index("Task timed out") :].strip()
        else:
            continue
        at = _clock(event["timestamp"] / 1000)
        row = rows.setdefault(what, {"first": at, "last": at, "times": 0, "where": "log", "what": what})
        row |= {"last": at, "times": row["times"] + 1}
    return list(rows.values())


def _from_queue(scene: Scene) -> list[dict[str, Any]]:
    """The first messages in the queue, and how many more there are."""
    sqs = scene.cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    there = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES).get("Messages", [])
    for message in received:  # so that others can read them, too
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    rows = [_of_document(json.loads(message["Body"])) for message in received]
    more = int(there["ApproximateNumberOfMessages"]) - len(received)
    if more:
        rows.append({"first": "", "last": "", "times": more, "where": QUEUE, "what": "more messages"})
    return rows


def _of_document(document: dict[str, Any]) -> dict[str, Any]:
    batch, request = document["KinesisBatchInfo"], document["requestContext"]
    at = document["timestamp"][11:19]
    what = f"{plural(batch['batchSize'], 'order')} of {shard_label(batch['shardId'])}: {request['condition']}"
    return {"first": at, "last": at, "times": request["approximateInvokeCount"], "where": QUEUE, "what": what}


def _clock(seconds: float) -> str:
    """The time of day."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}:{second:02}"
