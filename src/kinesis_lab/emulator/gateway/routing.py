"""Finds the method that a call to a REST API is for, in what moto keeps of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from kinesis_lab.emulator.moto_adapter.rest_apis import rest_api
from kinesis_lab.emulator.wire import Request

ADDRESS = re.compile(r"/restapis/(?P<api>\w+)/(?P<stage>[\w-]+)/_user_request_(?P<path>/.*)?")
"""Where a local API answers: its id and its stage are in the path, as there is no host name for it."""


@dataclass(frozen=True)
class Call:
    """A call to a REST API."""

    api: str
    stage: str
    path: str
    """After the stage, as in /track."""
    method: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Route:
    """The method that answers a call."""

    region: str
    resource: str
    """Its path, as in /pages/{page}."""
    parameters: dict[str, str]
    """What stands in the place of the names in braces."""
    integration: dict[str, Any]
    """As GetIntegration shows it."""


def call_of(request: Request) -> Call | None:
    """What a request asks of a REST API; None if it is for something else."""
    parts = urlsplit(request.url)
    found = ADDRESS.fullmatch(parts.path)
    if found is None:
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    path = found["path"] or "/"
    return Call(found["api"], found["stage"], path, request.method, request.headers, query, request.body)


def route_of(call: Call) -> Route | None:
    """The method for a call; None if there is no such API, stage, path or method."""
    found = rest_api(call.api)
    if found is None or call.stage not in found[1].stages:
        return None
    region, api = found
    for resource in sorted(api.resources.values(), key=lambda each: each.get_path().count("{")):
        parameters = _match(resource.get_path(), call.path)
        method = resource.resource_methods.get(call.method) or resource.resource_methods.get("ANY")
        if parameters is not None and method is not None and method.method_integration is not None:
            return Route(region, resource.get_path(), parameters, method.method_integration.to_json())
    return None


def _match(pattern: str, path: str) -> dict[str, str] | None:
    """What stands in the place of the names in braces; None if the path is another one."""
    expression = "".join(
        f"(?P<{part[1:-2]}>.+)"
        if part.endswith("+}")
        else f"(?P<{part[1:-1]}>[^/]+)"
        if part[:1] == "{"
        else re.escape(part)
        for part in re.split(r"(\{[\w+]+\})", pattern)
    )
    found = re.fullmatch(expression, path.rstrip("/") or "/")
    return {name: unquote(value) for name, value in found.groupdict().items()} if found else None
