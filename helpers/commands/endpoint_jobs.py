"""What `simulate` and `logs` run inside the environment: jobs against a cloud behind an endpoint."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from helpers.cloud import Cloud, CloudError, open_cloud
from helpers.commands import logs, simulate, voice
from helpers.observing import log_events
from helpers.producing import make_transactions, put_all

FOLLOW_SECONDS = 1.0
"""Real seconds between two looks at a log."""


def simulated(options: Any) -> int:
    """Put transactions, with the customer's name as the key."""
    cloud = _cloud(options)
    transactions = make_transactions(options.count, options.seed)
    records = [
        {"Data": json.dumps(each, ensure_ascii=False).encode("utf-8"), "PartitionKey": each["USERNAME"]}
        for each in transactions
    ]
    for each in transactions:
        voice.say(f"{each['ID']:>6}  {each['USERNAME']:<8} {each.get('AMOUNT', 'no amount')}")
    report = put_all(cloud.client("kinesis"), options.stream, records)
    voice.say(str(report))
    return 1 if report.lost else 0


def logged(options: Any) -> int:
    """Show the log; with --follow, look again every second."""
    cloud = _cloud(options)
    seen: set[str] = set()
    while True:
        for event in log_events(cloud, options.function):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                voice.say(event["message"].rstrip("\n"))
        if not seen:  # a function that is silent, or none: then this raises
            cloud.client("lambda").get_function(FunctionName=options.function)
        if not options.follow:
            return 0
        time.sleep(FOLLOW_SECONDS)


def _cloud(options: Any) -> Cloud:
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    url = options.endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or simulate.ENDPOINT
    return open_cloud("endpoint", endpoint_url=url)


JOBS: dict[str, tuple[Callable[[], Any], Callable[[Any], int]]] = {
    "simulate": (simulate.parser, simulated),
    "logs": (logs.parser, logged),
}


def main() -> int:
    """Do the job named first, and say in a line what went wrong."""
    parser, job = JOBS[sys.argv[1]]
    try:
        return job(parser().parse_args(sys.argv[2:]))
    except (CloudError, ClientError, BotoCoreError) as problem:
        voice.complain(str(problem))
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
