"""Checks a request against AWS's own model of the operation and words the errors as AWS does.

The model (member names, required members, lengths, ranges, patterns, enumerations) is the one that botocore ships.
botocore itself checks types and required members before it sends; the service checks everything again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from kinesis_lab.emulator.wire import AwsError

MOST_ERRORS = 10
"""AWS names at most ten errors in one message (facts 4.1)."""


@cache
def service_model(service: str) -> ServiceModel:
    """A service as botocore describes it."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def parse(body: bytes) -> dict[str, Any]:
    """The JSON document in the body of a request; an empty body is an empty one."""
    try:
        document = json.loads(body or b"{}", parse_constant=refuse_constant)
    except (ValueError, RecursionError) as malformed:
        raise AwsError("SerializationException", f"The body is not a JSON document: {malformed}") from malformed
    if not isinstance(document, dict):
        raise AwsError("SerializationException", f"The body is {_kind(document)}, and must be a structure.")
    return document


def without_nulls(value: Any) -> Any:
    """A document without the members that are null: to AWS, these are not there."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python's json reads and JSON does not have."""
    raise ValueError(f"{name} is not a number")


def validate(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Raise AWS's ValidationException if `parameters` do not fit the operation's input."""
    shape = service_model(service).operation_model(operation).input_shape
    errors = list(_errors(parameters, shape, "")) if shape is not None else []
    if errors:
        plural = "s" if len(errors) > 1 else ""
        listed = "; ".join(errors[:MOST_ERRORS])
        raise AwsError("ValidationException", f"{len(errors)} validation error{plural} detected: {listed}")


def _errors(value: Any, shape: Shape, path: str) -> Iterator[str]:
    _check_type(value, shape, path)
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                at = f"{path}.{_camel(name)}" if path else _camel(name)
                if value.get(name) is not None:
                    yield from _errors(value[name], member, at)
                elif name in shape.required_members:
                    yield _error("null", at, "Member must not be null")
        case "list":
            yield from _bounds(value, len(value), shape, path, "length")
            for number, item in enumerate(value, 1):
                yield from _errors(item, shape.member, f"{path}.{number}.member")
        case "map":
            yield from _bounds(value, len(value), shape, path, "length")
            for key, item in value.items():
                yield from _errors(key, shape.key, f"{path}.key")
                yield from _errors(item, shape.value, f"{path}.{key}.member")
        case "string":
            yield from _string_errors(value, shape, path)
        case "blob":
            length = len(_decoded(value, path))
            yield from _bounds(_Blob(length), length, shape, path, "length")
        case "integer" | "long" | "float" | "double":
            yield from _bounds(value, value, shape, path, "value")


LATEST = 1e11
"""Seconds since 1970: what is later is no timestamp."""
_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


def _check_type(value: Any, shape: Shape, path: str) -> None:
    """Raise SerializationException for a value that the JSON protocol does not take for this member."""
    wanted = _TYPES[shape.type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        at = path or "the body"
        raise AwsError("SerializationException", f"{at} is {_kind(value)}, and must be a {shape.type_name}.")
    if shape.type_name == "timestamp" and isinstance(value, (int, float)) and abs(value) > LATEST:
        raise AwsError("SerializationException", f"{path} is no timestamp in seconds since 1970.")


def _kind(value: Any) -> str:
    kinds = {dict: "a structure", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _decoded(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as malformed:
        raise AwsError("SerializationException", f"{path} is not base64: {malformed}") from malformed


class _Blob(int):
    """Bytes, as AWS's messages show them (facts 4.1)."""

    def __str__(self) -> str:
        return f"java.nio.HeapByteBuffer[pos=0 lim={int(self)} cap={int(self)}]"


def _string_errors(value: str, shape: Shape, path: str) -> Iterator[str]:
    yield from _bounds(value, len(value), shape, path, "length")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _error(f"'{value}'", path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _error(f"'{value}'", path, f"Member must satisfy regular expression pattern: {pattern}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model's, which is written for Java: some classes of characters have other names there."""
    names = {r"\p{L}": r"\w", r"\p{Z}": r"\s", r"\p{N}": r"\d"}
    translated = pattern
    for there, here in names.items():
        translated = translated.replace(there, here)
    return re.compile(translated, re.ASCII if translated == pattern else 0)


def _bounds(value: Any, measure: float, shape: Shape, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    shown = "'[...]'" if isinstance(value, list) else f"'{value}'"
    if least is not None and measure < least:
        yield _error(shown, path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and measure > most:
        yield _error(shown, path, f"Member must have {what} less than or equal to {most}")


def _error(value: str, path: str, rule: str) -> str:
    return f"Value {value} at '{path}' failed to satisfy constraint: {rule}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
