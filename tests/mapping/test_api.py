"""Creating, listing, updating and deleting mappings: facts 7.1 to 7.4."""

from __future__ import annotations

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from kinesis_lab.emulator.wire import NotOffered
from tests.conftest import zipped
from tests.mapping.conftest import ARN

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:app"

RANGES = [
    ("BatchSize", 1, 10_000),
    ("MaximumBatchingWindowInSeconds", 0, 300),
    ("ParallelizationFactor", 1, 10),
    ("MaximumRetryAttempts", -1, 10_000),
    ("MaximumRecordAgeInSeconds", -1, 604_800),
    ("TumblingWindowInSeconds", 0, 900),
]


@pytest.fixture
def create(stage):
    """CreateEventSourceMapping as it goes over the wire: boto3's own checks are off."""
    bare = stage.cloud.client("lambda", config=Config(parameter_validation=False))

    def create(**changes):
        request = {"EventSourceArn": ARN, "FunctionName": "app", "StartingPosition": "LATEST", **changes}
        return bare.create_event_source_mapping(**{name: value for name, value in request.items() if value is not None})

    return create


def refusal(operation, **request):
    with pytest.raises(ClientError) as refused:
        operation(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(("name", "least", "most"), RANGES)
def test_ranges(stage, create, name, least, most):
    for value in (least, most):
        answer = create(**{name: value})
        assert answer[name] == value
        stage.cloud.wait(6)
        stage.lambda_.delete_event_source_mapping(UUID=answer["UUID"])
    for value, word in ((least - 1, "greater"), (most + 1, "less")):
        code, message = refusal(create, **{name: value})
        assert code == "ValidationException"
        assert f"Value '{value}' at '{name[0].lower()}{name[1:]}' failed to satisfy constraint" in message
        assert f"Member must have value {word} than or equal to" in message


@pytest.mark.parametrize("age", [0, 1, 59])
def test_a_record_age_is_none_or_a_minute_at_least(create, age):
    assert refusal(create, MaximumRecordAgeInSeconds=age) == (
        "InvalidParameterValueException",
        "MaximumRecordAgeInSeconds must be -1, or between 60 and 604800.",
    )


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"FunctionResponseTypes": ["Everything"]}, "ValidationException", "ReportBatchItemFailures"),
        ({"FunctionResponseTypes": ["ReportBatchItemFailures"] * 2}, "ValidationException", "less than or equal to 1"),
        ({"BatchSize": "many"}, "SerializationException", "batchSize is a string"),
        ({"ScalingConfig": {"MaximumConcurrency": 5}}, "InvalidParameterValueException", "Unsupported ScalingConfig"),
        ({"Queues": ["q"]}, "InvalidParameterValueException", "Unsupported Queues"),
        ({"StartingPositionTimestamp": 0}, "InvalidParameterValueException", "only with it"),
        (
            {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 4e9},
            "InvalidParameterValueException",
            "must not lie in the future",
        ),
        ({"MetricsConfig": {"Metrics": ["Everything"]}}, "ValidationException", "EventCount"),
        ({"MetricsConfig": {"Metrics": ["KafkaMetrics"]}}, "InvalidParameterValueException", "EventCount"),
        ({"EventSourceArn": ARN + "s"}, "InvalidParameterValueException", f"Stream not found: {ARN}s"),
        (
            {"EventSourceArn": ARN.replace("123456789012", "210987654321")},
            "InvalidParameterValueException",
            "Stream not found",
        ),
        ({"FunctionName": None}, "InvalidParameterValueException", "Function does not exist"),
        ({"FunctionName": "app:7"}, "InvalidParameterValueException", "Function does not exist"),
    ],
)
def test_requests_that_are_refused(stage, create, changes, code, words):
    got, message = refusal(create, **changes)
    assert got == code and words in message, message
    assert stage.lambda_.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        ("arn:aws:sqs:us-east-1:123456789012:orders", {}),
        ("arn:aws:sqs:us-east-1:123456789012:orders", {"ScalingConfig": {"MaximumConcurrency": 5}}),
        ("arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/1", {"StartingPosition": "LATEST"}),
        ("arn:aws:kafka:us-east-1:123456789012:cluster/kinesis/1", {"StartingPosition": "LATEST", "Topics": ["a"]}),
    ],
)
def test_other_sources_are_not_offered(stage, create, source, settings):
    with pytest.raises(NotOffered, match="for Kinesis streams only"):
        create(EventSourceArn=source, **{"StartingPosition": None, **settings})
    assert stage.lambda_.list_event_source_mappings()["EventSourceMappings"] == []


def test_the_key_of_filters_is_kept_and_answered(stage):
    keys = [f"arn:aws:kms:us-east-1:123456789012:key/{number}" for number in range(2)]
    stage.map(KMSKeyArn=keys[0])
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["KMSKeyArn"] == keys[0]
    stage.update(KMSKeyArn=keys[1])
    stage.update(BatchSize=5)
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["KMSKeyArn"] == keys[1]


@pytest.mark.parametrize("name", ["app", FUNCTION, "123456789012:function:app", "app:$LATEST"])
def test_a_function_has_several_names(create, name):
    expected = FUNCTION + (":$LATEST" if name.endswith("$LATEST") else "")
    assert create(FunctionName=name)["FunctionArn"] == expected


def test_created_disabled(stage):
    stage.map(Enabled=False, wait=0)
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["State"] == "Creating"
    stage.cloud.wait(10)
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["State"] == "Disabled"
    stage.put("a")
    stage.cloud.wait(10)
    assert stage.invocations == []


@pytest.mark.parametrize("state", ["Creating", "Updating", "Disabling", "Enabling"])
def test_one_change_at_a_time(stage, state):
    stage.map(wait=0 if state == "Creating" else 6)
    if state == "Enabling":
        stage.update(Enabled=False)
    changes = {"Updating": {"BatchSize": 5}, "Disabling": {"Enabled": False}, "Enabling": {"Enabled": True}}
    if state in changes:
        stage.update(wait=0, **changes[state])
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["State"] == state
    code, message = refusal(stage.lambda_.update_event_source_mapping, UUID=stage.uuid, BatchSize=7)
    assert code == "ResourceInUseException" and state in message
    if state == "Updating":
        code, _ = refusal(stage.lambda_.delete_event_source_mapping, UUID=stage.uuid)
        assert code == "ResourceInUseException"


@pytest.mark.parametrize("operation", ["get", "update", "delete"])
def test_an_unknown_mapping(stage, operation):
    request = getattr(stage.lambda_, f"{operation}_event_source_mapping")
    code, message = refusal(request, UUID="a4a5d2f3-0000-4000-8000-000000000000")
    assert (code, message) == ("ResourceNotFoundException", "The resource you requested does not exist.")


def test_an_update_is_checked_like_a_creation(stage):
    stage.map()
    update = stage.lambda_.update_event_source_mapping
    assert refusal(update, UUID=stage.uuid, BatchSize=10_001)[0] == "ValidationException"
    assert refusal(update, UUID=stage.uuid, FunctionName="nobody")[1] == "Function does not exist"
    assert refusal(update, UUID=stage.uuid, MaximumRecordAgeInSeconds=5)[0] == "InvalidParameterValueException"
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["State"] == "Enabled"


def test_lists_by_source_by_function_and_in_pages(stage):
    stage.kinesis.create_stream(StreamName="clicks", ShardCount=1)
    stage.cloud.wait(10)
    clicks = ARN.replace("orders", "clicks")
    role = stage.lambda_.get_function(FunctionName="app")["Configuration"]["Role"]
    for name in ("two", "three"):
        stage.lambda_.create_function(
            FunctionName=name, Role=role, Code={"ZipFile": zipped("")}, Runtime="python3.13", Handler="app.handler"
        )
    for source in (ARN, clicks):
        for name in ("app", "two", "three"):
            stage.lambda_.create_event_source_mapping(
                EventSourceArn=source, FunctionName=name, StartingPosition="LATEST"
            )
    listed = stage.lambda_.list_event_source_mappings

    def pairs(**request):
        return [
            (each["EventSourceArn"].rpartition("/")[2], each["FunctionArn"].rpartition(":")[2])
            for each in listed(**request)["EventSourceMappings"]
        ]

    everything = [(source, name) for source in ("orders", "clicks") for name in ("app", "two", "three")]
    assert pairs() == everything
    assert pairs(EventSourceArn=clicks) == everything[3:]
    assert pairs(FunctionName="two") == [("orders", "two"), ("clicks", "two")]
    assert pairs(FunctionName="two", EventSourceArn=ARN) == [("orders", "two")]
    pages = list(stage.lambda_.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 4}))
    assert [len(page["EventSourceMappings"]) for page in pages] == [4, 2]
    assert refusal(listed, Marker="nonsense")[0] == "InvalidParameterValueException"


def test_another_version_takes_over_at_the_checkpoint(stage):
    stage.map()
    stage.put("a")
    stage.cloud.wait(3)
    stage.lambda_.publish_version(FunctionName="app")
    stage.update(FunctionName="app:1")
    stage.put("b")
    stage.cloud.wait(3)
    assert stage.batches == [["a"], ["b"]]
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["FunctionArn"] == FUNCTION + ":1"


def test_tags(stage):
    stage.map(Tags={"team": "shop"})
    arn = stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["EventSourceMappingArn"]
    stage.lambda_.tag_resource(Resource=arn, Tags={"stage": "dev"})
    stage.lambda_.untag_resource(Resource=arn, TagKeys=["team"])
    assert stage.lambda_.list_tags(Resource=arn)["Tags"] == {"stage": "dev"}


def test_a_deleted_mapping_forgets_its_position(stage):
    stage.map()
    stage.put("a")
    stage.cloud.wait(3)
    stage.lambda_.delete_event_source_mapping(UUID=stage.uuid)
    stage.cloud.wait(10)
    stage.map()
    assert stage.batches == [["a"], ["a"]]
