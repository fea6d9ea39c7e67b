"""Serve the local cloud at an HTTP endpoint on this computer.

Any AWS client can use it: set AWS_ENDPOINT_URL to the address (for the aws command line, better give it
as --endpoint-url), and any credentials that are none of yours. It answers only this computer, and never
reaches AWS.
"""

import argparse

from helpers.commands import environment, processes
from helpers.commands.lab import check_port

PORT = 4566
SLOWEST, FASTEST = 0.001, 100_000.0
"""Virtual seconds in a real one that make sense: a second in a quarter of an hour, a day in a second."""


def main(arguments: list[str]) -> int:
    """Set up if need be and serve inside the environment until Ctrl-C."""
    options = parsed(arguments)
    check_port(options.port, "serve", "another local cloud")
    environment.ensure()
    try:
        return processes.run("-m", "helpers.commands.serving", *arguments)
    except (KeyboardInterrupt, SystemExit):  # Ctrl-C, SIGTERM: how it is meant to end
        return 0


def parsed(arguments: list[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser("python -m helpers serve", description=__doc__)
    parser.add_argument("--port", type=_port, default=PORT, help=f"where it listens ({PORT}; 0: any that is free)")
    parser.add_argument("--speed", type=_speed, default=1.0, help="virtual seconds in a real one (1)")
    parser.add_argument("--no-limits", action="store_true", help="let records in and out however fast they come")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: they are numbers from 1 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: give a number from {SLOWEST:g} to {FASTEST:.0f}")
    return speed
