"""Stacks: moto reads templates and makes resources, those of the emulator's types by the emulator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException as UnknownAttribute
from moto.cloudformation.exceptions import ValidationError

from kinesis_lab.emulator.moto_adapter import stack_lifecycle, templates
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import NotOffered

__all__ = ["CloudFormationType", "UnknownAttribute", "ValidationError", "attach"]


class CloudFormationType(Protocol):
    """A type of resources as moto's CloudFormation uses it: what is a class in moto may be any object.

    An UnknownAttribute or a ValidationError that it raises fails the stack.
    """

    def cloudformation_type(self) -> str:
        """Its name in a template, as in AWS::Kinesis::Stream."""

    def cloudformation_name_type(self) -> str:
        """The property that names a resource; empty if there is none."""

    def has_cfn_attr(self, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows an attribute."""

    def create_from_cloudformation_json(
        self, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **about: Any
    ) -> Any:
        """Make a resource."""

    def update_from_cloudformation_json(
        self,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        """Change a resource or replace it; returns what it is now."""

    def delete_from_cloudformation_json(
        self, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str
    ) -> None:
        """Delete a resource that cannot do so itself."""


def attach(patches: Patches, types: Iterable[CloudFormationType]) -> None:
    """Let stacks make resources of these types, instead of moto's where it has them, and behave as AWS's do."""
    known = parsing.get_model_map() | {each.cloudformation_type(): each for each in types}
    known["AWS::CloudFormation::CustomResource"] = CustomModel
    patches.attribute(CustomModel, "create_from_cloudformation_json", _refuse_custom_resource)
    patches.attribute(parsing, "get_model_map", lambda: known)
    patches.attribute(parsing, "get_model_list", lambda: list(known.values()))
    templates.attach(patches)
    stack_lifecycle.attach(patches)


def _refuse_custom_resource(_resource_name: str, described: dict[str, Any], *_where: Any, **about: Any) -> None:
    """Moto would start a container for the function, and not wait for it."""
    kind = described.get("Type", "AWS::CloudFormation::CustomResource")
    raise NotOffered(f"the local cloud does not offer custom resources: {about.get('LogicalId')} is a {kind}")
