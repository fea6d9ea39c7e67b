"""Roles of a stack: moto keeps them, but overlooks policies, when it makes them or when it changes them."""

from __future__ import annotations

import json
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.iam.models import Role, iam_backends

from helpers.emulator.stacks.properties import checked
from helpers.emulator.stacks.resource import Document, refusals_fail_the_stack


class StackRole(CloudFormationModel):
    """AWS::IAM::Role."""

    cloudformation_name_type = staticmethod(Role.cloudformation_name_type)
    cloudformation_type = staticmethod(Role.cloudformation_type)
    FIXED = ("RoleName", "Path")

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return bool(Role.has_cfn_attr(attr))

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **about: Any
    ) -> Any:
        """Make the role, with its policies."""
        properties: Document = cloudformation_json.get("Properties") or {}
        with refusals_fail_the_stack():
            kinds = dict.fromkeys(properties, "")
            checked(about.get("LogicalId", ""), cloudformation_json, kinds, required=("AssumeRolePolicyDocument",))
        role: Any = Role.create_from_cloudformation_json(resource_name, cloudformation_json, account_id, region_name)
        role.stack_properties = properties
        for arn in properties.get("ManagedPolicyArns", []):
            iam_backends[account_id]["aws"].attach_role_policy(arn, role.name)
        return role

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Change the policies and the rest, or replace the role."""
        role, backend = original_resource, iam_backends[account_id]["aws"]
        before, after = role.stack_properties, cloudformation_json["Properties"]
        if any(after.get(name) != before.get(name) for name in cls.FIXED):
            replacement = cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name
            )
            cls.delete_from_cloudformation_json(role.name, cloudformation_json, account_id, region_name)
            return replacement
        trust = after["AssumeRolePolicyDocument"]
        backend.update_assume_role_policy(role.name, trust if isinstance(trust, str) else json.dumps(trust))
        backend.update_role(role.name, after.get("Description", ""), after.get("MaxSessionDuration", 3600))
        inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in after.get("Policies", [])}
        for name in [policy["PolicyName"] for policy in before.get("Policies", [])]:
            if name not in inline and name in role.policies:
                role.delete_policy(name)
        for name, document in inline.items():
            role.put_policy(name, document)
        managed, attached = after.get("ManagedPolicyArns", []), before.get("ManagedPolicyArns", [])
        for arn in attached:
            if arn not in managed and arn in role.managed_policies:
                backend.detach_role_policy(arn, role.name)
        for arn in managed:
            if arn not in role.managed_policies:
                backend.attach_role_policy(arn, role.name)
        role.stack_properties = after
        return role

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str
    ) -> None:
        """Delete the role; its policies stay."""
        backend = iam_backends[account_id]["aws"]
        for arn in list(backend.get_role(resource_name).managed_policies):
            backend.detach_role_policy(arn, resource_name)
        Role.delete_from_cloudformation_json(resource_name, cloudformation_json, account_id, region_name)
