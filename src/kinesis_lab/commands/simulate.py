"""Put simulated transactions into a stream, as a shop's till would.

The cloud is the one behind --endpoint-url or AWS_ENDPOINT_URL: the command `serve` opens one.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from kinesis_lab.commands.endpoint import add_endpoint, against_endpoint

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud


def parser(program: str = "kinesis-lab") -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(f"{program} simulate", description=__doc__)
    made.add_argument("--stream", required=True, help="the stream's name")
    made.add_argument("--count", type=_count, default=20, help="how many transactions (20)")
    made.add_argument("--seed", type=int, default=2017, help="where they come from: the same seed, the same ones")
    add_endpoint(made)
    return made


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no count: --count must be at least 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Put the transactions, with the customer's name as the key; 1 if any was lost."""
    return against_endpoint(options.endpoint_url, lambda cloud: _simulate(cloud, options))


def _simulate(cloud: Cloud, options: argparse.Namespace) -> int:
    from kinesis_lab.producing import put_all
    from kinesis_lab.transactions import make_transactions

    transactions = make_transactions(options.count, options.seed)
    records = [
        {"Data": json.dumps(each, ensure_ascii=False).encode("utf-8"), "PartitionKey": each["USERNAME"]}
        for each in transactions
    ]
    for each in transactions:
        print(f"{each['ID']:>6}  {each['USERNAME']:<8} {each.get('AMOUNT', 'no amount')}", flush=True)
    report = put_all(cloud.client("kinesis"), options.stream, records)
    print(report, flush=True)
    return 1 if report.lost else 0
