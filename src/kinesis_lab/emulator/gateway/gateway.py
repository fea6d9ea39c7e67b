"""Answers calls to REST APIs: from a service of AWS, from a function, or from a mock."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.gateway.mapping_templates import render
from kinesis_lab.emulator.gateway.routing import Call, Route, route_of
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.permissions import Permissions
from kinesis_lab.emulator.wire import ACCOUNT, NotOffered, Request, Response

ACTION = re.compile(r"arn:aws:apigateway:(?P<region>[\w-]+):kinesis:action/(?P<action>\w+)")
FUNCTION = re.compile(
    r"arn:aws:apigateway:(?P<region>[\w-]+):lambda:path/2015-03-31/functions/(?P<function>[^/]+)/invocations"
)
BODY_TYPE = "application/json"


class Gateway:
    """The data plane of API Gateway."""

    def __init__(self, serve: Callable[[Request], Steps], identities: Identities, permissions: Permissions) -> None:
        """`serve` takes a request to a service of the cloud and answers it in steps."""
        self._serve = serve
        self._identities = identities
        self._permissions = permissions

    def answer(self, call: Call) -> Steps:
        """Answer a call, in steps; returns a Response."""
        route = route_of(call)
        if route is None:  # what AWS says of a path that is not there, whoever asks
            return _message(403, "Missing Authentication Token")
        match route.integration["type"]:
            case "AWS":
                return (yield from self._from_service(call, route))
            case "AWS_PROXY":
                return (yield from self._from_function(call, route))
            case "MOCK":
                return self._from_mock(call, route)
            case other:
                raise NotOffered(f"an integration of type {other} is not offered here: AWS, AWS_PROXY and MOCK are")

    def _from_mock(self, call: Call, route: Route) -> Response:
        try:
            status = int(json.loads(self._request_document(call, route) or "{}").get("statusCode", 200))
        except (ValueError, TypeError, AttributeError, RecursionError):  # what the template made of the call
            return _message(500, "Internal server error")
        return self._mapped(call, route, Response(status, {}, b"{}"))

    # A service

    def _from_service(self, call: Call, route: Route) -> Steps:
        found = ACTION.fullmatch(route.integration["uri"] or "")
        if found is None:
            raise NotOffered(f"the integration {route.integration['uri']} is not offered here: actions of Kinesis are")
        document = self._request_document(call, route)
        if not self._may(route, found["action"], document, found["region"]):
            refused = {"__type": "AccessDeniedException", "message": "The gateway's role does not allow this."}
            return self._mapped(call, route, Response(400, {}, json.dumps(refused).encode()))
        headers = {
            "x-amz-target": f"Kinesis_20131202.{found['action']}",
            "content-type": "application/x-amz-json-1.1",
            "authorization": _signature(found["region"], "kinesis"),
        }
        answered = yield from self._serve(
            Request("POST", "http://kinesis/", headers, document.encode(errors="replace"))
        )
        return self._mapped(call, route, answered)

    def _may(self, route: Route, action: str, document: str, region: str) -> bool:
        """Whether the role that the integration acts in allows it; a document that is none is for Kinesis to refuse."""
        try:
            asked = json.loads(document)
            resource = asked.get("StreamARN") or f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{asked['StreamName']}"
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            return True
        role = route.integration["credentials"] or ""
        return self._permissions.allow(role, f"kinesis:{action}", resource)

    def _request_document(self, call: Call, route: Route) -> str:
        """What the integration is sent: the template for the content type of the call, or the body as it is."""
        content_type = call.headers.get("content-type", BODY_TYPE).partition(";")[0].strip()
        template = (route.integration["requestTemplates"] or {}).get(content_type)
        if template is None:
            return call.body.decode(errors="replace")
        return self._rendered(template, call.body, call, route)

    def _mapped(self, call: Call, route: Route, answered: Response) -> Response:
        """The answer of the integration as the method's responses make it."""
        responses = list((route.integration["integrationResponses"] or {}).values())
        fitting = [
            each for each in responses if re.fullmatch(each.get("selectionPattern") or "(?!)", str(answered.status))
        ]
        chosen = (fitting or [each for each in responses if not each.get("selectionPattern")] or [None])[0]
        if chosen is None:
            return _message(500, "Internal server error")
        template = (chosen.get("responseTemplates") or {}).get(BODY_TYPE)
        body = answered.body
        if template is not None:
            body = self._rendered(template, body, call, route).encode(errors="replace")
        headers = {"content-type": BODY_TYPE}
        for name, value in (chosen.get("responseParameters") or {}).items():
            if name.startswith("method.response.header.") and str(value).startswith("'"):
                headers[name.rpartition(".")[2].lower()] = str(value).strip("'")
        return Response(int(chosen["statusCode"]), headers, body)

    def _rendered(self, template: str, body: bytes, call: Call, route: Route) -> str:
        parameters = {**call.headers, **call.query, **route.parameters}
        context = {
            "requestId": self._identities.uuid(),
            "stage": call.stage,
            "httpMethod": call.method,
            "resourcePath": route.resource,
            "identity.sourceIp": "127.0.0.1",
        }
        return render(template, body, parameters, context)

    # A function

    def _from_function(self, call: Call, route: Route) -> Steps:
        found = FUNCTION.fullmatch(route.integration["uri"] or "")
        if found is None:
            raise NotOffered(f"the integration {route.integration['uri']} is not offered here: functions are")
        event = json.dumps(self._event(call, route)).encode()
        url = f"http://lambda/2015-03-31/functions/{quote(found['function'], safe='')}/invocations"
        headers = {"authorization": _signature(found["region"], "lambda")}
        answered: Response = yield from self._serve(Request("POST", url, headers, event))
        failed = answered.status != 200 or any(name.lower() == "x-amz-function-error" for name in answered.headers)
        return _message(502, "Internal server error") if failed else _of_function(answered.body)

    def _event(self, call: Call, route: Route) -> dict[str, Any]:
        """The event of a proxy integration, in its first version."""
        return {
            "resource": route.resource,
            "path": call.path,
            "httpMethod": call.method,
            "headers": call.headers,
            "queryStringParameters": call.query or None,
            "pathParameters": route.parameters or None,
            "requestContext": {
                "requestId": self._identities.uuid(),
                "stage": call.stage,
                "httpMethod": call.method,
                "resourcePath": route.resource,
                "apiId": call.api,
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "body": call.body.decode(errors="replace") if call.body else None,
            "isBase64Encoded": False,
        }


def _of_function(payload: bytes) -> Response:
    """The response that a function has put together; anything else is an error of the gateway's."""
    try:
        document = json.loads(payload)
        body = str(document.get("body") or "").encode(errors="replace")
        headers = {str(name).lower(): str(value) for name, value in (document.get("headers") or {}).items()}
        status = int(document["statusCode"])
        if document.get("isBase64Encoded"):
            body = base64.b64decode(body)
        if not 200 <= status <= 599:  # after others a client would wait for more
            raise ValueError(status)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _message(502, "Internal server error")
    return Response(status, {"content-type": BODY_TYPE, **headers}, body)


def _signature(region: str, service: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=gateway/20260105/{region}/{service}/aws4_request"


def _message(status: int, text: str) -> Response:
    return Response(status, {"content-type": BODY_TYPE}, json.dumps({"message": text}).encode())
