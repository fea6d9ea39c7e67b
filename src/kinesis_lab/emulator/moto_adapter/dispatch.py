"""Lets moto answer requests, and tells what it cannot answer from what it can."""

from __future__ import annotations

import json
import logging
import traceback
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.model import OperationNotFoundError
from moto.core.botocore_stubber import BotocoreStubber

from kinesis_lab.emulator.moto_adapter import ways_out
from kinesis_lab.emulator.protocols import Call, call_of
from kinesis_lab.emulator.validation import check_structure, validate
from kinesis_lab.emulator.wire import AwsError, Document, NotOffered, Request, Response, refusal

NOT_IMPLEMENTED = b"Not yet implemented"
"""What moto's dispatcher says, with status 404, of a service that it does not have."""

PRIVATE_HEADERS = "x-moto-"
"""moto's own, as the one that changes the account."""
CODES = {"logs": "InvalidParameterException", "s3": "InvalidArgument"}
CODES_BY_PROTOCOL = {"query": "ValidationError", "ec2": "InvalidParameterValue", "rest-xml": "InvalidInput"}
"""Under which codes services refuse what violates the model of an operation: all others as ValidationException."""

log = logging.getLogger(__name__)
"""Tells those who ask (level DEBUG) where moto stumbled."""

_stubber = BotocoreStubber()
_stubber.enabled = True
_answer_of_moto = BotocoreStubber.__call__
"""What moto registers with botocore: this is the same in all its versions, whatever lies behind.

Taken when nothing is patched: an open cloud lets all others' stubbers be silent.
"""


def answer(request: Request) -> Response:
    """Let moto answer a request whose members have the types that they should have.

    Raises NotOffered for what moto cannot answer, and whatever it raises at a request that is as AWS's model has it.
    """
    if (urlsplit(request.url).hostname or "").startswith("lambda.") and request.scope[1] != "s3":
        return refusal(request, 403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    try:
        call = call_of(request)
        if call is None:
            return by_moto(request)
        ways_out.check_offered(call.service, call.operation, call.members)
        return by_moto(_checked(call, request), call)
    except AwsError as error:
        return refusal(request, error.status, error.code, error.message)


def _checked(call: Call, request: Request) -> Request:
    """A request as it is; in a JSON document, all members have the right types and none is null."""
    if call.protocol not in ("json", "rest-json"):
        return request  # these have no types on the wire
    if b"\\ud" in request.body.lower():
        _refuse_halves(call.members)
    check_structure(call.service, call.operation, call.members)
    if call.protocol == "json" and b"null" in request.body:
        return request._replace(body=json.dumps(call.members).encode())
    return request


def _refuse_halves(members: Document) -> None:
    """Raise SerializationException for halves of characters, which JSON can name: no text has them."""
    try:
        json.dumps(members, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise AwsError("SerializationException", "The request has half a character.") from None


def by_moto(request: Request, call: Call | None = None) -> Response:
    """Let moto answer.

    `call`: what the request was read as; if it violates AWS's model and moto stumbles at it, this raises AwsError.
    """
    region, service = request.scope
    url = _url_at_aws(request.url, service, region)
    headers = {name: value for name, value in request.headers.items() if not name.startswith(PRIVATE_HEADERS)}
    headers = HTTPHeaders.from_dict({**headers, "host": urlsplit(url).netloc})
    prepared = AWSPreparedRequest(request.method, url, headers, request.body, stream_output=False)
    try:
        answered = _answer_of_moto(_stubber, "before-send", prepared)
    except AwsError:
        raise
    except RecursionError:
        raise AwsError("SerializationException", "The request is nested too deeply.") from None
    except Exception as problem:
        missing = _not_offered(problem)
        if isinstance(missing, NotOffered):
            raise missing from problem
        if missing:
            raise NotOffered(f"the local cloud does not offer this {service} operation: {missing}") from problem
        raise _refusal(problem, request, call) from problem
    if answered is None or (answered.status_code == 404 and answered.content == NOT_IMPLEMENTED):
        raise NotOffered(f"the local cloud does not offer {service or request.url} in {region or 'any Region'}")
    return Response(answered.status_code, dict(answered.headers.items()), answered.content)


def _not_offered(problem: BaseException | None) -> BaseException | None:
    """What is not offered, if that is behind a problem: moto may have put another exception around it."""
    # ImportError: a package that the lean install leaves out
    while problem is not None and not isinstance(problem, NotOffered | NotImplementedError | ImportError):
        problem = problem.__cause__
    return problem


def _refusal(problem: Exception, request: Request, call: Call | None) -> Exception:
    """What is to be said of a request at which moto stumbles: why AWS refuses it, if its model says so.

    Otherwise, that moto does not understand it: where AWS would, this is a gap of moto's.  A problem that is not moto's
    is returned as it is.
    """
    place = _place_in_moto(problem)
    if not place:
        return problem
    code = CODES.get(request.scope[1]) or CODES_BY_PROTOCOL.get(call.protocol if call else "") or "ValidationException"
    if isinstance(problem, OperationNotFoundError):
        return AwsError("InvalidAction", f"The action {problem} is not valid for this web service.")
    if call:
        try:
            validate(call.service, call.operation, call.members)
        except AwsError as violation:
            return AwsError(violation.code if violation.code == "MalformedXML" else code, violation.message)
    log.debug("moto stumbles at %s", call or request.url, exc_info=problem)
    return AwsError(code, f"The request is not understood: moto raised {type(problem).__name__}: {problem} at {place}")


def _place_in_moto(problem: Exception) -> str:
    """File and line of moto's code that raised, or called what raised; empty if that is the emulator's code."""
    place = ""
    for frame, line in traceback.walk_tb(problem.__traceback__):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package == "moto":
            place = f"{frame.f_globals['__name__']}:{line}"
        elif package == "kinesis_lab":
            place = ""
    return place


def _url_at_aws(url: str, service: str, region: str) -> str:
    """The URL at AWS of what a client asked elsewhere: moto knows services by their host names."""
    parts = urlsplit(url)
    if not service or (parts.hostname or "").endswith(".amazonaws.com"):
        return url
    return parts._replace(scheme="https", netloc=f"{service}.{region}.amazonaws.com").geturl()
