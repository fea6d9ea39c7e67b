"""The incident lab: a pager message, graphs, and one knob to turn.

    from helpers.exercises import incidents
    case = incidents.open(1)
    case.graphs()

An incident is a row of `data/incidents.json` and a scenario in `scenarios.py`; a seed makes a `Plan` of the row, and
`scene.py` plays it in a local cloud of its own, from nine to ten.  `case.py` shows it and takes the remedy, `knobs.py`
sees to it that one knob is turned, `findings.py` counts what has happened until eleven, and `verdict.py` finds words.

A new incident is a new row.  If something goes wrong in it that did not before, it needs a scenario, too, and if that
is a new cause, something to be said against it in `verdict.AGAINST`.
"""

from __future__ import annotations

import random
from datetime import date

from helpers.exercises.incidents.case import Case
from helpers.exercises.incidents.catalogue import plan, rows
from helpers.exercises.incidents.verdict import CAUSES

__all__ = ["CAUSES", "Case", "of_the_day", "open", "opened"]

_cases: dict[int, Case] = {}


def open(number: int, seed: int = 0) -> Case:
    """Open an incident; another seed gives another shop with the same trouble.

    The local cloud that is open is closed, as there can be only one.  Raises LookupError if there is no such incident.
    """
    _cases[number] = Case(plan(number, seed))
    return _cases[number]


def opened(number: int) -> Case:
    """The incident as it was opened last."""
    return _cases.get(number) or open(number)


def of_the_day(day: date | str) -> Case:
    """The challenge of a day: which incident it is, and everything about it, follows from the date."""
    seed = (date.fromisoformat(day) if isinstance(day, str) else day).toordinal()
    return Case(plan(random.Random(seed).choice(list(rows())), seed))
