"""Packages, roles, deployments and stacks; and what they leave in the log and the metrics."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from helpers import deploying, observing
from helpers.producing import make_transactions

HANDLERS = Path(__file__).parent.parent / "helpers" / "handlers"
ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"


def put(kinesis, count=20, stream="orders"):
    records = [
        {"Data": json.dumps(each).encode(), "PartitionKey": each["USERNAME"]} for each in make_transactions(count)
    ]
    assert kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0


# Packages


def test_the_same_files_give_the_same_bytes(tmp_path):
    for name, seconds in (("one", 1_000_000_000), ("two", 1_700_000_000)):
        folder = tmp_path / name
        (folder / "inner" / "__pycache__").mkdir(parents=True)
        for path, text in (("app.py", "import inner"), ("inner/__init__.py", ""), ("inner/__pycache__/x.pyc", name)):
            (folder / path).write_text(text, encoding="utf-8")
            os.utime(folder / path, (seconds, seconds))
    one, two = deploying.package(tmp_path / "one"), deploying.package(tmp_path / "two")
    assert one == two
    assert zipfile.ZipFile(io.BytesIO(one)).namelist() == ["app.py", "inner/__init__.py"]


def test_a_package_of_a_file_and_libraries():
    names = zipfile.ZipFile(
        io.BytesIO(deploying.package(HANDLERS / "transactions.py", libraries=["jmespath", "six"]))
    ).namelist()
    assert {"transactions.py", "jmespath/__init__.py", "six.py"} <= set(names)


def test_what_is_not_there():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py"):
        deploying.package("nowhere.py")
    with pytest.raises(ModuleNotFoundError, match="no installed package nowhere"):
        deploying.package(HANDLERS / "transactions.py", libraries=["nowhere"])


# Deployments


def test_from_a_file_to_records_that_flow_and_back(cloud, kinesis, lambda_, stream):
    stream()
    deployment = deploying.deploy(cloud, "book", HANDLERS / "transactions.py", "orders", BatchSize=5)
    put(kinesis)
    cloud.wait(10)
    table = observing.invocations(cloud, "book")
    assert len(table) == 4 and list(table["status"]) == [""] * 4
    assert sum(text.count("POSITIVE") + text.count("NEGATIVE") for text in table["said"]) == 20
    deploying.update_code(cloud, "book", HANDLERS / "show_event.py")
    deploying.tear_down(cloud, deployment)
    assert lambda_.list_functions()["Functions"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert kinesis.list_streams()["StreamNames"] == ["orders"]


def test_the_role_allows_no_more_than_is_needed(cloud, kinesis, stream):
    stream()
    queue = "arn:aws:sqs:us-east-1:123456789012:failed"
    cloud.client("sqs").create_queue(QueueName="failed")
    deploying.deploy(
        cloud,
        "book",
        HANDLERS / "transactions_first_try.py",
        "orders",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    put(kinesis, 80)
    cloud.wait(30)
    assert list(cloud.recorder.table("discard")["outcome"]) == ["reported"], "number 73 has no amount"
    policy = deploying.role_policy(ARN, "arn:aws:s3:::failed")
    assert [statement["Resource"] for statement in policy["Statement"]] == [
        ARN,
        "arn:aws:logs:*:*:*",
        "arn:aws:s3:::failed/*",
    ]


# Stacks


def test_a_stack_for_each_stage(cloud, kinesis, lambda_):
    body = deploying.template(HANDLERS / "transactions.py", BatchSize=7)
    outputs = deploying.deploy_stack(cloud, "shop-dev", body)
    assert outputs == {"StreamName": "orders-dev", "FunctionName": "book-orders-dev"}
    assert deploying.deploy_stack(cloud, "shop-prod", body, Stage="prod", Shards="2")["StreamName"] == "orders-prod"
    cloud.wait(20)
    put(kinesis, 30, "orders-dev")
    cloud.wait(10)
    table = observing.invocations(cloud, "book-orders-dev")
    assert len(table) == 5
    shards = {name: len(kinesis.list_shards(StreamName=f"orders-{name}")["Shards"]) for name in ("dev", "prod")}
    assert shards == {"dev": 1, "prod": 2}
    cloud.client("cloudformation").delete_stack(StackName="shop-dev")
    cloud.wait(20)
    assert kinesis.list_streams()["StreamNames"] == ["orders-prod"]
    assert [each["BatchSize"] for each in lambda_.list_event_source_mappings()["EventSourceMappings"]] == [7]


def test_a_stack_can_be_changed(cloud, lambda_, kinesis):
    body = deploying.template(HANDLERS / "transactions.py")
    deploying.deploy_stack(cloud, "shop", body)
    cloud.wait(20)
    body["Resources"]["Mapping"]["Properties"] |= {"BatchSize": 9, "MaximumRetryAttempts": 2}
    body["Resources"]["Stream"]["Properties"]["RetentionPeriodHours"] = 48
    cloud.client("cloudformation").update_stack(
        StackName="shop", TemplateBody=json.dumps(body), Parameters=[{"ParameterKey": "Shards", "ParameterValue": "2"}]
    )
    cloud.wait(60)
    (mapping,) = lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["MaximumRetryAttempts"]) == (9, 2)
    summary = kinesis.describe_stream_summary(StreamName="orders-dev")["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["RetentionPeriodHours"]) == (2, 48)


def test_a_stack_with_a_registered_consumer(cloud, kinesis):
    body = deploying.template(HANDLERS / "show_event.py")
    arn = {"Fn::GetAtt": ["Stream", "Arn"]}
    body["Resources"]["Fast"] = {
        "Type": "AWS::Kinesis::StreamConsumer",
        "Properties": {"StreamARN": arn, "ConsumerName": "fast"},
    }
    mapping = body["Resources"]["Mapping"]["Properties"]
    mapping["EventSourceArn"] = {"Fn::GetAtt": ["Fast", "ConsumerARN"]}
    policy = body["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"].append({"Effect": "Allow", "Action": "kinesis:SubscribeToShard", "Resource": "*"})
    deploying.deploy_stack(cloud, "shop", body)
    cloud.wait(20)
    put(kinesis, 3, "orders-dev")
    cloud.wait(5)
    assert len(cloud.recorder.table("push")) >= 1


def test_what_aws_refuses_makes_the_stack_fail(cloud):
    body = deploying.template(HANDLERS / "transactions.py", BatchSize=10_001)
    with pytest.raises(ClientError, match="less than or equal to 10000"):
        deploying.deploy_stack(cloud, "shop", body)


def test_a_template_holds_small_code_only(tmp_path):
    (tmp_path / "large.py").write_text("#" * 5000, encoding="utf-8")
    with pytest.raises(ValueError, match="what is larger goes through S3"):
        deploying.template(tmp_path / "large.py")


# Observing


def test_invocations_and_metrics_as_tables(cloud, kinesis, stream, deploy, lambda_):
    deploy(
        """
        import time
        def handler(event, context):
            print("working")
            time.sleep(1.5)
            if event.get("bad"): raise ValueError("no")
        """,
        Timeout=2,
    )
    lambda_.invoke(FunctionName="app", Payload="{}")
    lambda_.invoke(FunctionName="app", Payload='{"bad": true}')
    table = observing.invocations(cloud, "app")
    assert list(table["status"]) == ["", "error"] and list(table["errors"]) == [0, 1]
    assert list(table["duration"]) == [1502.0, 1502.0]
    assert table["cold_start"].notna().tolist() == [True, False]
    assert table["said"][0] == "working\n"
    counted = observing.metric(cloud, "Invocations", FunctionName="app")
    assert counted["value"].sum() == 2 and list(counted.columns) == ["at", "value", "unit"]
    assert observing.metric(cloud, "Nonsense", FunctionName="app").empty
    assert observing.invocations(cloud, "nobody").empty
