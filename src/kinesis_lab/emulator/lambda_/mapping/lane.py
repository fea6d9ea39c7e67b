"""A lane: the records of a shard that are waiting, or some of them by key, and the batch that is next (facts 7.6, 7.7).

A shard has as many lanes as its ParallelizationFactor.  A key always takes the same lane and a lane delivers one
batch after the other: this is what keeps the order of a key.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from kinesis_lab.emulator.clock import Clock, Steps
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.event import ENVELOPE, MOST_BYTES, own_size
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
    """Records `waiting` in the order of the shard; those at the front may be in hand already."""

    def __init__(
        self,
        number: int,
        configuration: Configuration,
        fixed_size: Callable[[], int],
        caught_up: Callable[[float], bool],
        on_done: Callable[[], None],
        clock: Clock,
        window: TumblingWindow | None = None,
    ) -> None:
        """An empty lane, with a tumbling `window` if one is open.

        `fixed_size`: bytes that every record takes in an event; `caught_up`: whether all that arrived in the shard
        before an instant (in seconds since 1970) was read; `on_done` is called when records are done with.
        """
        self.number = number
        self.waiting: deque[Record] = deque()
        self.stopped = False
        self.bell = Wakeup(clock)
        """Rings for the lane's one process."""
        self._ending = False
        self._in_hand = 0
        self._own_sizes: deque[int] = deque()
        self._own_size = 0
        self._waiting_since = 0.0
        self.window = window
        self._opened = clock.now
        self._configuration = configuration
        self._fixed_size = fixed_size
        self._caught_up = caught_up
        self._clock = clock
        self._on_done = on_done

    # From outside

    @property
    def hungry(self) -> bool:
        """Whether there is less than a batch for it to go on with."""
        return len(self.waiting) - self._in_hand < self._configuration.batch_size

    def add(self, records: Iterable[Record]) -> None:
        """Let records wait, behind those that do."""
        if not self.waiting:
            self._waiting_since = self._clock.now
        for record in records:
            size = own_size(record)
            self.waiting.append(record)
            self._own_sizes.append(size)
            self._own_size += size
        self.bell.wake()

    def stop(self) -> None:
        """Start nothing any more; what is under way goes to the end of its attempt."""
        self.stopped = True
        self.bell.wake()

    def end(self) -> None:
        """Nothing will be added: deliver what waits without waiting for more, close the window, and end."""
        self._ending = True
        self.bell.wake()

    # What is next

    def next_batch(self) -> Steps:
        """Wait for the next batch and take it in hand; None at the end."""
        while not self.stopped:
            if self.window and self._closes(self.window):
                return Batch([], self.window, final=True, early=self.window.overgrown)
            if self.waiting and (batch := self._ready()):
                self._in_hand = len(batch.records)
                return batch
            if self._ending and not self.waiting and not self.window:
                return None
            yield self.bell.wait(self._patience())
        return None

    def _ready(self) -> Batch | None:
        """The batch at the front, if it need not wait for more (facts 7.6)."""
        if self._configuration.tumbling and self.window is None:
            self.window = TumblingWindow.around(self.waiting[0].arrival, self._configuration.tumbling)
        full = self._size > MOST_BYTES or len(self.waiting) >= self._configuration.batch_size
        if full or self._ending or self._left() <= 0 or (self.window and not self._fits(self.waiting[-1])):
            return Batch(self._front(), self.window)
        return None

    def _front(self) -> list[Record]:
        """The records at the front that go into one event; at least one does."""
        records = list(islice(self.waiting, self._configuration.batch_size))
        if self.window:
            records = [record for record in records if self._fits(record)]
        if self._size <= MOST_BYTES:
            return records
        fixed, size = self._fixed_size(), self._envelope
        for count, record in enumerate(records):
            size += fixed + own_size(record)
            if size > MOST_BYTES and count:
                return records[:count]
        return records

    @property
    def _size(self) -> int:
        """Bytes of an event with all that waits."""
        return self._envelope + len(self.waiting) * self._fixed_size() + self._own_size

    @property
    def _envelope(self) -> int:
        """Bytes of an event without records."""
        return ENVELOPE + (LONGEST_WINDOW_KEYS + len(json.dumps(self.window.state).encode()) if self.window else 0)

    def _fits(self, record: Record) -> bool:
        return self.window is None or self.window.holds(record.arrival)

    def _left(self) -> float:
        """Seconds until the batching window ends in which the first record came to wait (facts 7.6).

        The first window opens when the batch before is done; without records, one follows the other.
        """
        window = self._configuration.window
        if not window:
            return 0.0
        passed = max(0.0, self._waiting_since - self._opened) // window
        return round(self._opened + (passed + 1) * window - self._clock.now, 6)

    def _closes(self, window: TumblingWindow) -> bool:
        """Whether a tumbling window is over: by its end, by a later record, by too much state, or with the shard."""
        if window.overgrown:
            return True
        if self.waiting:
            size = self._own_sizes[0]
            if window.state and size > MOST_BYTES - MOST_STATE_BYTES - LONGEST_WINDOW_KEYS:
                window.overgrown = self._envelope + self._fixed_size() + size > MOST_BYTES
            return window.overgrown or not self._fits(self.waiting[0])
        return self._ending or (self._clock.now >= window.end and self._caught_up(window.end))

    def _patience(self) -> float | None:
        """Seconds after which to look again, without being rung for."""
        moments = [self._left()] if self.waiting and self._configuration.window else []
        if self.window and not self.waiting:
            moments.append(max(self.window.end - self._clock.now, 0.5))
        return min(moments, default=None)

    # What is done

    def done(self, count: int) -> None:
        """The first `count` records are processed, reported, dropped or expired: let go of them."""
        for _ in range(count):
            self.waiting.popleft()
            self._own_size -= self._own_sizes.popleft()
        self._in_hand = max(0, self._in_hand - count)
        if count:
            self._on_done()

    def delivered(self, batch: Batch) -> None:
        """A batch is done with: the next batching window opens."""
        self._in_hand = 0
        self._opened = self._clock.now
        if batch.final and batch.window:
            self.window = TumblingWindow(batch.window.start, batch.window.seconds) if batch.early else None
