"""Roles and policies, which moto keeps."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, Role, iam_backends

from kinesis_lab.emulator.wire import ACCOUNT, Document


def _backend() -> Any:
    return iam_backends[ACCOUNT]["aws"]


# Policies


def provide_policies() -> None:
    """Have the policies that AWS manages for Lambda's roles (facts 9): moto has all of AWS's, slowly, or none."""
    for name, data in _policies_for_lambda().items():
        policy = AWSManagedPolicy.from_data(name, ACCOUNT, "us-east-1", data)
        _backend().managed_policies[policy.arn] = policy


@cache
def _policies_for_lambda() -> Document:
    policies = json.loads(aws_managed_policies_data)
    return {name: data for name, data in policies.items() if name.startswith("AWSLambda")}


def role_statements(role_arn: str) -> list[Document]:
    """The statements of a role's policies, its own and those attached to it; none if there is no such role."""
    role = next((role for role in _backend().get_roles() if role.arn == role_arn), None)
    if role is None:
        return []
    versions = (version for policy in role.managed_policies.values() for version in policy.versions)
    documents = [*role.policies.values(), *(version.document for version in versions if version.is_default)]
    policies = [json.loads(document) if isinstance(document, str) else document for document in documents]
    statements = [policy["Statement"] for policy in policies]
    return [each for some in statements for each in (some if isinstance(some, list) else [some])]


def allowed(statements: list[Document], action: str, resource: str) -> bool:
    """Whether statements allow an action on a resource, and none of them denies it; their conditions do not count."""
    results = {
        IAMPolicyStatement({**statement, "Condition": None}).is_action_permitted(action, resource)
        for statement in statements
    }
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


# Roles of stacks


def create_role(region: str, name: str, properties: Document) -> Any:
    """Make a role from its properties in a template; moto overlooks the policies that are attached to it."""
    role: Any = Role.create_from_cloudformation_json(name, {"Properties": properties}, ACCOUNT, region)
    for arn in properties.get("ManagedPolicyArns", []):
        _backend().attach_role_policy(arn, role.name)
    return role


def change_role(role: Any, before: Document, after: Document) -> None:
    """Give a role other properties; policies stay that did not come with those of `before`."""
    backend = _backend()
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


def delete_role(region: str, name: str) -> None:
    """Delete a role; the policies that are attached to it stay."""
    for arn in list(_backend().get_role(name).managed_policies):
        _backend().detach_role_policy(arn, name)
    Role.delete_from_cloudformation_json(name, {}, ACCOUNT, region)
