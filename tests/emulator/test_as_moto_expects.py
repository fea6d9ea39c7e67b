"""What moto's own tests of Kinesis expect and AWS does too, as far as the other tests here don't say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

SHARD = "shardId-000000000000"
SPACE = 2**128
MIB = 1024**2
SETTLE = 10
RESHARD = 31


def describe(kinesis, **more):
    return kinesis.describe_stream(StreamName="orders", **more)["StreamDescription"]


def ids(shards):
    return [int(shard["ShardId"][-12:]) for shard in shards]


def is_open(shard):
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def read(kinesis, kind="TRIM_HORIZON", **more):
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId=SHARD, ShardIteratorType=kind, **more)
    return kinesis.get_records(ShardIterator=place["ShardIterator"])


def put(kinesis, data):
    return kinesis.put_record(StreamName="orders", Data=data, PartitionKey="k")


def data(page):
    return [record["Data"] for record in page["Records"]]


# Naming, listing, describing


def test_an_arn_will_do_for_a_name(cloud, kinesis, stream):
    stream_arn = {"StreamARN": stream(shards=2)}
    kinesis.put_record(**stream_arn, Data=b"low", PartitionKey="k", ExplicitHashKey="0")
    kinesis.put_records(**stream_arn, Records=[{"Data": b"high", "PartitionKey": "k", "ExplicitHashKey": "5"}])
    place = kinesis.get_shard_iterator(**stream_arn, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    assert data(kinesis.get_records(**stream_arn, ShardIterator=place["ShardIterator"])) == [b"low", b"high"]
    kinesis.add_tags_to_stream(**stream_arn, Tags={"team": "shop", "stage": "dev"})
    kinesis.remove_tags_from_stream(**stream_arn, TagKeys=["stage"])
    assert kinesis.list_tags_for_stream(**stream_arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    kinesis.increase_stream_retention_period(**stream_arn, RetentionPeriodHours=30)
    cloud.wait(SETTLE)
    kinesis.decrease_stream_retention_period(**stream_arn, RetentionPeriodHours=25)
    cloud.wait(SETTLE)
    kinesis.merge_shards(**stream_arn, ShardToMerge=SHARD, AdjacentShardToMerge="shardId-000000000001")
    cloud.wait(RESHARD)
    kinesis.split_shard(**stream_arn, ShardToSplit="shardId-000000000002", NewStartingHashKey="1000")
    cloud.wait(RESHARD)
    kinesis.update_shard_count(**stream_arn, TargetShardCount=1, ScalingType="UNIFORM_SCALING")
    cloud.wait(RESHARD)
    assert ids(kinesis.list_shards(**stream_arn)["Shards"]) == [0, 1, 2, 3, 4, 5]
    described = kinesis.describe_stream(**stream_arn)["StreamDescription"]
    assert (described["StreamName"], described["RetentionPeriodHours"]) == ("orders", 25)
    summary = kinesis.describe_stream_summary(**stream_arn)["StreamDescriptionSummary"]
    assert (summary["StreamName"], summary["OpenShardCount"]) == ("orders", 1)
    kinesis.delete_stream(**stream_arn)
    cloud.wait(SETTLE)
    assert kinesis.list_streams()["StreamNames"] == []


def test_streams_are_listed_with_summaries(kinesis, stream):
    nothing = kinesis.list_streams()
    assert (nothing["StreamNames"], nothing["StreamSummaries"], nothing["HasMoreStreams"]) == ([], [], False)
    arns = {name: stream(name) for name in ("a", "b", "c")}
    summaries = kinesis.list_streams()["StreamSummaries"]
    assert {summary["StreamName"]: summary["StreamARN"] for summary in summaries} == arns
    assert {summary["StreamStatus"] for summary in summaries} == {"ACTIVE"}
    assert all(summary["StreamCreationTimestamp"] for summary in summaries)
    rest = kinesis.list_streams(ExclusiveStartStreamName="a")
    assert (rest["StreamNames"], rest["HasMoreStreams"]) == (["b", "c"], False)


@pytest.mark.parametrize(("limit", "shown", "more"), [(2, 2, True), (5, 5, False), (6, 5, False)])
def test_a_description_has_as_many_shards_as_asked_for(kinesis, stream, limit, shown, more):
    stream(shards=5)
    described = describe(kinesis, Limit=limit)
    assert (ids(described["Shards"]), described["HasMoreShards"]) == (list(range(shown)), more)


def test_a_description_goes_on_after_a_shard(kinesis, stream):
    stream(shards=5)
    rest = describe(kinesis, ExclusiveStartShardId="shardId-000000000002")
    assert (ids(rest["Shards"]), rest["HasMoreShards"]) == ([3, 4], False)


def test_pages_of_shards_follow_each_other(kinesis, stream):
    stream(shards=10)
    assert "NextToken" not in kinesis.list_shards(StreamName="orders")
    page = kinesis.list_shards(StreamName="orders", MaxResults=4)
    pages = [ids(page["Shards"])]
    while token := page.get("NextToken"):
        page = kinesis.list_shards(NextToken=token, MaxResults=4)
        pages.append(ids(page["Shards"]))
    assert pages == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_limits_say_what_is_used(cloud, kinesis, stream):
    def used():
        cloud.wait(1)
        limits = kinesis.describe_limits()
        return limits["OpenShardCount"], limits["OnDemandStreamCount"], limits["OnDemandStreamCountLimit"]

    assert used() == (0, 0, 50)
    stream(shards=3)
    kinesis.create_stream(StreamName="auto", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert used() == (3, 1, 50)


# Writing and reading


def test_a_record_and_its_key_may_fill_a_mebibyte(kinesis, stream):
    stream()
    whole = {"Data": b"x" * (MIB - 3), "PartitionKey": "key"}
    assert kinesis.put_records(StreamName="orders", Records=[whole])["FailedRecordCount"] == 0
    with pytest.raises(ClientError, match="ValidationException"):
        kinesis.put_records(StreamName="orders", Records=[{**whole, "PartitionKey": "keys"}])


def test_a_request_may_have_ten_mebibytes(kinesis, stream):
    stream(shards=10)
    ends = [shard["HashKeyRange"]["EndingHashKey"] for shard in describe(kinesis)["Shards"]]
    records = [{"Data": b"x" * (MIB - 1), "PartitionKey": "k", "ExplicitHashKey": end} for end in ends]
    assert kinesis.put_records(StreamName="orders", Records=records)["FailedRecordCount"] == 0
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        kinesis.put_records(StreamName="orders", Records=[*records, {"Data": b"", "PartitionKey": "k"}])


def test_an_empty_shard_is_not_behind(cloud, kinesis, stream):
    stream()
    for page in (read(kinesis), read(kinesis, "AT_TIMESTAMP", Timestamp=cloud.now())):
        assert (page["Records"], page["MillisBehindLatest"]) == ([], 0)


def test_latest_is_what_comes_after_the_iterator(kinesis, stream):
    stream()
    put(kinesis, b"before")
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId=SHARD, ShardIteratorType="LATEST")
    put(kinesis, b"after")
    page = kinesis.get_records(ShardIterator=place["ShardIterator"])
    assert (data(page), page["MillisBehindLatest"]) == ([b"after"], 0)


def test_a_time_is_met_to_the_millisecond(cloud, kinesis, stream):
    stream()
    put(kinesis, b"one")
    put(kinesis, b"two")
    arrival = read(kinesis)["Records"][1]["ApproximateArrivalTimestamp"]
    assert data(read(kinesis, "AT_TIMESTAMP", Timestamp=arrival)) == [b"two"]
    assert data(read(kinesis, "AT_TIMESTAMP", Timestamp=arrival + timedelta(milliseconds=1))) == []
    assert data(read(kinesis, "AT_TIMESTAMP", Timestamp=datetime.fromtimestamp(1, UTC))) == [b"one", b"two"]


# Resharding


def test_a_split_leaves_the_other_shards_alone(cloud, kinesis, stream):
    stream(shards=2)
    left, right = describe(kinesis)["Shards"]
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-1", NewStartingHashKey=str(SPACE // 2 + 100))
    cloud.wait(RESHARD)
    after = describe(kinesis)["Shards"]
    assert after[0] == left
    assert after[1]["HashKeyRange"] == right["HashKeyRange"]
    assert [is_open(shard) for shard in after] == [True, False, True, True]
    assert [shard.get("ParentShardId") for shard in after] == [None, None, right["ShardId"], right["ShardId"]]


def test_what_was_merged_merges_again(cloud, kinesis, stream):
    stream(shards=4)
    for pair in (("shardId-0", "shardId-1"), ("shardId-4", "shardId-2")):
        kinesis.merge_shards(StreamName="orders", ShardToMerge=pair[0], AdjacentShardToMerge=pair[1])
        cloud.wait(RESHARD)
    shards = describe(kinesis)["Shards"]
    assert ids(filter(is_open, shards)) == [3, 5]
    parents = (shards[5]["ParentShardId"], shards[5]["AdjacentParentShardId"])
    assert parents == ("shardId-000000000004", "shardId-000000000002")


@pytest.mark.parametrize(("before", "target", "listed"), [(2, 4, 6), (4, 5, 15), (4, 2, 6)])
def test_scaling_lists_the_shards_on_the_way_too(cloud, kinesis, stream, before, target, listed):
    stream(shards=before)
    kinesis.update_shard_count(StreamName="orders", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    cloud.wait(RESHARD)
    shards = describe(kinesis)["Shards"]
    assert (len(shards), sum(map(is_open, shards))) == (listed, target)


def test_a_closed_shard_is_not_resharded(cloud, kinesis, stream):
    stream(shards=2)
    kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD, NewStartingHashKey="1000")
    cloud.wait(RESHARD)
    message = (
        f"Shard {SHARD} in stream orders under account 123456789012 has already been merged or split, "
        "and thus is not eligible for merging or splitting."
    )
    for again in (
        lambda: kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD, NewStartingHashKey="1000"),
        lambda: kinesis.merge_shards(StreamName="orders", ShardToMerge=SHARD, AdjacentShardToMerge="shardId-1"),
    ):
        with pytest.raises(ClientError) as refused:
            again()
        assert refused.value.response["Error"] == {"Code": "InvalidArgumentException", "Message": message}


def test_an_on_demand_stream_is_not_scaled_by_hand(cloud, kinesis):
    kinesis.create_stream(StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    cloud.wait(SETTLE)
    with pytest.raises(ClientError, match="ValidationException"):
        kinesis.update_shard_count(StreamName="orders", TargetShardCount=3, ScalingType="UNIFORM_SCALING")


# Settings


def test_no_key_before_and_after_encryption(cloud, kinesis, stream):
    key = {"StreamARN": stream(), "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    assert "KeyId" not in describe(kinesis)
    kinesis.start_stream_encryption(**key)
    cloud.wait(SETTLE)
    assert (describe(kinesis)["EncryptionType"], describe(kinesis)["KeyId"]) == ("KMS", "alias/aws/kinesis")
    kinesis.stop_stream_encryption(**key)
    cloud.wait(SETTLE)
    assert describe(kinesis)["EncryptionType"] == "NONE"
    assert "KeyId" not in describe(kinesis)


def test_shard_metrics_are_switched_on_and_off_in_steps(cloud, kinesis, stream):
    arn = stream()
    present = set()
    for change, asked, wanted in (
        ("enable", ["IncomingBytes", "OutgoingBytes"], {"IncomingBytes", "OutgoingBytes"}),
        ("enable", ["IncomingRecords"], {"IncomingBytes", "OutgoingBytes", "IncomingRecords"}),
        ("disable", ["OutgoingBytes"], {"IncomingBytes", "IncomingRecords"}),
        ("disable", ["ALL"], set()),
    ):
        answer = getattr(kinesis, f"{change}_enhanced_monitoring")(StreamARN=arn, ShardLevelMetrics=asked)
        assert (answer["StreamName"], answer["StreamARN"]) == ("orders", arn)
        assert set(answer["CurrentShardLevelMetrics"]) == present
        assert set(answer["DesiredShardLevelMetrics"]) == wanted
        cloud.wait(SETTLE)
        assert set(describe(kinesis)["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == wanted
        present = wanted


@pytest.mark.parametrize(("metric", "total", "unit"), [("IncomingBytes", 12, "Bytes"), ("IncomingRecords", 2, "Count")])
def test_metrics_have_units(cloud, kinesis, stream, metric, total, unit):
    stream()
    records = [{"Data": b"four", "PartitionKey": "k1"}, {"Data": b"four", "PartitionKey": "k2"}]
    kinesis.put_records(StreamName="orders", Records=records)
    (point,) = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName=metric,
        Dimensions=[{"Name": "StreamName", "Value": "orders"}],
        StartTime=cloud.now() - timedelta(minutes=1),
        EndTime=cloud.now() + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert (point["Sum"], point["Unit"]) == (total, unit)


def test_no_policy_reads_as_an_empty_one(kinesis, stream):
    arn = stream()
    kinesis.put_resource_policy(ResourceARN=arn, Policy='{"Version": "2012-10-17"}')
    kinesis.delete_resource_policy(ResourceARN=arn)
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"


@pytest.mark.parametrize("operation", ["get_resource_policy", "delete_resource_policy"])
def test_an_unknown_stream_has_no_policy(kinesis, stream, operation):
    unknown = stream() + "unknown"
    with pytest.raises(ClientError, match=rf"ResourceNotFoundException.*{unknown}"):
        getattr(kinesis, operation)(ResourceARN=unknown)


def test_the_longest_retention_holds_for_a_decrease_too(kinesis, stream):
    stream()
    refusal = r"Maximum allowed retention period is 8760 hours\. .*9999 hours\) is too long"
    with pytest.raises(ClientError, match=refusal):
        kinesis.decrease_stream_retention_period(StreamName="orders", RetentionPeriodHours=9999)


# Consumers


@pytest.mark.parametrize("by", ["name", "arn"])
def test_the_other_consumers_stay(cloud, kinesis, stream, by):
    arn = stream()
    for name in ("a", "b", "c"):
        registered = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)
        assert registered["Consumer"]["ConsumerCreationTimestamp"]
    cloud.wait(SETTLE)
    consumers = kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]
    wanted = {"StreamARN": arn, "ConsumerName": "b"} if by == "name" else {"ConsumerARN": consumers[1]["ConsumerARN"]}
    kinesis.deregister_stream_consumer(**wanted)
    cloud.wait(SETTLE)
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == [consumers[0], consumers[2]]


def test_pages_of_consumers_follow_each_other(kinesis, stream):
    arn = stream()
    for number in range(5):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number}")
    page = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2)
    pages = [[consumer["ConsumerName"] for consumer in page["Consumers"]]]
    while token := page.get("NextToken"):
        page = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2, NextToken=token)
        pages.append([consumer["ConsumerName"] for consumer in page["Consumers"]])
    assert pages == [["c0", "c1"], ["c2", "c3"], ["c4"]]
