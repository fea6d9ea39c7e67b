"""One event on its way through an execution environment, in virtual time.

It hands the event to the environment and from then on follows what comes back: the handler sleeps, calls AWS, or is
done.  Each of these happens at its own virtual instant, so that invocations interleave as they would on AWS although
the machine runs them one at a time.  Since nothing a handler does can be noticed earlier than `OVERHEAD` after its
start, handlers that start together do run together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NamedTuple, cast

from kinesis_lab.emulator.clock import MICROSECONDS, Clock, Steps
from kinesis_lab.emulator.lambda_.bootstrap import Head
from kinesis_lab.emulator.lambda_.environment import INIT_PATIENCE, PATIENCE, Died
from kinesis_lab.emulator.lambda_.environments import INIT_SECONDS, Environments
from kinesis_lab.emulator.lambda_.exit_reason import KILLED
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.logs import LogLines, Logs, end_lines, start_line
from kinesis_lab.emulator.lambda_.message import QUESTIONS
from kinesis_lab.emulator.wire import AwsError, NotOffered, Request, Response, code_of_a_test

# What AWS needs for these is not published and varies: our choices.
OVERHEAD = 0.002
"""Virtual time of an invocation besides what the handler sleeps or calls."""
INIT_LIMIT = 10.0
"""Virtual time after which starting an environment is given up (facts 8.6)."""
IDLE_MEMORY = 38
"""Megabytes in the REPORT line: real use differs between machines, so the line tells that of an idle runtime."""

LEAST_SLEEP = 0.00005
"""Virtual time of the shortest sleep, as Linux rounds them up: a loop that sleeps for no time comes to its deadline."""
MOST_STRAYS = 100
"""Messages in a row that belong to nothing, after which a process is ended."""

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
        lineage: tuple[str, ...],
    ) -> None:
        """`lineage`: the functions that were invoked one by the other, this one last."""
        self._services = services
        self._clock = services.clock
        self._function = function
        self.event = event
        self._request_id = request_id
        self._client_context = client_context
        self._lineage = lineage
        self._log = LogLines(self._clock)
        self._limit = INIT_LIMIT
        """Seconds that what is under way may take: the start, then the invocation."""
        self._computed = 0
        """Microseconds that passed elsewhere while the handler computed: it does not take any time itself."""
        self._died = False
        """Whether the environment has not come to the end of what was under way."""
        self._deadline = 0
        """When what is under way times out, in microseconds since 1970."""

    def run(self) -> Steps:
        """From the search for an environment to the REPORT line; returns the Outcome.

        Whatever goes wrong around the environment is a failure of the invocation.  AwsError: it could not be started.
        """
        began = self._clock.elapsed
        environments = self._services.environments
        try:
            self._environment, cold = environments.acquire(self._function)
        except AwsError:
            raise
        except Exception as fault:  # the system is out of processes, memory, descriptors or space
            raise AwsError("ServiceException", f"The environment could not be started: {fault!r}", 500) from fault
        warm = False
        try:
            outcome: Outcome = yield from self._run(began, cold)
            warm = outcome.status in ("ok", "error") and not self._died and not self._environment.killed_for
        finally:  # also when a test's interceptor raises
            (environments.release if warm else environments.discard)(self._environment)
        return outcome

    def _run(self, began: float, cold: bool) -> Steps:
        """From the start of the environment, if it is new, to the REPORT line."""
        status, body, init = "", b"", None
        if cold:
            status, body = yield from self._init()
            init = self._clock.elapsed - began - self._computed / MICROSECONDS
        started, self._computed = self._clock.elapsed, 0
        self._log.line(start_line(self._request_id, self._function.version))
        if not status:
            interceptor = self._services.interceptors.get(self._function.name)
            if interceptor is None:
                status, body = yield from self._serve_event()
            else:
                with code_of_a_test():
                    status, body = yield from interceptor(self, self._serve_event())
        ended = self._clock.elapsed
        duration = ended - started - self._computed / MICROSECONDS
        self._report(status, body, duration, init)
        self._died = status == "died"
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
        kind, body = yield from self._follow(INIT_PATIENCE, "", ("ready", "failed"))
        if kind == "ready":
            return "", b""
        if kind == "failed":
            return "died", body if len(body) <= MOST_RESPONSE_BYTES else self._too_large()
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
        self._environment.go_on()
        self._environment.send(head, self.event)
        yield self._clock.timeout(OVERHEAD)
        kind, body = yield from self._follow(timeout + PATIENCE, self._request_id, ("result", "error"))
        if kind in ("result", "error") and len(body) > MOST_RESPONSE_BYTES:
            kind, body = "error", self._too_large()
        return ("ok" if kind == "result" else kind), body

    def _follow(self, patience: float, request_id: str, ends: Collection[str]) -> Steps:
        """Do what the environment asks until it is done; returns the kind of its last frame and the body.

        It is done with a message of this request, of a kind in `ends`, or when it is given up.
        """
        strays = 0
        while True:
            asked = self._clock.microseconds
            environment = self._environment
            try:
                head, body = yield from self._clock.aside(partial(environment.receive, patience), environment.interrupt)
                if belongs := head["kind"] in QUESTIONS or (head["kind"] in ends and head["request_id"] == request_id):
                    strays = 0
                elif (strays := strays + 1) > MOST_STRAYS:
                    raise environment.misled("messages that belong to nothing")
            except Died as death:
                return (yield from self._died_of(death))
            self._write_output()
            if not belongs:
                continue
            kind = head["kind"]
            waited = self._clock.microseconds - asked
            self._deadline += waited
            self._computed += waited
            if head["spent"]:
                yield self._clock.timeout(self._at_most_left(head["spent"] / MICROSECONDS))
            if kind in QUESTIONS:
                steps = self._sleep(head) if kind == "sleep" else self._call(head, body)
                answer = self._clock.start(steps)
                yield answer | self._until_deadline()
                if not answer.processed:
                    return self._timed_out()
                answer_head, body = cast("tuple[Head, bytes]", answer.value)
                environment.send({**answer_head, "asker": head["asker"], "now": self._clock.microseconds}, body)
                continue
            if not head.get("alone", True):
                environment.stop()
            if head.get("peak", 0) > self._function.memory * 1024:
                environment.kill("memory")
                return self.exit("memory")
            if self._clock.microseconds > self._deadline:
                return self._timed_out()
            return kind, body

    def _died_of(self, death: Died) -> Steps:
        """The end of an invocation whose process has died, or had to be ended."""
        self._write_output()
        if death.reason in ("hung", "interrupted"):
            return (yield from self.time_out())
        if death.cause:
            self._log.flush()
            self._log.line(f"[local cloud] the process was ended: {death.cause}")
        return self.exit(death.reason)

    def _write_output(self) -> None:
        """Take over what the process has printed."""
        self._log.write(*self._environment.output(self._log.room))

    def _at_most_left(self, seconds: float) -> float:
        """As long as was asked for, but not much longer than until the deadline."""
        return min(seconds, self._seconds_left() + 1.0)

    def _seconds_left(self) -> float:
        return max(0, self._deadline - self._clock.microseconds) / MICROSECONDS

    def _sleep(self, head: Head) -> Steps:
        yield self._clock.timeout(max(LEAST_SLEEP, self._at_most_left(head["seconds"])))
        return {}, b""

    def _call(self, head: Head, body: bytes) -> Steps:
        """Answer a call to AWS; returns the head and the body of the answer."""
        request = Request(head["method"], head["url"], head["headers"], body, self._lineage)
        try:
            response: Response = yield from self._services.serve(request)
        except NotOffered as missing:
            return {"refused": str(missing)}, b""
        headers = {str(name): str(value) for name, value in response.headers.items()}
        return {"status": response.status, "headers": headers}, response.body

    def _until_deadline(self) -> Any:
        return self._clock.timeout(self._seconds_left())

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
        """End because the process has ended: it had to be, or as `reason` has it (facts 8.3)."""
        how = KILLED if reason in ("memory", "garbled", "closed") else reason
        message = f"RequestId: {self._request_id} Error: {how}"
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
            label = f"error\tError Type: {_error_type(body)}"
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


def _error_type(document: bytes) -> str:
    """What an error document says of its type: a handler may have written one itself."""
    try:
        return str(json.loads(document)["errorType"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "Unknown"
