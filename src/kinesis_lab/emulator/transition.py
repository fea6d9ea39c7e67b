"""Changes of state that take time: a stream becomes ACTIVE, a mapping Enabled, a deleted stream goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kinesis_lab.emulator.clock import Clock, Steps

Effect = Callable[[], object]
"""What takes effect at the end of a change of state."""


class Transition:
    """The change of state that something is in, if it is in one; one after another, never two at a time."""

    def __init__(self, clock: Clock) -> None:
        """No change is under way; changes end by `clock`."""
        self._clock = clock
        self._effect: Effect | None = None

    def begin(self, seconds: float, effect: Effect) -> None:
        """Let `effect` take effect after `seconds`, and that of a change still under way not at all."""
        self._effect = pending = partial(effect)  # an object of its own, though the same effect may begin again
        self._clock.start(self._settle_after(seconds, pending))

    def settle(self) -> None:
        """Let the change that is under way, if there is one, take effect now."""
        effect, self._effect = self._effect, None
        if effect:
            effect()

    def cancel(self) -> None:
        """End the change that is under way, if there is one, without effect."""
        self._effect = None

    def _settle_after(self, seconds: float, pending: Effect) -> Steps:
        yield self._clock.timeout(seconds)
        if self._effect is pending:  # and was neither settled nor cancelled
            self.settle()
