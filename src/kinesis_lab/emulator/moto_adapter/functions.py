"""Functions, their versions and aliases, which moto keeps."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import moto.awslambda.models as moto_lambda
from moto.awslambda.exceptions import UnknownAliasException, UnknownFunctionException
from moto.awslambda_simple.models import lambda_simple_backends
from moto.core.utils import unix_time

from kinesis_lab.emulator import function_settings
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document, NotOffered

SECONDS_PENDING = 2.0
"""How long a new function is Pending is not published: our choice, in virtual seconds."""

_backends: dict[str, Any] = {}
"""By Region, as moto takes its time to find them."""


class StatefulFunction(moto_lambda.LambdaFunction):
    """moto's function, which is Pending for a while after its creation, as on AWS (facts 8.1), and checks its settings.

    It checks them here, as functions come from requests and from templates.
    """

    def __init__(self, account_id: str, spec: Document, region: str, version: str | int = 1) -> None:
        """As moto makes one; it is Pending from now on."""
        function_settings.check_creation(spec)
        super().__init__(account_id, _with_whole_network(spec), region, version)
        self._born = unix_time()
        self._ready = False
        self._log_to(spec)

    def update_configuration(self, config_updates: Document) -> Document:
        """Take over settings, all of them or none."""
        function_settings.check_settings(self.function_name, config_updates)
        if "Environment" in config_updates:
            variables = config_updates["Environment"].get("Variables") or {}
            config_updates = {**config_updates, "Environment": {"Variables": variables}}
        with self._all_or_nothing():
            self._log_to(config_updates)
            if storage := config_updates.get("EphemeralStorage"):  # moto leaves it as it is
                self.ephemeral_storage = storage["Size"]
            configuration: Document = super().update_configuration(_with_whole_network(config_updates))
        return configuration

    def _invoke_lambda(self, event: str | None = None) -> Any:
        """Moto would start a container when one of its services has a function as a target."""
        raise NotOffered(
            f"the local cloud does not offer events for functions by moto's services: {self.function_name}"
        )

    def update_url_config(self, config: Document) -> Any:
        """Change what there is of a function URL; raises what AWS answers when there is none."""
        self.get_url_config()
        return super().update_url_config(config)

    def _log_to(self, spec: Document) -> None:
        if group := (spec.get("LoggingConfig") or {}).get("LogGroup"):
            self.logs_group_name = group

    def _set_function_code(self, updated_spec: Document) -> None:
        """Take over code that can be unzipped, or none."""
        with self._all_or_nothing():
            self._take_code(updated_spec)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Leave the function as it was if a change of it fails."""
        before = {**vars(self), "code": dict(getattr(self, "code", {}))}
        try:
            yield
        except Exception:
            vars(self).update(before)
            raise

    def _take_code(self, spec: Document) -> None:
        if spec.get("ImageUri"):
            raise function_settings.only_python(self.function_name, "a container image")
        if "ZipFile" in spec:
            function_settings.check_code(_uploaded(spec["ZipFile"]))
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
            function_settings.check_code(self.code_bytes)

    def get_configuration(self, on_create: bool = False) -> Document:
        """The configuration as AWS answers it, with the present state."""
        configuration: Document = super().get_configuration(on_create)
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


def _with_whole_network(spec: Document) -> Document:
    """A specification whose VpcConfig, if it has one, has both lists: moto asks for them when it lists functions."""
    config = spec.get("VpcConfig")
    return {**spec, "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], **config}} if config else spec


def _uploaded(text: str | bytes) -> bytes:
    """The package that came with a request."""
    try:
        code = base64.b64decode(text, validate=True)
    except ValueError as malformed:
        raise AwsError("SerializationException", f"zipFile is not base64: {malformed}") from malformed
    if len(code) > function_settings.MOST_ZIP_BYTES:
        raise AwsError(
            "RequestEntityTooLargeException",
            f"The zip file must be smaller than {function_settings.MOST_ZIP_BYTES} bytes.",
            413,
        )
    return code


def attach(patches: Patches) -> None:
    """Let functions be Pending first, and keep them where moto needs no containers."""
    patches.callback(_backends.clear)
    patches.attribute(moto_lambda, "LambdaFunction", StatefulFunction)
    patches.attribute(moto_lambda, "lambda_backends", lambda_simple_backends)


def _backend(region: str) -> Any:
    if region not in _backends:
        try:
            _backends[region] = lambda_simple_backends[ACCOUNT][region]
        except KeyError:
            message = "Credential should be scoped to a valid region."
            raise AwsError("InvalidSignatureException", message, 403) from None
    return _backends[region]


def stored(region: str, name: str, qualifier: str = "$LATEST") -> Any:
    """What moto keeps of a function, a version or an alias; None if there is none."""
    try:
        return _backend(region).get_function(name, qualifier)
    except (UnknownFunctionException, UnknownAliasException):
        return None


def create(region: str, spec: Document) -> Any:
    """Make a function from what a CreateFunction request says; raises AwsError."""
    return _backend(region).create_function(spec)


def package(source: str) -> bytes:
    """The zip file that CloudFormation makes of source code in a template."""
    zipped: bytes = moto_lambda.LambdaFunction._create_zipfile_from_plaintext_code(source)
    return zipped
