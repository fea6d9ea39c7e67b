"""A resource of a stack that the local cloud makes itself.

moto reads templates and makes all other resources.  It finds these classes by their type, the last one defined wins:
they must be imported after moto's own.

A stack does not wait, as AWS's does: a change that something is in is through at once when the stack changes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError

from helpers.emulator.stacks.properties import checked
from helpers.emulator.wire import AwsError

Document = dict[str, Any]


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


class Resource:
    """A resource that was made: `Ref` gives its physical id."""

    TYPES: ClassVar[Mapping[str, str]]
    """Its properties, and the kind of each."""
    REQUIRED: ClassVar[tuple[str, ...]] = ()
    FIXED: ClassVar[tuple[str, ...]]
    """Properties that never change: with others, there must be another resource."""
    ATTRIBUTES: ClassVar[tuple[str, ...]] = ()
    """What `Fn::GetAtt` knows."""

    def __init__(self, region: str, physical_id: str, properties: Document) -> None:
        self.region = region
        self.physical_resource_id = physical_id
        self.stack_properties = properties

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names it."""
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return attr in cls.ATTRIBUTES

    def get_cfn_attribute(self, attribute: str) -> str:
        """What `Fn::GetAtt` gives."""
        if attribute not in self.ATTRIBUTES:
            raise UnformattedGetAttTemplateException
        return self.attribute(attribute)

    def is_created(self) -> bool:
        """It is, or will be soon."""
        return True

    # What a kind of resource has to say

    @classmethod
    def make(cls, region: str, name: str, properties: Document) -> Self:
        """Make it; raises AwsError."""
        raise NotImplementedError

    def change(self, properties: Document) -> None:
        """Give it these properties; raises AwsError."""
        raise NotImplementedError

    def remove(self) -> None:
        """Delete it; raises AwsError."""
        raise NotImplementedError

    def attribute(self, name: str) -> str:
        """The value of an attribute."""
        raise NotImplementedError

    # What moto calls

    @classmethod
    def properties_of(cls, logical_id: str, resource: Document) -> Document:
        """A resource's properties as the API takes them."""
        with refusals_fail_the_stack():
            return checked(logical_id, resource, cls.TYPES, required=cls.REQUIRED)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **about: Any
    ) -> Self:
        """Make it."""
        properties = cls.properties_of(about.get("LogicalId", ""), cloudformation_json)
        with refusals_fail_the_stack():
            return cls.make(region_name, str(resource_name), properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> Self:
        """Change it, or replace it if what is fixed was changed: the new one is made before the old one goes."""
        before = original_resource.stack_properties
        properties = cls.properties_of(getattr(original_resource, "logical_resource_id", ""), cloudformation_json)
        if properties == before:
            return original_resource
        with refusals_fail_the_stack():
            if any(properties.get(name) != before.get(name) for name in cls.FIXED):
                replacement = cls.make(region_name, str(new_resource_name), properties)
                original_resource.remove()
                return replacement
            original_resource.change(properties)
        original_resource.stack_properties = properties
        return original_resource

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete it with what is in it."""
        with refusals_fail_the_stack():
            self.remove()
