"""How a failed assertion says it: what and how many, the first few one by one, and under which circumstances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

FEW = 5
"""How many are shown one by one."""
WIDTH = 100
"""Characters of a thing that are shown."""


def complaint(headline: str, lines: Sequence[str], circumstances: Iterable[str]) -> str:
    """The message: a headline, the first few lines, and the circumstances."""
    more = [f"… and {len(lines) - FEW:,} more"] if len(lines) > FEW else []
    return "\n".join([headline, *(f"  {line}" for line in [*lines[:FEW], *more]), *circumstances])


def shown(thing: Any) -> str:
    """A thing, in so many characters at most."""
    text = repr(thing)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def several(things: Sequence[Any]) -> str:
    """The first few things, in a line."""
    return ", ".join(map(shown, things[:FEW])) + (", …" if len(things) > FEW else "")


def times(count: int) -> str:
    """A number of times in words: never, once, twice, 3 times."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
