"""A lane: the records of a shard that are waiting, or some of them by key, and the batch that is next (facts 7.6, 7.7).

A shard has as many lanes as its ParallelizationFactor.  A key always takes the same lane and a lane delivers one
batch after the other: this is what keeps the order of a key.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import simpy

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.event import MOST_BYTES, own_size
from kinesis_lab.emulator.lambda_.mapping.target import Target
from kinesis_lab.emulator.lambda_.mapping.tumbling import MOST_STATE_BYTES, TumblingWindow
from kinesis_lab.emulator.wakeup import Wakeup

LONGEST_WINDOW_KEYS = 500
"""Bytes, at most, of what an event says of its tumbling window besides the state."""


def lane_of(record: Record, lanes: int) -> int:
    """The number of a record's lane.  How AWS assigns keys is not published: a checksum of the key is our choice."""
    if lanes == 1:
        return 0
    return zlib.crc32((record.partition_key or record.sequence_number).encode()) % lanes


@dataclass(frozen=True)
class Batch:
    """What one invocation is to be given."""

    records: list[Record]
    window: TumblingWindow | None = None
    """The tumbling window that they belong to."""
    final: bool = False
    """Whether this closes the window; there are no records then."""
    early: bool = False
    """Whether it closes the window only because its state has become too large, or too large for the next record."""


class Lane:
    """Records `waiting` in the order of the shard, those at the front may be in flight; it cuts batches from them."""

    def __init__(
        self, number: int, configuration: Configuration, target: Target, clock: Clock, window: TumblingWindow | None
    ) -> None:
        """An empty lane, with a tumbling `window` if one is open; events for `target` must not become too large."""
        self.number = number
        self.waiting: deque[Record] = deque()
        self.window = window
        self.stopped = False
        """Whether no attempt is to be started any more."""
        self.wakeup = Wakeup(clock)
        """Wakes the one process that delivers its batches."""
        self._ending = False
        self._in_flight = 0
        self._own_sizes: deque[int] = deque()
        self._own_size = 0
        self._waiting_since = 0.0
        self._opened = clock.now
        self._configuration = configuration
        self._target = target
        self._clock = clock

    @property
    def has_room(self) -> bool:
        """Whether less than a batch waits behind what is in flight."""
        return len(self.waiting) - self._in_flight < self._configuration.settings.batch_size

    @property
    def done(self) -> bool:
        """Whether there is no other batch to come."""
        return self.stopped or (self._ending and not self.waiting and not self.window)

    def add(self, records: Iterable[Record]) -> None:
        """Let records wait, behind those that do."""
        if not self.waiting:
            self._waiting_since = self._clock.now
        for record in records:
            size = own_size(record)
            self.waiting.append(record)
            self._own_sizes.append(size)
            self._own_size += size
        self.wakeup.wake()

    def stop(self) -> None:
        """Start nothing any more; what is under way goes to the end of its attempt."""
        self.stopped = True
        self.wakeup.wake()

    def end(self) -> None:
        """Nothing will be added: deliver what waits without waiting for more, close the window, and end."""
        self._ending = True
        self.wakeup.wake()

    # Cutting

    def next_batch(self, read_until: float) -> Batch | None:
        """Put the next batch in flight, if there is one by now.

        `read_until`: all that arrived in the shard before this instant, in seconds since 1970, was read.  It matters
        to a lane with a tumbling window only.
        """
        if self.window and self._closes(self.window, read_until):
            return Batch([], self.window, final=True, early=self.window.overgrown)
        if self.waiting and (batch := self._ready()):
            self._in_flight = len(batch.records)
            return batch
        return None

    def wait(self) -> simpy.Event:
        """An event that happens when it is worth asking for the next batch again."""
        moments = [self._left()] if self.waiting and self._configuration.settings.batching_window else []
        if self.window and not self.waiting:
            moments.append(max(self.window.end - self._clock.now, 0.5))
        return self.wakeup.wait(min(moments, default=None))

    def _ready(self) -> Batch | None:
        """The batch at the front, if it need not wait for more (facts 7.6)."""
        settings = self._configuration.settings
        if settings.tumbling_window and self.window is None:
            self.window = TumblingWindow.around(self.waiting[0].arrival, settings.tumbling_window)
        size = self._event_size(len(self.waiting), self._own_size)
        full = size > MOST_BYTES or len(self.waiting) >= settings.batch_size
        if full or self._ending or self._left() <= 0 or (self.window and not self._fits(self.waiting[-1])):
            return Batch(self._front(size <= MOST_BYTES), self.window)
        return None

    def _front(self, all_fit: bool) -> list[Record]:
        """The records at the front that go into one event, at least one; `all_fit`: one event could have them all."""
        records = list(islice(self.waiting, self._configuration.settings.batch_size))
        if self.window:
            records = [record for record in records if self._fits(record)]
        if all_fit:
            return records
        fixed, size = self._target.form.fixed_size, self._event_size(0, 0)
        for count, record in enumerate(records):
            size += fixed + own_size(record)
            if size > MOST_BYTES and count:
                return records[:count]
        return records

    def _event_size(self, count: int, own_sizes: int) -> int:
        """Bytes of an event with so many records, of so many bytes of their own."""
        window = self.window
        further = LONGEST_WINDOW_KEYS + len(json.dumps(window.state).encode()) if window else 0
        return self._target.form.size(count, own_sizes, further)

    def _fits(self, record: Record) -> bool:
        return self.window is None or self.window.holds(record.arrival)

    def _left(self) -> float:
        """Seconds until the batching window ends in which the first record came to wait (facts 7.6).

        The first window opens when the batch before is done; without records, one follows the other.
        """
        window = self._configuration.settings.batching_window
        if not window:
            return 0.0
        passed = max(0.0, self._waiting_since - self._opened) // window
        return round(self._opened + (passed + 1) * window - self._clock.now, 6)

    def _closes(self, window: TumblingWindow, read_until: float) -> bool:
        """Whether a tumbling window is over: by its end, by a later record, by too much state, or with the shard."""
        if window.overgrown:
            return True
        if self.waiting:
            size = self._own_sizes[0]
            if window.state and size > MOST_BYTES - MOST_STATE_BYTES - LONGEST_WINDOW_KEYS:
                window.overgrown = self._event_size(1, size) > MOST_BYTES
            return window.overgrown or not self._fits(self.waiting[0])
        return self._ending or (self._clock.now >= window.end and read_until >= window.end)

    # What becomes of a batch

    def acknowledge(self, count: int) -> None:
        """The first `count` records are processed, reported, dropped or expired: they wait no more."""
        for _ in range(count):
            self.waiting.popleft()
            self._own_size -= self._own_sizes.popleft()
        self._in_flight = max(0, self._in_flight - count)

    def delivered(self, batch: Batch) -> None:
        """A batch is not in flight any more: the next batching window opens."""
        self._in_flight = 0
        self._opened = self._clock.now
        if batch.final and batch.window:
            self.window = TumblingWindow(batch.window.start, batch.window.seconds) if batch.early else None
