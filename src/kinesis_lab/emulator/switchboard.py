"""Takes every request to the service that answers it, and lets the time that it takes pass."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from functools import partial

from kinesis_lab.emulator.clock import Clock, Steps
from kinesis_lab.emulator.gateway.gateway import Gateway
from kinesis_lab.emulator.gateway.routing import call_of
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService
from kinesis_lab.emulator.lambda_.function_lookup import FunctionCache
from kinesis_lab.emulator.lambda_.lambda_api import LambdaService
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.runtime import Runtime
from kinesis_lab.emulator.metrics import Metrics
from kinesis_lab.emulator.moto_adapter import cloudwatch, dispatch
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.permissions import Permissions
from kinesis_lab.emulator.recorder import FlightRecorder
from kinesis_lab.emulator.wire import LATENCY, NotOffered, Request, Response, code_of_a_test, raised_by_test, refusal

NAME = re.compile("[a-z0-9-]{0,64}")
"""Of a Region or of a service, in the scope of a signature; there is none in a request that is not signed."""


class Switchboard:
    """The services of the local cloud, by Region, and the way to them."""

    def __init__(
        self,
        clock: Clock,
        identities: Identities,
        recorder: FlightRecorder,
        patches: Patches,
        *,
        limits: bool = True,
    ) -> None:
        """An empty cloud, which has every Region.

        `patches`: undone when the cloud is closed; moto's CloudFormation is changed when it is first asked.  Without
        `limits`, Kinesis throttles nobody.
        """
        self._clock = clock
        self._identities = identities
        self._recorder = recorder
        self._patches = patches
        self._stacks_attached = False
        self._limits = limits
        self._metrics = Metrics(clock)
        self._kinesis_by_region: dict[str, KinesisService] = {}
        self._lambda_by_region: dict[str, LambdaService] = {}
        self._permissions = Permissions()
        self._functions = FunctionCache()
        self._gateway = Gateway(self.serve, identities, self._permissions)
        self.runtime = Runtime(clock, identities, self._metrics, self.serve)
        self.refusals: list[Callable[[Request], Response | None]] = []
        """Asked before a handler's call is answered: what a test wants to fail gets its answer here."""

    def call(self, request: Request) -> Response:
        """Answer a request from outside the simulation: of the program that opened the cloud, or of the endpoint."""
        with self._clock.lock:
            self._clock.advance(LATENCY)
            answered = self._contained(request)
            if isinstance(answered, Response):
                return answered
            response: Response = self._clock.complete(answered)
            return response

    def further_chunks(self, response: Response) -> Iterator[bytes]:
        """The chunks of a response after its body; to read on lets time pass."""
        while response.next_chunk and (following := self._clock.complete(response.next_chunk())) is not None:
            yield following

    def serve(self, request: Request) -> Steps:
        """Answer a request from inside the simulation, a handler's, in steps; returns a Response."""
        yield self._clock.timeout(LATENCY)
        answered = self._refused(request) or self._contained(request)
        if not isinstance(answered, Response):
            answered = yield from answered
        if answered.next_chunk:  # a handler gets what comes first; for more it asks again
            following = yield from answered.next_chunk()
            answered = answered._replace(body=answered.body + (following or b""), next_chunk=None)
        yield self._clock.debt()  # what moto slept, long polling a queue for instance
        return answered

    def _refused(self, request: Request) -> Response | None:
        """What a test has a handler's call answered with, if it has."""
        with code_of_a_test():
            return next(filter(None, (refuse(request) for refuse in self.refusals)), None)

    def _contained(self, request: Request) -> Response | Steps:
        """The answer to a request; a fault of the emulator's is an internal failure, as it would be one of AWS's."""
        try:
            answered = self._answer(request)
        except NotOffered:
            raise
        except Exception as fault:
            return _internal_failure(request, fault)
        return answered if isinstance(answered, Response) else _contained_steps(request, answered)

    def _answer(self, request: Request) -> Response | Steps:
        region, service = request.scope
        if not (NAME.fullmatch(region) and NAME.fullmatch(service)) or (service and not region):
            return refusal(request, 400, "IncompleteSignature", "The credential scope names no Region and service.")
        if not service and (call := call_of(request)):
            return self._gateway.answer(call)
        match service:
            case "kinesis":
                return self.kinesis(region).answer(request)
            case "lambda":
                return self._forgetting_functions(self.lambda_(region).answer(request))
            case "iam":
                self._permissions.forget()
            case "cloudformation":
                self._attach_stacks()
                try:
                    return dispatch.answer(request)
                finally:
                    self._forget()
            case "logs":
                self.runtime.logs.publish()
            case "monitoring":
                cloudwatch.publish(self._metrics.take())
        return dispatch.answer(request)

    def _attach_stacks(self) -> None:
        """Let stacks make resources of the emulator's."""
        if self._stacks_attached:
            return
        # moto's CloudFormation takes a second to import: only when it is wanted.
        from kinesis_lab.emulator.moto_adapter import cloudformation
        from kinesis_lab.emulator.stacks.all_types import all_types
        from kinesis_lab.emulator.stacks.services import Services

        cloudformation.attach(self._patches, all_types(Services(self.kinesis, self.lambda_, self._forget)))
        self._stacks_attached = True

    def _forget(self) -> None:
        """Drop cached roles and functions, as they may be others now."""
        self._permissions.forget()
        self._functions.forget()

    def _forgetting_functions(self, answering: Steps) -> Steps:
        """Answer a request that may change functions."""
        try:
            return (yield from answering)
        finally:
            self._functions.forget()

    def kinesis(self, region: str) -> KinesisService:
        """The Kinesis of a Region."""
        if region not in self._kinesis_by_region:
            self._kinesis_by_region[region] = KinesisService(
                region, self._clock, self._identities, self._recorder, self._metrics, limits=self._limits
            )
        return self._kinesis_by_region[region]

    def lambda_(self, region: str) -> LambdaService:
        """The Lambda of a Region."""
        if region not in self._lambda_by_region:
            self._lambda_by_region[region] = LambdaService(
                MappingContext(
                    region=self.kinesis(region).region,
                    find_function=partial(self._functions.find, region),
                    runtime=self.runtime,
                    permissions=self._permissions,
                    clock=self._clock,
                    identities=self._identities,
                    recorder=self._recorder,
                    metrics=self._metrics,
                )
            )
        return self._lambda_by_region[region]


def _contained_steps(request: Request, answering: Steps) -> Steps:
    """Steps of an answer, returning a Response: see `Switchboard._contained`."""
    try:
        return (yield from answering)
    except NotOffered:
        raise
    except Exception as fault:
        return _internal_failure(request, fault)


def _internal_failure(request: Request, fault: Exception) -> Response:
    """Status 500, in the form of the service; who maintains the local cloud finds printed what went wrong.

    What a test's own code has raised is raised to the test.
    """
    if raised_by_test(fault):
        raise fault
    traceback.print_exception(fault)
    return refusal(request, 500, "InternalFailure", "The local cloud has failed, and has printed why.")
