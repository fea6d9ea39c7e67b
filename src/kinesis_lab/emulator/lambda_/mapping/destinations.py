"""The services to which a mapping can report what it gives up: on-failure destinations (facts 7.15, 9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _delivery() -> Any:
    """The deliveries to services of moto's: heavy, so only for who delivers, and not for who reads the table."""
    from kinesis_lab.emulator.moto_adapter import delivery

    return delivery


@dataclass(frozen=True)
class Destination:
    """What is to be known of one of these services."""

    arn: re.Pattern[str]
    """The ARNs that are taken."""
    action: str
    """What the execution role must allow."""
    deliver: Callable[[str, str, str], None]
    """Delivers to an ARN a document, under a key if it has keys; raises Undeliverable."""
    by_key: bool = False
    """Whether documents are kept under keys: then the action is one on the key."""
    with_payload: bool = False
    """Whether the document has the event that the function would have been given."""

    def resource(self, arn: str, key: str) -> str:
        """What the role must be allowed to act on, to deliver to `arn` under `key`, or under any with `*`."""
        return f"{arn}/{key}" if self.by_key else arn


DESTINATIONS = {
    "sqs": Destination(
        re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:(?!.*\.fifo$)[^:]+"),
        "sqs:SendMessage",
        lambda arn, document, _key: _delivery().deliver_to_queue(arn, document),
    ),
    "sns": Destination(
        re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:(?!.*\.fifo$)[^:]+"),
        "sns:Publish",
        lambda arn, document, _key: _delivery().deliver_to_topic(arn, document),
    ),
    "s3": Destination(
        re.compile(r"arn:aws:s3:::[a-z0-9.-]+"),
        "s3:PutObject",
        lambda arn, document, key: _delivery().deliver_to_bucket(arn, key, document),
        by_key=True,
        with_payload=True,
    ),
}
"""By the service in their ARNs: a standard queue, a standard topic, a bucket."""


def destination_of(arn: str) -> Destination:
    """The destination of which an ARN is one; raises ValueError for an ARN of any other service."""
    service = (arn.split(":") + [""] * 3)[2]
    if service not in DESTINATIONS:
        raise ValueError(f"destination is {arn!r}; it can be an ARN of one of: {', '.join(DESTINATIONS)}")
    return DESTINATIONS[service]


def is_destination(arn: str) -> bool:
    """Whether a mapping takes this ARN."""
    return any(destination.arn.fullmatch(arn) for destination in DESTINATIONS.values())
