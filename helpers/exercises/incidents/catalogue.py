"""The incidents as data: a row of `data/incidents.json` for each, and the plan that a seed makes of it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[3] / "data" / "incidents.json"


@dataclass(frozen=True)
class Plan:
    """One incident to the last number: what the shop is like, what goes wrong, and when."""

    number: int
    """Of the incident in the catalogue."""
    seed: int
    cause: str
    told: str
    """What people have noticed, in a sentence."""
    shards: int
    orders_per_second_and_shard: float
    onset_minute: int
    """After nine o'clock: when the trouble begins."""
    batch_size: int
    timeout: int
    """Of the function, in seconds."""
    seconds_per_call: float
    seconds_per_order: float
    trouble: dict[str, Any]
    """The name of its scenario under `what`, and what that wants to know."""


def rows() -> dict[int, dict[str, Any]]:
    """The catalogue's rows by their number."""
    return {row["number"]: row for row in json.loads(FILE.read_text(encoding="utf-8"))}


def plan(number: int, seed: int) -> Plan:
    """What a seed makes of an incident: where its row has a list of two numbers, it draws one between them.

    What people tell is one of several sentences; they take turns, so that the days do not sound alike.

    Raises LookupError with the numbers there are.
    """
    known = rows()
    if number not in known:
        raise LookupError(f"there is no incident {number!r}; there are {', '.join(map(str, known))}")
    source = random.Random(f"{number} {seed}")
    row = dict(known[number])
    row["told"] = row["told"][seed % len(row["told"])]
    drawn: dict[str, Any] = {name: _drawn(value, source) for name, value in row.items()}
    drawn["trouble"] = {name: _drawn(value, source) for name, value in drawn["trouble"].items()}
    return Plan(seed=seed, **drawn)


def _drawn(value: Any, source: random.Random) -> Any:
    if not isinstance(value, list):
        return value
    low, high = value
    return source.randint(low, high) if isinstance(low, int) else round(source.uniform(low, high), 2)
