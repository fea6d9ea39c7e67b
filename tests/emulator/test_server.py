"""The local cloud through HTTP, as clients of other processes see it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.config import Config

from kinesis_lab.emulator import server
from kinesis_lab.emulator.admission import Allowed
from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService
from kinesis_lab.emulator.local import LocalCloud
from kinesis_lab.emulator.server import endpoint

CLIENT = """
import boto3, json, sys
address = sys.argv[1]
def client(service):
    return boto3.client(service, endpoint_url=address, region_name="us-east-1",
                        aws_access_key_id="local", aws_secret_access_key="local")
"""


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    opened = LocalCloud(speed=200)
    yield opened
    opened.close()


@pytest.fixture
def address(cloud: LocalCloud) -> Iterator[str]:
    with endpoint(cloud) as where:
        yield where


def until(condition: Callable[[], Any]) -> Any:
    """The condition's answer as soon as it is true."""
    deadline = time.monotonic() + 20
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)
    return answer


def run(address: str, source: str) -> object:
    """What a client in a process of its own prints, as JSON."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    finished = subprocess.run(
        [sys.executable, "-c", CLIENT + source, address], capture_output=True, text=True, env=environment, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_it_listens_on_loopback_only(address):
    assert address.startswith("http://127.0.0.1:")


def test_records_go_in_and_come_out(address):
    read = run(
        address,
        """
kinesis = client("kinesis")
kinesis.create_stream(StreamName="orders", ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 1})
kinesis.put_records(StreamName="orders", Records=[{"Data": b"caf\\xc3\\xa9", "PartitionKey": str(i)} for i in range(9)])
shard = kinesis.list_shards(StreamName="orders")["Shards"][0]["ShardId"]
iterator = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
print(json.dumps([record["Data"].decode() for record in records]))
""",
    )
    assert read == ["café"] * 9


def test_pushed_records_arrive_as_they_are_put(address):
    events = run(
        address,
        """
kinesis = client("kinesis")
kinesis.create_stream(StreamName="orders", ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 1})
arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="dashboard")["Consumer"]["ConsumerARN"]
while kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
    pass
subscription = kinesis.subscribe_to_shard(
    ConsumerARN=consumer, ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"})
kinesis.put_record(StreamName="orders", Data=b"now", PartitionKey="k")
for event in subscription["EventStream"]:
    if event["SubscribeToShardEvent"]["Records"]:
        print(json.dumps([r["Data"].decode() for r in event["SubscribeToShardEvent"]["Records"]]))
        break
""",
    )
    assert events == ["now"]


def test_errors_are_errors_of_aws(address):
    assert run(
        address,
        """
try:
    client("kinesis").describe_stream(StreamName="nowhere")
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
""",
    ) == [
        "ResourceNotFoundException",
        "An error occurred (ResourceNotFoundException) when calling the DescribeStream operation: "
        "Stream nowhere under account 123456789012 not found.",
    ]


def test_services_of_moto_answer_too(address):
    assert run(
        address,
        """
client("sqs").create_queue(QueueName="failed")
client("iam").create_role(RoleName="shop", AssumeRolePolicyDocument="{}")
table = client("dynamodb").create_table(TableName="t", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}])
bucket = client("s3").create_bucket(Bucket="shop")
client("s3").put_object(Bucket="shop", Key="a/b", Body=b"x")
print(json.dumps([client("sqs").list_queues()["QueueUrls"][0].rpartition("/")[2],
    client("iam").list_roles()["Roles"][0]["RoleName"], client("dynamodb").list_tables()["TableNames"],
    client("s3").list_objects_v2(Bucket="shop")["Contents"][0]["Key"],
    client("sts").get_caller_identity()["Account"]]))
""",
    ) == ["failed", "shop", ["t"], "a/b", "123456789012"]


def test_a_request_that_is_nobodys_is_refused_calmly(address):
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(f"{address}/nothing")


def test_a_request_without_a_length_is_refused(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    connection.request("POST", "/", body=iter([b"{}"] * 100), encode_chunked=True)
    assert connection.getresponse().status == 411


def test_a_client_that_goes_on_talking_hears_that_it_was_refused(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/")
    connection.putheader("transfer-encoding", "chunked")
    connection.endheaders()
    connection.sock.recv(1, socket.MSG_PEEK)  # the answer is there
    connection.send(b"1\r\nx\r\n" * 1000)
    connection.send(b"0\r\n\r\n")
    assert connection.getresponse().status == 411


def lines(address: str) -> http.client.HTTPConnection:
    """A connection of its own, kept open."""
    return http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)


def signed(service: str, **headers: str) -> dict[str, str]:
    """The headers of a request to a service, as far as the local cloud looks at them."""
    scope = f"AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/{service}/aws4_request, Signature=0"
    return {"Authorization": scope, **headers}


def call(line: http.client.HTTPConnection, target: str, document: object) -> object:
    """What an operation of Kinesis answers."""
    headers = signed("kinesis", **{"X-Amz-Target": f"Kinesis_20131202.{target}"})
    line.request("POST", "/", json.dumps(document), headers)
    answer = line.getresponse()
    assert answer.status == 200
    return json.loads(answer.read() or "{}")


def health(address: str) -> str:
    """The status that the endpoint says it has; empty while it is not well."""
    try:
        with urllib.request.urlopen(f"{address}/_health") as answer:
            return str(json.load(answer)["status"])
    except urllib.error.HTTPError:
        return ""


# What a connection bears


def test_one_connection_carries_all_kinds_of_answers(address):
    line = lines(address)
    for method, path, body, status, length in (
        ("PUT", "/shop", None, 200, None),
        ("PUT", "/shop/a", b"12345", 200, None),
        ("HEAD", "/shop/a", None, 200, "5"),
        ("HEAD", "/shop/none", None, 404, None),
        ("GET", "/shop/a", None, 200, "5"),
        ("DELETE", "/shop/a", None, 204, None),
        ("GET", "/shop/a", None, 404, None),
    ):
        line.request(method, path, body, signed("s3"))
        connected, answer = line.sock, line.getresponse()
        read = answer.read()
        assert (answer.status, line.sock) == (status, connected), (method, path)
        assert length is None or answer.getheader("content-length") == length
        assert (answer.status == 204) == (answer.getheader("content-length") is None)
        assert read or method != "GET"


def test_half_a_request_is_not_carried_out(address):
    line = lines(address)
    line.request("PUT", "/shop", None, signed("s3"))
    line.getresponse().read()
    with socket.create_connection((line.host, line.port)) as torn:
        scope = signed("s3")["Authorization"]
        torn.sendall(f"PUT /shop/a HTTP/1.1\r\nAuthorization: {scope}\r\nContent-Length: 9\r\n\r\n123".encode())
        torn.shutdown(socket.SHUT_WR)
        assert torn.recv(1) == b""
    line.request("GET", "/shop/a", None, signed("s3"))
    assert line.getresponse().status == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
        (b"PROPFIND / HTTP/1.1\r\n\r\n", b"501"),
        (b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", b"501"),
    ],
)
def test_nonsense_is_answered_in_a_line_and_printed_nowhere(address, sent, status, capfd):
    line = lines(address)
    with socket.create_connection((line.host, line.port), timeout=10) as client:
        client.sendall(sent)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert status in answer
    with urllib.request.urlopen(f"{address}/_health") as health:
        assert health.status == 200
    assert capfd.readouterr() == ("", "")


def test_a_client_that_leaves_a_stream_is_printed_nowhere(address, capfd):
    line = lines(address)
    call(line, "CreateStream", {"StreamName": "orders", "ShardCount": 1})
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
    until(lambda: call(line, "ListShards", {"StreamName": "orders"})["Shards"])
    until(lambda: _active(call(line, "DescribeStreamSummary", {"StreamName": "orders"})["StreamDescriptionSummary"]))
    made = call(line, "RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "c"})["Consumer"]["ConsumerARN"]
    until(lambda: _active(call(line, "DescribeStreamConsumer", {"ConsumerARN": made})["ConsumerDescription"]))
    subscribe = {"ConsumerARN": made, "ShardId": "shardId-000000000000", "StartingPosition": {"Type": "LATEST"}}
    leaver = lines(address)
    headers = signed("kinesis", **{"X-Amz-Target": "Kinesis_20131202.SubscribeToShard"})
    leaver.request("POST", "/", json.dumps(subscribe), headers)
    answer = leaver.getresponse()
    assert answer.read(8)
    threads = sum("process_request_thread" in thread.name for thread in threading.enumerate())
    answer.close()
    leaver.close()
    until(lambda: sum("process_request_thread" in t.name for t in threading.enumerate()) < threads)
    assert capfd.readouterr() == ("", "")


def _active(document: dict[str, str]) -> bool:
    return "ACTIVE" in (document.get("StreamStatus"), document.get("ConsumerStatus"))


# Many at once


def test_many_clients_at_once_are_all_heard(address):
    first = lines(address)
    call(first, "CreateStream", {"StreamName": "orders", "ShardCount": 1})
    until(lambda: _active(call(first, "DescribeStreamSummary", {"StreamName": "orders"})["StreamDescriptionSummary"]))

    def put(name: int) -> list[object]:
        line = lines(address)
        return [
            call(line, "PutRecord", {"StreamName": "orders", "Data": "eA==", "PartitionKey": f"{name}-{i}"})
            for i in range(5)
        ]

    with ThreadPoolExecutor(64) as clients:
        answers = [answer["SequenceNumber"] for answers in clients.map(put, range(64)) for answer in answers]
    start = {"StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = call(first, "GetShardIterator", start)["ShardIterator"]
    records = call(first, "GetRecords", {"ShardIterator": iterator})["Records"]
    assert [record["SequenceNumber"] for record in records] == sorted(answers, key=int)
    assert {record["PartitionKey"] for record in records} == {f"{name}-{i}" for name in range(64) for i in range(5)}


def test_clients_have_their_turn_though_the_cloud_cannot_keep_up(cloud, address):
    def busy():
        while True:
            yield cloud.clock.timeout(0.001)
            deadline = time.perf_counter() + 0.001  # 200 times as long as it has
            while time.perf_counter() < deadline:
                pass

    with cloud.clock.lock:
        cloud.clock.start(busy())
    line, began = lines(address), time.monotonic()
    for _ in range(5):
        line.request("GET", "/shop", None, signed("s3"))
        assert line.getresponse().read()
    assert time.monotonic() - began < 10


def test_an_answer_does_not_wait_for_what_comes_after_it(cloud, address):
    """A function that computes stops time, but not the answer to the client that has started it."""
    reached, go_on = threading.Event(), threading.Event()

    def hold():
        yield cloud.clock.timeout(0.001)
        reached.set()
        go_on.wait(20)

    def steps():
        yield cloud.clock.timeout(0)
        cloud.clock.start(hold())
        return "answer"

    began = time.monotonic()
    assert cloud.clock.complete(steps()) == "answer"
    assert reached.wait(10)
    with pytest.raises(urllib.error.HTTPError, match="503") as busy:  # others would wait, and are told so
        urllib.request.urlopen(f"{address}/_health", timeout=10)
    assert json.load(busy.value)["status"] == "busy"
    assert time.monotonic() - began < 15
    go_on.set()
    assert until(lambda: health(address)) == "ok"


# Faults


def test_a_fault_is_heard_by_the_one_who_caused_it(address, capfd):
    line = lines(address)
    line.request("GET", "/2015-03-31/nothing", None, signed("lambda"))
    answer = line.getresponse()
    assert (answer.status, answer.getheader("x-amzn-errortype")) == (501, "NotImplemented")
    assert "does not offer lambda" in json.load(answer)["message"]
    assert call(line, "ListStreams", {})["StreamNames"] == []
    assert capfd.readouterr() == ("", "")


def test_a_fault_of_the_emulator_is_an_internal_failure(cloud, address, capfd, monkeypatch):
    def faulty(_self, _name, _document):
        raise LookupError("a bug")

    line = lines(address)
    with monkeypatch.context() as patch:
        patch.setattr(KinesisService, "carry_out", faulty)
        line.request("POST", "/", b"{}", signed("kinesis", **{"X-Amz-Target": "Kinesis_20131202.ListStreams"}))
        answer = line.getresponse()
        assert (answer.status, answer.getheader("x-amzn-errortype")) == (500, "InternalFailure")
        assert "a bug" not in answer.read().decode()
    assert "LookupError: a bug" in capfd.readouterr().err
    assert call(line, "ListStreams", {})["StreamNames"] == []


@pytest.mark.parametrize(
    ("service", "content_type", "begins"),
    [
        ("braket", "application/json", b'{"__type": "NotImplemented", "message": "the local cloud does not offer'),
        ("nowhere", "application/x-www-form-urlencoded", b"<ErrorResponse><Error><Code>NotImplemented</Code>"),
    ],
)
def test_a_service_that_is_not_offered_says_so_in_its_own_form(address, service, content_type, begins):
    line = lines(address)
    line.request("POST", "/", b"{}", signed(service, **{"Content-Type": content_type}))
    answer = line.getresponse()
    assert answer.status == 501
    assert answer.read().startswith(begins)


def test_a_fault_that_nobody_waits_for_is_printed_and_time_goes_on(cloud, address, capfd):
    def faulty():
        yield cloud.clock.timeout(1)
        raise LookupError("a bug")

    with cloud.clock.lock:
        cloud.clock.start(faulty())
    line, printed = lines(address), []

    def told() -> bool:
        line.request("GET", "/shop", None, signed("s3"))
        answer = line.getresponse()
        assert answer.read() and answer.status == 404  # no such bucket: the fault is none of this client's
        printed.append(capfd.readouterr().err)
        return "LookupError: a bug" in "".join(printed)

    until(told)
    assert call(line, "ListStreams", {})["StreamNames"] == []


# Addresses


def test_the_address_of_a_queue_leads_back_here(address):
    line = lines(address)
    kind = {"Content-Type": "application/x-amz-json-1.0"}
    line.request("POST", "/", b'{"QueueName":"q"}', signed("sqs", **{"X-Amz-Target": "AmazonSQS.CreateQueue"}, **kind))
    url = json.load(line.getresponse())["QueueUrl"]
    assert url == f"{address}/123456789012/q"
    body = json.dumps({"QueueUrl": url, "MessageBody": "https://127.0.0.1/"})
    line.request("POST", "/", body, signed("sqs", **{"X-Amz-Target": "AmazonSQS.SendMessage"}, **kind))
    assert json.load(line.getresponse())["MessageId"]


@pytest.mark.parametrize("host", ["shop.localhost", "shop.s3.localhost:4566", "shop.s3.us-east-1.localhost"])
def test_a_bucket_may_be_named_in_the_host(address, host):
    line = lines(address)
    line.request("PUT", "/", None, signed("s3", Host=host))
    line.getresponse().read()
    line.request("PUT", "/a", b"x", signed("s3", Host=host))
    line.getresponse().read()
    line.request("GET", "/shop/a", None, signed("s3"))
    assert line.getresponse().read() == b"x"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_needs_no_more(address, version):
    settings = Config(signature_version=version, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=address, config=settings, **keys)
    for operation, bucket in (("create_bucket", {"Bucket": "shop"}), ("put_object", {"Bucket": "shop", "Key": "a"})):
        url = s3.generate_presigned_url(operation, Params=bucket)
        urllib.request.urlopen(urllib.request.Request(url, data=b"", method="PUT")).read()
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": "a"})) as got:
        assert got.status == 200


# Who may come in


def test_moto_is_no_service(cloud):
    """By no host name and no signature anybody gets at moto's own API, not even when its name is allowed."""
    name = "motoapi.amazonaws.com"
    with endpoint(cloud, allowed=Allowed(hosts=frozenset({name}))) as address:
        line = lines(address)
        line.request("PUT", "/shop", None, signed("s3"))
        line.getresponse().read()
        for headers in ({}, signed("s3"), signed("motoapi"), signed("moto-api"), signed("sts")):
            for path in ("/moto-api/reset", "/moto-api/data.json"):
                line.request("POST", path, None, {**headers, "Host": name})
                answer = line.getresponse()
                assert b"ok" not in answer.read() and answer.status >= 400
        line.request("GET", "/", None, signed("s3"))
        assert b"<Name>shop</Name>" in line.getresponse().read()


def test_an_allowed_origin_may_ask_first_and_read_what_comes(cloud):
    shop = "http://localhost:3000"
    with endpoint(cloud, allowed=Allowed(origins=frozenset({shop}))) as address:
        line = lines(address)
        line.request("OPTIONS", "/", None, {"Origin": shop, "Access-Control-Request-Method": "POST"})
        answer = line.getresponse()
        assert (answer.status, answer.getheader("access-control-allow-methods"), answer.read()) == (204, "POST", b"")
        for path, status in (("/", 200), ("/none", 404)):
            line.request("GET", path, None, {**signed("s3"), "Origin": shop})
            answer = line.getresponse()
            answer.read()
            assert (answer.status, answer.getheader("access-control-allow-origin")) == (status, shop)
        line.request("GET", "/", None, signed("s3"))
        answer = line.getresponse()
        assert answer.read() and answer.getheader("access-control-allow-origin") is None
        line.request("OPTIONS", "/", None, {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"})
        assert line.getresponse().status == 403


def test_a_notebooks_endpoint_lets_no_page_in(cloud):
    line = lines(cloud.address())
    line.request("GET", "/", None, {**signed("s3"), "Origin": "http://page.example"})
    assert line.getresponse().status == 403


@pytest.mark.parametrize("name", ["response-content-type", "response-content-disposition", "response-cache-control"])
@pytest.mark.parametrize("end", ["%0d%0a", "%0a", "%0d", "%00", "%0d%0a%20"])
def test_no_header_is_injected(address, name, end):
    line = lines(address)
    for path, body in (("/shop", None), ("/shop/a", b"x")):
        line.request("PUT", path, body, signed("s3"))
        line.getresponse().read()
    line.request("GET", f"/shop/a?{name}=text/plain{end}X-Injected:%20yes{end}{end}body", None, signed("s3"))
    answer = line.getresponse()
    assert answer.status in (200, 400)
    assert answer.getheader("x-injected") is None
    assert answer.read() == b"x" or answer.status == 400


# Clients that take their time


def left() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_a_head_that_does_not_end_is_waited_for_so_long_only(address, sent, monkeypatch, capfd):
    monkeypatch.setattr(server, "MOST_FOR_HEAD", 0.2)
    line = lines(address)
    with socket.create_connection((line.host, line.port), timeout=20) as slow:
        slow.sendall(sent)
        assert call(lines(address), "ListStreams", {})["StreamNames"] == []
        assert slow.recv(1) == b""  # hung up
    until(lambda: not left())
    assert capfd.readouterr() == ("", "")


def test_a_head_that_comes_byte_by_byte_has_no_more_time(address, monkeypatch):
    monkeypatch.setattr(server, "MOST_FOR_HEAD", 0.2)
    line = lines(address)
    with socket.create_connection((line.host, line.port), timeout=20) as slow, pytest.raises(ConnectionError):
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(2000):
            slow.sendall(b"x")
            threading.Event().wait(0.01)  # `time.sleep` is virtual while a cloud is open


@pytest.mark.parametrize("sent", [b"", b"1234"])
def test_a_body_that_does_not_come_is_waited_for_so_long_only(address, sent, monkeypatch, capfd):
    monkeypatch.setattr(server, "MOST_SILENCE", 0.2)
    line = lines(address)
    with socket.create_connection((line.host, line.port), timeout=20) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n" + sent)
        assert slow.recv(1) == b""
    until(lambda: not left())
    assert capfd.readouterr() == ("", "")


def test_an_answer_that_is_not_read_is_held_so_long_only(address, monkeypatch, capfd):
    line = lines(address)
    for path, body in (("/shop", None), ("/shop/a", b"x" * 20_000_000)):
        line.request("PUT", path, body, signed("s3"))
        line.getresponse().read()
    line.close()
    until(lambda: not left())
    monkeypatch.setattr(server, "MOST_SILENCE", 0.2)
    with socket.create_connection((line.host, line.port), timeout=20) as deaf:
        deaf.sendall(f"GET /shop/a HTTP/1.1\r\nAuthorization: {signed('s3')['Authorization']}\r\n\r\n".encode())
        until(left)
        until(lambda: not left())
    assert capfd.readouterr() == ("", "")


def test_a_client_may_be_silent_between_requests(address, monkeypatch):
    monkeypatch.setattr(server, "MOST_FOR_HEAD", 0.1)
    monkeypatch.setattr(server, "MOST_SILENCE", 0.1)
    line = lines(address)
    assert call(line, "ListStreams", {})["StreamNames"] == []
    kept = line.sock
    with socket.create_connection((line.host, line.port), timeout=20) as slow:
        slow.sendall(b"G")
        assert slow.recv(1) == b""  # longer than either has passed
    assert call(line, "ListStreams", {})["StreamNames"] == []
    assert line.sock is kept


def test_whoever_has_asked_nothing_for_longest_makes_room(address, monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 8)
    line = lines(address)
    idle = [socket.create_connection((line.host, line.port), timeout=20) for _ in range(20)]
    for each in idle[::2]:
        with suppress(ConnectionError):
            each.sendall(b"GET / HTTP/1.1\r\n")
    for _ in range(3):
        assert call(lines(address), "ListStreams", {})["StreamNames"] == []
    assert idle[0].recv(1) == b""
    for each in idle:
        each.close()
    until(lambda: not left())


def test_a_length_asks_for_no_memory(address):
    import psutil

    line, before = lines(address), psutil.Process().memory_info().vms
    with socket.create_connection((line.host, line.port), timeout=20) as torn:
        torn.sendall(f"POST / HTTP/1.1\r\nContent-Length: {server.MOST_BYTES}\r\n\r\nx".encode())
        assert call(lines(address), "ListStreams", {})["StreamNames"] == []
        assert psutil.Process().memory_info().vms - before < server.MOST_BYTES / 2
