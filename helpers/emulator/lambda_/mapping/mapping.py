"""A live event source mapping: its states, and one consumer for every shard of its stream."""

from __future__ import annotations

from collections.abc import Callable

from helpers.emulator.clock import Clock, Steps
from helpers.emulator.kinesis.region import Region
from helpers.emulator.kinesis.shard import Shard
from helpers.emulator.kinesis.stream import Stream
from helpers.emulator.lambda_.functions import Function
from helpers.emulator.lambda_.mapping.configuration import Configuration
from helpers.emulator.lambda_.mapping.delivery import Delivery
from helpers.emulator.lambda_.mapping.poller import POLL_SECONDS, Poller
from helpers.emulator.lambda_.runtime import Runtime
from helpers.emulator.recorder import FlightRecorder

# How long a mapping takes to change its state is not published: our choice, in virtual seconds.
SECONDS_TO_ENABLE = 5.0
SECONDS_TO_DISABLE = 5.0
SECONDS_TO_UPDATE = 2.0


class EventSourceMapping:
    """Reads a stream and feeds a function, from its creation until it is deleted."""

    def __init__(
        self,
        configuration: Configuration,
        region: Region,
        stream: Stream,
        function: Callable[[str], Function],
        runtime: Runtime,
        clock: Clock,
        recorder: FlightRecorder,
    ) -> None:
        """A mapping that does nothing until it is enabled.  `function` finds a function by its ARN."""
        self.configuration = configuration
        self._region = region
        self._stream = stream
        self._clock = clock
        self._recorder = recorder
        self._checkpoints: dict[str, int] = {}
        self._pollers: list[Poller] = []
        self._delivery = Delivery(
            configuration,
            function=lambda: function(configuration.function_arn),
            runtime=runtime,
            clock=clock,
            recorder=recorder,
        )

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

    def update(self) -> None:
        """Go through Updating back to the present state."""
        self._become("Updating", self.configuration.state, SECONDS_TO_UPDATE)

    def delete(self) -> None:
        """Stop for good."""
        self._set_state("Deleting")

    def _become(self, passing: str, final: str, seconds: float) -> None:
        self._set_state(passing)
        self._clock.start(self._settle(passing, final, seconds))

    def _settle(self, passing: str, final: str, seconds: float) -> Steps:
        yield self._clock.timeout(seconds)
        if self.configuration.state == passing:
            self._set_state(final)
            if final == "Enabled" and passing != "Updating":
                yield from self._start()

    def _set_state(self, state: str) -> None:
        self.configuration.state = state
        self._recorder.note("state", stream=self._stream.name, mapping=self.configuration.uuid, outcome=state)
        if not self.polling:
            for poller in self._pollers:
                poller.stop()
            self._pollers = []

    # Consuming

    def _start(self) -> Steps:
        while self._stream.status == "CREATING":
            yield self._clock.timeout(POLL_SECONDS)
        uuid = self.configuration.uuid
        for shard in self._stream.listed_shards:
            position = self._checkpoints.setdefault(shard.id, self._starting_position(shard))
            poller = Poller(uuid, self._region, self._stream, shard, position, self._clock, self._recorder)
            self._pollers.append(poller)
            self._clock.start(self._consume(poller))

    def _starting_position(self, shard: Shard) -> int:
        match self.configuration.starting_position:
            case "TRIM_HORIZON":
                return shard.horizon
            case "LATEST":
                return shard.tip
            case _:
                return shard.position_at_time(self.configuration.starting_timestamp or 0.0)

    def _consume(self, poller: Poller) -> Steps:
        """Read, deliver, checkpoint, until the poller is stopped."""
        while not poller.stopped:
            batch_size = self.configuration.batch_size
            if poller.due and len(poller.waiting) < batch_size:
                yield from poller.poll()
            batch = poller.waiting[:batch_size]
            if not batch:
                yield from poller.until_next_poll()
            elif (yield from self._delivery.deliver(poller, batch)):
                poller.processed(len(batch))
                self._checkpoint(poller, batch[-1].sequence_number)

    def _checkpoint(self, poller: Poller, last: str) -> None:
        shard = poller.shard.id
        self._checkpoints[shard] = max(poller.checkpoint, self._checkpoints[shard])
        self._recorder.note(
            "checkpoint",
            stream=self._stream.name,
            shard=shard,
            mapping=self.configuration.uuid,
            last=last,
        )
