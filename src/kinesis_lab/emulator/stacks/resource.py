"""Resources of a stack that the local cloud makes itself, or better than moto.

moto reads templates and makes all other resources.  It finds these classes by their type, the last one defined wins:
they must be imported after moto's own.

A stack does not wait, as AWS's does: a change that something is in is through at once when the stack changes it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError

from kinesis_lab.emulator.stacks.properties import checked
from kinesis_lab.emulator.wire import AwsError

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


class CloudFormationResource:
    """A type of resources: how one is made, changed and replaced, whether it is moto's or the local cloud's."""

    FIXED: ClassVar[tuple[str, ...]]
    """Properties that never change: with others, there must be another resource."""

    # What a type has to say

    @classmethod
    def properties_of(cls, logical_id: str, resource: Document) -> Document:
        """The properties in a template as they are to be used; raises ValidationError."""
        raise NotImplementedError

    @classmethod
    def make(cls, region: str, name: str, properties: Document) -> Any:
        """Make one; raises AwsError."""
        raise NotImplementedError

    @classmethod
    def amend(cls, region: str, resource: Any, properties: Document) -> Any:
        """Give one these properties, and return what it is now; raises AwsError."""
        raise NotImplementedError

    @classmethod
    def discard(cls, region: str, resource: Any) -> None:
        """Delete one that was replaced; raises AwsError."""
        raise NotImplementedError

    # What moto calls

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **about: Any
    ) -> Any:
        """Make one."""
        properties = cls.properties_of(about.get("LogicalId", ""), cloudformation_json)
        return cls._made(region_name, resource_name, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Change one, or replace it if what is fixed was changed: the new one is made before the old one goes."""
        before = original_resource.stack_properties
        properties = cls.properties_of(getattr(original_resource, "logical_resource_id", ""), cloudformation_json)
        if properties == before:
            return original_resource
        if any(properties.get(name) != before.get(name) for name in cls.FIXED):
            replacement = cls._made(region_name, new_resource_name, properties)
            with refusals_fail_the_stack():
                cls.discard(region_name, original_resource)
            return replacement
        with refusals_fail_the_stack():
            changed = cls.amend(region_name, original_resource, properties)
        changed.stack_properties = properties
        return changed

    @classmethod
    def _made(cls, region: str, name: str, properties: Document) -> Any:
        with refusals_fail_the_stack():
            resource = cls.make(region, str(name), properties)
        resource.stack_properties = properties
        return resource


class Resource(CloudFormationResource):
    """A resource of the local cloud: `Ref` gives its physical id."""

    TYPES: ClassVar[Mapping[str, str]]
    """Its properties, and the kind of each."""
    REQUIRED: ClassVar[tuple[str, ...]] = ()
    ATTRIBUTES: ClassVar[tuple[str, ...]] = ()
    """What `Fn::GetAtt` knows."""
    stack_properties: Document
    """Those from which it was made, or changed last."""

    def __init__(self, region: str, physical_id: str) -> None:
        self.region = region
        self.physical_resource_id = physical_id

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

    # What a resource has to say

    def change(self, properties: Document) -> None:
        """Give it these properties; raises AwsError."""
        raise NotImplementedError

    def remove(self) -> None:
        """Delete it; raises AwsError."""
        raise NotImplementedError

    def attribute(self, name: str) -> str:
        """The value of an attribute."""
        raise NotImplementedError

    # As its type

    @classmethod
    def properties_of(cls, logical_id: str, resource: Document) -> Document:
        """A resource's properties as the API takes them."""
        with refusals_fail_the_stack():
            return checked(logical_id, resource, cls.TYPES, required=cls.REQUIRED)

    @classmethod
    def amend(cls, region: str, resource: Self, properties: Document) -> Self:
        """Change it."""
        resource.change(properties)
        return resource

    @classmethod
    def discard(cls, region: str, resource: Self) -> None:
        """Delete it."""
        resource.remove()

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete it with what is in it."""
        with refusals_fail_the_stack():
            self.remove()
