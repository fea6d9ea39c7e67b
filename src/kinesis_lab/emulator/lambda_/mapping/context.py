"""What the parts of a mapping work with: the stream's Region, the functions, the clock, and where things are noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.runtime import Runtime
from kinesis_lab.emulator.metrics import Metrics
from kinesis_lab.emulator.permissions import Permissions
from kinesis_lab.emulator.recorder import FlightRecorder


@dataclass(frozen=True)
class MappingContext:
    """The rest of the cloud, as a mapping sees it."""

    region: Region
    """Of Kinesis."""
    find_function: Callable[[str], Function]
    """By its ARN, as it is now; raises AwsError when it is not there."""
    runtime: Runtime
    permissions: Permissions
    clock: Clock
    identities: Identities
    recorder: FlightRecorder
    metrics: Metrics
