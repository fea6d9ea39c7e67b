"""One event on its way through an execution environment, in virtual time.

It hands the event to the environment and from then on follows what comes back: the handler sleeps, calls AWS, or is
done.  Each of these happens at its own virtual instant, so that invocations interleave as they would on AWS although
the machine runs them one at a time.  Since nothing a handler does can be noticed earlier than `OVERHEAD` after its
start, handlers that start together do run together.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from kinesis_lab.emulator.clock import MICROSECONDS, Clock, Steps
from kinesis_lab.emulator.lambda_.bootstrap import Head
from kinesis_lab.emulator.lambda_.environment import INIT_PATIENCE, PATIENCE, Died
from kinesis_lab.emulator.lambda_.environments import INIT_SECONDS, Environments
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.logs import LogLines, Logs, end_lines, start_line
from kinesis_lab.emulator.wire import NotOffered, Request

# What AWS needs for these is not published and varies: our choices.
OVERHEAD = 0.002
"""Virtual time of an invocation besides what the handler sleeps or calls."""
INIT_LIMIT = 10.0
"""Virtual time after which starting an environment is given up (facts 8.6)."""
IDLE_MEMORY = 38
"""Megabytes in the REPORT line: real use differs between machines, so the line tells that of an idle runtime."""

MOST_RESPONSE_BYTES = 6_291_556
"""Size of a response that Lambda still returns; the request's limit is 6 MB (facts 8.1)."""

Serve = Callable[[Request], Steps]
"""How a request of a handler is answered: in virtual time, returning a Response."""
Interceptor = Callable[["Invocation", Steps], Steps]
"""Stands between an invocation and its outcome: gets the steps that serve the event and return status and payload, and
returns such steps itself."""


class Outcome(NamedTuple):
    """What became of an invocation."""

    status: str
    """ok, error (the handler raised, crashed or returned no JSON) or timeout."""
    payload: bytes
    """The result, or the error document, as JSON."""
    log: LogLines
    started: float
    """Virtual seconds since the clock started; from `started` to `ended` the environment was busy."""
    ended: float
    duration: float
    """Seconds that the handler worked: without a cold start."""
    cold: bool
    request_id: str
    version: str

    @property
    def ok(self) -> bool:
        """Whether there is no function error."""
        return self.status == "ok"


class InvocationServices(NamedTuple):
    """What an invocation needs of the cloud."""

    clock: Clock
    serve: Serve
    environments: Environments
    logs: Logs
    interceptors: dict[str, Interceptor]
    """By the name of a function."""


class Invocation:
    """One event on its way through an environment."""

    def __init__(
        self,
        services: InvocationServices,
        function: Function,
        event: bytes,
        request_id: str,
        client_context: dict[str, Any] | None,
    ) -> None:
        self._services = services
        self._clock = services.clock
        self._function = function
        self.event = event
        self._request_id = request_id
        self._client_context = client_context
        self._log = LogLines(self._clock)
        self._limit = INIT_LIMIT
        """Seconds that what is under way may take: the start, then the invocation."""
        self._computed = 0
        """Microseconds that passed elsewhere while the handler computed: it does not take any time itself."""
        self._deadline = 0
        """When what is under way times out, in microseconds since 1970."""

    def run(self) -> Steps:
        """From the search for an environment to the REPORT line."""
        began = self._clock.elapsed
        self._environment, cold = self._services.environments.acquire(self._function)
        status, body, init = "", b"", None
        if cold:
            status, body = yield from self._init()
            init = self._clock.elapsed - began - self._computed / MICROSECONDS
        started, self._computed = self._clock.elapsed, 0
        self._log.line(start_line(self._request_id, self._function.version))
        if not status:
            interceptor = self._services.interceptors.get(self._function.name)
            serving = self._serve_event()
            status, body = yield from (interceptor(self, serving) if interceptor else serving)
        ended = self._clock.elapsed
        duration = ended - started - self._computed / MICROSECONDS
        self._report(status, body, duration, init)
        if status in ("ok", "error"):
            self._services.environments.release(self._environment)
        else:
            self._services.environments.discard(self._environment)
        return Outcome(
            status="error" if status == "died" else status,
            payload=body,
            log=self._log,
            started=began,
            ended=ended,
            duration=duration,
            cold=cold,
            request_id=self._request_id,
            version=self._function.version,
        )

    def _init(self) -> Steps:
        """Wait until the handler is imported; returns a failure or ("", b"")."""
        major = self._function.runtime.removeprefix("python")
        self._log.line(f"INIT_START Runtime Version: python:{major}")
        self._log.flush()
        self._deadline = self._clock.microseconds + round(self._limit * MICROSECONDS)
        yield self._clock.timeout(INIT_SECONDS)
        kind, body = yield from self._follow(INIT_PATIENCE)
        if kind == "ready":
            return "", b""
        if kind == "failed":
            return "died", body
        return kind, body

    def _serve_event(self) -> Steps:
        """Hand over the event and follow the handler to its end; returns status and payload."""
        self._limit = timeout = self._function.timeout
        now = self._clock.microseconds
        self._deadline = now + timeout * MICROSECONDS
        head = {
            "now": now + round(OVERHEAD * MICROSECONDS),
            "request_id": self._request_id,
            "deadline": self._deadline,
            "arn": self._function.arn,
            "client_context": self._client_context,
        }
        self._environment.send(head, self.event)
        yield self._clock.timeout(OVERHEAD)
        kind, body = yield from self._follow(timeout + PATIENCE)
        if kind == "result" and len(body) > MOST_RESPONSE_BYTES:
            kind, body = "error", self._too_large()
        return ("ok" if kind == "result" else kind), body

    def _follow(self, patience: float) -> Steps:
        """Do what the environment asks until it is done; returns the kind of its last frame and the body."""
        while True:
            asked = self._clock.microseconds
            try:
                head, body = yield from self._clock.aside(lambda: self._environment.receive(patience))
            except Died as death:
                self._log.write(self._environment.output())
                if death.reason == "hung":
                    return (yield from self.time_out())
                return self.exit(death.reason)
            self._log.write(self._environment.output())
            kind = head["kind"]
            waited = self._clock.microseconds - asked
            self._deadline += waited
            self._computed += waited
            if head["spent"]:
                yield self._clock.timeout(head["spent"] / MICROSECONDS)
            if kind in ("sleep", "call"):
                steps = self._sleep(head) if kind == "sleep" else self._call(head, body)
                answer = self._clock.start(steps)
                yield answer | self._until_deadline()
                if not answer.processed:
                    return self._timed_out()
                head, body = cast("tuple[Head, bytes]", answer.value)
                self._environment.send(head, body)
            elif head.get("peak", 0) > self._function.memory * 1024:
                self._environment.kill("memory")
                return self.exit("memory")
            elif self._clock.microseconds > self._deadline:
                return self._timed_out()
            else:
                return kind, body

    def _sleep(self, head: dict[str, Any]) -> Steps:
        yield self._clock.timeout(head["seconds"])
        return {"now": self._clock.microseconds}, b""

    def _call(self, head: dict[str, Any], body: bytes) -> Steps:
        request = Request(head["method"], head["url"], head["headers"], body)
        try:
            response = yield from self._services.serve(request)
        except NotOffered as missing:
            return {"now": self._clock.microseconds, "refused": str(missing)}, b""
        head = {"status": response.status, "headers": {str(k): str(v) for k, v in response.headers.items()}}
        return {"now": self._clock.microseconds, **head}, response.body

    def _until_deadline(self) -> Any:
        return self._clock.timeout((self._deadline - self._clock.microseconds) / MICROSECONDS)

    # Endings: each returns a status and a payload

    def error(self, error_type: str, message: str) -> tuple[str, bytes]:
        """End as if the handler had raised an error."""
        self._log.flush()
        self._log.line(f"[ERROR] {error_type}: {message}")
        return "error", _document(errorType=error_type, errorMessage=message)

    def time_out(self) -> Steps:
        """Wait for the end of the timeout, and end with it (facts 8.3)."""
        yield self._until_deadline()
        return self._timed_out()

    def exit(self, reason: str) -> tuple[str, bytes]:
        """End because the process has ended: for too much memory, or as `reason` has it (facts 8.3)."""
        how = "signal: killed" if reason == "memory" else reason
        message = f"RequestId: {self._request_id} Error: Runtime exited with error: {how}"
        self._log.flush()
        self._log.line(message)
        return "died", _document(errorType="Runtime.ExitError", errorMessage=message)

    def _timed_out(self) -> tuple[str, bytes]:
        self._environment.kill("timeout")
        limit = f"Task timed out after {self._limit:.2f} seconds"
        stamp = f"{self._clock.datetime:%Y-%m-%dT%H:%M:%S}.{self._clock.microseconds // 1000 % 1000:03d}Z"
        self._log.flush()
        self._log.line(f"{stamp} {self._request_id} {limit}")
        return "timeout", _document(
            errorType="Sandbox.Timedout",
            errorMessage=f"RequestId: {self._request_id} Error: {limit}",
        )

    def _too_large(self) -> bytes:
        return _document(
            errorType="Function.ResponseSizeTooLarge",
            errorMessage=f"Response payload size exceeded maximum allowed payload size ({MOST_RESPONSE_BYTES} bytes).",
        )

    def _report(self, status: str, body: bytes, duration: float, init: float | None) -> None:
        self._log.flush()
        memory = self._function.memory
        killed = self._environment.killed_for == "memory"
        if status in ("ok", "timeout"):
            label = "" if status == "ok" else status
        else:
            label = f"error\tError Type: {json.loads(body)['errorType']}"
        for line in end_lines(
            self._request_id,
            duration=duration,
            init=init,
            memory=memory,
            used=memory if killed else IDLE_MEMORY,
            status=label,
        ):
            self._log.line(line)
        self._services.logs.keep(self._function, self._environment.log_stream, self._log.lines)


def _document(**fields: str) -> bytes:
    return json.dumps(fields).encode()
