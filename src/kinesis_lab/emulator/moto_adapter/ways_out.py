"""What of moto would leave this machine, or start something on it: all of it is closed while a local cloud is open.

| way out | of | what happens |
|---|---|---|
| `requests` | Firehose's and EventBridge's HTTP destinations, REST APIs, step functions | NotOffered, see `attach` |
| `urllib`, files too | references in the description of a REST API | refused, see `attach` |
| YAML that makes Python objects | templates of stacks | is no object: `templates.py` |
| Docker | functions, batch jobs, custom resources | NotOffered, see `attach` and `NEEDS` |
| moto's own API, and its recorder | whoever asks for the host motoapi.amazonaws.com | as if moto did not have them |
| moto's settings | Docker, state machines that run, hosts that are passed through | switched off |
| topics | addresses on the web, mail, text messages, functions | only queues get messages: `delivery.py` |
| botocore | state machines that run | requests stay in the process: `botocore_requests.py` |
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.request import OpenerDirector

import requests
from moto import backend_index, moto_api
from moto.core.config import default_user_config
from moto.utilities.docker_utilities import DockerModel

from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import Document, NotOffered

UNREACHABLE = ("kinesis", "instance_metadata", "moto_api._internal")
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
    if service == "logs" and operation == "PutSubscriptionFilter" and ":lambda:" in str(members.get("destinationArn")):
        raise NotOffered("the local cloud does not offer subscriptions of functions to logs")
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
    patches.attribute(requests.Session, "request", _not_for_moto(requests.Session.request, 2))
    patches.attribute(OpenerDirector, "open", _not_for_moto(OpenerDirector.open, 1))


def _record_nothing(*_arguments: Any, **_more: Any) -> None:
    """Moto's recorder, which writes requests into the working folder."""


def _no_docker(model: Any) -> Any:
    raise NotOffered(f"the local cloud starts no containers, as {type(model).__name__} would")


def _not_for_moto(open_url: Any, place: int) -> Any:
    """What the program asks of the web goes where it always goes; what moto asks goes nowhere.

    `place`: where among the arguments of `open_url` the URL is, or a request with one.
    """

    def open_url_unless_moto(*arguments: Any, **more: Any) -> Any:
        if caller := moto_below():
            asked = arguments[place] if len(arguments) > place else more.get("url", "")
            url = str(getattr(asked, "full_url", asked))
            if _is_of_package(url):
                return open_url(*arguments, **more)
            raise NotOffered(f"the local cloud opens no address on the web, as {caller} would: {url}")
        return open_url(*arguments, **more)

    return open_url_unless_moto


def _is_of_package(url: str) -> bool:
    """Whether a URL names a file of an installed package, as the schema of REST APIs is one."""
    installed = (
        Path(folder).as_uri() for folder in sys.path if Path(folder).name in ("site-packages", "dist-packages")
    )
    return ".." not in url and any(url.startswith(f"{folder}/") for folder in installed)


def moto_below() -> str:
    """The module of moto's that is at work here, in any of its threads; empty if it is the program's own doing."""
    frame: FrameType | None = sys._getframe()
    while frame:
        name = str(frame.f_globals.get("__name__"))
        if name.partition(".")[0] == "moto":
            return name
        frame = frame.f_back
    return ""
