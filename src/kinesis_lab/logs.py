"""The log of a function, by plain boto3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kinesis_lab.cloud import Cloud


def log_events(cloud: Cloud, function: str, *, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The events of a function's log, oldest first; none if it has not logged yet."""
    logs = cloud.client("logs")
    request: dict[str, Any] = {"logGroupName": f"/aws/lambda/{function}"}
    if since is not None:
        request["startTime"] = round(since.timestamp() * 1000)
    try:
        for page in logs.get_paginator("filter_log_events").paginate(**request):
            yield from page["events"]
    except logs.exceptions.ResourceNotFoundException:
        return
