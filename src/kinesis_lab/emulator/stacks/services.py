"""What stacks are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService
from kinesis_lab.emulator.lambda_.lambda_api import LambdaService


@dataclass(frozen=True)
class Services:
    """The services of the local cloud whose resources a stack can have."""

    kinesis: Callable[[str], KinesisService]
    """By Region."""
    lambda_: Callable[[str], LambdaService]
    """By Region."""
    forget: Callable[[], None]
    """Drops cached roles and functions: a stack changes them within one request, in which it uses them as well."""
