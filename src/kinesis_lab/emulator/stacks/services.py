"""The services with which stacks are made, by Region."""

from __future__ import annotations

from collections.abc import Callable

from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService
from kinesis_lab.emulator.lambda_.lambda_api import LambdaService

kinesis: Callable[[str], KinesisService]
lambda_: Callable[[str], LambdaService]
forget: Callable[[], None]
"""What is remembered of roles and functions may be wrong now: a stack changes them in one request with what asks."""


def connect(
    kinesis_by_region: Callable[[str], KinesisService],
    lambda_by_region: Callable[[str], LambdaService],
    forget_all: Callable[[], None],
) -> None:
    """Stacks are made with these services from now on."""
    global kinesis, lambda_, forget
    kinesis, lambda_, forget = kinesis_by_region, lambda_by_region, forget_all
