"""What an execution role may do (facts 9).  The local cloud asks this for mappings only: callers may do everything."""

from __future__ import annotations

from moto.iam.access_control import IAMPolicy, PermissionResult

from helpers.emulator import moto_bridge
from helpers.emulator.wire import ACCOUNT

CONDITIONS = {"aws:ResourceAccount": ACCOUNT, "s3:ResourceAccount": ACCOUNT, "aws:SourceAccount": ACCOUNT}
"""What is known about a call of the mapping's; moto's IAM evaluates the policies."""


class Permissions:
    """Answers from the policies of roles, each question once until something in IAM has changed."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._answers: dict[tuple[str, str, str], bool] = {}

    def forget(self) -> None:
        """IAM was called: roles and policies may be others now."""
        self._answers.clear()

    def allow(self, role: str, action: str, resource: str) -> bool:
        """Whether the role with this ARN may do this, as in kinesis:GetRecords, to the resource with that ARN."""
        question = role, action, resource
        if question not in self._answers:
            self._answers[question] = _allowed(role, action, resource)
        return self._answers[question]


def _allowed(role: str, action: str, resource: str) -> bool:
    results = {
        IAMPolicy(document).is_action_permitted(action, resource, incoming_condition_values=CONDITIONS)
        for document in moto_bridge.role_policies(role)
    }
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results
