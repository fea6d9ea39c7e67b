"""Splitting, merging and scaling through boto3: facts 6."""

from __future__ import annotations

import itertools

import pytest
from botocore.exceptions import ClientError

SPACE = 2**128
RESHARD = 31


def shards(kinesis, name="orders", **more):
    return kinesis.list_shards(StreamName=name, **more)["Shards"]


def open_ranges(kinesis, name="orders"):
    return sorted(
        (int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"]))
        for s in shards(kinesis, name, ShardFilter={"Type": "AT_LATEST"})
    )


def read_page(kinesis, shard, kind="TRIM_HORIZON", **more):
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType=kind, **more)
    return kinesis.get_records(ShardIterator=place["ShardIterator"])


def put(kinesis, *data, key="k", hash_key=None):
    explicit = {} if hash_key is None else {"ExplicitHashKey": str(hash_key)}
    return [
        kinesis.put_record(StreamName="orders", Data=d.encode(), PartitionKey=key, **explicit)["ShardId"] for d in data
    ]


def test_a_split_closes_the_parent_and_opens_two_children(cloud, kinesis, stream):
    stream()
    put(kinesis, "before", hash_key=5)
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
    assert put(kinesis, "while", hash_key=5) == ["shardId-000000000000"]
    cloud.wait(RESHARD)
    assert put(kinesis, "low", hash_key=999) == ["shardId-000000000001"]
    assert put(kinesis, "high", hash_key=1000) == ["shardId-000000000002"]
    parent, low, high = shards(kinesis)
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert low["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": "999"}
    assert high["HashKeyRange"] == {"StartingHashKey": "1000", "EndingHashKey": str(SPACE - 1)}
    assert (low["ParentShardId"], "AdjacentParentShardId" in low) == (parent["ShardId"], False)
    assert kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["OpenShardCount"] == 2


def test_the_parent_keeps_its_records_and_its_end_names_the_children(cloud, kinesis, stream):
    stream()
    put(kinesis, "one", "two")
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(SPACE // 2))
    cloud.wait(RESHARD)
    page = read_page(kinesis, "shardId-000000000000")
    assert [record["Data"] for record in page["Records"]] == [b"one", b"two"]
    assert "NextShardIterator" not in page
    assert [(child["ShardId"], child["ParentShards"]) for child in page["ChildShards"]] == [
        ("shardId-000000000001", ["shardId-000000000000"]),
        ("shardId-000000000002", ["shardId-000000000000"]),
    ]


def test_a_page_before_the_end_names_no_children(cloud, kinesis, stream):
    stream()
    put(kinesis, "one", "two")
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="TRIM_HORIZON")
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(SPACE // 2))
    cloud.wait(RESHARD)
    first = kinesis.get_records(ShardIterator=place["ShardIterator"], Limit=1)
    assert "ChildShards" not in first
    assert "ChildShards" in kinesis.get_records(ShardIterator=first["NextShardIterator"])


def test_a_merge_closes_two_neighbours(cloud, kinesis, stream):
    stream(shards=2)
    kinesis.merge_shards(
        StreamName="orders", ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )
    cloud.wait(RESHARD)
    child = shards(kinesis)[2]
    assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(SPACE - 1)}
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == ("shardId-000000000000", "shardId-000000000001")
    for parent in ("shardId-000000000000", "shardId-000000000001"):
        assert [c["ShardId"] for c in read_page(kinesis, parent)["ChildShards"]] == ["shardId-000000000002"]


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 6), (4, 3), (4, 2), (5, 7), (6, 3), (8, 5), (3, 3)])
def test_scaling_makes_the_ranges_of_a_new_stream(cloud, kinesis, stream, before, after):
    stream(shards=before)
    answer = kinesis.update_shard_count(StreamName="orders", TargetShardCount=after, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (before, after)
    cloud.wait(RESHARD)
    stream("fresh", shards=after)
    assert open_ranges(kinesis) == open_ranges(kinesis, "fresh")


def test_numbers_of_children_exceed_those_of_their_parents(cloud, kinesis, stream):
    stream(shards=2)
    for count in (4, 2, 3):
        kinesis.update_shard_count(StreamName="orders", TargetShardCount=count, ScalingType="UNIFORM_SCALING")
        cloud.wait(RESHARD)
    listed = {shard["ShardId"]: shard for shard in shards(kinesis)}
    for shard in listed.values():
        first = int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
        for name in ("ParentShardId", "AdjacentParentShardId"):
            if name in shard:
                assert first > int(listed[shard[name]]["SequenceNumberRange"]["EndingSequenceNumber"])


def test_shards_at_a_time(cloud, kinesis, stream):
    stream(shards=2)
    cloud.wait(100)
    then = cloud.now()
    cloud.wait(100)
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="1000")
    cloud.wait(RESHARD + 100)

    def ids(**wanted):
        return [int(shard["ShardId"][-3:]) for shard in shards(kinesis, ShardFilter=wanted)]

    assert ids(Type="AT_LATEST") == [1, 2, 3]
    assert ids(Type="AT_TRIM_HORIZON") == [0, 1]
    assert ids(Type="FROM_TRIM_HORIZON") == [0, 1, 2, 3]
    assert ids(Type="AT_TIMESTAMP", Timestamp=then) == [0, 1]
    assert ids(Type="FROM_TIMESTAMP", Timestamp=then) == [0, 1, 2, 3]
    assert ids(Type="FROM_TIMESTAMP", Timestamp=cloud.now()) == [1, 2, 3]
    assert ids(Type="AFTER_SHARD_ID", ShardId="shardId-000000000001") == [2, 3]


def test_a_closed_shard_is_listed_until_its_records_have_expired(cloud, kinesis, stream):
    stream()
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="1000")
    cloud.wait(24 * 3600 - 60)
    assert len(shards(kinesis)) == 3
    cloud.wait(120)
    assert [shard["ShardId"][-1] for shard in shards(kinesis)] == ["1", "2"]
    with pytest.raises(ClientError, match=r"Shard shardId-000000000000 in stream orders .* does not exist"):
        read_page(kinesis, "shardId-000000000000")


def test_longer_retention_keeps_a_closed_shard_longer_and_shorter_drops_it(cloud, kinesis, stream):
    stream()
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="1000")
    cloud.wait(RESHARD)
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
    cloud.wait(30 * 3600)
    assert len(shards(kinesis)) == 3
    kinesis.decrease_stream_retention_period(StreamName="orders", RetentionPeriodHours=24)
    cloud.wait(10)
    assert len(shards(kinesis)) == 2


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (("shardId-000000000000", "0"), "is not both greater than one plus the shard's StartingHashKey 0"),
        (("shardId-000000000000", "1"), "is not both greater"),
        (("shardId-000000000000", str(SPACE - 1)), "less than the shard's EndingHashKey"),
        (("shardId-000000000007", "99"), "shardId-000000000007 in stream orders under account 123456789012 does not"),
        (("nonsense", "99"), "Could not find shard nonsense in stream orders"),
    ],
)
def test_splits_that_are_refused(kinesis, stream, split, message):
    stream()
    shard, start = split
    with pytest.raises(ClientError, match=message):
        kinesis.split_shard(StreamName="orders", ShardToSplit=shard, NewStartingHashKey=start)


def test_one_change_at_a_time(cloud, kinesis, stream):
    stream()
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="1000")
    with pytest.raises(ClientError, match="not ACTIVE, instead in state UPDATING"):
        kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="2000")
    cloud.wait(RESHARD)
    refusal = r"Shard shardId-000000000000 in stream orders .* has already been merged or split"
    with pytest.raises(ClientError, match=refusal):
        kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="2000")


def test_only_neighbours_merge(kinesis, stream):
    stream(shards=3)
    for pair in (("0", "2"), ("1", "0"), ("1", "1")):
        with pytest.raises(ClientError, match="not an adjacent pair of shards eligible for merging"):
            kinesis.merge_shards(StreamName="orders", ShardToMerge=pair[0], AdjacentShardToMerge=pair[1])


def test_limits_of_scaling(cloud, kinesis, stream):
    stream(shards=4)

    def scale(target):
        kinesis.update_shard_count(StreamName="orders", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        cloud.wait(RESHARD)

    with pytest.raises(ClientError, match="beyond 2x current shard count"):
        scale(9)
    with pytest.raises(ClientError, match="below 50% of the current shard count"):
        scale(1)
    for target in itertools.islice(itertools.cycle([5, 4]), 10):
        scale(target)
    with pytest.raises(ClientError, match="LimitExceededException"):
        scale(5)
    cloud.wait(24 * 3600)
    scale(5)


def test_a_stream_is_scaled_to_ten_thousand_shards_at_most(kinesis, stream):
    stream(shards=5001)

    def scale(target):
        kinesis.update_shard_count(StreamName="orders", TargetShardCount=target, ScalingType="UNIFORM_SCALING")

    with pytest.raises(ClientError, match=r"InvalidArgumentException.*beyond 10000 shards"):
        scale(10_001)
    scale(10_000)


def test_on_demand_streams_are_not_resharded_by_hand(cloud, kinesis):
    kinesis.create_stream(StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    cloud.wait(10)
    assert len(shards(kinesis)) == 4
    with pytest.raises(ClientError, match="only supported for streams in PROVISIONED mode"):
        kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey="1000")


def test_order_of_a_key_survives_a_reshard(cloud, kinesis, stream):
    """Read the parent to its end, then its children: every record of the key once, in the order it was put."""
    stream(shards=2)
    wrote = []
    for number in range(30):
        if number in (10, 20):
            kinesis.update_shard_count(
                StreamName="orders", TargetShardCount=4 if number == 10 else 3, ScalingType="UNIFORM_SCALING"
            )
            cloud.wait(RESHARD)
        wrote.append(str(number))
        put(kinesis, str(number), key="alice")
    read, todo, seen = [], ["shardId-000000000000", "shardId-000000000001"], set()
    while todo:
        shard = todo.pop(0)
        if shard in seen:
            continue
        seen.add(shard)
        page = read_page(kinesis, shard)
        read += [record["Data"].decode() for record in page["Records"]]
        todo += [child["ShardId"] for child in page.get("ChildShards", [])]
        cloud.wait(1)
    assert read == wrote
