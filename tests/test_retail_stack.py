"""The retail system as a stack: from a call to the API over the log and its copy into the views, and back."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from helpers import templates
from helpers.deploying import deploy_stack, package
from helpers.handlers.retail.envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2
from helpers.retail import tables
from tests.test_retail import HANDLERS, HAT, SCHEMA_FILES


def call(url, document=None):
    data = None if document is None else json.dumps(document).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, {"content-type": "application/json"})) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


@pytest.fixture
def address(cloud):
    """Where the API of the stack answers."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="retail.zip", Body=package(HANDLERS, files=SCHEMA_FILES))
    given = {"Stage": "test", "Bucket": "code", "Key": "retail.zip", "Secret": "pepper"}
    outputs = deploy_stack(cloud, "retail", templates.retail(), **given)
    targets = cloud.resource("dynamodb").Table("test-targets")
    targets.put_item(Item={"stream": "class-test", "role": outputs["ClassWriter"], "active": True, "parallel": True})
    cloud.wait(30)
    return cloud.api_url(outputs["Api"], "live")


def test_from_the_api_into_all_views_and_back(cloud, address):
    ann, bob, eve = "web/merchant/5550001/Ann", "web/photographer/5550002/Bob", "web/buyer/5550003/Eve"
    image = {"schema": IMAGE, "id": "1", "image": "i/p/1"}
    sold = {"schema": PURCHASE, "id": "1"}
    ordered = {"schema": PURCHASE_2, "id": "1", "order": "o1"}
    for origin, event in ((ann, HAT), (bob, image), (eve, sold), (eve, sold), (eve, ordered), (eve, ordered)):
        assert call(f"{address}/events", {**event, "origin": origin})[0] == 200
    assert call(f"{address}/events", {"schema": CREATE, "id": "2", "origin": ann})[0] == 400
    cloud.wait(30)
    assert call(f"{address}/categories") == (200, ["clothes"])
    (product,) = call(f"{address}/products?{urllib.parse.urlencode({'category': 'clothes'})}")[1]
    assert product["name"] == "Hat" and product["image"] == "i/p/1"
    for role, name in (("creator", "Ann"), ("photographer", "Bob")):
        (best,) = call(f"{address}/scores?role={role}")[1]
        assert best["userId"].startswith(f"{name} (**...**") and best["score"] == 3
    assert call(f"{address}/contributions") == (200, [{"productId": "1"}])
    assert call(f"{address}/scores?role=pirate")[0] == 400
    by_order, any_order = (tables.rows(cloud, "scores", f"{view}test-") for view in ("ordered-", "class-"))
    assert by_order == any_order and len(by_order) == 2
    assert "5550" not in str(by_order)


def test_it_goes_as_it_came(cloud, address):
    cloud.client("cloudformation").delete_stack(StackName="retail")
    cloud.wait(60)
    assert cloud.client("kinesis").list_streams()["StreamNames"] == []
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_it_has_every_part():
    kinds = [resource["Type"].split("::", 1)[1] for resource in templates.retail()["Resources"].values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "Kinesis::Stream": 2,
        "DynamoDB::Table": 8,
        "Lambda::Function": 7,
        "Lambda::EventSourceMapping": 4,
        "Lambda::Permission": 3,
        "IAM::Role": 8,
        "ApiGateway::RestApi": 1,
        "ApiGateway::Resource": 5,
        "ApiGateway::Method": 5,
        "ApiGateway::Deployment": 1,
    }
