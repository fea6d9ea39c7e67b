"""The local cloud: puts the parts together, and gives the process back as it was.

While it is open, this process is changed in three places: moto (`moto_adapter`), botocore (`botocore_requests.py`) and
what else decides on clients and time (`process.py`).  `close` undoes all of it.  What the cloud does not offer raises
NotOffered.  What it means for moto's `mock_aws` is said in `moto_adapter/state.py`.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack

from kinesis_lab.emulator import botocore_requests, process
from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.interrupts import interrupts_postponed
from kinesis_lab.emulator.moto_adapter import attaching
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.recorder import FlightRecorder
from kinesis_lab.emulator.server import endpoint
from kinesis_lab.emulator.switchboard import Switchboard

_open: list[LocalCloud] = []
"""The local cloud that is open in this process: none or one, as moto's state is the process's."""


def current() -> LocalCloud | None:
    """The local cloud that is open in this process, if there is one."""
    return _open[0] if _open else None


class LocalCloud:
    """A cloud of its own in this process, on virtual time."""

    def __init__(self, *, seed: int = 0, speed: float | None = None, limits: bool = True) -> None:
        """Open an empty cloud.  One that was open before is closed.

        `seed`: where its ids come from; `speed`: virtual seconds per real second, None for no waiting at all;
        `limits`: whether Kinesis throttles.
        """
        if before := current():
            before.close()
        self._patches = Patches()
        self._running = ExitStack()
        self._address = ""
        self.clock = Clock(speed=speed)
        self.recorder = FlightRecorder(self.clock)
        self.switchboard = Switchboard(self.clock, Identities(seed), self.recorder, self._patches, limits=limits)
        self._running.callback(self.switchboard.runtime.close)
        self._running.callback(self.clock.close)
        try:
            attaching.attach(self._patches, self.clock, seed)
            process.attach(self._patches, self.clock, seed)
            botocore_requests.attach(self._patches, self.switchboard)
            self._patches.callback(atexit.unregister, self.close)
            atexit.register(self.close)
        except BaseException:
            self._end()
            raise
        _open.append(self)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self not in _open

    def address(self) -> str:
        """Where this cloud answers over HTTP, on loopback; it is served from the first call on until it is closed.

        Raises RuntimeError when it is closed.
        """
        if self.closed:
            raise RuntimeError("the local cloud is closed")
        if not self._address:
            self._address = self._running.enter_context(endpoint(self))
        return self._address

    def close(self) -> None:
        """End everything that runs and give the process back as it was.  A second time does nothing."""
        with interrupts_postponed():
            if not self.closed:
                _open.remove(self)
                self._end()

    def _end(self) -> None:
        with self._patches:  # undone last, whatever happens
            self._running.close()
