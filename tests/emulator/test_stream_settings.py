"""What a stream can be told: retention, encryption, mode, sizes, tags, policies, monitoring: facts 1 and 11."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

SETTLE = 10
ONCE = Config(retries={"total_max_attempts": 1})
"""For a client that does not try again."""


def summary(kinesis, name="orders"):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def read(kinesis, kind="TRIM_HORIZON"):
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType=kind)
    return kinesis.get_records(ShardIterator=place["ShardIterator"])


def put(kinesis, data=b"x"):
    return kinesis.put_record(StreamName="orders", Data=data, PartitionKey="k")


# Retention


def test_records_stay_for_a_day(cloud, kinesis, stream):
    stream()
    put(kinesis, b"old")
    cloud.wait(3600)
    put(kinesis, b"young")
    cloud.wait(23 * 3600 - 10)
    assert [record["Data"] for record in read(kinesis)["Records"]] == [b"old", b"young"]
    cloud.wait(20)
    assert [record["Data"] for record in read(kinesis)["Records"]] == [b"young"]


def test_longer_retention_keeps_what_is_still_there_and_brings_nothing_back(cloud, kinesis, stream):
    stream()
    put(kinesis, b"gone")
    cloud.wait(13 * 3600)
    put(kinesis, b"kept")
    cloud.wait(12 * 3600)
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=8760)
    assert summary(kinesis)["StreamStatus"] == "UPDATING"
    cloud.wait(300 * 24 * 3600)
    assert [record["Data"] for record in read(kinesis)["Records"]] == [b"kept"]
    assert summary(kinesis)["RetentionPeriodHours"] == 8760


def test_shorter_retention_drops_at_once(cloud, kinesis, stream):
    stream()
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=72)
    cloud.wait(SETTLE)
    put(kinesis)
    cloud.wait(30 * 3600)
    assert len(read(kinesis)["Records"]) == 1
    kinesis.decrease_stream_retention_period(StreamName="orders", RetentionPeriodHours=24)
    assert read(kinesis)["Records"] == []


@pytest.mark.parametrize(
    ("change", "hours", "message"),
    [
        ("increase", 23, "Minimum allowed retention period is 24 hours. Requested retention period .23 hours. is too"),
        ("increase", 24, "can not be shorter than existing retention period .48 hours.. Use DecreaseRetentionPeriod"),
        ("increase", 8761, "Maximum allowed retention period is 8760 hours"),
        ("decrease", 23, "Minimum allowed retention period is 24 hours"),
        ("decrease", 49, "can not be longer than existing retention period .48 hours.. Use IncreaseRetentionPeriod"),
    ],
)
def test_retention_that_is_refused(cloud, kinesis, stream, change, hours, message):
    stream()
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
    cloud.wait(SETTLE)
    operation = getattr(kinesis, f"{change}_stream_retention_period")
    with pytest.raises(ClientError, match=message):
        operation(StreamName="orders", RetentionPeriodHours=hours)
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)


# Encryption


def test_only_what_is_written_afterwards_is_encrypted(cloud, kinesis, stream):
    stream()
    assert "EncryptionType" not in put(kinesis)
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    cloud.wait(SETTLE)
    assert put(kinesis)["EncryptionType"] == "KMS"
    assert (summary(kinesis)["EncryptionType"], summary(kinesis)["KeyId"]) == ("KMS", "alias/aws/kinesis")
    kinesis.stop_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    cloud.wait(SETTLE)
    assert summary(kinesis)["EncryptionType"] == "NONE"
    assert [record.get("EncryptionType") for record in read(kinesis)["Records"]] == [None, "KMS"]


def test_a_key_must_exist(cloud, kinesis, stream):
    stream()
    key = cloud.client("kms").create_key()["KeyMetadata"]
    with pytest.raises(ClientError, match="KMSNotFoundException"):
        kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/nobody")
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key["Arn"])
    cloud.wait(SETTLE)
    assert summary(kinesis)["KeyId"] == key["Arn"]


def test_twenty_five_new_keys_a_day(cloud, kinesis, stream):
    stream()
    keys = [cloud.client("kms").create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]

    def encrypt(key):
        kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key)
        cloud.wait(SETTLE)

    for number in range(25):
        encrypt(keys[number % 2])
    encrypt(keys[0])  # the one that it has is no new one
    with pytest.raises(ClientError, match="LimitExceededException"):
        encrypt(keys[1])
    cloud.wait(24 * 3600)
    encrypt(keys[1])


# Modes, sizes, distribution


def test_a_key_that_cannot_be_used(cloud, kinesis, stream):
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    stream()
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key)
    cloud.wait(SETTLE)
    put(kinesis)
    kms.disable_key(KeyId=key)
    for operation in (put, read):
        with pytest.raises(ClientError, match="KMSDisabledException"):
            operation(kinesis)
    kms.schedule_key_deletion(KeyId=key)
    with pytest.raises(ClientError, match="KMSInvalidStateException"):
        put(kinesis)


def test_a_mode_can_be_switched_twice_a_day(cloud, kinesis, stream):
    arn = stream(shards=2)

    def switch(mode):
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})
        cloud.wait(SETTLE)

    switch("ON_DEMAND")
    assert (summary(kinesis)["StreamModeDetails"], summary(kinesis)["OpenShardCount"]) == (
        {"StreamMode": "ON_DEMAND"},
        2,
    )
    switch("PROVISIONED")
    with pytest.raises(ClientError, match="LimitExceededException"):
        switch("ON_DEMAND")
    cloud.wait(24 * 3600)
    switch("ON_DEMAND")


def test_records_can_be_made_larger(cloud, kinesis, stream):
    arn = stream()
    large = b"x" * (2 * 1024**2)
    with pytest.raises(ClientError, match="larger than the maximum of stream orders, 1024 KiB"):
        put(kinesis, large)
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10240)
    cloud.wait(SETTLE)
    put(kinesis, large)
    assert summary(kinesis)["MaxRecordSizeInKiB"] == 10240
    with pytest.raises(ClientError, match="ValidationException"):
        kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10241)


def test_the_service_can_spread_records_itself(cloud, kinesis):
    kinesis.create_stream(
        StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"}, RecordDistributionStrategy="AUTO"
    )
    cloud.wait(SETTLE)
    answer = kinesis.put_records(StreamName="orders", Records=[{"Data": b"x"}, {"Data": b"y", "PartitionKey": "k"}] * 8)
    assert len({entry["ShardId"] for entry in answer["Records"]}) == 4
    records = [
        record
        for number in range(4)
        for record in kinesis.get_records(
            ShardIterator=kinesis.get_shard_iterator(
                StreamName="orders", ShardId=f"shardId-{number:012d}", ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        )["Records"]
    ]
    assert {(record["Data"], record.get("PartitionKey")) for record in records} == {(b"x", None), (b"y", "k")}
    assert len(records) == 16


def test_the_service_spreads_evenly_and_around_a_full_shard(cloud, kinesis):
    kinesis.create_stream(
        StreamName="clicks", StreamModeDetails={"StreamMode": "ON_DEMAND"}, RecordDistributionStrategy="AUTO"
    )
    cloud.wait(SETTLE)
    records = [{"Data": b"x"}] * 500
    answers = [kinesis.put_records(StreamName="clicks", Records=records) for _ in range(8)]
    assert [answer["FailedRecordCount"] for answer in answers] == [0] * 8
    taken = Counter(entry["ShardId"] for answer in answers for entry in answer["Records"])
    assert list(taken.values()) == [1000] * 4


def test_a_key_is_needed_unless_the_service_spreads_records(kinesis, stream):
    stream()
    with pytest.raises(ClientError, match="PartitionKey is required"):
        kinesis.put_record(StreamName="orders", Data=b"x")
    with pytest.raises(ClientError, match="only supported for ON_DEMAND"):
        kinesis.create_stream(StreamName="b", ShardCount=1, RecordDistributionStrategy="AUTO")


def test_warm_throughput_needs_the_commitment(cloud, kinesis):
    kinesis.create_stream(StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    cloud.wait(SETTLE)
    with pytest.raises(ClientError, match="MinimumThroughputBillingCommitment"):
        kinesis.update_stream_warm_throughput(StreamName="orders", WarmThroughputMiBps=100)
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    answer = kinesis.update_stream_warm_throughput(StreamName="orders", WarmThroughputMiBps=100)
    assert answer["WarmThroughput"] == {"TargetMiBps": 100, "CurrentMiBps": 0}
    cloud.wait(SETTLE)
    assert summary(kinesis)["WarmThroughput"] == {"TargetMiBps": 100, "CurrentMiBps": 100}


def test_warm_throughput_of_ten_gibibytes_a_second_at_most(cloud, kinesis, stream):
    on_demand = {"StreamMode": "ON_DEMAND"}
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    provisioned = stream("provisioned")
    kinesis.create_stream(StreamName="orders", StreamModeDetails=on_demand, WarmThroughputMiBps=10_240)
    cloud.wait(SETTLE)
    requests = (
        (kinesis.create_stream, {"StreamName": "new", "StreamModeDetails": on_demand}),
        (kinesis.update_stream_mode, {"StreamARN": provisioned, "StreamModeDetails": on_demand}),
        (kinesis.update_stream_warm_throughput, {"StreamName": "orders"}),
    )
    for operation, request in requests:
        with pytest.raises(ClientError, match=r"LimitExceededException.*10240"):
            operation(**request, WarmThroughputMiBps=10_241)
    assert summary(kinesis)["WarmThroughput"]["TargetMiBps"] == 10_240


def test_a_commitment_lasts_a_day(cloud, kinesis):
    def status():
        return kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"]

    def ask(wanted):
        answer = kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": wanted})
        return answer["MinimumThroughputBillingCommitment"]["Status"]

    assert status() == "DISABLED"
    assert ask("ENABLED") == "ENABLED"
    assert ask("DISABLED") == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    cloud.wait(24 * 3600)
    assert status() == "DISABLED"
    ask("ENABLED")
    cloud.wait(25 * 3600)
    assert ask("DISABLED") == "DISABLED"


# Tags, policies, limits


def test_tags_of_any_resource(cloud, kinesis, stream):
    arn = stream()
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c", Tags={"a": "1"})["Consumer"]
    kinesis.tag_resource(ResourceARN=arn, Tags={"team": "shop"})
    assert kinesis.list_tags_for_stream(StreamName="orders")["Tags"] == [{"Key": "team", "Value": "shop"}]
    kinesis.tag_resource(ResourceARN=consumer["ConsumerARN"], Tags={"b": "2"})
    kinesis.untag_resource(ResourceARN=consumer["ConsumerARN"], TagKeys=["a"])
    assert kinesis.list_tags_for_resource(ResourceARN=consumer["ConsumerARN"])["Tags"] == [{"Key": "b", "Value": "2"}]


def test_fifty_tags_at_most(kinesis, stream):
    stream()
    kinesis.add_tags_to_stream(StreamName="orders", Tags={f"k{i}": "v" for i in range(50)})
    kinesis.add_tags_to_stream(StreamName="orders", Tags={"k7": "again"})
    with pytest.raises(ClientError, match="at most 50 tags"):
        kinesis.add_tags_to_stream(StreamName="orders", Tags={"one": "more"})
    page = kinesis.list_tags_for_stream(StreamName="orders", Limit=20)
    assert (len(page["Tags"]), page["HasMoreTags"]) == (20, True)


@pytest.mark.parametrize("policy", ["1", "[]", "nonsense", "[" * 19_000])
def test_a_policy_is_an_object(kinesis, stream, policy):
    with pytest.raises(ClientError, match=r"InvalidArgumentException.*Policy is not a JSON document"):
        kinesis.put_resource_policy(ResourceARN=stream(), Policy=policy)


def test_a_consumer_has_a_policy_of_its_own(cloud, kinesis, stream):
    arn = stream()
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    kinesis.put_resource_policy(ResourceARN=consumer, Policy='{"Version": "2012-10-17"}')
    assert kinesis.get_resource_policy(ResourceARN=consumer)["Policy"] == '{"Version": "2012-10-17"}'
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == "{}"


def test_a_policy_is_kept(kinesis, stream):
    arn = stream()
    kinesis.put_resource_policy(ResourceARN=arn, Policy='{"Version": "2012-10-17"}')
    assert kinesis.get_resource_policy(ResourceARN=arn)["Policy"] == '{"Version": "2012-10-17"}'
    kinesis.delete_resource_policy(ResourceARN=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kinesis.delete_resource_policy(ResourceARN=arn)


def test_quotas(cloud, stream):
    small = cloud.client("kinesis", region_name="eu-north-1")
    assert small.describe_limits()["ShardLimit"] == 1000
    small.create_stream(StreamName="wide", ShardCount=999)
    with pytest.raises(ClientError, match=r"Current shard count for the account: 999\. Limit: 1000") as refused:
        small.create_stream(StreamName="more", ShardCount=2)
    assert refused.value.response["Error"]["Code"] == "LimitExceededException"
    small.create_stream(StreamName="one", ShardCount=1)
    cloud.wait(SETTLE)
    with pytest.raises(ClientError, match="would exceed the shard limit"):
        small.split_shard(StreamName="one", ShardToSplit="0", NewStartingHashKey="1000")


def test_five_streams_are_created_at_once(cloud, kinesis):
    for number in range(5):
        kinesis.create_stream(StreamName=f"s{number}", ShardCount=1)
    cloud.wait(1)
    with pytest.raises(ClientError, match="LimitExceededException"):
        kinesis.create_stream(StreamName="s5", ShardCount=1)
    cloud.wait(SETTLE)
    kinesis.create_stream(StreamName="s5", ShardCount=1)


def test_a_stream_with_the_name_of_a_deleted_one_is_another(cloud, kinesis, stream):
    arn = stream()
    put(kinesis)
    old = kinesis.get_shard_iterator(StreamName="orders", ShardId="0", ShardIteratorType="TRIM_HORIZON")
    kinesis.delete_stream(StreamName="orders")
    cloud.wait(SETTLE)
    assert stream() == arn
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kinesis.get_records(ShardIterator=old["ShardIterator"])
    assert read(kinesis)["Records"] == []


def test_a_stream_that_is_being_deleted_still_takes_and_gives_records(cloud, kinesis, stream):
    stream()
    kinesis.delete_stream(StreamName="orders")
    put(kinesis, b"late")
    assert [record["Data"] for record in read(kinesis)["Records"]] == [b"late"]
    assert summary(kinesis)["StreamStatus"] == "DELETING"
    cloud.wait(SETTLE)
    for operation in (put, read):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            operation(kinesis)


def test_an_earlier_stream_of_that_name_is_not_found_by_its_time(cloud, kinesis, stream):
    arn = stream()
    earlier = summary(kinesis)["StreamCreationTimestamp"]
    kinesis.delete_stream(StreamName="orders")
    cloud.wait(SETTLE)
    stream()
    now = summary(kinesis)["StreamCreationTimestamp"]
    for operation in (kinesis.list_shards, kinesis.list_stream_consumers):
        operation(StreamARN=arn, StreamCreationTimestamp=now)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            operation(StreamARN=arn, StreamCreationTimestamp=earlier)


def test_an_account_has_fifty_streams_on_demand(cloud, kinesis, stream):
    provisioned = stream()
    on_demand = {"StreamMode": "ON_DEMAND"}
    for number in range(50):
        kinesis.create_stream(StreamName=f"s{number}", StreamModeDetails=on_demand)
        if number % 5 == 4:
            cloud.wait(SETTLE)
    with pytest.raises(ClientError, match=r"LimitExceededException.*50 on-demand streams"):
        kinesis.create_stream(StreamName="more", StreamModeDetails=on_demand)
    with pytest.raises(ClientError, match=r"LimitExceededException.*50 on-demand streams"):
        kinesis.update_stream_mode(StreamARN=provisioned, StreamModeDetails=on_demand)
    kinesis.create_stream(StreamName="more", ShardCount=1)


# Metrics


def statistics(cloud, name, statistic="Sum", **dimensions):
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=cloud.now() - timedelta(hours=1),
        EndTime=cloud.now() + timedelta(minutes=1),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [point[statistic] for point in sorted(points, key=lambda point: point["Timestamp"])]


def test_a_stream_is_measured_minute_by_minute(cloud, kinesis, stream):
    stream()
    records = [{"Data": b"12345678", "PartitionKey": "kk"}] * 500
    for _ in range(3):
        kinesis.put_records(StreamName="orders", Records=records)
    cloud.wait(60)
    kinesis.put_record(StreamName="orders", Data=b"", PartitionKey="k")
    read(kinesis)
    name = {"StreamName": "orders"}
    assert statistics(cloud, "IncomingRecords", **name) == [1000, 1]
    assert statistics(cloud, "IncomingBytes", **name) == [10_000, 1]
    assert statistics(cloud, "PutRecords.TotalRecords", **name) == [1500]
    assert statistics(cloud, "PutRecords.ThrottledRecords", **name) == [500]
    assert statistics(cloud, "PutRecords.Success", **name) == [2]
    assert statistics(cloud, "WriteProvisionedThroughputExceeded", **name) == [500, 0]
    assert statistics(cloud, "GetRecords.Records", **name) == [1001]
    assert 0 < statistics(cloud, "GetRecords.IteratorAgeMilliseconds", "Maximum", **name)[0] < 100


def test_single_puts_are_measured_call_by_call(cloud, kinesis, stream):
    stream()
    put(kinesis, b"1234")
    put(kinesis, b"")
    name = {"StreamName": "orders"}
    assert statistics(cloud, "PutRecord.Bytes", **name) == [6]
    assert statistics(cloud, "PutRecord.Bytes", "Maximum", **name) == [5]
    assert statistics(cloud, "PutRecord.Latency", "Average", **name) == [10]
    cloud.wait(60)
    for _ in range(2):
        kinesis.put_records(StreamName="orders", Records=[{"Data": b"x", "PartitionKey": "k"}] * 500)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        put(cloud.client("kinesis", config=ONCE))
    assert statistics(cloud, "PutRecord.Success", **name) == [2, 0]
    assert statistics(cloud, "PutRecord.Success", "SampleCount", **name) == [2, 1]


def test_reads_that_are_refused_are_counted(cloud, kinesis, stream):
    stream()
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="TRIM_HORIZON")
    impatient, refused = cloud.client("kinesis", config=ONCE), 0
    for _ in range(7):
        try:
            impatient.get_records(ShardIterator=place["ShardIterator"])
        except ClientError:
            refused += 1
    name = {"StreamName": "orders"}
    assert statistics(cloud, "ReadProvisionedThroughputExceeded", **name) == [refused] == [2]
    assert statistics(cloud, "GetRecords.Success", **name) == [5]
    assert statistics(cloud, "GetRecords.Success", "SampleCount", **name) == [7]


def test_subscriptions_are_measured_by_consumer(cloud, kinesis, stream):
    arn = stream()
    one, _ = (kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)["Consumer"] for name in ("a", "b"))
    for _ in range(3):
        put(kinesis, b"x" * 1_000_000)
        cloud.wait(2)
    request = {
        "ConsumerARN": one["ConsumerARN"],
        "ShardId": "shardId-000000000000",
        "StartingPosition": {"Type": "TRIM_HORIZON"},
    }
    events = iter(kinesis.subscribe_to_shard(**request)["EventStream"])
    with pytest.raises(ClientError, match="ResourceInUseException"):
        kinesis.subscribe_to_shard(**request)
    first, _ = (next(events)["SubscribeToShardEvent"] for _ in range(2))

    def measured(name, statistic="Sum", consumer="a"):
        return statistics(cloud, name, statistic, StreamName="orders", ConsumerName=consumer)

    assert measured("SubscribeToShard.Success") == measured("SubscribeToShard.RateExceeded") == [1]
    assert measured("SubscribeToShardEvent.Success") == [2]
    assert measured("SubscribeToShardEvent.Records") == [3]
    assert measured("SubscribeToShardEvent.Bytes") == [3_000_003]
    behind = measured("SubscribeToShardEvent.MillisBehindLatest", "Maximum")
    assert behind == [first["MillisBehindLatest"]] and 2_000 <= behind[0] < 2_100
    assert measured("SubscribeToShard.Success", consumer="b") == []
    assert measured("SubscribeToShardEvent.Success", consumer="b") == []


def test_to_measure_shards_counts_nothing_twice(cloud, kinesis, stream):
    stream()
    kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["ALL"])
    cloud.wait(SETTLE)
    for _ in range(3):
        put(kinesis)
    (point,) = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName="IncomingRecords",
        Dimensions=[{"Name": "StreamName", "Value": "orders"}],
        StartTime=cloud.now() - timedelta(minutes=5),
        EndTime=cloud.now() + timedelta(minutes=5),
        Period=600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert point["Sum"] == 3
    listed = cloud.client("cloudwatch").list_metrics(Namespace="AWS/Kinesis", MetricName="IncomingRecords")["Metrics"]
    assert sorted(len(metric["Dimensions"]) for metric in listed) == [1, 2]


def test_shards_are_measured_when_asked_for(cloud, kinesis, stream):
    stream(shards=2)
    put(kinesis)
    answer = kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["ALL"])
    assert (answer["CurrentShardLevelMetrics"], len(answer["DesiredShardLevelMetrics"])) == ([], 7)
    cloud.wait(SETTLE)
    put(kinesis)
    kinesis.disable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["IncomingBytes"])
    cloud.wait(SETTLE)
    put(kinesis)
    shard = {"StreamName": "orders", "ShardId": put(kinesis)["ShardId"]}
    assert sum(statistics(cloud, "IncomingRecords", **shard)) == 3
    assert sum(statistics(cloud, "IncomingBytes", **shard)) == 2
    monitored = kinesis.describe_stream(StreamName="orders")["StreamDescription"]["EnhancedMonitoring"]
    assert "IncomingBytes" not in monitored[0]["ShardLevelMetrics"]
