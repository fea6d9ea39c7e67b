"""The settings of an event source mapping: each says in one place all that is to be known of it (facts 7.1, 7.2).

A setting that is added here is taken, checked, answered and kept by the API, belongs into the README's table of
settings, and is drawn by property-based tests if it says what to draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from kinesis_lab.emulator.lambda_.mapping.destinations import is_destination
from kinesis_lab.emulator.lambda_.mapping.filters import Filters
from kinesis_lab.emulator.wire import AwsError, Document


def invalid(message: str) -> AwsError:
    """InvalidParameterValueException, with which Lambda refuses most of what it refuses."""
    return AwsError("InvalidParameterValueException", message)


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Setting:
    """What is to be known of one setting."""

    name: str
    """As the API has it."""
    default: Any = None
    """What AWS fills in; None: it leaves the setting out of its answer when it was not set (facts 7.1)."""
    unset: Any = None
    """The value with which the API takes away a setting that has no default."""
    range: tuple[int, int] | None = None
    """Of a number, both ends included; the default may lie outside.  The API's model has it, too."""
    parse: Callable[[Any], Any] = _as_it_is
    """From the API's value, None if there is none, to that with which a mapping works."""
    check: Callable[[Any], Any] = _as_it_is
    """From the API's value to that which is kept, None to forget the setting; raises what AWS answers (facts 7.3)."""
    draws: tuple[Any, ...] = ()
    """Values for property-based tests, the simplest first: they go with all other settings' values."""

    def checked(self, value: Any) -> Any:
        """The value to keep; raises what AWS answers to one that it does not take."""
        if self.range and value != self.default and not self.range[0] <= value <= self.range[1]:
            raise invalid(f"{self.name} must be {self.default}, or between {self.range[0]} and {self.range[1]}.")
        return self.check(value)


def _setting(name: str, default: Any = None, **more: Any) -> dict[str, Setting]:
    return {"setting": Setting(name, default, **more)}


def _unless_negative(number: int) -> int | None:
    return None if number < 0 else int(number)


def _check_destination(config: Document) -> Document:
    if "OnSuccess" in config:
        raise invalid("Unsupported DestinationConfig parameter for given event source mapping type.")
    arn = (config.get("OnFailure") or {}).get("Destination")
    if not arn:
        return {"OnFailure": {}}
    if not is_destination(arn):
        raise invalid(
            f"The destination {arn} is not the ARN of a standard SQS queue, a standard SNS topic or an S3 bucket."
        )
    return {"OnFailure": {"Destination": arn}}


def _check_filters(criteria: Document) -> Document | None:
    Filters.of(criteria)
    return criteria if criteria.get("Filters") else None


def _check_metrics(config: Document) -> Document | None:
    metrics = set(config.get("Metrics", []))
    if metrics - {"EventCount"}:
        raise invalid("A mapping of a Kinesis stream has the metrics EventCount only.")
    return config if metrics else None


@dataclass(frozen=True)
class Settings:
    """One mapping's settings, parsed.  They stand in the order in which a request is checked."""

    batch_size: int = field(
        metadata=_setting("BatchSize", 100, range=(1, 10_000), parse=int, draws=(1, 2, 3, 5, 10, 100))
    )
    """Records in a batch, at most."""
    batching_window: int = field(
        metadata=_setting("MaximumBatchingWindowInSeconds", 0, range=(0, 300), parse=int, draws=(0, 0, 5, 30))
    )
    """Seconds that a batch waits for more records."""
    lanes: int = field(metadata=_setting("ParallelizationFactor", 1, range=(1, 10), parse=int, draws=(1, 2, 3, 10)))
    """Batches of one shard that are under way at the same time, at most."""
    tumbling_window: int = field(metadata=_setting("TumblingWindowInSeconds", 0, range=(0, 900), parse=int))
    """Seconds of a tumbling window, 0 for none.  Nothing to draw: a handler must be written for it."""
    bisects: bool = field(metadata=_setting("BisectBatchOnFunctionError", False, parse=bool, draws=(False, True)))
    """Whether a batch that fails is halved."""
    reports_items: bool = field(
        metadata=_setting(
            "FunctionResponseTypes",
            [],
            parse=lambda types: "ReportBatchItemFailures" in types,
            draws=([], ["ReportBatchItemFailures"]),
        )
    )
    """Whether the function may tell which records have failed."""
    retries: int | None = field(
        metadata=_setting("MaximumRetryAttempts", -1, range=(0, 10_000), parse=_unless_negative, draws=(-1, 0, 1, 3))
    )
    """How often a batch is tried again after a function error; None: until its records expire."""
    destination: str | None = field(
        metadata=_setting(
            "DestinationConfig",
            {"OnFailure": {}},
            parse=lambda config: config["OnFailure"].get("Destination"),
            check=_check_destination,
        )
    )
    """The ARN to which records are reported that are given up."""
    filters: Filters = field(metadata=_setting("FilterCriteria", unset={}, parse=Filters.of, check=_check_filters))
    filters_key: str | None = field(metadata=_setting("KMSKeyArn", unset=""))
    """The key with which AWS encrypts the filters: kept and answered."""
    counts_events: bool = field(
        metadata=_setting(
            "MetricsConfig",
            unset={"Metrics": []},
            parse=lambda config: "EventCount" in (config or {}).get("Metrics", []),
            check=_check_metrics,
        )
    )
    """Whether the mapping's own metrics are switched on."""
    record_age: int | None = field(
        metadata=_setting(
            "MaximumRecordAgeInSeconds", -1, range=(60, 604_800), parse=_unless_negative, draws=(-1, -1, 60, 300)
        )
    )
    """Seconds after which a record is given up; None: when it expires."""

    @classmethod
    def parsed(cls, document: Document) -> Settings:
        """From the settings as the API has them, defaults filled in."""
        return cls(**{name: setting.parse(document.get(setting.name)) for name, setting in _FIELDS.items()})


_FIELDS: dict[str, Setting] = {each.name: each.metadata["setting"] for each in fields(Settings)}

SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _FIELDS.values()}
"""All settings, by their names."""
DEFAULTS: Document = {name: SETTINGS[name].default for name in sorted(SETTINGS) if SETTINGS[name].default is not None}
"""What AWS fills in (facts 7.1)."""
OPTIONAL = tuple(name for name in sorted(SETTINGS) if SETTINGS[name].default is None)
"""What AWS leaves out of its answer when it was not set (facts 7.1)."""

UNSET: Document = {name: SETTINGS[name].unset for name in OPTIONAL}
"""What takes these away again."""

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


def checked_settings(request: Document, present: Document = DEFAULTS) -> Document:
    """The settings that a create or update request asks for, given the `present` ones.

    Raises the error with which AWS refuses what it does not take; where facts 7.3 has no text of AWS's, ours.
    """
    for name in OF_OTHER_SOURCES:
        if request.get(name):
            raise invalid(f"Unsupported {name} parameter for given event source mapping type.")
    asked = [setting for setting in SETTINGS.values() if request.get(setting.name) is not None]
    settings = {setting.name: setting.checked(request[setting.name]) for setting in asked}
    together = {**DEFAULTS, **present, **settings}
    if together["TumblingWindowInSeconds"] and together["ParallelizationFactor"] > 1:
        raise invalid("TumblingWindowInSeconds keeps one state for a shard: ParallelizationFactor must be 1 with it.")
    return settings
