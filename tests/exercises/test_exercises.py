"""Every exercise: the stub is not started, the reference is correct, each wrong answer is told why."""

from __future__ import annotations

import base64
import importlib
import json
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.exercises import check, hint, predict, progress, reveal, todo
from helpers.exercises.desk import desk
from helpers.exercises.exercise import find

CHAPTERS = sorted(path.stem.removeprefix("answers_") for path in Path(__file__).parent.glob("answers_[0-9][0-9].py"))
EXERCISES = {
    exercise.id: exercise
    for number in CHAPTERS
    for exercise in importlib.import_module(f"helpers.exercises.chapter_{number}").EXERCISES
}
WRONG = {
    exercise_id: answers
    for number in CHAPTERS
    for exercise_id, answers in importlib.import_module(f"tests.exercises.answers_{number}").WRONG.items()
}
RIGHT = {
    exercise_id: answers
    for number in CHAPTERS
    for exercise_id, answers in getattr(
        importlib.import_module(f"tests.exercises.answers_{number}"), "RIGHT", {}
    ).items()
}


@pytest.fixture(autouse=True)
def clear_desk(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)  # answers pause between attempts
    for book in (desk.guesses, desk.done, desk.hints_seen):
        book.clear()


def answer_of(source: str):
    """What a learner's code defines."""
    names: dict[str, object] = {"json": json, "base64": base64, "todo": todo}
    before = set(names)
    exec(source, names)
    made = {
        name: value for name, value in names.items() if name not in before and not isinstance(value, ModuleType | type)
    }
    (name,) = set(made) - {"__builtins__"}
    return made[name]


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_reference_is_correct(exercise_id, capsys):
    exercise = EXERCISES[exercise_id]
    assert check(exercise_id, answer_of(exercise.solution)) is None
    line = f"✅ {exercise_id} {exercise.title}: correct. {exercise.success}\n"
    assert capsys.readouterr().out == line
    assert desk.done == {exercise_id: True}


@pytest.mark.parametrize(
    ("exercise_id", "variant"), [(e, variant) for e, answers in RIGHT.items() for variant in answers]
)
def test_another_right_answer_is_correct(exercise_id, variant, capsys):
    check(exercise_id, answer_of(RIGHT[exercise_id][variant]))
    assert capsys.readouterr().out.startswith(f"✅ {exercise_id} ")


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_stub_is_not_started(exercise_id, capsys):
    a_function = "def " in EXERCISES[exercise_id].solution
    check(exercise_id, (lambda *_: todo("write it")) if a_function else ...)
    out = capsys.readouterr().out
    assert out.endswith(
        f": not started. To do: {'write it' if a_function else 'put your answer in place of the dots'}.\n"
    )


@pytest.mark.parametrize(
    ("exercise_id", "mistake"), [(e, mistake) for e, answers in WRONG.items() for mistake in answers]
)
def test_a_wrong_answer_is_told_why(exercise_id, mistake, capsys):
    source, told = WRONG[exercise_id][mistake]
    check(exercise_id, answer_of(source))
    line = capsys.readouterr().out
    assert line.startswith(f"🔶 {exercise_id} ") and line.count("\n") == 1
    assert told in line


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_every_exercise_has_wrong_answers_and_hints(exercise_id):
    assert len(WRONG[exercise_id]) >= 2
    assert len({told for _, told in WRONG[exercise_id].values()}) >= 2
    assert 1 <= len(EXERCISES[exercise_id].hints) <= 3


@given(
    answer=st.one_of(
        st.none(),
        st.integers(),
        st.text(),
        st.functions(
            like=lambda record: None,
            returns=st.one_of(st.none(), st.text(), st.binary(), st.dictionaries(st.text(), st.none())),
        ),
        st.sampled_from([ValueError("x"), SystemExit(1), RecursionError(), KeyError("y"), AssertionError()]).map(
            lambda error: lambda *_: (_ for _ in ()).throw(error)
        ),
    ),
    exercise_id=st.sampled_from(sorted(EXERCISES)),
)
def test_a_check_never_raises(answer, exercise_id):
    assert check(exercise_id, answer) is None
    assert desk.done[exercise_id] is False


def test_endless_recursion_is_survived(capsys):
    def forever(record):
        return forever(record)

    check("0.1", forever)
    assert "RecursionError" in capsys.readouterr().out


def test_hints_go_from_the_first_to_the_last_and_start_over(capsys):
    for _ in range(4):
        hint("0.1")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"Hint {n} of 3" for n in (1, 2, 3, 1)]


def test_a_prediction_and_what_came(capsys):
    for guess in (..., 10, 14, 20):
        predict("How many?", guess)
        reveal("How many?", 14)
    predict("Which?", "red")
    reveal("Which?", "blue")
    assert capsys.readouterr().out.splitlines() == [
        "⬜ How many? Put your guess in place of the dots, or just run on.",
        "How many? 14.",
        "How many? You say 10. Run on, and we will see.",
        "🔶 How many? 14, more than your 10. Read on for the reason.",
        "How many? You say 14. Run on, and we will see.",
        "✅ How many? 14, as you said.",
        "How many? You say 20. Run on, and we will see.",
        "🔶 How many? 14, fewer than your 20. Read on for the reason.",
        "Which? You say red. Run on, and we will see.",
        "🔶 Which? blue; you said red. Read on for the reason.",
    ]


@pytest.mark.parametrize(
    ("guess", "actual", "told"),
    [
        ("In it", "in it", "✅ Q: in it, as you said."),
        (" out  of order ", "out of order", "✅ Q: out of order, as you said."),
        ("14", 14, "✅ Q: 14, as you said."),
        (14.0, 14, "✅ Q: 14, as you said."),
        ("1,000", 1000, "✅ Q: 1000, as you said."),
        (5, 4.6, "✅ Q: 4.6; your 5 is near enough."),
        (4, 4.6, "🔶 Q: 4.6, more than your 4. Read on for the reason."),
        (4.5, 4.6, "✅ Q: 4.6; your 4.5 is near enough."),
        (95, 94.3, "✅ Q: 94.3; your 95 is near enough."),
        (90, 95, "🔶 Q: 95, more than your 90. Read on for the reason."),
        (91, 95, "✅ Q: 95; your 91 is near enough."),
        (13, 14, "🔶 Q: 14, more than your 13. Read on for the reason."),
        (1, 0, "🔶 Q: 0, fewer than your 1. Read on for the reason."),
        (0.2, 0.1 + 0.1, "✅ Q: 0.2, as you said."),
        (94, np.float64(94.3), "✅ Q: 94.3; your 94 is near enough."),
        (111, np.int64(111), "✅ Q: 111, as you said."),
        ("More than 100", 111, "✅ Q: 111, as you said."),
        ("about 110", 111, "✅ Q: 111; your 110 is near enough."),
        ("about 20", 111, "🔶 Q: 111, more than your 20. Read on for the reason."),
        ("less than 100", 111, "🔶 Q: 111, not less than 100. Read on for the reason."),
        ("a few", 111, "🔶 Q: 111; you said a few. Read on for the reason."),
        (True, 1, "🔶 Q: 1; you said True. Read on for the reason."),
        (float("nan"), 1, "🔶 Q: 1; you said nan. Read on for the reason."),
        (404, "200", "🔶 Q: 200; you said 404. Read on for the reason."),
        (200, "200", "✅ Q: 200, as you said."),
    ],
)
def test_a_guess_counts_as_right_if_that_is_what_was_meant(guess, actual, told, capsys):
    predict("Q:", guess)
    reveal("Q:", actual)
    assert capsys.readouterr().out.splitlines()[-1] == told


def test_progress(capsys):
    progress()
    check("0.1", answer_of(EXERCISES["0.1"].solution))
    check("0.2", 7)
    capsys.readouterr()
    progress()
    assert capsys.readouterr().out.splitlines() == [
        "✅ 0.1 Open the envelope",
        "⬜ 0.2 Zero is an amount",
        "1 of 2 done.",
    ]


@pytest.mark.parametrize(
    ("exercise_id", "message"),
    [("0.9", "chapter 0 has 0.1, 0.2"), ("77.1", "no chapter has that number"), ("x", "no chapter")],
)
def test_an_unknown_exercise_names_those_there_are(exercise_id, message):
    with pytest.raises(LookupError, match=message):
        find(exercise_id)


def test_help_is_folded():
    text = EXERCISES["0.1"].folded_help()
    assert text.count("<details>") == text.count("</details>") == 4
    assert text.count("```") == 2
