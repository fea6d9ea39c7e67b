"""A closed cloud is closed: for its own object, for clients that kept their connection, and for moto around it."""

from __future__ import annotations

import http.client
import threading

import boto3
import pytest
from moto import mock_aws

from kinesis_lab.cloud import CloudError
from kinesis_lab.testing import fresh_cloud

SQS = {
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/sqs/aws4_request",
    "x-amz-target": "AmazonSQS.CreateQueue",
    "content-type": "application/x-amz-json-1.0",
}


def test_what_would_let_time_pass_or_serve_it_is_refused():
    with fresh_cloud() as cloud:
        emulator = cloud.emulator
    for use in (lambda: cloud.wait(1), lambda: cloud.api_url("x", "prod"), lambda: cloud.client("kinesis")):
        with pytest.raises(CloudError, match="this local cloud is closed: open another one"):
            use()
    for use in (lambda: emulator.clock.advance(1), emulator.address, lambda: emulator.clock.complete(iter(()))):
        with pytest.raises(RuntimeError, match="the local cloud is closed"):
            use()


@pytest.mark.parametrize("speed", [None, 100])
def test_a_client_that_keeps_its_connection_alive_is_hung_up_on(speed):
    """It must not reach what stands in the cloud's place afterwards."""
    before = threading.active_count()
    with mock_aws():
        with fresh_cloud(speed=speed) as cloud:
            connection = http.client.HTTPConnection(cloud.emulator.address().removeprefix("http://"), timeout=5)
            connection.request("POST", "/", b'{"QueueName": "one"}', SQS)
            assert connection.getresponse().read()
        connection.auto_open = 0  # the same connection, or none
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.request("POST", "/", b'{"QueueName": "two"}', SQS)
            connection.getresponse()
        assert "QueueUrls" not in boto3.client("sqs", "us-east-1").list_queues()
    assert threading.active_count() <= before
