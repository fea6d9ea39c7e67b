"""The Lambda API of one Region, as far as moto's cannot serve: invocations and event source mappings.

Everything else about functions is moto's, and `answer` passes it on.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, unquote, urlsplit

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.lambda_ import function_lookup
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.invocation import Outcome
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping_api import Mappings
from kinesis_lab.emulator.moto_adapter import dispatch
from kinesis_lab.emulator.validation import refuse_constant, validate
from kinesis_lab.emulator.wire import AwsError, Document, Request, Response, json_response

MOST_REQUEST_BYTES = 6 * 1024**2
MOST_EVENT_REQUEST_BYTES = 1024**2
"""Limits of the payload of a synchronous and of an asynchronous invocation (facts 8.1)."""
PAUSES_BETWEEN_EVENT_ATTEMPTS = (60.0, 120.0)
"""An asynchronous invocation that fails is tried three times in all."""

_FUNCTION_PATH = re.compile(r"(/[0-9-]+/functions/)([^/]+)(.*)")
_TAGS_PATH = re.compile(r"/2017-03-31/tags/([^/]+)/?")
"""Paths that name a function, among those that moto answers."""


class LambdaService:
    """The invocations and the event source mappings of one Region."""

    def __init__(self, context: MappingContext) -> None:
        """Without mappings at first; `context` is what they, and invocations, need of the rest of the cloud."""
        self._region = context.region.name
        self._runtime = context.runtime
        self._clock = context.clock
        self._identities = context.identities
        self._recorder = context.recorder
        self.mappings = Mappings(context)

    def answer(self, request: Request) -> Steps:
        """Carry out the operation that method and path mean; returns a Response."""
        try:
            answered = self._carry_out(request)
            if not isinstance(answered, Response):
                answered = yield from answered
        except AwsError as error:
            return self._refusal(error)
        return answered

    def _carry_out(self, request: Request) -> Response | Steps:
        """The response, or the steps that return it if it takes time."""
        path = urlsplit(request.url).path
        for method, pattern, operation in _ROUTES:
            found = pattern.fullmatch(path)
            if found and request.method == method:
                return operation(self, request, *map(unquote, found.groups()))
        function_lookup.request_document(request.body)  # moto would fail at what is none
        return self._by_moto(request)

    def _by_moto(self, request: Request) -> Response:
        """Let moto answer; it is asked for functions by their names, as it does not look at the rest of their ARNs."""
        parts = urlsplit(request.url)
        if found := _TAGS_PATH.fullmatch(parts.path):
            function_lookup.check_place(self._region, unquote(found[1]))
        if found := _FUNCTION_PATH.fullmatch(parts.path):
            asked = unquote(found[2])
            validate("lambda", "GetFunction", {"FunctionName": asked})
            function_lookup.check_place(self._region, asked)
            name = ":".join(filter(None, function_lookup.parse_name(asked)))
            if name != asked:
                path = f"{found[1]}{quote(name, safe=':')}{found[3]}"
                request = request._replace(url=parts._replace(path=path).geturl())
        return dispatch.answer(request)

    # Functions

    def _create_function(self, request: Request) -> Response:
        document = function_lookup.request_document(request.body)
        validate("lambda", "CreateFunction", document)
        name, qualifier = function_lookup.parse_name(document["FunctionName"])
        function_lookup.check_place(self._region, document["FunctionName"])
        if qualifier:
            raise AwsError("InvalidParameterValueException", "A new function has no version and no alias yet.")
        return self._by_moto(_with_body(request, {**document, "FunctionName": name}))

    def _update_function_configuration(self, request: Request, name: str) -> Response:
        document = function_lookup.request_document(request.body)
        validate("lambda", "UpdateFunctionConfiguration", {**document, "FunctionName": name})
        return self._by_moto(_with_body(request, document))

    def _update_function_code(self, request: Request, name: str) -> Response:
        document = function_lookup.request_document(request.body)
        validate("lambda", "UpdateFunctionCode", {**document, "FunctionName": name})
        return self._by_moto(_with_body(request, document))

    # Invoking (facts 8.1, 8.3)

    def _invoke(self, request: Request, name: str) -> Response | Steps:
        query = parse_qs(urlsplit(request.url).query)
        validate("lambda", "Invoke", {"FunctionName": name})
        function = function_lookup.find(self._region, name, query.get("Qualifier", [None])[0])
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        event = request.body or b"{}"
        self._check_event(event, kind)
        client_context = _client_context(request.headers.get("x-amz-client-context"))
        if kind == "DryRun":
            return self._respond(None, status=204)
        if kind == "Event":
            self._clock.start(self._invoke_later(function, event))
            return self._respond(None, status=202)
        tail = request.headers.get("x-amz-log-type") == "Tail"
        return self._invoke_now(function, event, client_context, tail=tail)

    def _check_event(self, event: bytes, kind: str) -> None:
        if kind not in ("RequestResponse", "Event", "DryRun"):
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{kind}' at 'invocationType' failed to satisfy "
                "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
            )
        most = MOST_EVENT_REQUEST_BYTES if kind == "Event" else MOST_REQUEST_BYTES
        if len(event) > most:
            raise AwsError(
                "RequestTooLargeException",
                f"Request must be smaller than {most} bytes for the InvokeFunction operation",
                413,
            )
        try:
            json.loads(event, parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            raise AwsError(
                "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            ) from None

    def _invoke_now(self, function: Function, event: bytes, client_context: Document | None, *, tail: bool) -> Steps:
        """A synchronous invocation; returns its Response, with the last of its log if `tail`."""
        outcome: Outcome = yield from self._runtime.invoke(function, event, client_context=client_context)
        self._note(function, outcome)
        return _invocation_response(outcome, tail=tail)

    def _invoke_later(self, function: Function, event: bytes) -> Steps:
        """An asynchronous invocation: up to three attempts, all with the same request id."""
        request_id = self._identities.uuid()
        for pause in (*PAUSES_BETWEEN_EVENT_ATTEMPTS, None):
            try:
                outcome: Outcome = yield from self._runtime.invoke(function, event, request_id=request_id)
                self._note(function, outcome)
                if outcome.ok:
                    return
            except AwsError as refusal:
                self._recorder.note("refused", function=function.name, outcome=refusal.code, request_id=request_id)
            if pause is not None:
                yield self._clock.timeout(pause)

    def _note(self, function: Function, outcome: Outcome) -> None:
        self._recorder.note(
            "invoke",
            at=outcome.started,
            until=outcome.ended,
            function=function.name,
            outcome=outcome.status,
            request_id=outcome.request_id,
            cold=outcome.cold,
        )

    # Event source mappings

    def _create_mapping(self, request: Request) -> Response:
        return self._respond(self.mappings.create(function_lookup.request_document(request.body)), status=202)

    def _get_mapping(self, _request: Request, uuid: str) -> Response:
        return self._respond(self.mappings.get(uuid))

    def _list_mappings(self, request: Request) -> Response:
        return self._respond(self.mappings.list(request))

    def _update_mapping(self, request: Request, uuid: str) -> Response:
        return self._respond(self.mappings.update(uuid, function_lookup.request_document(request.body)), status=202)

    def _delete_mapping(self, _request: Request, uuid: str) -> Response:
        return self._respond(self.mappings.delete(uuid), status=202)

    def _list_tags(self, _request: Request, arn: str) -> Response:
        return self._respond({"Tags": self.mappings.tags(arn)})

    def _tag(self, request: Request, arn: str) -> Response:
        self.mappings.tags(arn).update(function_lookup.request_document(request.body).get("Tags") or {})
        return self._respond(None, status=204)

    def _untag(self, request: Request, arn: str) -> Response:
        tags = self.mappings.tags(arn)
        for key in parse_qs(urlsplit(request.url).query).get("tagKeys", []):
            tags.pop(key, None)
        return self._respond(None, status=204)

    # Responses

    def _respond(self, document: Document | None, *, status: int = 200) -> Response:
        return json_response(document, request_id=self._identities.uuid(), status=status)

    def _refusal(self, error: AwsError) -> Response:
        body = {"Type": "User", "Message": error.message, "message": error.message}
        return json_response(
            body,
            request_id=self._identities.uuid(),
            status=error.status,
            **{"x-amzn-errortype": error.code},
        )


def _with_body(request: Request, document: Document) -> Request:
    return request._replace(body=json.dumps(document).encode())


def _client_context(header: str | None) -> Document | None:
    """The document in the header X-Amz-Client-Context, which is base64; None without one."""
    if not header:
        return None
    try:
        document = json.loads(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise AwsError("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
    return document


def _invocation_response(outcome: Outcome, *, tail: bool) -> Response:
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": outcome.request_id,
        "x-amz-executed-version": outcome.version,
    }
    if not outcome.ok:
        headers["x-amz-function-error"] = "Unhandled"
    if tail:
        headers["x-amz-log-result"] = base64.b64encode(outcome.log.tail()).decode("ascii")
    return Response(200, headers, outcome.payload)


Operation = Callable[..., Response | Steps]
"""Takes the service, the request, and what its path names; returns the response, or steps that return it."""

_FUNCTIONS, _MAPPINGS = "/2015-03-31/functions", "/2015-03-31/event-source-mappings"
_MAPPING_TAGS = "/2017-03-31/tags/([^/]*event-source-mapping[^/]*)"

_ROUTES: tuple[tuple[str, re.Pattern[str], Operation], ...] = tuple(
    (method, re.compile(f"{path}/?"), operation)
    for method, path, operation in (
        ("POST", f"{_FUNCTIONS}/([^/]+)/invocations", LambdaService._invoke),
        ("POST", _FUNCTIONS, LambdaService._create_function),
        ("PUT", f"{_FUNCTIONS}/([^/]+)/configuration", LambdaService._update_function_configuration),
        ("PUT", f"{_FUNCTIONS}/([^/]+)/code", LambdaService._update_function_code),
        ("POST", _MAPPINGS, LambdaService._create_mapping),
        ("GET", _MAPPINGS, LambdaService._list_mappings),
        ("GET", f"{_MAPPINGS}/([^/]+)", LambdaService._get_mapping),
        ("PUT", f"{_MAPPINGS}/([^/]+)", LambdaService._update_mapping),
        ("DELETE", f"{_MAPPINGS}/([^/]+)", LambdaService._delete_mapping),
        ("GET", _MAPPING_TAGS, LambdaService._list_tags),
        ("POST", _MAPPING_TAGS, LambdaService._tag),
        ("DELETE", _MAPPING_TAGS, LambdaService._untag),
    )
)
"""Method, path, and operation; moto answers all else."""
