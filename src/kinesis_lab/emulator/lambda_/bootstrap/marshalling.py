"""Events from JSON and results to JSON, by the rules of Lambda's runtime."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from json import dumps, loads
from json.encoder import encode_basestring, encode_basestring_ascii
from os import environ
from typing import Any

from .errors import FaultException


def unmarshal(event: bytes) -> Any:
    """The event as the handler gets it."""
    try:
        return loads(event)
    except ValueError as error:
        raise FaultException("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def marshal(result: Any) -> bytes:
    """The handler's result as JSON; bytes go through as they are."""
    if isinstance(result, bytes):
        return bytes(result)
    try:
        return to_json(result).encode()
    except RecursionError:
        reason = "maximum recursion depth exceeded while encoding a JSON object"
    except Exception as error:
        reason = str(error)
    raise FaultException("Runtime.MarshalError", f"Unable to marshal response: {reason}")


def to_json(value: Any) -> str:
    """A value as JSON, by the rules of Lambda's runtime.

    They are simplejson's and go beyond the json module's: a named tuple (what has `_asdict`) is an object, bytes are
    text, and a Decimal is a number with all its digits.
    """
    if value is None:  # what most handlers of streams return
        return "null"
    writer = JsonWriter()
    writer.write(value)
    return "".join(writer.parts)


class JsonWriter:
    """Writes values one after the other into `parts`."""

    def __init__(self) -> None:
        self._around: set[int] = set()
        self.parts: list[str] = []

    def write(self, value: Any) -> None:
        """Add a value; recursive, at one call per level."""
        put = self.parts.append
        if value is None or isinstance(value, (str, bytes, int, float)):
            put(self._scalar(value))
            return
        content = _content(value)
        if isinstance(content, str):
            put(content)
            return
        if id(value) in self._around:
            raise ValueError("Circular reference detected")
        self._around.add(id(value))
        if isinstance(content, dict):
            put("{")
            for n, (key, item) in enumerate(content.items()):
                put(f"{', ' if n else ''}{self._key(key)}: ")
                self.write(item)
            put("}")
        else:
            put("[")
            for n, item in enumerate(content):
                put(", " if n else "")
                self.write(item)
            put("]")
        self._around.discard(id(value))

    def _scalar(self, value: str | bytes | float | None) -> str:
        if isinstance(value, (str, bytes)):
            return _quoted()(value if isinstance(value, str) else value.decode())
        return int.__repr__(value) if type(value) is int else dumps(value)

    def _key(self, key: Any) -> str:
        if isinstance(key, (str, bytes)):
            return self._scalar(key)
        if key is None or isinstance(key, (int, float)):
            return _quoted()(dumps(key))
        raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


@cache
def _quoted() -> Callable[[str], str]:
    """Runtimes before Python 3.12 write `ë` as an escape sequence."""
    minor = environ.get("AWS_EXECUTION_ENV", "").rpartition(".")[2]
    old = minor.isdigit() and int(minor) < 12
    return encode_basestring_ascii if old else encode_basestring


def _content(value: Any) -> dict[Any, Any] | list[Any] | tuple[Any, ...] | str:
    """What is in a container, or the text of a Decimal."""
    as_dict = None if isinstance(value, type) else getattr(value, "_asdict", None)
    if callable(as_dict):
        content = as_dict()
        if not isinstance(content, dict):
            raise TypeError(f"_asdict() must return a dict, not {type(content).__name__}")
        return content
    if isinstance(value, (dict, list, tuple)):
        return value
    decimal = sys.modules.get("decimal")
    if decimal and isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else str(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
