"""Whether the head of an HTTP request is well-formed: what is not is refused, and nobody guesses what it meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import Message

REQUEST_LINE = re.compile(rb"[!-~]+ [!-~]+ HTTP/[0-9]\.[0-9]\r?\n")
"""Method, target and version, with nothing but visible ASCII: other characters of a URL are percent-encoded."""

_TARGET = re.compile(r"/(?:[^#%]|%[0-9A-Fa-f]{2})*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ONCE = ("host", "authorization", "content-length", "content-type", "transfer-encoding", "x-amz-target", "expect")
"""Fields by which a request is understood: said twice, it could be understood in two ways."""


def fields_of(headers: Message) -> dict[str, list[str]]:
    """The header fields: names in lower case, and all values of each, without spaces around them."""
    fields: dict[str, list[str]] = {}
    for name, value in headers.items():
        fields.setdefault(name.lower(), []).append(value.strip(" \t"))
    return fields


def is_well_formed(target: str, headers: Message, fields: Mapping[str, list[str]]) -> bool:
    """Whether target and header fields are what HTTP lets a client send to a server, and can be read in one way only.

    No: an absolute URL, a broken percent-encoding, a line that is no field, a field that goes on in a second line.
    """
    return (
        _TARGET.fullmatch(target) is not None
        and not (headers.defects or headers.get_payload() or headers.get_unixfrom())  # lines that are no fields
        and all(_NAME.fullmatch(name) for name in fields)
        and not any(_CONTROL.search(value) for values in fields.values() for value in values)
        and not any(len(fields.get(name, [])) > 1 for name in _ONCE)
    )


def without_line_ends(text: str) -> str:
    """The value of a header field of a response, without what would end the field and begin another."""
    return _CONTROL.sub(" ", text)


def is_field_name(text: str) -> bool:
    """Whether a header field may have this name."""
    return _NAME.fullmatch(text) is not None
