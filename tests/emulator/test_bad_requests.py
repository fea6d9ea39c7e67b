"""Bad requests, each answered as AWS answers it: an error code and a message that names what is wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers import open_cloud
from kinesis_lab.emulator.local import LocalCloud
from kinesis_lab.emulator.wire import Request

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
OTHER_REGION = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
OTHER_ACCOUNT = "arn:aws:kinesis:us-east-1:210987654321:stream/orders"
NO_CONSUMER = f"{ARN}/consumer/nobody:1700000000"
ORDERS = {"StreamName": "orders"}
SHARD = "shardId-000000000000"
FIRST = {**ORDERS, "ShardId": SHARD}
RECORD = {"Data": "eA==", "PartitionKey": "k"}
LONG = "x" * 129
NUMBER = "49590338271490256608559692538361571095921575989136588898"

INVALID = "InvalidArgumentException"
VALIDATION = "ValidationException"
SERIAL = "SerializationException"
MISSING = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"
LIMIT = "LimitExceededException"

JSON = "application/x-amz-json-1.1"

NULL = "failed to satisfy constraint: Member must not be null"
PATTERN = "Member must satisfy regular expression pattern"
ENUM = "Member must satisfy enum value set"

Row = tuple[str, dict[str, Any], str, str]


def by_name(operation: str, **more: Any) -> list[Row]:
    """What every operation on a stream refuses when it is asked about the wrong one."""
    return [
        (operation, more, INVALID, "Either StreamARN or StreamName must be specified"),
        (operation, {**more, "StreamName": "nowhere"}, MISSING, "Stream nowhere under account 123456789012 not found."),
        (operation, {**more, "StreamName": ""}, VALIDATION, "Value '' at 'streamName' failed to satisfy constraint"),
        (operation, {**more, "StreamName": LONG}, VALIDATION, "Member must have length less than or equal to 128"),
        (operation, {**more, "StreamName": "a b"}, VALIDATION, f"Value 'a b' at 'streamName' {PATTERN_OF_NAMES}"),
        (operation, {**more, "StreamName": 5}, SERIAL, "streamName is a number, and must be a string"),
        (operation, {**more, "StreamARN": "orders"}, VALIDATION, "Value 'orders' at 'streamARN'"),
        (operation, {**more, "StreamARN": OTHER_ACCOUNT}, MISSING, "not found"),
        (operation, {**more, **ORDERS, "StreamARN": ARN + "x"}, INVALID, "do not name the same stream"),
    ]


PATTERN_OF_NAMES = f"failed to satisfy constraint: {PATTERN}: [a-zA-Z0-9_.-]+"

ROWS: list[Row] = [
    # Creating
    ("CreateStream", {}, VALIDATION, f"Value null at 'streamName' {NULL}"),
    ("CreateStream", {"StreamName": "a"}, VALIDATION, f"Value null at 'shardCount' {NULL}"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 0}, VALIDATION, "Value '0' at 'shardCount'"),
    ("CreateStream", {"StreamName": "a", "ShardCount": -1}, VALIDATION, "greater than or equal to 1"),
    ("CreateStream", {"StreamName": "a", "ShardCount": "2"}, SERIAL, "shardCount is a string"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1.5}, SERIAL, "shardCount is a number, and must be a integer"),
    ("CreateStream", {"StreamName": "a", "ShardCount": True}, SERIAL, "shardCount is a boolean"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 30_000}, LIMIT, "would exceed the shard limit for the account"),
    ("CreateStream", {"StreamName": "", "ShardCount": 1}, VALIDATION, "greater than or equal to 1"),
    ("CreateStream", {"StreamName": LONG, "ShardCount": 1}, VALIDATION, "less than or equal to 128"),
    ("CreateStream", {"StreamName": "ä", "ShardCount": 1}, VALIDATION, PATTERN),
    ("CreateStream", {"StreamName": "a\n", "ShardCount": 1}, VALIDATION, PATTERN),
    ("CreateStream", {"StreamName": "a/b", "ShardCount": 0}, VALIDATION, "2 validation errors detected: "),
    ("CreateStream", {"StreamName": ["a"], "ShardCount": 1}, SERIAL, "streamName is a list"),
    ("CreateStream", {**ORDERS, "ShardCount": 1}, IN_USE, "Stream orders under account 123456789012 already exists."),
    ("CreateStream", {"StreamName": "new", "ShardCount": 1}, IN_USE, "already exists"),
    ("CreateStream", {"StreamName": "a", "StreamModeDetails": {"StreamMode": "FREE"}}, VALIDATION, ENUM),
    ("CreateStream", {"StreamName": "a", "StreamModeDetails": {}}, VALIDATION, "'streamModeDetails.streamMode'"),
    ("CreateStream", {"StreamName": "a", "StreamModeDetails": "ON_DEMAND"}, SERIAL, "must be a structure"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "Tags": {}}, VALIDATION, "'tags'"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "Tags": {"k": "v" * 257}}, VALIDATION, "to 256"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "Tags": {"k" * 129: "v"}}, VALIDATION, "to 128"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "Tags": {"k": 5}}, SERIAL, "tags.k.member is a number"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "Tags": {f"{i}": "" for i in range(51)}}, INVALID, "50 tags"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "MaxRecordSizeInKiB": 1023}, VALIDATION, "to 1024"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "MaxRecordSizeInKiB": 10241}, VALIDATION, "to 10240"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "RecordDistributionStrategy": "ANY"}, VALIDATION, ENUM),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "RecordDistributionStrategy": "AUTO"}, INVALID, "ON_DEMAND"),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "WarmThroughputMiBps": 1}, VALIDATION, "ON_DEMAND"),
    # Naming a stream
    *by_name("DescribeStream"),
    *by_name("DescribeStreamSummary"),
    *by_name("DeleteStream"),
    *by_name("PutRecord", **RECORD),
    *by_name("GetShardIterator", ShardId=SHARD, ShardIteratorType="LATEST"),
    *by_name("ListTagsForStream"),
    *by_name("SplitShard", ShardToSplit=SHARD, NewStartingHashKey="9"),
    ("DescribeStream", {"StreamARN": OTHER_REGION}, MISSING, "not found"),
    ("DescribeStream", {**ORDERS, "StreamId": "x"}, VALIDATION, "'streamId'"),
    ("DescribeStream", {**ORDERS, "StreamId": "abcdefghijklmnopqrst-abc"}, INVALID, "StreamId is not supported"),
    ("DescribeStream", {**ORDERS, "Limit": 0}, VALIDATION, "Value '0' at 'limit'"),
    ("DescribeStream", {**ORDERS, "Limit": 10_001}, VALIDATION, "less than or equal to 10000"),
    ("DescribeStream", {**ORDERS, "ExclusiveStartShardId": "a b"}, VALIDATION, PATTERN),
    ("DeleteStream", {**ORDERS, "EnforceConsumerDeletion": "yes"}, SERIAL, "must be a boolean"),
    ("DeleteStream", ORDERS, IN_USE, "has registered consumers"),
    ("ListStreams", {"Limit": 0}, VALIDATION, "'limit'"),
    ("ListStreams", {"Limit": "ten"}, SERIAL, "limit is a string"),
    ("ListStreams", {"ExclusiveStartStreamName": "*"}, VALIDATION, PATTERN),
    # Writing
    ("PutRecord", {**ORDERS, "PartitionKey": "k"}, VALIDATION, f"Value null at 'data' {NULL}"),
    ("PutRecord", {**ORDERS, "Data": "eA=="}, INVALID, "PartitionKey is required"),
    ("PutRecord", {**ORDERS, **RECORD, "PartitionKey": ""}, VALIDATION, "'partitionKey'"),
    ("PutRecord", {**ORDERS, **RECORD, "PartitionKey": "k" * 257}, VALIDATION, "less than or equal to 256"),
    ("PutRecord", {**ORDERS, **RECORD, "PartitionKey": 7}, SERIAL, "partitionKey is a number"),
    ("PutRecord", {**ORDERS, **RECORD, "ExplicitHashKey": "-1"}, VALIDATION, PATTERN),
    ("PutRecord", {**ORDERS, **RECORD, "ExplicitHashKey": "007"}, VALIDATION, PATTERN),
    ("PutRecord", {**ORDERS, **RECORD, "ExplicitHashKey": "abc"}, VALIDATION, "Value 'abc' at 'explicitHashKey'"),
    ("PutRecord", {**ORDERS, **RECORD, "ExplicitHashKey": "٣"}, VALIDATION, PATTERN),
    ("PutRecord", {**ORDERS, **RECORD, "ExplicitHashKey": str(2**128)}, INVALID, "must be in the range: [0, 2^128-1]"),
    ("PutRecord", {**ORDERS, **RECORD, "ExplicitHashKey": 5}, SERIAL, "explicitHashKey is a number"),
    ("PutRecord", {**ORDERS, **RECORD, "SequenceNumberForOrdering": "x"}, VALIDATION, PATTERN),
    ("PutRecord", {**ORDERS, **RECORD, "SequenceNumberForOrdering": "0"}, INVALID, "ExclusiveMinimumSequenceNumber 0"),
    ("PutRecord", {**ORDERS, **RECORD, "SequenceNumberForOrdering": NUMBER}, INVALID, "is invalid"),
    ("PutRecord", {"StreamName": "new", **RECORD}, MISSING, "Stream new under account 123456789012 not found."),
    ("PutRecord", {**ORDERS, **RECORD, "DryRun": True}, "DryRunOperationException", "DryRun"),
    ("PutRecords", ORDERS, VALIDATION, f"Value null at 'records' {NULL}"),
    ("PutRecords", {**ORDERS, "Records": []}, VALIDATION, "greater than or equal to 1"),
    ("PutRecords", {**ORDERS, "Records": [RECORD] * 501}, VALIDATION, "less than or equal to 500"),
    ("PutRecords", {**ORDERS, "Records": "many"}, SERIAL, "records is a string, and must be a list"),
    ("PutRecords", {**ORDERS, "Records": RECORD}, SERIAL, "records is a structure, and must be a list"),
    ("PutRecords", {**ORDERS, "Records": [5]}, SERIAL, "records.1.member is a number"),
    ("PutRecords", {**ORDERS, "Records": [None]}, SERIAL, "records.1.member is null"),
    ("PutRecords", {**ORDERS, "Records": [{}]}, VALIDATION, f"Value null at 'records.1.member.data' {NULL}"),
    ("PutRecords", {**ORDERS, "Records": [RECORD, {"Data": "eA=="}]}, INVALID, "PartitionKey is required"),
    ("PutRecords", {**ORDERS, "Records": [RECORD, {**RECORD, "PartitionKey": ""}]}, VALIDATION, "records.2.member"),
    ("PutRecords", {**ORDERS, "Records": [{**RECORD, "PartitionKey": ""}] * 12}, VALIDATION, "12 validation errors"),
    ("PutRecords", {**ORDERS, "Records": [{**RECORD, "ExplicitHashKey": str(2**129)}]}, INVALID, "Invalid Explicit"),
    ("PutRecords", {**ORDERS, "Records": [{**RECORD, "ExplicitHashKey": "1.5"}]}, VALIDATION, PATTERN),
    ("PutRecords", {"Records": [RECORD]}, INVALID, "Either StreamARN or StreamName"),
    ("PutRecords", {"StreamName": "nowhere", "Records": [RECORD]}, MISSING, "Stream nowhere"),
    ("PutRecords", {"StreamName": 5, "Records": [RECORD]}, SERIAL, "streamName is a number"),
    ("PutRecords", {"StreamName": "nowhere", "Records": [{}]}, VALIDATION, "'records.1.member.data'"),
    ("PutRecords", {**ORDERS, "Records": [{"Data": "eA=="}, {}]}, VALIDATION, "'records.2.member.data'"),
    ("PutRecords", {"StreamName": "a b", "Records": [RECORD]}, VALIDATION, PATTERN),
    ("PutRecords", {**ORDERS, "Records": [RECORD], "DryRun": True}, "DryRunOperationException", "DryRun"),
    # Reading
    ("GetShardIterator", {**ORDERS, "ShardIteratorType": "LATEST"}, VALIDATION, f"Value null at 'shardId' {NULL}"),
    ("GetShardIterator", FIRST, VALIDATION, f"Value null at 'shardIteratorType' {NULL}"),
    ("GetShardIterator", {**FIRST, "ShardIteratorType": "FIRST"}, VALIDATION, ENUM),
    ("GetShardIterator", {**FIRST, "ShardIteratorType": "latest"}, VALIDATION, ENUM),
    ("GetShardIterator", {**ORDERS, "ShardId": "x", "ShardIteratorType": "LATEST"}, MISSING, "Could not find shard x"),
    ("GetShardIterator", {**ORDERS, "ShardId": "9", "ShardIteratorType": "LATEST"}, MISSING, "shardId-000000000009"),
    ("GetShardIterator", {**ORDERS, "ShardId": "a b", "ShardIteratorType": "LATEST"}, VALIDATION, PATTERN),
    ("GetShardIterator", {**ORDERS, "ShardId": "", "ShardIteratorType": "LATEST"}, VALIDATION, "'shardId'"),
    ("GetShardIterator", {**FIRST, "ShardIteratorType": "AT_TIMESTAMP"}, INVALID, "Must specify timestampInMillis"),
    (
        "GetShardIterator",
        {**FIRST, "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 4e9},
        INVALID,
        "cannot be greater",
    ),
    (
        "GetShardIterator",
        {**FIRST, "ShardIteratorType": "AT_SEQUENCE_NUMBER"},
        INVALID,
        "and no StartingSequenceNumber",
    ),
    ("GetShardIterator", {**FIRST, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}, INVALID, "Must either specify (1)"),
    (
        "GetShardIterator",
        {**FIRST, "ShardIteratorType": "LATEST", "StartingSequenceNumber": NUMBER},
        INVALID,
        "Request specified LATEST and also a StartingSequenceNumber.",
    ),
    (
        "GetShardIterator",
        {**FIRST, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "x"},
        VALIDATION,
        PATTERN,
    ),
    (
        "GetShardIterator",
        {**FIRST, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "123"},
        INVALID,
        "is invalid because it did not come from this stream.",
    ),
    (
        "GetShardIterator",
        {"StreamName": "new", "ShardId": SHARD, "ShardIteratorType": "LATEST"},
        MISSING,
        "Shard shardId-000000000000 in stream new under account 123456789012 does not exist",
    ),
    ("GetRecords", {}, VALIDATION, f"Value null at 'shardIterator' {NULL}"),
    ("GetRecords", {"ShardIterator": ""}, VALIDATION, "'shardIterator'"),
    ("GetRecords", {"ShardIterator": "x" * 513}, VALIDATION, "less than or equal to 512"),
    ("GetRecords", {"ShardIterator": "garbage"}, INVALID, "Invalid ShardIterator."),
    ("GetRecords", {"ShardIterator": "AAAA"}, INVALID, "Invalid ShardIterator."),
    ("GetRecords", {"ShardIterator": "ünïcode"}, INVALID, "Invalid ShardIterator."),
    ("GetRecords", {"ShardIterator": "AAAA" * 32}, INVALID, "Invalid ShardIterator."),
    ("GetRecords", {"ShardIterator": 12}, SERIAL, "shardIterator is a number"),
    ("GetRecords", {"ShardIterator": "AAAA", "Limit": 0}, VALIDATION, "Value '0' at 'limit'"),
    ("GetRecords", {"ShardIterator": "AAAA", "Limit": 10_001}, VALIDATION, "less than or equal to 10000"),
    ("GetRecords", {"ShardIterator": "AAAA", "Limit": "all"}, SERIAL, "limit is a string"),
    # Shards
    ("ListShards", {}, INVALID, "Either NextToken or StreamName should be provided."),
    ("ListShards", {**ORDERS, "NextToken": "x"}, INVALID, "NextToken and StreamName cannot be provided together."),
    ("ListShards", {"NextToken": "garbage"}, INVALID, "Invalid NextToken."),
    ("ListShards", {**ORDERS, "MaxResults": 0}, VALIDATION, "'maxResults'"),
    ("ListShards", {**ORDERS, "MaxResults": 10_001}, VALIDATION, "less than or equal to 10000"),
    ("ListShards", {**ORDERS, "ExclusiveStartShardId": "x"}, MISSING, "Could not find shard x"),
    ("ListShards", {**ORDERS, "ShardFilter": {"Type": "NEAR"}}, VALIDATION, ENUM),
    ("ListShards", {**ORDERS, "ShardFilter": {}}, VALIDATION, "'shardFilter.type'"),
    ("ListShards", {**ORDERS, "ShardFilter": "AT_LATEST"}, SERIAL, "shardFilter is a string"),
    ("ListShards", {**ORDERS, "ShardFilter": {"Type": "AFTER_SHARD_ID"}}, INVALID, "ShardId is required"),
    ("ListShards", {**ORDERS, "ShardFilter": {"Type": "AT_TIMESTAMP"}}, INVALID, "Timestamp is required"),
    ("SplitShard", {**ORDERS, "ShardToSplit": SHARD}, VALIDATION, "'newStartingHashKey'"),
    ("SplitShard", {**ORDERS, "ShardToSplit": SHARD, "NewStartingHashKey": "x"}, VALIDATION, PATTERN),
    ("SplitShard", {**ORDERS, "ShardToSplit": SHARD, "NewStartingHashKey": "0"}, INVALID, "is not both greater"),
    ("SplitShard", {**ORDERS, "ShardToSplit": "9", "NewStartingHashKey": "9"}, MISSING, "does not exist"),
    ("SplitShard", {"StreamName": "new", "ShardToSplit": SHARD, "NewStartingHashKey": "9"}, IN_USE, "state CREATING"),
    ("SplitShard", {"StreamName": "auto", "ShardToSplit": SHARD, "NewStartingHashKey": "9"}, VALIDATION, "PROVISIONED"),
    ("MergeShards", ORDERS, VALIDATION, "2 validation errors detected"),
    ("MergeShards", {**ORDERS, "ShardToMerge": "0", "AdjacentShardToMerge": "0"}, INVALID, "not an adjacent pair"),
    ("MergeShards", {**ORDERS, "ShardToMerge": "1", "AdjacentShardToMerge": "0"}, INVALID, "not an adjacent pair"),
    ("MergeShards", {**ORDERS, "ShardToMerge": "0", "AdjacentShardToMerge": "8"}, MISSING, "does not exist"),
    ("UpdateShardCount", {**ORDERS, "ScalingType": "UNIFORM_SCALING"}, VALIDATION, "'targetShardCount'"),
    ("UpdateShardCount", {**ORDERS, "TargetShardCount": 2, "ScalingType": "ODD"}, VALIDATION, ENUM),
    ("UpdateShardCount", {**ORDERS, "TargetShardCount": 0, "ScalingType": "UNIFORM_SCALING"}, VALIDATION, "Value '0'"),
    ("UpdateShardCount", {**ORDERS, "TargetShardCount": 5, "ScalingType": "UNIFORM_SCALING"}, INVALID, "beyond 2x"),
    # Settings
    ("IncreaseStreamRetentionPeriod", ORDERS, VALIDATION, "'retentionPeriodHours'"),
    ("IncreaseStreamRetentionPeriod", {**ORDERS, "RetentionPeriodHours": 23}, INVALID, "Minimum allowed retention"),
    ("IncreaseStreamRetentionPeriod", {**ORDERS, "RetentionPeriodHours": 8761}, INVALID, "Maximum allowed retention"),
    ("DecreaseStreamRetentionPeriod", {**ORDERS, "RetentionPeriodHours": 48}, INVALID, "can not be longer than"),
    ("IncreaseStreamRetentionPeriod", {**ORDERS, "RetentionPeriodHours": "48"}, SERIAL, "is a string"),
    ("IncreaseStreamRetentionPeriod", {"StreamName": "new", "RetentionPeriodHours": 48}, IN_USE, "state CREATING"),
    ("StartStreamEncryption", {**ORDERS, "EncryptionType": "KMS"}, VALIDATION, "'keyId'"),
    ("StartStreamEncryption", {**ORDERS, "EncryptionType": "AES", "KeyId": "k"}, VALIDATION, ENUM),
    ("StartStreamEncryption", {**ORDERS, "EncryptionType": "NONE", "KeyId": "k"}, INVALID, "must be KMS"),
    ("StartStreamEncryption", {**ORDERS, "EncryptionType": "KMS", "KeyId": "k"}, "KMSNotFoundException", "not found"),
    ("UpdateStreamMode", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, VALIDATION, "'streamARN'"),
    ("UpdateStreamMode", {"StreamARN": ARN, "StreamModeDetails": {"StreamMode": "ANY"}}, VALIDATION, ENUM),
    ("UpdateStreamMode", {"StreamARN": ARN, "StreamModeDetails": {"StreamMode": "PROVISIONED"}}, INVALID, "already"),
    ("UpdateMaxRecordSize", {"StreamARN": ARN, "MaxRecordSizeInKiB": 1}, VALIDATION, "'maxRecordSizeInKiB'"),
    ("UpdateStreamWarmThroughput", {**ORDERS, "WarmThroughputMiBps": 1}, VALIDATION, "ON_DEMAND"),
    ("UpdateStreamWarmThroughput", {"StreamName": "auto", "WarmThroughputMiBps": 1}, VALIDATION, "Commitment enabled"),
    ("UpdateAccountSettings", {}, VALIDATION, "'minimumThroughputBillingCommitment'"),
    ("UpdateAccountSettings", {"MinimumThroughputBillingCommitment": {"Status": "MAYBE"}}, VALIDATION, ENUM),
    (
        "UpdateStreamRecordDistributionStrategy",
        {"StreamARN": ARN, "RecordDistributionStrategy": "AUTO"},
        INVALID,
        "ON_DEMAND",
    ),
    ("EnableEnhancedMonitoring", {**ORDERS, "ShardLevelMetrics": []}, VALIDATION, "'shardLevelMetrics'"),
    ("EnableEnhancedMonitoring", {**ORDERS, "ShardLevelMetrics": ["Heat"]}, VALIDATION, ENUM),
    ("EnableEnhancedMonitoring", {**ORDERS, "ShardLevelMetrics": "ALL"}, SERIAL, "must be a list"),
    # Tags and policies
    ("AddTagsToStream", ORDERS, VALIDATION, f"Value null at 'tags' {NULL}"),
    ("AddTagsToStream", {**ORDERS, "Tags": {"": "v"}}, VALIDATION, "greater than or equal to 1"),
    ("AddTagsToStream", {**ORDERS, "Tags": ["k"]}, SERIAL, "tags is a list, and must be a map"),
    ("RemoveTagsFromStream", {**ORDERS, "TagKeys": []}, VALIDATION, "'tagKeys'"),
    ("TagResource", {"ResourceARN": "x", "Tags": {"k": "v"}}, VALIDATION, "'resourceARN'"),
    ("TagResource", {"ResourceARN": ARN + "x", "Tags": {"k": "v"}}, MISSING, "not found"),
    ("TagResource", {"ResourceARN": NO_CONSUMER, "Tags": {"k": "v"}}, MISSING, "not found"),
    ("PutResourcePolicy", {"ResourceARN": ARN, "Policy": "{"}, INVALID, "not a JSON document"),
    ("DeleteResourcePolicy", {"ResourceARN": ARN}, MISSING, "No resource policy found"),
    # Consumers
    ("RegisterStreamConsumer", {"StreamARN": ARN}, VALIDATION, "'consumerName'"),
    ("RegisterStreamConsumer", {"StreamARN": ARN, "ConsumerName": "a b"}, VALIDATION, PATTERN),
    ("RegisterStreamConsumer", {"StreamARN": ARN, "ConsumerName": "c"}, IN_USE, "Consumer c of stream orders"),
    ("RegisterStreamConsumer", {"StreamARN": ARN + "x", "ConsumerName": "d"}, MISSING, "not found"),
    ("DescribeStreamConsumer", {}, INVALID, "Either ConsumerARN, or StreamARN and ConsumerName"),
    ("DescribeStreamConsumer", {"StreamARN": ARN}, INVALID, "Either ConsumerARN"),
    ("DescribeStreamConsumer", {"StreamARN": ARN, "ConsumerName": "d"}, MISSING, "Consumer d under account"),
    ("DescribeStreamConsumer", {"ConsumerARN": NO_CONSUMER}, MISSING, "not found"),
    ("DeregisterStreamConsumer", {"ConsumerARN": "x"}, VALIDATION, "'consumerARN'"),
    ("ListStreamConsumers", {"StreamARN": ARN, "NextToken": "garbage"}, INVALID, "Invalid NextToken."),
    (
        "SubscribeToShard",
        {"ConsumerARN": NO_CONSUMER, "ShardId": SHARD, "StartingPosition": {"Type": "LATEST"}},
        MISSING,
        "not found",
    ),
    ("SubscribeToShard", {"ConsumerARN": NO_CONSUMER, "ShardId": SHARD}, VALIDATION, "'startingPosition'"),
    # What is not offered
    ("ListQueues", {}, "UnsupportedOperationException", "The local cloud does not offer ListQueues."),
    ("DescribeChannel", {"ChannelARN": "x"}, "UnsupportedOperationException", "does not offer DescribeChannel"),
]


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """One cloud for all rows, none of which may change it: two streams, one that is being created, a consumer."""
    with open_cloud("local") as opened:
        kinesis = opened.client("kinesis")
        kinesis.create_stream(StreamName="orders", ShardCount=2)
        kinesis.create_stream(StreamName="auto", StreamModeDetails={"StreamMode": "ON_DEMAND"})
        opened.wait(10)
        kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="c")
        opened.wait(10)
        yield opened.emulator


def call(cloud: LocalCloud, operation: str, body: bytes, content_type: str = JSON) -> tuple[int, dict[str, Any]]:
    """The status and the document that a client gets, past all its own checks."""
    headers = {
        "content-type": content_type,
        "x-amz-target": f"Kinesis_20131202.{operation}",
        "authorization": "AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/kinesis/aws4_request",
    }
    cloud.clock.advance(1)  # so that no row runs into a limit of calls
    response = cloud.switchboard.call(Request("POST", "https://kinesis.us-east-1.amazonaws.com/", headers, body))
    return response.status, json.loads(response.body or b"{}")


@pytest.fixture
def new(cloud: LocalCloud, request_: dict[str, Any]) -> Iterator[None]:
    """A stream `new` that is still being created, for the rows that are about it."""
    if request_.get("StreamName") != "new":
        yield
        return
    call(cloud, "CreateStream", b'{"StreamName": "new", "ShardCount": 1}')
    yield
    cloud.clock.advance(20)
    call(cloud, "DeleteStream", b'{"StreamName": "new"}')
    cloud.clock.advance(20)


@pytest.mark.parametrize(("operation", "request_", "code", "message"), ROWS)
def test_bad_request(cloud, new, operation, request_, code, message):
    records = len(cloud.recorder.entries("put"))
    status, answer = call(cloud, operation, json.dumps(request_).encode())
    assert status == 400
    assert answer["__type"] == code, answer
    assert message in answer["Message" if code == SERIAL else "message"]
    assert len(cloud.recorder.entries("put")) == records


def test_there_are_many_of_them():
    assert len(ROWS) >= 150
    assert len({json.dumps(row[:2], sort_keys=True) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("ListStreams", b"{", SERIAL),
        ("ListStreams", b"\xff\xfe", SERIAL),
        ("ListStreams", b"[]", SERIAL),
        ("ListStreams", b"null", SERIAL),
        ("ListStreams", b'"text"', SERIAL),
        ("ListStreams", b'{"Limit": NaN}', SERIAL),
        ("ListStreams", b"[" * 100_000, SERIAL),
        ("PutRecord", b'{"StreamName": "orders", "PartitionKey": "k", "Data": "not base64!"}', SERIAL),
        ("PutRecords", b'{"StreamName": "orders", "Records": [{"PartitionKey": "k", "Data": "%"}]}', SERIAL),
        ("PutRecord", b'{"StreamName": "orders", "PartitionKey": "\\ud800", "Data": "eA=="}', SERIAL),
        ("", b"{}", "UnknownOperationException"),
        ("Nonsense", b"{}", "UnknownOperationException"),
        ("__init__", b"{}", "UnknownOperationException"),
    ],
)
def test_bodies_that_are_no_requests(cloud, operation, body, code):
    status, answer = call(cloud, operation, body)
    assert (status, answer["__type"]) == (400, code)


def test_cbor_is_refused_and_told_how_to_switch_it_off(cloud):
    status, answer = call(cloud, "ListStreams", b"\xa0", "application/x-amz-cbor-1.1")
    assert (status, answer["__type"]) == (400, SERIAL)
    assert "AWS_CBOR_DISABLE=true" in answer["Message"]


@pytest.mark.parametrize(
    ("operation", "record", "place"),
    [
        ("PutRecord", lambda record: record, "data"),
        ("PutRecords", lambda record: {"Records": [RECORD, record]}, "records.2.member.data"),
    ],
)
def test_data_of_more_than_ten_mebibytes_are_a_buffer_of_java(cloud, operation, record, place):
    data = base64.b64encode(bytes(10 * 1024**2 + 1)).decode()
    request = {**ORDERS, **record({"Data": data, "PartitionKey": "k"})}
    status, answer = call(cloud, operation, json.dumps(request).encode())
    assert (status, answer["__type"]) == (400, VALIDATION)
    assert answer["message"] == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=10485761 cap=10485761]' at "
        f"'{place}' failed to satisfy constraint: Member must have length less than or equal to 10485760"
    )


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("CreateStream", {"StreamName": "nulls", "ShardCount": 1, "StreamModeDetails": None, "Tags": None}),
        ("DescribeStream", {"StreamName": "orders", "Limit": None, "ExclusiveStartShardId": None}),
        ("ListShards", {"StreamName": "orders", "ShardFilter": None, "NextToken": None}),
        ("PutRecord", {"StreamName": "orders", "Data": "eA==", "PartitionKey": "k", "ExplicitHashKey": None}),
        (
            "PutRecords",
            {"StreamName": "orders", "Records": [{"Data": "eA==", "PartitionKey": "k", "ExplicitHashKey": None}]},
        ),
    ],
)
def test_a_member_that_is_null_is_not_there(cloud, operation, body):
    status, answer = call(cloud, operation, json.dumps(body).encode())
    assert status == 200, answer


def test_a_list_that_is_too_long_is_not_shown(cloud):
    records = [{"Data": "eA==", "PartitionKey": "k"}] * 501
    _, answer = call(cloud, "PutRecords", json.dumps({"StreamName": "orders", "Records": records}).encode())
    assert answer["message"] == (
        "1 validation error detected: Value '[...]' at 'records' failed to satisfy constraint: "
        "Member must have length less than or equal to 500"
    )


def test_the_client_raises_them_as_its_own_exceptions(cloud):
    import boto3

    kinesis = boto3.client("kinesis", region_name="us-east-1", config=Config(parameter_validation=False))
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream(StreamName="nowhere")
    with pytest.raises(ClientError, match=r"SerializationException.*streamName is a number"):
        kinesis.describe_stream(StreamName=5)
