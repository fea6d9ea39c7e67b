"""One mapping's configuration: its settings, its state, and what the API answers (facts 7.1 to 7.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kinesis_lab.emulator.lambda_.mapping.settings import DEFAULTS, OPTIONAL, Settings, invalid
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import AwsError, Document, NotOffered

NO_RECORDS_YET = "No records processed"
OK = "OK"
FUNCTION_FAILED = "PROBLEM: Function call failed"
"""Values of LastProcessingResult (facts 7.4).  AWS publishes no list of them: those below are our own words."""
NO_ACCESS = "PROBLEM: The execution role may not read the stream"
NO_STREAM = "PROBLEM: Stream not found"
NO_CONSUMER = "PROBLEM: Consumer not found"
THROTTLED = "PROBLEM: Reads of the stream are throttled"

OTHER_SOURCE = re.compile("arn:[a-z-]+:(?!kinesis:)")
"""How the ARN of any other source begins."""


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
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "Creating"
    last_result: str = NO_RECORDS_YET
    """Of the last invocation."""
    reading_problems: dict[str, str] = field(default_factory=dict)
    """Why a shard cannot be read at the moment, by its id."""
    settings_document: Document = field(default_factory=lambda: dict(DEFAULTS))
    """The settings as the API has them."""
    settings: Settings = field(init=False)
    """The same, parsed: they are asked for with every batch and seldom change."""

    def __post_init__(self) -> None:
        self.settings = Settings.parsed(self.settings_document)

    def change(self, settings: Document) -> None:
        """Take over new settings: those that `checked_settings` has let through; None takes one away."""
        document = {**self.settings_document, **settings}
        for name in OPTIONAL:
            if not document.get(name):
                document.pop(name, None)
        self.settings_document = document
        self.settings = Settings.parsed(document)

    def document(self) -> Document:
        """The mapping as the API answers it."""
        answer = {
            "UUID": self.uuid,
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": self.source_arn,
            "FunctionArn": self.function_arn,
            "StartingPosition": self.starting_position,
            "LastModified": self.last_modified,
            "LastProcessingResult": next(iter(self.reading_problems.values()), self.last_result),
            "State": self.state,
            "StateTransitionReason": "User action",
            **self.settings_document,
        }
        if self.starting_timestamp is not None:
            answer["StartingPositionTimestamp"] = self.starting_timestamp
        return answer


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
