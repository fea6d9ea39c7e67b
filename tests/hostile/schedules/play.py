"""Performs a schedule with plain boto3, and gathers what a customer of AWS could: answers, lines, messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.clock import Steps
from kinesis_lab.emulator.lambda_.function_lookup import Function
from tests.conftest import execution_role, zipped
from tests.hostile.schedules import handler
from tests.hostile.schedules.schedule import Mapped, Schedule, Step
from tests.mapping.conftest import outcome

STREAM = "orders"
ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"
TIMEOUT_SECONDS = 10
REST_SECONDS = 2500.0
"""At the end, when all that fails is given up sooner or later, and all else is done."""
CODE = zipped(Path(handler.__file__).read_text())


@dataclass
class Put:
    """A record, as it was acknowledged."""

    id: int
    key: str
    shard: str
    number: str
    at: float
    wanted: bool
    kind: str


@dataclass
class MappingEvidence:
    """What was asked of a mapping, and when; times are seconds since 1970."""

    function: str
    position: str
    created: float
    reports: bool
    consumer: bool
    settings: dict[str, Any]
    """At its creation."""
    timestamp: float | None = None
    enabled: float | None = None
    """When it was first seen to be Enabled."""
    updates: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    pauses: list[list[float]] = field(default_factory=list)
    """When it was told to stop, seen to have stopped, and told to go on; the latter two are missing at first."""
    deleted: float | None = None


@dataclass
class Evidence:
    """All that a judge may know."""

    puts: list[Put] = field(default_factory=list)
    mappings: list[MappingEvidence] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What the functions wrote down, in the order of time."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """What arrived at the on-failure destination."""
    ended: float = 0.0


_clients: dict[str, Any] = {}
"""Made once: whichever cloud is open answers them."""


class Player:
    """Performs one schedule in a cloud that is open."""

    def __init__(self, cloud: Cloud, schedule: Schedule, *, real: bool) -> None:
        """With `real` function processes, or with functions that are played here: the same code either way."""
        for service in ("kinesis", "lambda", "sqs", "iam", "logs"):
            if service not in _clients:
                _clients[service] = cloud.client(service)
        self.kinesis, self.lambda_ = _clients["kinesis"], _clients["lambda"]
        self.cloud = cloud
        self.schedule = schedule
        self.real = real
        self.evidence = Evidence()
        self.uuids: list[str] = []
        self._states: dict[int, str] = {}
        """Of mappings that are in no change of state."""
        self._seen: dict[str, dict[Any, int]] = {}
        if not real:
            cloud.emulator.switchboard.runtime.invoke = self._invoke  # type: ignore[method-assign]

    @property
    def now(self) -> float:
        return self.cloud.now().timestamp()

    def _invoke(self, function: Function, event: bytes, **_options: Any) -> Steps:
        clock = self.cloud.emulator.clock
        began = clock.elapsed
        line, seconds, answer = handler.plan(function.name, json.loads(event), self._seen.setdefault(function.name, {}))
        self.evidence.lines.append({**line, "at": clock.now})
        yield clock.timeout(min(seconds, TIMEOUT_SECONDS))
        status = "timeout" if seconds > TIMEOUT_SECONDS else "error" if answer == "raise" else "ok"
        return outcome(self.cloud, status, answer, began)

    # From the first call to the last

    def play(self) -> Evidence:
        """Put the schedule on, let it come to rest, and gather the evidence."""
        self.kinesis.create_stream(StreamName=STREAM, ShardCount=self.schedule.shards)
        self.role = execution_role(self.cloud)
        policy = {"Statement": {"Effect": "Allow", "Action": ["sqs:*", "kinesis:*"], "Resource": "*"}}
        document = json.dumps({"Version": "2012-10-17", **policy})
        _clients["iam"].put_role_policy(RoleName="shop", PolicyName="all", PolicyDocument=document)
        _clients["sqs"].create_queue(QueueName="failed")
        for number in range(len(self.schedule.mappings)):
            self.lambda_.create_function(
                FunctionName=f"f{number}",
                Role=self.role,
                Code={"ZipFile": CODE},
                Runtime="python3.13",
                Handler="app.handler",
                Timeout=TIMEOUT_SECONDS,
            )
        self.cloud.wait(10)
        for number, mapped in enumerate(self.schedule.mappings):
            self._map(number, mapped)
        for step in self.schedule.steps:
            self._perform(step)
        self._rest()
        self._gather()
        return self.evidence

    def _map(self, number: int, mapped: Mapped) -> None:
        more: dict[str, Any] = {}
        source = ARN
        if mapped.consumer:
            source = self._register(f"c{number}")
        if mapped.reports:
            more["DestinationConfig"] = {"OnFailure": {"Destination": QUEUE}}
        if mapped.position == "AT_TIMESTAMP":
            more["StartingPositionTimestamp"] = round(self.now) - 3
        created = self.now
        answer = self.lambda_.create_event_source_mapping(
            EventSourceArn=source,
            FunctionName=f"f{number}",
            StartingPosition=mapped.position,
            Enabled=mapped.enabled,
            **mapped.settings,
            **more,
        )
        self.uuids.append(answer["UUID"])
        evidence = MappingEvidence(
            f"f{number}",
            mapped.position,
            created,
            mapped.reports,
            mapped.consumer,
            mapped.settings,
            more.get("StartingPositionTimestamp"),
        )
        if not mapped.enabled:
            evidence.pauses.append([created])
        self.evidence.mappings.append(evidence)

    def _register(self, name: str) -> str:
        arn: str = self.kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName=name)["Consumer"]["ConsumerARN"]
        self.cloud.wait_until(lambda: self._consumer_status(arn) == "ACTIVE")
        return arn

    def _consumer_status(self, arn: str) -> str:
        answer = self.kinesis.describe_stream_consumer(ConsumerARN=arn)
        return str(answer["ConsumerDescription"]["ConsumerStatus"])

    # Steps

    def _perform(self, step: Step) -> None:
        name, what = step
        match name:
            case "put" | "put one":
                self._put(what)
            case "wait":
                self.cloud.wait(what)
            case "update":
                self._update(*what)
            case "disable" | "enable":
                self._switch(what[0], name == "enable")
                self.cloud.wait(what[1])
            case "delete":
                self._delete(what[0])
            case "reshard":
                self._reshard(*what)

    def _put(self, records: list[dict[str, Any]]) -> None:
        entries = [{"Data": json.dumps(record).encode(), "PartitionKey": record["key"]} for record in records]
        answer = self.kinesis.put_records(StreamName=STREAM, Records=entries)
        for record, entry in zip(records, answer["Records"], strict=True):
            if "SequenceNumber" in entry:
                self.evidence.puts.append(
                    Put(
                        record["id"],
                        record["key"],
                        entry["ShardId"],
                        entry["SequenceNumber"],
                        self.now,
                        record["wanted"],
                        record["kind"],
                    )
                )

    def _settle(self, number: int) -> str | None:
        """Wait until a mapping is in no change of state; its state, None if it was deleted."""
        evidence = self.evidence.mappings[number]
        if evidence.deleted is not None:
            return None
        if number in self._states:
            return self._states[number]

        def settled() -> str | None:
            state: str = self.lambda_.get_event_source_mapping(UUID=self.uuids[number])["State"]
            return state if state in ("Enabled", "Disabled") else None

        state: str = self.cloud.wait_until(settled, timeout=60)
        if state == "Enabled" and evidence.enabled is None:
            evidence.enabled = self.now
        if state == "Disabled" and evidence.pauses and len(evidence.pauses[-1]) == 1:
            evidence.pauses[-1].append(self.now)
        self._states[number] = state
        return state

    def _update(self, number: int, settings: dict[str, Any]) -> None:
        if self._settle(number) is None:
            return
        if "TumblingWindowInSeconds" in self.evidence.mappings[number].settings:
            settings = {name: value for name, value in settings.items() if name != "ParallelizationFactor"}
        self.evidence.mappings[number].updates.append((self.now, settings))
        self._states.pop(number)
        self.lambda_.update_event_source_mapping(UUID=self.uuids[number], **settings)

    def _switch(self, number: int, enabled: bool) -> None:
        state = self._settle(number)
        if state is None or state == ("Enabled" if enabled else "Disabled"):
            return
        pauses = self.evidence.mappings[number].pauses
        if enabled:
            pauses[-1].append(self.now)
        else:
            pauses.append([self.now])
        self._states.pop(number)
        self.lambda_.update_event_source_mapping(UUID=self.uuids[number], Enabled=enabled)

    def _delete(self, number: int) -> None:
        if self._settle(number) is not None:
            self.evidence.mappings[number].deleted = self.now
            self.lambda_.delete_event_source_mapping(UUID=self.uuids[number])

    def _reshard(self, how: str, which: int, seconds: float) -> None:
        self.cloud.wait_until(self._active, timeout=120)
        shards = self.kinesis.list_shards(StreamName=STREAM, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
        place = which % len(shards)
        first, last = (int(shards[place]["HashKeyRange"][name]) for name in ("StartingHashKey", "EndingHashKey"))
        try:
            if how == "split" and len(shards) < 8:
                self.kinesis.split_shard(
                    StreamName=STREAM,
                    ShardToSplit=shards[place]["ShardId"],
                    NewStartingHashKey=str((first + last) // 2 + 1),
                )
            elif how == "merge" and place + 1 < len(shards):
                self.kinesis.merge_shards(
                    StreamName=STREAM,
                    ShardToMerge=shards[place]["ShardId"],
                    AdjacentShardToMerge=shards[place + 1]["ShardId"],
                )
            elif how == "scale":
                least, most = -(-len(shards) // 2), min(8, 2 * len(shards))
                target = least + which % (most - least + 1)
                self.kinesis.update_shard_count(
                    StreamName=STREAM, TargetShardCount=target, ScalingType="UNIFORM_SCALING"
                )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] not in ("LimitExceededException", "InvalidArgumentException"):
                raise
        self.cloud.wait(seconds)

    def _active(self) -> bool:
        answer = self.kinesis.describe_stream_summary(StreamName=STREAM)
        return bool(answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")

    # The end

    def _rest(self) -> None:
        """Enable all, let what fails be given up at some time, and wait until all should be done."""
        for number, evidence in enumerate(self.evidence.mappings):
            if self._settle(number) is None:
                continue
            effective = dict(evidence.settings)
            for _, settings in evidence.updates:
                effective |= settings
            self._switch(number, True)
            limits = (effective.get(name, -1) for name in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds"))
            if all(limit == -1 for limit in limits):
                self._update(number, {"MaximumRetryAttempts": 2})
        self.cloud.wait(REST_SECONDS)
        self.evidence.ended = self.now

    def _gather(self) -> None:
        if self.real:
            for evidence in self.evidence.mappings:
                self.evidence.lines += self._written(evidence.function)
            self.evidence.lines.sort(key=lambda line: line["at"])
        if not any(evidence.reports for evidence in self.evidence.mappings):
            return
        url = _clients["sqs"].get_queue_url(QueueName="failed")["QueueUrl"]
        while found := _clients["sqs"].receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            self.evidence.messages += [json.loads(message["Body"]) for message in found]

    def _written(self, function: str) -> list[dict[str, Any]]:
        """The lines that a function has written to CloudWatch's logs."""
        pages = _clients["logs"].get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
        try:
            messages = [event["message"] for page in pages for event in page["events"]]
        except _clients["logs"].exceptions.ResourceNotFoundException:  # it was never invoked
            return []
        return [json.loads(message.removeprefix("GIVEN ")) for message in messages if message.startswith("GIVEN ")]
