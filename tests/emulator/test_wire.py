"""The messages between clients and the cloud: errors behave as exceptions should."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from kinesis_lab.emulator.wire import AwsError

GONE = AwsError("ResourceNotFoundException", "Stream orders not found.", 404)


def test_errors_that_say_the_same_are_equal():
    assert AwsError("Code", "message") == AwsError("Code", "message", 400)
    assert AwsError("Code", "message") != AwsError("Code", "another message")
    assert AwsError("Code", "message") != AwsError("Code", "message", 404)
    assert AwsError("Code", "message") != Exception("Code", "message", 400)


def test_an_error_can_be_a_member_of_a_set():
    assert {GONE, AwsError(GONE.code, GONE.message, 404), AwsError("Other", "message")} == {
        GONE,
        AwsError("Other", "message"),
    }


@pytest.mark.parametrize("error", [GONE, AwsError(code="Code", message="by name"), AwsError("Code", "a", status=409)])
@pytest.mark.parametrize("copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_copy_says_what_the_error_says(error, copied):
    twin = copied(error)
    assert twin == error
    assert (twin.code, twin.message, twin.status) == (error.code, error.message, error.status)


def test_a_traceback_ends_with_code_and_message():
    def fail() -> None:
        raise GONE

    with pytest.raises(AwsError) as raised:
        fail()
    last = traceback.format_exception(raised.value)[-1]
    assert last == "kinesis_lab.emulator.wire.AwsError: ResourceNotFoundException: Stream orders not found.\n"
