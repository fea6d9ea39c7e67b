"""Show what a function has logged, and go on doing so with --follow.

The cloud is the one behind --endpoint-url or AWS_ENDPOINT_URL: `python -m helpers serve` is one.
"""

import argparse

from helpers.commands import environment, processes
from helpers.commands.simulate import add_endpoint


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser("python -m helpers logs", description=__doc__)
    made.add_argument("--function", required=True, help="the function's name")
    made.add_argument("--follow", action="store_true", help="wait for more, until Ctrl-C")
    add_endpoint(made)
    return made


def main(arguments: list[str]) -> int:
    """Set up if need be and show it inside the environment."""
    parser().parse_args(arguments)
    environment.ensure()
    try:
        return processes.run("-m", "helpers.commands.endpoint_jobs", "logs", *arguments)
    except KeyboardInterrupt:
        return 0
