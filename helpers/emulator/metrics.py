"""CloudWatch metrics: what services count, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from helpers.emulator.clock import MICROSECONDS, Clock

A_MINUTE = 60 * MICROSECONDS

Key = tuple[str, str, str, str, tuple[tuple[str, str], ...], int]
"""The fields of a Metric, and the minute: plain, as there are many."""


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
        if value < self.smallest:
            self.smallest = value
        if value > self.largest:
            self.largest = value


class Metrics:
    """Collects measurements until CloudWatch is asked about them."""

    def __init__(self, clock: Clock) -> None:
        """Measurements belong to the minute of `clock`."""
        self._clock = clock
        self._minutes: dict[Key, Minute] = {}

    def add(self, region: str, namespace: str, name: str, value: float, unit: str, **dimensions: str) -> None:
        """Measure `value` now."""
        self.add_all(region, namespace, ((name, value, unit),), **dimensions)

    def add_all(
        self, region: str, namespace: str, measured: Iterable[tuple[str, float, str]], **dimensions: str
    ) -> None:
        """Measure several things of the same dimensions now: name, value and unit of each."""
        of, now = tuple(dimensions.items()), self._clock.microseconds // A_MINUTE
        for name, value, unit in measured:
            key = region, namespace, name, unit, of, now
            minute = self._minutes.get(key)
            if minute is None:
                minute = self._minutes[key] = Minute()
            minute.add(value)

    def take(self) -> list[tuple[Metric, int, Minute]]:
        """What was collected since the last time: metric, second since 1970 at which the minute began, statistics."""
        collected = [(Metric(*key[:-1]), key[-1] * 60, minute) for key, minute in self._minutes.items()]
        self._minutes = {}
        return collected
