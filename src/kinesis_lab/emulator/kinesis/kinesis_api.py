"""The Kinesis API of one Region: checks a request, finds its operation and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import xform_name

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.kinesis.operations.account import AccountOperations
from kinesis_lab.emulator.kinesis.operations.consumers import ConsumerOperations
from kinesis_lab.emulator.kinesis.operations.get_records import ReadOperations
from kinesis_lab.emulator.kinesis.operations.put_records import WriteOperations
from kinesis_lab.emulator.kinesis.operations.shards import ShardOperations
from kinesis_lab.emulator.kinesis.operations.streams import StreamOperations
from kinesis_lab.emulator.kinesis.operations.tags import TagOperations
from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.subscription import Subscription
from kinesis_lab.emulator.metrics import Metrics
from kinesis_lab.emulator.recorder import FlightRecorder
from kinesis_lab.emulator.validation import parse, service_model, validate
from kinesis_lab.emulator.wire import AwsError, Document, Request, Response, json_response

Operation = Callable[[Document], Any]


class KinesisService:
    """The operations, and the Region that they operate on."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        identities: Identities,
        recorder: FlightRecorder,
        metrics: Metrics,
        *,
        limits: bool,
    ) -> None:
        """The service of the Region `name`, without streams.  Without `limits`, it never throttles."""
        self.region = Region(name, clock, recorder, metrics, limits=limits)
        self._identities = identities
        self._operations = [
            operations(self.region)
            for operations in (
                StreamOperations,
                ShardOperations,
                WriteOperations,
                ReadOperations,
                ConsumerOperations,
                TagOperations,
                AccountOperations,
            )
        ]

    def answer(self, request: Request) -> Response:
        """The response of the operation that the request's target header names, or its error."""
        request_id = self._identities.uuid()
        name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            if "cbor" in request.headers.get("content-type", ""):
                raise AwsError("SerializationException", "The local cloud reads JSON: set AWS_CBOR_DISABLE=true.")
            answer = self.carry_out(name, parse(request.body))
        except AwsError as error:
            return _error_response(error, request_id)
        if isinstance(answer, Subscription):
            return answer.response(request_id)
        return json_response(answer, request_id=request_id)

    def carry_out(self, name: str, document: Document, *, throttled: bool = True) -> Any:
        """Carry out the operation with this name; returns its response, None for an empty one, or raises AwsError.

        `throttled`: whether the call counts against the account's rate; a stack's does not, as it would try again.
        """
        operation = self._operation(name)
        document = validate("kinesis", name, document)
        if throttled:
            self.region.check_rate(name, document)
        return operation(document)

    def _operation(self, name: str) -> Operation:
        if name not in service_model("kinesis").operation_names:
            raise AwsError("UnknownOperationException", f"There is no operation {name or 'without a name'}.")
        method = xform_name(name)
        for operations in self._operations:
            if operation := getattr(operations, method, None):
                found: Operation = operation
                return found
        raise AwsError("UnsupportedOperationException", f"The local cloud does not offer {name}.")


def _error_response(error: AwsError, request_id: str) -> Response:
    # SerializationException is the one whose message is under a key with a capital (facts 1.1).
    key = "Message" if error.code == "SerializationException" else "message"
    return json_response({"__type": error.code, key: error.message}, request_id=request_id, status=error.status)
