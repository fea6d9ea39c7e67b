"""The learner's desk: guesses made, exercises done, hints looked at.  It lasts as long as the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from helpers.exercises.exercise import Exercise, NotStarted, find

NOT_STARTED = "⬜"
NOT_YET = "🔶"
CORRECT = "✅"


@dataclass
class Desk:
    """What the learner has done so far in this notebook."""

    guesses: dict[str, Any] = field(default_factory=dict)
    done: dict[str, bool] = field(default_factory=dict)
    hints_seen: dict[str, int] = field(default_factory=dict)


desk = Desk()


def predict(question: str, guess: Any) -> None:
    """Write down what you expect, before you run the cell that shows it.  `...` stands for no guess yet."""
    if guess is ... or guess is None:
        desk.guesses.pop(question, None)
        print(f"{NOT_STARTED} {question} Put your guess in place of the dots, or just run on.")
        return
    desk.guesses[question] = guess
    print(f"{question} You say {guess}. Run on, and we will see.")


def reveal(question: str, actual: Any) -> None:
    """Hold your guess against what happened."""
    guess = desk.guesses.get(question)
    if guess is None:
        print(f"{question} {actual}.")
    elif guess == actual:
        print(f"{CORRECT} {question} {actual}, as you said.")
    elif _is_number(guess) and _is_number(actual):
        way = "more" if actual > guess else "fewer"
        print(f"{NOT_YET} {question} {actual}, {way} than your {guess}. Read on for the reason.")
    else:
        print(f"{NOT_YET} {question} {actual}; you said {guess}. Read on for the reason.")


def check(exercise_id: str, answer: Any) -> None:
    """Say how far your answer is.  It prints one line and never raises, whatever the answer is."""
    exercise = find(exercise_id)
    label = f"{exercise.id} {exercise.title}"
    try:
        if answer is ...:
            raise NotStarted("put your answer in place of the dots")
        wrong = exercise.check(answer)
    except NotStarted as stub:
        desk.done[exercise.id] = False
        print(f"{NOT_STARTED} {label}: not started. To do: {stub}.")
        return
    except (Exception, SystemExit) as error:
        wrong = f"your code raised {type(error).__name__}: {error}"
    desk.done[exercise.id] = wrong is None
    if wrong is None:
        print(f"{CORRECT} {label}: correct. {exercise.success}")
    else:
        print(f"{NOT_YET} {label}: not yet. {wrong}")


def hint(exercise_id: str) -> None:
    """Show the next hint; after the last one it starts over."""
    exercise: Exercise = find(exercise_id)
    seen = desk.hints_seen.get(exercise.id, 0)
    desk.hints_seen[exercise.id] = seen + 1
    number = seen % len(exercise.hints)
    print(f"Hint {number + 1} of {len(exercise.hints)}: {exercise.hints[number]}")


def progress() -> None:
    """Show which of the exercises that you have checked are done."""
    if not desk.done:
        print("No exercise checked yet.")
        return
    for exercise_id, done in desk.done.items():
        print(f"{CORRECT if done else NOT_STARTED} {exercise_id} {find(exercise_id).title}")
    print(f"{sum(desk.done.values())} of {len(desk.done)} done.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
