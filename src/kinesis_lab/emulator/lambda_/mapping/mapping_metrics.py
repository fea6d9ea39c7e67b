"""What a mapping counts in CloudWatch: its own metrics if they are on, and two of its function (facts 7.17)."""

from __future__ import annotations

from collections.abc import Sequence

from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.function_lookup import parse_name
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext

NAMESPACE = "AWS/Lambda"


class MappingMetrics:
    """The metrics of one mapping."""

    def __init__(self, context: MappingContext, configuration: Configuration) -> None:
        """Of the mapping with this configuration."""
        self._metrics = context.metrics
        self._region = context.region.name
        self._configuration = configuration

    def polled(self, count: int, filtered: int) -> None:
        """Records were read; some of them do not pass the filters."""
        self._events("PolledEventCount", count)
        if self._configuration.settings.filters:
            self._events("FilteredOutEventCount", filtered)

    def invoked(self, function_name: str, records: Sequence[Record], sent: float) -> None:
        """Records were sent to the function, at `sent` (in seconds since 1970); their age is that of the last one."""
        self._events("InvokedEventCount", len(records), at=sent)
        if records:
            age = (sent - records[-1].arrival) * 1000
            self._of_function("IteratorAge", age, "Milliseconds", function_name, at=sent)

    def failed(self, count: int) -> None:
        """An attempt with so many records has failed."""
        self._events("FailedInvokeEventCount", count)

    def dropped(self, count: int) -> None:
        """Records were given up, and the destination was not told."""
        self._events("DroppedEventCount", count)

    def reported(self, count: int) -> None:
        """Records were given up, and the destination was told."""
        self._events("OnFailureDestinationDeliveredEventCount", count)

    def undeliverable(self) -> None:
        """The destination did not take a document."""
        name, _ = parse_name(self._configuration.function_arn)
        self._of_function("DestinationDeliveryFailures", 1, "Count", name)

    def _of_function(self, metric: str, value: float, unit: str, function: str, at: float | None = None) -> None:
        self._metrics.add(self._region, NAMESPACE, metric, value, unit, at=at, FunctionName=function)

    def _events(self, metric: str, value: float, at: float | None = None) -> None:
        if self._configuration.settings.counts_events:
            uuid = self._configuration.uuid
            self._metrics.add(self._region, NAMESPACE, metric, value, "Count", at=at, EventSourceMappingUUID=uuid)
