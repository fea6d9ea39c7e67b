"""A subscription: a shard's records, pushed to one registered consumer as they arrive (facts 5.3)."""

from __future__ import annotations

import simpy

from kinesis_lab.emulator.clock import MICROSECONDS, Steps
from kinesis_lab.emulator.kinesis.documents import child_documents, record_documents
from kinesis_lab.emulator.kinesis.event_stream import message
from kinesis_lab.emulator.kinesis.push import ShardPush
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.wire import Document, Response

SECONDS = 300.0
"""How long a subscription lives (facts 5.3)."""
QUIET_SECONDS = 5.0
"""After so long without records comes an event that has none: our choice."""


class Subscription:
    """Events, one after another, until five minutes have passed or another subscription takes over."""

    def __init__(self, region: Region, stream: Stream, consumer: Consumer, shard: Shard, position: int) -> None:
        """Push the records of `shard` from `position` on."""
        self._region = region
        self._stream = stream
        self._consumer = consumer
        self._shard = shard
        self._position = position
        self._began = region.clock.microseconds
        self._push = ShardPush(region, stream, consumer, shard)
        last_read = shard.at(position - 1)
        self._continuation = last_read.sequence_number if last_read else shard.starting_sequence_number
        self._ended = False

    @property
    def _over(self) -> bool:
        """Whether there will be no other event."""
        return self._ended or self._taken_over or self._expired or self._consumer.status != "ACTIVE"

    @property
    def _taken_over(self) -> bool:
        return self._consumer.subscribed.get(self._shard.index) != self._began

    @property
    def _until(self) -> float:
        """When it ends, in seconds since 1970."""
        return self._began / MICROSECONDS + SECONDS

    @property
    def _expired(self) -> bool:
        return self._region.clock.now >= self._until

    def response(self, request_id: str) -> Response:
        """The answer to SubscribeToShard: an event stream."""
        headers = {"content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": request_id}
        return Response(200, headers, message("initial-response", {}), self._next_message)

    def _next_message(self) -> Steps:
        event = yield from self._next_event()
        return None if event is None else message("SubscribeToShardEvent", event)

    def _next_event(self) -> Steps:
        """Wait for the next SubscribeToShardEvent; returns its document, or None when the subscription is over."""
        clock = self._region.clock
        if self._position >= self._shard.tip and self._shard.open:
            arrival = clock.event()
            self._shard.on_arrival(lambda: _succeed(arrival))
            yield arrival | clock.timeout(min(QUIET_SECONDS, max(self._until - clock.now, 0.0)))
        while not self._push.allowed:
            yield clock.timeout(0.1)
        records = self._push.read(self._position)
        if self._over:  # whoever looks late still gets what was pushed in time
            records = [record for record in records if record.arrival < self._until] if self._expired else []
            if not records:
                return None
        return self._event(records)

    def _event(self, records: list[Record]) -> Document:
        self._position = max(self._position, self._shard.horizon) + len(records)
        size, behind = self._push.send(records, self._position)
        if records:
            self._continuation = records[-1].sequence_number
            self._note(records, size)
        event: Document = {
            "Records": record_documents(records),
            "ContinuationSequenceNumber": self._continuation,
            "MillisBehindLatest": behind,
        }
        if self._shard.read_to_end(self._position):
            self._ended = True
            del event["ContinuationSequenceNumber"]
            event["ChildShards"] = child_documents(self._stream, self._shard)
        return event

    def _note(self, records: list[Record], size: int) -> None:
        self._region.recorder.note(
            "push",
            stream=self._stream.name,
            shard=self._shard.id,
            first=records[0].sequence_number,
            last=records[-1].sequence_number,
            records=len(records),
            bytes=size,
            outcome="ok",
            note=self._consumer.name,
        )


def _succeed(event: simpy.Event) -> None:
    if not event.triggered:
        event.succeed()
