"""What else of this process is the local cloud's while it is open: environment variables, sleep, and chance."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore import retryhandler
from botocore.retries.standard import ExponentialBackoff

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import REGION

_NO_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "TZ": "UTC",
}
"""What the environment says while a local cloud is open: keys that are none, no profile, one time zone."""
_NO_DIRECTIONS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL")

_real_sleep = time.sleep
_virtual_sleep: Callable[[float], None] | None = None
"""How to sleep while a local cloud is open."""


def attach(patches: Patches, clock: Clock, seed: int) -> None:
    """Hide credentials, and let this thread's sleep move `clock`.  Closing `patches` gives everything back."""
    _set_environment(patches)
    _take_over_sleep(patches, clock)
    _draw_jitter_from(patches, random.Random(seed))


# Environment variables


def _set_environment(patches: Patches) -> None:
    patches.callback(_heed_time_zone)
    for name in _NO_DIRECTIONS:
        patches.no_item(os.environ, name)
    for name, value in _NO_CREDENTIALS.items():
        patches.item(os.environ, name, value)
    _heed_time_zone()
    patches.attribute(boto3, "DEFAULT_SESSION", None)  # it may know the variables of before


def _heed_time_zone() -> None:
    """Make the C library look at TZ again, so that boto3's local times are the same everywhere (not on Windows)."""
    if hasattr(time, "tzset"):
        time.tzset()


# Sleep


def _take_over_sleep(patches: Patches, clock: Clock) -> None:
    """Let `time.sleep`, and names in the main program that already mean it, move the virtual clock."""
    opener = threading.current_thread()

    def sleep(seconds: float) -> None:
        """Sleep virtually in the thread that opened the cloud, really in any other."""
        if threading.current_thread() is opener:
            clock.advance(seconds)
        else:
            _real_sleep(seconds)

    patches.attribute(sys.modules[__name__], "_virtual_sleep", sleep)
    patches.callback(_give_sleep_back, time.sleep)
    vars(time)["sleep"] = _sleep
    patches.callback(_rename_in_main, _sleep, _real_sleep)
    _rename_in_main(_real_sleep, _sleep)


def _give_sleep_back(before: Callable[[float], None]) -> None:
    """Let `time.sleep` be what it was, unless it was replaced meanwhile, as by a test that mocks it."""
    if time.sleep is _sleep:
        vars(time)["sleep"] = before


def _sleep(seconds: float) -> None:
    """Sleep virtually while a local cloud is open; the standard library's own waits stay real."""
    caller = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
    virtual_sleep = _virtual_sleep  # which another thread may take away at any time
    if virtual_sleep and caller not in sys.stdlib_module_names:
        virtual_sleep(seconds)
    else:
        _real_sleep(seconds)


def _rename_in_main(before: Any, after: Any) -> None:
    """Let names in the main program, a notebook for instance, that mean `before` mean `after`."""
    main = vars(sys.modules["__main__"])
    for name, value in list(main.items()):
        if value is before:
            main[name] = after


# Chance


def _draw_jitter_from(patches: Patches, source: random.Random) -> None:
    """Let botocore draw the pauses between its retries from `source`: a seeded one draws the same every time."""
    patches.attribute(retryhandler, "random", source)
    defaults = list(ExponentialBackoff.__init__.__defaults__ or ())
    defaults[1] = source.random
    patches.attribute(ExponentialBackoff.__init__, "__defaults__", tuple(defaults))
