"""CloudWatch metrics: what the services measure, as statistics of one minute each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kinesis_lab.emulator.clock import MICROSECONDS, Clock

A_MINUTE = 60 * MICROSECONDS

Key = tuple[str, str, tuple[tuple[str, str], ...], int]
"""Region, namespace and dimensions of metrics, and the number of their minute since 1970; plain, as there are many."""


class Metric(NamedTuple):
    """A metric as CloudWatch identifies it."""

    region: str
    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]


class Minute:
    """The statistics of one metric over one minute."""

    __slots__ = ("count", "largest", "smallest", "total", "unit")

    def __init__(self, unit: str) -> None:
        """No measurement so far; `unit` is CloudWatch's, as in Count."""
        self.unit = unit
        self.count = 0
        self.total = 0.0
        self.smallest = float("inf")
        self.largest = float("-inf")


class Metrics:
    """Collects measurements until CloudWatch is asked about them."""

    def __init__(self, clock: Clock) -> None:
        """Values count for the minute of `clock` in which they are added, unless they say otherwise."""
        self._clock = clock
        self._measured: dict[Key, dict[str, Minute]] = {}

    def add(
        self,
        region: str,
        namespace: str,
        name: str,
        value: float,
        unit: str,
        *,
        at: float | None = None,
        **dimensions: str,
    ) -> None:
        """Add a value of one metric, measured now or `at` an earlier instant (seconds since 1970)."""
        self.add_all(region, namespace, ((name, value, unit),), at=at, **dimensions)

    def add_all(
        self,
        region: str,
        namespace: str,
        measured: Iterable[tuple[str, float, str]],
        *,
        at: float | None = None,
        **dimensions: str,
    ) -> None:
        """Measure several things of the same dimensions, now or `at` an instant: name, value and unit of each."""
        minute_number = self._clock.microseconds // A_MINUTE if at is None else int(at // 60)
        of = region, namespace, tuple(dimensions.items()), minute_number
        minutes = self._measured.get(of)
        if minutes is None:
            minutes = self._measured[of] = {}
        for name, value, unit in measured:
            minute = minutes.get(name)
            if minute is None:
                minute = minutes[name] = Minute(unit)
            minute.count += 1
            minute.total += value
            if value < minute.smallest:
                minute.smallest = value
            if value > minute.largest:
                minute.largest = value

    def take(self) -> list[tuple[Metric, int, Minute]]:
        """What was collected since the last call: metric, second since 1970 at which the minute began, statistics."""
        collected = [
            (Metric(region, namespace, name, minute.unit, dimensions), number * 60, minute)
            for (region, namespace, dimensions, number), minutes in self._measured.items()
            for name, minute in minutes.items()
        ]
        self._measured = {}
        return collected
