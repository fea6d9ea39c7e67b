"""Calls to REST APIs: into a stream without a function in between, to a function, and to a mock."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from kinesis_lab.emulator.gateway.mapping_templates import render
from kinesis_lab.emulator.wire import NotOffered
from tests.conftest import execution_role

TEMPLATE = (
    '{"StreamName": "clicks", "Data": "$util.base64Encode($input.json(\'$\'))",'
    ' "PartitionKey": "$input.path(\'$.website\')"}'
)


def ask(url: str, body: Any = None, method: str = "") -> tuple[int, dict[str, str], Any]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method or None)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), json.loads(refused.read() or b"null")


class Api:
    """A REST API that is made call by call."""

    def __init__(self, cloud):
        self.client = cloud.client("apigateway")
        self.id = self.client.create_rest_api(name="shop")["id"]
        self.root = self.client.get_resources(restApiId=self.id)["items"][0]["id"]
        self._cloud = cloud

    def method(self, path: str, verb: str, responses: list[dict[str, Any]] | None = None, **integration: Any) -> None:
        parent = self.root
        for part in path.strip("/").split("/"):
            children = self.client.get_resources(restApiId=self.id)["items"]
            known = [each["id"] for each in children if (each.get("parentId"), each.get("pathPart")) == (parent, part)]
            made = {"restApiId": self.id, "parentId": parent, "pathPart": part}
            parent = known[0] if known else self.client.create_resource(**made)["id"]
        where = {"restApiId": self.id, "resourceId": parent, "httpMethod": verb}
        self.client.put_method(**where, authorizationType="NONE")
        self.client.put_integration(**where, **integration)
        for response in responses if responses is not None else [{"statusCode": "200"}]:
            self.client.put_method_response(**where, statusCode=response["statusCode"])
            self.client.put_integration_response(**where, **response)

    def deploy(self) -> str:
        self.client.create_deployment(restApiId=self.id, stageName="dev")
        return self._cloud.api_url(self.id, "dev")


@pytest.fixture
def api(cloud):
    return Api(cloud)


@pytest.fixture
def into_stream(cloud, kinesis, api):
    """An API whose method POST /track puts a record, in a role that may."""
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    cloud.wait(10)
    iam = cloud.client("iam")
    role = execution_role(cloud, "gateway")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="gateway", PolicyName="puts", PolicyDocument=json.dumps(policy))

    def make(responses=None, template=TEMPLATE, credentials=role, action="PutRecord"):
        api.method(
            "/track",
            "POST",
            responses,
            type="AWS",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:us-east-1:kinesis:action/{action}",
            credentials=credentials,
            requestTemplates={"application/json": template},
        )
        return api.deploy()

    return make


def stored(kinesis):
    place = kinesis.get_shard_iterator(
        StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return kinesis.get_records(ShardIterator=place)["Records"]


def test_a_call_becomes_a_record(kinesis, into_stream):
    url = into_stream()
    status, _, answer = ask(f"{url}/track", {"website": "shop", "name": "Zoë"})
    assert status == 200 and answer["ShardId"] == "shardId-000000000000"
    (record,) = stored(kinesis)
    assert json.loads(record["Data"]) == {"website": "shop", "name": "Zoë"}
    assert record["PartitionKey"] == "shop" and record["SequenceNumber"] == answer["SequenceNumber"]


def test_an_error_is_hidden_unless_a_response_is_made_for_it(cloud, kinesis, into_stream):
    url = into_stream([{"statusCode": "200"}])
    kinesis.delete_stream(StreamName="clicks")
    cloud.wait(10)
    status, _, answer = ask(f"{url}/track", {"website": "shop"})
    assert status == 200 and "ResourceNotFoundException" in answer["__type"]


def test_a_response_is_chosen_by_the_status_of_the_service(cloud, kinesis, into_stream):
    bad = {
        "statusCode": "503",
        "selectionPattern": r"4\d\d",
        "responseTemplates": {"application/json": '{"later": true}'},
    }
    url = into_stream([{"statusCode": "200"}, bad])
    assert ask(f"{url}/track", {"website": "shop"})[0] == 200
    kinesis.delete_stream(StreamName="clicks")
    cloud.wait(10)
    status, _, answer = ask(f"{url}/track", {"website": "shop"})
    assert (status, answer) == (503, {"later": True})


def test_the_gateways_role_must_allow_it(cloud, kinesis, into_stream):
    url = into_stream(credentials=execution_role(cloud, "nobody"))
    assert "AccessDeniedException" in ask(f"{url}/track", {"website": "shop"})[2]["__type"]
    assert stored(kinesis) == []


def test_without_an_integration_response_the_gateway_fails(into_stream):
    url = into_stream([])
    assert ask(f"{url}/track", {"website": "shop"})[0] == 500


def test_a_path_a_method_and_a_stage_that_are_not_there(cloud, api, into_stream):
    url = into_stream()
    told = (403, {"message": "Missing Authentication Token"})
    assert ask(f"{url}/nothing", {})[0::2] == told
    assert ask(f"{url}/track")[0::2] == told
    assert ask(f"{cloud.api_url(api.id, 'prod')}/track", {})[0::2] == told
    assert ask(f"{cloud.api_url('nobody', 'dev')}/track", {})[0::2] == told


def test_other_services_are_not_offered(into_stream, capfd):
    url = into_stream(action="PutRecord/more")
    status, _, answer = ask(f"{url}/track", {})
    assert status == 501 and "actions of Kinesis are" in answer["message"]


def test_a_mock_answers_browsers_that_ask_first(api):
    api.method(
        "/track",
        "OPTIONS",
        [
            {
                "statusCode": "200",
                "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
                "responseTemplates": {"application/json": ""},
            }
        ],
        type="MOCK",
        requestTemplates={"application/json": '{"statusCode": 200}'},
    )
    status, headers, _ = ask(f"{api.deploy()}/track", method="OPTIONS")
    assert status == 200 and headers["access-control-allow-origin"] == "*"


SOURCE = """
import json
def handler(event, context):
    if event["path"] == "/fail/now":
        raise ValueError("no")
    if event["path"] == "/odd/now":
        return "not a response"
    keep = ("httpMethod", "path", "resource", "pathParameters", "queryStringParameters", "body")
    return {"statusCode": 201, "headers": {"X-Mine": "yes"}, "body": json.dumps({name: event[name] for name in keep})}
"""


def test_a_function_answers(deploy, api):
    arn = deploy(SOURCE)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    for path in ("/pages/{page}", "/fail/{how}", "/odd/{how}"):
        api.method(path, "GET", [], type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    url = api.deploy()
    status, headers, answer = ask(f"{url}/pages/a%20b?date=2017&empty=")
    assert status == 201 and headers["x-mine"] == "yes"
    assert answer["pathParameters"] == {"page": "a b"} and answer["resource"] == "/pages/{page}"
    assert answer["queryStringParameters"] == {"date": "2017", "empty": ""} and answer["body"] is None
    assert ask(f"{url}/fail/now")[0::2] == (502, {"message": "Internal server error"})
    assert ask(f"{url}/odd/now")[0] == 502


ODD = """
def handler(event, context):
    return {"statusCode": int(event["queryStringParameters"]["status"]), "body": event["body"],
            "headers": {"X-Mine": "a\\r\\nX-Injected: b", "X Broken:": "c", "X-Rest\\r\\nX-Injected": "d"}}
"""


@pytest.mark.parametrize(
    ("status", "answered"), [(200, 200), (599, 599), (100, 502), (101, 502), (0, 502), (9999, 502)]
)
def test_a_function_cannot_answer_what_is_no_response(deploy, api, status, answered):
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{deploy(ODD)}/invocations"
    api.method("/odd", "POST", [], type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    request = urllib.request.Request(f"{api.deploy()}/odd?status={status}", b"\xff")
    try:
        with urllib.request.urlopen(request) as answer:
            headers, body = answer.headers, answer.read()
            assert answer.status == answered
            assert body.decode() == "\ufffd"
    except urllib.error.HTTPError as refused:
        assert refused.code == answered
        headers = refused.headers
    assert "x-injected" not in headers and headers.get("x-mine", "a  X-Injected: b") == "a  X-Injected: b"


@pytest.mark.parametrize("body", [b"\xff", b'{"website": "\\ud800"}', b"[" * 50_000, b""])
def test_what_is_no_text_becomes_one(kinesis, into_stream, body, capfd):
    status, _, _ = ask(f"{into_stream()}/track", body)
    assert status == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("made", ["[", "[]", '{"statusCode": "x"}', '{"statusCode": null}'])
def test_a_mock_whose_template_makes_nonsense_of_the_call(api, made, capfd):
    api.method("/mock", "POST", type="MOCK", requestTemplates={"application/json": "$input.path('$.made')"})
    assert ask(f"{api.deploy()}/mock", {"made": made})[0::2] == (500, {"message": "Internal server error"})
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("$input.body", '{"a": {"b": 5}, "t": "\\"x\\" Zoë"}'),
        ("$input.json('$.a')", '{"b":5}'),
        ("$input.path('$.a.b')|$input.path('$.none')|", "5||"),
        ("\"$util.escapeJavaScript($input.path('$.t'))\"", '"\\"x\\" Zoë"'),
        ("$util.base64Encode($input.path('$.a.b'))", base64.b64encode(b"5").decode()),
        ("$util.base64Decode($util.base64Encode('x(y)'))", "x(y)"),
        ("$util.base64Decode('x')|$util.base64Decode('/w==')", "|\ufffd"),
        ("$input.params('page') $context.stage ${context.stage}!", "one dev dev!"),
        ("costs 5 $", "costs 5 $"),
    ],
)
def test_what_a_template_makes_of_a_call(template, rendered):
    body = json.dumps({"a": {"b": 5}, "t": '"x" Zoë'}, ensure_ascii=False).encode()
    assert render(template, body, {"page": "one"}, {"stage": "dev"}) == rendered


@pytest.mark.parametrize(
    "template", ["#set($x = 1)", "$input.nothing('x')", "$util.parseJson('x')", "$context.no", "$util.urlEncode(5)"]
)
def test_what_a_template_cannot_say_here(template):
    with pytest.raises(NotOffered):
        render(template, b"{}", {}, {})
