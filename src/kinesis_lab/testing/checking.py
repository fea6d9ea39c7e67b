"""What was sent, held against what was seen of it: four questions, pure functions.

A thing is a number, a text, a document as JSON has it: what can be compared.  What was sent twice should be seen twice.
Where only a part of each thing is seen, say which: `lost(orders, [1, 2, 5], by="ID")`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Thing = TypeVar("Thing")
Field = str | Callable[[Any], Any]
"""What to take of a thing: the name of a field, or a function."""


def lost(sent: Iterable[Thing], seen: Iterable[Any], *, by: Field | None = None) -> list[Thing]:
    """What was sent more often than it was seen, in the order in which it was sent."""
    left = Counter(map(fingerprint, seen))
    take = taking(by)
    missing = []
    for thing in sent:
        mark = fingerprint(take(thing))
        left[mark] -= 1
        if left[mark] < 0:
            missing.append(thing)
    return missing


def duplicated(sent: Iterable[Thing], seen: Iterable[Any], *, by: Field | None = None) -> list[Thing]:
    """What was sent, and seen more often than that: once for each time too many."""
    sent, take = list(sent), taking(by)
    known = _first_of_each(sent, take)
    too_many = map(fingerprint, lost(seen, map(take, sent)))
    return [known[mark][1] for mark in too_many if mark in known]


def invented(sent: Iterable[Any], seen: Iterable[Thing], *, by: Field | None = None) -> list[Thing]:
    """What was seen and never sent, in the order in which it was seen."""
    known = _first_of_each(sent, taking(by))
    return [thing for thing in seen if fingerprint(thing) not in known]


def out_of_order(
    sent: Iterable[Thing], seen: Iterable[Any], *, key: Field | None = None, by: Field | None = None
) -> list[tuple[Thing, Thing]]:
    """What was seen for the first time only after something of the same key that was sent later: pairs of the two.

    `key`: what the order is kept for, the partition key for instance; if not given, all things have one order.
    That a thing is seen once more, as after a retry, is no disorder: `duplicated` tells of that.
    """
    fresh = _first_of_each(sent, taking(by))
    key_of = taking(key) if key is not None else lambda thing: None
    furthest: dict[Hashable, tuple[int, Thing]] = {}
    late = []
    for mark in map(fingerprint, seen):
        if mark not in fresh:
            continue
        place, thing = fresh.pop(mark)
        reached, ahead = furthest.get(key_of(thing), (-1, thing))
        if place < reached:
            late.append((thing, ahead))
        else:
            furthest[key_of(thing)] = place, thing
    return late


def taking(field: Field | None) -> Callable[[Any], Any]:
    """The function that takes this of a thing; None takes all of it."""
    if field is None:
        return lambda thing: thing
    return field if callable(field) else lambda thing: thing[field]


def fingerprint(thing: Any) -> Hashable:
    """The same for equal things, and hashable where they are not: lists, dicts, sets."""
    if isinstance(thing, dict):
        return frozenset((name, fingerprint(value)) for name, value in thing.items())
    if isinstance(thing, list | tuple):
        return tuple(map(fingerprint, thing))
    if isinstance(thing, set):
        return frozenset(map(fingerprint, thing))
    mark: Hashable = thing
    return mark


def _first_of_each(things: Iterable[Thing], take: Callable[[Thing], Any]) -> dict[Hashable, tuple[int, Thing]]:
    """Among equal things the first one, with its place."""
    found: dict[Hashable, tuple[int, Thing]] = {}
    for place, thing in enumerate(things):
        found.setdefault(fingerprint(take(thing)), (place, thing))
    return found
