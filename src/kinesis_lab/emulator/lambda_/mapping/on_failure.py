"""Reports records that are given up to the mapping's on-failure destination, if it has one (facts 7.15)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.invocation import Outcome
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.destinations import destination_of
from kinesis_lab.emulator.lambda_.mapping.journal import ShardJournal
from kinesis_lab.emulator.lambda_.mapping.source import Source
from kinesis_lab.emulator.lambda_.mapping.target import Right, Target
from kinesis_lab.emulator.moto_adapter.delivery import Undeliverable
from kinesis_lab.emulator.wire import LATENCY, AwsError, Document


@dataclass
class History:
    """The invocations of a sub-batch so far, as a report has them."""

    invocations: int = 0
    request_id: str = ""
    version: str = "$LATEST"
    function_error: bool = False

    def invoked(self, outcome: Outcome) -> None:
        """The function was invoked, with this outcome."""
        self.invocations += 1
        self.request_id = outcome.request_id
        self.version = outcome.version
        self.function_error = not outcome.ok


class OnFailureDestination:
    """Gives records of one shard up, and reports them."""

    def __init__(
        self,
        context: MappingContext,
        configuration: Configuration,
        source: Source,
        shard_id: str,
        target: Target,
        journal: ShardJournal,
    ) -> None:
        """For the mapping with this configuration."""
        self._context = context
        self._configuration = configuration
        self._source = source
        self._shard_id = shard_id
        self._target = target
        self._journal = journal

    def discard(
        self, lane: int, records: Sequence[Record], history: History, condition: str, tumbling: Document | None
    ) -> Steps:
        """Give records up for a reason, and report them; `tumbling`: what their event says of a tumbling window.

        A destination that cannot be reached changes nothing: processing goes on, and the records count as dropped.
        """
        arn = self._configuration.settings.destination
        reported = False
        if arn and records:
            yield self._context.clock.timeout(LATENCY)
            try:
                self._report(arn, records, history, condition, tumbling)
                reported = True
            except (AwsError, Undeliverable) as failure:
                condition = f"{condition}: {failure}"
                self._journal.undeliverable()
        self._journal.discarded(lane, records, history.invocations, condition, reported)

    def _report(
        self, arn: str, records: Sequence[Record], history: History, condition: str, tumbling: Document | None
    ) -> None:
        destination = destination_of(arn)
        now = self._context.clock.datetime
        document = self._document(records, history, condition, _instant(now))
        key = (
            f"aws/lambda/{self._configuration.uuid}/{self._shard_id}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-"
            f"{self._context.identities.uuid()}"
        )
        if destination.with_payload:
            document["payload"] = self._target.form.event(records, tumbling).decode()
        self._target.check(Right(destination.action, destination.resource(arn, key)))
        destination.deliver(arn, json.dumps(document, separators=(",", ":"), ensure_ascii=False), key)

    def _document(self, records: Sequence[Record], history: History, condition: str, timestamp: str) -> Document:
        """The document, its keys in AWS's order (facts 7.15)."""
        document: Document = {
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
                "shardId": self._shard_id,
                "startSequenceNumber": records[0].sequence_number,
                "endSequenceNumber": records[-1].sequence_number,
                "approximateArrivalOfFirstRecord": _instant(datetime.fromtimestamp(records[0].arrival, UTC)),
                "approximateArrivalOfLastRecord": _instant(datetime.fromtimestamp(records[-1].arrival, UTC)),
                "batchSize": len(records),
                "streamArn": self._source.stream_arn,
            },
        }


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
