"""Serve the local cloud at an HTTP endpoint on this computer.

Any AWS client can use it: set AWS_ENDPOINT_URL to the address, and any credentials that are none of
yours. It answers only this computer, and never reaches AWS.
"""

import argparse

from helpers.commands import environment, processes
from helpers.commands.lab import check_port

PORT = 4566


def main(arguments: list[str]) -> int:
    """Set up if need be and serve inside the environment until Ctrl-C."""
    parser = argparse.ArgumentParser("python -m helpers serve", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"where it listens ({PORT})")
    parser.add_argument("--speed", type=float, default=1.0, help="virtual seconds in a real one (1)")
    parser.add_argument("--no-limits", action="store_true", help="let records in and out however fast they come")
    options = parser.parse_args(arguments)
    if not options.speed > 0:
        parser.error("--speed must be greater than 0")
    check_port(options.port, "serve", "another local cloud")
    environment.ensure()
    try:
        return processes.run("-m", "helpers.commands.serving", *arguments)
    except KeyboardInterrupt:
        return 0
