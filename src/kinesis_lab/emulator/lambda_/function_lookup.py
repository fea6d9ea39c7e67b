"""A deployed function as the runtime needs it, read from moto, which stores functions, versions and aliases."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple

import moto.awslambda.models as moto_lambda
from moto.awslambda.exceptions import UnknownAliasException, UnknownFunctionException
from moto.core.utils import unix_time

from kinesis_lab.emulator.lambda_ import settings
from kinesis_lab.emulator.moto_bridge import lambda_backend
from kinesis_lab.emulator.validation import refuse_constant, without_nulls
from kinesis_lab.emulator.wire import ACCOUNT, AwsError

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
            self.environment,
            self.log_group,
            self.code_sha256,
        )


class StatefulFunction(moto_lambda.LambdaFunction):
    """moto's function, which is Pending for a while after its creation, as on AWS (facts 8.1), and checks its settings.

    It checks them here, as functions come from requests and from templates.
    """

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        """As moto's, and remember when."""
        settings.check_creation(spec)
        super().__init__(account_id, spec, region, version)
        self._born = unix_time()
        self._ready = False
        self._log_to(spec)

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """Take over settings, all of them or none."""
        settings.check_settings(self.function_name, config_updates)
        if "Environment" in config_updates:
            variables = config_updates["Environment"].get("Variables") or {}
            config_updates = {**config_updates, "Environment": {"Variables": variables}}
        self._log_to(config_updates)
        configuration: dict[str, Any] = super().update_configuration(config_updates)
        return configuration

    def _log_to(self, spec: dict[str, Any]) -> None:
        if group := (spec.get("LoggingConfig") or {}).get("LogGroup"):
            self.logs_group_name = group

    def _set_function_code(self, updated_spec: dict[str, Any]) -> None:
        """Take over code that can be unzipped, or none."""
        before = {**vars(self), "code": dict(self.code)}
        try:
            self._take_code(updated_spec)
        except Exception:
            vars(self).update(before)
            raise

    def _take_code(self, spec: dict[str, Any]) -> None:
        if spec.get("ImageUri"):
            raise settings.only_python(self.function_name, "a container image")
        if "ZipFile" in spec:
            settings.check_code(_uploaded(spec["ZipFile"]))
        try:
            super()._set_function_code(spec)
        except ValueError as problem:  # what moto raises for code in a bucket that is not there
            raise AwsError(*problem.args) from problem
        if not hasattr(self, "code_bytes"):
            raise AwsError("InvalidParameterValueException", "Please provide a source for function code.")
        if not self.code_sha_256:
            raise AwsError(
                "InvalidParameterValueException",
                "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
                "S3 Error Message: The specified key does not exist.",
            )
        if "ZipFile" not in spec:
            settings.check_code(self.code_bytes)

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
        log_group=found.logs_group_name,
        code=found.code_bytes,
    )


class FunctionCache:
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


def _uploaded(text: str | bytes) -> bytes:
    """The package that came with a request."""
    try:
        code = base64.b64decode(text, validate=True)
    except ValueError as malformed:
        raise AwsError("SerializationException", f"zipFile is not base64: {malformed}") from malformed
    if len(code) > settings.MOST_ZIP_BYTES:
        raise AwsError(
            "RequestEntityTooLargeException", f"The zip file must be smaller than {settings.MOST_ZIP_BYTES} bytes.", 413
        )
    return code


def request_document(body: bytes) -> dict[str, Any]:
    """A request's JSON document, without members that are null; an empty body is an empty document."""
    try:
        document = json.loads(body or b"{}", parse_constant=refuse_constant)
        if isinstance(document, dict):
            return dict(without_nulls(document))
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "Could not parse request body into json") from None
    raise AwsError("SerializationException", "Start of structure or map found where not expected.")
