"""The system of chapter 07: what goes where, in every one of its ways, and as a stack."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from helpers import templates
from helpers.deploying import deploy, package
from helpers.handlers.fan_out.classify import decimal, side_of
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
        ("[" * 100_000, "REJECTED"),
        ('{"AMOUNT": 5, "USERNAME": "\\ud83d"}', "REJECTED"),
    ],
)
def test_where_a_transaction_goes(data, side):
    assert side_of(data if isinstance(data, bytes) else data.encode()) == side


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.syspath_prepend(str(CODE))
    import rows

    yield rows
    for name in ("rows", "classify"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("value", "amount"),
    [(5, 5.0), (-100, -100.0), ("12.50", 12.5), (1.005, 1.0), (999.99, 999.99), (None, None), (0, 0.0)],
)
def test_what_the_schema_makes_of_an_amount(value, amount):
    assert decimal(value) == amount


@pytest.mark.parametrize("value", ["12,50", "much", 1000, -1000.5, True, [], "NaN", "Infinity"])
def test_what_the_schema_refuses(value):
    with pytest.raises(ValueError, match="DECIMAL"):
        decimal(value)


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, "much", None, [1], float("inf")])
def test_what_is_no_integer(rows, number):
    with pytest.raises((ValueError, TypeError, OverflowError)):
        rows.integer(number)


def test_a_text_has_200_characters_and_no_halves(rows):
    assert rows.text("ë" * 201) == "ë" * 200
    with pytest.raises(UnicodeEncodeError):
        rows.text("\ud83d")


# Every record ends up somewhere, and in every way it is known where

AMOUNTS = {  # how it is written: where the schema puts it, and where the filters do, which know of no schema
    "5": ("POSITIVE", "POSITIVE"),
    "0": ("POSITIVE", "POSITIVE"),
    "-0.0": ("POSITIVE", "POSITIVE"),
    "-0.01": ("NEGATIVE", "NEGATIVE"),
    "999.99": ("POSITIVE", "POSITIVE"),
    "-0.001": ("POSITIVE", "NEGATIVE"),  # rounded to 0
    '"12.50"': ("POSITIVE", "REJECTED"),
    '"-12.50"': ("NEGATIVE", "REJECTED"),
    "1000": ("REJECTED", "POSITIVE"),
    "-1e5": ("REJECTED", "NEGATIVE"),
    "[5]": ("REJECTED", "POSITIVE"),  # filters look into lists
    '"12,50"': ("REJECTED", "REJECTED"),
    '""': ("REJECTED", "REJECTED"),
    "null": ("REJECTED", "REJECTED"),
    "true": ("REJECTED", None),
    "{}": ("REJECTED", "REJECTED"),  # an object is no leaf: to a filter, it does not exist
}
ODD = [
    b'{"ID": 99, "AMOUNT": 5',
    b"\xff",
    b"[" * 100_000,
    b'{"ID": 99, "USERNAME": "Zoe", "AMOUNT": NaN}',
    b'{"ID": 99, "USERNAME": "\\ud83d", "AMOUNT": 1}',
]
ODD_IDS = [f'{{"ID": {number}, "USERNAME": "Zoe", "AMOUNT": 1}}'.encode() for number in ("null", "[1]", "1e999", 2**70)]
SIDES = ("POSITIVE", "NEGATIVE", "REJECTED")
PATTERNS = {
    "POSITIVE": [[{"numeric": [">=", 0]}]],
    "NEGATIVE": [[{"numeric": ["<", 0]}]],
    "REJECTED": [[{"exists": False}], [None], [{"prefix": ""}]],
}


def seen_by(cloud, kinesis, way, data):
    """The lines of the three functions when these data go through one of the ways, by side."""
    for name in ("transactions", *(side.lower() for side in SIDES)):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    cloud.wait(30)
    lambda_ = cloud.client("lambda")
    arn = kinesis.describe_stream_summary(StreamName="transactions")["StreamDescriptionSummary"]["StreamARN"]
    allowed = [{"Effect": "Allow", "Action": ["kinesis:PutRecords", "kinesis:SubscribeToShard"], "Resource": "*"}]
    for side in SIDES:
        settings = {"handler": "say.handler", "environment": {"SIDE": side}, "statements": allowed}
        rules = [{"Pattern": json.dumps({"data": {"AMOUNT": rule}})} for rule in PATTERNS[side]]
        if way in ("router", "pump", "pump_first_try"):
            deploy(cloud, side.lower(), CODE, side.lower(), **settings)
            continue
        filters = {"FilterCriteria": {"Filters": rules}}
        shared = deploy(cloud, side.lower(), CODE, "transactions", **settings, **filters)
        if way == "fan-out":
            lambda_.delete_event_source_mapping(UUID=shared.mapping)
            consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=side)["Consumer"]["ConsumerARN"]
            cloud.wait(30)
            lambda_.create_event_source_mapping(
                EventSourceArn=consumer, FunctionName=side.lower(), StartingPosition="TRIM_HORIZON", **filters
            )
    if way in ("router", "pump", "pump_first_try"):
        targets = {side: side.lower() for side in SIDES}
        reports = {"FunctionResponseTypes": ["ReportBatchItemFailures"]} if way == "router" else {}
        deploy(
            cloud, "sorter", CODE, "transactions",
            handler=f"{way}.handler", environment=targets, statements=allowed, **reports,
        )  # fmt: skip
    cloud.wait(30)
    kinesis.put_records(StreamName="transactions", Records=[{"Data": each, "PartitionKey": "k"} for each in data])
    cloud.wait(60)
    return {
        side: [
            event["message"].split(" ", 1)[1].strip()
            for event in log_events(cloud, side.lower())
            if event["message"].startswith(side)
        ]
        for side in SIDES
    }


@pytest.mark.parametrize("way", ["router", "pump", "filters", "fan-out"])
def test_all_ways_are_known_to_agree_or_to_differ_on_odd_amounts(cloud, kinesis, way):
    data = [
        f'{{"ID": {number}, "USERNAME": "Zoe", "AMOUNT": {amount}}}'.encode() for number, amount in enumerate(AMOUNTS)
    ]
    lines = seen_by(cloud, kinesis, way, [*data, b'{"ID": 98, "USERNAME": "Zoe"}', *ODD])
    by_schema = way in ("router", "pump")
    wanted = [sides[0] if by_schema else sides[1] for sides in AMOUNTS.values()]
    for side in ("POSITIVE", "NEGATIVE"):
        here = [number for number, one in enumerate(wanted) if one == side]
        assert [json.loads(line)["ID"] for line in lines[side] if "ud83d" not in line] == here
    rejected = 1 + wanted.count("REJECTED") + (len(ODD) if by_schema else 0)
    assert len(lines["REJECTED"]) == rejected
    assert any("ud83d" in line for line in lines["POSITIVE"]) == (not by_schema)


@pytest.mark.parametrize("way", ["pump", "pump_first_try", "router"])
def test_no_record_stops_those_behind_it(cloud, kinesis, way):
    good = b'{"ID": 1, "USERNAME": "Zoe", "AMOUNT": -1}'
    lines = seen_by(cloud, kinesis, way, [*ODD, *ODD_IDS, good])
    assert len(lines["NEGATIVE"]) == 1
    rejected = {"pump": len(ODD) + len(ODD_IDS), "pump_first_try": 0, "router": len(ODD)}
    assert len(lines["REJECTED"]) == rejected[way]
    assert len(lines["POSITIVE"]) == (len(ODD_IDS) if way == "router" else 0)  # it looks at the amount only


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
