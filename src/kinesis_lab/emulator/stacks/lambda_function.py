"""Functions of a stack: moto keeps them, but makes them with few of their settings, and spoils code that it changes."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction
from moto.core.common_models import CloudFormationModel

from kinesis_lab.emulator.moto_bridge import lambda_backend
from kinesis_lab.emulator.stacks.properties import checked, types_of
from kinesis_lab.emulator.stacks.resource import CloudFormationResource, Document, refusals_fail_the_stack
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import ACCOUNT, AwsError


@cache
def _function_types() -> Mapping[str, str]:
    more = {"Tags": "tags", "Code": "structure", "ReservedConcurrentExecutions": "integer"}
    unused = dict.fromkeys(("RuntimeManagementConfig", "RecursiveLoop", "FunctionScalingConfig"), "")
    return {**types_of("lambda", "CreateFunction"), **more, **unused}


class StackFunction(CloudFormationResource, CloudFormationModel):
    """AWS::Lambda::Function."""

    cloudformation_name_type = staticmethod(LambdaFunction.cloudformation_name_type)
    cloudformation_type = staticmethod(LambdaFunction.cloudformation_type)
    FIXED = ("FunctionName", "PackageType")
    DEFAULTS: ClassVar[Document] = {"Description": "", "MemorySize": 128, "Timeout": 3, "Environment": {}, "Layers": []}
    """What a setting becomes that is left out."""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return bool(LambdaFunction.has_cfn_attr(attr))

    @classmethod
    def properties_of(cls, logical_id: str, resource: Document) -> Document:
        """A function's properties as the API takes them."""
        with refusals_fail_the_stack():
            properties = checked(logical_id, resource, _function_types(), required=("Code", "Role"))
        variables = properties.get("Environment", {}).get("Variables")
        if isinstance(variables, dict):  # a number in a template is text in an environment
            text = {name: str(value) if type(value) in (int, float) else value for name, value in variables.items()}
            properties["Environment"] = {"Variables": text}
        return properties

    @classmethod
    def make(cls, region: str, name: str, properties: Document) -> Any:
        """Make the function."""
        backend = lambda_backend(region)
        members = {setting: value for setting, value in properties.items() if setting in _function_types()}
        spec = copy.deepcopy({**members, "FunctionName": name, "Code": _code(properties["Code"])})
        validate("lambda", "CreateFunction", spec)
        try:
            backend.get_function(name)
        except UnknownFunctionException:
            return backend.create_function(spec)
        raise AwsError("ResourceConflictException", f"Function already exist: {name}", 409)

    @classmethod
    def amend(cls, region: str, resource: Any, properties: Document) -> Any:
        """Change settings and code; a setting that is left out becomes its default."""
        if properties["Code"] != resource.stack_properties["Code"]:
            resource.update_function_code(_code(properties["Code"]))
        group = {"LogGroup": f"/aws/lambda/{resource.function_name}"}
        settings = {**cls.DEFAULTS, "LoggingConfig": group, **properties}
        resource.update_configuration({name: value for name, value in settings.items() if name != "Code"})
        resource.reserved_concurrency = properties.get("ReservedConcurrentExecutions")
        resource.tags = properties.get("Tags", {})
        return resource

    @classmethod
    def discard(cls, region: str, resource: Any) -> None:
        """Delete the function."""
        resource.delete(ACCOUNT, region)


def _code(described: Document) -> Document:
    """The code of a function as the API takes it: what stands in the template becomes a package."""
    if "ZipFile" not in described:
        return dict(described)
    package = LambdaFunction._create_zipfile_from_plaintext_code(str(described["ZipFile"]))
    return {**described, "ZipFile": base64.b64encode(package).decode()}
