"""The tables of settings and of destinations agree with AWS's model, with each other and with what roles are given."""

from __future__ import annotations

from typing import Any

import pytest

from kinesis_lab.deploying import role_policy
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.lambda_.mapping.destinations import DESTINATIONS, destination_of, is_destination
from kinesis_lab.emulator.lambda_.mapping.settings import (
    DEFAULTS,
    OF_OTHER_SOURCES,
    OPTIONAL,
    SETTINGS,
    checked_settings,
)
from kinesis_lab.emulator.validation import service_model
from kinesis_lab.emulator.wire import AwsError

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
NOT_SETTINGS = {
    "EventSourceArn",
    "FunctionName",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Enabled",
    "Tags",
}
"""What a mapping is created with besides."""

TARGETS = {
    "sqs": ("arn:aws:sqs:us-east-1:123456789012:failed", "arn:aws:sqs:us-east-1:123456789012:failed"),
    "sns": ("arn:aws:sns:us-east-1:123456789012:failed", "arn:aws:sns:us-east-1:123456789012:failed"),
    "s3": ("arn:aws:s3:::failed", "arn:aws:s3:::failed/*"),
}
"""An ARN of each service, and what a role is to be allowed to act on."""


def members() -> dict[str, Any]:
    shape = service_model("lambda").operation_model("CreateEventSourceMapping").input_shape
    return dict(shape.members)  # type: ignore[union-attr]


def test_every_setting_of_the_api_is_one_or_is_refused():
    assert set(members()) == {*SETTINGS, *OF_OTHER_SOURCES, *NOT_SETTINGS}


def test_a_setting_is_filled_in_or_left_out():
    assert {*DEFAULTS, *OPTIONAL} == SETTINGS.keys()
    assert checked_settings(DEFAULTS) == DEFAULTS
    fresh = Configuration("u", "a", STREAM, "f", "LATEST", None, 0.0).document()
    assert {name: fresh[name] for name in DEFAULTS} == DEFAULTS
    assert not fresh.keys() & set(OPTIONAL)


@pytest.mark.parametrize("setting", [each for each in SETTINGS.values() if each.range], ids=lambda each: each.name)
def test_a_range_is_that_of_the_model(setting):
    """The default is in the model's range, even where it is not in ours: -1 stands for none."""
    least, most = setting.range
    model = members()[setting.name].metadata
    assert model["max"] == most
    assert model["min"] == (setting.default if setting.default < 0 else least)
    for value in (least, most, setting.default):
        assert setting.checked(value) == value
    for value in (least - 1 if least > 0 else -2, most + 1):
        with pytest.raises(AwsError, match=setting.name):
            setting.checked(value)


def test_what_is_drawn_is_taken():
    drawn = [(setting.name, value) for setting in SETTINGS.values() for value in setting.draws]
    assert len(drawn) > 20
    for name, value in drawn:
        assert checked_settings({name: value}) == {name: value}


def test_settings_are_parsed_anew_when_they_change():
    configuration = Configuration("u", "a", STREAM, "f", "LATEST", None, 0.0)
    before = configuration.settings
    configuration.change({"BatchSize": 7, "MaximumRetryAttempts": 0, "KMSKeyArn": "key", "MetricsConfig": None})
    assert (before.batch_size, before.retries, before.filters_key) == (100, None, None)
    now = configuration.settings
    assert (now.batch_size, now.retries, now.filters_key, now.counts_events) == (7, 0, "key", False)
    configuration.change({"KMSKeyArn": ""})
    assert configuration.settings.filters_key is None and "KMSKeyArn" not in configuration.document()


@pytest.mark.parametrize("service", DESTINATIONS)
def test_a_destination_knows_its_arn_and_the_right_that_it_takes(service):
    arn, resource = TARGETS[service]
    assert is_destination(arn) and destination_of(arn) is DESTINATIONS[service]
    assert [each for each in DESTINATIONS.values() if each.arn.fullmatch(arn)] == [DESTINATIONS[service]]
    assert role_policy(STREAM, arn)["Statement"][-1] == {
        "Effect": "Allow",
        "Action": DESTINATIONS[service].action,
        "Resource": resource,
    }


@pytest.mark.parametrize(
    "arn", ["failed", "arn:aws:sqs:us-east-1:123456789012:failed.fifo", "arn:aws:lambda:us-east-1:123456789012:f", ""]
)
def test_anything_else_is_none(arn):
    assert not is_destination(arn)
