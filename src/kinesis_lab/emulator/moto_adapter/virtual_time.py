"""Lets moto live in virtual time."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from weakref import proxy

import moto.core.utils
import moto.s3.models

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.patches import Patches


def attach(patches: Patches, clock: Clock) -> None:
    """Let moto tell the time by `clock`.

    moto's services do so by functions of `moto.core.utils`, imported by name all over moto; these functions look
    `datetime` up in their own module, which is the one place to change (S3 does it itself).
    """
    virtual = _virtual_datetime(clock)
    patches.attribute(moto.core.utils, "datetime", virtual)
    patches.attribute(moto.s3.models, "datetime", virtual)


def _virtual_datetime(clock: Clock) -> SimpleNamespace:
    """The module `datetime` with a present that is virtual.

    What moto keeps of it beyond the cloud's end, in some list or cache of its own, must not keep the clock: a date
    knows its class, and that the clock, which knows everything else.
    """
    clock = proxy(clock)

    class VirtualDatetime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> VirtualDatetime:
            return cls.fromtimestamp(clock.now, tz or datetime.UTC).replace(tzinfo=tz)

    return SimpleNamespace(**{**vars(datetime), "datetime": VirtualDatetime})
