"""Malformed and hostile requests, as bytes, and what the endpoint should answer to each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

CLOSED = 0
"""Stands for the status when the endpoint hangs up without an answer."""

PAGE = "http://page.example"
MAKES_A_STREAM = json.dumps({"StreamName": "stolen", "ShardCount": 1})
SCOPE = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0"


def credential(service: str, region: str = "us-east-1") -> str:
    return f"local/20260105/{region}/{service}/aws4_request"


def signed(service: str, region: str = "us-east-1") -> str:
    return f"Authorization: {SCOPE.format(credential(service, region))}"


def presigned(service: str, path: str = "/", **parameters: str) -> str:
    """A URL whose query says which service it is for."""
    query = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": credential(service), **parameters}
    return f"{path}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())


def request(
    line: str | bytes,
    *fields: str | bytes,
    body: str | bytes = b"",
    host: str | None = "localhost",
    length: bool = True,
) -> bytes:
    """A request from its first line, header fields and body."""
    body = encoded(body)
    head = [encoded(line)]
    head += [f"Host: {host}".encode()] if host is not None else []
    head += [b"Content-Length: %d" % len(body)] if length and body else []
    return b"\r\n".join([*head, *map(encoded, fields), b"", body])


def encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def makes_a_stream(*fields: str, line: str = "POST / HTTP/1.1", host: str | None = "localhost") -> bytes:
    """What would make a stream if it came in."""
    target = "X-Amz-Target: Kinesis_20131202.CreateStream"
    return request(line, signed("kinesis"), target, *fields, body=MAKES_A_STREAM, host=host)


@dataclass(frozen=True)
class Case:
    """What is sent, and what is answered."""

    name: str
    sent: bytes
    status: int
    at_the_door: bool = True
    """Whether it is refused before any service sees it."""
    more: Sequence[int] = ()
    """The statuses of further answers on the same connection."""
    hang_up: bool = False
    """Whether the client says that nothing more comes, in the middle or at the end."""


def _each(name: str, status: int, sent: dict[str, bytes], **more: bool) -> list[Case]:
    return [Case(f"{name}: {which}", each, status, **more) for which, each in sent.items()]


FROM_PAGES = _each(
    "from a page",
    403,
    {
        "cors": makes_a_stream(f"Origin: {PAGE}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"),
        "an old browser's": makes_a_stream(f"Origin: {PAGE}"),
        "null": makes_a_stream("Origin: null"),
        "of a file": makes_a_stream("Origin: file://"),
        "of an extension": makes_a_stream("Origin: chrome-extension://abcdefghijklmnop"),
        "empty origin": makes_a_stream("Origin:"),
        "own origin": makes_a_stream("Origin: http://localhost", "Sec-Fetch-Site: same-origin"),
        "own origin, by its referer": makes_a_stream("Referer: http://localhost/restapis/a/b/_user_request_/"),
        "no cors": makes_a_stream("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
        "same site": makes_a_stream("Sec-Fetch-Site: same-site"),
        "two sites": makes_a_stream("Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"),
        "a site of the future": makes_a_stream("Sec-Fetch-Site: same-planet"),
        "mode only": makes_a_stream("Sec-Fetch-Mode: no-cors"),
        "destination only": makes_a_stream("Sec-Fetch-Dest: image"),
        "referer only": makes_a_stream(f"Referer: {PAGE}/x?y"),
        "referer that is none": makes_a_stream("Referer: about:blank"),
        "two origins": makes_a_stream("Origin: http://localhost:3000", f"Origin: {PAGE}"),
        "a list of origins": makes_a_stream(f"Origin: http://localhost:3000, {PAGE}"),
        "upper case": makes_a_stream("ORIGIN: HTTP://PAGE.EXAMPLE"),
        "an origin in a folded line": makes_a_stream("Origin:\r\n " + PAGE),
        "typed, but not only to look": makes_a_stream("Sec-Fetch-Site: none"),
        "an old browser that says nothing": makes_a_stream("User-Agent: Mozilla/5.0 (X11)"),
        "text/plain": request(
            f"POST {presigned('lambda', '/2015-03-31/functions')} HTTP/1.1",
            "Content-Type: text/plain",
            f"Origin: {PAGE}",
            body="{}",
        ),
        "a form": request(
            f"POST {presigned('sqs')} HTTP/1.1",
            "Content-Type: application/x-www-form-urlencoded",
            f"Origin: {PAGE}",
            body="Action=CreateQueue&QueueName=stolen",
        ),
        "an upload": request(
            f"POST {presigned('s3', '/shop')} HTTP/1.1",
            "Content-Type: multipart/form-data; boundary=x",
            "Origin: null",
            body="--x--\r\n",
        ),
        "preflight": request(
            "OPTIONS / HTTP/1.1",
            f"Origin: {PAGE}",
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization,x-amz-target",
        ),
        "preflight into the private network": request(
            "OPTIONS / HTTP/1.1", f"Origin: {PAGE}", "Access-Control-Request-Private-Network: true"
        ),
        "picture": request(
            f"GET {presigned('s3', '/shop/a.png')} HTTP/1.1",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Dest: image",
        ),
        "navigation": request(
            f"GET {presigned('sqs', Action='DeleteQueue')} HTTP/1.1",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-User: ?1",
        ),
        "typed URL that acts": request(
            f"GET {presigned('sqs', Action='CreateQueue')} HTTP/1.1", "Sec-Fetch-Site: none"
        ),
        "WebSocket": request(
            "GET / HTTP/1.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Origin: {PAGE}",
        ),
        "WebSocket to the health": request("GET /_health HTTP/1.1", "Upgrade: websocket", f"Origin: {PAGE}"),
        "the health": request("GET /_health HTTP/1.1", "Sec-Fetch-Site: cross-site"),
        "method of WebDAV": request("PROPFIND / HTTP/1.1", f"Origin: {PAGE}"),
        "chunked": request("POST / HTTP/1.1", "Transfer-Encoding: chunked", f"Origin: {PAGE}", body="0\r\n\r\n"),
        "no end": request("POST / HTTP/1.1", "Content-Length: 999999999", f"Origin: {PAGE}"),
    },
)

_TO_AN_API = "/restapis/abc/dev/_user_request_"
AROUND_APIS = _each(
    "on the way of an API",
    403,
    {
        "signed": makes_a_stream(f"Origin: {PAGE}", line=f"POST {_TO_AN_API}/ HTTP/1.1"),
        "presigned": request(f"GET {presigned('s3', _TO_AN_API + '/a')} HTTP/1.1", f"Origin: {PAGE}"),
        "presigned, Version 2": request(f"GET {_TO_AN_API}/a?AWSAccessKeyId=x HTTP/1.1", f"Origin: {PAGE}"),
        "signed, Version 2": request(f"PUT {_TO_AN_API} HTTP/1.1", "Authorization: AWS a:b", f"Origin: {PAGE}"),
        "half signed": request(f"PUT {_TO_AN_API} HTTP/1.1", "Authorization: Credential=[", f"Origin: {PAGE}"),
        "dots": request("GET /restapis/../ HTTP/1.1", f"Origin: {PAGE}"),
        "dots before": request(f"GET /x/..{_TO_AN_API} HTTP/1.1", f"Origin: {PAGE}"),
        "slashes": request("GET //restapis/..//2015-03-31/functions HTTP/1.1", f"Origin: {PAGE}"),
        "encoded dots": request("GET /restapis/%2e%2e/2015-03-31/functions HTTP/1.1", f"Origin: {PAGE}"),
        "encoded": request("GET /%72estapis/abc/dev/_user_request_/ HTTP/1.1", f"Origin: {PAGE}"),
        "a longer word": request(f"GET {_TO_AN_API}x HTTP/1.1", f"Origin: {PAGE}"),
        "backslashes": request("GET /restapis\\abc\\dev\\_user_request_ HTTP/1.1", f"Origin: {PAGE}"),
        "upper case": request("GET /RESTAPIS/abc/dev/_user_request_ HTTP/1.1", f"Origin: {PAGE}"),
        "of the control plane": request("GET /restapis/abc HTTP/1.1", f"Origin: {PAGE}"),
        "in the query": request(f"GET /?{_TO_AN_API} HTTP/1.1", f"Origin: {PAGE}"),
        "another host": request(f"GET {_TO_AN_API}/ HTTP/1.1", host="evil.example"),
    },
)
TO_AN_API = [
    Case(
        "to an API, which there is not: the gateway itself says so",
        request(f"GET {_TO_AN_API}/a HTTP/1.1", f"Origin: {PAGE}", "Sec-Fetch-Site: cross-site"),
        403,
        at_the_door=False,
    ),
]

HOSTS = _each(
    "host",
    403,
    {
        name: makes_a_stream(host=host)
        for name, host in {
            "rebinding": "evil.example:4566",
            "a name that begins well": "localhost.evil.example",
            "a name that ends well": "evillocalhost",
            "an address in a name": "127.0.0.1.nip.io",
            "trailing dot": "localhost.",
            "trailing dot of an address": "127.0.0.1.",
            "user": "localhost@evil.example",
            "user of loopback": "evil.example@localhost",
            "comma": "localhost, evil.example",
            "space": "localhost evil.example",
            "path": "localhost/evil.example",
            "every address": "0.0.0.0:4566",
            "every address of IPv6": "[::]:4566",
            "IPv4 in IPv6": "[::ffff:127.0.0.1]",
            "IPv6 without brackets": "::1",
            "an open bracket": "[::1",
            "zone": "[::1%25lo]",
            "short address": "127.1",
            "octal address": "0177.0.0.1",
            "one number": "2130706433",
            "hexadecimal": "0x7f000001",
            "no port": "localhost:",
            "port of letters": "localhost:http",
            "port too large": "localhost:65536",
            "negative port": "localhost:-1",
            "two ports": "localhost:1:2",
            "empty": "",
            "no label": "a..localhost",
            "star": "*.localhost",
            "of moto": "motoapi.amazonaws.com",
            "of moto, in capitals": "MotoAPI.AmazonAWS.com",
            "of AWS": "kinesis.us-east-1.amazonaws.com",
            "of a machine next door": "192.168.0.1",
            "of this machine's name": "workshop",
            "full-width": "ｌocalhost",
        }.items()
    }
    | {
        "two of them": makes_a_stream("Host: localhost"),
        "two, one of them evil": makes_a_stream("Host: evil.example"),
        "moto's reset": request("POST /moto-api/reset HTTP/1.1", host="motoapi.amazonaws.com"),
        "moto's recorder": request("POST /moto-api/recorder/start-recording HTTP/1.1", host="motoapi.amazonaws.com"),
    },
)

REQUEST_LINES = _each(
    "first line",
    400,
    {
        "nonsense": b"nonsense\r\n\r\n",
        "NUL": b"\0\0\0\0\r\n\r\n",
        "blank": b"\r\n\r\n",
        "HTTP/0.9": b"GET /\r\n",
        "HTTP/0.9 with another method": b"POST /\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)) + b"\r\n",
        "no version": request("GET / "),
        "no target": request("GET  HTTP/1.1"),
        "three spaces": request("GET / / HTTP/1.1"),
        "tabs": request("GET\t/\tHTTP/1.1"),
        "vertical tab": request("GET\x0b/ HTTP/1.1"),
        "other protocol": request("GET / SIP/2.0"),
        "version with a word": request("GET / HTTP/one"),
        "long version": request("GET / HTTP/1.10000000"),
        "three numbers": request("GET / HTTP/1.1.1"),
        "small http": request("GET / http/1.1"),
        "absolute URL": request("GET http://localhost/ HTTP/1.1"),
        "absolute URL of another": request("GET http://evil.example/ HTTP/1.1"),
        "authority": request("GET localhost:80 HTTP/1.1"),
        "star": request("OPTIONS * HTTP/1.1"),
        "relative": request("GET x HTTP/1.1"),
        "query only": request("GET ?x HTTP/1.1"),
        "fragment": request("GET /#x HTTP/1.1"),
        "raw UTF-8": request("GET /é HTTP/1.1"),
        "raw byte": request(b"GET /\xff HTTP/1.1"),
        "no-break space": request(b"GET /\xa0 HTTP/1.1"),
        "NUL in the target": request("GET /\0 HTTP/1.1"),
        "escape in the target": request("GET /\x1b[31m HTTP/1.1"),
        "broken encoding": request("GET /%zz HTTP/1.1", signed("s3")),
        "half an encoding": request("GET /shop/% HTTP/1.1", signed("s3")),
        "broken encoding in the query": request("GET /?x=%4 HTTP/1.1", signed("s3")),
        "quit": b"QUIT\r\n",
        "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
        "SMTP": b"EHLO evil.example\r\n",
        "Redis": b"*1\r\n$4\r\nPING\r\n",
        "a proxy's line": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + request("GET / HTTP/1.1"),
    },
)

FIELDS = _each(
    "field",
    400,
    {
        "no colon": request("GET / HTTP/1.1", "nonsense"),
        "no name": request("GET / HTTP/1.1", ": x"),
        "space before the colon": request("GET / HTTP/1.1", "X : y"),
        "space in the name": request("GET / HTTP/1.1", "X y: z"),
        "folded": request("GET / HTTP/1.1", "X: y\r\n z"),
        "folded at the beginning": request("GET / HTTP/1.1", host=None)[:-2] + b" x\r\n\r\n",
        "NUL": request("GET / HTTP/1.1", "X: a\0b"),
        "escape": request("GET / HTTP/1.1", "X: \x1b]0;x\x07"),
        "UTF-8 name": request("GET / HTTP/1.1", "Ключ: x"),
        "From": request("GET / HTTP/1.1", "From a b"),
        "two lengths": request("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 2", body="xx", length=False),
        "the same length twice": request("POST / HTTP/1.1", "Content-Length: 1", body="x"),
        "two signatures": request("GET / HTTP/1.1", signed("s3"), signed("lambda")),
        "two targets": makes_a_stream("X-Amz-Target: Kinesis_20131202.ListStreams"),
        "a length after a broken line": request("POST / HTTP/1.1", "broken", "Content-Length: 5", body="GET /"),
    },
)
VERSIONS_AND_METHODS = [
    Case("field: too many", request("GET / HTTP/1.1", *(f"X-{n}: x" for n in range(200))), 431),
    Case("field: too long", request("GET / HTTP/1.1", "X: " + "x" * 70_000), 431),
    Case("field: a very long URL", request("GET /" + "x" * 70_000 + " HTTP/1.1"), 414),
    Case("first line: HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    Case("first line: HTTP/3", request("GET / HTTP/3.0"), 505),
    Case("first line: HTTP/9", request("GET / HTTP/9.9"), 505),
    Case("method: unknown", request("BREW / HTTP/1.1"), 501),
    Case("method: in small letters", request("get / HTTP/1.1"), 501),
    Case("method: CONNECT", request("CONNECT / HTTP/1.1"), 501),
    Case("method: TRACE", request("TRACE / HTTP/1.1"), 501),
    Case("method: one of Python's", request("__class__ / HTTP/1.1"), 501),
    Case("method: of signs", request("!#$% / HTTP/1.1"), 501),
    Case("method: very long", request("G" * 60_000 + " / HTTP/1.1"), 501),
]

LENGTHS = (
    _each(
        "length",
        411,
        {
            "negative": request("POST / HTTP/1.1", "Content-Length: -1"),
            "plus": request("POST / HTTP/1.1", "Content-Length: +1", body="x", length=False),
            "hexadecimal": request("POST / HTTP/1.1", "Content-Length: 0x1", body="x", length=False),
            "fraction": request("POST / HTTP/1.1", "Content-Length: 1.0", body="x", length=False),
            "list": request("POST / HTTP/1.1", "Content-Length: 1, 1", body="x", length=False),
            "empty": request("POST / HTTP/1.1", "Content-Length:"),
            "another script's digit": request("POST / HTTP/1.1", "Content-Length: ١"),
            "superscript": request("POST / HTTP/1.1", b"Content-Length: \xb2"),
            "underscore": request("POST / HTTP/1.1", "Content-Length: 1_0"),
            "chunked": request(
                "POST / HTTP/1.1", "Transfer-Encoding: chunked", body="1\r\nx\r\n0\r\n\r\n", length=False
            ),
            "chunked, and a length": request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
            "obscured chunked": request("POST / HTTP/1.1", "Transfer-Encoding: xchunked", body="0\r\n\r\n"),
            "gzip": request("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked", body="0\r\n\r\n", length=False),
            "endless chunk": request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body="ffffffffffffffff\r\n"),
        },
    )
    + _each(
        "length",
        413,
        {
            "huge": request("POST / HTTP/1.1", "Content-Length: 99999999999999999999"),
            "of 5,000 digits": request("POST / HTTP/1.1", "Content-Length: " + "9" * 5000),
            "a terabyte": request("POST / HTTP/1.1", "Content-Length: 1099511627776"),
            "one more than there may be": request("POST / HTTP/1.1", f"Content-Length: {1024**3 + 1}"),
        },
    )
    + [
        Case(f"length: {name}", sent, CLOSED, hang_up=True)
        for name, sent in {
            "half a body": request("POST / HTTP/1.1", "Content-Length: 9", body="123", length=False),
            "no body": request("POST / HTTP/1.1", "Content-Length: 9"),
            "a gigabyte that does not come": request("POST / HTTP/1.1", f"Content-Length: {1024**3}"),
            "half a body of a signed request": makes_a_stream()[:-1],
            "nothing": b"",
        }.items()
    ]
    + [
        Case("length: half a first line", b"GET /", 400, hang_up=True),
        Case("length: half a head", b"GET / HTTP/1.1\r\nHost: local", 400, hang_up=True),
    ]
)

_MALFORMED = "signature"
SIGNATURES = (
    _each(
        _MALFORMED,
        400,
        {
            name: request("POST / HTTP/1.1", f"Authorization: {text}", body="{}")
            for name, text in {
                "a bracket": SCOPE.format("["),
                "a bracket for a Region": SCOPE.format(credential("kinesis", "[")),
                "a bracket for a service": SCOPE.format(credential("[")),
                "another host for a service": SCOPE.format(credential("motoapi.amazonaws.com#")),
                "another host for a Region": SCOPE.format(credential("x", "@motoapi.amazonaws.com#")),
                "a port for a Region": SCOPE.format(credential("s3", "a:99999999")),
                "dots for a Region": SCOPE.format(credential("s3", "..")),
                "no Region": SCOPE.format(credential("s3", "")),
                "no service": SCOPE.format(credential("")),
                "no key": SCOPE.format("/20260105/us-east-1/s3/aws4_request"),
                "no date": SCOPE.format("local//us-east-1/s3/aws4_request"),
                "a word for a date": SCOPE.format("local/yesterday/us-east-1/s3/aws4_request"),
                "another end": SCOPE.format("local/20260105/us-east-1/s3/aws5_request"),
                "four parts": SCOPE.format("local/20260105/us-east-1/s3"),
                "six parts": SCOPE.format("local/x/20260105/us-east-1/s3/aws4_request"),
                "percent": SCOPE.format(credential("s3%2f")),
                "not ASCII": SCOPE.format(credential("ſ3")),
                "empty": SCOPE.format(""),
                "no credential": "AWS4-HMAC-SHA256 Signature=0",
                "the algorithm only": "AWS4-HMAC-SHA256",
                "another algorithm": SCOPE.format(credential("s3")).replace("SHA256", "MD5"),
                "another scheme": f"Bearer Credential={credential('s3')}",
                "basic": "Basic bG9jYWw6bG9jYWw=",
                "nonsense": "nonsense",
            }.items()
        },
    )
    + _each(
        _MALFORMED,
        400,
        {
            "a bracket in the URL": request("GET /?X-Amz-Credential=%5B HTTP/1.1"),
            "line ends in the URL": request(
                "GET /?X-Amz-Credential=a%0d%0ab/20260105/us-east-1/s3/aws4_request HTTP/1.1"
            ),
            "another host in the URL": request(f"GET {presigned('s3', '/').replace('us-east-1', '%5B')} HTTP/1.1"),
            "a path with a bracket": request("GET //[?X-Amz-Credential=x HTTP/1.1"),
        },
    )
    + _each(
        "presigned, but",
        403,
        {
            "for functions": request(f"GET {presigned('lambda', '/2015-03-31/functions')} HTTP/1.1"),
            "for roles": request(f"POST {presigned('iam')} HTTP/1.1", body="Action=CreateRole&RoleName=stolen"),
            "for streams": request(
                f"POST {presigned('kinesis')} HTTP/1.1",
                "X-Amz-Target: Kinesis_20131202.CreateStream",
                body=MAKES_A_STREAM,
            ),
            "for stacks": request(f"POST {presigned('cloudformation')} HTTP/1.1", body="Action=ListStacks"),
            "for S3 in capitals": request(f"GET {presigned('S3')} HTTP/1.1"),
            "for moto": request(f"POST {presigned('motoapi', '/moto-api/reset')} HTTP/1.1"),
            "for another Region's functions": request(
                "GET /2015-03-31/functions?X-Amz-Credential=a/20260105/eu-west-1/lambda/aws4_request HTTP/1.1"
            ),
        },
    )
    + _each(
        "nobody's",
        501,
        {
            "no signature": request("GET /nothing HTTP/1.1"),
            "no signature, and no host": request("GET /nothing HTTP/1.0", host=None),
            "moto's reset": request("POST /moto-api/reset HTTP/1.1"),
            "a path that looks like a host": request(
                "GET /x.amazonaws.com/moto-api/reset HTTP/1.1", host="s3.localhost"
            ),
            "a dashboard": request("GET /moto-api/ HTTP/1.1"),
        },
    )
)

ODD_BUT_RIGHT = [
    Case("right: no host", makes_a_stream(line="GET /_health HTTP/1.0", host=None), 200),
    Case("right: health, typed", request("GET /_health HTTP/1.1", "Sec-Fetch-Site: none"), 200),
    Case("right: health, of an old browser", request("GET /_health HTTP/1.1", "User-Agent: Mozilla/5.0"), 200),
    Case(
        "right: presigned, typed",
        request(f"GET {presigned('s3', '/shop/a')} HTTP/1.1", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"),
        404,
        at_the_door=False,
    ),
    Case(
        "right: fetch of Node",
        request("GET / HTTP/1.1", signed("s3"), "Sec-Fetch-Mode: cors", "User-Agent: node"),
        200,
        at_the_door=False,
    ),
    *(
        Case(f"right: {host}", request("GET / HTTP/1.1", signed("s3"), host=host), 200, at_the_door=False)
        for host in ("LOCALHOST", "127.0.0.1:1", "127.255.0.9", "[::1]:4566", "[0:0:0:0:0:0:0:1]", "s3.localhost:9")
    ),
    Case(
        "right: two at once",
        request("GET /_health HTTP/1.1") + request("GET /_health HTTP/1.1"),
        200,
        more=[200],
        hang_up=True,
    ),
    Case(
        "pipelined: the second is a page's",
        request("GET /_health HTTP/1.1") + makes_a_stream(f"Origin: {PAGE}"),
        200,
        more=[403],
    ),
    Case(
        "pipelined: nothing after a refusal is read",
        request("POST / HTTP/1.1", f"Origin: {PAGE}", body="x") + makes_a_stream(),
        403,
    ),
    Case(
        "pipelined: a request in a chunked body",
        request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=makes_a_stream(), length=False),
        411,
    ),
    Case("right: a body is asked for", request("POST / HTTP/1.1", "Expect: 100-continue", body="{}"), 100, more=[501]),
    Case("expected: not from a page", request("PUT / HTTP/1.1", "Expect: 100-continue", f"Origin: {PAGE}"), 403),
]

_S3 = signed("s3")
TO_SERVICES = [
    Case(f"to a service: {name}", sent, status, at_the_door=False)
    for name, status, sent in (
        ("bytes that are no text", 404, request("GET /shop/%ff%fe HTTP/1.1", _S3)),
        ("line ends in a key", 404, request("GET /shop/a%0d%0ab HTTP/1.1", _S3)),
        ("NUL in a key", 404, request("GET /shop/%00 HTTP/1.1", _S3)),
        ("dots", 404, request("GET /../../etc/passwd HTTP/1.1", _S3)),
        ("encoded dots", 404, request("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", _S3)),
        (
            "no JSON",
            400,
            request("POST / HTTP/1.1", signed("kinesis"), "X-Amz-Target: Kinesis_20131202.ListStreams", body="["),
        ),
        ("no target", 400, request("POST / HTTP/1.1", signed("kinesis"), body="{}")),
        (
            "bytes for JSON",
            400,
            request("POST / HTTP/1.1", signed("kinesis"), "X-Amz-Target: Kinesis_20131202.ListStreams", body=b"\xff"),
        ),
    )
]

CASES = [
    *(*FROM_PAGES, *AROUND_APIS, *TO_AN_API, *HOSTS),
    *(*REQUEST_LINES, *FIELDS, *VERSIONS_AND_METHODS, *LENGTHS, *SIGNATURES),
    *(*ODD_BUT_RIGHT, *TO_SERVICES),
]
