"""A web page of another origin, in a real browser, does nothing in the endpoint and reads nothing of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest

from helpers.commands import browser
from kinesis_lab.emulator import server
from kinesis_lab.emulator.admission import Allowed
from kinesis_lab.emulator.local import LocalCloud
from tests.browser.test_lab_in_browser import PATIENCE, SWITCHES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REBOUND = "rebound.example"
"""A host name of somebody else's that leads to loopback."""
KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/kinesis/aws4_request, Signature=0",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "Kinesis_20131202.CreateStream",
    "x-amz-date": "20260105T090000Z",
    "x-amz-user-agent": "aws-sdk-js/3.0.0",
    "amz-sdk-request": "attempt=1; max=3",
}
MAKES_A_STREAM = json.dumps({"StreamName": "made", "ShardCount": 1})

WORKER = 'onmessage = (event) => fetch(event.data, {method: "POST", mode: "no-cors", body: "{}"})'
SERVICE_WORKER = f"""
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
{WORKER};
"""
PAGES = {
    "/": ("text/html", "<!doctype html><title>a page</title><body></body>"),
    "/unreferred": ("text/html", "<!doctype html><meta name=referrer content=no-referrer><title>a page</title>"),
    "/worker.js": ("text/javascript", WORKER),
    "/service-worker.js": ("text/javascript", SERVICE_WORKER),
}

ELEMENT = """{{ const made = document.createElement("{tag}"); Object.assign(made, {{{attributes}}});
    document.body.append(made); {then} }}"""


def element(tag: str, attributes: str, then: str = "") -> str:
    """A script that puts an element into the page."""
    return ELEMENT.format(tag=tag, attributes=attributes, then=then)


def form(kind: str, method: str = "POST", url: str = "url.queue") -> str:
    """A script that sends a form into a frame."""
    frame = element("iframe", 'name: "hidden"')
    field = 'made.append(Object.assign(document.createElement("input"), {name: "Action", value: "CreateQueue"}));'
    return frame + element(
        "form", f'action: {url}, method: "{method}", enctype: "{kind}", target: "hidden"', f"{field} made.submit();"
    )


def framed(source: str) -> str:
    """A script that sends a request from a page without an origin of its own."""
    return element("iframe", f"sandbox: 'allow-scripts', srcdoc: `<script>{source}<\\/script>`")


ATTEMPTS = {
    "fetch": "fetch(url.functions, {method: 'POST', body: '{}'}).catch(() => 0)",
    "fetch to look": "fetch(url.bucket).catch(() => 0)",
    "fetch with credentials": "fetch(url.bucket, {credentials: 'include'}).catch(() => 0)",
    "fetch without CORS": "fetch(url.functions, {method: 'POST', mode: 'no-cors', body: '{}'}).catch(() => 0)",
    "fetch without CORS, to look": "fetch(url.queue, {mode: 'no-cors', credentials: 'include'}).catch(() => 0)",
    "fetch without referrer": "fetch(url.queue, {mode: 'no-cors', referrerPolicy: 'no-referrer'}).catch(() => 0)",
    "fetch that outlives the page": "fetch(url.queue, {method: 'POST', mode: 'no-cors', keepalive: true})",
    "fetch as a form": "fetch(url.queue, {method: 'POST', mode: 'no-cors', body: new URLSearchParams('a=b')})",
    "fetch with a signature": "fetch(url.root, {method: 'POST', headers, body}).catch(() => 0)",
    "fetch of JSON": "fetch(url.root, {headers: {'content-type': 'application/json'}}).catch(() => 0)",
    "fetch with PUT": "fetch(url.bucket, {method: 'PUT'}).catch(() => 0)",
    "fetch of the health": "fetch(url.health).catch(() => 0)",
    "fetch around an API": "fetch(url.root + 'restapis/../', {mode: 'no-cors'}).catch(() => 0)",
    "XMLHttpRequest": """const asked = new XMLHttpRequest(); asked.open("POST", url.queue);
        asked.setRequestHeader("content-type", "application/x-www-form-urlencoded"); asked.send("a=b")""",
    "form": form("application/x-www-form-urlencoded"),
    "form of text": form("text/plain", url="url.functions"),
    "form with a file": form("multipart/form-data", url="url.bucket"),
    "form to look": form("", "GET"),
    "picture": element("img", "src: url.bucket"),
    "picture without referrer": element("img", "referrerPolicy: 'no-referrer', src: url.queue"),
    "picture with CORS": element("img", "crossOrigin: 'anonymous', src: url.bucket"),
    "script": element("script", "src: url.queue"),
    "module": "import(url.queue).catch(() => 0)",
    "style sheet": element("link", "rel: 'stylesheet', href: url.queue"),
    "prefetch": element("link", "rel: 'prefetch', href: url.queue"),
    "frame": element("iframe", "src: url.queue"),
    "object": element("object", "data: url.queue"),
    "video": element("video", "src: url.queue"),
    "link": element("a", "href: url.queue, target: '_blank', rel: 'noreferrer'", "made.click()"),
    "ping of a link": element("a", "href: '#', ping: url.queue", "made.click()"),
    "window": "open(url.queue)",
    "navigation": "location.href = url.queue",
    "navigation to the health": "location.href = url.health",
    "navigation without referrer": element("meta", "httpEquiv: 'refresh', content: `0;url=${url.queue}`"),
    "beacon": "navigator.sendBeacon(url.functions, '{}')",
    "events": "new EventSource(url.queue)",
    "WebSocket": "new WebSocket(url.queue.replace('http', 'ws'))",
    "worker": "new Worker('/worker.js').postMessage(url.functions)",
    "service worker": """navigator.serviceWorker.register("/service-worker.js");
        navigator.serviceWorker.ready.then((ready) => ready.active.postMessage(url.functions))""",
    "frame without an origin": framed("fetch('${url.functions}', {method: 'POST', body: '{}'})"),
    "frame without an origin, and without CORS": framed("fetch('${url.queue}', {method: 'POST', mode: 'no-cors'})"),
}


class Pages(BaseHTTPRequestHandler):
    """Somebody's web site."""

    def do_GET(self) -> None:
        kind, text = PAGES.get(urlsplit(self.path).path, ("text/plain", ""))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """The port of a web site on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving.server_port
        serving.shutdown()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=browser.chromium(),
            args=[*SWITCHES, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"],
            timeout=PATIENCE * 1000,
        )
        yield started
        started.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page of a browser that has been nowhere."""
    visitor = chromium.new_context()
    visitor.set_default_timeout(PATIENCE * 1000)
    yield visitor.new_page()
    visitor.close()


class Watched:
    """An endpoint, what it answered, and what came as far as its services."""

    def __init__(self, cloud: LocalCloud, address: str) -> None:
        self.address = address
        self.port = int(address.rpartition(":")[2])
        self.answers: list[int] = []
        self.reached: list[Any] = []
        self._cloud = cloud

    def urls(self) -> dict[str, str]:
        """What a page may try."""

        def presigned(service: str, path: str, **query: str) -> str:
            scope = {"X-Amz-Credential": f"local/20260105/us-east-1/{service}/aws4_request", **query}
            return f"{self.address}{path}?{urlencode(scope)}"

        return {
            "root": f"{self.address}/",
            "health": f"{self.address}/_health",
            "functions": presigned("lambda", "/2015-03-31/functions"),
            "queue": presigned("sqs", "/", Action="CreateQueue", QueueName="made"),
            "bucket": presigned("s3", "/made"),
        }

    def made(self) -> list[Any]:
        """The streams, queues, buckets and functions that there are."""
        clients = {name: boto3.client(name, **KEYS) for name in ("kinesis", "sqs", "s3", "lambda")}
        return [
            *clients["kinesis"].list_streams()["StreamNames"],
            *clients["sqs"].list_queues().get("QueueUrls", []),
            *clients["s3"].list_buckets()["Buckets"],
            *clients["lambda"].list_functions()["Functions"],
        ]

    def attempt(self, page: Any, script: str) -> None:
        """Run a script in a page, and wait until the endpoint has answered."""
        before = len(self.answers)
        arguments = {"url": self.urls(), "headers": SIGNED, "body": MAKES_A_STREAM}
        page.evaluate(f"async ({{url, headers, body}}) => {{ {script} }}", arguments)
        until(lambda: len(self.answers) > before)

    def attempts(self, page: Any, where: str) -> Iterator[str]:
        """Make every attempt, each in a page that is opened at `where` anew; yields its name."""
        for name, script in ATTEMPTS.items():
            if "orker" in name and not where.endswith(("/", "/unreferred")):
                continue  # there is no script for them
            go(page, where)
            self.answers.clear()
            self.reached.clear()
            self.attempt(page, script)
            yield name


def go(page: Any, where: str) -> None:
    """Open a page, though the one before may still be on its way to somewhere else."""
    from playwright.sync_api import Error

    while True:
        try:
            page.goto(where)
            return
        except Error as error:
            if not any(said in str(error) for said in ("interrupted", "ERR_ABORTED")):
                raise


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, *origins: str) -> Iterator[Watched]:
    """An endpoint at which everything is watched."""
    cloud = LocalCloud(speed=200)
    with server.endpoint(cloud, allowed=Allowed(origins=frozenset(origins))) as address:
        watched = Watched(cloud, address)
        call, respond = cloud.switchboard.call, server._Handler.send_response_only

        def answer(handler: Any, code: int, message: str | None = None) -> None:
            watched.answers.append(code)
            respond(handler, code, message)

        def reach(request: Any) -> Any:
            watched.reached.append(request)
            return call(request)

        with monkeypatch.context() as patch:
            patch.setattr(server._Handler, "send_response_only", answer)
            patch.setattr(cloud.switchboard, "call", reach)
            yield watched
        assert origins or watched.made() == []
    cloud.close()


@pytest.mark.parametrize("where", ["http://localhost:{}/", "http://127.0.0.1:{}/", "http://localhost:{}/unreferred"])
def test_a_page_of_another_origin_gets_nothing_but_403(where, site, page, monkeypatch):
    with serving(monkeypatch) as watched:
        for name in watched.attempts(page, where.format(site)):
            assert set(watched.answers) == {403}, name
            assert watched.reached == [], name


def test_a_page_cannot_pretend_to_be_of_the_same_origin(site, page, monkeypatch):
    with serving(monkeypatch) as watched:
        page.goto(f"http://localhost:{site}/")
        message = page.evaluate(
            "(url) => fetch(url, {mode: 'same-origin'}).catch((error) => error.name)", watched.urls()["bucket"]
        )
        assert (message, watched.answers) == ("TypeError", [])


def test_a_host_name_that_leads_here_opens_nothing(page, monkeypatch):
    with serving(monkeypatch) as watched:
        watched.address = f"http://{REBOUND}:{watched.port}"
        for name in watched.attempts(page, f"{watched.address}/_health"):  # all of it is of the same origin
            assert set(watched.answers) == {403}, name
            assert watched.reached == [], name
        go(page, f"{watched.address}/_health")
        assert page.evaluate("fetch('/restapis/a/b/_user_request_/').then((answer) => answer.status)") == 403
        assert watched.reached == []


def test_a_page_of_a_rest_api_is_of_no_better_origin(page, monkeypatch):
    with serving(monkeypatch) as watched:
        for name in watched.attempts(page, f"{watched.address}/restapis/abc/dev/_user_request_/page"):
            assert set(watched.answers) == {403}, name
            assert watched.reached == [], name


def test_a_page_of_an_allowed_origin_may_do_what_programs_may(site, page, monkeypatch):
    with serving(monkeypatch, f"http://localhost:{site}") as watched:
        page.goto(f"http://localhost:{site}/")
        watched.attempt(page, "await fetch(url.root, {method: 'POST', headers, body})")
        assert watched.answers == [204, 200]
        listed = page.evaluate(
            """async ([url, headers]) => {
                const answer = await fetch(url, {method: "POST", headers, body: "{}"});
                return [answer.status, Boolean(answer.headers.get("x-amzn-requestid")), await answer.json()];
            }""",
            [watched.urls()["root"], {**SIGNED, "x-amz-target": "Kinesis_20131202.ListStreams"}],
        )
        assert listed[:2] == [200, True] and listed[2]["StreamNames"] == ["made"]
        missing = page.evaluate(
            """async ([url, headers]) => {
                const answer = await fetch(url, {method: "POST", headers, body: '{"StreamName": "nowhere"}'});
                return (await answer.json()).__type;
            }""",
            [watched.urls()["root"], {**SIGNED, "x-amz-target": "Kinesis_20131202.DescribeStreamSummary"}],
        )
        assert missing == "ResourceNotFoundException"
        stored = page.evaluate(
            """async ([url, text]) => {
                const put = await fetch(url, {method: "PUT"});
                return [put.status, (await fetch(url.replace("?", "/a?"), {method: "PUT", body: text})).status];
            }""",
            [watched.urls()["bucket"], "text"],
        )
        assert stored == [200, 200]

        watched.answers.clear()
        watched.reached.clear()
        page.goto(f"http://127.0.0.1:{site}/")
        watched.attempt(page, ATTEMPTS["fetch with a signature"])
        assert (watched.answers, watched.reached) == ([403], [])


def test_what_is_typed_may_be_looked_at(page, monkeypatch):
    with serving(monkeypatch, "http://localhost:1") as watched:
        s3 = boto3.client("s3", **KEYS)
        s3.create_bucket(Bucket="shop")
        s3.put_object(Bucket="shop", Key="a.txt", Body=b"seen", ContentType="text/plain")
        outside = boto3.client("s3", endpoint_url=watched.address, **KEYS)
        with_key = {"Params": {"Bucket": "shop", "Key": "a.txt"}}
        page.goto(outside.generate_presigned_url("get_object", **with_key))
        assert page.inner_text("body") == "seen"
        page.goto(f"{watched.address}/_health")
        assert json.loads(page.inner_text("body"))["status"] == "ok"
        assert page.goto(watched.urls()["queue"]).status == 403
