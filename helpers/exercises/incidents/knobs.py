"""The knobs that a remedy can turn, and the hands that turn them: boto3 clients that note one change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

LANES = "parallelization"
BATCHING = "batching"
GIVING_UP = "giving up"
FILTERS = "filters"
SWITCH = "on and off"
TIMEOUT = "timeout"
MEMORY = "memory"
CONCURRENCY = "concurrency"
SHARDS = "shards"
RETENTION = "retention"

KNOBS = MappingProxyType(
    {
        "update_event_source_mapping": {
            "ParallelizationFactor": LANES,
            "BatchSize": BATCHING,
            "MaximumBatchingWindowInSeconds": BATCHING,
            "MaximumRetryAttempts": GIVING_UP,
            "MaximumRecordAgeInSeconds": GIVING_UP,
            "BisectBatchOnFunctionError": GIVING_UP,
            "FunctionResponseTypes": GIVING_UP,
            "DestinationConfig": GIVING_UP,
            "FilterCriteria": FILTERS,
            "Enabled": SWITCH,
        },
        "update_function_configuration": {"Timeout": TIMEOUT, "MemorySize": MEMORY},
        "put_function_concurrency": {"ReservedConcurrentExecutions": CONCURRENCY},
        "delete_function_concurrency": {"FunctionName": CONCURRENCY},
        "update_shard_count": {"TargetShardCount": SHARDS},
        "split_shard": {"ShardToSplit": SHARDS},
        "increase_stream_retention_period": {"RetentionPeriodHours": RETENTION},
    }
)
"""By operation and setting, what is turned.  Settings of one kind are one knob: they may be turned together."""
NAMES_ONLY = {"UUID", "FunctionName", "StreamName", "StreamARN", "ScalingType", "NewStartingHashKey"}
"""Parameters that say where, not what."""
LOOKS = ("get_", "list_", "describe_", "can_paginate", "meta", "exceptions")
"""How the names begin of what changes nothing."""


class Refused(Exception):
    """A remedy wants what is not among the rules; the message says which."""


@dataclass(frozen=True)
class Turn:
    """One knob that is to be turned, and the call that turns it."""

    knob: str
    service: str
    operation: str
    parameters: dict[str, Any]


class Hand:
    """A boto3 client in the hands of whoever treats a case: it looks around for real, and notes what is to be changed.

    The change itself is made when the diagnosis has turned out right; until then, a call that makes one returns None.
    """

    def __init__(self, service: str, client: Callable[[], Any], turns: list[Turn]) -> None:
        """`client` is called when it is first needed; `turns` is where changes are noted."""
        self._service = service
        self._client = client
        self._turns = turns

    def __getattr__(self, operation: str) -> Any:
        """The client's own operation if it only looks, else one that takes a note."""
        if operation.startswith("_"):
            raise AttributeError(operation)
        if operation.startswith(LOOKS):
            return getattr(self._client(), operation)

        def change(**parameters: Any) -> None:
            turn = Turn(knob_of(operation, parameters), self._service, operation, parameters)
            if self._turns:
                raise Refused("One call, please: of two changes at once, nobody knows which one has helped.")
            self._turns.append(turn)

        return change


def knob_of(operation: str, parameters: dict[str, Any]) -> str:
    """Which knob a call turns.  Raises Refused if it is none of `KNOBS`, or several."""
    known = KNOBS.get(operation)
    if known is None:
        raise Refused(f"{operation} is not a knob here. These are: {', '.join(KNOBS)}.")
    names = [name for name in parameters if name in known or name not in NAMES_ONLY]
    if foreign := [name for name in names if name not in known]:
        raise Refused(f"Leave {' and '.join(foreign)} alone. {operation} may set {', '.join(known)}.")
    if not names:
        raise Refused(f"Your call to {operation} sets nothing.")
    if len({known[name] for name in names}) > 1:
        raise Refused(f"One knob, please: your call turns {' and '.join(names)}. Which of them would have helped?")
    return known[names[0]]
