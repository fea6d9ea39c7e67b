"""The system of chapter 07: what goes where, in every one of its ways, and as a stack."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from helpers import templates
from helpers.deploying import package
from helpers.handlers.fan_out.classify import side_of
from helpers.observing import log_events

CODE = Path(templates.__file__).parent / "handlers" / "fan_out"


@pytest.mark.parametrize(
    ("data", "side"),
    [
        ('{"AMOUNT": 5}', "POSITIVE"),
        ('{"AMOUNT": 0}', "POSITIVE"),
        ('{"AMOUNT": -0.01}', "NEGATIVE"),
        ('{"AMOUNT": null}', "REJECTED"),
        ('{"AMOUNT": "12,50"}', "REJECTED"),
        ("{}", "REJECTED"),
        ("[1]", "REJECTED"),
        ("5", "REJECTED"),
        ('{"AMOUNT": 5', "REJECTED"),
        (b"\xff", "REJECTED"),
    ],
)
def test_where_a_transaction_goes(data, side):
    assert side_of(data if isinstance(data, bytes) else data.encode()) == side


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.syspath_prepend(str(CODE))
    import rows

    yield rows
    sys.modules.pop("rows", None)


@pytest.mark.parametrize(
    ("value", "amount"),
    [(5, 5.0), (-100, -100.0), ("12.50", 12.5), (1.005, 1.0), (999.99, 999.99), (None, None), (0, 0.0)],
)
def test_what_the_schema_makes_of_an_amount(rows, value, amount):
    assert rows.decimal(value) == amount


@pytest.mark.parametrize("value", ["12,50", "much", 1000, -1000.5, True, [], "NaN", "Infinity"])
def test_what_the_schema_refuses(rows, value):
    with pytest.raises(ValueError, match="DECIMAL"):
        rows.decimal(value)


def test_the_stack_routes_every_record(cloud, kinesis):
    s3, cloudformation = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="fan-out.zip", Body=package(CODE))
    values = {"Stage": "test", "Bucket": "code", "Key": "fan-out.zip"}
    cloudformation.create_stack(
        StackName="fan-out",
        TemplateBody=json.dumps(templates.fan_out()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.wait(30)
    amounts = [5, 0, -1, None, "12,50"]
    records = [
        {"Data": json.dumps({"ID": i, "AMOUNT": a}).encode(), "PartitionKey": "k"} for i, a in enumerate(amounts)
    ]
    kinesis.put_records(StreamName="transactions-test", Records=[*records, {"Data": b"no", "PartitionKey": "k"}])
    cloud.wait(20)
    said = {
        side: [
            event["message"] for event in log_events(cloud, f"{side.lower()}-test") if event["message"].startswith(side)
        ]
        for side in ("POSITIVE", "NEGATIVE", "REJECTED")
    }
    assert {side: len(lines) for side, lines in said.items()} == {"POSITIVE": 2, "NEGATIVE": 1, "REJECTED": 3}
    assert all("EVENT" in line for line in said["POSITIVE"] + said["NEGATIVE"])
    cloudformation.delete_stack(StackName="fan-out")
    cloud.wait(30)
    assert kinesis.list_streams()["StreamNames"] == []
