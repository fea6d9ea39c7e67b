"""Roles of a stack: moto keeps them, but overlooks policies, when it makes them or when it changes them."""

from __future__ import annotations

import json
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.iam.models import Role, iam_backends

from kinesis_lab.emulator.stacks.properties import checked
from kinesis_lab.emulator.stacks.resource import CloudFormationResource, Document, refusals_fail_the_stack
from kinesis_lab.emulator.wire import ACCOUNT


class StackRole(CloudFormationResource, CloudFormationModel):
    """AWS::IAM::Role."""

    cloudformation_name_type = staticmethod(Role.cloudformation_name_type)
    cloudformation_type = staticmethod(Role.cloudformation_type)
    FIXED = ("RoleName", "Path")

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return bool(Role.has_cfn_attr(attr))

    @classmethod
    def properties_of(cls, logical_id: str, resource: Document) -> Document:
        """A role's properties."""
        properties: Document = resource.get("Properties") or {}
        with refusals_fail_the_stack():
            checked(logical_id, resource, dict.fromkeys(properties, ""), required=("AssumeRolePolicyDocument",))
        return properties

    @classmethod
    def make(cls, region: str, name: str, properties: Document) -> Any:
        """Make the role, with its policies."""
        role: Any = Role.create_from_cloudformation_json(name, {"Properties": properties}, ACCOUNT, region)
        for arn in properties.get("ManagedPolicyArns", []):
            iam_backends[ACCOUNT]["aws"].attach_role_policy(arn, role.name)
        return role

    @classmethod
    def amend(cls, region: str, resource: Any, properties: Document) -> Any:
        """Change the policies and the rest."""
        role, backend = resource, iam_backends[ACCOUNT]["aws"]
        before, after = role.stack_properties, properties
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
        return role

    @classmethod
    def discard(cls, region: str, resource: Any) -> None:
        """Delete the role."""
        cls.delete_from_cloudformation_json(resource.name, {}, ACCOUNT, region)

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str
    ) -> None:
        """Delete the role; its policies stay."""
        backend = iam_backends[account_id]["aws"]
        for arn in list(backend.get_role(resource_name).managed_policies):
            backend.detach_role_policy(arn, resource_name)
        Role.delete_from_cloudformation_json(resource_name, cloudformation_json, account_id, region_name)
