"""Makes moto the local cloud's for as long as it is open."""

from __future__ import annotations

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.moto_adapter import (
    cloudwatch,
    delivery,
    expressions,
    functions,
    iam,
    logs,
    state,
    virtual_time,
    ways_out,
    yaml_documents,
)
from kinesis_lab.emulator.patches import Patches


def attach(patches: Patches, clock: Clock, seed: int) -> None:
    """Start from an empty moto that lives by `clock` and draws seeded ids; closing `patches` gives moto back.

    What moto kept before, for a `mock_aws` around the cloud, is there again afterwards.
    """
    state.attach(patches, seed)
    ways_out.attach(patches)
    yaml_documents.attach(patches)
    virtual_time.attach(patches, clock)
    delivery.attach(patches, clock)
    expressions.attach(patches)
    logs.attach(patches)
    cloudwatch.attach(patches)
    functions.attach(patches)
    iam.provide_policies()
