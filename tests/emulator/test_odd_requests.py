"""Odd requests to functions and to services of moto's: each is refused in AWS's way, and none harms a later one."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.wire import NotOffered, Request, Response
from tests.conftest import execution_role, zipped

FUNCTIONS = "/2015-03-31/functions"
HANDLER = "def handler(event, context):\n    return event\n"
SERIAL, INVALID, VALIDATION = "SerializationException", "InvalidParameterValueException", "ValidationException"


@pytest.fixture
def function(cloud: Cloud, lambda_: Any) -> str:
    made = lambda_.create_function(
        FunctionName="book",
        Runtime="python3.13",
        Handler="app.handler",
        Role=execution_role(cloud),
        Code={"ZipFile": zipped(HANDLER)},
    )
    cloud.wait(5)
    return str(made["FunctionArn"])


def ask(cloud: Cloud, service: str, method: str, path: str, body: Any = b"", **headers: str) -> Response:
    scope = f"AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/{service}/aws4_request"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"https://{service}.us-east-1.amazonaws.com{path}"
    return cloud.emulator.switchboard.call(Request(method, url, {"authorization": scope, **named}, data))


def code_of(response: Response) -> str:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return str(headers.get("x-amzn-errortype") or json.loads(response.body)["__type"])


ROWS: list[tuple[str, str, Any, str]] = [
    ("PUT", f"{FUNCTIONS}/book/configuration", {"VpcConfig": {"SubnetIds": ["subnet-1"]}}, INVALID),
    ("PUT", f"{FUNCTIONS}/book/configuration", {"VpcConfig": {"SubnetIds": "subnet-1"}}, SERIAL),
    ("PUT", f"{FUNCTIONS}/book/configuration", {"VpcConfig": ["subnet-1"]}, SERIAL),
    ("PUT", f"{FUNCTIONS}/book/configuration", {"Layers": {"a": 1}}, SERIAL),
    ("PUT", f"{FUNCTIONS}/book/configuration", {"Timeout": "3"}, SERIAL),
    ("PUT", f"{FUNCTIONS}/book/configuration", {"Environment": []}, SERIAL),
    ("PUT", f"{FUNCTIONS}/book/code", {"ZipFile": "not base64!"}, SERIAL),
    ("PUT", f"{FUNCTIONS}/book/code", {"ZipFile": {"a": 1}}, SERIAL),
    ("PUT", "/2017-10-31/functions/book/concurrency", {"ReservedConcurrentExecutions": "many"}, SERIAL),
    ("PUT", "/2017-10-31/functions/book/concurrency", {"ReservedConcurrentExecutions": -1}, VALIDATION),
    ("PUT", "/2017-10-31/functions/book/concurrency", {}, VALIDATION),
    ("PUT", "/2019-09-25/functions/book/event-invoke-config", {"MaximumRetryAttempts": "two"}, SERIAL),
    ("PUT", "/2019-09-25/functions/book/event-invoke-config", {"MaximumRetryAttempts": 3}, VALIDATION),
    ("PUT", "/2019-09-25/functions/book/event-invoke-config", {"DestinationConfig": "queue"}, SERIAL),
    ("PUT", "/2019-09-25/functions/book/event-invoke-config", [], SERIAL),
    ("POST", f"{FUNCTIONS}/book/aliases", {}, VALIDATION),
    ("POST", f"{FUNCTIONS}/book/aliases", {"Name": 5, "FunctionVersion": "1"}, SERIAL),
    ("POST", f"{FUNCTIONS}/book/aliases", {"Name": "a b", "FunctionVersion": "1"}, VALIDATION),
    ("POST", f"{FUNCTIONS}/book/aliases", {"Name": "a", "FunctionVersion": "1", "RoutingConfig": []}, SERIAL),
    ("POST", f"{FUNCTIONS}/book/policy", {}, VALIDATION),
    ("POST", f"{FUNCTIONS}/book/policy", {"StatementId": [], "Action": "x", "Principal": "*"}, SERIAL),
    ("POST", f"{FUNCTIONS}/book/policy", {"StatementId": "s", "Action": "nothing", "Principal": "*"}, VALIDATION),
    ("POST", f"{FUNCTIONS}/book/versions", {"Description": {"a": 1}}, SERIAL),
    ("POST", "/2021-10-31/functions/book/url", {}, VALIDATION),
    ("POST", "/2021-10-31/functions/book/url", {"AuthType": "NONE", "Cors": "*"}, SERIAL),
    ("PUT", "/2021-10-31/functions/book/url", {"Cors": {}}, "ResourceNotFoundException"),
    ("POST", "/2018-10-31/layers/shelf/versions", {"Content": "zip"}, SERIAL),
    ("POST", "/2018-10-31/layers/shelf/versions", {}, VALIDATION),
    ("POST", "/2017-03-31/tags/{arn}", {"Tags": ["a"]}, SERIAL),
    ("POST", "/2017-03-31/tags/{arn}", {}, VALIDATION),
    ("POST", "/2017-03-31/tags/{mapping}", {"Tags": "a"}, SERIAL),
    ("DELETE", "/2017-03-31/tags/{arn}", b"", VALIDATION),
    ("GET", f"{FUNCTIONS}?MaxItems=many", b"", SERIAL),
    ("GET", f"{FUNCTIONS}?MaxItems=0", b"", VALIDATION),
    ("GET", f"{FUNCTIONS}/book/versions?MaxItems=-1", b"", VALIDATION),
    ("GET", f"{FUNCTIONS}/a%20b", b"", VALIDATION),
    ("POST", FUNCTIONS, {"FunctionName": ["book"], "Role": "r", "Code": {}}, SERIAL),
    ("POST", FUNCTIONS, {"FunctionName": "b", "Role": "r", "Code": "zip"}, SERIAL),
    ("POST", FUNCTIONS, b"{", SERIAL),
    ("POST", FUNCTIONS, b"[" * 50_000, SERIAL),
    ("POST", "/2015-03-31/event-source-mappings", {"BatchSize": "ten"}, SERIAL),
    ("POST", "/2015-03-31/event-source-mappings", {"EventSourceArn": ["a"]}, SERIAL),
    ("POST", "/2015-03-31/event-source-mappings", {"Tags": "a"}, SERIAL),
    ("GET", "/2015-03-31/event-source-mappings?MaxItems=many", b"", SERIAL),
]


@pytest.fixture
def mapping(kinesis: Any, cloud: Cloud, lambda_: Any, function: str) -> str:
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    cloud.wait(20)
    source = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    made = lambda_.create_event_source_mapping(
        FunctionName="book", EventSourceArn=source, StartingPosition="LATEST", Enabled=False
    )
    return str(made["EventSourceMappingArn"])


def test_odd_requests_to_functions(cloud, lambda_, function, mapping):
    before = lambda_.get_function(FunctionName="book")["Configuration"]
    for method, path, body, code in ROWS:
        response = ask(cloud, "lambda", method, path.format(arn=function, mapping=mapping), body)
        assert (code_of(response), 400 <= response.status < 500) == (code, True), (method, path, body, response)
    assert lambda_.get_function(FunctionName="book")["Configuration"] == before
    assert [each["FunctionName"] for each in lambda_.list_functions()["Functions"]] == ["book"]
    assert len(lambda_.list_event_source_mappings()["EventSourceMappings"]) == 1
    assert json.load(lambda_.invoke(FunctionName="book", Payload=b'"hello"')["Payload"]) == "hello"


def test_half_of_a_network_does_not_keep_functions_from_being_listed(lambda_, function):
    lambda_.update_function_configuration(FunctionName="book", VpcConfig={"Ipv6AllowedForDualStack": False})
    (listed,) = lambda_.list_functions()["Functions"]
    assert listed["VpcConfig"]["SubnetIds"] == listed["VpcConfig"]["SecurityGroupIds"] == []


def test_a_change_that_fails_changes_nothing(lambda_, function):
    layer = "arn:aws:lambda:us-east-1:123456789012:layer:none:1"
    with pytest.raises(ClientError):
        lambda_.update_function_configuration(FunctionName="book", Description="new", Timeout=9, Layers=[layer])
    now = lambda_.get_function_configuration(FunctionName="book")
    assert (now["Description"], now["Timeout"]) == ("", 3)


@pytest.mark.parametrize("region", ["", "nowhere-1", "["])
def test_a_region_that_is_none(cloud, region):
    scope = f"AWS4-HMAC-SHA256 Credential=local/20260105/{region}/lambda/aws4_request"
    url = f"https://lambda.us-east-1.amazonaws.com{FUNCTIONS}/book"
    request = Request("POST", f"{url}/invocations", {"authorization": scope}, b"")
    assert 400 <= cloud.emulator.switchboard.call(request).status < 500


# Services of moto's


TABLE = {
    "TableName": "shelf",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def dynamodb(cloud: Cloud, operation: str, body: Any) -> Response:
    target = f"DynamoDB_20120810.{operation}"
    return ask(cloud, "dynamodb", "POST", "/", body, x_amz_target=target, content_type="application/x-amz-json-1.0")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({**TABLE, "TableName": ["shelf"]}, SERIAL, "tableName is a list, and must be a string."),
        ({**TABLE, "KeySchema": {"a": 1}}, SERIAL, "keySchema is a structure, and must be a list."),
        ({**TABLE, "TableName": None}, VALIDATION, "Value null at 'tableName'"),
        (b"[]", SERIAL, "must be a structure"),
        (b'{"TableName": "\\ud800"}', SERIAL, "half a character"),
        (b'{"TableName": NaN}', SERIAL, "NaN is not a number"),
    ],
)
def test_types_are_checked_before_moto_is_asked(cloud, body, code, message):
    response = dynamodb(cloud, "CreateTable", body)
    assert (response.status, code_of(response)) == (400, code)
    assert message in response.body.decode()
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []


def test_members_that_are_null_are_not_there_for_moto_either(cloud):
    assert dynamodb(cloud, "CreateTable", {**TABLE, "Tags": None, "StreamSpecification": None}).status == 200


def test_a_number_that_is_none_in_a_form_is_refused_in_the_words_of_the_model(cloud):
    body = b"Action=ListRoles&Version=2010-05-08&MaxItems=many"
    response = ask(cloud, "iam", "POST", "/", body, content_type="application/x-www-form-urlencoded")
    assert response.status == 400
    assert b"<Code>" in response.body and b"maxItems" in response.body


def test_xml_that_is_none_is_refused_as_s3_does(cloud):
    cloud.client("s3").create_bucket(Bucket="store")
    response = ask(cloud, "s3", "PUT", "/store?tagging", b"<Tagging><TagSet>")
    assert response.status == 400
    assert b"<Code>MalformedXML</Code>" in response.body


def test_where_moto_stumbles_is_said_and_logged(cloud, caplog, capfd):
    caplog.set_level(logging.DEBUG, logger="kinesis_lab")
    states = cloud.client("stepfunctions")
    with pytest.raises(ClientError, match=r"moto raised IndexError: .* at moto\.stepfunctions\.") as refused:
        states.describe_state_machine_alias(stateMachineAliasArn="text")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert any(record.exc_info for record in caplog.records)
    assert capfd.readouterr().err == ""


def test_a_fault_of_the_emulators_is_an_internal_failure_for_the_program_as_well(cloud, kinesis, capfd, monkeypatch):
    from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService

    def faulty(_self: Any, _name: str, _document: Any) -> None:
        raise LookupError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(KinesisService, "carry_out", faulty)
        with pytest.raises(ClientError, match="InternalFailure"):
            kinesis.list_streams()
    assert "LookupError: a bug" in capfd.readouterr().err
    assert kinesis.list_streams()["StreamNames"] == []


def test_requests_to_the_host_of_functions_need_the_signature_of_functions(cloud):
    for service in ("", "sqs", "iam"):
        scope = f"AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/{service}/aws4_request"
        headers = {"authorization": scope} if service else {}
        url = f"https://lambda.us-east-1.amazonaws.com{FUNCTIONS}"
        assert cloud.emulator.switchboard.call(Request("GET", url, headers, b"")).status == 403


def test_nobody_else_changes_the_account(cloud):
    cloud.client("sqs").create_queue(QueueName="here")
    headers = {"x_amz_target": "AmazonSQS.ListQueues", "content_type": "application/x-amz-json-1.0"}
    response = ask(cloud, "sqs", "POST", "/", {}, x_moto_account_id="999999999999", **headers)
    assert b"123456789012/here" in response.body


# Templates


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{"Resources": {"Q": {}}}', "[/Resources/Q] Every Resource object must contain a Type member."),
        ('{"Resources": {"Q": {"Type": 5}}}', "[/Resources/Q] Every Resource object must contain a Type member."),
        ('{"Resources": {"Q": "queue"}}', "Any Resources member must be an object."),
        ('{"Resources": []}', "At least one Resources member must be defined."),
        ("[1]", "unsupported structure."),
        ("text", "unsupported structure."),
        ("a: &a [x]\nResources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: *a}}}", "YAML aliases are not"),
    ],
)
def test_templates_that_are_none(cloud, template, message):
    stacks = cloud.client("cloudformation")
    with pytest.raises(ClientError) as refused:
        stacks.create_stack(StackName="odd", TemplateBody=template)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert error["Message"].startswith("Template format error: ") and message in error["Message"]


@pytest.mark.parametrize("tag", ["python/object/apply:os.mkdir", "python/object/new:os.mkdir", "python/name:os.mkdir"])
def test_no_tag_of_a_template_calls_anything(cloud, tmp_path, tag):
    folder = tmp_path / "made"
    template = f"Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !!{tag} ['{folder}']\n"
    with pytest.raises((ClientError, NotOffered)):
        cloud.client("cloudformation").create_stack(StackName="odd", TemplateBody=template)
    assert not folder.exists()


def test_short_forms_in_yaml_are_still_read(cloud):
    template = (
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Sub '${AWS::StackName}-q'\n"
    )
    cloud.client("cloudformation").create_stack(StackName="shop", TemplateBody=template)
    assert cloud.client("sqs").list_queues()["QueueUrls"][0].endswith("/shop-q")
