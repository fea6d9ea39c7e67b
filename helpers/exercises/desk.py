"""The learner's desk: guesses made, exercises done, hints looked at.  It lasts as long as the kernel."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, NamedTuple

from helpers.exercises.exercise import Exercise, NotStarted, find

NOT_STARTED = "⬜"
NOT_YET = "🔶"
CORRECT = "✅"

NEAR = 0.05
"""Which part of an amount a guess may be off and still count as right."""
MORE, LESS = ("more than", "over"), ("less than", "fewer than", "under")
BOUNDS = (*MORE, *LESS, "about")
"""What may stand before the number of a guess."""


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
    """Hold your guess against what happened.

    A number is an amount: a guess of it may be as exact as its own digits, or lie within five percent; it may be text,
    too, such as "14", "about 20" or "more than 100".  A text is a label, such as "in it" or the status "200": a guess
    of it is right or wrong, whatever its case and the spaces around it.
    """
    guess = desk.guesses.get(question)
    if guess is None:
        print(f"{question} {actual}.")
    elif _same(guess, actual):
        print(f"{CORRECT} {question} {actual}, as you said.")
    elif _is_number(actual) and (amount := _amount(guess)):
        print(_held_against(amount, question, actual))
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
    return isinstance(value, Real) and not isinstance(value, bool)


def _same(guess: Any, actual: Any) -> bool:
    """Whether they read the same, but for case and spaces."""
    return _folded(guess) == _folded(actual)


def _folded(value: Any) -> str:
    return " ".join(str(value).split()).casefold()


class Amount(NamedTuple):
    """A guess that is a number, or a text with one."""

    bound: str
    """What stands before the number: nothing, `about`, `more than`, …"""
    digits: str
    """The number, as it was written."""

    def is_near(self, actual: float) -> bool:
        """Whether it is as exact as its own digits can be, or nearly so; of a bound, whether it holds."""
        if self.bound in MORE:
            return actual > float(self.digits)
        if self.bound in LESS:
            return actual < float(self.digits)
        off = abs(float(self.digits) - actual)
        decimals = len(self.digits.partition(".")[2])
        return off <= 0.5 / 10**decimals or off <= NEAR * abs(actual)


def _amount(guess: Any) -> Amount | None:
    found = re.fullmatch(rf"({'|'.join(BOUNDS)})? ?(-?[\d,]*\.?\d+)", _folded(guess))
    return Amount(found[1] or "", found[2].replace(",", "")) if found else None


def _held_against(amount: Amount, question: str, actual: float) -> str:
    number = float(amount.digits)
    if amount.bound in (*MORE, *LESS):
        if amount.is_near(actual):
            return f"{CORRECT} {question} {actual}, as you said."
        return f"{NOT_YET} {question} {actual}, not {amount.bound} {amount.digits}. Read on for the reason."
    if number == actual:
        return f"{CORRECT} {question} {actual}, as you said."
    if amount.is_near(actual):
        return f"{CORRECT} {question} {actual}; your {amount.digits} is near enough."
    way = "more" if actual > number else "fewer"
    return f"{NOT_YET} {question} {actual}, {way} than your {amount.digits}. Read on for the reason."
