"""CloudWatch metrics."""

from __future__ import annotations

import datetime
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum, MetricDatumBase, cloudwatch_backends

from kinesis_lab.emulator.metrics import Metric, Minute
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import ACCOUNT


def publish(measured: list[tuple[Metric, int, Minute]]) -> None:
    """Hand measurements over: of each, the metric, the second since 1970 at which its minute began, the statistics."""
    for metric, second, minute in measured:
        cloudwatch_backends[ACCOUNT][metric.region].metric_data.append(
            MetricAggregatedDatum(
                namespace=metric.namespace,
                name=metric.name,
                min_stat=minute.smallest,
                max_stat=minute.largest,
                sample_count=minute.count,
                sum_stat=minute.total,
                dimensions=[{"Name": name, "Value": value} for name, value in metric.dimensions],
                timestamp=datetime.datetime.fromtimestamp(second, datetime.UTC).replace(tzinfo=None),
                unit=metric.unit,
            )
        )


def attach(patches: Patches) -> None:
    """Answer for the very dimensions that are asked for."""
    patches.attribute(MetricDatumBase, "filter", _of_these_dimensions(MetricDatumBase.filter))


def _of_these_dimensions(listed: Any) -> Any:
    """Statistics are of the metric with just these dimensions; moto adds those with further ones."""

    def filter_(
        datum: MetricDatumBase, namespace: Any, name: Any, dimensions: Any, already_present_metrics: Any = None
    ) -> bool:
        if namespace is None and name is None and dimensions and len(dimensions) != len(datum.dimensions):
            return False
        found: bool = listed(datum, namespace, name, dimensions, already_present_metrics)
        return found

    return filter_
