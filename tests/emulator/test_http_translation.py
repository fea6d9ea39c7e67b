"""What clients of an endpoint send, as the services know it, and what these answer, as the clients need it."""

from __future__ import annotations

import pytest

from kinesis_lab.emulator.http_translation import PRESIGNABLE, translate_request, translate_response
from kinesis_lab.emulator.wire import AwsError, Request, Response


def scope(service: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=key/20260105/eu-west-1/{service}/aws4_request"


@pytest.mark.parametrize(
    ("authorization", "path", "region_and_service"),
    [
        (scope("kinesis"), "/", ("eu-west-1", "kinesis")),
        ("", "/shop?X-Amz-Credential=key%2F20260105%2Feu-west-1%2Fs3%2Faws4_request", ("eu-west-1", "s3")),
        ("", "/shop?AWSAccessKeyId=key&Signature=s", ("us-east-1", "s3")),
        ("AWS key:signature", "/shop", ("us-east-1", "s3")),
        ("", "/shop", ("", "")),
    ],
)
def test_a_request_is_for_the_service_of_its_signature(authorization, path, region_and_service):
    headers = {"authorization": authorization} if authorization else {}
    request = translate_request("GET", path, headers, b"", "us-east-1")
    assert request.scope == region_and_service
    assert request.url == f"http://127.0.0.1{path}"


@pytest.mark.parametrize("service", ["lambda", "kinesis", "iam", "cloudformation", "S3", "motoapi"])
def test_a_url_is_presigned_for_few_services(service):
    path = f"/?X-Amz-Credential=key/20260105/us-east-1/{service}/aws4_request"
    with pytest.raises(AwsError, match="Missing Authentication Token") as refused:
        translate_request("POST", path, {}, b"", "us-east-1")
    assert refused.value.status == 403
    for presignable in PRESIGNABLE:
        assert (
            translate_request("GET", path.replace(service, presignable), {}, b"", "us-east-1").scope[1] == presignable
        )


@pytest.mark.parametrize(
    "credential", ["[", "", "a/b", "k/20260105/[/s3/aws4_request", "k/20260105/x/s3#/aws4_request"]
)
def test_a_credential_that_names_no_service_is_refused(credential):
    for authorization, path in (
        (f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0", "/"),
        (f"Bearer Credential={scope('s3')}", "/"),
        ("", f"/?X-Amz-Credential={credential or 'x'}"),
    ):
        headers = {"authorization": authorization} if authorization else {}
        with pytest.raises(AwsError, match="IncompleteSignature: Credential must have exactly 5"):
            translate_request("GET", path.replace("#", "%23"), headers, b"", "us-east-1")


@pytest.mark.parametrize("host", ["motoapi.amazonaws.com", "workshop.example", "localhost.evil.example", "["])
def test_no_name_from_outside_tells_moto_a_service(host):
    headers = {"host": host, "authorization": scope("sqs")}
    request = translate_request("POST", "/moto-api/reset", headers, b"", "us-east-1")
    assert request.url == "http://127.0.0.1/moto-api/reset"


@pytest.mark.parametrize(
    ("service", "host", "url"),
    [
        ("s3", "shop.localhost:4566", "http://127.0.0.1/shop/a?x=1"),
        ("s3", "my.shop.s3.eu-west-1.localhost", "http://127.0.0.1/my.shop/a?x=1"),
        ("s3", "s3.localhost", "http://s3.localhost/a?x=1"),
        ("s3", "127.0.0.1:4566", "http://127.0.0.1:4566/a?x=1"),
        ("kinesis", "shop.localhost", "http://shop.localhost/a?x=1"),
    ],
)
def test_only_to_s3_the_host_may_name_a_bucket(service, host, url):
    headers = {"host": host, "authorization": scope(service)}
    assert translate_request("GET", "/a?x=1", headers, b"", "us-east-1").url == url
    assert headers["host"] == host


@pytest.mark.parametrize(
    ("service", "target", "body", "scheme"),
    [
        ("sqs", "AmazonSQS.GetQueueUrl", b"", b"http"),
        ("sqs", "", b"QueueName=q&Action=CreateQueue", b"http"),
        ("sqs", "AmazonSQS.ReceiveMessage", b"", b"https"),
        ("sns", "AmazonSQS.GetQueueUrl", b"", b"https"),
    ],
)
def test_the_urls_of_queues_lead_to_the_endpoint_and_nothing_else_is_changed(service, target, body, scheme):
    headers = {"host": "127.0.0.1:4566", "authorization": scope(service), "x-amz-target": target}
    response = Response(200, {}, b'["https://127.0.0.1:4566/123456789012/q", "https://elsewhere/1/q"]')
    translated = translate_response(Request("POST", "http://127.0.0.1:4566/", headers, body), response)
    assert translated.body == b'["%b://127.0.0.1:4566/123456789012/q", "https://elsewhere/1/q"]' % scheme
