"""The consumer of one shard: reads it, filters, hands out to lanes, and keeps the checkpoint."""

from __future__ import annotations

import simpy

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Record, Shard, places
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.lambda_.mapping.configuration import NO_STREAM, Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.delivery import Delivery
from kinesis_lab.emulator.lambda_.mapping.lane import Lane, lane_of
from kinesis_lab.emulator.lambda_.mapping.mapping_metrics import MappingMetrics
from kinesis_lab.emulator.lambda_.mapping.readers import Reader
from kinesis_lab.emulator.lambda_.mapping.tumbling import TumblingWindow
from kinesis_lab.emulator.wakeup import Wakeup


class ShardConsumer:
    """One shard on its way to the function.

    `checkpoint` is the position of the first record that is not done: neither processed nor filtered, reported,
    dropped or expired.  Whoever starts there misses nothing.
    """

    def __init__(
        self,
        context: MappingContext,
        configuration: Configuration,
        stream: Stream,
        shard: Shard,
    ) -> None:
        """Of one `shard` of `stream`, for the mapping with this configuration."""
        self.shard = shard
        self.checkpoint = 0
        self.window: TumblingWindow | None = None
        """The tumbling window that is open, before and after the run."""
        self.stopped = False
        self._context = context
        self._configuration = configuration
        self._stream = stream
        self._clock = context.clock
        self._metrics = MappingMetrics(context, configuration)
        self._delivery = Delivery(context, configuration, stream, shard, self._metrics)
        self._bell = Wakeup(context.clock)
        """Rings for the reading: something has arrived, or the settings have changed."""
        self._hunger = Wakeup(context.clock)
        """Rings for it as well: a lane has less waiting than before."""
        self._lanes: list[Lane] = []
        self._working: list[simpy.Process] = []

    def stop(self) -> None:
        """Read no more, and start no attempt; what is under way is finished."""
        self.stopped = True
        self.look_again()
        for lane in self._lanes:
            lane.stop()

    def look_again(self) -> None:
        """Settings have changed: heed them, even if nothing can be read at the moment, and batches wait for more."""
        for lane in self._lanes:
            lane.bell.wake()
        self._bell.wake()
        self._hunger.wake()

    def run(self, reader: Reader) -> Steps:
        """Read with `reader` and deliver until stopped, or until the closed shard is done; returns whether it is."""
        self._reader, self.checkpoint = reader, reader.position
        reader.wake = self._bell.wake
        while not self.stopped and not self.shard.read_to_end(self._reader.position) and not self._reader.gone:
            if len(self._lanes) != self._configuration.lanes:
                self._reader.end()
                yield from self._change_lanes()
                continue  # that can take long, and much may have happened meanwhile
            if not any(lane.hungry for lane in self._lanes):
                self._reader.end()
                yield self._hunger.wait()
            elif (seconds := self._reader.patience) is None:
                self._reader.rest()
                yield self._bell.wait()
            else:
                yield from self._bell.pause(seconds, over=lambda: self.stopped or self._reader.called)
                if not self.stopped:
                    self._hand_out(self._reader.read())
        self._reader.end()
        for lane in self._lanes:
            lane.end()
        yield from self._all_at_rest()
        self._take_window()
        if self._reader.gone:
            self._configuration.last_result = NO_STREAM
        return not self.stopped

    def _hand_out(self, records: list[Record]) -> None:
        """Let what passes the filters wait in its lane."""
        passed = self._filtered(records)
        self._metrics.polled(len(records), len(records) - len(passed))
        if len(self._lanes) == 1:
            shares = {0: passed} if passed else {}
        else:
            shares = {}
            for record in passed:
                shares.setdefault(lane_of(record, len(self._lanes)), []).append(record)
        for number, share in shares.items():
            self._lanes[number].add(share)
        self._move_checkpoint()

    def _filtered(self, records: list[Record]) -> list[Record]:
        filters = self._configuration.filters
        if not filters or not records:
            return records
        passed: list[Record] = []
        dropped: list[Record] = []
        for record in records:
            (passed if filters.pass_(record) else dropped).append(record)
        if dropped:
            self._context.recorder.note(
                "filter",
                stream=self._stream.name,
                shard=self.shard.id,
                mapping=self._configuration.uuid,
                first=dropped[0].sequence_number,
                last=dropped[-1].sequence_number,
                places=places(dropped),
                records=len(dropped),
            )
        return passed

    # Lanes

    def _change_lanes(self) -> Steps:
        """Have as many lanes as are wanted; what waits is handed out anew when nothing is under way."""
        for lane in self._lanes:
            lane.stop()
        yield from self._all_at_rest()
        waiting = [record for lane in self._lanes for record in lane.waiting]
        waiting.sort(key=lambda record: int(record.sequence_number))
        self._take_window()
        count = self._configuration.lanes
        self._lanes = [
            Lane(
                number,
                self._configuration,
                self._delivery.fixed_size,
                self._reader.caught_up,
                self._move_checkpoint,
                self._clock,
                None if number else self.window,
            )
            for number in range(count)
        ]
        for record in waiting:
            self._lanes[lane_of(record, count)].add([record])
        if self.stopped:
            return
        self._working = [self._clock.start(self._work(lane)) for lane in self._lanes]

    def _take_window(self) -> None:
        """Remember the window that is open: there is one at most, as there are windows with one lane only."""
        if self._lanes:
            self.window = self._lanes[0].window

    def _work(self, lane: Lane) -> Steps:
        """Deliver one batch of a lane after the other."""
        while (batch := (yield from lane.next_batch())) is not None:
            self._hunger.wake()
            yield from self._delivery.deliver(lane, batch)
            self._hunger.wake()

    def _all_at_rest(self) -> Steps:
        yield from self._working
        self._working = []

    # The checkpoint

    def _move_checkpoint(self) -> None:
        """Move it to the oldest record that is not done (facts 7.7)."""
        oldest = [lane.waiting[0].position for lane in self._lanes if lane.waiting]
        position = min(oldest, default=self._reader.position)
        if position > self.checkpoint:
            self.checkpoint = position
            last = self.shard.at(position - 1)
            self._context.recorder.note(
                "checkpoint",
                stream=self._stream.name,
                shard=self.shard.id,
                mapping=self._configuration.uuid,
                last=last.sequence_number if last else None,
            )
