"""The properties of a resource in a template: read as the API takes them, or refused as CloudFormation refuses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kinesis_lab.emulator.validation import service_model
from kinesis_lab.emulator.wire import AwsError, Document

LISTED = "Properties validation failed for resource {} with message: [{}]"
"""How CloudFormation words it."""
KINDS = {bool: "Boolean", int: "Integer", float: "Number", str: "String", list: "JSONArray", dict: "JSONObject"}
WHOLE = re.compile("[+-]?[0-9]{1,18}")


def types_of(service: str, operation: str) -> dict[str, str]:
    """The members of an operation's input, and the kind of each as the model of the API names it."""
    shape = service_model(service).operation_model(operation).input_shape
    return {name: member.type_name for name, member in shape.members.items()} if shape else {}


def checked(logical_id: str, resource: Document, types: Mapping[str, str], *, required: Iterable[str] = ()) -> Document:
    """The properties of a resource: numbers and flags may be text, as they are when they come from a parameter.

    Raises AwsError for what the type of resource does not have, and for what has another kind.
    """
    properties = {name: value for name, value in (resource.get("Properties") or {}).items() if value is not None}
    problems = [f"#: extraneous key [{name}] is not permitted" for name in properties if name not in types]
    problems += [f"#: required key [{name}] not found" for name in required if name not in properties]
    read: Document = {}
    for name, value in properties.items():
        if name in types:
            try:
                read[name] = _READERS.get(types[name], _as_it_is)(value)
            except _Unfit as unfit:
                problems.append(f"#/{name}{unfit}")
    if problems:
        raise AwsError("ValidationError", LISTED.format(logical_id, ", ".join(problems)))
    return read


class _Unfit(Exception):
    """A value of another kind than its property: where in the property, and what is wrong."""


def _expected(kind: str, value: Any) -> _Unfit:
    return _Unfit(f": expected type: {kind}, found: {KINDS.get(type(value), 'Null')}")


def _integer(value: Any) -> int:
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _expected("Integer", value)
    return value


def _number(value: Any) -> float:
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or not abs(number) < float("inf"):
        raise _expected("Number", value)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _expected("Boolean", value)


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise _expected("String", value)


def _structure(value: Any) -> Document:
    if not isinstance(value, dict):
        raise _expected("JSONObject", value)
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _expected("JSONArray", value)
    return value


def _tags(value: Any) -> dict[str, str]:
    """Tags, which templates have as a list of keys and values."""
    tags = {}
    for number, tag in enumerate(_list(value)):
        if not isinstance(tag, dict) or not {"Key", "Value"} <= tag.keys():
            raise _Unfit(f"/{number}: required key [Key] and [Value] not found")
        tags[_string(tag["Key"])] = _string(tag["Value"])
    return tags


def _as_it_is(value: Any) -> Any:
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "long": _integer,
    "double": _number,
    "timestamp": _number,
    "boolean": _boolean,
    "string": _string,
    "structure": _structure,
    "list": _list,
    "tags": _tags,
}
