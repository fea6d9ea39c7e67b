"""Reads one shard for one mapping, and remembers how far it has come."""

from __future__ import annotations

from helpers.emulator.clock import Clock, Steps
from helpers.emulator.kinesis.reading import read
from helpers.emulator.kinesis.region import Region
from helpers.emulator.kinesis.shard import Record, Shard
from helpers.emulator.kinesis.stream import Stream
from helpers.emulator.recorder import FlightRecorder

POLL_SECONDS = 1.0
"""An idle shard is polled once a second (facts 7.6)."""
READ_SECONDS = 0.01
"""Virtual time of one read, as of any API call."""


class Poller:
    """The records `waiting`: read from a shard and not yet processed, oldest first.

    `checkpoint` is the position of the first record that has not been processed: a new poller that starts there
    misses nothing and reads again only what was in flight.
    """

    def __init__(
        self,
        mapping: str,
        region: Region,
        stream: Stream,
        shard: Shard,
        checkpoint: int,
        clock: Clock,
        recorder: FlightRecorder,
    ) -> None:
        """Read `shard` of `stream` for the mapping with the UUID `mapping` from position `checkpoint` on."""
        self.stream = stream
        self.shard = shard
        self.checkpoint = checkpoint
        self.waiting: list[Record] = []
        self.stopped = False
        self.due = True
        """Whether to read now: a second has passed, or the last read did not get everything."""
        self._mapping = mapping
        self._region = region
        self._clock = clock
        self._recorder = recorder
        self._began = clock.microseconds
        self._arrival = clock.event()

    def stop(self) -> None:
        """Read no more: whoever works for this poller finishes what is in hand and ends."""
        self.stopped = True
        self._wake_up()

    def poll(self) -> Steps:
        """Read what there is, up to the limits of one read; when they are spent, leave it to the next second."""
        yield self._clock.timeout(READ_SECONDS)
        self.drop_expired()
        records = read(self._region, self.stream, self.shard, self._position)
        if records is None:
            self._note("poll", [], outcome="throttled")
        elif records:
            self.waiting += records
            self._note("poll", records, outcome="ok")
        self.due = records is not None and self._position < self.shard.tip

    def drop_expired(self) -> bool:
        """Let go of records that are older than the stream keeps them; returns whether there were any."""
        self.stream.trim(self.shard)
        expired = self.shard.horizon - self.checkpoint
        if expired <= 0:
            return False
        gone = self.waiting[:expired]
        if gone:
            self._note("expired", gone)
        del self.waiting[:expired]
        self.checkpoint = self.shard.horizon
        return True

    def until_next_poll(self) -> Steps:
        """Wait for the next second that has something to read.

        An idle poller asks every second.  As nothing comes of it until a record arrives, it sleeps until then,
        and wakes when it would have asked next.
        """
        if self._position >= self.shard.tip:
            self._arrival = self._clock.event()
            self.shard.on_arrival(self._wake_up)
            yield self._arrival
        since = self._clock.microseconds - self._began
        yield self._clock.timeout(POLL_SECONDS - since / 1e6 % POLL_SECONDS)
        self.due = True

    def processed(self, count: int) -> None:
        """Move the checkpoint past the first `count` waiting records."""
        del self.waiting[:count]
        self.checkpoint += count

    @property
    def _position(self) -> int:
        return self.checkpoint + len(self.waiting)

    def _wake_up(self) -> None:
        if not self._arrival.triggered:
            self._arrival.succeed()

    def _note(self, kind: str, records: list[Record], outcome: str | None = None) -> None:
        self._recorder.note(
            kind,
            stream=self.stream.name,
            shard=self.shard.id,
            mapping=self._mapping,
            first=records[0].sequence_number if records else None,
            last=records[-1].sequence_number if records else None,
            records=len(records),
            outcome=outcome,
        )
