"""Odd functions and odd calls of them: each is refused in AWS's words, or in ours, and breaks nothing."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from kinesis_lab.emulator.local import LocalCloud
from kinesis_lab.emulator.wire import NotOffered, Request, Response
from tests.conftest import ROLE, execution_role, zipped

INVALID = "InvalidParameterValueException"
HERE = "arn:aws:lambda:us-east-1:123456789012:function:app"
DEEP = "[" * 100_000
UNABLE = "Lambda was unable to configure your environment variables because the environment variable"
NO_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
HANDLER = "def handler(event, context): return event"

Refusal = tuple[str, str]
Create = Callable[..., Any]


def refusal(operation: Callable[..., Any], **request: Any) -> Refusal:
    """Error code and message."""
    with pytest.raises(ClientError) as refused:
        operation(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def unchecked(cloud) -> Any:
    """A client that sends what it is given, so that the service is the one to refuse it."""
    return boto3.client("lambda", region_name="us-east-1", config=Config(parameter_validation=False))


@pytest.fixture
def create(cloud, unchecked) -> Create:
    execution_role(cloud)

    def create(**changes: Any) -> Any:
        request = {
            "FunctionName": "app",
            "Role": ROLE,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": {"ZipFile": zipped(HANDLER)},
            **changes,
        }
        return unchecked.create_function(**{name: value for name, value in request.items() if value is not None})

    return create


@pytest.fixture
def ask(cloud) -> Callable[..., Response]:
    """Sends any bytes to the API of Lambda."""
    local: LocalCloud = cloud.emulator

    def ask(method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        signature = "AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/lambda/aws4_request"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"https://lambda.us-east-1.amazonaws.com{path}"
        return local.switchboard.call(Request(method, url, {"authorization": signature, **named}, body))

    return ask


# Code


def damaged() -> bytes:
    """A zip whose content is not what its checksum says."""
    data = bytearray(zipped("x = 1\n" * 100))
    data[60] ^= 0xFF
    return bytes(data)


def entries(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"no zip at all", NO_ZIP),
        (zipped(HANDLER)[:-10], NO_ZIP),
        (damaged(), NO_ZIP),
        (entries("a", "a/b"), NO_ZIP),
        (entries("a", "../a/b"), NO_ZIP),
        (entries(".."), NO_ZIP),
        (entries("x" * 300), NO_ZIP),
        (entries("/".join(["x" * 200] * 25)), NO_ZIP),
        (b"", "Uploaded file must be a non-empty zip"),
        (entries(), "Uploaded file must be a non-empty zip"),
    ],
    ids=range(10),
)
def test_code_that_cannot_be_unzipped(create, unchecked, invoke, cloud, code, message):
    assert refusal(create, Code={"ZipFile": code}) == (INVALID, message)
    create()
    cloud.wait(5)
    before = unchecked.get_function_configuration(FunctionName="app")["CodeSha256"]
    for dry in (True, False):
        request = {"FunctionName": "app", "ZipFile": code, "DryRun": dry}
        assert refusal(unchecked.update_function_code, **request) == (INVALID, message)
    assert unchecked.get_function_configuration(FunctionName="app")["CodeSha256"] == before
    assert invoke(7).result == 7


def test_code_that_is_too_large(create):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as file:
        for _ in range(251):
            file.write(bytes(1024**2))
    expected = (INVALID, "Unzipped size must be smaller than 262144000 bytes")
    assert refusal(create, Code={"ZipFile": buffer.getvalue()}) == expected
    assert refusal(create, Code={"ZipFile": bytes(52_428_801)})[0] == "RequestEntityTooLargeException"


def test_code_in_a_bucket(create, cloud):
    s3 = cloud.client("s3")
    where = {"S3Bucket": "attic", "S3Key": "app.zip"}
    assert "S3 Error Code: NoSuchBucket" in refusal(create, Code=where)[1]
    s3.create_bucket(Bucket="attic")
    assert "S3 Error Code: NoSuchKey" in refusal(create, Code=where)[1]
    s3.put_object(Bucket="attic", Key="app.zip", Body=b"no zip")
    assert refusal(create, Code=where) == (INVALID, NO_ZIP)
    s3.put_object(Bucket="attic", Key="app.zip", Body=zipped(HANDLER))
    create(Code=where)
    assert (
        "S3 Error Code: NoSuchKey"
        in refusal(cloud.client("lambda").update_function_code, FunctionName="app", S3Bucket="attic", S3Key="nothing")[
            1
        ]
    )


def test_no_code(create, ask):
    assert refusal(create, Code={}) == (INVALID, "Please provide a source for function code.")
    request = {"FunctionName": "app", "Role": ROLE, "Runtime": "python3.13", "Handler": "app.handler"}
    body = json.dumps({**request, "Code": {"ZipFile": "abc"}}).encode()
    assert ask("POST", "/2015-03-31/functions", body).headers["x-amzn-errortype"] == "SerializationException"


# Settings


@pytest.mark.parametrize(
    ("variables", "code", "message"),
    [
        (
            {"1ST": "x"},
            "ValidationException",
            "regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+",
        ),
        ({"A": "x"}, "ValidationException", "Value 'A' at 'environment.variables.key'"),
        ({"A-B": "x"}, "ValidationException", "[a-zA-Z]([a-zA-Z0-9_])+"),
        ({"AB=": "x"}, "ValidationException", "[a-zA-Z]([a-zA-Z0-9_])+"),
        ({"COLOUR": 5}, "SerializationException", "is a number, and must be a string"),
        ({"COLOUR": "\0"}, INVALID, f"{UNABLE} COLOUR contains a character that no variable can hold."),
        ({"COLOUR": "\ud800"}, INVALID, "contains a character that no variable can hold."),
        (
            {"AWS_REGION": "x", "LAMBDA_TASK_ROOT": "y", "COLOUR": "z"},
            INVALID,
            f"{UNABLE}s you have provided contains reserved keys that are currently not supported for modification. "
            "Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT",
        ),
        ({"COLOUR": "é" * 2050}, INVALID, f"{UNABLE}s you have provided exceeded the 4KB limit. String measured: {{"),
    ],
)
def test_environment_variables_that_are_refused(create, unchecked, cloud, variables, code, message):
    settings = {"Environment": {"Variables": variables}}
    got = refusal(create, **settings)
    assert got[0] == code and message in got[1]
    create(Environment={"Variables": {"MODE": "dark"}})
    assert refusal(unchecked.update_function_configuration, FunctionName="app", Timeout=9, **settings) == got
    found = unchecked.get_function_configuration(FunctionName="app")
    assert (found["Environment"]["Variables"], found["Timeout"]) == ({"MODE": "dark"}, 3), "all of it or nothing"


def test_environment_variables_that_are_taken(create, unchecked):
    variables = {"COLOUR": "x" * 4000, "PATH": "/bin", "AWS_XRAY_CONTEXT_MISSING": "é\n"}
    assert create(Environment={"Variables": variables})["Environment"]["Variables"] == variables
    assert "Environment" not in unchecked.update_function_configuration(FunctionName="app", Environment={})


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"Handler": "app\0.handler"}, INVALID, "character"),
        ({"Handler": "app handler"}, "ValidationException", "'handler'"),
        ({"Handler": None}, INVALID, "Runtime and Handler are mandatory parameters"),
        ({"Runtime": None}, INVALID, "Runtime and Handler are mandatory parameters"),
        ({"Runtime": "python4"}, "ValidationException", "Value 'python4' at 'runtime'"),
        ({"Timeout": "30"}, "SerializationException", "timeout is a string"),
        ({"Timeout": 0}, "ValidationException", "'timeout'"),
        ({"Role": "shop"}, "ValidationException", "'role'"),
        ({"Role": None}, "ValidationException", "Value null at 'role'"),
        ({"FunctionName": "a b"}, "ValidationException", "Value 'a b' at 'functionName'"),
        ({"FunctionName": "app:live"}, INVALID, "no version and no alias"),
        ({"LoggingConfig": {"ApplicationLogLevel": "DEBUG"}}, INVALID, "LogLevel is not supported when LogFormat is"),
        ({"LoggingConfig": {"LogGroup": "a b"}}, "ValidationException", "'loggingConfig.logGroup'"),
    ],
)
def test_settings_that_are_refused(create, unchecked, changes, code, message):
    got = refusal(create, **changes)
    assert got[0] == code and message in got[1]
    assert unchecked.list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Runtime": "nodejs22.x"}, "the local cloud runs Python functions; app is nodejs22.x"),
        ({"Runtime": "provided.al2023"}, "the local cloud runs Python functions; app is provided.al2023"),
        (
            {"PackageType": "Image", "Code": {"ImageUri": "x.dkr.ecr.us-east-1.amazonaws.com/a:b"}, "Runtime": None},
            "the local cloud runs Python functions; app is a container image",
        ),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "LogFormat JSON is not offered"),
    ],
)
def test_what_is_not_offered_says_so_at_once(create, unchecked, changes, message):
    with pytest.raises(NotOffered, match=message):
        create(**changes)
    assert unchecked.list_functions()["Functions"] == []


def test_a_function_does_not_become_what_is_not_offered(create, unchecked, cloud, invoke):
    create()
    with pytest.raises(NotOffered, match="app is nodejs"):
        unchecked.update_function_configuration(FunctionName="app", Runtime="nodejs22.x")
    with pytest.raises(NotOffered, match="LogFormat JSON"):
        unchecked.update_function_configuration(FunctionName="app", LoggingConfig={"LogFormat": "JSON"})
    with pytest.raises(NotOffered, match="app is a container image"):
        unchecked.update_function_code(FunctionName="app", ImageUri="x.dkr.ecr.us-east-1.amazonaws.com/a:b")
    cloud.wait(5)
    unchecked.invoke(FunctionName="app", InvocationType="Event", Payload=b"1")
    cloud.wait(600)
    assert list(cloud.recorder.table("invoke")["outcome"]) == ["ok"]


def test_a_function_logs_to_the_group_that_was_asked_for(create, unchecked, cloud, invoke):
    created = create(LoggingConfig={"LogFormat": "Text", "LogGroup": "/shop/all"})
    assert created["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/shop/all"}
    cloud.wait(5)
    invoke()
    unchecked.update_function_configuration(FunctionName="app", LoggingConfig={"LogGroup": "/shop/other"})
    invoke()
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/shop/all", "/shop/other"]


# Whose function


ELSEWHERE = [
    (
        HERE.replace("us-east-1", "eu-west-1"),
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    ),
    (HERE.replace("123456789012", "210987654321"), "AccessDeniedException", "is not authorized to perform"),
    ("210987654321:function:app", "AccessDeniedException", "no resource-based policy allows it"),
]


@pytest.mark.parametrize(("name", "code", "message"), ELSEWHERE)
def test_functions_of_others_are_not_ours(create, unchecked, cloud, stream, name, code, message):
    source = stream()
    create()
    cloud.wait(5)
    for operation in (
        unchecked.invoke,
        unchecked.get_function,
        unchecked.get_function_configuration,
        unchecked.delete_function,
        unchecked.publish_version,
        unchecked.list_aliases,
    ):
        got = refusal(operation, FunctionName=name)
        assert got[0] == code and message in got[1]
    assert refusal(unchecked.update_function_configuration, FunctionName=name, Timeout=5)[0] == code
    assert refusal(unchecked.update_function_code, FunctionName=name, ZipFile=zipped(HANDLER))[0] == code
    assert refusal(create, FunctionName=name)[0] == code
    if name.startswith("arn:"):
        assert refusal(unchecked.list_tags, Resource=name)[0] == code
    mapping = {"EventSourceArn": source, "FunctionName": name, "StartingPosition": "LATEST"}
    assert refusal(unchecked.create_event_source_mapping, **mapping) == (INVALID, "Function does not exist")
    assert [function["Timeout"] for function in unchecked.list_functions()["Functions"]] == [3]


@pytest.mark.parametrize("name", ["app", HERE, "123456789012:function:app", f"{HERE}:$LATEST"])
def test_our_function_has_several_names(create, unchecked, cloud, name):
    if name.endswith("$LATEST"):
        create()
    else:
        assert create(FunctionName=name)["FunctionName"] == "app"
    cloud.wait(5)
    assert unchecked.get_function(FunctionName=name)["Configuration"]["FunctionName"] == "app"
    assert unchecked.invoke(FunctionName=name)["StatusCode"] == 200
    assert refusal(create, FunctionName="app")[0] == "ResourceConflictException"


@pytest.mark.parametrize("name", ["a b", "app:1:2", "app/1", "ä"])
def test_a_name_that_is_none(create, unchecked, name):
    create()
    for operation in (unchecked.invoke, unchecked.get_function):
        assert refusal(operation, FunctionName=name)[0] == "ValidationException"


# Requests


@pytest.mark.parametrize("payload", [DEEP, '{"a":' * 100_000, "NaN", "\udc80"])
@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_a_payload_that_is_no_json(deploy, lambda_, payload, kind):
    deploy(HANDLER)
    body = payload.encode(errors="surrogateescape")
    code, message = refusal(lambda_.invoke, FunctionName="app", InvocationType=kind, Payload=body)
    assert code == "InvalidRequestContentException"
    assert message.startswith("Could not parse request body into json")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/2015-03-31/functions"),
        ("PUT", "/2015-03-31/functions/app/configuration"),
        ("PUT", "/2015-03-31/functions/app/code"),
        ("POST", "/2015-03-31/functions/app/versions"),
        ("POST", "/2015-03-31/functions/app/policy"),
        ("PUT", "/2017-10-31/functions/app/concurrency"),
        ("POST", "/2015-03-31/event-source-mappings"),
        ("PUT", "/2015-03-31/event-source-mappings/a4a5d2f3-0000-4000-8000-000000000000"),
        ("POST", f"/2017-03-31/tags/{HERE}"),
    ],
)
@pytest.mark.parametrize("body", [DEEP, '{"Description":' * 100_000, "{", "[]", "\udc80", '{"Timeout": NaN}'])
def test_a_request_that_is_no_document(ask, create, method, path, body):
    create()
    answer = ask(method, path, body.encode(errors="surrogateescape"))
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "SerializationException")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("context", ["no base64!", "YQ", encoded("{"), encoded("[1]"), encoded(DEEP), encoded("7")])
def test_a_client_context_that_is_none(deploy, lambda_, context):
    deploy(HANDLER)
    assert refusal(lambda_.invoke, FunctionName="app", ClientContext=context) == (
        "InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.",
    )


def test_a_client_context(deploy, lambda_):
    deploy("def handler(event, context): return context.client_context.custom")
    answer = lambda_.invoke(FunctionName="app", ClientContext=encoded('{"custom": {"a": 1}}'))
    assert json.load(answer["Payload"]) == {"a": 1}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("%C2%B2", "SerializationException"),
        ("-1", "ValidationException"),
        ("1.5", "SerializationException"),
        ("9" * 5000, "SerializationException"),
        ("0", "ValidationException"),
        ("10001", "ValidationException"),
    ],
)
def test_a_page_that_has_no_size(ask, asked, code):
    answer = ask("GET", f"/2015-03-31/event-source-mappings?MaxItems={asked}")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, code)


@pytest.mark.parametrize("depth", [500, 900, 100_000])
@pytest.mark.parametrize(
    ("service", "target"),
    [
        ("kinesis", "Kinesis_20131202.ListStreams"),
        ("kinesis", "Kinesis_20131202.PutRecord"),
        ("dynamodb", "DynamoDB_20120810.ListTables"),
        ("logs", "Logs_20140328.DescribeLogGroups"),
    ],
)
def test_a_deep_request_to_another_service(cloud, service, target, depth):
    signature = f"AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/{service}/aws4_request"
    headers = {"authorization": signature, "x-amz-target": target, "content-type": "application/x-amz-json-1.0"}
    url = f"https://{service}.us-east-1.amazonaws.com/"

    def answer(depth: int) -> tuple[int, str]:
        body = '{"x":' * depth + "1" + "}" * depth
        response = cloud.emulator.switchboard.call(Request("POST", url, headers, body.encode()))
        return response.status, json.loads(response.body).get("__type", "")

    as_a_flat_one = answer(1)  # Pythons differ in how deep they follow
    assert answer(depth) in (as_a_flat_one, (400, "SerializationException"))
    assert depth < 100_000 or answer(depth) == (400, "SerializationException")


def test_a_deep_template(cloud):
    body = '{"Resources":' + '{"x":' * 1000 + "1" + "}" * 1001
    cloudformation = cloud.client("cloudformation")
    code, message = refusal(cloudformation.create_stack, StackName="shop", TemplateBody=body)
    assert (code, message) == ("SerializationException", "The request is nested too deeply.")
