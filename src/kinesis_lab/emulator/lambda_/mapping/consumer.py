"""The consumer of one shard: reads it, filters, hands out to lanes, and keeps the checkpoint."""

from __future__ import annotations

import simpy

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.delivery import BatchInFlight, Delivery
from kinesis_lab.emulator.lambda_.mapping.journal import ShardJournal
from kinesis_lab.emulator.lambda_.mapping.lane import Lane, lane_of
from kinesis_lab.emulator.lambda_.mapping.on_failure import OnFailureDestination
from kinesis_lab.emulator.lambda_.mapping.source import Source
from kinesis_lab.emulator.lambda_.mapping.target import Target
from kinesis_lab.emulator.lambda_.mapping.tumbling import TumblingWindow
from kinesis_lab.emulator.wakeup import Wakeup


class ShardConsumer:
    """One shard on its way to the function.

    `checkpoint` is the position of the first record that is not done: neither processed nor filtered, reported,
    dropped or expired.  Whoever starts there misses nothing.
    """

    def __init__(self, context: MappingContext, configuration: Configuration, source: Source, shard: Shard) -> None:
        """Of one `shard` of the source, for the mapping with this configuration."""
        self.shard = shard
        self.checkpoint = 0
        self.window: TumblingWindow | None = None
        """The tumbling window that is open, before and after the run."""
        self.stopped = False
        self._context = context
        self._configuration = configuration
        self._source = source
        self._target = Target(context, configuration, shard.id)
        self._journal = ShardJournal(context, configuration, source.name, shard.id)
        destination = OnFailureDestination(context, configuration, source, shard.id, self._target, self._journal)
        self._delivery = Delivery(configuration, source, context.clock, self._target, destination, self._journal)
        self._arrivals = Wakeup(context.clock)
        """Wakes the reading when something has arrived, or the settings have changed."""
        self._capacity = Wakeup(context.clock)
        """Wakes it when a lane has room for more."""
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
            lane.wakeup.wake()
        self._arrivals.wake()
        self._capacity.wake()

    def run(self, position: int) -> Steps:
        """Read from `position` on and deliver until stopped, or until the closed shard is done; returns whether it is.

        The tumbling window that was open at its end is in `window`, where to go on in `checkpoint`.
        """
        self.checkpoint = position
        self._reader = reader = self._source.reader(
            self._context, self._target, self.shard, position, self._journal, self._arrivals.wake
        )
        yield from self._change_lanes()  # also if all was read before: a tumbling window may be open still
        while not self.stopped and not self.shard.read_to_end(reader.position) and not self._source.deleted:
            if len(self._lanes) != self._configuration.settings.lanes:
                reader.stop_waiting()
                yield from self._change_lanes()
                continue  # that can take long, and much may have happened meanwhile
            if not any(lane.has_room for lane in self._lanes):
                reader.stop_waiting()
                yield self._capacity.wait()
            elif (seconds := reader.seconds_until_read) is None:
                reader.await_arrival()
                yield self._arrivals.wait()
            else:
                yield from self._arrivals.pause(seconds, over=lambda: self.stopped or reader.has_turn)
                if not self.stopped:
                    self._hand_out(reader.read())
        reader.stop_waiting()
        for lane in self._lanes:
            lane.end()
        yield from self._all_at_rest()
        self._take_window()
        if self._source.deleted:
            self._journal.unreadable(self._source.not_found)
        return not self.stopped

    def _hand_out(self, records: list[Record]) -> None:
        """Let what passes the filters wait in its lane."""
        passed = self._filtered(records)
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
        filters = self._configuration.settings.filters
        passed, dropped = records, list[Record]()
        if filters:
            passed = []
            for record in records:
                (passed if filters.pass_(record) else dropped).append(record)
        self._journal.filtered(len(records), dropped)
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
        count, clock = self._configuration.settings.lanes, self._context.clock
        self._lanes = [
            Lane(number, self._configuration, self._target, clock, None if number else self.window)
            for number in range(count)
        ]
        for record in waiting:
            self._lanes[lane_of(record, count)].add([record])
        if self.stopped:
            return
        self._working = [clock.start(self._work(lane)) for lane in self._lanes]

    def _take_window(self) -> None:
        """Remember the window that is open: there is one at most, as there are windows with one lane only."""
        if self._lanes:
            self.window = self._lanes[0].window

    def _work(self, lane: Lane) -> Steps:
        """Deliver one batch of a lane after the other."""
        while not lane.done:
            batch = lane.next_batch(self._reader.read_until if lane.window else 0.0)
            if batch is None:
                yield lane.wait()
                continue
            self._capacity.wake()
            yield from BatchInFlight(self._delivery, lane, batch, self._move_checkpoint).deliver()
            self._capacity.wake()

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
            self._journal.checkpoint(self.shard.at(position - 1))
