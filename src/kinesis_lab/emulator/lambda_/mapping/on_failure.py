"""Where records end up that are given up: an on-failure destination, or nowhere (facts 7.15)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Record, Shard, places
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.mapping_metrics import MappingMetrics
from kinesis_lab.emulator.lambda_.runtime import Outcome
from kinesis_lab.emulator.moto_adapter.delivery import Undeliverable, deliver
from kinesis_lab.emulator.wire import LATENCY, AwsError

ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}
"""What the execution role must allow, by the destination's service (facts 9)."""


@dataclass
class History:
    """What happened to a part of a batch so far."""

    invocations: int = 0
    request_id: str = ""
    version: str = "$LATEST"
    function_error: bool = False
    function_name: str | None = None
    bytes: int | None = None
    """Of the last event."""

    def invoked(self, outcome: Outcome) -> None:
        """The function was invoked, with this outcome."""
        self.invocations += 1
        self.request_id = outcome.request_id
        self.version = outcome.version
        self.function_error = not outcome.ok


class OnFailureDestination:
    """Reports records of one shard that a mapping gives up."""

    def __init__(
        self,
        context: MappingContext,
        configuration: Configuration,
        stream: Stream,
        shard: Shard,
        metrics: MappingMetrics,
    ) -> None:
        """For the mapping with this configuration."""
        self._context = context
        self._configuration = configuration
        self._stream = stream
        self._shard = shard
        self._metrics = metrics

    def discard(self, lane: int, records: list[Record], history: History, condition: str, event: bytes) -> Steps:
        """Give records up for a reason, and tell the destination; `event` is what the function would be given.

        A destination that cannot be reached changes nothing: processing goes on, and the records count as dropped.
        """
        destination = self._configuration.destination
        outcome, problem = "dropped", None
        if destination and records:
            yield self._context.clock.timeout(LATENCY)
            try:
                self._report(destination, records, history, condition, event)
                outcome = "reported"
            except (AwsError, Undeliverable) as failure:
                problem = str(failure)
                self._metrics.undeliverable()
        if outcome == "reported":
            self._metrics.reported(len(records))
        else:
            self._metrics.dropped(len(records))
        self._context.recorder.note(
            "discard",
            stream=self._stream.name,
            shard=self._shard.id,
            mapping=self._configuration.uuid,
            lane=lane,
            first=records[0].sequence_number if records else None,
            last=records[-1].sequence_number if records else None,
            places=places(records),
            records=len(records),
            attempt=history.invocations,
            outcome=outcome,
            note=f"{condition}: {problem}" if problem else condition,
        )

    def _report(self, arn: str, records: list[Record], history: History, condition: str, event: bytes) -> None:
        now = self._context.clock.datetime
        document = self._document(records, history, condition, _instant(now))
        key = (
            f"aws/lambda/{self._configuration.uuid}/{self._shard.id}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-"
            f"{self._context.identities.uuid()}"
        )
        service = arn.split(":")[2]
        if service == "s3":
            document["payload"] = event.decode()
        self._check_role(ACTIONS[service], f"{arn}/{key}" if service == "s3" else arn)
        deliver(arn, json.dumps(document, separators=(",", ":"), ensure_ascii=False), key)

    def _check_role(self, action: str, resource: str) -> None:
        role = self._context.find_function(self._configuration.function_arn).role
        if not self._context.permissions.allow(role, action, resource):
            raise AwsError("AccessDeniedException", f"{role} is not authorized to perform: {action} on {resource}", 403)

    def _document(self, records: list[Record], history: History, condition: str, timestamp: str) -> dict[str, Any]:
        """The document, its keys in AWS's order (facts 7.15)."""
        document: dict[str, Any] = {
            "requestContext": {
                "requestId": history.request_id or self._context.identities.uuid(),
                "functionArn": self._configuration.function_arn,
                "condition": condition,
                "approximateInvokeCount": max(1, history.invocations),
            }
        }
        if condition != "RecordAgeExceeded":
            document["responseContext"] = {
                "statusCode": 200,
                "executedVersion": history.version,
                "functionError": "Unhandled" if history.function_error else None,
            }
        return document | {
            "version": "1.0",
            "timestamp": timestamp,
            "KinesisBatchInfo": {
                "shardId": self._shard.id,
                "startSequenceNumber": records[0].sequence_number,
                "endSequenceNumber": records[-1].sequence_number,
                "approximateArrivalOfFirstRecord": _instant(datetime.fromtimestamp(records[0].arrival, UTC)),
                "approximateArrivalOfLastRecord": _instant(datetime.fromtimestamp(records[-1].arrival, UTC)),
                "batchSize": len(records),
                "streamArn": self._stream.arn,
            },
        }


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
