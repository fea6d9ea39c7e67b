"""Queues, topics and buckets: what the emulator puts into them, and how they behave in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.exceptions import ServiceException
from moto.s3.models import s3_backends
from moto.sns.models import Subscription, sns_backends
from moto.sqs.models import Queue, sqs_backends

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import ACCOUNT

LONG_POLL_STEP = 0.1
"""Virtual seconds between two looks at a queue that is polled for long."""


class Undeliverable(Exception):
    """There is no such queue, topic or bucket, or it does not take this."""


def deliver_to_queue(arn: str, body: str) -> None:
    """Send a message to the queue with this ARN.  Raises Undeliverable."""
    region, name = _place(arn)
    with _undeliverable():
        sqs_backends[ACCOUNT][region].send_message(name, body)


def deliver_to_topic(arn: str, body: str) -> None:
    """Publish a message to the topic with this ARN.  Raises Undeliverable."""
    region, _ = _place(arn)
    with _undeliverable():
        sns_backends[ACCOUNT][region].publish(body, arn=arn)


def deliver_to_bucket(arn: str, key: str, body: str) -> None:
    """Put an object into the bucket with this ARN.  Raises Undeliverable."""
    _, name = _place(arn)
    with _undeliverable():
        s3_backends[ACCOUNT]["aws"].put_object(name, key, body.encode())


def _place(arn: str) -> tuple[str, str]:
    """The Region and the name in an ARN."""
    _, _, _, region, _, name = arn.split(":", 5)
    return region, name


@contextmanager
def _undeliverable() -> Iterator[None]:
    try:
        yield
    except ServiceException as refusal:
        raise Undeliverable(str(refusal)) from refusal


def attach(patches: Patches, clock: Clock) -> None:
    """Let long polling take virtual time, and let topics reach queues only."""

    def wait_for_messages(_queue: Queue, _timeout: int) -> None:
        """Moto really waits for another thread to send something; here, time passes."""
        clock.advance(LONG_POLL_STEP)

    patches.attribute(Queue, "wait_for_messages", wait_for_messages)
    patches.attribute(Subscription, "publish", _to_queues_only(Subscription.publish))


def _to_queues_only(publish: Any) -> Any:
    """Moto would call addresses on the web, and start containers for functions."""

    def publish_to_queue(subscription: Any, *message: Any, **more: Any) -> Any:
        if subscription.protocol == "sqs":
            return publish(subscription, *message, **more)
        return None

    return publish_to_queue
