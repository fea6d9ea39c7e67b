"""CloudWatch Logs."""

from __future__ import annotations

from typing import Any

from moto.logs.models import LogEvent, LogGroup, logs_backends

from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import ACCOUNT


def put_log_events(region: str, group: str, stream: str, events: list[dict[str, Any]]) -> None:
    """Add events, `timestamp` (milliseconds since 1970) and `message` of each; group and stream may be new."""
    backend = logs_backends[ACCOUNT][region]
    backend.ensure_log_group(group)
    backend.ensure_log_stream(group, stream)
    backend.put_log_events(group, stream, events)


def attach(patches: Patches) -> None:
    """Number the events from 0 on, and list them as AWS does."""
    patches.attribute(LogEvent, "_event_id", 0)
    patches.attribute(LogGroup, "filter_log_events", _in_order_of_time(LogGroup.filter_log_events))


def _in_order_of_time(filter_log_events: Any) -> Any:
    """AWS answers in the order of time, moto stream by stream."""

    def filter_interleaved(group: LogGroup, *request: Any) -> Any:
        *others, _interleaved = request
        return filter_log_events(group, *others, True)

    return filter_interleaved
