"""An exercise as data: its text, its hints, its solution, and the check of an answer."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class NotStarted(Exception):
    """The learner has not written anything yet."""


def todo(what: str) -> Any:
    """Stands in a stub for the line that the learner writes; `what` says what it should do."""
    raise NotStarted(what)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter."""

    id: str
    """Chapter and number, as in 0.1."""
    title: str
    check: Callable[[Any], str | None]
    """Takes the learner's answer; None when it is right, else what is wrong, in terms of the idea."""
    success: str
    """What the learner has shown, in one sentence."""
    hints: tuple[str, ...]
    """From a nudge to nearly the answer."""
    solution: str
    """Code that passes the check."""

    def folded_help(self) -> str:
        """Hints and solution as Markdown, each folded away until it is clicked."""
        folds = [(f"Hint {number}", hint) for number, hint in enumerate(self.hints, 1)]
        folds.append(("Solution", f"```python\n{self.solution}\n```"))
        return "\n\n".join(f"<details><summary>{title}</summary>\n\n{text}\n\n</details>" for title, text in folds)


def exercise(
    number: str, title: str, check: Callable[[Any], str | None], success: str, hints: tuple[str, ...], code: str
) -> Exercise:
    """An exercise whose solution is written as a block of code, with empty lines around it."""
    return Exercise(number, title, check, success, hints, code.strip("\n"))


def find(exercise_id: str) -> Exercise:
    """The exercise with this id, from the module of its chapter.  Raises LookupError with the ids there are."""
    chapter = exercise_id.partition(".")[0]
    name = f"helpers.exercises.chapter_{int(chapter):02d}" if chapter.isdecimal() else ""
    if not name or importlib.util.find_spec(name) is None:
        raise LookupError(f"there is no exercise {exercise_id!r}: no chapter has that number")
    module = importlib.import_module(name)
    exercises: tuple[Exercise, ...] = module.EXERCISES
    for exercise in exercises:
        if exercise.id == exercise_id:
            return exercise
    known = ", ".join(exercise.id for exercise in exercises)
    raise LookupError(f"there is no exercise {exercise_id!r}; chapter {chapter} has {known}")


def outcome_of(function: Any, *arguments: Any) -> tuple[Any, Exception | None]:
    """Call the learner's function; its result, and what it raised, if it did."""
    if not callable(function):
        return None, TypeError(f"a function was expected here, not {type(function).__name__}")
    try:
        return function(*arguments), None
    except NotStarted:
        raise
    except Exception as error:
        return None, error


def named(error: BaseException) -> str:
    """An exception in a few words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
