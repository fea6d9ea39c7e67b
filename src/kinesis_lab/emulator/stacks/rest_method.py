"""Methods of a stack's REST APIs: moto keeps them, but makes them without templates, role and responses."""

from __future__ import annotations

from typing import Any

from moto.apigateway.models import Method, apigateway_backends
from moto.core.common_models import CloudFormationModel

from kinesis_lab.emulator.stacks.properties import checked
from kinesis_lab.emulator.stacks.resource import CloudFormationResource, Document, refusals_fail_the_stack
from kinesis_lab.emulator.wire import ACCOUNT


class RestMethod(CloudFormationResource, CloudFormationModel):
    """AWS::ApiGateway::Method."""

    cloudformation_name_type = staticmethod(Method.cloudformation_name_type)
    cloudformation_type = staticmethod(Method.cloudformation_type)
    FIXED = ("RestApiId", "ResourceId", "HttpMethod")

    @classmethod
    def properties_of(cls, logical_id: str, resource: Document) -> Document:
        """A method's properties."""
        properties: Document = resource.get("Properties") or {}
        with refusals_fail_the_stack():
            checked(logical_id, resource, dict.fromkeys(properties, ""), required=cls.FIXED)
        return properties

    @classmethod
    def make(cls, region: str, name: str, properties: Document) -> Any:
        """Make the method with its integration and the responses of this."""
        backend = apigateway_backends[ACCOUNT][region]
        where = properties["RestApiId"], properties["ResourceId"], properties["HttpMethod"]
        method: Any = backend.put_method(*where, properties.get("AuthorizationType", "NONE"))
        integration = properties.get("Integration")
        if integration is None:
            return method
        backend.put_integration(
            *where,
            integration_type=integration.get("Type"),
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

    @classmethod
    def amend(cls, region: str, resource: Any, properties: Document) -> Any:
        """Make it anew in its place."""
        return cls.make(region, "", properties)

    @classmethod
    def discard(cls, region: str, resource: Any) -> None:
        """Delete one that is called in another way now."""
        apigateway_backends[ACCOUNT][region].delete_method(*(resource.stack_properties[name] for name in cls.FIXED))
