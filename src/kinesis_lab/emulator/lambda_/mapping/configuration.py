"""The settings of an event source mapping: what may be asked for, and how AWS answers (facts 7.1 to 7.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from kinesis_lab.emulator.lambda_.mapping.filters import Filters
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import AwsError, NotOffered

Document = dict[str, Any]

NO_RECORDS_YET = "No records processed"
OK = "OK"
FUNCTION_FAILED = "PROBLEM: Function call failed"
"""Values of LastProcessingResult (facts 7.4).  AWS publishes no list of them: the two below are our own words."""
NO_ACCESS = "PROBLEM: The execution role may not read the stream"
NO_STREAM = "PROBLEM: Stream not found"

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

OPTIONAL = ("FilterCriteria", "KMSKeyArn", "MetricsConfig")
"""What AWS leaves out of its answer when it was not set (facts 7.1)."""

OF_OTHER_SOURCES = (
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
"""Settings that a mapping of a Kinesis stream does not have (facts 7.2)."""

OTHER_SOURCE = re.compile("arn:[a-z-]+:(?!kinesis:)")
"""How the ARN of any other source begins."""

DESTINATIONS = re.compile(r"arn:aws:(?:sqs|sns):[a-z0-9-]+:\d{12}:(?!.*\.fifo$)[^:]+|arn:aws:s3:::[a-z0-9.-]+")
"""A standard queue, a standard topic or a bucket (facts 7.15)."""
LEAST_RECORD_AGE = 60
"""MaximumRecordAgeInSeconds is -1, or at least this (facts 7.2)."""


@dataclass
class Configuration:
    """One mapping's settings and state."""

    uuid: str
    arn: str
    source_arn: str
    """Of the stream, or of a registered consumer of it."""
    function_arn: str
    """As the caller named it: with the version or alias, if any."""
    starting_position: str
    starting_timestamp: float | None
    last_modified: float
    """Seconds since 1970."""
    settings: Document = field(default_factory=lambda: dict(DEFAULTS))
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "Creating"
    last_result: str = NO_RECORDS_YET
    # What the settings say, taken apart: this is asked for with every batch and seldom changes
    batch_size: int = field(init=False)
    """Records in a batch, at most."""
    window: int = field(init=False)
    """Seconds that a batch waits for more records."""
    lanes: int = field(init=False)
    """Batches of one shard that are under way at the same time, at most."""
    tumbling: int = field(init=False)
    """Seconds of a tumbling window, 0 for none."""
    retries: int | None = field(init=False)
    """How often a batch is tried again after a function error; None: until its records expire."""
    record_age: int | None = field(init=False)
    """Seconds after which a record is given up; None: when it expires."""
    bisects: bool = field(init=False)
    """Whether a batch that fails is halved."""
    reports_items: bool = field(init=False)
    """Whether the function may tell which records have failed."""
    destination: str | None = field(init=False)
    """The ARN to which records are reported that are given up."""
    counts_events: bool = field(init=False)
    """Whether the mapping's own metrics are switched on."""
    filters: Filters = field(init=False)

    def __post_init__(self) -> None:
        self._take_apart()

    def change(self, settings: Document) -> None:
        """Take over new settings: those that `checked_settings` has let through; None takes one away."""
        self.settings.update(settings)
        for name in OPTIONAL:
            if name in self.settings and not self.settings[name]:
                del self.settings[name]
        self._take_apart()

    def _take_apart(self) -> None:
        settings = self.settings
        self.batch_size = int(settings["BatchSize"])
        self.window = int(settings["MaximumBatchingWindowInSeconds"])
        self.lanes = int(settings["ParallelizationFactor"])
        self.tumbling = int(settings["TumblingWindowInSeconds"])
        self.retries = _unless_negative(settings["MaximumRetryAttempts"])
        self.record_age = _unless_negative(settings["MaximumRecordAgeInSeconds"])
        self.bisects = bool(settings["BisectBatchOnFunctionError"])
        self.reports_items = "ReportBatchItemFailures" in settings["FunctionResponseTypes"]
        self.destination = settings["DestinationConfig"]["OnFailure"].get("Destination")
        self.counts_events = "EventCount" in settings.get("MetricsConfig", {}).get("Metrics", [])
        self.filters = Filters.of(settings.get("FilterCriteria"))

    def document(self) -> Document:
        """The mapping as the API answers it."""
        answer = {
            "UUID": self.uuid,
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": self.source_arn,
            "FunctionArn": self.function_arn,
            "StartingPosition": self.starting_position,
            "LastModified": self.last_modified,
            "LastProcessingResult": self.last_result,
            "State": self.state,
            "StateTransitionReason": "User action",
            **self.settings,
        }
        if self.starting_timestamp is not None:
            answer["StartingPositionTimestamp"] = self.starting_timestamp
        return answer


def _unless_negative(number: int) -> int | None:
    return None if number < 0 else int(number)


def check_creation(request: Document, now: float) -> None:
    """Refuse what AWS refuses in CreateEventSourceMapping, in its words and order (facts 7.3)."""
    source = request.get("EventSourceArn")
    if not source:
        raise invalid("Unrecognized event source.")
    if OTHER_SOURCE.match(str(source)):  # before what is only asked of streams
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
    if not request.get("FunctionName"):
        raise invalid("Function does not exist")
    validate("lambda", "CreateEventSourceMapping", request)
    timestamp = request.get("StartingPositionTimestamp")
    if (position == "AT_TIMESTAMP") != (timestamp is not None):
        raise invalid("StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP, and only with it.")
    if timestamp is not None and timestamp > now:
        raise invalid("StartingPositionTimestamp must not lie in the future.")


def checked_settings(request: Document, present: Document = DEFAULTS) -> Document:
    """The settings that a create or update request asks for, given the `present` ones.

    Raises the error with which AWS refuses what it does not take; where facts 7.3 has no text of AWS's, ours.
    """
    for name in OF_OTHER_SOURCES:
        if request.get(name):
            raise invalid(f"Unsupported {name} parameter for given event source mapping type.")
    settings = {name: request[name] for name in (*DEFAULTS, *OPTIONAL) if request.get(name) is not None}
    if "DestinationConfig" in settings:
        settings["DestinationConfig"] = _destination(settings["DestinationConfig"])
    if "FilterCriteria" in settings:
        Filters.of(settings["FilterCriteria"])
        if not settings["FilterCriteria"].get("Filters"):
            settings["FilterCriteria"] = None
    metrics = set(settings.get("MetricsConfig", {}).get("Metrics", []))
    if metrics - {"EventCount"}:
        raise invalid("A mapping of a Kinesis stream has the metrics EventCount only.")
    if "MetricsConfig" in settings and not metrics:
        settings["MetricsConfig"] = None
    if 0 <= settings.get("MaximumRecordAgeInSeconds", -1) < LEAST_RECORD_AGE:
        raise invalid("MaximumRecordAgeInSeconds must be -1, or between 60 and 604800.")
    together = {**DEFAULTS, **present, **settings}
    if together["TumblingWindowInSeconds"] and together["ParallelizationFactor"] > 1:
        raise invalid("TumblingWindowInSeconds keeps one state for a shard: ParallelizationFactor must be 1 with it.")
    return settings


def _destination(config: Document) -> Document:
    if "OnSuccess" in config:
        raise invalid("Unsupported DestinationConfig parameter for given event source mapping type.")
    arn = (config.get("OnFailure") or {}).get("Destination")
    if not arn:
        return {"OnFailure": {}}
    if not DESTINATIONS.fullmatch(arn):
        raise invalid(
            f"The destination {arn} is not the ARN of a standard SQS queue, a standard SNS topic or an S3 bucket."
        )
    return {"OnFailure": {"Destination": arn}}


def invalid(message: str) -> AwsError:
    """Lambda's usual refusal."""
    return AwsError("InvalidParameterValueException", message)
