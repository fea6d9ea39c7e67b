"""Requests are read by AWS's own models of the operations."""

from __future__ import annotations

import pytest

from kinesis_lab.emulator.validation import parse, service_model, validate
from kinesis_lab.emulator.wire import AwsError

RECORD = {"Data": "eA==", "PartitionKey": "k"}


@pytest.mark.parametrize("service", ["kinesis", "lambda"])
def test_every_operation_can_be_checked(service):
    for operation in service_model(service).operation_names:
        shape = service_model(service).operation_model(operation).input_shape
        if shape is not None and shape.required_members:
            with pytest.raises(AwsError, match="Member must not be null"):
                validate(service, operation, {})


def test_blobs_are_read_and_what_the_model_lacks_is_left_out():
    request = {"StreamName": "orders", "Records": [{**RECORD, "Shape": "round"}], "Colour": None}
    assert validate("kinesis", "PutRecords", request) == {
        "StreamName": "orders",
        "Records": [{"Data": b"x", "PartitionKey": "k"}],
    }
    assert request["Records"] == [{"Data": "eA==", "PartitionKey": "k", "Shape": "round"}]  # this stays as it was


def test_all_errors_are_named_in_the_order_of_the_model_and_ten_at_most():
    records = [{**RECORD, "PartitionKey": ""}] * 6
    with pytest.raises(AwsError) as refused:
        validate("kinesis", "PutRecords", {"StreamName": "a b", "Records": [{}, *records, *records]})
    head, *errors = refused.value.message.split("; ")
    assert head == (
        "14 validation errors detected: Value null at 'records.1.member.data' failed to satisfy constraint: "
        "Member must not be null"
    )
    assert len(errors) == 9
    assert errors[0].startswith("Value '' at 'records.2.member.partitionKey'")


def test_bounds_and_patterns():
    def errors(**request):
        with pytest.raises(AwsError) as refused:
            validate("lambda", "CreateEventSourceMapping", {"FunctionName": "book", **request})
        return refused.value.message

    assert "Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater" in errors(
        BatchSize=0
    )
    assert "less than or equal to 10000" in errors(BatchSize=10_001)
    assert "'[...]' at 'functionResponseTypes'" in errors(FunctionResponseTypes=["ReportBatchItemFailures"] * 2)
    assert "'functionResponseTypes.1.member'" in errors(FunctionResponseTypes=["All"])
    assert errors(Tags={"a": 5}) == "tags.a.member is a number, and must be a string."


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b"", {}),
        (b'{"a": null, "b": {"c": null, "d": [null, {"e": null}]}}', {"b": {"d": [None, {}]}}),
        (b'{"a": "null"}', {"a": "null"}),
    ],
)
def test_members_that_are_null_are_not_there(body, document):
    assert parse(body) == document
