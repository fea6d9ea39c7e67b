"""Roles of a stack: moto keeps them, but overlooks policies, when it makes them or when it changes them."""

from __future__ import annotations

from typing import Any

from kinesis_lab.emulator.moto_adapter import iam
from kinesis_lab.emulator.stacks.resource_type import ResourceType
from kinesis_lab.emulator.wire import Document


class RoleType(ResourceType):
    """AWS::IAM::Role."""

    TYPE = "AWS::IAM::Role"
    NAME = "RoleName"
    ATTRIBUTES = ("Arn", "RoleId")
    REQUIRED = ("AssumeRolePolicyDocument",)
    FIXED = ("RoleName", "Path")

    def make(self, region: str, name: str, properties: Document) -> Any:
        """Make the role, with its policies."""
        return iam.create_role(region, name, properties)

    def change(self, region: str, resource: Any, properties: Document) -> Any:
        """Change the policies and the rest."""
        iam.change_role(resource, resource.stack_properties, properties)
        return resource

    def remove(self, region: str, resource: Any) -> None:
        """Delete the role."""
        iam.delete_role(region, resource.name)

    def delete_from_cloudformation_json(
        self, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str
    ) -> None:
        """Delete the role; its policies stay."""
        iam.delete_role(region_name, resource_name)
