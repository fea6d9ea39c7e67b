"""A deployed function as the runtime needs it, read from moto, which stores functions, versions and aliases."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from kinesis_lab.emulator.moto_adapter import functions
from kinesis_lab.emulator.wire import ACCOUNT, AwsError


class Function(NamedTuple):
    """One version of a function: its code and the settings that its runtime sees."""

    name: str
    arn: str
    """Without a qualifier."""
    version: str
    region: str
    handler: str
    runtime: str
    role: str
    timeout: int
    """Seconds."""
    memory: int
    """Megabytes."""
    storage: int
    """Megabytes of `/tmp`."""
    environment: tuple[tuple[str, str], ...]
    code_sha256: str
    reserved_concurrency: int | None
    state: str
    log_group: str
    """Where the function logs (facts 8.4)."""
    code: bytes
    """The zip file."""

    @property
    def revision(self) -> tuple[Any, ...]:
        """What an execution environment is made of: a change of any part needs a new one."""
        return (
            self.arn,
            self.version,
            self.handler,
            self.runtime,
            self.timeout,
            self.memory,
            self.storage,
            self.environment,
            self.log_group,
            self.code_sha256,
        )


def function_arn(region: str, name: str) -> str:
    """The ARN of a function, without a qualifier."""
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


ARN = re.compile(r"arn:[^:]*:lambda:([^:]*):([^:]*):function:.+", re.DOTALL)
PARTIAL_ARN = re.compile(r"()([0-9]{12}):function:.+", re.DOTALL)


def check_place(region: str, name_or_arn: str) -> None:
    """Raise if an ARN means a function of another account or Region."""
    found = ARN.fullmatch(name_or_arn) or PARTIAL_ARN.fullmatch(name_or_arn)
    if found is None:
        return
    of_region, of_account = found.groups()
    if of_region and of_region != region:
        raise AwsError(
            "ResourceNotFoundException",
            f"Functions from '{of_region}' are not reachable in this region ('{region}')",
            404,
        )
    if of_account != ACCOUNT:
        raise AwsError(
            "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform this operation on resource: {name_or_arn} "
            "because no resource-based policy allows it",
            403,
        )


def find(region: str, name_or_arn: str, qualifier: str | None = None) -> Function:
    """The function that a name, partial ARN or ARN with an optional qualifier means (facts 7.2).

    Raises ResourceNotFoundException in AWS's words, and AccessDeniedException for what is another account's.
    """
    check_place(region, name_or_arn)
    name, own_qualifier = parse_name(name_or_arn)
    qualifier = qualifier or own_qualifier
    found = functions.stored(region, name, qualifier or "$LATEST")
    if found is None:
        arn = function_arn(region, name) + (f":{qualifier}" if qualifier else "")
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
    reserved = found.reserved_concurrency
    return Function(
        name=found.function_name,
        arn=function_arn(region, found.function_name),
        version=str(found.version),
        region=region,
        handler=found.handler or "",
        runtime=found.run_time or "",
        role=found.role,
        timeout=found.timeout,
        memory=found.memory_size,
        storage=int(found.ephemeral_storage),
        environment=tuple(sorted(found.environment_vars.items())),
        code_sha256=found.code_sha_256,
        reserved_concurrency=None if reserved is None else int(reserved),
        state=getattr(found, "present_state", "Active"),
        log_group=found.logs_group_name,
        code=found.code_bytes,
    )


class FunctionCache:
    """Functions that were found before: mappings ask for the same one again and again."""

    def __init__(self) -> None:
        """An empty cache."""
        self._functions: dict[tuple[str, str], Function] = {}

    def forget(self) -> None:
        """Drop all of them, as functions may be others now."""
        self._functions.clear()

    def find(self, region: str, name_or_arn: str) -> Function:
        """As the function `find`, and quicker."""
        function = self._functions.get((region, name_or_arn))
        if function is None:
            function = find(region, name_or_arn)
            if function.state == "Active":  # Pending ends by itself
                self._functions[region, name_or_arn] = function
        return function


def parse_name(name_or_arn: str) -> tuple[str, str | None]:
    """Split `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` or an ARN into name and qualifier."""
    parts = name_or_arn.split(":")
    if "function" in parts[1:-1]:
        parts = parts[parts.index("function") + 1 :]
    return parts[0], parts[1] if len(parts) > 1 else None
