"""Serve the local cloud at an HTTP endpoint on this computer.

Any AWS client can use it: set AWS_ENDPOINT_URL to the address (for the aws command line, better give it
as --endpoint-url), and any credentials that are none of yours. It answers programs on this computer only,
and no web page, and never reaches AWS.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from kinesis_lab.emulator import admission

if TYPE_CHECKING:
    from kinesis_lab.emulator.local import LocalCloud

PORT = 4566
SLOWEST, FASTEST = 0.001, 100_000.0
"""Virtual seconds in a real one that make sense: a second in a quarter of an hour, a day in a second."""


def parser(program: str = "kinesis-lab") -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(f"{program} serve", description=__doc__)
    made.add_argument("--port", type=_port, default=PORT, help=f"where it listens ({PORT}; 0: any that is free)")
    made.add_argument("--speed", type=_speed, default=1.0, help="virtual seconds in a real one (1)")
    made.add_argument("--no-limits", action="store_true", help="let records in and out however fast they come")
    made.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        type=_checked_by(admission.origin),
        metavar="ORIGIN",
        help="let the web pages of an origin, such as http://localhost:3000, do whatever programs may (repeatable)",
    )
    made.add_argument(
        "--allow-host",
        action="append",
        default=[],
        type=_checked_by(admission.host_name),
        metavar="NAME",
        help="answer to one more host name than localhost, *.localhost and loopback's addresses (repeatable)",
    )
    return made


def _checked_by(check: Callable[[str], str]) -> Callable[[str], str]:
    """A type of arguments that `check` returns as they are meant; it raises ValueError for others."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except ValueError as refused:
            raise argparse.ArgumentTypeError(str(refused)) from None

    return checked


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port: they are numbers from 1 to 65535, and 0 is any that is free"
        )
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: give a number from {SLOWEST:g} to {FASTEST:.0f}")
    return speed


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted; 1 if the port cannot be used."""
    ended = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):  # SIGHUP: the terminal was closed; SIGBREAK: on Windows
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ended.set())
    # Only now, as it takes a second: who interrupts meanwhile sees no traceback.
    from kinesis_lab.emulator.local import LocalCloud
    from kinesis_lab.emulator.server import endpoint
    from kinesis_lab.emulator.wire import REGION

    cloud = LocalCloud(speed=options.speed, limits=not options.no_limits)
    allowed = admission.Allowed(frozenset(options.allow_host), frozenset(options.allow_origin))
    try:
        with endpoint(cloud, options.port, allowed) as address:
            print(
                f"The local cloud answers at\n\n  {address}\n\n"
                f"  AWS_ENDPOINT_URL={address} AWS_DEFAULT_REGION={REGION} WORKBOOK_BACKEND=endpoint\n\n"
                f"{address}/_health says how it is. "
                f"{options.speed:g} of its seconds pass in one of yours. Ctrl-C here ends it, and all that is in it.",
                flush=True,
            )
            while not ended.wait(1):  # now and then: a signal that another thread was given is seen, too
                pass
    except OSError as taken:
        advice = f"Try another: --port {options.port + 1 if options.port < 65535 else PORT}"
        print(f"Port {options.port} cannot be used ({taken.strerror}). {advice}", file=sys.stderr, flush=True)
        return 1
    finally:
        end(cloud)
    return 0


def end(cloud: LocalCloud) -> None:
    """Close the cloud without waiting for functions that are at work."""
    import psutil

    closing = threading.Thread(target=cloud.close)
    closing.start()
    while closing.is_alive():
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        closing.join(0.05)
