"""The judge can find fault: whoever tampers with the evidence is caught."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from kinesis_lab.testing import fresh_cloud
from tests.hostile.schedules.judge import judge
from tests.hostile.schedules.play import Evidence, Player
from tests.hostile.schedules.schedule import Mapped, Schedule


def record(id: int, key: str = "k", kind: str = "good", times: int = 0) -> dict[str, Any]:
    return {"id": id, "key": key, "kind": kind, "times": times, "wanted": id % 5 != 0}


def played(*mappings: Mapped) -> Evidence:
    steps = [
        ("put", [record(1), record(2, "l"), record(3), record(4, kind="poison"), record(5)]),
        ("wait", 12.0),
        ("put", [record(6), record(7, "l"), record(8, kind="flaky", times=1)]),
        ("wait", 100.0),
        ("put", [record(9), record(10)]),
    ]
    with fresh_cloud() as cloud:
        return Player(cloud, Schedule(0, 1, list(mappings), steps), real=False).play()


@pytest.fixture(scope="module")
def innocent() -> Evidence:
    """Of a mapping that reports, one that counts in windows, and one that filters and works in lanes."""
    retries = {"MaximumRetryAttempts": 1}
    wanted = {"FilterCriteria": {"Filters": [{"Pattern": '{"data": {"wanted": [true]}}'}]}}
    evidence = played(
        Mapped({"BatchSize": 2, **retries}, "TRIM_HORIZON", reports=True),
        Mapped({"BatchSize": 3, "TumblingWindowInSeconds": 30, **retries}, "TRIM_HORIZON"),
        Mapped({"BatchSize": 2, "ParallelizationFactor": 3, **wanted, **retries}, "TRIM_HORIZON"),
    )
    assert judge(evidence) == [] and len(evidence.messages) == 1 and len(evidence.lines) > 15
    return evidence


@pytest.fixture
def evidence(innocent: Evidence) -> Evidence:
    return copy.deepcopy(innocent)


def lines(evidence: Evidence, function: str = "f0") -> list[dict[str, Any]]:
    return [line for line in evidence.lines if line["function"] == function]


def remove_record(line: dict[str, Any], place: int = 0) -> None:
    for name in ("ids", "numbers", "keys", "arrivals"):
        del line[name][place]


def lose_a_record(evidence: Evidence) -> None:
    line = next(line for line in lines(evidence) if 9 in line["ids"])
    remove_record(line, line["ids"].index(9))


def lose_an_invocation(evidence: Evidence) -> None:
    evidence.lines.remove(next(line for line in lines(evidence) if 9 in line["ids"]))


def repeat_an_invocation(evidence: Evidence) -> None:
    line = next(line for line in lines(evidence) if 1 in line["ids"])
    evidence.lines.append({**line, "at": line["at"] + 1})


def swap_two_invocations(evidence: Evidence) -> None:
    one, other = (next(line for line in lines(evidence) if id in line["ids"]) for id in (1, 9))
    one["at"], other["at"] = other["at"], one["at"]
    evidence.lines.sort(key=lambda line: line["at"])


def swap_two_records(evidence: Evidence) -> None:
    line = next(line for line in lines(evidence) if len(line["ids"]) == 2)
    for name in ("ids", "numbers", "keys", "arrivals"):
        line[name].reverse()


def invent_a_record(evidence: Evidence) -> None:
    lines(evidence)[0]["ids"][0] = 99


def change_a_key(evidence: Evidence) -> None:
    lines(evidence)[0]["keys"][0] = "other"


def lose_a_message(evidence: Evidence) -> None:
    evidence.messages.clear()


def repeat_a_message(evidence: Evidence) -> None:
    evidence.messages *= 2


def try_too_seldom(evidence: Evidence) -> None:
    evidence.lines.remove(next(line for line in lines(evidence) if 4 in line["ids"]))


def try_too_often(evidence: Evidence) -> None:
    line = [line for line in lines(evidence) if 4 in line["ids"]][-1]
    evidence.lines.append({**line, "at": line["at"] + 1})
    evidence.lines.sort(key=lambda line: line["at"])


def count_too_few(evidence: Evidence) -> None:
    evidence.messages[0]["requestContext"]["approximateInvokeCount"] = 1


def report_what_is_done(evidence: Evidence) -> None:
    first = next(put for put in evidence.puts if put.id == 1)
    evidence.messages[0]["KinesisBatchInfo"]["startSequenceNumber"] = first.number


def give_up_too_early(evidence: Evidence) -> None:
    evidence.messages[0]["requestContext"]["condition"] = "RecordAgeExceeded"


def work_at_the_same_time(evidence: Evidence) -> None:
    for line in lines(evidence):
        line["seconds"] = 9.0


def work_while_disabled(evidence: Evidence) -> None:
    evidence.mappings[0].pauses.append([0.0, 1.0])


def work_when_deleted(evidence: Evidence) -> None:
    evidence.mappings[0].deleted = 1.0


def make_batches_too_large(evidence: Evidence) -> None:
    evidence.mappings[0].settings["BatchSize"] = 1


def let_through_what_is_filtered(evidence: Evidence) -> None:
    evidence.mappings[0].settings["FilterCriteria"] = evidence.mappings[2].settings["FilterCriteria"]


def close_no_window(evidence: Evidence) -> None:
    evidence.lines.remove([line for line in lines(evidence, "f1") if line["isFinalInvokeForWindow"]][-1])


def close_a_window_with_another_state(evidence: Evidence) -> None:
    final = next(line for line in lines(evidence, "f1") if line["isFinalInvokeForWindow"])
    final["state"] = {"ids": []}


def put_a_record_in_another_window(evidence: Evidence) -> None:
    first, *_, last = [line for line in lines(evidence, "f1") if line["ids"]]
    last["window"] = first["window"]


def answer_from_two_shards(evidence: Evidence) -> None:
    lines(evidence)[0]["shards"].append("shardId-000000000001")


TAMPERING = [
    lose_a_record,
    lose_an_invocation,
    repeat_an_invocation,
    swap_two_invocations,
    swap_two_records,
    invent_a_record,
    change_a_key,
    lose_a_message,
    repeat_a_message,
    try_too_seldom,
    try_too_often,
    count_too_few,
    report_what_is_done,
    give_up_too_early,
    work_at_the_same_time,
    work_while_disabled,
    work_when_deleted,
    make_batches_too_large,
    let_through_what_is_filtered,
    close_no_window,
    close_a_window_with_another_state,
    put_a_record_in_another_window,
    answer_from_two_shards,
]


@pytest.mark.parametrize("tamper", TAMPERING)
def test_whoever_tampers_is_caught(evidence: Evidence, tamper: Callable[[Evidence], None]):
    tamper(evidence)
    assert judge(evidence)


def test_who_loses_any_invocation_that_did_something_is_caught(innocent: Evidence):
    """Whichever it is, except for those that failed before others that were enough."""
    for place, line in enumerate(innocent.lines):
        if line["answer"] != "raise" and line["ids"]:
            evidence = copy.deepcopy(innocent)
            del evidence.lines[place]
            assert judge(evidence), line
