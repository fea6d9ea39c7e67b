"""What goes wrong in a test, on purpose and so many times: invocations that fail, calls that are refused."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud
    from kinesis_lab.emulator.clock import Steps
    from kinesis_lab.emulator.lambda_.invocation import Invocation
    from kinesis_lab.emulator.wire import Request, Response

How = Literal["error", "timeout", "crash"]
"""How an invocation can fail: it raises; it works until its timeout; its process ends."""
INJECTED_FAULT = "InjectedFault"
"""The error type of an invocation that raises."""


@dataclass(frozen=True)
class Fault:
    """Lets invocations fail that have a certain record in their batch.

    They fail after the handler has done its work, and its answer is lost: the hardest case, as all that was done will
    be done once more.  For a failure in the middle of the work, see `refuse_calls`.
    """

    how: How = "error"
    times: int | None = 1
    """How many invocations; None: all of them, so that the record never gets through."""

    def __post_init__(self) -> None:
        """Raise ValueError for a way to fail that there is not."""
        if self.how not in get_args(How):
            raise ValueError(f"how is {self.how!r}; it can be one of: {', '.join(get_args(How))}")


class InjectedFaults:
    """The faults of one function: which records they are about, and how many are left.

    An interceptor of the runtime: it lets invocations fail when their handler is done.
    """

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], list[How]] = {}
        self._always: dict[tuple[str, str], How] = {}

    def add(self, record: dict[str, Any], fault: Fault) -> None:
        """Let invocations fail that are given this record, which is as PutRecords takes it."""
        name = record["PartitionKey"], base64.b64encode(record["Data"]).decode()
        if fault.times is None:
            self._always[name] = fault.how
        else:
            self._left.setdefault(name, []).extend([fault.how] * fault.times)

    def __call__(self, invocation: Invocation, serving: Steps) -> Steps:
        """Serve an event, and return its status and payload or those of the fault."""
        status, payload = yield from serving
        how = self._take(invocation.event) if status == "ok" else None
        if how == "timeout":
            return (yield from invocation.time_out())
        if how == "crash":
            return invocation.exit("Runtime exited with error: exit status 1")
        if how == "error":
            return invocation.error(INJECTED_FAULT, "the test lets this invocation fail after its handler is done")
        return status, payload

    def _take(self, event: bytes) -> How | None:
        """How the invocation with this event fails, if it does: for its first record that has a fault left."""
        if not self._left and not self._always:
            return None
        document = json.loads(event)
        for record in document.get("Records", []) if isinstance(document, dict) else []:  # or an invocation by hand
            kinesis = record.get("kinesis") or {}
            name = str(kinesis.get("partitionKey")), str(kinesis.get("data"))
            if left := self._left.get(name):
                return left.pop()
            if name in self._always:
                return self._always[name]
        return None


def refuse_calls(
    cloud: Cloud, service: str, operation: str, *, times: int | None = None, code: str = "ThrottlingException"
) -> None:
    """Let calls of handlers to AWS fail: `refuse_calls(cloud, "dynamodb", "PutItem", times=3)`.

    `times`: how many; None: all from now on.  A retry of boto3 is a call, too, and it tries some errors again by
    itself: those of throttling, for instance.  `code`: the error's.

    Services are those that speak JSON: DynamoDB, SQS, Kinesis, Step Functions, EventBridge and many more, but neither
    S3 nor SNS.  Raises ValueError for another one.
    """
    from kinesis_lab.emulator.wire import json_response

    model = cloud.client(service).meta.service_model
    if model.resolved_protocol != "json":
        raise ValueError(f"{service} speaks {model.resolved_protocol}; calls are refused to services that speak json")
    if operation not in model.operation_names:
        raise ValueError(f"{service} has no operation {operation}")
    target = f"{model.metadata['targetPrefix']}.{operation}"
    left = times

    def refuse(request: Request) -> Response | None:
        nonlocal left
        if request.headers.get("x-amz-target") != target or left == 0:
            return None
        left = None if left is None else left - 1
        return json_response({"__type": code, "message": "refused by the test"}, request_id="refused", status=400)

    cloud.emulator.switchboard.refusals.append(refuse)
