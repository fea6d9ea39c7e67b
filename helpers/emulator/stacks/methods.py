"""Methods of a stack's REST APIs: moto keeps them, but makes them without templates, role and responses."""

from __future__ import annotations

from typing import Any

from moto.apigateway.models import Method, apigateway_backends
from moto.core.common_models import CloudFormationModel

from helpers.emulator.stacks.properties import checked
from helpers.emulator.stacks.resource import Document, refusals_fail_the_stack


class RestMethod(CloudFormationModel):
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
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Document, account_id: str, region_name: str, **about: Any
    ) -> Any:
        """Make the method with its integration and the responses of this."""
        properties = cls.properties_of(about.get("LogicalId", ""), cloudformation_json)
        backend = apigateway_backends[account_id][region_name]
        where = properties["RestApiId"], properties["ResourceId"], properties["HttpMethod"]
        method: Any = backend.put_method(*where, properties.get("AuthorizationType", "NONE"))
        method.stack_properties = properties
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
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Document,
        account_id: str,
        region_name: str,
    ) -> Any:
        """Make it anew; one that is called in another way now takes the place of the old one."""
        before = original_resource.stack_properties
        method = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        if any(method.stack_properties[name] != before[name] for name in cls.FIXED):
            apigateway_backends[account_id][region_name].delete_method(*(before[name] for name in cls.FIXED))
        return method
