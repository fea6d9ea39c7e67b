"""Methods of a stack's REST APIs: moto keeps them, but makes them without templates, role and responses."""

from __future__ import annotations

from typing import Any

from kinesis_lab.emulator.moto_adapter import rest_apis
from kinesis_lab.emulator.stacks.resource_type import ResourceType
from kinesis_lab.emulator.wire import Document


class MethodType(ResourceType):
    """AWS::ApiGateway::Method."""

    TYPE = "AWS::ApiGateway::Method"
    NAME = "Method"
    REQUIRED = FIXED = ("RestApiId", "ResourceId", "HttpMethod")

    def make(self, region: str, name: str, properties: Document) -> Any:
        """Make the method with its integration and the responses of this."""
        return rest_apis.create_method(region, properties)

    def change(self, region: str, resource: Any, properties: Document) -> Any:
        """Make it anew in its place."""
        return self.make(region, "", properties)

    def remove(self, region: str, resource: Any) -> None:
        """Delete one that is called in another way now."""
        rest_apis.delete_method(region, *(resource.stack_properties[name] for name in self.FIXED))
