"""The local cloud: puts the parts together and stands between boto3 and the network.

While a local cloud is open, every botocore request of this process is answered here, whatever credentials, profile,
Region or endpoint its client was given; what the cloud does not offer raises NotOffered.  No request goes out.
"""

from __future__ import annotations

import atexit
import io
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
from botocore import retryhandler
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.handlers import BUILTIN_HANDLERS
from botocore.retries.standard import ExponentialBackoff

from kinesis_lab.emulator import moto_bridge
from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.recorder import FlightRecorder
from kinesis_lab.emulator.switchboard import Switchboard
from kinesis_lab.emulator.wire import Request

REGION = "us-east-1"

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
_open: list[LocalCloud] = []
"""The local cloud that is open in this process: none or one, as moto's state is the process's."""


class LocalCloud:
    """A cloud of its own in this process, on virtual time."""

    def __init__(self, *, seed: int = 0, speed: float | None = None, limits: bool = True) -> None:
        """Open an empty cloud.  One that was open before is closed.

        `seed`: where its ids come from; `speed`: virtual seconds per real second, None for no waiting at all;
        `limits`: whether Kinesis throttles.
        """
        if _open:
            _open[0].close()
        self.clock = Clock(speed=speed)
        self.recorder = FlightRecorder(self.clock)
        self.switchboard = Switchboard(self.clock, Identities(seed), self.recorder, limits=limits)
        self._thread = threading.current_thread()
        self._serving = ExitStack()
        self._address = ""
        self._waits_really = speed is not None
        self._environment = {name: os.environ.get(name) for name in (*_NO_CREDENTIALS, *_NO_DIRECTIONS)}
        moto_bridge.attach(self.clock, seed)
        for name in _NO_DIRECTIONS:
            os.environ.pop(name, None)
        os.environ.update(_NO_CREDENTIALS)
        _heed_time_zone()
        boto3.DEFAULT_SESSION = None
        _take_over_sleep()
        _jitter_by(random.Random(seed))
        _open.append(self)
        atexit.register(self.close)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self not in _open

    def address(self) -> str:
        """Where this cloud answers over HTTP, on loopback; it is served from the first call on until it is closed."""
        if not self._address:
            from kinesis_lab.emulator.server import endpoint  # which imports this module

            self._address = self._serving.enter_context(endpoint(self))
        return self._address

    def sleep(self, seconds: float) -> None:
        """Sleep as `time.sleep` does: virtually in the thread that opened the cloud, really in any other."""
        if threading.current_thread() is self._thread:
            self.clock.advance(seconds)
        else:
            _real_sleep(seconds)

    def answer(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a botocore request."""
        response = self.switchboard.call(
            Request(
                request.method,
                request.url,
                {_text(name).lower(): _text(value) for name, value in request.headers.items()},
                _bytes(request.body),
            )
        )
        body = _Body(response.body, self.switchboard.further_chunks(response))
        return AWSResponse(request.url, response.status, response.headers, body)

    def close(self) -> None:
        """End everything that runs and give the process back as it was.  A second time does nothing."""
        if self.closed:
            return
        _open.remove(self)
        atexit.unregister(self.close)
        self._serving.close()
        self.clock.close()
        self.switchboard.runtime.close()
        moto_bridge.detach()
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _heed_time_zone()
        _jitter_by(random)
        boto3.DEFAULT_SESSION = None


def _heed_time_zone() -> None:
    """Make the C library look at TZ again, so that boto3's local times are the same everywhere (not on Windows)."""
    if hasattr(time, "tzset"):
        time.tzset()


class _Body(io.BytesIO):
    """A response body as urllib3 would hand it out."""

    def __init__(self, body: bytes, rest: Iterator[bytes]) -> None:
        super().__init__(body)
        self._rest = rest

    def stream(self, **_options: Any) -> Iterator[bytes]:
        yield self.read()
        yield from self._rest


def _answer_locally(request: AWSPreparedRequest, **_event: Any) -> AWSResponse | None:
    """Botocore's before-send hook: answers when a local cloud is open, else lets the request out."""
    return _open[0].answer(request) if _open else None


BUILTIN_HANDLERS.insert(0, ("before-send", _answer_locally))


def _jitter_by(source: Any) -> None:
    """Let botocore draw the pauses between its retries from `source`: a seeded one draws the same every time."""
    retryhandler.random = source
    defaults = list(ExponentialBackoff.__init__.__defaults__ or ())
    defaults[1] = source.random
    ExponentialBackoff.__init__.__defaults__ = tuple(defaults)


def _take_over_sleep() -> None:
    """Let `time.sleep`, and names in the notebook that already mean it, move the virtual clock."""
    vars(time)["sleep"] = _sleep
    notebook = vars(sys.modules["__main__"])
    for name, value in list(notebook.items()):
        if value is _real_sleep:
            notebook[name] = _sleep


def _sleep(seconds: float) -> None:
    """Sleep virtually while a local cloud is open; the standard library's own waits stay real."""
    caller = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
    if _open and caller not in sys.stdlib_module_names:
        _open[0].sleep(seconds)
    else:
        _real_sleep(seconds)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)
