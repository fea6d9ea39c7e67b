"""Functions of a stack: moto keeps them, but makes them with few of their settings, and spoils code that it changes."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

from kinesis_lab.emulator.moto_adapter import functions
from kinesis_lab.emulator.stacks.properties import types_of
from kinesis_lab.emulator.stacks.resource_type import ResourceType
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document

DEFAULTS: Document = {"Description": "", "MemorySize": 128, "Timeout": 3, "Environment": {}, "Layers": []}
"""What a setting becomes that is left out of a change."""


@cache
def _function_types() -> Mapping[str, str]:
    more = {"Tags": "tags", "Code": "structure", "ReservedConcurrentExecutions": "integer"}
    unused = dict.fromkeys(("RuntimeManagementConfig", "RecursiveLoop", "FunctionScalingConfig"), "")
    return {**types_of("lambda", "CreateFunction"), **more, **unused}


class FunctionType(ResourceType):
    """AWS::Lambda::Function."""

    TYPE = "AWS::Lambda::Function"
    NAME = "FunctionName"
    ATTRIBUTES = ("Arn",)
    REQUIRED = ("Code", "Role")
    FIXED = ("FunctionName", "PackageType")

    def types(self) -> Mapping[str, str]:
        """Those of the API, and what only templates have."""
        return _function_types()

    def properties_of(self, logical_id: str, described: Document) -> Document:
        """A function's properties as the API takes them."""
        properties = super().properties_of(logical_id, described)
        variables = properties.get("Environment", {}).get("Variables")
        if isinstance(variables, dict):  # a number in a template is text in an environment
            text = {name: str(value) if type(value) in (int, float) else value for name, value in variables.items()}
            properties["Environment"] = {"Variables": text}
        return properties

    def make(self, region: str, name: str, properties: Document) -> Any:
        """Make the function."""
        members = {setting: value for setting, value in properties.items() if setting in _function_types()}
        spec = copy.deepcopy({**members, "FunctionName": name, "Code": _code(properties["Code"])})
        validate("lambda", "CreateFunction", spec)
        if functions.stored(region, name):
            raise AwsError("ResourceConflictException", f"Function already exist: {name}", 409)
        return functions.create(region, spec)

    def change(self, region: str, resource: Any, properties: Document) -> Any:
        """Change settings and code; a setting that is left out becomes its default."""
        if properties["Code"] != resource.stack_properties["Code"]:
            resource.update_function_code(_code(properties["Code"]))
        group = {"LogGroup": f"/aws/lambda/{resource.function_name}"}
        settings = {**DEFAULTS, "LoggingConfig": group, **properties}
        resource.update_configuration({name: value for name, value in settings.items() if name != "Code"})
        resource.reserved_concurrency = properties.get("ReservedConcurrentExecutions")
        resource.tags = properties.get("Tags", {})
        return resource

    def remove(self, region: str, resource: Any) -> None:
        """Delete the function."""
        resource.delete(ACCOUNT, region)


def _code(described: Document) -> Document:
    """The code of a function as the API takes it: what stands in the template becomes a package."""
    if "ZipFile" not in described:
        return dict(described)
    package = functions.package(str(described["ZipFile"]))
    return {**described, "ZipFile": base64.b64encode(package).decode()}
