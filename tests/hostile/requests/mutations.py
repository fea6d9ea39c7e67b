"""What becomes of a valid request: one or a few of its parts are something else.  The same seed, the same mutations."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from kinesis_lab.emulator.wire import Request

DEEP = 300
ODD_VALUES: list[Any] = [
    None,
    "",
    " ",
    "x",
    "x" * 5_000,
    "ünïcode–\u2028\U0001f600",
    "\x00",
    "../../etc/passwd",
    "[",
    "{}",
    "null",
    "not base64!",
    "arn:aws:lambda:us-east-1:123456789012:function:nobody",
    "arn:::::",
    ":",
    "::::::::",
    0,
    1,
    -1,
    1.5,
    -0.0,
    10**30,
    -(10**18),
    2**63,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    [{}],
    ["x"],
    [1, "x", None, {}, []],
    {"": ""},
    {"x": None},
    {"x": {"y": ["z"]}},
    {"Ref": "x"},
    ["x"] * 2_000,
    {f"k{number}": "v" for number in range(500)},
]
RAW_VALUES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "0x10",
    "01",
    "'x'",
    '"\\ud800"',
    '"\\u0000"',
    "{",
    "]",
]
"""Texts that stand in a JSON document instead of a value."""
_MARK = "a raw value stands here"

BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"5",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"<x/>",
    b"<",
    b"Action=Nothing",
    b"\x00" * 100,
    '{"ü": "ö"}'.encode("latin-1"),
]


def mutated(request: Request, chance: random.Random) -> Request:
    """The request with one to three mutations."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        request = chance.choice(_WAYS)(request, chance)
    return request


# Bodies


def _mutate_body(request: Request, chance: random.Random) -> Request:
    content_type = request.headers.get("content-type", "")
    if "x-www-form-urlencoded" in content_type:
        return _mutate_form(request, chance)
    if request.body[:1] == b"{":
        return _mutate_json(request, chance)
    if request.body[:1] == b"<":
        return _mutate_xml(request, chance)
    return _mutate_url(request, chance)


def _mutate_json(request: Request, chance: random.Random) -> Request:
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):  # after an earlier mutation
        return request
    if not isinstance(document, dict):
        return request
    raw = ""
    places = list(_places(document))
    if not places:
        document[chance.choice(("Unknown", "", "Tags", "StreamName"))] = chance.choice(ODD_VALUES)
        return request._replace(body=json.dumps(document).encode())
    holder, key = chance.choice(places)
    match chance.randrange(9):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(("Unknown", "", "__class__", "StreamName", "Tags", str(key).lower()))] = chance.choice(
                ODD_VALUES
            )
        case 2:
            holder[key] = [holder[key]]
        case 3:
            holder[key] = {"x": holder[key]}
        case 4:
            holder[key] = _nested(chance)
        case 5:
            raw, holder[key] = chance.choice(RAW_VALUES), _MARK
        case _:
            holder[key] = chance.choice(ODD_VALUES)
    text = json.dumps(document).replace(f'"{_MARK}"', raw)
    if chance.random() < 0.05:  # the same key twice
        twice = json.dumps({str(key): chance.choice(ODD_VALUES)}).removesuffix("}")
        text = text.replace("{", f"{twice}, ", 1)
    return request._replace(body=text.encode())


def _places(value: Any) -> Any:
    """Every dict or list, with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)


def _nested(chance: random.Random) -> Any:
    value: Any = "x"
    for _ in range(DEEP):
        value = [value] if chance.random() < 0.5 else {"x": value}
    return value


def _mutate_form(request: Request, chance: random.Random) -> Request:
    pairs = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
    if not pairs:
        return request
    return request._replace(body=urlencode(_mutated_pairs(pairs, chance), errors="replace").encode())


def _mutated_pairs(pairs: list[tuple[str, str]], chance: random.Random) -> list[tuple[str, str]]:
    place = chance.randrange(len(pairs))
    name, value = pairs[place]
    match chance.randrange(8):
        case 0:
            del pairs[place]
        case 1:
            pairs.append((name, _odd_text(chance)))
        case 2:
            pairs[place] = (f"{name}.member.1", value)
        case 3:
            pairs[place] = (re.sub(r"\.[0-9]+", lambda _: chance.choice((".0", ".-1", ".x", ".99999999")), name), value)
        case 4:
            pairs[place] = (name.rpartition(".")[0] or name + ".", value)
        case 5:
            pairs.append((chance.choice(("Unknown", "", "...", "Tags.member.1", f"{name}.x.y")), value))
        case _:
            pairs[place] = (name, _odd_text(chance))
    return pairs


def _odd_text(chance: random.Random) -> str:
    value = chance.choice(ODD_VALUES)
    return value if isinstance(value, str) else json.dumps(value)


def _mutate_xml(request: Request, chance: random.Random) -> Request:
    text = request.body.decode(errors="replace")
    tags = re.findall(r"<(\w+)[^>]*>", text)
    if not tags:
        return request
    tag = chance.choice(tags)
    match chance.randrange(6):
        case 0:
            text = re.sub(rf"<{tag}\b[^>]*>.*?</{tag}>", "", text, count=1, flags=re.DOTALL)
        case 1:
            text = re.sub(rf"<{tag}\b[^>]*>.*?</{tag}>", f"<{tag}/>", text, count=1, flags=re.DOTALL)
        case 2:
            text = text.replace(f"<{tag}>", "<Odd>").replace(f"</{tag}>", "</Odd>")
        case 3:
            text = text[: chance.randrange(len(text))]
        case 4:
            entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
            text = f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><{tag}>&a9;</{tag}>'
        case _:
            odd = re.sub("[<>&]", "", _odd_text(chance))
            text = re.sub(
                rf"(<{tag}\b[^>]*>).*?(</{tag}>)",
                lambda found: found[1] + odd + found[2],
                text,
                count=1,
                flags=re.DOTALL,
            )
    return request._replace(body=text.encode(errors="replace"))


def _replace_body(request: Request, chance: random.Random) -> Request:
    if chance.random() < 0.5:
        return request._replace(body=request.body[: chance.randrange(len(request.body) + 1)])
    return request._replace(body=chance.choice(BODIES))


# All around


def _mutate_url(request: Request, chance: random.Random) -> Request:
    parts = urlsplit(request.url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if pairs and chance.random() < 0.6:
        return request._replace(
            url=parts._replace(query=urlencode(_mutated_pairs(pairs, chance), errors="replace")).geturl()
        )
    if chance.random() < 0.3:
        names = ("MaxItems", "Qualifier", "tagKeys", "max-keys", "Marker", "versionId", "uploadId", "x", "%", "limit")
        odd = quote(_odd_text(chance)[:3_000], errors="replace")
        return request._replace(url=f"{request.url}{'&' if parts.query else '?'}{chance.choice(names)}={odd}")
    segments = parts.path.split("/")
    place = chance.randrange(len(segments))
    odd = quote(_odd_text(chance)[:2_000], safe=chance.choice(("", "/", ":")), errors="replace")
    segments[place] = chance.choice(("", odd, odd, odd, segments[place] + "%", "..", "%2F", "%00", "%ff"))
    return request._replace(url=parts._replace(path="/" + "/".join(segments).lstrip("/")).geturl())


def _mutate_headers(request: Request, chance: random.Random) -> Request:
    headers = dict(request.headers)
    names = [name for name in headers if name != "authorization"]
    match chance.randrange(4):
        case 0 if names:
            headers[chance.choice(names)] = chance.choice(("", "x", "application/json", "text/plain", "1" * 3_000, "ü"))
        case 1 if names:
            headers.pop(chance.choice(names))
        case 2:
            odd = (
                "x-amz-invocation-type",
                "x-amz-log-type",
                "x-amz-client-context",
                "x-amz-target",
                "content-md5",
                "range",
                "if-match",
                "x-amz-acl",
                "x-amz-tagging",
                "x-amz-copy-source",
                "x-moto-account-id",
                "x-amz-meta-ü",
            )
            headers[chance.choice(odd)] = chance.choice(
                ("", "x", "[", "eyJ4Ijo1fQ==", "bytes=9-1", "-1", "a=b&a=c", "ü")
            )
        case _:
            scope = chance.choice(
                ("[", "local/20260105/nowhere-1/{}/aws4_request", "a/b/c", "local/20260105//{}/aws4_request")
            )
            service = request.scope[1]
            headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope.format(service)}"
    return request._replace(headers=headers)


def _mutate_method(request: Request, chance: random.Random) -> Request:
    return request._replace(method=chance.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW")))


_WAYS: list[Callable[[Request, random.Random], Request]] = [
    *[_mutate_body] * 14,
    *[_mutate_url] * 4,
    _replace_body,
    _mutate_headers,
    _mutate_method,
]
"""Those that stand here more often are taken more often."""
