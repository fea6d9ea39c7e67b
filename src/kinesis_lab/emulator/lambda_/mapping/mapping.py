"""A live event source mapping: its states, and a consumer for every shard of its stream whose turn has come."""

from __future__ import annotations

import simpy

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.kinesis.shard import Shard
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.consumer import ShardConsumer
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.readers import POLL_SECONDS
from kinesis_lab.emulator.lambda_.mapping.source import Source
from kinesis_lab.emulator.lambda_.mapping.tumbling import TumblingWindow
from kinesis_lab.emulator.transition import Effect, Transition
from kinesis_lab.emulator.wire import Document

# How long a mapping takes to change its state is not published: our choice, in virtual seconds.
SECONDS_TO_ENABLE = 5.0
SECONDS_TO_DISABLE = 5.0
SECONDS_TO_UPDATE = 2.0


class EventSourceMapping:
    """Reads a stream and feeds a function, from its creation until it is deleted."""

    def __init__(self, context: MappingContext, configuration: Configuration, source: Source) -> None:
        """A mapping of this source that does nothing until it is enabled."""
        self.configuration = configuration
        self._context = context
        self._source = source
        self._clock = context.clock
        self.next_function_arn = configuration.function_arn
        """The function that it has, or will have when the change is through that is under way."""
        self._transition = Transition(context.clock)
        """The change of state that is under way."""
        self._started = False
        self._checkpoints: dict[int, int] = {}
        """Where to start in a shard, by its index; those that came later are read from their beginning."""
        self._windows: dict[int, TumblingWindow | None] = {}
        """The tumbling window that is open in a shard, by its index."""
        self._finished: set[int] = set()
        """Shards that are closed and done."""
        self._consumers: dict[int, ShardConsumer] = {}
        self._working: dict[int, simpy.Process] = {}

    @property
    def polling(self) -> bool:
        """Whether records are being read and delivered."""
        return self.configuration.state in ("Enabled", "Updating", "Disabling")

    # States (facts 7.4)

    def enable(self, state: str = "Enabling") -> None:
        """Go through `state` to Enabled, and read from the checkpoints on."""
        self._become(state, "Enabled", SECONDS_TO_ENABLE)

    def disable(self, state: str = "Disabling") -> None:
        """Go through `state` to Disabled; the checkpoints are kept."""
        self._become(state, "Disabled", SECONDS_TO_DISABLE)

    def update(self, settings: Document, function_arn: str, enabled: bool | None) -> None:
        """Take over new settings when the change of state is through (facts 7.2); the reply shows the old ones."""

        def take_over() -> None:
            self.configuration.change(settings)
            self.configuration.function_arn = function_arn
            self.configuration.last_modified = self._clock.now
            for consumer in self._consumers.values():
                consumer.look_again()

        self.next_function_arn = function_arn
        present = self.configuration.state
        if enabled is True and present == "Disabled":
            self._become("Enabling", "Enabled", SECONDS_TO_ENABLE, take_over)
        elif enabled is False and present == "Enabled":
            self._become("Disabling", "Disabled", SECONDS_TO_DISABLE, take_over)
        else:
            self._become("Updating", present, SECONDS_TO_UPDATE, take_over)

    def delete(self) -> None:
        """Stop for good."""
        self._transition.cancel()
        self._set_state("Deleting")

    def settle(self) -> None:
        """Let the change of state that is under way, if there is one, be through now."""
        self._transition.settle()

    def _become(self, passing: str, final: str, seconds: float, effect: Effect | None = None) -> None:
        """Be in the state `passing`; after `seconds`, let `effect` take effect and be in the state `final`."""

        def finish() -> None:
            if effect:
                effect()
            self._set_state(final)
            if final == "Enabled" and not self._consumers:
                self._clock.start(self._start())

        self._set_state(passing)
        self._transition.begin(seconds, finish)

    def _set_state(self, state: str) -> None:
        self.configuration.state = state
        self._context.recorder.note("state", stream=self._source.name, mapping=self.configuration.uuid, outcome=state)
        if not self.polling:
            for consumer in self._consumers.values():
                consumer.stop()
            self._consumers = {}

    # Consuming

    def _start(self) -> Steps:
        while not self._source.ready:
            yield self._clock.timeout(POLL_SECONDS)
            if not self.polling:  # deleted meanwhile
                return
        if not self._started:
            self._started = True
            start = self.configuration.starting_position, self.configuration.starting_timestamp
            for shard in self._source.partitions():
                if shard.expired:  # before it was asked for
                    self._finished.add(shard.index)
                else:
                    self._checkpoints[shard.index] = self._source.starting_position(shard, *start)
        self._follow()

    def _follow(self) -> None:
        """Consume every shard whose turn has come."""
        for shard in self._source.due(self._finished):
            if shard.index not in self._consumers:
                consumer = ShardConsumer(self._context, self.configuration, self._source, shard)
                self._consumers[shard.index] = consumer
                before = self._working.get(shard.index)
                self._working[shard.index] = self._clock.start(self._consume(shard, consumer, before))

    def _consume(self, shard: Shard, consumer: ShardConsumer, before: simpy.Process | None) -> Steps:
        """Consume a shard to its end, or until the mapping stops."""
        if before is not None:  # what was under way when the mapping was disabled comes to its end first
            yield before
        consumer.window = self._windows.get(shard.index)
        finished = yield from consumer.run(self._checkpoints.get(shard.index, 0))
        self._checkpoints[shard.index], self._windows[shard.index] = consumer.checkpoint, consumer.window
        if finished:
            self._finished.add(shard.index)
            self._consumers.pop(shard.index, None)
            self._follow()
