"""Checks a request against AWS's own model of the operation and words the errors as AWS does.

The model (member names, required members, lengths, ranges, patterns, enumerations) is the one that botocore ships.
botocore itself checks types and required members before it sends; the service checks everything again.

The input shape of an operation is compiled once, into one function for each shape in it: a `Reader`.
"""

from __future__ import annotations

import binascii
import json
import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from kinesis_lab.emulator.wire import AwsError, Document

MOST_ERRORS = 10
"""AWS names at most ten errors in one message (facts 4.1)."""
MISSING = "null"
"""How a message shows the value of a member that is not there: other values are quoted."""
REQUIRED_BESIDES = {("Tag", "Key")}
"""Structures and members of theirs that every service requires, and not every model."""
LATEST = 1e11
"""Seconds since 1970: what is later is no timestamp."""


@cache
def service_model(service: str) -> ServiceModel:
    """A service as botocore describes it."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def parse(body: bytes) -> Document:
    """The JSON document in the body of a request, without members that are null; an empty body is an empty document.

    Raises SerializationException for anything else.
    """
    try:
        document = json.loads(str(body, "utf-8") or "{}", parse_constant=refuse_constant)
    except (ValueError, RecursionError) as malformed:
        raise AwsError("SerializationException", f"The body is not a JSON document: {malformed}") from malformed
    if not isinstance(document, dict):
        raise AwsError("SerializationException", f"The body is {_kind(document)}, and must be a structure.")
    if b"null" not in body:
        return document
    try:
        return dict(without_nulls(document))
    except RecursionError:
        raise AwsError("SerializationException", "The body is nested too deeply.") from None


def without_nulls(value: Any) -> Any:
    """A document without the members that are null: to AWS, these are not there."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python's json reads and JSON does not have."""
    raise ValueError(f"{name} is not a number")


def validate(service: str, operation: str, parameters: Document) -> Document:
    """The parameters of an operation as its model has them: blobs are bytes, and what the model lacks is left out.

    Raises ValidationException if they do not fit the operation's input shape, SerializationException if the JSON
    protocol would not take them for it.
    """
    document, errors = read(service, operation, parameters)
    _refuse(errors)
    return document


def _refuse(errors: list[str]) -> None:
    if errors:
        plural = "s" if len(errors) > 1 else ""
        listed = "; ".join(errors[:MOST_ERRORS])
        raise AwsError("ValidationException", f"{len(errors)} validation error{plural} detected: {listed}")


def check_structure(service: str, operation: str, parameters: Document) -> None:
    """Refuse parameters of other types than the operation's input has, or without those that it requires.

    Raises ValidationException and SerializationException, as `validate`.  This is what botocore checks before it sends:
    lengths, patterns and the like are left to the service.
    """
    _, errors = read(service, operation, parameters)
    _refuse([error for error in errors if error.startswith(f"Value {MISSING} at")])


def read(service: str, operation: str, parameters: Document) -> tuple[Document, list[str]]:
    """The parameters as `validate` returns them, and all constraints that they violate.

    Raises SerializationException for a member of another type.
    """
    errors: list[str] = []
    try:
        return _input_reader(service, operation)(parameters, None, errors), errors
    except RecursionError:
        raise AwsError("SerializationException", "The request is nested too deeply.") from None


# Where a value is, and what is wrong with it

Path: TypeAlias = "tuple[Path, str | int] | None"
"""The way to a value: that to what it is in, and its name or number there.  Only an error makes text of it."""
Reader = Callable[[Any, Path, list[str]], Any]
"""Takes a value as JSON has it, its path, and the list of errors; returns the value, adds what is wrong to the list.

Raises SerializationException for a value of another type.
"""


def _error(shown: str, path: Path, rule: str) -> str:
    return f"Value {shown} at '{_text(path)}' failed to satisfy constraint: {rule}"


def _mistyped(value: Any, path: Path, type_name: str) -> AwsError:
    at = _text(path) or "the body"
    return AwsError("SerializationException", f"{at} is {_kind(value)}, and must be a {type_name}.")


def _text(path: Path) -> str:
    """A path as AWS's messages have it, as in records.2.member.partitionKey."""
    names = []
    while path is not None:
        path, name = path
        names.append(name if isinstance(name, str) else f"{name}.member")
    return ".".join(reversed(names))


def _kind(value: Any) -> str:
    kinds = {dict: "a structure", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


class _Bounds(NamedTuple):
    """The least and the largest `what`, length or value, that a shape allows."""

    least: float
    most: float
    what: str

    @classmethod
    def of_length(cls, shape: Shape) -> _Bounds:
        return cls(shape.metadata.get("min", 0), shape.metadata.get("max", sys.maxsize), "length")

    @classmethod
    def of_value(cls, shape: Shape) -> _Bounds:
        return cls(shape.metadata.get("min", float("-inf")), shape.metadata.get("max", float("inf")), "value")

    def errors(self, shown: str, measure: float, path: Path) -> list[str]:
        """What is wrong with a value that measures `measure`, and that messages show as `shown`."""
        found = []
        if measure < self.least:
            found.append(_error(shown, path, f"Member must have {self.what} greater than or equal to {self.least}"))
        if measure > self.most:
            found.append(_error(shown, path, f"Member must have {self.what} less than or equal to {self.most}"))
        return found


# One reader for each shape


@cache
def _input_reader(service: str, operation: str) -> Reader:
    shape = service_model(service).operation_model(operation).input_shape
    return _nothing if shape is None else _reader(shape)


def _reader(shape: Shape, within: tuple[str, ...] = ()) -> Reader:
    """The reader of a shape that is somewhere in the shapes `within`."""
    if shape.name in within:  # a shape that contains itself, as DynamoDB's AttributeValue
        return _when_asked(shape)
    within = (*within, shape.name)
    match shape.type_name:
        case "structure" if getattr(shape, "is_document_type", False):
            return _as_it_is
        case "structure":
            return _structure(shape, within)
        case "list":
            return _list(shape, within)
        case "map":
            return _map(shape, within)
        case "string":
            return _string(shape)
        case "blob":
            return _blob(shape)
        case "integer" | "long":
            return _number(shape, int)
        case "float" | "double":
            return _number(shape, (int, float))
        case "timestamp":
            return _timestamp
        case "boolean":
            return _boolean
    return _as_it_is


def _when_asked(shape: Shape) -> Reader:
    """The reader of a shape that is compiled when a value is there."""
    compiled = cache(lambda: _reader(shape))

    def read(value: Any, path: Path, errors: list[str]) -> Any:
        return compiled()(value, path, errors)

    return read


def name_in_json(name: str, member: Shape) -> str:
    """What a member is called in a JSON document; that of a REST request that is not in its body keeps its name."""
    serialization = member.serialization
    return name if "location" in serialization else str(serialization.get("name", name))


def _structure(shape: Shape, within: tuple[str, ...]) -> Reader:
    members = [
        (
            name,
            name_in_json(name, member),
            name[:1].lower() + name[1:],
            _reader(member, within),
            name in shape.required_members or (shape.name, name) in REQUIRED_BESIDES,
        )
        for name, member in shape.members.items()
    ]

    def read(value: Any, path: Path, errors: list[str]) -> Document:
        if not isinstance(value, dict):
            raise _mistyped(value, path, "structure")
        document = {}
        for name, in_json, shown, read_member, required in members:
            member = value.get(in_json)
            if member is not None:
                document[name] = read_member(member, (path, shown), errors)
            elif required:
                errors.append(_error(MISSING, (path, shown), "Member must not be null"))
        return document

    return read


def _list(shape: Shape, within: tuple[str, ...]) -> Reader:
    bounds, read_item = _Bounds.of_length(shape), _reader(shape.member, within)

    def read(value: Any, path: Path, errors: list[str]) -> list[Any]:
        if not isinstance(value, list):
            raise _mistyped(value, path, "list")
        errors += bounds.errors("'[...]'", len(value), path)
        return [read_item(item, (path, number), errors) for number, item in enumerate(value, 1)]

    return read


def _map(shape: Shape, within: tuple[str, ...]) -> Reader:
    bounds, read_key, read_value = _Bounds.of_length(shape), _reader(shape.key), _reader(shape.value, within)

    def read(value: Any, path: Path, errors: list[str]) -> Document:
        if not isinstance(value, dict):
            raise _mistyped(value, path, "map")
        errors += bounds.errors(f"'{value}'", len(value), path)
        return {
            read_key(key, (path, "key"), errors): read_value(item, (path, f"{key}.member"), errors)
            for key, item in value.items()
        }

    return read


def _string(shape: Shape) -> Reader:
    bounds, allowed = _Bounds.of_length(shape), shape.metadata.get("enum")
    least, most, _ = bounds
    pattern = shape.metadata.get("pattern")
    expression = _compiled(pattern) if pattern else None
    matches = expression.fullmatch if expression else None

    def read(value: Any, path: Path, errors: list[str]) -> str:
        if not isinstance(value, str):
            raise _mistyped(value, path, "string")
        if not least <= len(value) <= most:
            errors += bounds.errors(f"'{value}'", len(value), path)
        if allowed and value not in allowed:
            errors.append(_error(f"'{value}'", path, f"Member must satisfy enum value set: [{', '.join(allowed)}]"))
        if matches and not matches(value):
            errors.append(_error(f"'{value}'", path, f"Member must satisfy regular expression pattern: {pattern}"))
        return value

    return read


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern of the model's, which is written for Java: some classes of characters have other names there.

    None for one that means nothing in Python: none of Kinesis's and Lambda's.
    """
    names = {r"\p{L}": r"\w", r"\p{Z}": r"\s", r"\p{N}": r"\d"}
    translated = pattern
    for there, here in names.items():
        translated = translated.replace(there, here)
    try:
        return re.compile(translated, re.ASCII if translated == pattern else 0)
    except re.error:
        return None


def _blob(shape: Shape) -> Reader:
    bounds = _Bounds.of_length(shape)
    least, most, _ = bounds

    def read(value: Any, path: Path, errors: list[str]) -> bytes:
        if not isinstance(value, (str, bytes)):
            raise _mistyped(value, path, "blob")
        try:
            data = value if isinstance(value, bytes) else binascii.a2b_base64(value, strict_mode=True)
        except ValueError as malformed:
            message = f"{_text(path)} is not base64: {malformed}"
            raise AwsError("SerializationException", message) from malformed
        size = len(data)
        if not least <= size <= most:  # a message shows it as a buffer of Java's (facts 4.1)
            errors += bounds.errors(f"'java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]'", size, path)
        return data

    return read


def _number(shape: Shape, types: type[float] | tuple[type[float], ...]) -> Reader:
    bounds, type_name = _Bounds.of_value(shape), shape.type_name

    def read(value: Any, path: Path, errors: list[str]) -> float:
        if not isinstance(value, types) or isinstance(value, bool):
            raise _mistyped(value, path, type_name)
        errors += bounds.errors(f"'{value}'", value, path)
        return value

    return read


def _timestamp(value: Any, path: Path, _errors: list[str]) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _mistyped(value, path, "timestamp")
    if abs(value) > LATEST:
        raise AwsError("SerializationException", f"{_text(path)} is no timestamp in seconds since 1970.")
    return value


def _boolean(value: Any, path: Path, _errors: list[str]) -> bool:
    if not isinstance(value, bool):
        raise _mistyped(value, path, "boolean")
    return value


def _as_it_is(value: Any, _path: Path, _errors: list[str]) -> Any:
    return value


def _nothing(_value: Any, _path: Path, _errors: list[str]) -> Document:
    """The input of an operation that has none."""
    return {}
