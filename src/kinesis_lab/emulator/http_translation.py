"""HTTP as clients of an endpoint speak it, and as the services of the local cloud know it.

In this process, botocore hands over signed requests to AWS's own host names.  Clients of an endpoint also put a
bucket's name into the host, sign URLs in advance, or follow a queue's URL.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from kinesis_lab.emulator.admission import is_loopback
from kinesis_lab.emulator.wire import AwsError, Request, Response

LOOPBACK = "127.0.0.1"
"""Where the endpoint listens: no other machine on the network can use it."""

PRESIGNABLE = ("s3", "sqs", "sts")
"""Services that take their signature from the query: on AWS more do, but nobody sends URLs of theirs around."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_CREDENTIAL = re.compile(r"[^\s,/]+/[0-9]{8}/[\w-]+/[\w-]+/aws4_request", re.ASCII)
"""Key, date, Region and service.  Region and service become part of a host name."""

_WITH_QUEUE_URLS = ("CreateQueue", "GetQueueUrl", "ListQueues", "ListDeadLetterSourceQueues")
"""Operations of SQS that answer with URLs of queues."""


def translate_request(method: str, path: str, headers: dict[str, str], body: bytes, region: str) -> Request:
    """A request of an endpoint's client as botocore would have handed it over in this process.

    `path`: with the query; `headers`: names in lower case; `region`: of a signature that does not say which.
    Raises AwsError for a signature that names no service.
    """
    host = headers.get("host", LOOPBACK)
    if signature := _signature(headers.get("authorization", ""), path, region):
        headers = {**headers, "authorization": signature}
    at = host if is_loopback(host) else LOOPBACK  # moto knows services by host names: it gets none from outside
    request = Request(method, f"http://{at}{path}", headers, body)
    bucket = _bucket(host) if request.scope[1] == "s3" else ""
    if not bucket:
        return request
    return request._replace(url=f"http://{LOOPBACK}/{bucket}{path}", headers={**headers, "host": LOOPBACK})


def translate_response(request: Request, response: Response) -> Response:
    """A response as clients of an endpoint need it: the URLs of queues lead to the endpoint.

    moto's do not, and some SDKs send to them what is for a queue.
    """
    if request.scope[1] != "sqs" or _operation(request) not in _WITH_QUEUE_URLS:
        return response
    here = f"http://{request.headers.get('host', '')}/".encode()
    return response._replace(body=re.sub(rb"https://[\w.:-]+/(?=[0-9]{12}/)", lambda _: here, response.body))


def _signature(authorization: str, path: str, region: str) -> str:
    """The Authorization header in Signature Version 4, whose scope says which service a request is for.

    A presigned URL has its scope in the query; Signature Version 2 has none, and only S3 still knows it.
    """
    query = parse_qs(path.partition("?")[2])
    if not authorization and "X-Amz-Credential" in query:
        credential = _checked(query["X-Amz-Credential"][0])
        if credential.split("/")[3] not in PRESIGNABLE:
            raise AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403)
        return f"{_ALGORITHM} Credential={credential}"
    if authorization.startswith("AWS ") or (not authorization and "AWSAccessKeyId" in query):
        return f"{_ALGORITHM} Credential=local/20260105/{region}/s3/aws4_request"
    if "Credential=" in authorization or authorization.startswith("AWS4-"):
        credential = authorization.partition("Credential=")[2]
        _checked(re.split(r"[,\s]", credential, maxsplit=1)[0] if authorization.startswith(_ALGORITHM) else "")
    return authorization


def _checked(credential: str) -> str:
    """The credential of a signature; raises AwsError if it is none."""
    if not _CREDENTIAL.fullmatch(credential):
        raise AwsError(
            "IncompleteSignature",
            f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got {credential!r}",
        )
    return credential


def _bucket(host: str) -> str:
    """The bucket that a host name begins with, as in shop.localhost or shop.s3.localhost; empty when it does not."""
    found = re.match(r"(?!s3\.)(.+?)(\.s3([.-][a-z0-9-]+)?)?\.localhost(:\d+)?$", host)
    return found[1] if found else ""


def _operation(request: Request) -> str:
    """The operation that a request of the JSON or the query protocol names; empty if it names none."""
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    found = re.search(rb"(?:^|&)Action=(\w+)", request.body)
    return target or (found[1].decode() if found else "")
