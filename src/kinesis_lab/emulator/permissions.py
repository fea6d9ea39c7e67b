"""What an execution role may do (facts 9).  The local cloud asks this for mappings only: callers may do everything."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from kinesis_lab.emulator.moto_adapter import iam
from kinesis_lab.emulator.wire import ACCOUNT

KNOWN = {"aws:resourceaccount": ACCOUNT, "s3:resourceaccount": ACCOUNT, "aws:sourceaccount": ACCOUNT}
"""What conditions can ask about a call of the mapping's, in lower case: IAM does not tell the cases of keys apart."""


class Permissions:
    """Answers from the policies of roles; answers are cached until something in IAM changes."""

    def __init__(self) -> None:
        """An empty cache."""
        self._answers: dict[tuple[str, str, str], bool] = {}

    def forget(self) -> None:
        """Drop the cache, as roles and policies may be others now."""
        self._answers.clear()

    def allow(self, role: str, action: str, resource: str) -> bool:
        """Whether the role with this ARN may do this, as in kinesis:GetRecords, to the resource with that ARN."""
        question = role, action, resource
        if question not in self._answers:
            self._answers[question] = _allowed(role, action, resource)
        return self._answers[question]


def _allowed(role: str, action: str, resource: str) -> bool:
    """What moto's IAM says of the statements whose conditions hold: it knows few of them, and denies by the others."""
    statements = [each for each in iam.role_statements(role) if _holds(each.get("Condition") or {})]
    return iam.allowed(statements, action, resource)


def _holds(conditions: dict[str, dict[str, Any]]) -> bool:
    """Whether all conditions of a statement hold; if not, it neither allows nor denies."""
    return all(_holds_for(operator, key, wanted) for operator, of in conditions.items() for key, wanted in of.items())


def _holds_for(operator: str, key: str, wanted: Any) -> bool:
    actual, negative = KNOWN.get(key.lower()), "Not" in operator
    if actual is None:  # as with IAM, where a call does not carry the key
        return negative or operator.endswith("IfExists")
    match = fnmatchcase if "Like" in operator else str.__eq__
    return any(match(actual, str(each)) for each in (wanted if isinstance(wanted, list) else [wanted])) != negative
