"""The settings of an event source mapping: what may be asked for, and how AWS answers (facts 7.1 to 7.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from helpers.emulator.validation import validate
from helpers.emulator.wire import AwsError, NotOffered

Document = dict[str, Any]

NO_RECORDS_YET = "No records processed"

DEFAULTS: Document = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
"""What AWS fills in (facts 7.1)."""

HONOURED = {"BatchSize"}
"""The settings among the above that the mapping acts upon; others may only have their defaults."""

ONLY_FOR_OTHER_SOURCES = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "LoggingConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "Topics",
)
NOT_YET = ("FilterCriteria", "KMSKeyArn", "MetricsConfig", "Tags")


@dataclass
class Configuration:
    """One mapping's settings and state."""

    uuid: str
    arn: str
    source_arn: str
    function_arn: str
    """As the caller named it: with the version or alias, if any."""
    starting_position: str
    starting_timestamp: float | None
    last_modified: float
    """Seconds since 1970."""
    settings: Document = field(default_factory=lambda: dict(DEFAULTS))
    state: str = "Creating"
    last_result: str = NO_RECORDS_YET

    @property
    def batch_size(self) -> int:
        """Records in a batch, at most."""
        size: int = self.settings["BatchSize"]
        return size

    def document(self, state: str | None = None) -> Document:
        """The mapping as the API answers it, in its present state or in another."""
        answer = {
            "UUID": self.uuid,
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": self.source_arn,
            "FunctionArn": self.function_arn,
            "StartingPosition": self.starting_position,
            "LastModified": self.last_modified,
            "LastProcessingResult": self.last_result,
            "State": state or self.state,
            "StateTransitionReason": "User action",
            **self.settings,
        }
        if self.starting_timestamp is not None:
            answer["StartingPositionTimestamp"] = self.starting_timestamp
        return answer


def checked_settings(request: Document) -> Document:
    """The settings that a create or update request asks for; AWS's error for those that it would refuse."""
    destination = request.get("DestinationConfig") or {}
    if "OnSuccess" in destination:
        raise invalid("Unsupported DestinationConfig parameter for given event source mapping type.")
    for name in (*ONLY_FOR_OTHER_SOURCES, *NOT_YET):
        if request.get(name):
            raise NotOffered(f"the local cloud does not offer {name} for a Kinesis event source mapping")
    settings = {name: request[name] for name in DEFAULTS if request.get(name) is not None}
    for name, value in settings.items():
        if name not in HONOURED and value != DEFAULTS[name]:
            raise NotOffered(f"the local cloud does not offer {name} other than {DEFAULTS[name]!r} yet")
    return settings


def check_creation(request: Document, now: float) -> None:
    """Refuse what AWS refuses in CreateEventSourceMapping, in its words and order (facts 7.3)."""
    if not request.get("EventSourceArn"):
        raise invalid("Unrecognized event source.")
    if ":kinesis:" not in request["EventSourceArn"]:
        raise NotOffered("the local cloud offers event source mappings for Kinesis streams only")
    if request.get("StartingPosition") is None:
        raise invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    position = request["StartingPosition"]
    if position not in ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"):
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{position}' at 'startingPosition' failed to satisfy "
            "constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
        )
    validate("lambda", "CreateEventSourceMapping", request)
    timestamp = request.get("StartingPositionTimestamp")
    if (position == "AT_TIMESTAMP") != (timestamp is not None):
        raise invalid("StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP, and only with it.")
    if timestamp is not None and timestamp > now:
        raise invalid("StartingPositionTimestamp must not lie in the future.")


def invalid(message: str) -> AwsError:
    """Lambda's usual refusal."""
    return AwsError("InvalidParameterValueException", message)
