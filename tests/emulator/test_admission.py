"""Who may come in at the endpoint: which hosts, which pages, and what is only looked at."""

from __future__ import annotations

import pytest

from kinesis_lab.emulator.admission import NOBODY_ELSE, Allowed, host_name, may_read, origin, refusal

PAGE = "http://page.example"
SHOP = "http://localhost:3000"
LOCAL = {"host": ["localhost:4566"]}


def may_come(fields: dict[str, list[str]], allowed: Allowed = NOBODY_ELSE, method: str = "POST", **to: bool) -> bool:
    return not refusal(method, {**LOCAL, **fields}, allowed, **to)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LocalHost:4566", "127.0.0.1", "127.3.2.1:80", "[::1]", "[::1]:4566", "[0:0:0:0:0:0:0:1]"),
        *("shop.localhost", "my.shop.s3.us-east-1.localhost:4566", "my_shop.localhost"),
    ],
)
def test_names_of_loopback_are_ours(host):
    assert may_come({"host": [host]})


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "localhost.",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
        ),
        *("127.1", "2130706433", "127.0.0.01", "::1", "[::1", "[::1%lo]", "a@localhost", "localhost@evil.example", ""),
        *("localhost:", "localhost:x", "localhost:65536", "localhost:1:1", "localhost,evil.example", "localhost\n"),
        *(".localhost", "a..localhost", "*.localhost", "motoapi.amazonaws.com", "kinesis.us-east-1.amazonaws.com"),
    ],
)
def test_no_other_name_is(host):
    assert "--allow-host" in refusal("GET", {"host": [host]}, NOBODY_ELSE)
    assert "--allow-host" in refusal("GET", {"host": [host]}, NOBODY_ELSE, to_rest_api=True, to_be_looked_at=True)


def test_a_name_may_be_allowed():
    allowed = Allowed(hosts=frozenset({host_name("Workshop.Example"), host_name("192.168.0.1")}))
    assert may_come({"host": ["workshop.example:4566"]}, allowed)
    assert may_come({"host": ["192.168.0.1"]}, allowed)
    assert not may_come({"host": ["a.workshop.example"]}, allowed)
    assert not may_come({"host": ["workshop.example."]}, allowed)


def test_no_host_is_no_browsers_and_two_are_nobodys():
    assert refusal("POST", {}, NOBODY_ELSE) == ""
    assert refusal("POST", {"host": ["localhost", "localhost"]}, NOBODY_ELSE)


BROWSERS = [
    {"origin": [PAGE]},
    {"origin": ["null"]},
    {"origin": [""]},
    {"origin": [SHOP, PAGE]},
    {"origin": [f"{SHOP}, {PAGE}"]},
    {"origin": [f"{SHOP}/path"]},
    {"origin": ["http://localhost:4566"], "sec-fetch-site": ["same-origin"]},
    {"origin": ["http://localhost:30000"]},
    {"origin": ["https://localhost:3000"]},
    {"origin": ["http://localhost:3000.evil.example"]},
    {"origin": ["http://localhost:3000@evil.example"]},
    {"origin": [PAGE], "referer": [SHOP]},
    {"referer": [f"{PAGE}/page?x"]},
    {"referer": ["about:blank"]},
    {"referer": ["http://["]},
    {"sec-fetch-site": ["cross-site"]},
    {"sec-fetch-site": ["same-site"]},
    {"sec-fetch-site": ["same-origin"]},
    {"sec-fetch-site": ["none", "cross-site"]},
    {"sec-fetch-site": [""]},
    {"sec-fetch-mode": ["no-cors"]},
    {"sec-fetch-dest": ["image"]},
]


@pytest.mark.parametrize("fields", BROWSERS, ids=str)
def test_a_page_may_call_rest_apis_only(fields):
    allowed = Allowed(origins=frozenset({SHOP}))
    for method in ("GET", "POST", "OPTIONS"):
        assert "--allow-origin" in refusal(method, {**LOCAL, **fields}, allowed, to_be_looked_at=True)
        assert may_come(fields, allowed, method, to_rest_api=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": [SHOP]},
        {"origin": [SHOP], "sec-fetch-site": ["cross-site"], "sec-fetch-mode": ["cors"]},
        {"origin": ["HTTP://LOCALHOST:3000"]},
        {"referer": [f"{SHOP}/page"], "sec-fetch-site": ["same-site"], "sec-fetch-mode": ["navigate"]},
    ],
    ids=str,
)
def test_a_page_of_an_allowed_origin_may_do_all(fields):
    assert may_come(fields, Allowed(origins=frozenset({SHOP})))
    assert not may_come(fields)


@pytest.mark.parametrize("fields", [{"sec-fetch-site": ["none"]}, {"user-agent": ["Mozilla/5.0 (X11)"]}], ids=str)
def test_what_is_typed_is_looked_at_only(fields):
    assert may_come(fields, method="GET", to_be_looked_at=True)
    assert may_come(fields, method="HEAD", to_be_looked_at=True)
    assert not may_come(fields, method="POST", to_be_looked_at=True)
    assert not may_come(fields, method="GET")


@pytest.mark.parametrize(
    "fields",
    [{}, {"sec-fetch-mode": ["cors"], "user-agent": ["node"]}, {"user-agent": ["Boto3/1.40 md/Botocore#1.40"]}],
)
def test_a_program_may_do_all(fields):
    assert may_come(fields)


# What a page of an allowed origin may read


def test_only_a_page_of_an_allowed_origin_may_read():
    allowed = Allowed(origins=frozenset({SHOP}))
    assert may_read({"origin": [SHOP]}, allowed) == {
        "access-control-allow-origin": SHOP,
        "access-control-expose-headers": "*",
        "vary": "Origin",
    }
    for fields in ({}, {"origin": [PAGE]}, {"origin": [SHOP, SHOP]}, {"origin": ["null"]}, {"referer": [SHOP]}):
        assert may_read(fields, allowed) == {}


def test_a_preflight_is_allowed_what_it_asks_for():
    asked = {
        "origin": [SHOP],
        "access-control-request-method": ["PUT"],
        "access-control-request-headers": ["authorization,x-amz-date"],
    }
    answered = may_read(asked, Allowed(origins=frozenset({SHOP})))
    assert answered["access-control-allow-methods"] == "PUT"
    assert answered["access-control-allow-headers"] == "authorization,x-amz-date"


# What may be allowed


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (SHOP, SHOP),
        ("HTTPS://Page.Example:443", "https://page.example"),
        ("http://page.example:80", "http://page.example"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[::1]", "http://[::1]"),
    ],
)
def test_an_origin_is_compared_as_browsers_write_it(text, meant):
    assert origin(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "null", "localhost:3000", "localhost", "ftp://localhost", "file://", "chrome-extension://abc"),
        *("http://", "http://localhost/", "http://localhost/x", "http://localhost?x", "http://localhost#x"),
        *(
            "http://a@localhost",
            "http://*.example",
            "http://localhost:x",
            "http://localhost:",
            "http://localhost:65536",
        ),
        *("http://localhost:03000", "http://[", "http://local host", " http://localhost", "http://localhost\n"),
    ],
)
def test_what_is_no_origin_is_said(text):
    with pytest.raises(ValueError, match="is no origin: give one such as http://localhost:3000, without a path"):
        origin(text)


@pytest.mark.parametrize("text", ["", "*", "a b", "a:80", "a/b", "a..b", "-a", "a.", "a@b", "http://a", "x" * 300])
def test_what_is_no_host_name_is_said(text):
    with pytest.raises(ValueError, match=r"is no host name: give one such as workshop.example, without port"):
        host_name(text)
