"""The local cloud behind an HTTP endpoint, for clients in other processes and other languages."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from helpers.emulator.local import REGION, LocalCloud
from helpers.emulator.wire import NotOffered, Request, Response

HEALTH = "/_health"
"""Where to ask how the cloud is."""
HOST = "127.0.0.1"
"""Loopback only: nobody else on the network can use it."""


@contextmanager
def endpoint(cloud: LocalCloud, port: int = 0) -> Iterator[str]:
    """Serve `cloud` at the address that this yields; port 0 takes a free one.

    Raises OSError when the port is taken.
    """
    with _Server((HOST, port), _handler(cloud)) as server:
        thread = threading.Thread(target=server.serve_forever, name="endpoint", daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # many clients may knock at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is no fault of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _health(cloud: LocalCloud) -> Response:
    """How the cloud is, without disturbing it."""
    clock = cloud.clock
    document = {"status": "closed" if cloud.closed else "ok", "region": REGION, "speed": clock.speed}
    time = datetime.fromtimestamp(clock.due, UTC).isoformat()
    return Response(200, {"content-type": "application/json"}, json.dumps({**document, "time": time}).encode())


def _handler(cloud: LocalCloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            """Any method: AWS's services tell requests apart by more than that."""
            length = self.headers.get("content-length", "0")
            if "transfer-encoding" in self.headers or not length.isdigit():
                self.send_error(411)
                return
            if self.path == HEALTH and self.command == "GET":
                self._send(_health(cloud))
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, f"http://{self.headers['host']}{self.path}", headers, self._body(length))
            try:
                response = cloud.switchboard.call(request)
            except NotOffered as missing:
                self.send_error(501, str(missing))
                return
            except Exception:  # a fault of ours: the client hears of it as it would of one of AWS's
                traceback.print_exc()
                body = json.dumps({"__type": "InternalFailure", "message": "See what the endpoint printed."})
                response = Response(500, {"content-type": "application/x-amz-json-1.1"}, body.encode())
            self._send(response)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

        def _body(self, length: str) -> bytes:
            return self.rfile.read(int(length))

        def _send(self, response: Response) -> None:
            self.send_response(response.status)
            for name, value in response.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                    self.send_header(name, str(value))
            if response.more:
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                self._chunk(response.body)
                for following in cloud.switchboard.rest(response):
                    self._chunk(following)
                self._chunk(b"")
            else:
                self.send_header("content-length", str(len(response.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(response.body)

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet: the flight recorder and the logs tell more."""

    return Handler
