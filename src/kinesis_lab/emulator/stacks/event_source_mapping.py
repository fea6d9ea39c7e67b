"""Event source mappings of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from moto.core.common_models import CloudFormationModel

from kinesis_lab.emulator.lambda_.mapping.settings import DEFAULTS
from kinesis_lab.emulator.lambda_.mapping_api import Mappings
from kinesis_lab.emulator.stacks import services
from kinesis_lab.emulator.stacks.properties import types_of
from kinesis_lab.emulator.stacks.resource import Document, Resource, already_gone


class StackMapping(Resource, CloudFormationModel):
    """AWS::Lambda::EventSourceMapping."""

    TYPES: ClassVar[Mapping[str, str]] = {**types_of("lambda", "CreateEventSourceMapping"), "Tags": "tags"}
    FIXED = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp")
    ATTRIBUTES = ("Id", "EventSourceMappingArn")
    DEFAULTS: ClassVar[Document] = {
        **DEFAULTS,
        "Enabled": True,
        "FilterCriteria": {},
        "KMSKeyArn": "",
        "MetricsConfig": {"Metrics": []},
    }
    """What a setting becomes that is left out."""

    def __init__(self, region: str, physical_id: str, arn: str) -> None:
        """The mapping with this UUID."""
        super().__init__(region, physical_id)
        self._arn = arn

    @staticmethod
    def cloudformation_type() -> str:
        """Its type in a template."""
        return "AWS::Lambda::EventSourceMapping"

    def attribute(self, name: str) -> str:
        """Its UUID or its ARN."""
        return self.physical_resource_id if name == "Id" else self._arn

    @property
    def _mappings(self) -> Mappings:
        return services.lambda_(self.region).mappings

    @classmethod
    def make(cls, region: str, name: str, properties: Document) -> StackMapping:
        """Create the mapping."""
        services.forget()
        made = services.lambda_(region).mappings.create(properties)
        return cls(region, str(made["UUID"]), str(made["EventSourceMappingArn"]))

    def change(self, properties: Document) -> None:
        """Take over new settings and tags."""
        uuid, before = self.physical_resource_id, self.stack_properties
        services.forget()
        self._mappings.settle(uuid)
        apart = (*self.FIXED, "Tags")
        if any(properties.get(name) != before.get(name) for name in self.TYPES if name not in apart):
            settings = {name: value for name, value in properties.items() if name not in apart}
            self._mappings.update(uuid, {**self.DEFAULTS, **settings})
        tags = self._mappings.tags(self._arn)
        for key in before.get("Tags", {}):
            tags.pop(key, None)
        tags.update(properties.get("Tags", {}))

    def remove(self) -> None:
        """Delete it."""
        with already_gone():
            self._mappings.settle(self.physical_resource_id)
            self._mappings.delete(self.physical_resource_id)
