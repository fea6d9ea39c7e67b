"""Mapping templates: the part of their language that takes values out of a call and puts them into a document."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from kinesis_lab.emulator.wire import NotOffered

NAME = re.compile(r"\$\{?([a-z]+(?:\.[A-Za-z0-9]+)+)")


def render(template: str, body: bytes, parameters: Mapping[str, str], context: Mapping[str, str]) -> str:
    """The template with the values of a call in the place of its expressions.

    `body`: of the call; `parameters`: those in path, query and headers; `context`: as in `$context.requestId`.

    Raises NotOffered for what is not known here: directives such as #set, and other names.
    """
    if re.search(r"(?m)^\s*#[a-z]", template):
        raise NotOffered("directives in mapping templates, such as #set and #foreach, are not offered here")
    return _Renderer(template, body, parameters, context).whole()


class _Renderer:
    def __init__(self, template: str, body: bytes, parameters: Mapping[str, str], context: Mapping[str, str]) -> None:
        self._template = template
        self._body = body
        self._parameters = parameters
        self._context = context
        self._functions: dict[str, Callable[[str], str]] = {
            "input.json": lambda path: json.dumps(self._at(path), separators=(",", ":"), ensure_ascii=False),
            "input.path": lambda path: _text(self._at(path)),
            "input.params": lambda name: self._parameters.get(name, ""),
            "util.base64Encode": lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
            "util.base64Decode": _base64_decoded,
            "util.escapeJavaScript": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        }

    def whole(self) -> str:
        written, place = [], 0
        while found := NAME.search(self._template, place):
            written.append(self._template[place : found.start()])
            value, place = self._expression(found.start())
            written.append(value)
        return "".join(written) + self._template[place:]

    def _expression(self, start: int) -> tuple[str, int]:
        """The value of the expression that starts here, and where it ends."""
        found = NAME.match(self._template, start)
        if found is None:
            raise NotOffered(f"this is not understood in a mapping template: {self._template[start:][:40]!r}")
        name, place = found[1], found.end()
        if self._template[place : place + 1] == "(":
            argument, place = self._argument(place + 1)
            if name not in self._functions:
                raise NotOffered(f"${name}() in a mapping template is not offered here")
            value = self._functions[name](argument)
        elif name == "input.body":
            value = self._body.decode(errors="replace")
        elif name.startswith("context.") and name[8:] in self._context:
            value = self._context[name[8:]]
        else:
            raise NotOffered(f"${name} in a mapping template is not offered here")
        return value, place + (found[0].startswith("${") and self._template[place : place + 1] == "}")

    def _argument(self, start: int) -> tuple[str, int]:
        """The argument of a function: a text in quotes, or an expression; and where its bracket closes."""
        quoted = re.compile(r"""\s*(['"])(.*?)\1\s*\)""").match(self._template, start)
        if quoted:
            return quoted[2], quoted.end()
        value, place = self._expression(start)
        return value, place + 1

    def _at(self, path: str) -> Any:
        """What the body has at a path such as $.a.b; `$` is all of it."""
        try:
            value = json.loads(self._body) if self._body else {}
        except (ValueError, RecursionError):
            value = self._body.decode(errors="replace")
        for name in path.removeprefix("$").strip(".").split("."):
            if name:
                value = value.get(name) if isinstance(value, dict) else None
        return value


def _base64_decoded(text: str) -> str:
    """What a text in base64 stands for; nothing if it is none."""
    try:
        return base64.b64decode(text).decode(errors="replace")
    except ValueError:
        return ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
