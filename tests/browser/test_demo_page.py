"""Visits of a real browser arrive in the dashboard: the demo page of chapter 09, its API, its counter."""

from __future__ import annotations

import functools
import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers import templates
from helpers.commands import browser, places
from helpers.deploying import package
from tests.browser.test_lab_in_browser import PATIENCE, SWITCHES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    """Where the demo page is served, on loopback."""
    pages = functools.partial(Quiet, directory=str(places.ROOT / "data" / "analytics"))
    with ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/demo.html"
        server.shutdown()


def test_visits_arrive_in_the_dashboard(cloud, page):
    from playwright.sync_api import sync_playwright

    s3, cloudformation = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket="code")
    code = places.ROOT / "helpers" / "handlers" / "analytics"
    s3.put_object(Bucket="code", Key="analytics.zip", Body=package(code))
    values = {"Stage": "dev", "Bucket": "code", "Key": "analytics.zip"}
    cloudformation.create_stack(
        StackName="analytics",
        TemplateBody=json.dumps(templates.analytics()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.wait(30)
    (stack,) = cloudformation.describe_stacks(StackName="analytics")["Stacks"]
    address = cloud.api_url(stack["Outputs"][0]["OutputValue"], "live")

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.chromium(), args=SWITCHES, timeout=PATIENCE * 1000
        )
        visitor = chromium.new_page()
        visitor.set_default_timeout(PATIENCE * 1000)
        for _ in range(3):
            visitor.goto(f"{page}?{urllib.parse.urlencode({'tracker': address})}")
            visitor.wait_for_function("document.getElementById('told').textContent === '200'")
        year = visitor.evaluate("new Date().getUTCFullYear()")
        chromium.close()

    cloud.wait(10)
    asked = urllib.parse.urlencode({"website": "shop", "date": f"YEAR:{year}"})
    with urllib.request.urlopen(f"{address}/ranking?{asked}") as answer:
        ranking = json.load(answer)
    assert ranking == [{"name": "Zoë’s shop", "url": page, "value": 3}]
