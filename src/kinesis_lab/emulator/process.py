"""What else of this process is the local cloud's while it is open: environment variables, limits, sleep, and chance."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import boto3
from botocore import retryhandler
from botocore.retries.standard import ExponentialBackoff

from kinesis_lab.emulator import initial_environment
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
"""All that the environment says of AWS while a local cloud is open: keys that are none, and no profile; and the time
zone."""
_AWS = "AWS_"
"""How every name begins from which an SDK of AWS takes credentials, addresses or other directions."""

DESCRIPTORS = 8192
"""How many descriptors this process may have while a local cloud is open, if the system allows it: an environment takes
four of them here, a function may run a thousand times at once, and a usual limit is 1,024."""

_real_sleep = time.sleep
_virtual_sleep: Callable[[float], None] | None = None
"""How to sleep while a local cloud is open."""


def attach(patches: Patches, clock: Clock, seed: int) -> None:
    """Hide credentials, and let this thread's sleep move `clock`.  Closing `patches` gives everything back."""
    _set_environment(patches)
    _raise_descriptor_limit(patches)
    _take_over_sleep(patches, clock)
    _draw_jitter_from(patches, random.Random(seed))


# Environment variables


def _set_environment(patches: Patches) -> None:
    patches.callback(_heed_time_zone)
    _hide_initial_environment(patches)
    for name in [name for name in os.environ if name.startswith(_AWS)]:
        patches.no_item(os.environ, name)
    for name, value in _NO_CREDENTIALS.items():
        patches.item(os.environ, name, value)
    _heed_time_zone()
    patches.attribute(boto3, "DEFAULT_SESSION", None)  # it may know the variables of before


def _hide_initial_environment(patches: Patches) -> None:
    """A handler can read what its parents were started with."""
    try:
        patches.callback(initial_environment.show, initial_environment.hide(_AWS.encode()))
    except OSError as refused:
        warnings.warn(
            f"handlers may read in /proc what this process was started with, its AWS variables as well: {refused}",
            RuntimeWarning,
            stacklevel=2,
        )


def _heed_time_zone() -> None:
    """Make the C library look at TZ again, so that boto3's local times are the same everywhere (not on Windows)."""
    if hasattr(time, "tzset"):
        time.tzset()


# Descriptors


def _raise_descriptor_limit(patches: Patches) -> None:
    if sys.platform == "win32":  # which has no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        patches.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))


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
