"""What the commands against a cloud behind an endpoint have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud

ENDPOINT = "http://127.0.0.1:4566"
"""Where `kinesis-lab serve` answers unless told otherwise."""


def add_endpoint(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which cloud."""
    parser.add_argument("--endpoint-url", help=f"the cloud's address (AWS_ENDPOINT_URL, or {ENDPOINT})")


def against_endpoint(url: str | None, work: Callable[[Cloud], int]) -> int:
    """Open the cloud behind the endpoint, do `work` with it, and say in a line what went wrong."""
    from botocore.exceptions import BotoCoreError, ClientError

    from kinesis_lab.cloud import CloudError, open_cloud

    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    try:
        return work(open_cloud("endpoint", endpoint_url=url or os.environ.get("AWS_ENDPOINT_URL") or ENDPOINT))
    except (CloudError, ClientError, BotoCoreError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
