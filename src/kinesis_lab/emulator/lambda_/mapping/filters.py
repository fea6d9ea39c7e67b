"""Event filtering: which records a mapping lets through (facts 7.14).

A record passes when any filter matches.  A filter is a JSON pattern: an object whose every field must match, and
whose leaves are lists of rules of which one must hold.  Patterns are compiled once into predicates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.validation import refuse_constant
from kinesis_lab.emulator.wire import AwsError

MOST_FILTERS = 5
MOST_CHARACTERS = 4096
"""Filters of a mapping, and characters of a pattern (facts 7.2)."""

DEEPEST = 100
"""How deep patterns may be nested: our choice, AWS publishes no limit."""

MISSING = object()
"""The value of a field that is not there."""
UNREADABLE = object()
"""Stands for data that have no fields to look at: no pattern on `data` matches it."""

Predicate = Callable[[Any], bool]
"""Takes a value, MISSING included."""


class Number(str):
    """A JSON number as it is written: outside of `numeric`, 300 and 300.0 are different (facts 7.14)."""

    __slots__ = ()


class Filters:
    """The filters of one mapping."""

    def __init__(self, predicates: Sequence[Predicate] = ()) -> None:
        """No filter at all lets everything through."""
        self._predicates = tuple(predicates)

    @classmethod
    def of(cls, criteria: dict[str, Any] | None) -> Filters:
        """The filters in a FilterCriteria document.  Raises AWS's error for a pattern that is none."""
        filters = (criteria or {}).get("Filters") or []
        if len(filters) > MOST_FILTERS:
            raise AwsError("InvalidParameterValueException", f"A mapping may have {MOST_FILTERS} filters at most.")
        return cls([_compiled(each.get("Pattern") or "{}") for each in filters])

    def __bool__(self) -> bool:
        """Whether there is anything to check."""
        return bool(self._predicates)

    def pass_(self, record: Record) -> bool:
        """Whether the record goes on to the function."""
        if not self._predicates:
            return True
        seen = view(record)
        return any(matches(seen) for matches in self._predicates)


def view(record: Record) -> dict[str, Any]:
    """What a pattern sees of a record; of data that are no JSON object, that they can't be read."""
    fields = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": record.partition_key,
        "sequenceNumber": record.sequence_number,
        "approximateArrivalTimestamp": Number(record.arrival),
    }
    try:
        return {**fields, "data": _object(parsed(record.data))}
    except (ValueError, RecursionError):
        return {**fields, "data": UNREADABLE}


def parsed(text: str | bytes) -> Any:
    """JSON with its numbers as they are written; of a key that comes twice, the last counts (facts 7.14)."""
    if isinstance(text, bytes):
        text = text.decode()  # from UTF-8: json would guess others as well
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=refuse_constant)


def _compiled(pattern: str) -> Predicate:
    try:
        if len(pattern) > MOST_CHARACTERS:
            raise ValueError("too long")
        document = _object(parsed(pattern))
        _check_data(document)
        return _fields(document)
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        raise AwsError("InvalidParameterValueException", "Invalid filter pattern definition.") from None


def _check_data(pattern: Mapping[str, Any], depth: int = 0) -> None:
    """What a pattern says of data is an object, in every alternative."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    _object(pattern.get("data", {}))
    alternatives = pattern.get("$or")
    for each in alternatives if isinstance(alternatives, list) else []:
        if isinstance(each, dict):
            _check_data(each, depth + 1)


def _fields(pattern: Mapping[str, Any], depth: int = 0) -> Predicate:
    """All of these fields must match."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    alternatives = pattern.get("$or")
    either = [_fields(_object(each), depth + 1) for each in alternatives] if isinstance(alternatives, list) else []
    fields = {
        name: _fields(wanted, depth + 1) if isinstance(wanted, dict) else _rules(wanted)
        for name, wanted in pattern.items()
        if not (name == "$or" and either)
    }

    def matches(value: Any) -> bool:
        if value is UNREADABLE:  # whatever is asked of it, even for what must not be there (facts 7.14)
            return False
        if isinstance(value, list):  # of objects within data, one has to fit: EventBridge's rule
            return any(matches(item) for item in value or [MISSING])
        inner = value if isinstance(value, dict) else {}
        return all(match(inner.get(name, MISSING)) for name, match in fields.items()) and (
            not either or any(match(inner) for match in either)
        )

    return matches


def _object(pattern: Any) -> Mapping[str, Any]:
    if not isinstance(pattern, dict):
        raise ValueError("an object is wanted here")
    return pattern


def _rules(wanted: Any) -> Predicate:
    """One of these rules must hold."""
    if not isinstance(wanted, list) or not wanted:
        raise ValueError("what is wanted of a field is a list")
    rules = [_rule(each) for each in wanted]

    def matches(value: Any) -> bool:
        if value is UNREADABLE:
            return False
        if isinstance(value, list):  # a list in a record matches if one of its items does: EventBridge's rule
            return any(rule(item) for rule in rules for item in value or [MISSING])
        return any(rule(value) for rule in rules)

    return matches


def _rule(wanted: Any) -> Predicate:
    if isinstance(wanted, list):
        raise ValueError("a list in a list")
    if not isinstance(wanted, dict):
        return lambda value: _same(value, wanted)
    if len(wanted) != 1:
        raise ValueError("one operator each")
    ((operator, operand),) = wanted.items()
    if operator not in OPERATORS:
        raise ValueError(f"there is no operator {operator}")
    return OPERATORS[operator](operand)


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _anything_but(operand: Any) -> Predicate:
    unwanted = operand if isinstance(operand, list) else [operand]
    if not unwanted or any(isinstance(each, (dict, list)) for each in unwanted):
        raise ValueError("anything-but takes values")
    return lambda value: value is not MISSING and not any(_same(value, each) for each in unwanted)


def _exists(operand: Any) -> Predicate:
    if not isinstance(operand, bool):
        raise ValueError("exists takes true or false")
    # It works on leaves only (facts 7.14): an object is not one.
    return lambda value: (value is not MISSING and not isinstance(value, dict)) is operand


def _text(test: Callable[[str, str], bool]) -> Callable[[Any], Predicate]:
    def operator(operand: Any) -> Predicate:
        if type(operand) is not str:
            raise ValueError("this operator takes text")
        return lambda value: type(value) is str and test(value, operand)

    return operator


_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _numeric(operand: Any) -> Predicate:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise ValueError("numeric takes one or two comparisons")
    parts = list(zip(operand[::2], operand[1::2], strict=True))
    if any(not isinstance(bound, Number) or type(sign) is not str or sign not in _COMPARISONS for sign, bound in parts):
        raise ValueError("a comparison is a sign and a number")
    comparisons = [(_COMPARISONS[sign], Decimal(bound)) for sign, bound in parts]

    def matches(value: Any) -> bool:
        if not isinstance(value, Number):
            return False
        try:
            number = Decimal(value)
        except ArithmeticError:  # an exponent that no program can hold
            return False
        return all(compare(number, bound) for compare, bound in comparisons)

    return matches


OPERATORS: dict[str, Callable[[Any], Predicate]] = {
    "anything-but": _anything_but,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _text(str.startswith),
    "suffix": _text(str.endswith),
    "equals-ignore-case": _text(lambda value, wanted: value.casefold() == wanted.casefold()),
}
"""The operators that a mapping's filter has (facts 7.14)."""
