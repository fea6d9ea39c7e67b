"""Runs functions: admits invocations, takes each through an execution environment, and measures it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from kinesis_lab.emulator.clock import Clock, Steps
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.lambda_.environments import Environments
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.invocation import Interceptor, Invocation, InvocationServices, Outcome, Serve
from kinesis_lab.emulator.lambda_.logs import Logs
from kinesis_lab.emulator.metrics import Metrics
from kinesis_lab.emulator.wire import AwsError

MOST_CONCURRENT = 1000
"""Invocations that run at once in a Region (facts 8.1), and so the processes that they take."""
MOST_ROUNDS = 16
"""Times that a function is invoked in one chain of functions that invoke each other; then it is a loop."""
RECURSION = "RecursiveInvocationException"


class Runtime:
    """Runs the functions of a cloud."""

    def __init__(self, clock: Clock, identities: Identities, metrics: Metrics, serve: Serve) -> None:
        """`serve` answers what handlers ask of AWS."""
        self._identities = identities
        self._metrics = metrics
        self._busy: Counter[str] = Counter()
        """Invocations under way, by the ARN of the function and by Region."""
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
        lineage: tuple[str, ...] = (),
    ) -> Steps:
        """Run the function on an event (JSON); returns an Outcome.

        `lineage`: the functions that were invoked one by the other, of which the last one now invokes this one.

        Raises AwsError when the function may not run now (facts 8.3): Pending, throttled, or in a recursive loop.
        """
        self._admit(function, lineage)
        self._busy[function.arn] += 1
        self._busy[function.region] += 1
        at_once = self._busy[function.arn]
        try:
            invocation = Invocation(
                self._services,
                function,
                event,
                request_id or self._identities.uuid(),
                client_context,
                (*lineage, function.arn),
            )
            outcome: Outcome = yield from invocation.run()
        finally:
            self._busy[function.arn] -= 1
            self._busy[function.region] -= 1
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

    def _admit(self, function: Function, lineage: tuple[str, ...]) -> None:
        if function.state != "Active":
            raise AwsError(
                "ResourceConflictException",
                "The operation cannot be performed at this time. The function is currently in the following "
                f"state: {function.state}",
                409,
            )
        if lineage.count(function.arn) >= MOST_ROUNDS:
            self._count(function, ("RecursiveInvocationsDropped", 1, "Count"))
            raise AwsError(RECURSION, f"Function {function.arn} was invoked in a recursive loop, and was stopped.", 400)
        reserved = function.reserved_concurrency
        throttled = reserved is not None and self._busy[function.arn] >= reserved
        if throttled or self._busy[function.region] >= MOST_CONCURRENT:
            self._count(function, ("Throttles", 1, "Count"))
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)

    def _count(self, function: Function, *measured: tuple[str, float, str]) -> None:
        """Measure things of a function: name, value, unit (facts 7.17)."""
        self._metrics.add_all(function.region, "AWS/Lambda", measured, FunctionName=function.name)
