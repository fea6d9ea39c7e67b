"""What Hypothesis draws is what a stream could bring and AWS would take, and all kinds of it."""

from __future__ import annotations

import base64
import json
from collections import Counter

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from helpers import batches
from kinesis_lab.emulator.lambda_.mapping.settings import checked_settings
from kinesis_lab.emulator.validation import validate
from kinesis_lab.testing import Fault
from kinesis_lab.testing.strategies import KNOBS, data, documents, events, faults, mapping_settings, records
from tests.examples import examples

FEW = settings(max_examples=examples(40))
MANY = settings(max_examples=2000, database=None, phases=[Phase.generate])


def is_json(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def is_text(text: bytes) -> bool:
    try:
        return bool(text.decode())
    except UnicodeDecodeError:
        return False


@FEW
@given(records())
def test_records_can_be_put(drawn):
    on_the_wire = [{**record, "Data": base64.b64encode(record["Data"]).decode()} for record in drawn]
    validate("kinesis", "PutRecords", {"StreamName": "orders", "Records": on_the_wire})


@FEW
@given(records(documents(), keys=2, least=3, most=5))
def test_records_carry_what_they_are_told_to(drawn):
    assert 3 <= len(drawn) <= 5
    assert {record["PartitionKey"] for record in drawn} <= {"key-0", "key-1"}
    assert all(is_json(record["Data"]) for record in drawn)


@pytest.mark.parametrize(
    "kind",
    [
        is_json,
        is_text,
        lambda text: not is_text(text) and len(text) > 0,
        lambda text: text == b"",
        lambda text: is_text(text) and not text.isascii(),
    ],
    ids=["json", "text", "binary", "empty", "beyond ASCII"],
)
def test_data_come_in_all_kinds(kind):
    find(data(), kind, settings=MANY)


def test_keys_are_spread_or_one_is_far_ahead():
    def share(drawn):
        return max(Counter(record["PartitionKey"] for record in drawn).values()) / len(drawn)

    twenty = records(st.just(b""), least=20)
    find(twenty, lambda drawn: share(drawn) > 0.6, settings=MANY)
    find(twenty, lambda drawn: share(drawn) < 0.4, settings=MANY)


@FEW
@given(events())
def test_events_are_what_lambda_could_send(event):
    assert batches.problems(event) == []
    assert json.loads(json.dumps(event)) == event


@given(faults(most=3), faults(most=3, always=True))
def test_faults_end_unless_they_need_not(some, also):
    assert {*some, *also} <= {0, 1, 2}
    assert all(fault.times for fault in some.values())


def test_faults_of_every_kind_are_drawn():
    for how in ("error", "timeout", "crash"):
        find(faults(always=True), lambda drawn, how=how: Fault(how, None) in drawn.values(), settings=MANY)
    find(faults(), lambda drawn: drawn == {}, settings=MANY)


@given(mapping_settings(), mapping_settings(BatchSize=7, TumblingWindowInSeconds=60, ParallelizationFactor=1))
def test_settings_go_together(free, fixed):
    for each in (free, fixed):
        validate("lambda", "CreateEventSourceMapping", {"FunctionName": "book", **each})
        checked_settings(each)
    assert fixed["BatchSize"] == 7
    assert free.keys() <= KNOBS.keys()
