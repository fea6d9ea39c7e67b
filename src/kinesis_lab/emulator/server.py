"""The local cloud behind an HTTP endpoint, for clients in other processes and other languages."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Protocol

from kinesis_lab.emulator import admission
from kinesis_lab.emulator.admission import NOBODY_ELSE, Allowed
from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.gateway.routing import call_of
from kinesis_lab.emulator.http_head import REQUEST_LINE, fields_of, is_field_name, is_well_formed, without_line_ends
from kinesis_lab.emulator.http_translation import LOOPBACK, translate_request, translate_response
from kinesis_lab.emulator.switchboard import Switchboard
from kinesis_lab.emulator.wire import REGION, AwsError, NotOffered, Request, Response, refusal

HEALTH = "/_health"
"""The path at which the endpoint says how the cloud is."""

MOST_BYTES = 1024**3
"""The largest body of a request: our choice, so that a length that is nonsense asks for no memory."""
MOST_PATIENCE = 2.0
"""How many seconds a client that was refused may pause before we hang up: our choice."""

MOST_FOR_HEAD = 30.0
"""How many seconds the head of a request may take from its first byte to its last: our choice."""
MOST_SILENCE = 60.0
"""How many seconds a client may pause inside of a body, or leave an answer unread: our choice."""
MOST_CONNECTIONS = 500
"""How many clients may be connected at once; one more, and who has asked nothing for longest goes: our choice."""
PIECE = 1024**2
"""How much of a body is read at once: its length alone asks for no more memory."""

SECONDS_FOR_THE_CLOCK = 1.0
"""How long a question for the cloud's health waits for the clock: our choice."""

SECONDS_TO_HANG_UP = 0.5
"""How long the endpoint waits at its end for the threads of its connections: those that wait for a function go on."""


OF_HTTP = ("content-length", "transfer-encoding", "connection", "server", "date")
"""Header fields that the endpoint writes itself, whatever a service says."""


class Served(Protocol):
    """What is served: a LocalCloud."""

    clock: Clock
    switchboard: Switchboard

    @property
    def closed(self) -> bool:
        """Whether it answers no more."""


@contextmanager
def endpoint(cloud: Served, port: int = 0, allowed: Allowed = NOBODY_ELSE) -> Iterator[str]:
    """Serve `cloud` at the address that this yields, as in http://127.0.0.1:4566; port 0 takes a free one.

    `allowed`: who may come in besides programs on this computer.  Raises OSError when the port is taken.
    """
    cloud.clock.on_fault = _print_fault
    with _Server(cloud, port, allowed) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="endpoint", daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


def _print_fault(fault: Exception) -> None:
    """Print a fault for which no client waits, as of a mapping to a function that cannot run here."""
    if isinstance(fault, NotOffered):
        sys.stderr.write(f"{fault}\n")
    else:
        traceback.print_exception(fault)


class _Server(ThreadingHTTPServer):
    """Serves one cloud, each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128  # many clients may connect at once
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers have the same port

    def __init__(self, cloud: Served, port: int, allowed: Allowed) -> None:
        self.cloud = cloud
        self.allowed = allowed
        self._connections: dict[Any, threading.Thread] = {}
        """The sockets of clients that are connected, and the threads that answer them."""
        self.unasked: dict[Any, None] = {}
        """Those of which no whole head has come since the last answer, the longest first."""
        super().__init__((LOOPBACK, port), _Handler)

    def get_request(self) -> Any:
        """A new connection; where no more files can be open, an idle one makes room for the next attempt."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a new connection in a thread of its own."""
        if len(self._connections) >= MOST_CONNECTIONS and not self._make_room():
            self.shutdown_request(request)
            return
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._connections[request] = thread
        self.unasked[request] = None
        thread.start()

    def _make_room(self) -> bool:
        """Hang up on the client that has asked nothing for longest; False if every one waits for an answer."""
        for connection in list(self.unasked)[:1]:
            self.unasked.pop(connection, None)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            return True
        return False

    def shutdown_request(self, request: Any) -> None:
        """Close a connection whose last request was answered."""
        super().shutdown_request(request)
        self._connections.pop(request, None)
        self.unasked.pop(request, None)

    def hang_up(self) -> None:
        """Close the connections of clients that keep them alive, and wait for their threads, but not for functions."""
        connections = list(self._connections.items())
        for connection, _ in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + SECONDS_TO_HANG_UP
        for _, thread in connections:
            thread.join(max(0.0, until - time.monotonic()))

    def server_bind(self) -> None:
        """Bind as any server does: HTTP's own asks the network for the name of this computer, which can take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print a fault in a handler, but not that a client hung up in the middle."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Input(io.RawIOBase):
    """What a client sends, if it does not take too long over it: else TimeoutError is raised."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._patience: float | None = None
        self._deadline: float | None = None
        self.ended = False
        """Whether the client was heard to say that nothing more comes."""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Take what has come, or wait for it."""
        patience = self._patience
        if self._deadline is not None:
            patience = max(0.001, self._deadline - time.monotonic())
        self._connection.settimeout(patience)
        count = self._connection.recv_into(buffer)
        if patience is None:  # the first bytes of a head
            self._deadline = time.monotonic() + MOST_FOR_HEAD
        self.ended = not count
        return count

    def expect_head(self) -> None:
        """A head comes next, whenever it comes, and then in one go."""
        self._patience = self._deadline = None

    def expect_body(self) -> None:
        """A body comes next, or an answer goes."""
        self._patience, self._deadline = MOST_SILENCE, None
        self._connection.settimeout(MOST_SILENCE)


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another."""

    server: _Server
    protocol_version = default_request_version = "HTTP/1.1"
    server_version, sys_version = "local-cloud", ""
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Prepare for a new connection."""
        super().setup()
        self.rfile.close()
        self._input = _Input(self.connection)
        self.rfile = io.BufferedReader(self._input)
        self._for_pages: dict[str, str] = {}
        """Header fields by which a page may read the response."""

    def handle_one_request(self) -> None:
        """Wait for a request, and answer it."""
        self._input.expect_head()
        self.server.unasked[self.connection] = None
        super().handle_one_request()

    def parse_request(self) -> bool:
        """Read the head, and decide whether the request may come in; if not, it is answered and this returns False."""
        self._for_pages = {}
        if not REQUEST_LINE.fullmatch(self.raw_requestline):
            self.command, self.request_version = "", self.default_request_version
            self._refuse(400)
            return False
        if not super().parse_request():
            return False
        self.server.unasked.pop(self.connection, None)
        self._input.expect_body()
        fields = fields_of(self.headers)
        self._request, flaw = self._translated({name: values[-1] for name, values in fields.items()})
        if self._input.ended:  # before the head did: the half that came is none
            self._refuse(400)
        elif reason := self._reason_to_refuse(fields, self._request if flaw is None else None):
            self._refuse(403, reason)
        elif not is_well_formed(self.path, self.headers, fields):
            self._refuse(400)
        elif status := _status_by_length(fields):
            self._refuse(status)
        elif flaw is not None:
            self._refuse(flaw.status, flaw.message, flaw.code)
        else:
            self._for_pages = admission.may_read(fields, self.server.allowed)
            return True
        return False

    def _translated(self, headers: dict[str, str]) -> tuple[Request, AwsError | None]:
        """The request, as yet without its body, and what is wrong with its signature."""
        try:
            return translate_request(self.command, self.path, headers, b"", REGION), None
        except AwsError as flaw:
            return Request(self.command, f"http://{LOOPBACK}/", headers, b""), flaw

    def _reason_to_refuse(self, fields: dict[str, list[str]], request: Request | None) -> str:
        """Why the request may not come in, whatever it asks for; `request` is None if it cannot be understood."""
        shows = request is not None and request.scope[1] == "s3" and "authorization" not in fields  # presigned
        return admission.refusal(
            self.command,
            fields,
            self.server.allowed,
            to_rest_api=request is not None and _is_for_rest_api(request),
            to_be_looked_at=shows or self.path == HEALTH,
        )

    def _refuse(self, status: int, message: str = "", code: str = "") -> None:
        """Answer what does not come in, and end the connection: nothing tells a body from what follows."""
        if not message:
            self.send_error(status)
            return
        self.close_connection = True
        self._send(refusal(self._request, status, code or "AccessDenied", message))
        self._discard_input()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request, in plain HTTP, and end the connection."""
        super().send_error(code, message, explain)
        self._discard_input()

    def handle_expect_100(self) -> bool:
        """Say later whether the body may come: the request was not let in yet."""
        return True

    def handle_request(self) -> None:
        """Answer the request that came in, of any method: AWS tells operations apart by more than that."""
        if self.headers.get("expect", "").lower() == "100-continue" and self.request_version == "HTTP/1.1":
            self.send_response_only(100)
            self.end_headers()
        request = self._request._replace(body=self._read_body())
        if self.path == HEALTH and self.command in ("GET", "HEAD"):
            self._send(_health(self.server.cloud))
            return
        if self._for_pages and self.command == "OPTIONS" and not _is_for_rest_api(request):
            self._send(Response(204, {}, b""))
            return
        try:
            self._send(translate_response(request, self._call(request)))
        except RuntimeError:
            if not self.server.cloud.closed:
                raise
            self.close_connection = True  # the cloud was closed meanwhile: there is no answer

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_request

    def _call(self, request: Request) -> Response:
        """The cloud's response; a fault of the emulator is an internal failure, as it would be one of AWS."""
        if not request.scope[1] and not _is_for_rest_api(request):
            return _nobodys(request)
        try:
            return self.server.cloud.switchboard.call(request)
        except NotOffered as missing:
            return refusal(request, 501, "NotImplemented", str(missing))
        except Exception:
            if self.server.cloud.closed:
                raise
            traceback.print_exc()
            return refusal(request, 500, "InternalFailure", "See what the endpoint printed.")

    # Reading a request

    def _discard_input(self) -> None:
        """Read on until the client hangs up, is silent, or has sent 4 MiB: it might miss the answer if we hung up."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(MOST_PATIENCE)
            for _ in range(64):
                if not self.connection.recv(65_536):
                    return

    def _read_body(self) -> bytes:
        """The body of the request; raises ConnectionAbortedError if the client hangs up before its end."""
        missing, pieces = int(self.headers.get("content-length", "0")), []
        while missing:
            pieces.append(self.rfile.read(min(missing, PIECE)))
            if not pieces[-1]:
                raise ConnectionAbortedError
            missing -= len(pieces[-1])
        return b"".join(pieces)

    # Sending a response

    def _send(self, response: Response) -> None:
        """Send status, headers, and the body in one piece or in chunks."""
        self.send_response(response.status)
        if self.close_connection:
            self.send_header("connection", "close")
        for name, value in response.headers.items():
            if is_field_name(name) and name.lower() not in (*OF_HTTP, *self._for_pages):
                text = without_line_ends(str(value)).encode(errors="replace")  # any text, as UTF-8
                self.send_header(name, text.decode("latin-1"))
        for name, value in self._for_pages.items():
            self.send_header(name, value)
        if response.next_chunk:
            self._send_chunks(response)
            return
        if response.status != 204:
            self.send_header("content-length", self._length(response))
        self.end_headers()
        if self.command != "HEAD" and response.status not in (204, 304):
            self.wfile.write(response.body)

    def _length(self, response: Response) -> str:
        """The length of the body, which a response to HEAD announces and does not have."""
        announced = {name.lower(): str(value) for name, value in response.headers.items()}.get("content-length")
        return announced if announced and self.command == "HEAD" else str(len(response.body))

    def _send_chunks(self, response: Response) -> None:
        """Send the body as it comes, in the chunked transfer encoding."""
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._send_chunk(response.body)
        for chunk in self.server.cloud.switchboard.further_chunks(response):
            self._send_chunk(chunk)
        self._send_chunk(b"")

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def log_request(self, *_arguments: object) -> None:
        """Print nothing, as `log_message` does not."""

    def log_message(self, *_arguments: object) -> None:
        """Print nothing: the flight recorder and the logs have more."""


def _status_by_length(fields: dict[str, list[str]]) -> int:
    """The status that refuses a request whose end cannot be found, or is too far away; 0 for others."""
    length = fields.get("content-length", ["0"])[0]
    if "transfer-encoding" in fields or not re.fullmatch("[0-9]+", length):
        return 411
    return 413 if len(length) > 12 or int(length) > MOST_BYTES else 0


def _is_for_rest_api(request: Request) -> bool:
    """Whether a request can go nowhere but to a REST API: the switchboard asks the same."""
    return not request.scope[1] and call_of(request) is not None


def _nobodys(request: Request) -> Response:
    """The response to a request that is for no service, as it is not signed."""
    if "authorization" in request.headers:
        return refusal(request, 400, "IncompleteSignature", "Authorization header requires 'Credential' parameter.")
    return refusal(request, 501, "NotImplemented", "the local cloud does not offer what is not signed: no service")


def _health(cloud: Served) -> Response:
    """The response at `HEALTH`: status, Region, speed, and the time by the wall clock; it lets no time pass.

    The status is `ok`, `closed`, or `busy`: whoever asks for more than the health waits as well.
    """
    clock = cloud.clock
    status = "closed"
    if not cloud.closed:
        status = "ok" if clock.lock.acquire(timeout=SECONDS_FOR_THE_CLOCK) else "busy"
        if status == "ok":
            clock.lock.release()
    document = {"status": status, "region": REGION, "speed": clock.speed}
    now = datetime.fromtimestamp(clock.due, UTC).isoformat()
    body = json.dumps({**document, "time": now}).encode()
    return Response(200 if status == "ok" else 503, {"content-type": "application/json"}, body)
