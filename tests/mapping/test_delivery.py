"""What becomes of a batch that fails: facts 7.9 to 7.12."""

from __future__ import annotations

import pytest

from tests.conftest import zipped
from tests.mapping.conftest import Failure, failures, number_of, poison, stuck_at_poison, throttled


def test_a_batch_that_fails_is_sent_again_as_it_was(stage):
    stage.answer = poison
    stage.map(BatchSize=3)
    stage.put("a", "poison", "b", "c")
    stage.cloud.wait(120)
    stage.put("d")
    stage.cloud.wait(120)
    assert set(map(tuple, stage.batches)) == {("a", "poison", "b")}
    assert stage.last_result == "PROBLEM: Function call failed"


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_so_many_retries_are_one_more_attempts(stage, retries):
    stage.answer = poison
    stage.map(BatchSize=3, MaximumRetryAttempts=retries)
    stage.put("a", "poison", "b", "c")
    stage.cloud.wait(120)
    assert stage.batches == [["a", "poison", "b"]] * (retries + 1) + [["c"]]
    (discard,) = stage.rows("discard").itertuples()
    assert (discard.records, discard.outcome, discard.note) == (3, "dropped", "RetryAttemptsExhausted")
    assert stage.last_result == "OK"


def test_a_timeout_is_a_function_error(stage):
    def slow(_event):
        raise Failure("timeout")

    stage.answer = slow
    stage.map(MaximumRetryAttempts=1)
    stage.put("a")
    stage.cloud.wait(60)
    assert stage.batches == [["a"]] * 2
    assert list(stage.rows("invoke")["outcome"]) == ["timeout", "timeout"]


def test_what_is_not_even_invoked_does_not_count_as_an_attempt(stage):
    stage.refuse = throttled
    stage.map(MaximumRetryAttempts=0)
    stage.put("a")
    stage.cloud.wait(600)
    assert stage.invocations == [] and len(stage.rows("discard")) == 0
    assert stage.last_result == "PROBLEM: Function call failed"
    assert set(stage.rows("refused")["outcome"]) == {"TooManyRequestsException"}
    stage.refuse = lambda event: None
    stage.cloud.wait(15)
    assert stage.batches == [["a"]]


def test_what_was_never_invoked_can_become_too_old(stage):
    stage.refuse = throttled
    stage.map(MaximumRecordAgeInSeconds=60)
    stage.put("a", "b")
    stage.cloud.wait(100)
    (discard,) = stage.rows("discard").itertuples()
    assert (discard.records, discard.note, discard.attempt) == (2, "RecordAgeExceeded", 0)


def test_the_pauses_double_up_to_a_limit(stage):
    stage.answer = poison
    stage.map()
    stage.put("poison")
    stage.cloud.wait(70)
    pauses = stage.rows("invoke")["at"].diff().dropna().round().tolist()
    assert pauses == [1, 2, 4, 8, 12, 12, 12, 12]


# Age


def test_within_a_record_age_of_a_minute_there_are_eight_attempts(stage):
    """As recorded from AWS (facts 7.9)."""
    stage.answer = poison
    stage.map(MaximumRecordAgeInSeconds=60)
    stage.put("poison")
    stage.cloud.wait(120)
    assert len(stage.invocations) == 8
    (discard,) = stage.rows("discard").itertuples()
    assert (discard.attempt, discard.note) == (8, "RecordAgeExceeded")


def test_only_the_records_that_are_too_old_are_given_up(stage):
    stage.put("old 1", "old 2")
    stage.cloud.wait(100)
    stage.put("young 1", "young 2")
    stage.map(MaximumRecordAgeInSeconds=60)
    assert stage.batches == [["young 1", "young 2"]]
    (discard,) = stage.rows("discard").itertuples()
    assert (discard.records, discard.attempt) == (2, 0)


def test_records_expire_with_the_streams_retention(stage):
    stage.answer = poison
    stage.map(BatchSize=2)
    stage.put("poison", "a", "b", "c")
    stage.cloud.wait(23 * 3600)
    stage.put("late")
    stage.cloud.wait(2 * 3600)
    expired = stage.rows("expired")
    assert expired.groupby("outcome")["records"].sum().to_dict() == {"waiting": 4}
    assert stage.batches[-1] == ["late"]
    assert all(batch == ["poison", "a"] for batch in stage.batches[:-1])


# Bisecting


def test_a_batch_is_halved_down_to_the_bad_record(stage):
    stage.answer = poison
    stage.map(BatchSize=8, BisectBatchOnFunctionError=True, MaximumRetryAttempts=2)
    stage.put("a", "b", "c", "poison", "e", "f", "g", "h")
    stage.cloud.wait(120)
    assert stage.batches == [
        ["a", "b", "c", "poison", "e", "f", "g", "h"],
        ["a", "b", "c", "poison"],
        ["a", "b"],
        ["c", "poison"],
        ["c"],
        ["poison"],
        ["poison"],
        ["poison"],
        ["e", "f", "g", "h"],
    ]
    assert [row.records for row in stage.rows("discard").itertuples()] == [1]
    assert len(stage.rows("bisect")) == 3


def test_splits_are_free(stage):
    stage.answer = poison
    stage.map(BatchSize=4, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    stage.put("a", "b", "c", "poison")
    stage.cloud.wait(60)
    assert [batch for batch in stage.batches if "poison" in batch] == [
        ["a", "b", "c", "poison"],
        ["c", "poison"],
        ["poison"],
    ]
    assert [row.records for row in stage.rows("discard").itertuples()] == [1]


def test_only_function_errors_are_bisected(stage):
    stage.refuse = throttled
    stage.map(BisectBatchOnFunctionError=True)
    stage.put("a", "b", "c")
    stage.cloud.wait(60)
    assert set(stage.rows("refused")["records"]) == {3} and len(stage.rows("bisect")) == 0


# Partial responses

REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_the_lowest_number_is_a_checkpoint(stage):
    stage.answer = lambda event: (
        failures(number_of(event["Records"][3]), number_of(event["Records"][1]))
        if len(stage.invocations) == 1
        else None
    )
    stage.map(**REPORTS)
    stage.put("a", "b", "c", "d", "e")
    stage.cloud.wait(60)
    assert stage.batches == [["a", "b", "c", "d", "e"], ["b", "c", "d", "e"]], "what is behind comes again, done or not"
    (partial, whole) = stage.rows("invoke").itertuples()
    assert (partial.outcome, partial.done, whole.outcome, whole.done) == ("partial", 1, "ok", 4)


def test_without_the_setting_the_response_is_ignored(stage):
    stage.answer = stuck_at_poison
    stage.map()
    stage.put("a", "poison")
    stage.cloud.wait(60)
    assert stage.batches == [["a", "poison"]]


def test_the_count_starts_anew_when_the_checkpoint_moves(stage):
    """As recorded from AWS: batch size 3, three retries, the last of six fails (facts 7.12)."""
    stage.answer = stuck_at_poison
    stage.map(BatchSize=3, MaximumRetryAttempts=3, **REPORTS)
    stage.put("1", "2", "3", "4", "5", "poison")
    stage.cloud.wait(120)
    assert stage.batches == [["1", "2", "3"], ["4", "5", "poison"], *[["poison"]] * 4]
    (discard,) = stage.rows("discard").itertuples()
    assert (discard.records, discard.attempt) == (1, 4)


def test_what_waits_behind_the_checkpoint_is_given_up_with_it(stage):
    stage.answer = stuck_at_poison
    stage.map(MaximumRetryAttempts=0, **REPORTS)
    stage.put("a", "poison", "b", "c")
    stage.cloud.wait(60)
    assert stage.batches == [["a", "poison", "b", "c"], ["poison", "b", "c"]]
    assert [row.records for row in stage.rows("discard").itertuples()] == [3]


def test_partial_responses_and_bisecting_together(stage):
    """A partial success is cut at the record that is named; one that gets nowhere is halved (facts 7.11)."""
    stage.answer = stuck_at_poison
    stage.map(MaximumRetryAttempts=0, BisectBatchOnFunctionError=True, **REPORTS)
    stage.put("a", "poison", "b", "c")
    stage.cloud.wait(60)
    assert stage.batches == [["a", "poison", "b", "c"], ["poison", "b", "c"], ["poison"], ["b", "c"]]
    assert [row.records for row in stage.rows("discard").itertuples()] == [1]


def test_an_exception_is_bisected_all_the_same(stage):
    stage.answer = poison
    stage.map(MaximumRetryAttempts=0, BisectBatchOnFunctionError=True, **REPORTS)
    stage.put("a", "poison")
    stage.cloud.wait(60)
    assert stage.batches == [["a", "poison"], ["a"], ["poison"]]


SUCCESS = ["", [], None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 200}]
FAILURE = [
    failures(""),
    failures(None),
    failures(123),
    failures("49999"),
    {"batchItemFailures": [{"foo": 123}]},
    {"batchItemFailures": [{"foo": None}]},
    {"batchItemFailures": ["49999"]},
    {"batchItemFailures": "49999"},
    "a text",
    [1],
    7,
]


@pytest.mark.parametrize(("response", "attempts"), [(each, 1) for each in SUCCESS] + [(each, 2) for each in FAILURE])
def test_what_a_response_counts_as(stage, response, attempts):
    """Facts 7.12; what is in no table of AWS's counts as a failure, our choice."""
    stage.answer = lambda event: response
    stage.map(MaximumRetryAttempts=1, **REPORTS)
    stage.put("a", "b")
    stage.cloud.wait(30)
    assert stage.batches == [["a", "b"]] * attempts


# Changes while a batch is stuck


def test_new_settings_end_the_retries(stage):
    stage.answer = poison
    stage.map(BatchSize=2)
    stage.put("poison", "a", "b")
    stage.cloud.wait(120)
    assert "b" not in str(stage.batches)
    stage.update(MaximumRetryAttempts=3, wait=20)
    assert stage.batches[-1] == ["b"]
    assert [row.records for row in stage.rows("discard").itertuples()] == [2]


def test_a_smaller_batch_size_cuts_what_is_being_retried(stage):
    def fails_with_more_than_two(event):
        if len(event["Records"]) > 2:
            raise Failure("timeout")

    stage.answer = fails_with_more_than_two
    stage.map(BatchSize=10)
    stage.put(*"abcde")
    stage.cloud.wait(60)
    assert not any(invocation.ok for invocation in stage.invocations)
    stage.update(BatchSize=2, wait=20)
    assert [each.texts for each in stage.invocations if each.ok] == [["a", "b"], ["c", "d"], ["e"]]


def test_a_batch_that_is_cut_by_a_smaller_batch_size_is_counted_anew(stage):
    stage.answer = poison
    stage.map(BatchSize=4, MaximumRetryAttempts=5)
    stage.put("poison", "a", "b", "c")
    stage.cloud.wait(14)
    assert stage.batches == [["poison", "a", "b", "c"]] * 4
    stage.update(BatchSize=2, wait=200)
    assert stage.batches[4:] == [["poison", "a"]] * 6 + [["b", "c"]]
    assert list(stage.rows("invoke")["attempt"]) == [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 1]
    (given_up,) = stage.rows("discard").itertuples()
    assert (given_up.records, given_up.attempt) == (2, 6)


@pytest.mark.parametrize("age", [60, -1])
def test_what_is_left_when_the_front_is_too_old_is_counted_anew(stage, age):
    """Be it by MaximumRecordAgeInSeconds or by the stream's retention."""
    stage.answer = poison
    limit = 60 if age == 60 else 24 * 3600
    stage.map(Enabled=False, MaximumRecordAgeInSeconds=age, MaximumRetryAttempts=5)
    stage.put("poison 1")
    stage.cloud.wait(20)
    stage.put("poison 2")
    stage.cloud.wait(limit - 20 - 15 - 6)
    stage.update(Enabled=True, wait=200)
    front = stage.batches.count(["poison 1", "poison 2"])
    assert 2 <= front <= 5
    assert stage.batches[front:] == [["poison 2"]] * len(stage.batches[front:])
    attempts = [*range(1, front + 1), *range(1, len(stage.batches) - front + 1)]
    assert list(stage.rows("invoke")["attempt"]) == attempts


def test_a_function_that_is_deleted_stops_delivery_and_its_successor_goes_on(stage):
    stage.map()
    function = stage.lambda_.get_function(FunctionName="app")["Configuration"]
    stage.lambda_.delete_function(FunctionName="app")
    stage.put("a")
    stage.cloud.wait(60)
    mapping = stage.lambda_.get_event_source_mapping(UUID=stage.uuid)
    assert mapping["State"] == "Enabled" and stage.invocations == []
    assert set(stage.rows("refused")["outcome"]) == {"ResourceNotFoundException"}
    stage.lambda_.create_function(
        FunctionName="app",
        Role=function["Role"],
        Code={"ZipFile": zipped("")},
        Runtime="python3.13",
        Handler="app.handler",
    )
    stage.cloud.wait(30)
    assert stage.batches == [["a"]]
