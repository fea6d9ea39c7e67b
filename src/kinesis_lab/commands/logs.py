"""Show what a function has logged, and go on doing so with --follow.

The cloud is the one behind --endpoint-url or AWS_ENDPOINT_URL: the command `serve` opens one.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from kinesis_lab.commands.endpoint import add_endpoint, against_endpoint

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud

FOLLOW_SECONDS = 1.0
"""Real seconds between two looks at a log."""


def parser(program: str = "kinesis-lab") -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(f"{program} logs", description=__doc__)
    made.add_argument("--function", required=True, help="the function's name")
    made.add_argument("--follow", action="store_true", help="wait for more, until Ctrl-C")
    add_endpoint(made)
    return made


def run(options: argparse.Namespace) -> int:
    """Show the log; with --follow, look again every second."""
    return against_endpoint(options.endpoint_url, lambda cloud: _show(cloud, options))


def _show(cloud: Cloud, options: argparse.Namespace) -> int:
    from kinesis_lab.logs import log_events

    seen: set[str] = set()
    while True:
        for event in log_events(cloud, options.function):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                print(event["message"].rstrip("\n"), flush=True)
        if not seen:  # a function that is silent, or none: then this raises
            cloud.client("lambda").get_function(FunctionName=options.function)
        if not options.follow:
            return 0
        time.sleep(FOLLOW_SECONDS)
