"""CloudWatch metrics: what services count, minute by minute."""

from __future__ import annotations

from typing import NamedTuple

from helpers.emulator.clock import Clock

A_MINUTE = 60


class Metric(NamedTuple):
    """What is measured, as CloudWatch names it."""

    region: str
    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]


class Minute:
    """The statistics of one metric over one minute."""

    __slots__ = ("count", "largest", "smallest", "total")

    def __init__(self) -> None:
        """Nothing measured yet."""
        self.count = 0
        self.total = 0.0
        self.smallest = float("inf")
        self.largest = float("-inf")

    def add(self, value: float) -> None:
        """Count one measurement."""
        self.count += 1
        self.total += value
        self.smallest = min(self.smallest, value)
        self.largest = max(self.largest, value)


class Metrics:
    """Collects measurements until CloudWatch is asked about them."""

    def __init__(self, clock: Clock) -> None:
        """Measurements belong to the minute of `clock`."""
        self._clock = clock
        self._minutes: dict[tuple[Metric, int], Minute] = {}

    def add(self, region: str, namespace: str, name: str, value: float, unit: str, **dimensions: str) -> None:
        """Measure `value` now."""
        minute = int(self._clock.now) // A_MINUTE * A_MINUTE
        key = Metric(region, namespace, name, unit, tuple(dimensions.items())), minute
        self._minutes.setdefault(key, Minute()).add(value)

    def take(self) -> list[tuple[Metric, int, Minute]]:
        """What was collected since the last time: metric, second since 1970 at which the minute began, statistics."""
        collected = [(metric, second, minute) for (metric, second), minute in self._minutes.items()]
        self._minutes = {}
        return collected
