"""The services to which a mapping can report what it gives up: on-failure destinations (facts 7.15, 9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


def _deliver(arn: str, document: str, key: str) -> None:
    """Raises Undeliverable."""
    from kinesis_lab.emulator.moto_bridge import deliver  # heavy: only for those who report, not for who reads a table

    deliver(arn, document, key)


@dataclass(frozen=True)
class Destination:
    """What is to be known of one of these services."""

    arn: re.Pattern[str]
    """The ARNs that are taken."""
    action: str
    """What the execution role must allow."""
    by_key: bool = False
    """Whether documents are kept under keys: then the action is one on the key."""
    with_payload: bool = False
    """Whether the document has the event that the function would have been given."""
    deliver: Callable[[str, str, str], None] = _deliver
    """Delivers to an ARN a document, under a key if it has keys; raises Undeliverable."""

    def resource(self, arn: str, key: str) -> str:
        """What the role must be allowed to act on, to deliver to `arn` under `key`, or under any with `*`."""
        return f"{arn}/{key}" if self.by_key else arn


DESTINATIONS = {
    "sqs": Destination(re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:(?!.*\.fifo$)[^:]+"), "sqs:SendMessage"),
    "sns": Destination(re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:(?!.*\.fifo$)[^:]+"), "sns:Publish"),
    "s3": Destination(re.compile(r"arn:aws:s3:::[a-z0-9.-]+"), "s3:PutObject", by_key=True, with_payload=True),
}
"""By the service in their ARNs: a standard queue, a standard topic, a bucket."""


def destination_of(arn: str) -> Destination:
    """The destination of which an ARN is one; raises KeyError for an ARN of any other service."""
    return DESTINATIONS[arn.split(":")[2]]


def is_destination(arn: str) -> bool:
    """Whether a mapping takes this ARN."""
    return any(destination.arn.fullmatch(arn) for destination in DESTINATIONS.values())
