"""A handler is fed: what the run knows, and what its assertions say when they fail."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.wire import LATENCY
from kinesis_lab.testing import Fault, Run, feed, refuse_calls

BOOK = """
    import base64, json
    def handler(event, context):
        for record in event["Records"]:
            order = json.loads(base64.b64decode(record["kinesis"]["data"]))
            {work}
            print("booked", order["ID"])
"""
ORDERS = [{"ID": number, "WHO": f"customer {number % 3}"} for number in range(30)]


@pytest.fixture
def book(tmp_path: Path):
    """The file of a handler that does this with each `order`."""

    def book(work: str = "pass") -> Path:
        file = tmp_path / "book.py"
        file.write_text(textwrap.dedent(BOOK).replace("{work}", work), encoding="utf-8")
        return file

    return book


def booked(run: Run) -> list[int]:
    return [int(line.split()[1]) for line in run.lines if line.startswith("booked ")]


def refusal(assertion, *arguments, **named) -> str:
    with pytest.raises(AssertionError) as refused:
        assertion(*arguments, **named)
    return str(refused.value)


# What a run knows


def test_all_is_well(local_cloud: Cloud, book):
    run = feed(local_cloud, book(), ORDERS, key="WHO", shards=2, BatchSize=5)
    assert run.fates == {"processed": 30}
    assert sorted(booked(run)) == list(range(30))
    assert [each.thing for each in run.sent] == ORDERS
    assert {each.key for each in run.sent} == {"customer 0", "customer 1", "customer 2"}
    assert sum(entry.records for entry in run.invocations) == 30
    run.assert_nothing_lost()
    run.assert_no_duplicates()
    run.assert_nothing_lost(booked(run), by="ID")
    run.assert_no_duplicates(booked(run), by="ID")
    run.assert_in_order(booked(run), by="ID")
    run.assert_invocations(at_most=len(run.invocations))


def test_things_become_records(local_cloud: Cloud, tmp_path: Path):
    (tmp_path / "show.py").write_text(
        "def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        print(record['kinesis']['partitionKey'], record['kinesis']['data'])\n"
    )
    things = [{"Ë": 1}, "Zoë", b"\xff", 7, {"Data": b"", "PartitionKey": "own"}, {"Data": "ö", "PartitionKey": "own"}]
    run = feed(local_cloud, tmp_path / "show.py", things, key=lambda thing: f"key-{things.index(thing)}")
    assert run.lines == ["key-0 eyLDiyI6IDF9", "key-1 Wm/Dqw==", "key-2 /w==", "key-3 Nw==", "own ", "own w7Y="]
    with pytest.raises(ValueError, match="what is the partition key of 'Zoë'"):
        feed(local_cloud, tmp_path / "show.py", ["Zoë"], name="again")


def test_every_record_is_found_where_it_went(local_cloud: Cloud, book):
    """Also when somebody else writes into the same stream, and after a split."""
    run = feed(local_cloud, book(), ORDERS[:10], key="WHO", seconds=5)
    kinesis = local_cloud.client("kinesis")
    kinesis.put_record(StreamName="book", Data=json.dumps({"ID": -1}), PartitionKey="foreign")
    kinesis.update_shard_count(StreamName="book", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    local_cloud.wait(60)
    run.put(ORDERS[10:], per_second=7)
    local_cloud.wait(60)
    (first,) = kinesis.list_shards(StreamName="book", MaxResults=1)["Shards"]
    assert [each.where for each in run.sent[:10]] == [(first["ShardId"], place) for place in range(10)]
    streams = local_cloud.emulator.switchboard.kinesis("us-east-1").region.streams
    shards = {shard.id: shard for shard in streams["book"].shards}
    assert [json.loads(shards[each.shard].at(each.place).data) for each in run.sent] == ORDERS
    assert len(run.table) == 31
    run.assert_in_order(booked(run), by="ID")


def test_all_of_it_goes_in_whatever_it_weighs(local_cloud: Cloud, tmp_path: Path):
    (tmp_path / "idle.py").write_text("def handler(event, context): pass")
    things = [str(number) * size for number, size in enumerate([10, 400_000, 700_000, 1_000_000, 10, 900_000])]
    run = feed(local_cloud, tmp_path / "idle.py", things, key=lambda thing: "k")
    assert [each.place for each in run.sent] == list(range(6))
    run.assert_nothing_lost()


def test_so_many_in_a_second(local_cloud: Cloud, book):
    run = feed(local_cloud, book(), ORDERS, key="WHO", per_second=10)
    at = sorted(set(local_cloud.recorder.table("put")["at"].round()))
    assert len(at) == 3 and at[2] - at[0] == 2
    for wrong in (0, 501):
        with pytest.raises(ValueError, match="per_second must be from 1 to 500"):
            run.put(ORDERS, per_second=wrong)


def test_two_functions_in_one_cloud(local_cloud: Cloud, book):
    one = feed(local_cloud, book(), ORDERS, key="WHO", faults={0: Fault(times=None)}, MaximumRetryAttempts=0)
    other = feed(local_cloud, book(), ORDERS, key="WHO", name="other")
    assert one.fates == {"dropped": 30} and other.fates == {"processed": 30}


# What assertions say


def test_what_is_lost_on_the_way(local_cloud: Cloud, book):
    work = 'if order["ID"] == 7: raise ValueError("number 7 is no good")'
    run = feed(local_cloud, book(work), ORDERS, key="WHO", BatchSize=10, MaximumRetryAttempts=2)
    assert refusal(run.assert_nothing_lost).splitlines() == [
        "lost: 10 of 30 records",
        *(
            f"  {ORDERS[place]}, key 'customer {place % 3}', place {place} of shardId-000000000000: "
            "delivered 3 times, dropped (RetryAttemptsExhausted)"
            for place in range(5)
        ),
        "  … and 5 more",
        "the mapping of book: BatchSize=10, MaximumRetryAttempts=2, defaults for the rest",
        "5 invocations, 3 of them failed",
        "the first error in the log: [ERROR] ValueError: number 7 is no good",
    ]
    assert refusal(run.assert_nothing_lost, booked(run), by="ID").startswith("not seen: 3 of 30 records\n")
    assert refusal(run.assert_no_duplicates).startswith("delivered more than once: 10 of 30 records\n")


def test_what_still_waits_is_lost(local_cloud: Cloud, book):
    run = feed(local_cloud, book("raise OSError"), ORDERS[:1], key="WHO", seconds=60)
    assert re.search(r"place 0 of .*: delivered \d+ times, waiting\n", refusal(run.assert_nothing_lost))
    assert "the mapping of book: nothing chosen, defaults for the rest" in refusal(run.assert_nothing_lost)


def test_what_was_filtered_out_or_reported_is_not_lost(local_cloud: Cloud, book):
    local_cloud.client("s3").create_bucket(Bucket="failed")
    run = feed(
        local_cloud,
        book('assert order["ID"] > 0'),
        ORDERS[:6],
        key="WHO",
        BatchSize=1,
        MaximumRetryAttempts=0,
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"data": {"ID": [{"numeric": ["<", 4]}]}})}]},
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}},
    )
    run.assert_nothing_lost()
    assert run.fates == {"filtered": 2, "reported": 1, "processed": 3}
    told = refusal(run.assert_nothing_lost, booked(run), by="ID")
    assert told.startswith("not seen: 1 of 6 records\n  {'ID': 0") and ": delivered once, reported (" in told


def test_what_the_handler_swallowed_and_what_it_made_up(local_cloud: Cloud, book):
    run = feed(local_cloud, book('order["ID"] += 100 * (order["ID"] == 7)'), ORDERS, key="WHO")
    told = refusal(run.assert_nothing_lost, booked(run), by="ID").splitlines()
    assert told[0] == "not seen: 1 of 30 records"
    assert told[1].startswith("  {'ID': 7") and told[1].endswith(": delivered once, processed")
    assert told[2] == "seen, but never sent: 107"


def test_what_was_seen_too_often(local_cloud: Cloud, book):
    run = feed(local_cloud, book(), ORDERS, key="WHO", BatchSize=10, faults={3: Fault(times=2)})
    told = refusal(run.assert_no_duplicates, booked(run), by="ID")
    assert told.startswith("seen more often than sent: 10 of 30 records\n  {'ID': 0, 'WHO': 'customer 0'}, key")
    assert ": seen 3 times, delivered 3 times, processed\n" in told


def test_what_was_seen_out_of_order(local_cloud: Cloud, book):
    run = feed(local_cloud, book(), ORDERS, key="WHO")
    run.assert_in_order([0, 2, 1, 4, 5, 3], by="ID")
    told = refusal(run.assert_in_order, [0, 6, 1, 3], by="ID").splitlines()
    assert told[0] == "seen out of order: 1 of 30 records"
    assert told[1].startswith("  {'ID': 3, 'WHO': 'customer 0'}, key 'customer 0', place 3 of shardId-")
    assert ": seen after {'ID': 6, 'WHO': 'customer 0'}, delivered once" in told[1]


def test_too_many_invocations(local_cloud: Cloud, book):
    run = feed(local_cloud, book(), ORDERS, key="WHO", BatchSize=10)
    run.assert_invocations(at_most=3)
    told = refusal(run.assert_invocations, at_most=2)
    assert told.startswith("3 invocations instead of 2 at most\nthe mapping of book: BatchSize=10, defaults")


# What goes wrong on purpose


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        ("error", "error", "[ERROR] InjectedFault: the test lets this invocation fail after its handler is done"),
        ("timeout", "timeout", "Task timed out after 30.00 seconds"),
        ("crash", "error", "Runtime exited with error: exit status 1"),
    ],
)
def test_an_invocation_fails_after_its_work(local_cloud: Cloud, book, how, status, said):
    run = feed(local_cloud, book(), ORDERS[:4], key="WHO", BatchSize=2, faults={1: Fault(how, times=2)})
    assert booked(run) == [0, 1, 0, 1, 0, 1, 2, 3]
    assert [entry.outcome for entry in run.invocations] == [status, status, "ok", "ok"]
    assert [entry.cold for entry in run.invocations] == [True, how != "error", how != "error", False]
    assert sum(said in line for line in run.lines) == 2
    taken = run.invocations[0].until - run.invocations[0].at
    assert (taken > 30) == (how == "timeout")
    metrics = local_cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "book"}],
        StartTime=0,
        EndTime=local_cloud.now(),
        Period=86_400,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in metrics) == 2
    run.assert_nothing_lost(booked(run), by="ID")


def test_a_record_that_never_gets_through(local_cloud: Cloud, book):
    faults = {0: Fault("crash", times=None), 99: Fault()}
    run = feed(local_cloud, book(), ORDERS[:3], key="WHO", BatchSize=1, MaximumRetryAttempts=4, faults=faults)
    assert run.fates == {"dropped": 1, "processed": 2} and len(run.invocations) == 7


def test_a_fault_is_one_of_three():
    with pytest.raises(ValueError, match="how is 'explosion'; it can be one of: error, timeout, crash"):
        Fault("explosion")  # type: ignore[arg-type]


SAVE = 'import boto3; boto3.client("dynamodb").put_item(TableName="orders", Item={"ID": {"N": str(order["ID"])}})'


def test_other_events_meet_no_fault(local_cloud, tmp_path):
    (tmp_path / "idle.py").write_text("def handler(event, context): return 1", encoding="utf-8")
    feed(local_cloud, tmp_path / "idle.py", ["a"], key=lambda thing: "k", faults={0: Fault(times=None)})
    for payload in (b"{}", b"[]", b'{"Records": [{"body": "of a queue"}]}'):
        answer = local_cloud.client("lambda").invoke(FunctionName="idle", Payload=payload)
        assert answer["Payload"].read() == b"1"


def table_of(cloud: Cloud):
    return cloud.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "ID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "ID", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_calls_are_refused_so_many_times(local_cloud: Cloud, book):
    table = table_of(local_cloud)
    refuse_calls(local_cloud, "dynamodb", "PutItem", times=2, code="ValidationException")
    run = feed(local_cloud, book(SAVE), ORDERS[:4], key="WHO", BatchSize=2)
    assert [entry.outcome for entry in run.invocations] == ["error", "error", "ok", "ok"]
    assert any("ValidationException" in line and "refused by the test" in line for line in run.lines)
    run.assert_nothing_lost([row["ID"] for row in table.scan()["Items"]], by="ID")


def test_what_is_throttled_boto3_tries_again(local_cloud: Cloud, book):
    table_of(local_cloud)
    refuse_calls(local_cloud, "dynamodb", "PutItem", times=3)
    run = feed(local_cloud, book(SAVE), ORDERS[:1], key="WHO")
    (invocation,) = run.invocations
    assert invocation.outcome == "ok" and invocation.until - invocation.at > 4 * LATENCY


def test_an_outage_goes_on_and_others_are_served(local_cloud: Cloud, book):
    table_of(local_cloud)
    refuse_calls(local_cloud, "dynamodb", "PutItem", code="AccessDeniedException")
    refuse_calls(local_cloud, "dynamodb", "GetItem", times=0)
    run = feed(local_cloud, book(SAVE), ORDERS[:1], key="WHO", MaximumRetryAttempts=3)
    assert run.fates == {"dropped": 1} and len(run.invocations) == 4
    local_cloud.client("dynamodb").put_item(TableName="orders", Item={"ID": {"N": "1"}})  # the test itself may


@pytest.mark.parametrize(
    ("service", "operation", "why"),
    [("s3", "PutObject", "s3 speaks rest-xml"), ("dynamodb", "PutItems", "dynamodb has no operation PutItems")],
)
def test_what_cannot_be_refused(local_cloud: Cloud, service, operation, why):
    with pytest.raises(ValueError, match=why):
        refuse_calls(local_cloud, service, operation)
