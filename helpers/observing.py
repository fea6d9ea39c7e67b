"""What happened, as tables: the log of a function by invocation, and metrics.  Plain boto3, so it works on AWS, too."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kinesis_lab.cloud import Cloud
from kinesis_lab.logs import log_events

if TYPE_CHECKING:
    import pandas as pd

REPORT = {
    "duration": r"\tDuration: ([\d.]+) ms",
    "billed": r"\tBilled Duration: (\d+) ms",
    "memory": r"\tMax Memory Used: (\d+) MB",
    "cold_start": r"\tInit Duration: ([\d.]+) ms",
}
"""The numbers in a REPORT line, in milliseconds and megabytes (facts 8.4)."""

__all__ = ["invocations", "log_events", "metric"]

LOG_COLUMNS = ("request_id", "started", "lines", "errors", *REPORT, "status", "said")


def invocations(cloud: Cloud, function: str, *, since: datetime | None = None) -> pd.DataFrame:
    """A row for every invocation in a function's log, in the order of their start.

    request_id, started (UTC), lines and errors (how many), duration, billed and cold_start (ms), memory (MB), status
    (error, timeout, or nothing), said (what the function printed).
    """
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    present: dict[str, str] = {}  # which request a log stream is about at the moment
    for event in log_events(cloud, function, since=since):
        text, stream = event["message"].rstrip("\n"), event["logStreamName"]
        if found := re.match(r"START RequestId: (\S+)", text):
            present[stream] = found[1]
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            rows[found[1]] = {"request_id": found[1], "started": at, "lines": 0, "errors": 0, "said": ""}
        row = rows.get(present.get(stream, ""))
        if row is None or re.match(r"(START|END) RequestId: ", text):
            continue
        if text.startswith("REPORT RequestId: "):
            row |= {name: _number(pattern, text) for name, pattern in REPORT.items()}
            status = re.search(r"\tStatus: (\w+)", text)
            row["status"] = status[1] if status else ""
            continue
        row["lines"] += 1
        row["errors"] += text.startswith("[ERROR]")
        row["said"] += f"{text}\n"
    return pd.DataFrame(list(rows.values()), columns=list(LOG_COLUMNS))


def _number(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text)
    return float(found[1]) if found else None


def metric(
    cloud: Cloud,
    name: str,
    *,
    namespace: str = "AWS/Lambda",
    statistic: str = "Sum",
    period: int = 60,
    hours: float = 24,
    **dimensions: str,
) -> pd.DataFrame:
    """A metric over the last `hours`, a row for every period in which anything was measured: at (UTC), value, unit.

    `statistic`: Sum, Average, Minimum, Maximum or SampleCount; `period`: seconds, a multiple of 60; `dimensions`: as
    in FunctionName="book-orders".
    """
    import pandas as pd

    now = cloud.now()
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=hours),
        EndTime=now + timedelta(seconds=period),
        Period=period,
        Statistics=[statistic],
    )["Datapoints"]
    rows = [{"at": point["Timestamp"], "value": point[statistic], "unit": point["Unit"]} for point in points]
    return pd.DataFrame(rows, columns=["at", "value", "unit"]).sort_values("at", ignore_index=True)
