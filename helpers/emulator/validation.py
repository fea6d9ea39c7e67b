"""Checks a request against AWS's own model of the operation and words the errors as AWS does.

The model (member names, required members, lengths, ranges, patterns, enumerations) is the one that botocore ships.
botocore itself checks types and required members before it sends; the service checks everything again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from helpers.emulator.wire import AwsError

MOST_ERRORS = 10
"""AWS names at most ten errors in one message (facts 4.1)."""


@cache
def service_model(service: str) -> ServiceModel:
    """A service as botocore describes it."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def validate(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Raise AWS's ValidationException if `parameters` do not fit the operation's input."""
    shape = service_model(service).operation_model(operation).input_shape
    errors = list(_errors(parameters, shape, "")) if shape is not None else []
    if errors:
        plural = "s" if len(errors) > 1 else ""
        listed = "; ".join(errors[:MOST_ERRORS])
        raise AwsError("ValidationException", f"{len(errors)} validation error{plural} detected: {listed}")


def _errors(value: Any, shape: Shape, path: str) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            for name, member in shape.members.items():
                at = f"{path}.{_camel(name)}" if path else _camel(name)
                if value.get(name) is not None:
                    yield from _errors(value[name], member, at)
                elif name in shape.required_members:
                    yield _error("null", at, "Member must not be null")
        case "list" if isinstance(value, list):
            yield from _bounds(value, len(value), shape, path, "length")
            for number, item in enumerate(value, 1):
                yield from _errors(item, shape.member, f"{path}.{number}.member")
        case "map" if isinstance(value, dict):
            yield from _bounds(value, len(value), shape, path, "length")
        case "string" if isinstance(value, str):
            yield from _string_errors(value, shape, path)
        case "integer" | "long" | "float" | "double" if isinstance(value, int | float):
            yield from _bounds(value, value, shape, path, "value")
        case _:
            return


def _string_errors(value: str, shape: Shape, path: str) -> Iterator[str]:
    yield from _bounds(value, len(value), shape, path, "length")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _error(f"'{value}'", path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield _error(f"'{value}'", path, f"Member must satisfy regular expression pattern: {pattern}")


def _bounds(value: Any, measure: float, shape: Shape, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    shown = f"'{value}'"
    if least is not None and measure < least:
        yield _error(shown, path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and measure > most:
        yield _error(shown, path, f"Member must have {what} less than or equal to {most}")


def _error(value: str, path: str, rule: str) -> str:
    return f"Value {value} at '{path}' failed to satisfy constraint: {rule}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
