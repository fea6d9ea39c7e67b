"""Event filtering: facts 7.14."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.filters import Filters
from kinesis_lab.emulator.wire import AwsError


def criteria(*patterns):
    return {
        "Filters": [{"Pattern": pattern if isinstance(pattern, str) else json.dumps(pattern)} for pattern in patterns]
    }


def passes(data, *patterns, key="k"):
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return Filters.of(criteria(*patterns)).pass_(Record("49", key, raw, 1767603600.25))


OPERATORS = [
    # pattern for the field, values that match, values that don't
    ([None], [None], [0, "", "null", False]),
    ([""], [""], [None, " ", 0]),
    (["Alice"], ["Alice"], ["alice", "Alice ", None, ["x"]]),
    (["A", "B"], ["A", "B"], ["C", "AB"]),
    ([{"anything-but": ["Raining"]}], ["Sunny", "", None, 5], ["Raining"]),
    ([{"anything-but": "Raining"}], ["Sunny"], ["Raining"]),
    ([{"anything-but": [100, 200]}], [300, "100"], [100, 200]),
    ([{"numeric": ["=", 100]}], [100, 100.0, 1e2], ["100", 99, None, True]),
    ([{"numeric": [">", 10, "<=", 20]}], [10.5, 20], [10, 20.1, "15"]),
    ([{"numeric": ["<", 0]}], [-0.5], [0, 1]),
    ([{"numeric": [">=", 0.1]}], [0.1, 0.3], [0.09]),
    ([{"exists": True}], ["x", 0, "", None, False], [{"inner": 1}]),
    ([{"exists": False}], [{"inner": 1}, []], ["x", None, ["a"]]),
    ([{"prefix": "us-"}], ["us-east-1", "us-"], ["eu-us-", None, 5]),
    ([{"suffix": ".png"}], ["a.png"], ["a.PNG", "png"]),
    ([{"equals-ignore-case": "alice"}], ["ALICE", "Alice"], ["alicia", None]),
    ([300], [300], [300.0, "300", 301]),
    ([300.0], [300.0], [300]),
    ([True], [True], [1, "true", False]),
    (["x", {"prefix": "y"}, {"numeric": [">", 5]}], ["x", "yes", 6], ["z", 5]),
    ([{"exists": True}], [["a"]], [[]]),
    ({"inner": ["x"]}, [[{"inner": "y"}, {"inner": "x"}], [[{"inner": "x"}]]], [[], [{"inner": "y"}], ["x"]]),
    ({"a": [1], "b": [2]}, [[{"a": 1, "b": 2}]], [[{"a": 1}, {"b": 2}]]),
    ({"inner": [{"exists": False}]}, [[], [{"other": 1}]], [[{"inner": 1}]]),
    (["red"], [["green", "red"]], [["green"], []]),
    ({"inner": ["x"]}, [{"inner": "x"}, {"inner": "x", "more": 1}], [{"inner": "y"}, "x", None, {}]),
]


@pytest.mark.parametrize(("pattern", "match", "other"), OPERATORS)
def test_operators(pattern, match, other):
    for value in match:
        assert passes({"field": value}, {"data": {"field": pattern}}), value
    for value in other:
        assert not passes({"field": value}, {"data": {"field": pattern}}), value


def test_a_field_that_is_not_there():
    assert passes({}, {"data": {"field": [{"exists": False}]}})
    assert not passes({}, {"data": {"field": [{"exists": True}]}})
    for rule in (None, "", {"anything-but": ["x"]}, {"prefix": ""}):
        assert not passes({}, {"data": {"field": [rule]}})


def test_fields_together_filters_either():
    pattern = {"data": {"a": [1], "b": [2]}}
    assert passes({"a": 1, "b": 2, "c": 3}, pattern)
    assert not passes({"a": 1}, pattern)
    assert passes({"a": 1}, pattern, {"data": {"a": [1]}})


def test_alternatives_across_fields():
    pattern = {"data": {"$or": [{"a": [1]}, {"b": [{"prefix": "x"}]}], "c": [0]}}
    assert passes({"a": 1, "c": 0}, pattern) and passes({"b": "xy", "c": 0}, pattern)
    assert not passes({"a": 2, "b": "y", "c": 0}, pattern) and not passes({"a": 1, "c": 1}, pattern)


@pytest.mark.parametrize(
    ("data", "pattern", "result"),
    [
        (b'{"a": 1}', {"data": {"a": [1]}}, True),
        (b'{"a": 1}', {"data": {"a": [2]}}, False),
        (b'{"a": 1}', {"partitionKey": ["k"]}, True),
        (b'{"a": 1}', {"partitionKey": ["other"]}, False),
        (b"not JSON", {"data": {"a": [1]}}, False),
        (b"\xff\xfe", {"data": {"a": [{"exists": False}]}}, False),  # not JSON, but a JSON pattern: dropped
        (b"\xff\xfe", {"data": {"$or": [{"a": [{"exists": False}]}, {"b": [1]}]}}, False),
        (b"\xff\xfe", {"$or": [{"data": {"a": [1]}}, {"partitionKey": ["k"]}]}, True),
        (b"not JSON", {"partitionKey": ["k"]}, True),
        (b"", {"partitionKey": ["k"]}, True),
        (b"5", {"data": {"a": [5]}}, False),
        (b'[{"a": 1}]', {"data": {"a": [1]}}, False),
        (b"[1]", {"data": {"a": [{"exists": False}]}}, False),
        (b"[1]", {"data": {}}, False),
        (b"5", {"data": {"a": [{"exists": False}]}}, False),
        (b"NaN", {"data": {"a": [{"exists": False}]}}, False),
        (b'{"b": Infinity}', {"data": {"a": [{"exists": False}]}}, False),
        ('{"b": 1}'.encode("utf-16"), {"data": {"a": [{"exists": False}]}}, False),
        ('{"b": "ë"}'.encode(), {"data": {"b": ["ë"]}}, True),
        (b'{"a": 1, "a": 2}', {"data": {"a": [2]}}, True),
        (b"anything", {}, True),
    ],
)
def test_data_and_pattern(data, pattern, result):
    assert passes(data, pattern) is result


@pytest.mark.parametrize(
    "pattern",
    [
        "nonsense",
        "[]",
        '"text"',
        {"data": "text"},
        {"data": ["text"]},
        {"data": {"a": "x"}},
        {"data": {"a": []}},
        '{"data": {"a": [NaN]}}',
        {"data": {"a": [["x"]]}},
        {"data": {"a": 5}},
        {"data": {"a": [{"numeric": [">", "5"]}]}},
        {"data": {"a": [{"numeric": [">"]}]}},
        {"data": {"a": [{"numeric": ["!=", 5]}]}},
        {"data": {"a": [{"prefix": 5}]}},
        {"data": {"a": [{"exists": "yes"}]}},
        {"data": {"a": [{"anything-but": {"prefix": "x"}}]}},
        {"data": {"a": [{"anything-but": []}]}},
        {"data": {"a": [{"wildcard": "*"}]}},
        {"data": {"a": [{"prefix": "x", "suffix": "y"}]}},
        {"data": {"$or": ["x"]}},
        {"$or": [{"data": ["x"]}, {"partitionKey": ["k"]}]},
        {"$or": [{"$or": [{"data": ["x"]}]}]},
        '{"data": {"a": ["' + "x" * 4096 + '"]}}',
    ],
)
def test_patterns_that_are_none(pattern):
    with pytest.raises(AwsError, match="Invalid filter pattern definition"):
        Filters.of(criteria(pattern))


def test_no_filter_lets_everything_through():
    assert Filters.of(None).pass_(Record("49", "k", b"\xff", 0.0))
    assert Filters.of({"Filters": []}).pass_(Record("49", "k", b"\xff", 0.0))


# In a mapping


def test_only_what_matches_is_delivered_and_the_rest_counts_as_read(stage):
    stage.map(FilterCriteria=criteria({"data": {"kind": ["sale"]}}))
    for kind in ("sale", "visit", "sale"):
        stage.put(json.dumps({"kind": kind}))
    stage.put("no JSON")
    stage.cloud.wait(5)
    assert [json.loads(text)["kind"] for batch in stage.batches for text in batch] == ["sale", "sale"]
    assert stage.rows("filter")["records"].sum() == 2
    (*_, last) = stage.rows("checkpoint").itertuples()
    assert last.last == stage.rows("put")["last"].iloc[-1]


def test_nothing_left_no_invocation(stage):
    stage.map(FilterCriteria=criteria({"data": {"kind": ["sale"]}}), DestinationConfig={"OnFailure": {}})
    stage.put('{"kind": "visit"}', "no JSON")
    stage.cloud.wait(5)
    assert stage.invocations == [] and len(stage.rows("discard")) == 0
    assert len(stage.rows("checkpoint")) == 1


def test_a_batch_is_filled_with_what_matches(stage):
    stage.put(*(json.dumps({"number": number}) for number in range(20)))
    stage.map(FilterCriteria=criteria({"data": {"number": [{"numeric": [">=", 10]}]}}), BatchSize=5)
    assert [len(batch) for batch in stage.batches] == [5, 5]


def test_filters_can_be_changed_and_taken_away(stage):
    stage.map(FilterCriteria=criteria({"data": {"kind": ["sale"]}}))
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["FilterCriteria"] == criteria(
        {"data": {"kind": ["sale"]}}
    )
    stage.update(FilterCriteria=criteria({"data": {"kind": ["visit"]}}))
    stage.put('{"kind": "sale"}', '{"kind": "visit"}')
    stage.cloud.wait(5)
    stage.update(FilterCriteria={"Filters": []})
    assert "FilterCriteria" not in stage.lambda_.get_event_source_mapping(UUID=stage.uuid)
    stage.put("anything")
    stage.cloud.wait(5)
    assert stage.batches == [['{"kind": "visit"}'], ["anything"]]


def test_five_filters_at_most(stage):
    with pytest.raises(ClientError, match="5 filters at most"):
        stage.map(FilterCriteria=criteria(*[{}] * 6))


def test_a_bad_pattern_is_refused_on_create_and_update(stage):
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*Invalid filter pattern definition\."):
        stage.map(FilterCriteria=criteria("{"))
    stage.map()
    with pytest.raises(ClientError, match="Invalid filter pattern definition"):
        stage.update(FilterCriteria=criteria({"data": "x"}))
