"""Runs functions: admits invocations, takes each through an execution environment, and measures it."""

from __future__ import annotations

from typing import Any

from kinesis_lab.emulator.clock import Clock, Steps
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.lambda_.environments import Environments
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.invocation import Interceptor, Invocation, InvocationServices, Outcome, Serve
from kinesis_lab.emulator.lambda_.logs import Logs
from kinesis_lab.emulator.metrics import Metrics
from kinesis_lab.emulator.wire import AwsError


class Runtime:
    """Runs the functions of a cloud."""

    def __init__(self, clock: Clock, identities: Identities, metrics: Metrics, serve: Serve) -> None:
        """`serve` answers what handlers ask of AWS."""
        self._identities = identities
        self._metrics = metrics
        self._busy: dict[str, int] = {}
        self.environments = Environments(clock, identities)
        self.logs = Logs()
        self.interceptors: dict[str, Interceptor] = {}
        """By the name of a function."""
        self._services = InvocationServices(clock, serve, self.environments, self.logs, self.interceptors)

    def invoke(
        self,
        function: Function,
        event: bytes,
        *,
        request_id: str | None = None,
        client_context: dict[str, Any] | None = None,
    ) -> Steps:
        """Run the function on an event (JSON); returns an Outcome.

        Raises AwsError when the function may not run now (facts 8.3): Pending or throttled.
        """
        self._admit(function)
        self._busy[function.arn] = self._busy.get(function.arn, 0) + 1
        at_once = self._busy[function.arn]
        try:
            invocation = Invocation(
                self._services, function, event, request_id or self._identities.uuid(), client_context
            )
            outcome: Outcome = yield from invocation.run()
        finally:
            self._busy[function.arn] -= 1
        self._count(
            function,
            ("ConcurrentExecutions", at_once, "Count"),
            ("Invocations", 1, "Count"),
            ("Errors", float(not outcome.ok), "Count"),
            ("Duration", outcome.duration * 1000, "Milliseconds"),
        )
        return outcome

    def close(self) -> None:
        """End every process and remove every file."""
        self.environments.close()

    def _admit(self, function: Function) -> None:
        if function.state != "Active":
            raise AwsError(
                "ResourceConflictException",
                "The operation cannot be performed at this time. The function is currently in the following "
                f"state: {function.state}",
                409,
            )
        reserved = function.reserved_concurrency
        if reserved is not None and self._busy.get(function.arn, 0) >= reserved:
            self._count(function, ("Throttles", 1, "Count"))
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)

    def _count(self, function: Function, *measured: tuple[str, float, str]) -> None:
        """Measure things of a function: name, value, unit (facts 7.17)."""
        self._metrics.add_all(function.region, "AWS/Lambda", measured, FunctionName=function.name)
