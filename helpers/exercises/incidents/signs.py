"""Vital signs: what CloudWatch measures of an incident, minute by minute, and how long orders wait in each shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from helpers.exercises.incidents.scene import FUNCTION, STREAM, Scene
from helpers.pictures.behind import Line, history
from kinesis_lab.ledger import ledger

if TYPE_CHECKING:
    import pandas as pd

Sign = tuple[str, str | None]
"""What is measured, and of which shard, if it is one shard's."""
MILLISECONDS = ("Duration", "IteratorAge")
"""Metrics that CloudWatch has in milliseconds; here, all times are in seconds."""


class Metric(NamedTuple):
    """A metric of CloudWatch, and what we want to know of each of its minutes."""

    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


def vital_signs(scene: Scene) -> pd.DataFrame:
    """A row for every measurement until now: at (seconds since nine, when its minute began), sign, shard, value.

    Signs of a shard: `age`, the seconds for which its oldest record had waited when the minute ended, from the flight
    recorder, and `records in`, a minute.  Signs of the function: `iterator age` (the largest, in seconds), `calls`,
    `errors` and `throttles` a minute, `seconds a call` (the longest), `seconds a record` (of the calls that went well)
    and `records a call` (both from the flight recorder), `calls at once` (most).  Of the stream: `reads refused`, a
    minute.  A value is NaN in a minute in which there was nothing to measure.
    """
    import pandas as pd

    minutes = range(1, int(scene.elapsed) // 60)
    signs: dict[Sign, Line] = dict(_ages(scene, minutes))
    signs |= _measured(scene, minutes, _metrics(scene, [shard for _, shard in signs if shard]))
    signs |= _per_call(scene, minutes)
    tables = [
        pd.DataFrame({"at": [minute * 60 for minute in minutes], "sign": sign, "shard": shard, "value": values})
        for (sign, shard), values in signs.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _metrics(scene: Scene, shards: Iterable[str]) -> dict[Sign, Metric]:
    """What to ask CloudWatch for."""
    function = (("FunctionName", FUNCTION),)
    stream = (("StreamName", STREAM),)
    metrics: dict[Sign, Metric] = {
        ("iterator age", None): Metric("AWS/Lambda", "IteratorAge", "Maximum", function),
        ("calls", None): Metric("AWS/Lambda", "Invocations", "Sum", function),
        ("errors", None): Metric("AWS/Lambda", "Errors", "Sum", function),
        ("throttles", None): Metric("AWS/Lambda", "Throttles", "Sum", function),
        ("seconds a call", None): Metric("AWS/Lambda", "Duration", "Maximum", function),
        ("calls at once", None): Metric("AWS/Lambda", "ConcurrentExecutions", "Maximum", function),
        ("reads refused", None): Metric("AWS/Kinesis", "ReadProvisionedThroughputExceeded", "Sum", stream),
    }
    for shard in shards:
        metrics["records in", shard] = Metric("AWS/Kinesis", "IncomingRecords", "Sum", (*stream, ("ShardId", shard)))
    return metrics


def _measured(scene: Scene, minutes: range, metrics: dict[Sign, Metric]) -> dict[Sign, Line]:
    """All metrics at each of the minutes.  Where nothing was measured, a sum is 0, and a maximum is not known."""
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                },
                "Period": 60,
                "Stat": metric.statistic,
            },
        }
        for number, metric in enumerate(metrics.values())
    ]
    now = scene.cloud.now()
    nine = now - timedelta(seconds=scene.elapsed)
    answer = scene.cloud.client("cloudwatch").get_metric_data(MetricDataQueries=queries, StartTime=nine, EndTime=now)
    found = {result["Id"]: result for result in answer["MetricDataResults"]}
    lines = {}
    for (sign, metric), query in zip(metrics.items(), queries, strict=True):
        result = found[query["Id"]]
        values = {
            (at - nine) // timedelta(minutes=1): value
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
        }
        scale = 1000 if metric.name in MILLISECONDS else 1
        unknown = 0.0 if metric.statistic == "Sum" else np.nan
        lines[sign] = np.array([values.get(minute, unknown) / scale for minute in minutes])
    return lines


def _per_call(scene: Scene, minutes: range) -> dict[Sign, Line]:
    """What one call is like, of those that ended in each minute, as CloudWatch counts calls.

    CloudWatch counts records when they are sent, which may be minutes before: the flight recorder knows both.  What a
    timeout has cut off says nothing about the time that a record takes.
    """
    calls = scene.cloud.recorder.table("invoke")
    calls = calls[calls["mapping"] == scene.mapping]
    calls = calls.assign(seconds=calls["until"] - calls["at"], minute=calls["until"] // 60)
    good = calls[calls["outcome"] == "ok"].groupby("minute")[["seconds", "records"]].sum().reindex(minutes)
    return {
        ("seconds a record", None): (good["seconds"] / good["records"]).to_numpy(dtype=float),
        ("records a call", None): calls.groupby("minute")["records"].mean().reindex(minutes).to_numpy(dtype=float),
    }


def _ages(scene: Scene, minutes: range) -> Iterator[tuple[Sign, Line]]:
    ends = np.array([60.0 * (minute + 1) for minute in minutes])
    accounts = ledger(scene.cloud.recorder.table(), scene.mapping)
    for shard, account in accounts.groupby("shard"):
        yield ("age", str(shard)), history(str(shard), account, ends).age
