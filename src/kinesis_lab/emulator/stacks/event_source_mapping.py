"""Event source mappings of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from kinesis_lab.emulator.lambda_.mapping import settings
from kinesis_lab.emulator.lambda_.mapping_api import Mappings
from kinesis_lab.emulator.stacks.properties import types_of
from kinesis_lab.emulator.stacks.resource_type import EmulatedResource, ResourceType, already_gone
from kinesis_lab.emulator.wire import Document

DEFAULTS: Document = {
    **settings.DEFAULTS,
    **settings.UNSET,
    "Enabled": True,
}
"""What a setting becomes that is left out of a change."""


@cache
def _mapping_types() -> Mapping[str, str]:
    return {**types_of("lambda", "CreateEventSourceMapping"), "Tags": "tags"}


class MappingType(ResourceType):
    """AWS::Lambda::EventSourceMapping."""

    TYPE = "AWS::Lambda::EventSourceMapping"
    ATTRIBUTES = ("Id", "EventSourceMappingArn")
    FIXED = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp")

    def types(self) -> Mapping[str, str]:
        """Those of the API; its tags are a list here."""
        return _mapping_types()

    def _mappings(self, region: str) -> Mappings:
        return self.services.lambda_(region).mappings

    def make(self, region: str, name: str, properties: Document) -> EmulatedResource:
        """Create the mapping."""
        self.services.forget()
        made = self._mappings(region).create(properties)
        uuid = str(made["UUID"])
        return EmulatedResource(self, uuid, Id=uuid, EventSourceMappingArn=str(made["EventSourceMappingArn"]))

    def change(self, region: str, resource: EmulatedResource, properties: Document) -> EmulatedResource:
        """Take over new settings and tags."""
        mappings, uuid, before = self._mappings(region), resource.physical_resource_id, resource.stack_properties
        self.services.forget()
        mappings.settle(uuid)
        apart = (*self.FIXED, "Tags")
        if any(properties.get(name) != before.get(name) for name in self.types() if name not in apart):
            changed = {name: value for name, value in properties.items() if name not in apart}
            mappings.update({**DEFAULTS, **changed, "UUID": uuid})
        tags = mappings.tags(resource.get_cfn_attribute("EventSourceMappingArn"))
        for key in before.get("Tags", {}):
            tags.pop(key, None)
        tags.update(properties.get("Tags", {}))
        return resource

    def remove(self, region: str, resource: EmulatedResource) -> None:
        """Delete it."""
        mappings, uuid = self._mappings(region), resource.physical_resource_id
        with already_gone():
            mappings.settle(uuid)
            mappings.delete(uuid)
