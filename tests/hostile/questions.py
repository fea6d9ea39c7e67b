"""The four questions that are asked of every case; each answers with its complaints, none if all is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.hostile.case import Answer, Case, Ending, Package

AT_ONCE = 2.0
"""Real seconds within which Ctrl-C ends a wait."""

Report = dict[str, Any]


def is_the_notebook_usable(case: Case | Package, report: Report, ending: Ending) -> Iterator[str]:
    """Every wait has had an end, nothing was raised, and an ordinary function and a stream work."""
    if report.get("step") != ("done" if ending == "close" else "end"):
        main_thread = report["hung"].strip().rpartition("\n\n")[2]
        where = re.findall(r'File ".*?([^/"]+)", line (\d+) in (\w+)', main_thread)
        yield f"it came no further than {report.get('step')}: {' < '.join(' '.join(frame) for frame in where[:10])}"
        return
    yield from (f"{name}: {value}" for name, value in report.items() if name.endswith(" raised"))
    if report.get("plain") != {"n": 7}:
        yield f"an ordinary function answers {report.get('plain')}"
    if report.get("read") != ["7"]:
        yield f"a stream has {report.get('read')}"
    if report["grew"] > case.growth:
        yield f"it grew by {report['grew']} MB"
    if isinstance(case, Case):
        if len(report["processes"]) > case.processes:
            yield f"there were {len(report['processes'])} processes"
        if case.interrupted and report.get("interrupted after", 99) > AT_ONCE:
            yield f"Ctrl-C was noticed after {report.get('interrupted after')} seconds"


def is_nothing_left_behind(case: Case | Package, report: Report, ending: Ending) -> Iterator[str]:
    """No process, no file, no thread and no descriptor is left."""
    yield from (f"running: {text}" for text in report["left running"])
    if report["left lying"]:
        yield f"{len(report['left lying'])} files: {', '.join(report['left lying'][:5])}"
    strangers = set(report["strange"]) - {"tmp", "report.json", "hung.txt"}
    if strangers:
        yield f"files beside the temporary folder: {strangers}"
    if ending == "close":
        yield from report.get("kept", ())
    elif report["again"] != {"step": "done", "plain": {"n": 7}, "read": ["7"]}:
        yield f"the next notebook: {report['again']}"


def is_the_answer_that_of_aws(case: Case | Package, report: Report, ending: Ending) -> Iterator[str]:
    """Status, error type, message and log are those that AWS has."""
    if isinstance(case, Package) and ("refused" in report or (case.refused and not case.may_run)):
        code, message = report.get("refused", ("none", "it was taken"))
        if not case.refused or not re.fullmatch(case.code, code) or not re.search(case.refused, message):
            yield f"refused: {code}: {message}"
        return
    if isinstance(case, Case) and case.interrupted:
        return
    if isinstance(case, Case) and case.through == "mapping" and not case.answer.any:
        right = "(error|timeout)" if case.answer.error else "ok"
        outcomes = report.get("outcomes", [])
        if len(outcomes) != case.attempts or not all(re.fullmatch(right, outcome) for outcome in outcomes):
            yield f"outcomes {outcomes}"
    elif not case.answer.any and report.get("hostile"):
        yield from _differences(case.answer, report.get("hostile", {}))
    log = report.get("log", [])
    yield from (
        f"no line of the log has {wanted!r}: {[line[:120] for line in log[-12:]]}"
        for wanted in case.answer.logged
        if not any(re.search(wanted, line, re.DOTALL) for line in log)
    )
    if report.get("log") is not None and sum(line.startswith("REPORT ") for line in log) == 0:
        yield "the log has no REPORT"
    if not report.get("hostile") and not report.get("outcomes"):
        yield "there was none"


def is_the_next_invocation_right(case: Case | Package, report: Report, ending: Ending) -> Iterator[str]:
    """Each later invocation gets its own event, gives its own result, and has a new process if the first one died."""
    if isinstance(case, Case) and not case.at_init:
        following = report.get("next", [])
        if len(following) != case.rounds:
            yield f"{len(following)} of {case.rounds} invocations"
        if case.next_fails and following:
            failed = following.pop(0)
            if not re.fullmatch(case.next_fails, _of(failed, "errorType")):
                yield f"the first of them: {failed}"
        pids = {_of(report.get("first", {}), "pid")}
        for n, answer in enumerate(following, start=bool(case.next_fails)):
            if _of(answer, "event") != str({"do": f"next {n}"}):
                yield f"next {n} got {answer}"
                break
            if case.fresh is not None and n == 0 and (_of(answer, "pid") not in pids) != case.fresh:
                yield f"its process is {'the same' if case.fresh else 'another one'}"
        outcomes = report.get("next outcomes", [])
        if case.through == "mapping" and (outcomes[-1:] if case.interrupted else outcomes) != ["ok"]:
            yield f"the next record: {outcomes}"  # after Ctrl-C, the hostile one is still to be retried
    if report.get("mended", {}).get("document") != {"n": 8}:
        yield f"after the code was mended: {report.get('mended')}"
    if isinstance(case, Case) and case.through == "mapping" and report.get("mended outcomes") != ["ok"]:
        yield f"a record after the code was mended: {report.get('mended outcomes')}"


def _differences(expected: Answer, found: Report) -> Iterator[str]:
    if found.get("status") != 200 or (found["error"] == "Unhandled") != bool(expected.error):
        yield f"it was {found}"
    elif not expected.error:
        if found["document"] != expected.result:
            yield f"the result was {str(found['document'])[:300]}"
    elif not (
        re.fullmatch(expected.error, _of(found, "errorType"))
        and re.fullmatch(expected.message, _of(found, "errorMessage"), re.DOTALL)
    ):
        yield f"the error was {str(found['document'])[:600]}"


def _of(answer: Report, name: str) -> str:
    document = answer.get("document")
    return str(document.get(name)) if isinstance(document, dict) else ""


QUESTIONS = (
    is_the_notebook_usable,
    is_nothing_left_behind,
    is_the_answer_that_of_aws,
    is_the_next_invocation_right,
)


def complaints(case: Case | Package, report: Report, ending: Ending) -> list[str]:
    """What is wrong, by question."""
    return [f"{asked.__name__}: {text}" for asked in QUESTIONS for text in asked(case, report, ending)]
