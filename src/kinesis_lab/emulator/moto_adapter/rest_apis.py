"""The REST APIs of API Gateway, which moto keeps."""

from __future__ import annotations

from functools import cache
from typing import Any

from kinesis_lab.emulator.wire import ACCOUNT, Document


@cache
def _backends() -> Any:
    from moto.apigateway.models import apigateway_backends  # needed by few, and slow to import

    return apigateway_backends


def rest_api(api_id: str) -> tuple[str, Any] | None:
    """The Region of a REST API, and what moto keeps of it; None if there is none."""
    for region, backend in _backends()[ACCOUNT].items():
        if api_id in backend.apis:
            return region, backend.apis[api_id]
    return None


def create_method(region: str, properties: Document) -> Any:
    """Make a method from its properties in a template: with its integration, and the responses of this."""
    backend = _backends()[ACCOUNT][region]
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


def delete_method(region: str, api_id: str, resource_id: str, http_method: str) -> None:
    """Delete a method."""
    _backends()[ACCOUNT][region].delete_method(api_id, resource_id, http_method)
