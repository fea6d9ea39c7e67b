"""What the process of a function may say to the cloud: the heads of its frames.

A handler can write into the pipe itself, so whatever comes out of it is looked at before it is believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kinesis_lab.emulator.lambda_.bootstrap import Garbled, Head


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_seconds(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value) and value >= 0
    except OverflowError:  # an int that is larger than any float
        return False


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


Form = Mapping[str, Callable[[Any], bool]]
"""The fields of a head, and what is true of their values."""

_ALWAYS: Form = MappingProxyType({"request_id": _is_text, "spent": _is_count})
_DONE: Form = MappingProxyType({**_ALWAYS, "peak": _is_count, "alone": _is_flag})
_FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "ready": MappingProxyType({**_ALWAYS, "alone": _is_flag}),
        "failed": _ALWAYS,
        "sleep": MappingProxyType({**_ALWAYS, "asker": _is_text, "seconds": _is_seconds}),
        "call": MappingProxyType(
            {**_ALWAYS, "asker": _is_text, "method": _is_text, "url": _is_text, "headers": _are_headers}
        ),
        "result": _DONE,
        "error": _DONE,
    }
)
QUESTIONS = frozenset({"sleep", "call"})
"""Messages that are answered.  The others are the end of a start or of an invocation."""


def check(head: Head) -> None:
    """Raise Garbled if this is the head of no message."""
    kind = head.get("kind")
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise Garbled("a message of no kind that there is")
    for name, holds in form.items():
        if not holds(head.get(name)):
            raise Garbled(f"a message of kind {kind} without a valid {name}")
