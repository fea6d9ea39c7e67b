"""Stacks that change at a bad moment, have odd properties, or are deleted when half of them is gone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers import deploying
from kinesis_lab.emulator.stacks.kinesis_stream import StreamType
from kinesis_lab.emulator.wire import AwsError, NotOffered

SOURCE = "def handler(event, context): return event"
PROPERTIES = "Properties validation failed for resource {} with message: [{}]"
ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders-dev"
FAST = {"Type": "AWS::Kinesis::StreamConsumer"}

Body = dict[str, Any]


@pytest.fixture
def body(tmp_path) -> Body:
    (tmp_path / "app.py").write_text(SOURCE, encoding="utf-8")
    template = deploying.template(tmp_path / "app.py")
    template["Resources"]["Function"]["Properties"].pop("Timeout")
    return template


class Stacks:
    """Makes, changes and deletes the stack `shop`."""

    def __init__(self, cloud: Any) -> None:
        self.cloud, self.client = cloud, cloud.client("cloudformation")
        self.kinesis, self.lambda_ = cloud.client("kinesis"), cloud.client("lambda")

    def make(self, body: Body, wait: float = 20, **parameters: str) -> None:
        deploying.deploy_stack(self.cloud, "shop", body, **parameters)
        self.cloud.wait(wait)

    def change(self, body: Body, wait: float = 60, **parameters: str) -> None:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        self.client.update_stack(StackName="shop", TemplateBody=json.dumps(body), Parameters=given)
        self.cloud.wait(wait)

    def delete(self) -> None:
        self.client.delete_stack(StackName="shop")
        self.cloud.wait(10)

    @property
    def status(self) -> str:
        return str(self.client.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"])

    @property
    def reason(self) -> str:
        return str(self.client.describe_stack_events(StackName="shop")["StackEvents"][0]["ResourceStatusReason"])

    @property
    def mappings(self) -> list[dict[str, Any]]:
        return list(self.lambda_.list_event_source_mappings()["EventSourceMappings"])

    @property
    def mapping(self) -> dict[str, Any]:
        (mapping,) = self.mappings
        return mapping

    def stream(self, name: str = "orders-dev") -> dict[str, Any]:
        summary = self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return dict(summary)

    @property
    def function(self) -> dict[str, Any]:
        function = self.lambda_.get_function_configuration(FunctionName="book-orders-dev")
        return {name: value for name, value in function.items() if name != "ResponseMetadata"}


@pytest.fixture
def stacks(cloud) -> Stacks:
    return Stacks(cloud)


def of(body: Body, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = body["Resources"][name]["Properties"]
    return properties


def refused(operation: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        operation(*arguments, **more)
    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    return str(refusal.value.response["Error"]["Message"])


# A bad moment


def test_a_stack_is_deleted_while_its_mapping_is_created(stacks, body):
    stacks.make(body, wait=0)
    assert stacks.mapping["State"] == "Creating"
    stacks.delete()
    assert stacks.mappings == [] and stacks.kinesis.list_streams()["StreamNames"] == []


def test_a_stack_is_deleted_while_its_mapping_is_updated(stacks, body):
    stacks.make(body)
    stacks.lambda_.update_event_source_mapping(UUID=stacks.mapping["UUID"], BatchSize=7)
    assert stacks.mapping["State"] == "Updating"
    stacks.delete()
    assert stacks.mappings == [] and stacks.kinesis.list_streams()["StreamNames"] == []


@pytest.mark.parametrize("moment", ["Creating", "Updating", "Disabling", "Enabling"])
def test_a_stack_is_changed_while_its_mapping_changes(stacks, body, moment):
    stacks.make(body, wait=0 if moment == "Creating" else 20)
    if moment == "Enabling":
        stacks.lambda_.update_event_source_mapping(UUID=stacks.mapping["UUID"], Enabled=False)
        stacks.cloud.wait(10)
    if moment != "Creating":
        change = {"Updating": {"BatchSize": 7}, "Disabling": {"Enabled": False}, "Enabling": {"Enabled": True}}
        stacks.lambda_.update_event_source_mapping(UUID=stacks.mapping["UUID"], **change[moment])
    assert stacks.mapping["State"] == moment
    of(body, "Mapping")["BatchSize"] = 9
    stacks.change(body, wait=0)
    stacks.cloud.wait(20)
    assert (stacks.mapping["BatchSize"], stacks.mapping["State"]) == (9, "Enabled")
    stacks.kinesis.put_record(StreamName="orders-dev", PartitionKey="k", Data=b"x")
    stacks.cloud.wait(10)
    assert list(stacks.cloud.recorder.table("invoke")["outcome"]) == ["ok"]


def test_a_stack_is_changed_while_its_stream_changes(stacks, body):
    stacks.make(body, wait=0, Shards="2")
    assert stacks.stream()["StreamStatus"] == "CREATING"
    stacks.change(body, wait=1, Shards="4")
    assert stacks.stream()["StreamStatus"] == "UPDATING"
    of(body, "Stream")["RetentionPeriodHours"] = 48
    stacks.change(body, wait=1, Shards="4")
    assert (stacks.stream()["OpenShardCount"], stacks.stream()["RetentionPeriodHours"]) == (4, 48)
    stacks.delete()
    assert stacks.kinesis.list_streams()["StreamNames"] == []


def test_many_streams_of_a_stack_go_at_once(stacks):
    streams = {f"S{n}": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": f"s{n}"}} for n in range(5)}
    stacks.make({"Resources": streams})
    streams |= {f"T{n}": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": f"t{n}"}} for n in range(5)}
    stacks.change({"Resources": streams})
    assert len(stacks.kinesis.list_streams()["StreamNames"]) == 10
    stacks.delete()
    assert stacks.kinesis.list_streams()["StreamNames"] == []


def test_what_was_deleted_by_hand_is_no_obstacle(stacks, body):
    body["Resources"] |= {
        "Fast": {**FAST, "Properties": {"StreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}, "ConsumerName": "fast"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "failed"}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "hits",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
    }
    stacks.make(body)
    sqs = stacks.cloud.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="failed")["QueueUrl"])
    stacks.cloud.client("dynamodb").delete_table(TableName="hits")
    stacks.lambda_.delete_event_source_mapping(UUID=stacks.mapping["UUID"])
    stacks.lambda_.delete_function(FunctionName="book-orders-dev")
    stacks.kinesis.delete_stream(StreamName="orders-dev", EnforceConsumerDeletion=True)
    stacks.cloud.wait(10)
    (stack,) = stacks.client.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    stacks.delete()
    assert stacks.client.list_stacks()["StackSummaries"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.cloud.client("iam").list_roles()["Roles"] == []


def test_a_stack_that_cannot_be_deleted_stays(stacks, body, monkeypatch):
    stacks.make(body)
    with monkeypatch.context() as patched:
        patched.setattr(StreamType, "remove", refuse)
        assert refused(stacks.delete) == "LimitExceededException: not now"
    assert stacks.status == "DELETE_FAILED" and stacks.reason.endswith("not now")
    stacks.cloud.wait(10)
    assert (stacks.mappings, stacks.kinesis.list_streams()["StreamNames"]) == ([], ["orders-dev"])
    stacks.delete()
    assert stacks.kinesis.list_streams()["StreamNames"] == []


def refuse(*_stream: Any) -> None:
    raise AwsError("LimitExceededException", "not now")


# Odd properties


INTEGER = "#/{}: expected type: Integer, found: {}"


@pytest.mark.parametrize(
    ("name", "properties", "message"),
    [
        ("Stream", {"RetentionPeriodHours": 1}, "Minimum allowed retention period is 24 hours. Requested retention"),
        ("Stream", {"RetentionPeriodHours": 9000}, "Maximum allowed retention period is 8760 hours."),
        ("Stream", {"RetentionPeriodHours": "a day"}, INTEGER.format("RetentionPeriodHours", "String")),
        ("Stream", {"ShardCount": 0}, "Value '0' at 'shardCount' failed to satisfy constraint"),
        ("Stream", {"ShardCount": "1.5"}, INTEGER.format("ShardCount", "String")),
        ("Stream", {"ShardCount": "²"}, INTEGER.format("ShardCount", "String")),
        ("Stream", {"ShardCount": 1.5}, INTEGER.format("ShardCount", "Number")),
        ("Stream", {"ShardCount": True}, INTEGER.format("ShardCount", "Boolean")),
        ("Stream", {"ShardCount": [1]}, INTEGER.format("ShardCount", "JSONArray")),
        ("Stream", {"Shards": 1}, "#: extraneous key [Shards] is not permitted"),
        ("Stream", {"Name": "a b"}, "Value 'a b' at 'streamName'"),
        ("Stream", {"Name": ["a"]}, "#/Name: expected type: String, found: JSONArray"),
        ("Stream", {"StreamModeDetails": "ON_DEMAND"}, "#/StreamModeDetails: expected type: JSONObject, found: String"),
        ("Stream", {"StreamModeDetails": {"StreamMode": "FREE"}}, "'streamModeDetails.streamMode'"),
        ("Stream", {"StreamEncryption": {"EncryptionType": "KMS"}}, "Value null at 'keyId'"),
        ("Stream", {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": "nothing"}}, "KMSNotFoundException"),
        ("Stream", {"StreamEncryption": {"EncryptionType": "NONE", "KeyId": "x"}}, "EncryptionType must be KMS"),
        ("Stream", {"DesiredShardLevelMetrics": ["Beauty"]}, "'shardLevelMetrics.1.member'"),
        ("Stream", {"MaxRecordSizeInKiB": 5}, "'maxRecordSizeInKiB'"),
        ("Stream", {"Tags": {"a": "b"}}, "#/Tags: expected type: JSONArray, found: JSONObject"),
        ("Stream", {"Tags": [{"Key": "a"}]}, "#/Tags/0: required key [Key] and [Value] not found"),
        ("Mapping", {"BatchSize": 0}, "Value '0' at 'batchSize' failed to satisfy constraint"),
        ("Mapping", {"BatchSize": "many"}, INTEGER.format("BatchSize", "String")),
        ("Mapping", {"BatchSize": ""}, INTEGER.format("BatchSize", "String")),
        ("Mapping", {"StartingPosition": "FIRST"}, "Value 'FIRST' at 'startingPosition' failed to satisfy constraint"),
        ("Mapping", {"StartingPosition": None}, "Value null at 'startingPosition'"),
        ("Mapping", {"StartingPositionTimestamp": "now"}, "#/StartingPositionTimestamp: expected type: Number, found:"),
        ("Mapping", {"StartingPositionTimestamp": "nan"}, "#/StartingPositionTimestamp: expected type: Number, found:"),
        ("Mapping", {"Enabled": "yes"}, "#/Enabled: expected type: Boolean, found: String"),
        ("Mapping", {"Batchsize": 5}, "#: extraneous key [Batchsize] is not permitted"),
        ("Mapping", {"FunctionName": "nobody"}, "InvalidParameterValueException: Function does not exist"),
        ("Mapping", {"EventSourceArn": f"{ARN}s"}, f"Stream not found: {ARN}s"),
        ("Mapping", {"EventSourceArn": None}, "Unrecognized event source."),
        ("Mapping", {"FilterCriteria": {"Filters": [{"Pattern": {"data": {}}}]}}, "SerializationException"),
        ("Function", {"Timeout": 901}, "Value '901' at 'timeout' failed to satisfy constraint"),
        ("Function", {"Timeout": "long"}, INTEGER.format("Timeout", "String")),
        (
            "Function",
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "Reserved keys used in this request:",
        ),
        ("Function", {"Environment": {"Variables": {"A": "x"}}}, "'environment.variables.key'"),
        ("Function", {"Handler": None}, "Runtime and Handler are mandatory parameters"),
        ("Function", {"Role": None}, "#: required key [Role] not found"),
        ("Function", {"Code": {}}, "Please provide a source for function code."),
        ("Function", {"FunctionName": "a b"}, "Value 'a b' at 'functionName'"),
        ("Function", {"TimeOut": 5}, "#: extraneous key [TimeOut] is not permitted"),
    ],
)
def test_what_is_refused_fails_the_stack(stacks, body, name, properties, message):
    of(body, name).update(properties)
    body["Resources"][name]["Properties"] = {key: value for key, value in of(body, name).items() if value is not None}
    body.pop("Outputs")
    said = refused(stacks.make, body)
    assert message in said
    assert not message.startswith("#") or said == PROPERTIES.format(name, message) or "found:" in message
    assert stacks.status == "CREATE_FAILED" and message in stacks.reason
    if name == "Stream":
        assert stacks.kinesis.list_streams()["StreamNames"] == [], "it is made with all its settings, or not at all"
    stacks.delete()
    assert stacks.client.list_stacks()["StackSummaries"][0]["StackStatus"] == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("name", "properties", "message"),
    [
        ("Stream", {"RetentionPeriodHours": 1}, "Minimum allowed retention period is 24 hours."),
        ("Stream", {"ShardCount": 50}, "Cannot update shard count beyond 2x current shard count"),
        ("Mapping", {"BatchSize": 0}, "Value '0' at 'batchSize'"),
        ("Mapping", {"BatchSize": "x"}, INTEGER.format("BatchSize", "String")),
        ("Mapping", {"FunctionName": "nobody"}, "Function does not exist"),
        ("Mapping", {"StartingPosition": "FIRST"}, "'startingPosition'"),
        ("Mapping", {"StartingPosition": "LATEST"}, "provided mapping already exists."),
        ("Function", {"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys"),
        ("Function", {"MemorySize": 1}, "Value '1' at 'memorySize'"),
    ],
)
def test_what_is_refused_fails_the_change(stacks, body, name, properties, message):
    stacks.make(body)
    before = stacks.mapping, stacks.stream(), stacks.function
    of(body, name).update(properties)
    assert message in refused(stacks.change, body)
    assert stacks.status == "UPDATE_FAILED" and message in stacks.reason
    stacks.cloud.wait(10)
    assert (stacks.mapping, stacks.stream(), stacks.function) == before
    for key in properties:
        of(body, name).pop(key)
    if name == "Mapping" and "StartingPosition" in properties:
        of(body, name)["StartingPosition"] = "TRIM_HORIZON"
    if "FunctionName" in properties:
        of(body, name)["FunctionName"] = {"Ref": "Function"}
    stacks.change(body)
    assert stacks.status == "UPDATE_COMPLETE"


def test_what_is_not_offered_fails_the_stack_too(stacks, body):
    of(body, "Function")["Runtime"] = "nodejs22.x"
    with pytest.raises(NotOffered, match="the local cloud runs Python functions"):
        stacks.make(body)
    assert stacks.status == "CREATE_FAILED"


def test_text_from_parameters_is_a_number_or_a_flag(stacks, body):
    body["Parameters"] |= {name: {"Type": "String"} for name in ("Size", "On", "Hours", "Seconds")}
    of(body, "Mapping").update(BatchSize={"Ref": "Size"}, Enabled={"Ref": "On"})
    of(body, "Stream").update(RetentionPeriodHours={"Ref": "Hours"})
    of(body, "Function").update(Timeout={"Ref": "Seconds"}, Environment={"Variables": {"LIMIT": 5}})
    stacks.make(body, Size="7", On="false", Hours="48", Seconds="9")
    assert (stacks.mapping["BatchSize"], stacks.mapping["State"]) == (7, "Disabled")
    assert (stacks.stream()["RetentionPeriodHours"], stacks.function["Timeout"]) == (48, 9)
    assert stacks.function["Environment"]["Variables"] == {"LIMIT": "5"}


def test_an_attribute_that_is_none(stacks, body):
    of(body, "Mapping")["EventSourceArn"] = {"Fn::GetAtt": ["Stream", "Name"]}
    assert "does not support attribute type Name" in refused(stacks.make, body)


def test_a_function_of_another_stack_is_not_overwritten(stacks, body):
    stacks.make(body)
    again = {"Resources": {name: body["Resources"][name] for name in ("Role", "Function")}}
    of(again, "Function").update(FunctionName="book-orders-dev")
    of(again, "Role").pop("Policies")
    message = refused(deploying.deploy_stack, stacks.cloud, "other", again)
    assert message == "ResourceConflictException: Function already exist: book-orders-dev"


# Changes


def test_a_property_that_is_left_out_becomes_its_default(stacks, body):
    key = stacks.cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    plain = json.loads(json.dumps(body))
    of(body, "Mapping").update(
        BatchSize=5,
        MaximumRetryAttempts=2,
        MaximumRecordAgeInSeconds=60,
        ParallelizationFactor=2,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}},
        FilterCriteria={"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]},
        MetricsConfig={"Metrics": ["EventCount"]},
        KMSKeyArn="arn:aws:kms:us-east-1:123456789012:key/x",
        Enabled=False,
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    of(body, "Stream").update(
        RetentionPeriodHours=48,
        StreamEncryption={"EncryptionType": "KMS", "KeyId": key},
        MaxRecordSizeInKiB=2048,
        DesiredShardLevelMetrics=["IncomingBytes", "OutgoingBytes"],
        ShardCount=2,
        Tags=[{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": 1}],
    )
    of(body, "Function").update(
        Timeout=9,
        MemorySize=256,
        Description="books",
        Environment={"Variables": {"MODE": "dark"}},
        LoggingConfig={"LogGroup": "/shop"},
        ReservedConcurrentExecutions=5,
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    stacks.make(body)
    mapping, stream, function = stacks.mapping, stacks.stream(), stacks.function
    assert (mapping["BatchSize"], mapping["State"]) == (5, "Disabled")
    assert (stream["EncryptionType"], stream["MaxRecordSizeInKiB"], stream["KeyId"]) == ("KMS", 2048, key)
    assert stream["EnhancedMonitoring"] == [{"ShardLevelMetrics": ["IncomingBytes", "OutgoingBytes"]}]
    assert function["LoggingConfig"]["LogGroup"] == "/shop"
    assert stacks.lambda_.list_tags(Resource=function["FunctionArn"])["Tags"] == {"team": "shop"}
    assert stacks.lambda_.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"] == {"team": "shop"}
    tags = stacks.kinesis.list_tags_for_stream(StreamName="orders-dev")["Tags"]
    assert tags == [{"Key": "stage", "Value": "1"}, {"Key": "team", "Value": "shop"}]

    stacks.change(plain)
    settings = stacks.mapping
    assert (settings["UUID"], settings["State"]) == (mapping["UUID"], "Enabled")
    assert settings["BatchSize"] == 100 and settings["DestinationConfig"] == {"OnFailure": {}}
    assert {settings[name] for name in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds")} == {-1}
    assert (settings["ParallelizationFactor"], settings["BisectBatchOnFunctionError"]) == (1, False)
    assert settings["FunctionResponseTypes"] == []
    assert not {"FilterCriteria", "MetricsConfig", "KMSKeyArn"} & settings.keys()
    assert stacks.lambda_.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"] == {}
    after = stacks.stream()
    assert (after["RetentionPeriodHours"], after["EncryptionType"], after["MaxRecordSizeInKiB"]) == (24, "NONE", 1024)
    assert (after["OpenShardCount"], after["EnhancedMonitoring"]) == (1, [{"ShardLevelMetrics": []}])
    assert stacks.kinesis.list_tags_for_stream(StreamName="orders-dev")["Tags"] == []
    now = stacks.function
    assert (now["Timeout"], now["MemorySize"], now["Description"], "Environment" in now) == (3, 128, "", False)
    assert now["LoggingConfig"]["LogGroup"] == "/aws/lambda/book-orders-dev"
    assert stacks.lambda_.list_tags(Resource=function["FunctionArn"])["Tags"] == {}
    assert "ReservedConcurrentExecutions" not in stacks.lambda_.get_function_concurrency(FunctionName="book-orders-dev")


def test_a_stream_becomes_an_on_demand_one_and_back(stacks, body):
    stacks.make(body)
    of(body, "Stream").pop("ShardCount")
    of(body, "Stream")["StreamModeDetails"] = {"StreamMode": "ON_DEMAND"}
    stacks.change(body)
    assert stacks.stream()["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    of(body, "Stream").pop("StreamModeDetails")
    of(body, "Stream")["ShardCount"] = 2
    stacks.change(body)
    assert (stacks.stream()["StreamModeDetails"], stacks.stream()["OpenShardCount"]) == (
        {"StreamMode": "PROVISIONED"},
        2,
    )


def test_another_name_is_another_stream_and_all_that_name_it_follow(stacks, body):
    of(body, "Function")["Environment"] = {"Variables": {"STREAM": {"Ref": "Stream"}}}
    stacks.make(body)
    before = stacks.mapping["UUID"]
    of(body, "Stream")["Name"] = "sales"
    stacks.change(body)
    assert stacks.kinesis.list_streams()["StreamNames"] == ["sales"]
    assert stacks.mapping["EventSourceArn"] == stacks.stream("sales")["StreamARN"]
    assert stacks.mapping["UUID"] != before and stacks.mapping["State"] == "Enabled"
    assert stacks.function["Environment"]["Variables"] == {"STREAM": "sales"}
    stacks.kinesis.put_record(StreamName="sales", PartitionKey="k", Data=b"x")
    stacks.cloud.wait(10)
    assert list(stacks.cloud.recorder.table("invoke")["outcome"]) == ["ok"]
    stacks.delete()
    assert stacks.mappings == [] and stacks.kinesis.list_streams()["StreamNames"] == []


def test_another_parameter_reaches_what_has_it_in_a_text(stacks, body):
    stacks.make(body)
    stacks.change(body, Stage="prod")
    assert stacks.kinesis.list_streams()["StreamNames"] == ["orders-prod"]
    assert [each["FunctionName"] for each in stacks.lambda_.list_functions()["Functions"]] == ["book-orders-prod"]
    assert stacks.mapping["FunctionArn"].endswith(":book-orders-prod")
    assert stacks.mapping["EventSourceArn"].endswith("/orders-prod")
    (stack,) = stacks.client.describe_stacks(StackName="shop")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs == {"StreamName": "orders-prod", "FunctionName": "book-orders-prod"}


def test_another_function_takes_over_at_the_checkpoint(stacks, body):
    body["Resources"]["Other"] = json.loads(json.dumps(body["Resources"]["Function"]))
    of(body, "Other")["FunctionName"] = "other"
    stacks.make(body)
    before = stacks.mapping["UUID"]
    of(body, "Mapping")["FunctionName"] = {"Ref": "Other"}
    stacks.change(body)
    assert stacks.mapping["FunctionArn"].endswith(":other") and stacks.mapping["UUID"] == before


def test_another_starting_position_needs_another_mapping(stacks, body):
    """AWS makes the new one first, and refuses a second one of the pair."""
    stacks.make(body)
    of(body, "Mapping")["StartingPosition"] = "LATEST"
    assert "provided mapping already exists" in refused(stacks.change, body)
    assert stacks.mapping["StartingPosition"] == "TRIM_HORIZON"


def test_another_consumer_is_registered_and_its_mapping_follows(stacks, body):
    body["Resources"]["Fast"] = {
        **FAST,
        "Properties": {
            "StreamARN": {"Fn::GetAtt": ["Stream", "Arn"]},
            "ConsumerName": "fast",
            "Tags": [{"Key": "team", "Value": "shop"}],
        },
    }
    of(body, "Mapping")["EventSourceArn"] = {"Fn::GetAtt": ["Fast", "ConsumerARN"]}
    policy = of(body, "Role")["Policies"][0]["PolicyDocument"]
    policy["Statement"].append({"Effect": "Allow", "Action": "kinesis:SubscribeToShard", "Resource": "*"})
    stacks.make(body)
    of(body, "Fast")["Tags"] = [{"Key": "stage", "Value": "dev"}]
    stacks.change(body)
    arn = stacks.mapping["EventSourceArn"]
    assert stacks.kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "dev"}]
    of(body, "Fast")["ConsumerName"] = "faster"
    stacks.change(body)
    names = [each["ConsumerName"] for each in stacks.kinesis.list_stream_consumers(StreamARN=ARN)["Consumers"]]
    assert names == ["faster"] and "/consumer/faster:" in stacks.mapping["EventSourceArn"]


def test_new_code_in_a_template_runs(stacks, body, invoke):
    stacks.make(body)
    of(body, "Function")["Code"] = {"ZipFile": "def handler(event, context): return 'new'"}
    stacks.change(body)
    assert invoke(name="book-orders-dev").result == "new"
    of(body, "Function")["Timeout"] = 9
    stacks.change(body)
    assert invoke(name="book-orders-dev").result == "new" and stacks.function["Timeout"] == 9


def test_what_left_a_stack_can_come_back(stacks, body):
    stacks.make(body)
    mapping = body["Resources"].pop("Mapping")
    stacks.change(body)
    assert stacks.mappings == []
    body["Resources"]["Mapping"] = mapping
    stacks.change(body)
    assert stacks.mapping["State"] == "Enabled"


def test_a_change_set_fails_as_a_change_does(stacks, body):
    stacks.make(body)
    of(body, "Mapping")["BatchSize"] = 0
    stacks.client.create_change_set(
        StackName="shop", ChangeSetName="worse", TemplateBody=json.dumps(body), ChangeSetType="UPDATE"
    )
    assert "'batchSize'" in refused(stacks.client.execute_change_set, ChangeSetName="worse", StackName="shop")
    assert stacks.status == "UPDATE_FAILED"


def test_the_policies_of_a_role_change(stacks, body):
    stacks.make(body)
    role, managed = of(body, "Role"), "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    policies = role.pop("Policies")
    role["ManagedPolicyArns"] = [managed]
    stacks.change(body)
    iam = stacks.cloud.client("iam")
    (name,) = [each["RoleName"] for each in iam.list_roles()["Roles"]]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    assert [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]] == [
        managed
    ]
    role.pop("ManagedPolicyArns")
    role["Policies"] = policies
    stacks.change(body)
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["reads-and-logs"]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    stacks.delete()
    assert iam.list_roles()["Roles"] == []


def test_a_new_mapping_waits_for_the_right_to_read(stacks, body):
    """It stands before the role in the template, and the role may not read the stream until it is changed."""
    stacks.make(body)
    body["Resources"] = {
        "Sales": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "sales"}},
        "SalesMapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Sales", "Arn"]},
                "FunctionName": {"Ref": "Function"},
                "StartingPosition": "LATEST",
            },
        },
        **body["Resources"],
    }
    statement = of(body, "Role")["Policies"][0]["PolicyDocument"]["Statement"][0]
    statement["Resource"] = [{"Fn::GetAtt": ["Stream", "Arn"]}, {"Fn::GetAtt": ["Sales", "Arn"]}]
    stacks.change(body)
    assert sorted(each["EventSourceArn"].rpartition("/")[2] for each in stacks.mappings) == ["orders-dev", "sales"]


def test_conditions_make_and_unmake(stacks, body):
    body["Conditions"] = {"Mapped": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}}
    body["Resources"]["Mapping"]["Condition"] = "Mapped"
    of(body, "Stream")["Name"], of(body, "Function")["FunctionName"] = "orders", "book"
    stacks.make(body)
    assert stacks.mapping["State"] == "Enabled"
    stacks.change(body, Stage="prod")
    assert stacks.mappings == []
    stacks.change(body, Stage="dev")
    assert stacks.mapping["State"] == "Enabled"
    stacks.delete()
    assert stacks.mappings == []


def test_what_was_not_made_is_not_made_by_looking(stacks, body):
    of(body, "Mapping")["BatchSize"] = 0
    refused(stacks.make, body)
    assert stacks.status == "CREATE_FAILED"
    assert "Outputs" not in stacks.client.describe_stacks(StackName="shop")["Stacks"][0]
    made = stacks.client.describe_stack_resources(StackName="shop")["StackResources"]
    assert sorted(each["LogicalResourceId"] for each in made) == ["Function", "Role", "Stream"]


def test_a_method_changes(stacks):
    api = stacks.cloud.client("apigateway")
    method = {
        "RestApiId": {"Ref": "Api"},
        "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": "one"}},
    }
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "shop"}},
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
    }

    def templates() -> dict[str, str]:
        (made,) = api.get_rest_apis()["items"]
        (root,) = api.get_resources(restApiId=made["id"], embed=["methods"])["items"]
        methods = root["resourceMethods"]
        return {
            verb: api.get_integration(restApiId=made["id"], resourceId=root["id"], httpMethod=verb)["requestTemplates"]
            for verb in methods
        }

    stacks.make({"Resources": resources})
    method["Integration"]["RequestTemplates"]["application/json"] = "two"
    stacks.change({"Resources": resources})
    assert templates() == {"GET": {"application/json": "two"}}
    method["HttpMethod"] = "POST"
    stacks.change({"Resources": resources})
    assert templates() == {"POST": {"application/json": "two"}}
    method.pop("HttpMethod")
    assert "#: required key [HttpMethod] not found" in refused(stacks.change, {"Resources": resources})
    assert templates() == {"POST": {"application/json": "two"}}
