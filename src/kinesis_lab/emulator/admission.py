"""Who may come in at the endpoint: programs on this computer, and no web page unless its origin was allowed.

A browser sends to loopback whatever any page on the web asks it to.  It says so, in headers that a page cannot change:
`Origin`, `Sec-Fetch-Site`, `Referer`.  And a page whose own host name leads to loopback (DNS rebinding) has that name
in `Host`.  All of it is read before anything else of a request is: a request that may not come in does nothing.

A page of a REST API comes from the endpoint's own origin, and may show what others have sent it.  So that origin is
no better than any other.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

Fields = Mapping[str, list[str]]
"""The header fields of a request: names in lower case, and all values of each."""

EXPLANATION = "Only programs on this computer may use this endpoint"
LIFETIME_OF_PREFLIGHTS = "600"
"""For how many seconds a browser need not ask again whether an allowed origin may: our choice."""


@dataclass(frozen=True)
class Allowed:
    """Who may come in besides programs on this computer."""

    hosts: frozenset[str] = frozenset()
    """Names by which the endpoint may be called besides those of loopback, as `host_name` returns them."""
    origins: frozenset[str] = frozenset()
    """Origins whose pages may do everything, as `origin` returns them."""


NOBODY_ELSE = Allowed()


def host_name(text: str) -> str:
    """A host's name as it is compared; raises ValueError if it is none."""
    name = text.lower()
    if not _NAME.fullmatch(name) and not _is_address(name):
        raise ValueError(f"{text!r} is no host name: give one such as workshop.example, without port and without path")
    return name


def origin(text: str) -> str:
    """A page's origin as it is compared: without the port that its scheme implies; raises ValueError if it is none."""
    try:
        parts = urlsplit(text)
        name, port = host_name(parts.netloc.rpartition(":")[0] if parts.port else parts.netloc), parts.port
    except ValueError:
        name, port = "", None
    implied = {"http": 80, "https": 443}.get(parts.scheme if name else "")
    whole = f"{parts.scheme}://{name}" + (f":{port}" if port else "") if implied else ""
    if not implied or text.lower() != whole:
        raise ValueError(f"{text!r} is no origin: give one such as http://localhost:3000, without a path")
    return whole.removesuffix(f":{implied}")


def refusal(
    method: str, fields: Fields, allowed: Allowed, *, to_rest_api: bool = False, to_be_looked_at: bool = False
) -> str:
    """Why a request may not come in, in a sentence; empty if it may.

    `to_rest_api`: it can go nowhere but to a REST API, which is for web pages; `to_be_looked_at`: it only shows
    something to whoever has typed its URL.
    """
    if not _host_is_ours(fields.get("host", []), allowed):
        return f"{EXPLANATION}, and by no other name: serve --allow-host NAME adds one."
    page = _page(fields)
    if page is None or page in allowed.origins or to_rest_api:
        return ""
    if page == TYPED and to_be_looked_at and method in ("GET", "HEAD"):
        return ""
    return f"{EXPLANATION}, and no web page: serve --allow-origin ORIGIN lets the pages of one origin in."


TYPED = "typed"
"""Stands for the page of a request that no page has made: its URL was typed, or opened by another program."""
_UNKNOWN = "null"
"""Stands for a page that does not say where it is from, as `Origin: null` does."""


def _page(fields: Fields) -> str | None:
    """The origin of the page that made a request, TYPED, or None if no browser sent it."""
    for name, origin_in in (("origin", origin), ("referer", _origin_of)):
        if values := fields.get(name):
            try:
                (value,) = values
                return origin_in(value)
            except ValueError:  # more than one, or none, such as null
                return _UNKNOWN
    site = fields.get("sec-fetch-site")
    if site is not None:
        return TYPED if site == ["none"] else _UNKNOWN
    if fields.get("sec-fetch-mode", ["cors"]) != ["cors"] or "sec-fetch-dest" in fields:  # Node's fetch says cors
        return _UNKNOWN
    if any(value.startswith("Mozilla/") for value in fields.get("user-agent", [])):
        return TYPED  # a browser of before 2023 may say nothing, whoever asks: it may look
    return None


def _origin_of(url: str) -> str:
    """The origin of a page by its URL; raises ValueError if it has none."""
    parts = urlsplit(url)
    return origin(f"{parts.scheme}://{parts.netloc}")


def may_read(fields: Fields, allowed: Allowed) -> dict[str, str]:
    """The header fields by which a browser lets a page of an allowed origin read a response; empty for others."""
    if "origin" not in fields or (page := _page(fields)) not in allowed.origins:
        return {}
    readable = {"access-control-allow-origin": str(page), "access-control-expose-headers": "*", "vary": "Origin"}
    if wanted := fields.get("access-control-request-method"):
        readable |= {
            "access-control-allow-methods": wanted[0],
            "access-control-allow-headers": ", ".join(fields.get("access-control-request-headers", [])),
            "access-control-allow-private-network": "true",
            "access-control-max-age": LIFETIME_OF_PREFLIGHTS,
        }
    return readable


# Host names

_LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*{_LABEL}", re.ASCII)
_HOST = re.compile(r"(?P<name>[a-z0-9_.-]+|\[[0-9a-f:]+\])(:(?P<port>[0-9]{1,5}))?", re.ASCII | re.IGNORECASE)


def _host_is_ours(values: list[str], allowed: Allowed) -> bool:
    """Whether `Host` is a name of loopback or an allowed one; none at all comes from no browser."""
    if len(values) > 1:
        return False
    return not values or is_loopback(values[0]) or _name_in(values[0]) in allowed.hosts


def is_loopback(host: str) -> bool:
    """Whether `Host` names this computer by a name that it has for itself: nobody else's can lead to it."""
    name = _name_in(host)
    if name.endswith(".localhost"):
        return _NAME.fullmatch(name) is not None
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name.strip("[]")).is_loopback)


def _name_in(host: str) -> str:
    """The name in `Host`, in lower case and without the port; empty if it is no such field."""
    found = _HOST.fullmatch(host)
    return found["name"].lower() if found and int(found["port"] or 0) <= 65535 else ""


def _is_address(name: str) -> bool:
    """Whether it is an address of IPv4, or one of IPv6 in brackets."""
    try:
        if name.startswith("["):
            return name.endswith("]") and ipaddress.IPv6Address(name[1:-1]).ipv4_mapped is None
        return bool(ipaddress.IPv4Address(name))
    except ValueError:
        return False
