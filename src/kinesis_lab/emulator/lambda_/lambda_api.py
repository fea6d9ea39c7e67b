"""The Lambda API of one Region, as far as moto's cannot serve: invocations and event source mappings.

Everything else about functions is moto's, and `answer` passes it on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.lambda_ import function_lookup
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.invocation import Outcome
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping_api import Mappings
from kinesis_lab.emulator.lambda_.runtime import RECURSION
from kinesis_lab.emulator.moto_adapter import dispatch, ways_out
from kinesis_lab.emulator.protocols import rest_call, rest_request
from kinesis_lab.emulator.validation import read, refuse_constant, validate
from kinesis_lab.emulator.wire import AwsError, Document, NotOffered, Request, Response, json_response

MOST_REQUEST_BYTES = 6 * 1024**2
MOST_EVENT_REQUEST_BYTES = 1024**2
"""Limits of the payload of a synchronous and of an asynchronous invocation (facts 8.1)."""
PAUSES_BETWEEN_EVENT_ATTEMPTS = (60.0, 120.0)
"""An asynchronous invocation that fails is tried three times in all."""


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
        call = rest_call("lambda", request)
        if call is None:
            raise NotOffered(f"the local cloud does not offer lambda {request.method} {urlsplit(request.url).path}")
        operation = _OPERATIONS.get(call.operation)
        if operation is None:
            return self._by_moto(call.operation, validate("lambda", call.operation, call.members), request)
        if call.operation == "CreateEventSourceMapping":  # checks in an order of its own (facts 7.3)
            document, _ = read("lambda", call.operation, call.members)
        else:
            document = validate("lambda", call.operation, call.members)
        return operation(self, document, request)

    def _by_moto(self, operation: str, document: Document, request: Request) -> Response:
        """Let moto answer; it is asked for functions by their names, as it does not look at the rest of their ARNs."""
        if "Resource" in document:
            function_lookup.check_place(self._region, document["Resource"])
        if asked := document.get("FunctionName"):
            function_lookup.check_place(self._region, asked)
            document = {**document, "FunctionName": ":".join(filter(None, function_lookup.parse_name(asked)))}
        ways_out.check_offered("lambda", operation, document)
        return dispatch.by_moto(rest_request("lambda", operation, document, request))

    # Functions

    def _create_function(self, document: Document, request: Request) -> Response:
        if function_lookup.parse_name(document["FunctionName"])[1]:
            function_lookup.check_place(self._region, document["FunctionName"])
            raise AwsError("InvalidParameterValueException", "A new function has no version and no alias yet.")
        return self._by_moto("CreateFunction", document, request)

    # Invoking (facts 8.1, 8.3)

    def _invoke(self, document: Document, request: Request) -> Response | Steps:
        function = function_lookup.find(self._region, document["FunctionName"], document.get("Qualifier"))
        kind = document.get("InvocationType", "RequestResponse")
        event = document.get("Payload") or b"{}"
        _check_event(event, kind)
        client_context = _client_context(document.get("ClientContext"))
        if kind == "DryRun":
            return self._respond(None, status=204)
        if kind == "Event":
            self._clock.start(self._invoke_later(function, event, request.lineage))
            return self._respond(None, status=202)
        tail = document.get("LogType") == "Tail"
        return self._invoke_now(function, event, client_context, request.lineage, tail=tail)

    def _invoke_now(
        self,
        function: Function,
        event: bytes,
        client_context: Document | None,
        lineage: tuple[str, ...],
        *,
        tail: bool,
    ) -> Steps:
        """A synchronous invocation; returns its Response, with the last of its log if `tail`."""
        outcome: Outcome = yield from self._runtime.invoke(
            function, event, client_context=client_context, lineage=lineage
        )
        self._note(function, outcome)
        return _invocation_response(outcome, tail=tail)

    def _invoke_later(self, function: Function, event: bytes, lineage: tuple[str, ...]) -> Steps:
        """An asynchronous invocation: up to three attempts, all with the same request id; none in a recursive loop."""
        request_id = self._identities.uuid()
        for pause in (*PAUSES_BETWEEN_EVENT_ATTEMPTS, None):
            try:
                outcome: Outcome = yield from self._runtime.invoke(
                    function, event, request_id=request_id, lineage=lineage
                )
                self._note(function, outcome)
                if outcome.ok:
                    return
            except AwsError as refusal:
                self._recorder.note("refused", function=function.name, outcome=refusal.code, request_id=request_id)
                if refusal.code == RECURSION:
                    return
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

    def _create_mapping(self, document: Document, _request: Request) -> Response:
        return self._respond(self.mappings.create(document), status=202)

    def _get_mapping(self, document: Document, _request: Request) -> Response:
        return self._respond(self.mappings.get(document["UUID"]))

    def _list_mappings(self, document: Document, _request: Request) -> Response:
        return self._respond(self.mappings.list(document))

    def _update_mapping(self, document: Document, _request: Request) -> Response:
        return self._respond(self.mappings.update(document), status=202)

    def _delete_mapping(self, document: Document, _request: Request) -> Response:
        return self._respond(self.mappings.delete(document["UUID"]), status=202)

    # Tags: moto has those of functions

    def _list_tags(self, document: Document, request: Request) -> Response:
        if not _of_mapping(document):
            return self._by_moto("ListTags", document, request)
        return self._respond({"Tags": self.mappings.tags(document["Resource"])})

    def _tag(self, document: Document, request: Request) -> Response:
        if not _of_mapping(document):
            return self._by_moto("TagResource", document, request)
        self.mappings.tags(document["Resource"]).update(document["Tags"])
        return self._respond(None, status=204)

    def _untag(self, document: Document, request: Request) -> Response:
        if not _of_mapping(document):
            return self._by_moto("UntagResource", document, request)
        tags = self.mappings.tags(document["Resource"])
        for key in document["TagKeys"]:
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


def _of_mapping(document: Document) -> bool:
    """Whether tags are asked for that are a mapping's."""
    return ":event-source-mapping:" in document["Resource"]


def _check_event(event: bytes, kind: str) -> None:
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
        raise AwsError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from None


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


Operation = Callable[[LambdaService, Document, Request], Response | Steps]
"""Takes the service, the members of the request, and this itself; returns the response, or steps that return it."""

_OPERATIONS: dict[str, Operation] = {
    "Invoke": LambdaService._invoke,
    "CreateFunction": LambdaService._create_function,
    "CreateEventSourceMapping": LambdaService._create_mapping,
    "ListEventSourceMappings": LambdaService._list_mappings,
    "GetEventSourceMapping": LambdaService._get_mapping,
    "UpdateEventSourceMapping": LambdaService._update_mapping,
    "DeleteEventSourceMapping": LambdaService._delete_mapping,
    "ListTags": LambdaService._list_tags,
    "TagResource": LambdaService._tag,
    "UntagResource": LambdaService._untag,
}
"""moto answers all others."""
