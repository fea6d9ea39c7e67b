"""The Lambda API of one Region, as far as moto's cannot serve: invocations and event source mappings.

Everything else about functions is moto's, and `answer` passes it on.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import moto.awslambda.models as moto_lambda

from helpers.emulator import moto_bridge
from helpers.emulator.clock import Clock, Steps
from helpers.emulator.identity import Identities
from helpers.emulator.kinesis.service import KinesisService
from helpers.emulator.lambda_ import functions
from helpers.emulator.lambda_.functions import Function, StatefulFunction
from helpers.emulator.lambda_.mapping.configuration import (
    Configuration,
    check_creation,
    checked_settings,
    invalid,
)
from helpers.emulator.lambda_.mapping.mapping import EventSourceMapping
from helpers.emulator.lambda_.runtime import Outcome, Runtime
from helpers.emulator.recorder import FlightRecorder
from helpers.emulator.wire import ACCOUNT, AwsError, Request, Response, json_response

Document = dict[str, Any]

MOST_REQUEST_BYTES = 6 * 1024**2
MOST_EVENT_REQUEST_BYTES = 1024**2
"""Limits of the payload of a synchronous and of an asynchronous invocation (facts 8.1)."""
PAUSES_BETWEEN_EVENT_ATTEMPTS = (60.0, 120.0)
"""An asynchronous invocation that fails is tried three times in all."""

_ROUTES = (
    ("POST", re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?"), "_invoke"),
    ("POST", re.compile(r"/2015-03-31/functions/?"), "_create_function"),
    ("PUT", re.compile(r"/2015-03-31/functions/([^/]+)/configuration/?"), "_update_function"),
    ("POST", re.compile(r"/2015-03-31/event-source-mappings/?"), "_create_mapping"),
    ("GET", re.compile(r"/2015-03-31/event-source-mappings/?"), "_list_mappings"),
    ("GET", re.compile(r"/2015-03-31/event-source-mappings/([^/]+)/?"), "_get_mapping"),
    ("PUT", re.compile(r"/2015-03-31/event-source-mappings/([^/]+)/?"), "_update_mapping"),
    ("DELETE", re.compile(r"/2015-03-31/event-source-mappings/([^/]+)/?"), "_delete_mapping"),
)


class LambdaService:
    """The invocations and the event source mappings of one Region."""

    def __init__(
        self,
        region: str,
        kinesis: KinesisService,
        runtime: Runtime,
        clock: Clock,
        identities: Identities,
        recorder: FlightRecorder,
    ) -> None:
        """No mapping yet.  `kinesis` holds the streams of the same Region."""
        self._region = region
        self._kinesis = kinesis
        self._runtime = runtime
        self._clock = clock
        self._identities = identities
        self._recorder = recorder
        self._mappings: dict[str, EventSourceMapping] = {}
        moto_lambda.LambdaFunction = StatefulFunction  # type: ignore[misc]

    def answer(self, request: Request) -> Steps:
        """Carry out the operation that method and path mean; returns a Response."""
        path = urlsplit(request.url).path
        for method, pattern, name in _ROUTES:
            found = pattern.fullmatch(path)
            if found and request.method == method:
                try:
                    response: Response = yield from getattr(self, name)(request, *map(unquote, found.groups()))
                except AwsError as error:
                    return self._refusal(error)
                return response
        return moto_bridge.answer(request)

    # Functions

    def _create_function(self, request: Request) -> Steps:
        self._check_limits(request)
        yield from ()
        return moto_bridge.answer(request)

    def _update_function(self, request: Request, _name: str) -> Steps:
        self._check_limits(request)
        yield from ()
        return moto_bridge.answer(request)

    def _check_limits(self, request: Request) -> None:
        problem = functions.limits_error(functions.request_document(request.body))
        if problem:
            raise AwsError("ValidationException", problem)

    # Invoking (facts 8.1, 8.3)

    def _invoke(self, request: Request, name: str) -> Steps:
        query = parse_qs(urlsplit(request.url).query)
        function = functions.find(self._region, name, query.get("Qualifier", [None])[0])
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        event = request.body or b"{}"
        self._check_event(event, kind)
        if kind == "DryRun":
            return self._respond(None, status=204)
        if kind == "Event":
            self._clock.start(self._invoke_later(function, event))
            return self._respond(None, status=202)
        context = request.headers.get("x-amz-client-context")
        outcome: Outcome = yield from self._runtime.invoke(
            function,
            event,
            client_context=json.loads(base64.b64decode(context)) if context else None,
        )
        self._note(function, outcome)
        return _invocation_response(outcome, tail=request.headers.get("x-amz-log-type") == "Tail")

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
            json.loads(event)
        except ValueError as error:
            raise AwsError(
                "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            ) from None

    def _invoke_later(self, function: Function, event: bytes) -> Steps:
        """An asynchronous invocation: one request id through all its attempts."""
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

    # Event source mappings (facts 7.1 to 7.4)

    def _create_mapping(self, request: Request) -> Steps:
        document = functions.request_document(request.body)
        check_creation(document, self._clock.now)
        settings = checked_settings(document)
        function_arn = self._function_arn(document.get("FunctionName") or "")
        source = document["EventSourceArn"]
        stream = self._kinesis.find(source)
        if stream is None:
            raise invalid(f"Stream not found: {source}")
        self._refuse_duplicate(source, function_arn)
        uuid = self._identities.uuid()
        configuration = Configuration(
            uuid=uuid,
            arn=f"arn:aws:lambda:{self._region}:{ACCOUNT}:event-source-mapping:{uuid}",
            source_arn=source,
            function_arn=function_arn,
            starting_position=document["StartingPosition"],
            starting_timestamp=document.get("StartingPositionTimestamp"),
            last_modified=self._clock.now,
        )
        configuration.settings.update(settings)
        mapping = EventSourceMapping(
            configuration, self._kinesis.region, stream, self._find, self._runtime, self._clock, self._recorder
        )
        self._mappings[uuid] = mapping
        if document.get("Enabled", True):
            mapping.enable("Creating")
        else:
            mapping.disable("Creating")
        yield from ()
        return self._respond(configuration.document(), status=202)

    def _get_mapping(self, _request: Request, uuid: str) -> Steps:
        yield from ()
        return self._respond(self._mapping(uuid).configuration.document())

    def _list_mappings(self, request: Request) -> Steps:
        query = parse_qs(urlsplit(request.url).query)
        source = query.get("EventSourceArn", [None])[0]
        name = query.get("FunctionName", [None])[0]
        arn = self._function_arn(name) if name else None
        found = [
            mapping.configuration.document()
            for mapping in self._mappings.values()
            if source in (None, mapping.configuration.source_arn) and arn in (None, mapping.configuration.function_arn)
        ]
        yield from ()
        return self._respond({"EventSourceMappings": found})

    def _update_mapping(self, request: Request, uuid: str) -> Steps:
        mapping = self._mapping(uuid)
        configuration = mapping.configuration
        document = functions.request_document(request.body)
        settings = checked_settings(document)
        if document.get("FunctionName"):
            configuration.function_arn = self._function_arn(document["FunctionName"])
        configuration.settings.update(settings)
        configuration.last_modified = self._clock.now
        enabled = document.get("Enabled")
        if enabled is True and configuration.state in ("Disabled", "Disabling"):
            mapping.enable()
        elif enabled is False and configuration.state not in ("Disabled", "Disabling"):
            mapping.disable()
        else:
            mapping.update()
        yield from ()
        return self._respond(configuration.document(), status=202)

    def _delete_mapping(self, _request: Request, uuid: str) -> Steps:
        mapping = self._mapping(uuid)
        del self._mappings[uuid]
        mapping.delete()
        yield from ()
        return self._respond(mapping.configuration.document(), status=202)

    def _mapping(self, uuid: str) -> EventSourceMapping:
        if uuid not in self._mappings:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        return self._mappings[uuid]

    def _find(self, function_arn: str) -> Function:
        return functions.find(self._region, function_arn)

    def _function_arn(self, name: str) -> str:
        """The full ARN of a function that must exist, with the qualifier that was asked for."""
        try:
            function = functions.find(self._region, name)
        except AwsError:
            raise invalid("Function does not exist") from None
        qualifier = functions.parse_name(name)[1]
        return f"{function.arn}:{qualifier}" if qualifier else function.arn

    def _refuse_duplicate(self, source: str, function_arn: str) -> None:
        for mapping in self._mappings.values():
            known = mapping.configuration
            if (known.source_arn, known.function_arn) == (source, function_arn):
                name = functions.parse_name(function_arn)[0]
                raise AwsError(
                    "ResourceConflictException",
                    f'The event source arn (" {source} ") and function (" {name} ") provided mapping already '
                    f"exists. Please update or delete the existing mapping with UUID {known.uuid}",
                    409,
                )

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


def _invocation_response(outcome: Outcome, *, tail: bool) -> Response:
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": outcome.request_id,
        "x-amz-executed-version": outcome.version,
    }
    if not outcome.ok:
        headers["x-amz-function-error"] = "Unhandled"
    if tail:
        headers["x-amz-log-result"] = base64.b64encode(outcome.log_tail).decode("ascii")
    return Response(200, headers, outcome.payload)
