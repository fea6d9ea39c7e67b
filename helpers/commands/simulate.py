"""Put simulated transactions into a stream, as a shop's till would.

The cloud is the one behind --endpoint-url or AWS_ENDPOINT_URL: `python -m helpers serve` is one.
"""

import argparse

from helpers.commands import environment, processes

ENDPOINT = "http://127.0.0.1:4566"


def add_endpoint(parser: argparse.ArgumentParser) -> None:
    """The option that says which cloud."""
    parser.add_argument("--endpoint-url", help=f"the cloud's address (AWS_ENDPOINT_URL, or {ENDPOINT})")


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser("python -m helpers simulate", description=__doc__)
    made.add_argument("--stream", required=True, help="the stream's name")
    made.add_argument("--count", type=int, default=20, help="how many transactions (20)")
    made.add_argument("--seed", type=int, default=2017, help="where they come from: the same seed, the same ones")
    add_endpoint(made)
    return made


def main(arguments: list[str]) -> int:
    """Set up if need be and put them inside the environment."""
    options = parser().parse_args(arguments)
    if options.count < 1:
        parser().error("--count must be at least 1")
    environment.ensure()
    return processes.run("-m", "helpers.commands.endpoint_jobs", "simulate", *arguments)
