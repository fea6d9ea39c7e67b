"""Mappings whose function is played by the test: quick, and told what to answer to each event."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.invocation import Outcome
from kinesis_lab.emulator.lambda_.logs import LogLines
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration
from kinesis_lab.emulator.wire import AwsError
from tests.conftest import execution_role, zipped

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"

Event = dict[str, Any]


class Failure(Exception):
    """The played function fails: `status` is error or timeout."""

    def __init__(self, status: str = "error") -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Invocation:
    """An event that the played function was given."""

    event: Event
    began: float
    ended: float = 0.0
    ok: bool = False

    @property
    def shard(self) -> str:
        return str(self.event.get("shardId") or self.event["Records"][0]["eventID"].partition(":")[0])

    @property
    def texts(self) -> list[str]:
        return [text_of(record) for record in self.event["Records"]]

    @property
    def numbers(self) -> list[int]:
        return [int(record["kinesis"]["sequenceNumber"]) for record in self.event["Records"]]

    @property
    def keys(self) -> list[str]:
        return [record["kinesis"]["partitionKey"] for record in self.event["Records"]]


def text_of(record: Event) -> str:
    return base64.b64decode(record["kinesis"]["data"]).decode()


def number_of(record: Event) -> str:
    return str(record["kinesis"]["sequenceNumber"])


def outcome(cloud: Cloud, status: str, result: Any, began: float) -> Outcome:
    """What became of an invocation that was played, and that ends now; it began so many seconds after the cloud."""
    clock = cloud.emulator.clock
    return Outcome(
        status=status,
        payload=json.dumps(result).encode(),
        log=LogLines(clock),
        started=began,
        ended=clock.elapsed,
        duration=clock.elapsed - began,
        cold=False,
        request_id=cloud.emulator.switchboard.runtime._identities.uuid(),
        version="$LATEST",
    )


@dataclass
class Stage:
    """A cloud with the stream `orders`, and the function `app` that the test plays."""

    cloud: Cloud
    answer: Callable[[Event], Any] = field(default=lambda event: None)
    """What the function returns for an event, at the end of its work; raises Failure."""
    refuse: Callable[[Event], Any] = field(default=lambda event: None)
    """Raises AwsError for an event with which the function is not even invoked."""
    seconds: Callable[[Event], float] = field(default=lambda event: 0.01)
    """How long it takes."""
    invocations: list[Invocation] = field(default_factory=list)
    uuid: str = ""

    def __post_init__(self) -> None:
        runtime = self.cloud.emulator.switchboard.runtime
        self._clock = self.cloud.emulator.clock
        runtime.invoke = self._invoke  # type: ignore[method-assign]
        self.kinesis, self.lambda_ = self.cloud.client("kinesis"), self.cloud.client("lambda")

    def _invoke(self, function: Function, event: bytes, **_options: Any) -> Steps:
        document = json.loads(event)
        self.refuse(document)
        invocation = Invocation(document, self._clock.elapsed)
        self.invocations.append(invocation)
        yield self._clock.timeout(self.seconds(document))
        status, result = "ok", None
        try:
            result = self.answer(document)
        except Failure as failure:
            status = failure.status
        invocation.ended, invocation.ok = self._clock.elapsed, status == "ok"
        return outcome(self.cloud, status, result, invocation.began)

    def open(self, shards: int = 1) -> None:
        """Make the stream and the function."""
        self.kinesis.create_stream(StreamName="orders", ShardCount=shards)
        self.role = execution_role(self.cloud)
        self.deploy("app")
        self.cloud.wait(10)

    def deploy(self, name: str) -> None:
        """Make a function, which can soon be mapped."""
        self.lambda_.create_function(
            FunctionName=name,
            Role=self.role,
            Code={"ZipFile": zipped("")},
            Runtime="python3.13",
            Handler="app.handler",
        )

    def map(
        self,
        *,
        wait: float = 6,
        position: str = "TRIM_HORIZON",
        source: str = ARN,
        function: str = "app",
        **settings: Any,
    ) -> str:
        """Map the stream to the function."""
        answer = self.lambda_.create_event_source_mapping(
            EventSourceArn=source, FunctionName=function, StartingPosition=position, **settings
        )
        self.cloud.wait(wait)
        self.uuid = str(answer["UUID"])
        return self.uuid

    def update(self, wait: float = 6, **settings: Any) -> None:
        self.lambda_.update_event_source_mapping(UUID=self.uuid, **settings)
        self.cloud.wait(wait)

    def put(self, *texts: str, key: str = "k", hash_key: int | None = None) -> list[str]:
        """Put records in one call; their sequence numbers."""
        where = {} if hash_key is None else {"ExplicitHashKey": str(hash_key)}
        records = [{"Data": text.encode(), "PartitionKey": key, **where} for text in texts]
        answer = self.kinesis.put_records(StreamName="orders", Records=records)
        assert answer["FailedRecordCount"] == 0
        return [entry["SequenceNumber"] for entry in answer["Records"]]

    @property
    def configuration(self) -> Configuration:
        """That of the mapping as it is at this instant, without asking for it."""
        mappings = self.cloud.emulator.switchboard.lambda_("us-east-1").mappings
        return mappings._find(self.uuid).configuration

    @property
    def batches(self) -> list[list[str]]:
        return [invocation.texts for invocation in self.invocations]

    @property
    def last_result(self) -> str:
        return str(self.lambda_.get_event_source_mapping(UUID=self.uuid)["LastProcessingResult"])

    def rows(self, kind: str) -> Any:
        return self.cloud.recorder.table(kind)


@pytest.fixture
def stage(local_cloud: Cloud) -> Stage:
    made = Stage(local_cloud)
    made.open()
    return made


def poison(event: Event) -> None:
    """Fail if a record says `poison`."""
    if any(text_of(record).startswith("poison") for record in event["Records"]):
        raise Failure


def failures(*numbers: str | None) -> dict[str, Any]:
    """A response that names these records."""
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}


def stuck_at_poison(event: Event) -> dict[str, Any]:
    """Work until the first record that says `poison`, and report it."""
    bad = [number_of(record) for record in event["Records"] if text_of(record).startswith("poison")]
    return failures(*bad[:1])


def throttled(_event: Event) -> None:
    raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
