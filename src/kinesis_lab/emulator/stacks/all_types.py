"""The types of resources that stacks make in the local cloud."""

from __future__ import annotations

from kinesis_lab.emulator.stacks.event_source_mapping import MappingType
from kinesis_lab.emulator.stacks.iam_role import RoleType
from kinesis_lab.emulator.stacks.kinesis_stream import ConsumerType, StreamType
from kinesis_lab.emulator.stacks.lambda_function import FunctionType
from kinesis_lab.emulator.stacks.resource_type import ResourceType
from kinesis_lab.emulator.stacks.rest_method import MethodType
from kinesis_lab.emulator.stacks.services import Services


def all_types(services: Services) -> list[ResourceType]:
    """One of each; their resources are made in `services`."""
    types = (StreamType, ConsumerType, FunctionType, MappingType, RoleType, MethodType)
    return [each(services) for each in types]
