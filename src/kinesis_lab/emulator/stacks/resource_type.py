"""Types of resources of a stack that the local cloud makes itself, or better than moto.

moto reads templates and makes all other resources.  A stack does not wait, as AWS's does: a change that something is in
is through at once when the stack changes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from kinesis_lab.emulator.moto_adapter.cloudformation import UnknownAttribute, ValidationError
from kinesis_lab.emulator.stacks.properties import checked
from kinesis_lab.emulator.stacks.services import Services
from kinesis_lab.emulator.wire import AwsError, Document


@contextmanager
def refusals_fail_the_stack() -> Iterator[None]:
    """What the API refuses fails the stack, in the API's words."""
    try:
        yield
    except AwsError as refusal:
        message = refusal.message if refusal.code == "ValidationError" else str(refusal)
        raise ValidationError(message=message) from refusal


@contextmanager
def already_gone() -> Iterator[None]:
    """What was deleted by hand needs no deletion any more."""
    try:
        yield
    except AwsError as refusal:
        if refusal.code != "ResourceNotFoundException":
            raise


class ResourceType:
    """A type of resources: how one is made, changed and replaced, whether moto keeps it or the emulator."""

    TYPE: ClassVar[str]
    """Its name in a template, as in AWS::Kinesis::Stream."""
    NAME: ClassVar[str] = ""
    """The property that names a resource; empty if there is none."""
    ATTRIBUTES: ClassVar[tuple[str, ...]] = ()
    """What `Fn::GetAtt` knows."""
    REQUIRED: ClassVar[tuple[str, ...]] = ()
    """Properties that a template must have."""
    FIXED: ClassVar[tuple[str, ...]] = ()
    """Properties that never change: with others, there must be another resource."""

    def __init__(self, services: Services) -> None:
        """Its resources are made in these services."""
        self.services = services

    # What a type has to say

    def types(self) -> Mapping[str, str] | None:
        """The properties, and the kind of each as the model of the API names it; None if moto reads them."""
        return None

    def make(self, region: str, name: str, properties: Document) -> Any:
        """Make a resource; raises AwsError."""
        raise NotImplementedError

    def change(self, region: str, resource: Any, properties: Document) -> Any:
        """Give a resource these properties, and return what it is now; raises AwsError.

        Its `stack_properties` are those from which it was made, or changed last.
        """
        raise NotImplementedError

    def remove(self, region: str, resource: Any) -> None:
        """Delete a resource with what is in it; raises AwsError."""
        raise NotImplementedError

    def properties_of(self, logical_id: str, described: Document) -> Document:
        """The properties in a template as they are to be used; raises ValidationError."""
        types = self.types()
        if types is None:
            types = dict.fromkeys(described.get("Properties") or {}, "")
        with refusals_fail_the_stack():
            return checked(logical_id, described, types, required=self.REQUIRED)

    # What moto calls: see `moto_adapter.cloudformation.CloudFormationType`

    def cloudformation_type(self) -> str:
        """Its name in a template."""
        return self.TYPE

    def cloudformation_name_type(self) -> str:
        """The property that names a resource."""
        return self.NAME

    def has_cfn_attr(self, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return attr in self.ATTRIBUTES

    def create_from_cloudformation_json(
        self, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **about: Any
    ) -> Any:
        """Make a resource."""
        properties = self.properties_of(about.get("LogicalId", ""), cloudformation_json)
        return self._made(region_name, resource_name, properties)

    def update_from_cloudformation_json(
        self,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Change a resource, or replace it if what is fixed was changed: the new one comes before the old one goes."""
        before = original_resource.stack_properties
        properties = self.properties_of(getattr(original_resource, "logical_resource_id", ""), cloudformation_json)
        if properties == before:
            return original_resource
        if any(properties.get(name) != before.get(name) for name in self.FIXED):
            replacement = self._made(region_name, new_resource_name, properties)
            with refusals_fail_the_stack():
                self.remove(region_name, original_resource)
            return replacement
        with refusals_fail_the_stack():
            changed = self.change(region_name, original_resource, properties)
        changed.stack_properties = properties
        return changed

    def delete_from_cloudformation_json(
        self, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str
    ) -> None:
        """Delete a resource of moto's that cannot do so itself; by default, it goes with what it is a part of."""

    def _made(self, region: str, name: str, properties: Document) -> Any:
        with refusals_fail_the_stack():
            resource = self.make(region, str(name), properties)
        resource.stack_properties = properties
        return resource


class EmulatedResource:
    """A resource of a stack that the emulator keeps."""

    stack_properties: Document
    """Those from which it was made, or changed last."""

    def __init__(self, of_type: ResourceType, physical_id: str, **attributes: str) -> None:
        """`Ref` gives its physical id, `Fn::GetAtt` its attributes."""
        self.physical_resource_id = physical_id
        self._type = of_type
        self._attributes = attributes

    def get_cfn_attribute(self, attribute: str) -> str:
        """What `Fn::GetAtt` gives."""
        if attribute not in self._attributes:
            raise UnknownAttribute
        return self._attributes[attribute]

    def is_created(self) -> bool:
        """Whether it is there, which moto asks: always, as resources are made at once."""
        return True

    def delete(self, _account_id: str, region: str) -> None:
        """Delete it with what is in it."""
        with refusals_fail_the_stack():
            self._type.remove(region, self)
