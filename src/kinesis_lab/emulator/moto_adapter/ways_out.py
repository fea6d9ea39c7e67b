"""What of moto would leave this machine, or start something on it: all of it is closed while a local cloud is open.

| way out | of | what happens |
|---|---|---|
| `requests` | Firehose's and EventBridge's HTTP destinations, REST APIs, step functions | NotOffered, see `attach` |
| Docker | functions, batch jobs, custom resources | NotOffered, see `attach` and `NEEDS` |
| moto's own API, and its recorder | whoever asks for the host motoapi.amazonaws.com | as if moto did not have them |
| moto's settings | Docker, state machines that run, hosts that are passed through | switched off |
| topics | addresses on the web, mail, text messages, functions | only queues get messages: `delivery.py` |
| botocore | state machines that run | requests stay in the process: `botocore_requests.py` |
"""

from __future__ import annotations

import sys
from typing import Any

import requests
from moto import backend_index, moto_api
from moto.core.config import default_user_config
from moto.utilities.docker_utilities import DockerModel

from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import Document, NotOffered

UNREACHABLE = ("kinesis", "moto_api._internal")
"""What nobody may ask of moto's services: Kinesis is the emulator's, and moto's own API can reset everything."""

NEEDS = {
    ("batch", "SubmitJob"): "runs a job in Docker",
    ("events", "CreateApiDestination"): "is for calls to addresses on the web",
    ("lambda", "InvokeAsync"): "is deprecated: Invoke is offered",
    ("lambda", "InvokeWithResponseStream"): "streams what a function answers",
}
"""Operations that moto has, and that are not offered."""
HTTP_DESTINATION = "HttpEndpointDestination"
"""How the member of a request to Firehose begins that names an address on the web."""

SETTINGS: dict[str, Document] = {
    "lambda": {"use_docker": False},
    "batch": {"use_docker": False},
    "stepfunctions": {"execute_state_machine": False},
    "core": {"passthrough": {"urls": [], "services": []}, "service_whitelist": None},
}
"""Those of moto's settings that a `mock_aws` around the cloud may have changed."""


def check_offered(service: str, operation: str, members: Document) -> None:
    """Raise NotOffered for an operation that would need the web or Docker, now or later."""
    if reason := NEEDS.get((service, operation)):
        raise NotOffered(f"the local cloud does not offer {operation} of {service}, which {reason}")
    if service == "firehose" and any(name.startswith(HTTP_DESTINATION) for name in members):
        raise NotOffered("the local cloud does not offer HTTP destinations of Firehose: it calls no address on the web")


def attach(patches: Patches) -> None:
    """Close the ways out until `patches` are undone."""
    for section, values in SETTINGS.items():
        settings: Any = default_user_config
        patches.item(settings, section, {**settings.get(section, {}), **values})
    known = [each for each in backend_index.backend_url_patterns if each[0] not in UNREACHABLE]
    patches.attribute(backend_index, "backend_url_patterns", known)
    patches.attribute(type(moto_api.recorder), "_record_request", _record_nothing)
    patches.attribute(DockerModel, "docker_client", property(_no_docker))
    patches.attribute(requests.Session, "request", _not_for_moto(requests.Session.request))


def _record_nothing(*_arguments: Any, **_more: Any) -> None:
    """Moto's recorder, which writes requests into the working folder."""


def _no_docker(model: Any) -> Any:
    raise NotOffered(f"the local cloud starts no containers, as {type(model).__name__} would")


def _not_for_moto(request: Any) -> Any:
    """What the program asks by `requests` goes where it always goes; what moto asks goes nowhere."""

    def request_unless_moto(session: requests.Session, method: str, url: str, *about: Any, **more: Any) -> Any:
        caller = _caller()
        if caller.partition(".")[0] == "moto":
            raise NotOffered(f"the local cloud calls no address on the web, as {caller} would: {method.upper()} {url}")
        return request(session, method, url, *about, **more)

    return request_unless_moto


def _caller() -> str:
    """The module that called `requests`: any of moto's may, in any of its threads."""
    frame = sys._getframe(2)
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] == "requests":
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))
