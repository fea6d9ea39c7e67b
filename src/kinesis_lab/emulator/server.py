"""The local cloud behind an HTTP endpoint, for clients in other processes and other languages."""

from __future__ import annotations

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

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.http_translation import LOOPBACK, translate_request, translate_response
from kinesis_lab.emulator.switchboard import Switchboard
from kinesis_lab.emulator.wire import REGION, NotOffered, Request, Response, refusal

HEALTH = "/_health"
"""The path at which the endpoint says how the cloud is."""

MOST_BYTES = 1024**3
"""The largest body of a request: our choice, so that a length that is nonsense asks for no memory."""
MOST_PATIENCE = 2.0
"""How many seconds a client that was refused may pause before we hang up: our choice."""

SECONDS_TO_HANG_UP = 0.5
"""How long the endpoint waits at its end for the threads of its connections: those that wait for a function go on."""


class Served(Protocol):
    """What is served: a LocalCloud."""

    clock: Clock
    switchboard: Switchboard

    @property
    def closed(self) -> bool:
        """Whether it answers no more."""


@contextmanager
def endpoint(cloud: Served, port: int = 0) -> Iterator[str]:
    """Serve `cloud` at the address that this yields, as in http://127.0.0.1:4566; port 0 takes a free one.

    Raises OSError when the port is taken.
    """
    cloud.clock.on_fault = _print_fault
    with _Server(cloud, port) as server:
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

    def __init__(self, cloud: Served, port: int) -> None:
        self.cloud = cloud
        self._connections: dict[Any, threading.Thread] = {}
        """The sockets of clients that are connected, and the threads that answer them."""
        super().__init__((LOOPBACK, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a new connection in a thread of its own."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection whose last request was answered."""
        super().shutdown_request(request)
        self._connections.pop(request, None)

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


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "local-cloud", ""
    disable_nagle_algorithm = True

    def handle_request(self) -> None:
        """Answer the request whose headers were read, of any method: AWS tells operations apart by more than that."""
        if status := self._refused_status():  # this ends the connection, too: nothing tells a body from what follows
            self.send_error(status)
            self._discard_input()
            return
        body = self._read_body()
        if self.path == HEALTH and self.command in ("GET", "HEAD"):
            self._send(_health(self.server.cloud))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = translate_request(self.command, self.path, headers, body, REGION)
        try:
            self._send(translate_response(request, self._call(request)))
        except RuntimeError:
            if not self.server.cloud.closed:
                raise
            self.close_connection = True  # the cloud was closed meanwhile: there is no answer

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_request

    def _call(self, request: Request) -> Response:
        """The cloud's response; a fault of the emulator is an internal failure, as it would be one of AWS."""
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

    def _refused_status(self) -> int:
        """The status that refuses a request whose end cannot be found, or that is not for a server; 0 for others."""
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not re.fullmatch("[0-9]+", length):
            return 411
        if len(length) > 12 or int(length) > MOST_BYTES:
            return 413
        return 0 if self.path.startswith("/") else 400

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
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError
        return body

    # Sending a response

    def _send(self, response: Response) -> None:
        """Send status, headers, and the body in one piece or in chunks."""
        self.send_response(response.status)
        if self.close_connection:
            self.send_header("connection", "close")
        for name, value in response.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                self.send_header(name, str(value).encode().decode("latin-1"))  # any text, as UTF-8
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

    def log_message(self, *_arguments: object) -> None:
        """Print nothing: the flight recorder and the logs have more."""


def _health(cloud: Served) -> Response:
    """The response at `HEALTH`: status, Region, speed, and the time by the wall clock; it lets no time pass."""
    clock = cloud.clock
    document = {"status": "closed" if cloud.closed else "ok", "region": REGION, "speed": clock.speed}
    now = datetime.fromtimestamp(clock.due, UTC).isoformat()
    return Response(200, {"content-type": "application/json"}, json.dumps({**document, "time": now}).encode())
