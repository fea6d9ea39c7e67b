"""Requests are read by botocore's model of their service, wherever a member stands."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kinesis_lab.emulator.protocols import Call, call_of, rest_call, rest_request
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import AwsError, Request

FUNCTIONS = "/2015-03-31/functions"


def asked(service: str, method: str, path: str, body: bytes = b"", **headers: str) -> Request:
    scope = f"AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/{service}/aws4_request"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"https://{service}.us-east-1.amazonaws.com{path}"
    return Request(method, url, {**named, "authorization": scope}, body)


def call(request: Request) -> Call:
    found = call_of(request)
    assert found is not None
    return found


def test_members_in_path_query_headers_and_body():
    request = asked(
        "lambda",
        "POST",
        f"{FUNCTIONS}/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Abook/invocations?Qualifier=live",
        b"[1]",
        x_amz_log_type="Tail",
    )
    found = call(request)
    assert found.operation == "Invoke"
    assert found.members == {
        "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:book",
        "Qualifier": "live",
        "LogType": "Tail",
        "Payload": b"[1]",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-1", -1), ("five", "five"), ("1.5", "1.5"), ("", ""), ("9" * 5_000, "9" * 5_000)],
)
def test_a_number_in_the_query_is_one_or_stays_a_text(text, value):
    assert call(asked("lambda", "GET", f"{FUNCTIONS}?MaxItems={text}")).members == {"MaxItems": value}


def test_many_values_of_one_name_are_a_list():
    found = call(asked("lambda", "DELETE", "/2017-03-31/tags/arn?tagKeys=a&tagKeys=b"))
    assert found.members == {"Resource": "arn", "TagKeys": ["a", "b"]}


@pytest.mark.parametrize("path", ["/", "/nothing", f"{FUNCTIONS}//configuration", f"{FUNCTIONS}/a/b/c", "/%00"])
def test_a_path_that_means_nothing(path):
    assert rest_call("lambda", asked("lambda", "GET", path)) is None


def test_a_request_is_written_again_without_what_the_model_lacks():
    package = base64.b64encode(b"zip").decode()
    body = json.dumps({"ZipFile": package, "Odd": {"a": 1}, "S3Key": None}).encode()
    request = asked("lambda", "PUT", f"{FUNCTIONS}/book/code/?Odd=1", body, x_odd="1")
    found = rest_call("lambda", request)
    assert found is not None
    again = rest_request("lambda", found.operation, validate("lambda", found.operation, found.members), request)
    assert again.url == f"https://lambda.us-east-1.amazonaws.com{FUNCTIONS}/book/code"
    assert json.loads(again.body) == {"ZipFile": package}
    assert again.scope == request.scope and "x-odd" not in again.headers


@pytest.mark.parametrize(
    ("method", "path", "headers", "operation"),
    [
        ("GET", "/store", {}, "ListObjects"),
        ("GET", "/store?list-type=2", {}, "ListObjectsV2"),
        ("GET", "/store?acl", {}, "GetBucketAcl"),
        ("GET", "/store/a/b", {}, "GetObject"),
        ("GET", "/store/a/b?uploadId=1", {}, "ListParts"),
        ("DELETE", "/store/a", {}, "DeleteObject"),
        ("PUT", "/store/a", {"x_amz_copy_source": "store/b"}, "CopyObject"),
        ("PUT", "/store/a", {}, "PutObject"),
        ("PUT", "/store?lifecycle", {}, "PutBucketLifecycleConfiguration"),
    ],
)
def test_operations_of_one_path_are_told_apart(method, path, headers, operation):
    assert call(asked("s3", method, path, **headers)).operation == operation


def test_a_bucket_in_the_host_is_as_one_in_the_path():
    request = asked("s3", "GET", "/box")._replace(url="https://store.s3.us-east-1.amazonaws.com/box")
    assert call(request).members == {"Bucket": "store", "Key": "box"}


@pytest.mark.parametrize(
    ("service", "form", "members"),
    [
        (
            "sns",
            "Action=Subscribe&TopicArn=t&Attributes.entry.1.key=a&Attributes.entry.1.value=b&ReturnSubscriptionArn=true",
            {"TopicArn": "t", "Attributes": {"a": "b"}, "ReturnSubscriptionArn": True},
        ),
        ("iam", "Action=CreateRole&Tags.member.1.Key=a&Tags.member.2.Key=b", {"Tags": [{"Key": "a"}, {"Key": "b"}]}),
        ("iam", "Action=ListRoles&MaxItems=many", {"MaxItems": "many"}),
        ("ec2", "Action=RunInstances&MinCount=1&SecurityGroup.1=a", {"MinCount": 1, "SecurityGroup": ["a"]}),
    ],
)
def test_forms(service: str, form: str, members: dict[str, Any]):
    request = asked(service, "POST", "/", form.encode(), content_type="application/x-www-form-urlencoded")
    found = call(request)
    assert found.members == members


def test_xml():
    body = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    found = call(asked("s3", "PUT", "/store?tagging", body))
    assert found.members == {"Bucket": "store", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}


@pytest.mark.parametrize("body", [b"<Tagging>", b"\xff", b"<" + b"a" * 10, b'<!DOCTYPE x [<!ENTITY a "b">]><Tagging/>'])
def test_xml_that_is_none(body):
    with pytest.raises(AwsError, match="MalformedXML"):
        call_of(asked("s3", "PUT", "/store?tagging", body))


@pytest.mark.parametrize(
    ("service", "headers"), [("nothing", {}), ("sqs", {"x_amz_target": "AmazonSQS.Nothing"}), ("sns", {}), ("", {})]
)
def test_what_no_model_describes_is_not_read(service, headers):
    assert call_of(asked(service, "POST", "/", b"{}", **headers)) is None
