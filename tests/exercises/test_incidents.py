"""The incident lab: five incidents, each with its own cause, its own signs, and its own remedy."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from datetime import date
from types import SimpleNamespace

import pytest

from helpers.exercises import incidents, todo
from helpers.exercises.chapter_06_incidents import INCIDENT_EXERCISES
from helpers.exercises.exercise import NotStarted
from helpers.exercises.incidents import catalogue, knobs, verdict
from helpers.exercises.incidents.findings import toll
from helpers.exercises.incidents.scenarios import SCENARIOS

EXERCISES = {exercise.id: exercise for exercise in INCIDENT_EXERCISES}
NUMBERS = dict(enumerate(EXERCISES, 1))


def answer_of(source):
    names: dict[str, object] = {}
    exec(source, names)
    (answer,) = [value for name, value in names.items() if name != "__builtins__"]
    return answer


def solution(number):
    return answer_of(EXERCISES[NUMBERS[number]].solution)


# The exercises


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_reference_cures_and_costs_no_order(exercise_id):
    exercise = EXERCISES[exercise_id]
    number = list(EXERCISES).index(exercise_id) + 1
    assert exercise.check(answer_of(exercise.solution)) is None
    case = incidents.opened(number)
    cost = toll(case._after, case._before)
    assert cost.lost == 0 and cost.set_aside == (case.plan.cause == verdict.POISON)
    assert 0 < cost.stalled < 45 and cost.worst <= 60


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "A function was expected here, not NoneType"),
        (lambda record: None, "A remedy takes three things"),
        (lambda *_: None, "changes nothing"),
        (lambda *_: 1 / 0, "Your remedy raised ZeroDivisionError"),
        (lambda *_: exit(1), "Your remedy raised SystemExit"),
        (lambda lambda_, _kinesis, _case: lambda_.delete_function(FunctionName="book-orders"), "is not a knob here"),
        (lambda _lambda, kinesis, _case: kinesis.put_record(Data=b""), "is not a knob here"),
    ],
)
def test_what_is_no_remedy_is_refused_without_opening_a_cloud(answer, told, monkeypatch):
    monkeypatch.setattr("helpers.exercises.incidents.case.play", None)
    assert told in incidents.Case(catalogue.plan(1, 0)).examine(answer)


def test_a_stub_is_not_started(capsys):
    with pytest.raises(NotStarted):
        incidents.opened(1).examine(lambda *_: todo("look, then turn one knob"))


@pytest.mark.parametrize("number", NUMBERS)
def test_each_cause_has_a_sign_that_no_other_has(number):
    case = incidents.opened(number)
    chart, cause = verdict.Chart(case.plan, case.signs()), case.plan.cause
    before, since = chart.usual("seconds a record")
    signs = {
        verdict.SLOW: since > 1.5 * before,
        verdict.POISON: chart.total("errors") > 0 and len(chart.behind()) == 1,
        verdict.HOT: max(chart.shares()) > 2 / case.plan.shards,
        verdict.THROTTLED: chart.total("throttles") > 0,
        verdict.TOO_LONG: chart.longest("seconds a call") >= case.plan.timeout,
        verdict.READERS: chart.total("reads refused") > 0,
    }
    assert [each for each, there in signs.items() if there] == [cause]


def test_what_a_timeout_cuts_off_says_nothing_about_a_record():
    signs = incidents.opened(5).signs()
    by_sign = {sign: rows.set_index("at")["value"] for sign, rows in signs.groupby("sign")}
    failed = by_sign["errors"] > 0
    assert failed.sum() > 10 and by_sign["seconds a record"][failed].isna().all()
    assert by_sign["seconds a record"].dropna().between(0.6, 0.66).all()


# The catalogue


def test_every_row_has_a_cause_and_a_scenario():
    for number, row in catalogue.rows().items():
        assert row["number"] == number
        assert row["cause"] in verdict.CAUSES
        assert row["trouble"]["what"] in SCENARIOS
    assert len({row["cause"] for row in catalogue.rows().values()}) == len(NUMBERS) == 5


def test_another_seed_is_another_shop_with_the_same_trouble():
    plans = [catalogue.plan(3, seed) for seed in range(20)]
    assert len({json.dumps(vars(plan)) for plan in plans}) == 20
    assert {plan.cause for plan in plans} == {"hot key"}
    row = catalogue.rows()[3]
    for plan in plans:
        assert row["shards"][0] <= plan.shards <= row["shards"][1]
        low, high = row["trouble"]["orders_per_second"]
        assert low <= plan.trouble["orders_per_second"] <= high


def test_an_unknown_incident_names_those_there_are():
    with pytest.raises(LookupError, match="there is no incident 9; there are 1, 2, 3, 4, 5"):
        incidents.open(9)


def test_the_challenge_of_a_day_is_the_same_for_everybody_on_that_day():
    days = [date(2026, 1, day) for day in range(1, 31)]
    plans = [incidents.of_the_day(day).plan for day in days]
    assert plans == [incidents.of_the_day(day.isoformat()).plan for day in days]
    assert {plan.number for plan in plans} == set(NUMBERS)
    assert len({plan.seed for plan in plans}) == len(days)
    for today, tomorrow in itertools.pairwise(plans):
        assert today.told != tomorrow.told


def test_what_is_told_does_not_name_the_cause():
    for row in catalogue.rows().values():
        assert len(set(row["told"])) == len(row["told"]) == 3
        words = {word for told in row["told"] for word in told.lower().split()}
        assert not words & {"slow", "poison", "hot", "key", "concurrency", "timeout", "batch", "throttled"}


# A case


@pytest.fixture(scope="module")
def poisoned():
    """The second incident at ten o'clock, then with a remedy."""
    return incidents.Case(catalogue.plan(2, 0))


def test_a_case_tells_its_story_and_shows_its_signs(poisoned):
    assert poisoned.story == (
        "10:00, book-orders: the iterator age passed 5 min at 9:20, and the oldest order has now waited for 45 min. "
        "Some customers have had no confirmation since; all others get theirs at once."
    )
    picture = poisoned.graphs()
    assert picture.finding == "Shard 2 is behind: the oldest record has waited for 45 min"
    (failure,) = poisoned.failure_records().to_dict("records")
    assert (failure["what"], failure["where"]) == ("KeyError: 'AMOUNT'", "log") and failure["times"] > 100
    assert "poison" not in poisoned.story and "poison" not in picture.finding


def test_a_call_that_aws_does_not_take_is_told(poisoned):
    def ten_times_the_shards(_lambda, kinesis, case):
        kinesis.update_shard_count(StreamName=case.stream, TargetShardCount=30, ScalingType="UNIFORM_SCALING")
        return "poison record"

    told = poisoned.examine(ten_times_the_shards)
    assert told.startswith("AWS does not take your call.") and "beyond 2x" in told


def test_one_may_look_around_with_ordinary_clients(poisoned):
    lambda_ = poisoned.cloud.client("lambda")
    mapping = lambda_.get_event_source_mapping(UUID=poisoned.mapping)
    assert (mapping["BatchSize"], mapping["LastProcessingResult"]) == (100, "PROBLEM: Function call failed")
    assert lambda_.get_function_configuration(FunctionName=poisoned.function)["Timeout"] == poisoned.plan.timeout


def test_a_chart_compares_the_remedy_with_nobody(poisoned, capsys):
    assert list(poisoned.chart().columns) == ["9 to 10", "nobody comes"]
    untreated = poisoned.next_hour().finding
    assert untreated == "Shard 2 is behind: the oldest record has waited for 1 h 45 min"
    chart = poisoned.treat(solution(2))
    assert capsys.readouterr().out == "✅ The patient is well. It was: poison record.\n"
    assert list(chart.columns) == ["9 to 10", "nobody comes", "your remedy", "grade"]
    assert set(chart["grade"]) == {"✅"}
    assert chart.loc["orders set aside", "your remedy"] == "1"
    assert chart.loc["minutes of stall", "nobody comes"] == "60"
    assert poisoned.next_hour().finding == "No shard is behind any more; the longest wait was 45 min 30 s"
    _log, aside = poisoned._after.failures.to_dict("records")
    assert (aside["where"], aside["what"]) == ("set-aside", "1 order of shard 2: RetryAttemptsExhausted")


def test_a_remedy_looks_around_at_ten_o_clock_and_the_hour_is_the_same_again(poisoned):
    seen = []

    def looks_first(lambda_, kinesis, case):
        seen.append(lambda_.get_event_source_mapping(UUID=case.mapping)["MaximumRetryAttempts"])
        return solution(2)(lambda_, kinesis, case)

    first = poisoned._after
    assert poisoned.examine(looks_first) is None
    assert seen == [-1], "the knob was not turned yet"
    assert first.account.equals(poisoned._after.account)


def test_a_case_says_nothing_and_gives_its_cloud_back(poisoned):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        left = poisoned.cloud
        left.close()
        again = poisoned.cloud
        assert left.emulator.closed and not again.emulator.closed
        again.close()
    assert said.getvalue() == ""


def test_stub_of_a_challenge(capsys, monkeypatch):
    case = incidents.of_the_day("2026-01-05")
    monkeypatch.setattr(case, "chart", lambda: "the chart")
    assert case.treat(lambda *_: todo("turn one knob")) == "the chart"
    assert capsys.readouterr().out == "⬜ Not started. To do: turn one knob.\n"


# Knobs


@pytest.mark.parametrize(
    ("operation", "parameters", "knob"),
    [
        ("update_event_source_mapping", {"UUID": "u", "BatchSize": 1, "MaximumBatchingWindowInSeconds": 1}, "batching"),
        ("put_function_concurrency", {"FunctionName": "f", "ReservedConcurrentExecutions": 1}, "concurrency"),
        ("delete_function_concurrency", {"FunctionName": "f"}, "concurrency"),
        ("split_shard", {"StreamName": "s", "ShardToSplit": "x", "NewStartingHashKey": "7"}, "shards"),
    ],
)
def test_settings_of_one_kind_are_one_knob(operation, parameters, knob):
    assert knobs.knob_of(operation, parameters) == knob


@pytest.mark.parametrize(
    ("operation", "parameters", "told"),
    [
        ("create_function", {}, "create_function is not a knob here. These are: update_event_source_mapping"),
        ("update_event_source_mapping", {"UUID": "u"}, "sets nothing"),
        ("update_event_source_mapping", {"UUID": "u", "BatchSize": 1, "Enabled": True}, "BatchSize and Enabled"),
        ("update_function_configuration", {"FunctionName": "f", "Environment": {}}, "Leave Environment alone"),
    ],
)
def test_what_is_not_one_knob(operation, parameters, told):
    with pytest.raises(knobs.Refused, match=told):
        knobs.knob_of(operation, parameters)


def test_a_hand_looks_for_real_and_notes_changes():
    turns: list[knobs.Turn] = []
    client = SimpleNamespace(get_function=lambda **about: about, delete_function=None)
    hand = knobs.Hand("lambda", lambda: client, turns)
    assert hand.get_function(FunctionName="f") == {"FunctionName": "f"}
    assert hand.update_function_configuration(FunctionName="f", Timeout=9) is None
    assert [(turn.knob, turn.service) for turn in turns] == [("timeout", "lambda")]
    with pytest.raises(knobs.Refused, match="One call, please"):
        hand.update_function_configuration(FunctionName="f", Timeout=10)
