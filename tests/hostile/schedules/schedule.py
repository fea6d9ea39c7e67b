"""Draws a schedule from a seed: streams, mappings, and what is done to them one after the other."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

KEYS = 7
DAY = 24 * 3600.0
UNWANTED = {"Filters": [{"Pattern": json.dumps({"data": {"wanted": [True]}})}]}

Record = dict[str, Any]
Step = tuple[str, Any]


@dataclass
class Mapped:
    """A mapping, as it is to be created."""

    settings: dict[str, Any]
    position: str
    consumer: bool = False
    """Whether of a registered consumer."""
    reports: bool = False
    """Whether it has an on-failure destination."""
    enabled: bool = True


@dataclass
class Schedule:
    """What is done, in the order in which it is done."""

    seed: int
    shards: int
    mappings: list[Mapped]
    steps: list[Step] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {self.shards} shards"]
        lines += [f"  f{number}: {mapped}" for number, mapped in enumerate(self.mappings)]
        return "\n".join([*lines, *(f"  {name}: {what}" for name, what in self.steps)])


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(seed)
    windows = chance.random() < 0.25
    count = chance.choice([1, 1, 1, 2, 2, 3, 4]) if chance.random() < 0.85 else chance.randint(5, 12)
    mappings = [_mapped(chance, windows) for _ in range(count)]
    schedule = Schedule(seed, chance.choice([1, 1, 2, 3, 4, 6]), mappings)
    records = _records(chance)
    for _ in range(chance.randint(4, 12)):
        schedule.steps.append(_step(chance, count, records))
    schedule.steps.append(("put", [next(records) for _ in range(chance.randint(1, 10))]))
    return schedule


def _mapped(chance: random.Random, windows: bool) -> Mapped:
    settings = _settings(chance)
    if chance.random() < 0.3:
        settings["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    if windows:
        settings["TumblingWindowInSeconds"] = chance.choice([5, 30, 60])
        settings.pop("ParallelizationFactor", None)
    return Mapped(
        settings,
        chance.choice(["TRIM_HORIZON", "TRIM_HORIZON", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]),
        consumer=chance.random() < 0.15,
        reports=chance.random() < 0.6,
        enabled=chance.random() < 0.9,
    )


def _settings(chance: random.Random) -> dict[str, Any]:
    drawn: dict[str, Any] = {"BatchSize": chance.choice([1, 2, 3, 5, 10, 100])}
    for name, values, odds in (
        ("MaximumBatchingWindowInSeconds", [0, 2, 15], 0.3),
        ("ParallelizationFactor", [1, 2, 3, 10], 0.3),
        ("BisectBatchOnFunctionError", [False, True], 0.4),
        ("MaximumRetryAttempts", [-1, 0, 1, 2, 5], 0.6),
        ("MaximumRecordAgeInSeconds", [-1, 60, 300], 0.3),
        ("FilterCriteria", [{"Filters": []}, UNWANTED], 0.2),
    ):
        if chance.random() < odds:
            drawn[name] = chance.choice(values)
    return drawn


def _records(chance: random.Random) -> Any:
    """Records without end; few of them fail, and very few always."""
    number = poison = 0
    while True:
        number += 1
        kind, times = "good", 0
        if chance.random() < 0.15:
            kind = chance.choice(["slow", "flaky", "timeout", "nonsense", "stuck", "stateless", "poison"])
            times = chance.randint(1, 3)
        if kind == "poison":
            poison += 1
            kind = kind if poison <= 2 else "flaky"
        key = f"key-{chance.randrange(KEYS)}"
        yield {"id": number, "key": key, "kind": kind, "times": times, "wanted": chance.random() < 0.8}


def _step(chance: random.Random, mappings: int, records: Any) -> Step:
    which = chance.randrange(mappings)
    kind = chance.choices(
        ["put", "put one", "wait", "update", "disable", "enable", "reshard", "delete", "retention"],
        [8, 3, 6, 2, 2, 2, 3, 0.3, 0.15],
    )[0]
    match kind:
        case "put":
            return kind, [next(records) for _ in range(chance.randint(1, 12))]
        case "put one":
            return kind, [next(records)]
        case "wait":
            return kind, chance.choice([0.3, 1.0, 4.0, 12.0, 40.0, 100.0])
        case "update":
            return kind, (which, _settings(chance))
        case "disable" | "enable" | "delete":
            return kind, (which, chance.choice([0.0, 2.0, 6.0, 30.0]))
        case "reshard":
            return kind, (chance.choice(["split", "merge", "scale"]), chance.randrange(6), chance.choice([0.0, 31.0]))
        case _:
            return "wait", DAY + chance.choice([60.0, 3600.0])
