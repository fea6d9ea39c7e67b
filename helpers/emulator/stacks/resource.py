"""What a CloudFormation stack makes here and not in moto: streams, registered consumers, event source mappings.

moto reads templates and makes all other resources.  It finds these classes by their type, the last one defined wins:
this module must be imported after moto's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.apigateway.models import Method, apigateway_backends
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from helpers.emulator.kinesis.service import KinesisService
from helpers.emulator.lambda_.mappings import Mappings
from helpers.emulator.lambda_.service import LambdaService
from helpers.emulator.wire import AwsError

Document = dict[str, Any]

_kinesis: Callable[[str], KinesisService]
_lambda: Callable[[str], LambdaService]


def connect(kinesis: Callable[[str], KinesisService], lambda_: Callable[[str], LambdaService]) -> None:
    """Stacks are made with these services, by Region, from now on."""
    global _kinesis, _lambda
    _kinesis, _lambda = kinesis, lambda_


NUMBERS = {
    "ShardCount",
    "RetentionPeriodHours",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
    "StartingPositionTimestamp",
}
FLAGS = {"BisectBatchOnFunctionError", "Enabled"}
"""Properties that come as text when they come from a parameter of the template."""


def _properties(resource: Document) -> Document:
    """A resource's properties as the API takes them."""
    properties = {name: value for name, value in resource.get("Properties", {}).items() if value is not None}
    for name, value in properties.items():
        if name in NUMBERS:
            properties[name] = int(value)
        elif name in FLAGS:
            properties[name] = str(value).lower() == "true"
        elif name == "Tags":
            properties[name] = {tag["Key"]: tag["Value"] for tag in value}
    return properties


def _done(operation: Callable[[], Any]) -> Any:
    """The answer of an operation; what AWS would refuse makes the stack fail."""
    try:
        return operation()
    except AwsError as refusal:
        raise ValidationError(message=str(refusal)) from refusal


class _Resource:
    """A resource that was made: `Ref` gives its physical id."""

    def __init__(self, region: str, physical_id: str) -> None:
        self.region = region
        self.physical_resource_id = physical_id

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names it."""
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return False

    def is_created(self) -> bool:
        """It is, or will be soon."""
        return True


class StackStream(_Resource, CloudFormationModel):
    """AWS::Kinesis::Stream."""

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names it."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Its type in a template."""
        return "AWS::Kinesis::Stream"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return attr == "Arn"

    def get_cfn_attribute(self, _attribute: str) -> str:
        """Its ARN."""
        return _kinesis(self.region).region.streams[self.physical_resource_id].arn

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **_about: Any
    ) -> StackStream:
        """Create the stream; its other settings come with it."""
        wanted, service = _properties(cloudformation_json), _kinesis(region_name)
        request: Document = {"StreamName": resource_name}
        request |= {name: wanted[name] for name in ("StreamModeDetails", "ShardCount", "Tags") if name in wanted}
        if request.get("StreamModeDetails", {}).get("StreamMode") != "ON_DEMAND":
            request.setdefault("ShardCount", 1)
        _done(lambda: service.carry_out("CreateStream", request))
        stream = service.region.streams[resource_name]
        stream.retention_hours = wanted.get("RetentionPeriodHours", stream.retention_hours)
        stream.key_id = wanted.get("StreamEncryption", {}).get("KeyId")
        return cls(region_name, resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: StackStream,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> StackStream:
        """Change the number of shards and the retention."""
        wanted, service = _properties(cloudformation_json), _kinesis(region_name)
        stream = service.region.streams[original_resource.physical_resource_id]
        stream.retention_hours = wanted.get("RetentionPeriodHours", stream.retention_hours)
        target = wanted.get("ShardCount")
        if target not in (None, len(stream.open_shards)):
            request = {"StreamName": stream.name, "TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
            _done(lambda: service.carry_out("UpdateShardCount", request))
        return original_resource

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete it with what is in it."""
        if self.physical_resource_id in _kinesis(self.region).region.streams:
            request = {"StreamName": self.physical_resource_id, "EnforceConsumerDeletion": True}
            _done(lambda: _kinesis(self.region).carry_out("DeleteStream", request))


class StackConsumer(_Resource, CloudFormationModel):
    """AWS::Kinesis::StreamConsumer."""

    @staticmethod
    def cloudformation_type() -> str:
        """Its type in a template."""
        return "AWS::Kinesis::StreamConsumer"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return attr == "ConsumerARN"

    def get_cfn_attribute(self, _attribute: str) -> str:
        """Its ARN."""
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **_about: Any
    ) -> StackConsumer:
        """Register it; the stack does not wait until it is ACTIVE, which takes it a while otherwise."""
        wanted, service = _properties(cloudformation_json), _kinesis(region_name)
        answer = _done(lambda: service.carry_out("RegisterStreamConsumer", wanted))
        stream = service.region.stream({"StreamARN": wanted["StreamARN"]})
        stream.consumers[wanted["ConsumerName"]].status = "ACTIVE"
        return cls(region_name, str(answer["Consumer"]["ConsumerARN"]))

    def delete(self, _account_id: str, _region: str) -> None:
        """Deregister it."""
        request = {"ConsumerARN": self.physical_resource_id}
        _done(lambda: _kinesis(self.region).carry_out("DeregisterStreamConsumer", request))


class StackMapping(_Resource, CloudFormationModel):
    """AWS::Lambda::EventSourceMapping."""

    @staticmethod
    def cloudformation_type() -> str:
        """Its type in a template."""
        return "AWS::Lambda::EventSourceMapping"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether `Fn::GetAtt` knows it."""
        return attr in ("Id", "EventSourceMappingArn")

    def get_cfn_attribute(self, attribute: str) -> str:
        """Its UUID or its ARN."""
        uuid = self.physical_resource_id
        return uuid if attribute == "Id" else str(self._mappings.get(uuid)["EventSourceMappingArn"])

    @property
    def _mappings(self) -> Mappings:
        return _lambda(self.region).mappings

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **_about: Any
    ) -> StackMapping:
        """Create the mapping."""
        wanted = _properties(cloudformation_json)
        return cls(region_name, str(_done(lambda: _lambda(region_name).mappings.create(wanted))["UUID"]))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: StackMapping,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> StackMapping:
        """Take over new settings."""
        fixed = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Tags")
        wanted = {name: value for name, value in _properties(cloudformation_json).items() if name not in fixed}
        _done(lambda: original_resource._mappings.update(original_resource.physical_resource_id, wanted))
        return original_resource

    def delete(self, _account_id: str, _region: str) -> None:
        """Delete it."""
        _done(lambda: self._mappings.delete(self.physical_resource_id))


class RestMethod(CloudFormationModel):
    """AWS::ApiGateway::Method: moto makes it without templates, role and responses of its integration."""

    cloudformation_name_type = staticmethod(Method.cloudformation_name_type)
    cloudformation_type = staticmethod(Method.cloudformation_type)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **_more: Any
    ) -> Method:
        """Make the method with its integration and the responses of this."""
        properties = cloudformation_json["Properties"]
        integration = properties["Integration"]
        backend = apigateway_backends[account_id][region_name]
        where = properties["RestApiId"], properties["ResourceId"], properties["HttpMethod"]
        method: Method = backend.put_method(*where, properties["AuthorizationType"])
        backend.put_integration(
            *where,
            integration_type=integration["Type"],
            uri=integration.get("Uri"),
            integration_method=integration.get("IntegrationHttpMethod"),
            credentials=integration.get("Credentials"),
            request_templates=integration.get("RequestTemplates"),
        )
        for response in integration.get("IntegrationResponses", []):
            backend.put_integration_response(
                *where,
                status_code=str(response["StatusCode"]),
                selection_pattern=response.get("SelectionPattern"),
                response_templates=response.get("ResponseTemplates"),
                response_parameters=response.get("ResponseParameters"),
                content_handling=None,
            )
        return method
