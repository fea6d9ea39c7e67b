"""A deployed function as the runtime needs it, read from moto, which stores functions, versions and aliases."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import moto.awslambda.models as moto_lambda
from moto.awslambda.exceptions import UnknownAliasException, UnknownFunctionException
from moto.core.utils import unix_time

from helpers.emulator.moto_bridge import lambda_backend
from helpers.emulator.wire import ACCOUNT, AwsError

SECONDS_PENDING = 2.0
"""How long a new function is Pending is not published: our choice, in virtual seconds."""


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
    environment: tuple[tuple[str, str], ...]
    code_sha256: str
    reserved_concurrency: int | None
    state: str
    code: bytes
    """The zip file."""

    @property
    def log_group(self) -> str:
        """Where the function logs (facts 8.4)."""
        return f"/aws/lambda/{self.name}"

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
            self.environment,
            self.code_sha256,
        )


class StatefulFunction(moto_lambda.LambdaFunction):
    """moto's function, which is Pending for a while after its creation, as on AWS (facts 8.1)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As moto's, and remember when."""
        super().__init__(*args, **options)
        self._born = unix_time()
        self._ready = False

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """The configuration as AWS answers it, with the present state."""
        configuration: dict[str, Any] = super().get_configuration(on_create)
        configuration["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        configuration["State"] = self.present_state
        if configuration["State"] == "Pending":
            configuration["StateReason"] = "The function is being created."
            configuration["StateReasonCode"] = "Creating"
        return configuration

    @property
    def present_state(self) -> str:
        """Pending, then Active."""
        self._ready = self._ready or unix_time() - self._born >= SECONDS_PENDING
        return "Active" if self._ready else "Pending"


def function_arn(region: str, name: str) -> str:
    """The ARN of a function, without a qualifier."""
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


def find(region: str, name_or_arn: str, qualifier: str | None = None) -> Function:
    """The function that a name, partial ARN or ARN with an optional qualifier means (facts 7.2).

    Raises ResourceNotFoundException in AWS's words.
    """
    name, own_qualifier = parse_name(name_or_arn)
    qualifier = qualifier or own_qualifier
    try:
        found = lambda_backend(region).get_function(name, qualifier or "$LATEST")
    except (UnknownFunctionException, UnknownAliasException):
        arn = function_arn(region, name) + (f":{qualifier}" if qualifier else "")
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404) from None
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
        environment=tuple(sorted(found.environment_vars.items())),
        code_sha256=found.code_sha_256,
        reserved_concurrency=None if reserved is None else int(reserved),
        state=getattr(found, "present_state", "Active"),
        code=found.code_bytes,
    )


class Known:
    """Functions that were found before: mappings ask for the same one again and again."""

    def __init__(self) -> None:
        """None was found yet."""
        self._functions: dict[tuple[str, str], Function] = {}

    def forget(self) -> None:
        """Functions may be others now."""
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


def limits_error(document: dict[str, Any]) -> str | None:
    """What is wrong with the limits of a classic function (facts 8.1), in AWS's words, or None."""
    problems = []
    for name, least, most in (("Timeout", 1, 900), ("MemorySize", 128, 10_240)):
        value = document.get(name)
        if value is not None and not least <= value <= most:
            rule = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
            field = name[0].lower() + name[1:]
            problems.append(f"Value '{value}' at '{field}' failed to satisfy constraint: Member must have value {rule}")
    if not problems:
        return None
    plural = "s" if len(problems) > 1 else ""
    return f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}"


def request_document(body: bytes) -> dict[str, Any]:
    """A request's JSON document; an empty body is an empty document."""
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        raise AwsError("SerializationException", "Could not parse request body into json") from None
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected.")
    return document
