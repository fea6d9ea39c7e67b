"""Lets moto answer requests, and tells what it cannot answer from what it can."""

from __future__ import annotations

from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

from kinesis_lab.emulator.wire import NotOffered, Request, Response, refusal

NOT_IMPLEMENTED = b"Not yet implemented"
"""What moto's dispatcher says, with status 404, of a service that it does not have."""

_stubber = BotocoreStubber()
_stubber.enabled = True
_answer_of_moto = BotocoreStubber.__call__
"""What moto registers with botocore: this is the same in all its versions, whatever lies behind.

Taken when nothing is patched: an open cloud lets all others' stubbers be silent.
"""


def answer(request: Request) -> Response:
    """Let moto answer; raise NotOffered for what it cannot."""
    region, service = request.scope
    url = _url_at_aws(request.url, service, region)
    headers = HTTPHeaders.from_dict({**request.headers, "host": urlsplit(url).netloc})
    prepared = AWSPreparedRequest(request.method, url, headers, request.body, stream_output=False)
    try:
        answered = _answer_of_moto(_stubber, "before-send", prepared)
    except (NotImplementedError, ImportError) as missing:  # ImportError: a package that the lean install leaves out
        raise NotOffered(f"the local cloud does not offer this {service} operation: {missing}") from missing
    except RecursionError:
        return refusal(request, 400, "SerializationException", "The request is nested too deeply.")
    if answered is None or (answered.status_code == 404 and answered.content == NOT_IMPLEMENTED):
        raise NotOffered(f"the local cloud does not offer {service or request.url} in {region or 'any Region'}")
    return Response(answered.status_code, dict(answered.headers.items()), answered.content)


def _url_at_aws(url: str, service: str, region: str) -> str:
    """The URL at AWS of what a client asked elsewhere: moto knows services by their host names."""
    parts = urlsplit(url)
    if not service or (parts.hostname or "").endswith(".amazonaws.com"):
        return url
    return parts._replace(scheme="https", netloc=f"{service}.{region}.amazonaws.com").geturl()
