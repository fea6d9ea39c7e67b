"""What a mapping reads: resharding, other readers, registered consumers, streams that go, roles that may not."""

from __future__ import annotations

import json
import math
from contextlib import nullcontext, suppress

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from kinesis_lab.emulator.kinesis.shard import BYTES_OUT
from tests.conftest import zipped
from tests.mapping.conftest import ARN, Stage, poison

HALF = 2**127
ONCE = Config(retries={"total_max_attempts": 1})


# Resharding (facts 7.16)


def test_parents_are_drained_before_their_children(stage):
    stage.seconds = lambda event: 8.0
    stage.map(BatchSize=2)
    stage.put("1", "2", "3", "4", "5", "6")
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(HALF))
    stage.cloud.wait(31)
    stage.put("7", "8")
    stage.cloud.wait(60)
    assert [text for batch in stage.batches for text in batch] == list("12345678")
    *_, last = stage.invocations
    parents = [each for each in stage.invocations if each.shard.endswith("0")]
    assert not last.shard.endswith("0") and last.began >= max(each.ended for each in parents)


def test_a_stuck_parent_holds_up_its_children(stage):
    stage.answer = poison
    stage.map(BatchSize=1)
    stage.put("poison")
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(HALF))
    stage.cloud.wait(31)
    stage.put("behind", hash_key=0)
    stage.cloud.wait(300)
    assert set(map(tuple, stage.batches)) == {("poison",)}
    stage.answer = lambda event: None
    stage.cloud.wait(30)
    assert stage.batches[-2:] == [["poison"], ["behind"]]


def test_a_merged_shard_waits_for_both_parents(stage):
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(HALF))
    stage.cloud.wait(31)
    stage.answer = poison
    stage.put("fine", hash_key=0)
    stage.put("poison", hash_key=HALF)
    stage.map()
    stage.kinesis.merge_shards(StreamName="orders", ShardToMerge="shardId-1", AdjacentShardToMerge="shardId-2")
    stage.cloud.wait(31)
    stage.put("after")
    stage.cloud.wait(60)
    assert ["after"] not in stage.batches and ["fine"] in stage.batches
    stage.answer = lambda event: None
    stage.cloud.wait(30)
    assert stage.batches[-1] == ["after"]


def test_many_reshardings_lose_nothing_and_keep_order(stage):
    stage.map(BatchSize=7)
    numbers = iter(range(10_000))

    def put_some():
        for _ in range(30):
            number = next(numbers)
            stage.put(str(number), key=f"key-{number % 11}")

    for target in (2, 4, 3, 6, 5, 3, 2, 1):
        put_some()
        stage.kinesis.update_shard_count(StreamName="orders", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        put_some()
        stage.cloud.wait(31)
    stage.cloud.wait(30)
    texts = [int(text) for batch in stage.batches for text in batch]
    assert sorted(texts) == list(range(480))
    for key in range(11):
        own = [number for number in texts if number % 11 == key]
        assert own == sorted(own)


def test_latest_reads_children_that_come_later_from_their_beginning(stage):
    stage.put("early")
    stage.map(position="LATEST")
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(HALF))
    stage.cloud.wait(29.9)
    stage.put("before the split")
    stage.cloud.wait(0.2)
    stage.put("after the split")
    stage.cloud.wait(10)
    assert [text for batch in stage.batches for text in batch] == ["before the split", "after the split"]


def test_latest_skips_what_closed_shards_hold(stage):
    stage.put("early")
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(HALF))
    stage.cloud.wait(31)
    stage.put("in a child, and too early")
    stage.map(position="LATEST")
    stage.put("late")
    stage.cloud.wait(5)
    assert stage.batches == [["late"]]


def test_a_stream_that_is_made_while_it_is_mapped(stage):
    stage.kinesis.create_stream(StreamName="fresh", ShardCount=1)
    stage.map(source=ARN.replace("orders", "fresh"), wait=20)
    stage.kinesis.put_record(StreamName="fresh", Data=b"a", PartitionKey="k")
    stage.cloud.wait(5)
    assert stage.batches == [["a"]]


# The read budget (facts 7.6)


def test_a_mapping_shares_the_shards_budget_and_waits_for_its_turn(stage):
    impatient = stage.cloud.client("kinesis", config=ONCE)
    place = stage.kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="LATEST")[
        "ShardIterator"
    ]
    stage.put(*map(str, range(60)))
    stage.map(wait=0.005)  # half the time of a call: the poll does not come in the very moment in which a read returns
    for _ in range(1000):
        with suppress(ClientError):
            impatient.get_records(ShardIterator=place)
    assert set(stage.rows("poll")["outcome"]) == {"throttled"} and not stage.batches
    stage.cloud.wait(2)
    assert sorted(int(text) for batch in stage.batches for text in batch) == list(range(60))


def several(stage, mappings: int) -> list[str]:
    """So many mappings of the stream, each to a function of its own, and each with a rhythm of its own; their UUIDs."""
    names = [f"app-{number}" for number in range(mappings)]
    for name in names:
        stage.deploy(name)
    stage.cloud.wait(10)
    return [stage.map(function=name, wait=0.37) for name in names]


def busy(stage, mappings: int, seconds: int) -> dict[str, list[str]]:
    """So many mappings of a shard that takes a record every half second; what each has read, by UUID."""
    several(stage, mappings)
    for number in range(2 * seconds):
        stage.put(str(number))
        stage.cloud.wait(0.48)
    stage.cloud.wait(5)
    return {uuid: list(polls["outcome"]) for uuid, polls in stage.rows("poll").groupby("mapping")}


def test_five_mappings_of_a_shard_are_not_in_each_others_way(stage):
    polls = busy(stage, 5, 20)
    assert len(polls) == 5 and all(set(outcomes) == {"ok"} for outcomes in polls.values())
    assert len(stage.batches) and sum(map(len, stage.batches)) == 5 * 40


def test_more_mappings_than_a_shard_can_bear_take_turns(stage):
    polls = busy(stage, 8, 40)
    assert sum(map(len, stage.batches)) == 8 * 80, "each has got everything"
    read = [outcomes.count("ok") for outcomes in polls.values()]
    assert len(read) == 8 and all("throttled" in outcomes for outcomes in polls.values())
    assert max(read) - min(read) <= 3 and sum(read) > 0.9 * 5 * 40


def test_mappings_that_want_more_bytes_than_a_shard_gives_are_late_in_turn(stage):
    uuids = several(stage, 3)
    page = ["x" * 50_000] * 9
    for _ in range(2 * 90):
        stage.put(*page)
        stage.cloud.wait(0.49)
    polls = stage.rows("poll")
    read = [polls[(polls["mapping"] == uuid) & (polls["outcome"] == "ok")] for uuid in uuids]
    records = [each["records"].sum() for each in read]
    assert max(records) < 9 * 180 and min(records) > 0.5 * 9 * 180
    assert max(map(len, read)) - min(map(len, read)) <= 1


def test_a_reader_who_waits_and_stops_holds_nobody_up(stage):
    uuids = several(stage, 7)
    for number in range(20):
        stage.put(str(number))
        stage.cloud.wait(0.48)
    for uuid in uuids[:3]:
        stage.lambda_.delete_event_source_mapping(UUID=uuid)
    stage.cloud.wait(0.1)
    for number in range(20, 60):
        stage.put(str(number))
        stage.cloud.wait(0.48)
    stage.cloud.wait(3)
    for uuid in uuids[3:]:
        polls = stage.rows("poll")
        assert polls[polls["mapping"] == uuid]["records"].sum() == 60


def mapped_at_once(stage, mappings: int, **settings) -> list[str]:
    """So many mappings, each to a function of its own, whose pollers all have the same rhythm; their UUIDs."""
    names = [f"app-{number}" for number in range(mappings)]
    for name in names:
        stage.deploy(name)
    stage.cloud.wait(10)
    uuids = [stage.map(function=name, wait=0, Enabled=False, **settings) for name in names]
    stage.cloud.wait(20)
    enable(stage, uuids)
    return uuids


def enable(stage, uuids):
    """All at the same instant."""
    mappings = stage.cloud.emulator.switchboard.lambda_("us-east-1").mappings
    for uuid in uuids:
        mappings.update({"UUID": uuid, "Enabled": True})
    stage.cloud.wait(6)


def got(stage, uuids) -> dict[str, int]:
    """How many records each has read."""
    polls = stage.rows("poll")
    return {uuid: int(polls[polls["mapping"] == uuid]["records"].sum()) for uuid in uuids}


def split(stage):
    stage.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-0", NewStartingHashKey=str(HALF))


def merge(stage):
    stage.kinesis.merge_shards(
        StreamName="orders", ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )


def scale(stage):
    stage.kinesis.update_shard_count(StreamName="orders", TargetShardCount=2, ScalingType="UNIFORM_SCALING")


@pytest.mark.parametrize("mappings", range(5, 13))
@pytest.mark.parametrize(("shards", "reshard"), [(1, split), (2, merge), (1, scale)])
def test_nobody_starves_when_all_have_the_same_rhythm(local_cloud, mappings, shards, reshard):
    stage = Stage(local_cloud)
    stage.open(shards)
    uuids = mapped_at_once(stage, mappings)
    reshard(stage)
    stage.cloud.wait(60)
    for count in range(1, 11):
        stage.put("x", hash_key=0)
        stage.cloud.wait(1 + mappings // 5 + 1)
        assert set(got(stage, uuids).values()) == {count}, "at the latest when all others have had their turn"


@pytest.mark.slow
@pytest.mark.parametrize("reshard", [split, scale])
def test_everybody_gets_everything_for_as_long_as_the_stream_keeps_it(stage, reshard):
    uuids = mapped_at_once(stage, 12)
    reshard(stage)
    hours = 26
    for _ in range(hours * 12):
        stage.put("x", hash_key=0)
        stage.cloud.wait(300)
    assert set(got(stage, uuids).values()) == {hours * 12}
    assert stage.rows("expired").empty


def test_who_was_refused_and_has_nothing_to_read_holds_nobody_up(stage):
    """Seven stand at the tip; two of them could not read when they came, and stood in the queue for ever."""
    uuids = mapped_at_once(stage, 7)
    stage.put("a", "b")
    stage.cloud.wait(5)
    for uuid in uuids:
        stage.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    stage.cloud.wait(10)
    enable(stage, uuids)
    stage.deploy("late")
    stage.cloud.wait(10)
    late = stage.map(function="late", wait=10)
    assert got(stage, [late]) == {late: 2}


def in_debt(stage, shard: int, seconds: int) -> None:
    """A reader has taken so much of a shard that it gives out nothing for so many seconds."""
    shard = stage.cloud.emulator.switchboard.kinesis("us-east-1").region.streams["orders"].shards[shard]
    shard.reads.spend(stage.cloud.emulator.clock.microseconds, 1, BYTES_OUT * seconds)


def test_a_mapping_that_is_refused_for_long_says_so(stage):
    stage.map()
    stage.put("a")
    stage.cloud.wait(3)
    in_debt(stage, 0, 90)
    stage.put("b")
    stage.cloud.wait(50)
    assert stage.last_result == "OK"
    stage.cloud.wait(30)
    assert stage.last_result == "PROBLEM: Reads of the stream are throttled"
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["State"] == "Enabled"
    stage.cloud.wait(15)
    assert stage.batches == [["a"], ["b"]] and stage.last_result == "OK"


def test_a_problem_of_one_shard_is_not_hidden_by_another(local_cloud):
    stage = Stage(local_cloud)
    stage.open(shards=2)
    stage.map()
    in_debt(stage, 1, 90)
    stage.put("a", hash_key=2**128 - 1)
    stage.cloud.wait(80)
    stage.put("b", hash_key=0)
    stage.cloud.wait(3)
    assert stage.batches == [["b"]] and stage.last_result == "PROBLEM: Reads of the stream are throttled"
    stage.cloud.wait(15)
    assert stage.batches == [["b"], ["a"]] and stage.last_result == "OK"


def test_who_has_nothing_to_read_has_no_problem(stage):
    stage.map()
    in_debt(stage, 0, 300)
    stage.cloud.wait(200)
    assert stage.last_result == "No records processed"


def test_what_expires_before_it_is_read_is_counted(stage):
    stage.put("a", "b", "c")
    stage.map(Enabled=False)
    stage.cloud.wait(25 * 3600)
    stage.put("d")
    stage.update(Enabled=True)
    assert stage.batches == [["d"]]
    stage.update(Enabled=False)
    stage.put("e", "f")
    stage.cloud.wait(25 * 3600)
    stage.update(Enabled=True)
    assert stage.batches == [["d"]]
    assert [(row.records, row.outcome) for row in stage.rows("expired").itertuples()] == [(2, "unread")]


# Enhanced fan-out (facts 7.6)


@pytest.fixture
def consumer(stage):
    """A registered consumer of the stream: its ARN."""
    arn = stage.kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="fast")["Consumer"]["ConsumerARN"]
    stage.cloud.wait(10)
    return arn


def test_a_registered_consumer_is_pushed_its_records(stage, consumer):
    stage.map(source=consumer)
    for text in "abc":
        stage.put(text)
        stage.cloud.wait(0.3)
    assert stage.batches == [["a"], ["b"], ["c"]], "nobody waits for the next second"
    record = stage.invocations[0].event["Records"][0]
    assert record["eventSourceARN"] == consumer
    arrival = record["kinesis"]["approximateArrivalTimestamp"] - stage.cloud.emulator.clock._start / 1e6
    assert 0.05 < stage.invocations[0].began - arrival < 0.2
    assert len(stage.rows("push")) == 3 and len(stage.rows("poll")) == 0


def test_it_does_not_spend_the_shared_budget(stage, consumer):
    for _ in range(12):
        stage.put("x" * 900_000)
        stage.cloud.wait(1)
    stage.map(source=consumer, wait=8)
    place = stage.kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="LATEST")
    for _ in range(5):
        stage.kinesis.get_records(ShardIterator=place["ShardIterator"])
    stage.cloud.wait(10)
    assert sum(map(len, stage.batches)) == 12


def test_a_consumer_must_be_there_active_and_free(stage, consumer):
    with pytest.raises(ClientError, match="Stream not found"):
        stage.map(source=consumer + "9")
    stage.map(source=consumer)
    stage.lambda_.create_function(
        FunctionName="other",
        Role=stage.lambda_.get_function(FunctionName="app")["Configuration"]["Role"],
        Code={"ZipFile": zipped("")},
        Runtime="python3.13",
        Handler="app.handler",
    )
    with pytest.raises(ClientError, match="is the source of another mapping"):
        stage.lambda_.create_event_source_mapping(
            EventSourceArn=consumer, FunctionName="other", StartingPosition="LATEST"
        )
    fresh = stage.kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="new")["Consumer"]["ConsumerARN"]
    with pytest.raises(ClientError, match="is not ACTIVE"):
        stage.map(source=fresh)


# What goes


def test_a_stream_that_is_deleted_under_its_mapping(stage):
    stage.map()
    stage.put("a")
    stage.cloud.wait(3)
    stage.kinesis.delete_stream(StreamName="orders")
    stage.cloud.wait(60)
    mapping = stage.lambda_.get_event_source_mapping(UUID=stage.uuid)
    assert (mapping["State"], mapping["LastProcessingResult"]) == ("Enabled", "PROBLEM: Stream not found")
    assert stage.batches == [["a"]]
    assert stage.lambda_.delete_event_source_mapping(UUID=stage.uuid)["State"] == "Deleting"


def test_a_consumer_that_is_deregistered_under_its_mapping(stage, consumer):
    stage.map(source=consumer)
    stage.put("a")
    stage.cloud.wait(3)
    stage.kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    stage.put("b")
    stage.cloud.wait(60)
    stage.put("c")
    stage.cloud.wait(60)
    assert stage.batches == [["a"]]
    mapping = stage.lambda_.get_event_source_mapping(UUID=stage.uuid)
    assert (mapping["State"], mapping["LastProcessingResult"]) == ("Enabled", "PROBLEM: Consumer not found")


# The execution role (facts 9)


def detach(stage):
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    stage.cloud.client("iam").detach_role_policy(RoleName="shop", PolicyArn=policy)


def attach(stage, *actions, resource=ARN):
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": resource}}
    stage.cloud.client("iam").put_role_policy(RoleName="shop", PolicyName="reads", PolicyDocument=json.dumps(policy))


READING = [f"kinesis:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListShards")]


def test_a_role_that_may_not_read_is_refused(stage):
    detach(stage)
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*Cannot access stream arn:aws:kinesis"):
        stage.map()
    attach(stage, *READING[:-1])
    with pytest.raises(ClientError, match="Please ensure the role can perform the GetRecords"):
        stage.map()
    attach(stage, *READING, resource=ARN + "-of-others")
    with pytest.raises(ClientError, match="Cannot access stream"):
        stage.map()
    attach(stage, *READING)
    stage.map()


def test_a_role_that_loses_its_right_reads_no_more_until_it_has_it_again(stage):
    stage.map()
    stage.put("a")
    stage.cloud.wait(3)
    detach(stage)
    stage.put("b")
    stage.cloud.wait(60)
    assert stage.batches == [["a"]]
    assert stage.last_result == "PROBLEM: The execution role may not read the stream"
    attach(stage, "kinesis:*")
    stage.cloud.wait(3)
    assert stage.batches == [["a"], ["b"]] and stage.last_result == "OK"


def test_who_stands_in_line_and_loses_the_right_to_read_waits_like_anybody(stage):
    several(stage, 7)
    for number in range(40):
        if number == 20:
            detach(stage)
        stage.put(str(number))
        stage.cloud.wait(0.48)
    read = len(stage.batches)
    stage.cloud.wait(60)
    assert len(stage.batches) == read and read
    attach(stage, "kinesis:*")
    stage.cloud.wait(10)
    assert sum(map(len, stage.batches)) == 7 * 40


def test_a_registered_consumer_needs_the_right_to_subscribe(stage, consumer):
    detach(stage)
    attach(stage, *READING)
    with pytest.raises(ClientError, match="Cannot access stream"):
        stage.map(source=consumer)
    attach(stage, *READING, "kinesis:SubscribeToShard", resource=[ARN, ARN + "/consumer/*"])
    stage.map(source=consumer)


def test_a_deny_wins(stage):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kinesis:Get*", "Resource": "*"}]}
    iam = stage.cloud.client("iam")
    iam.put_role_policy(RoleName="shop", PolicyName="no", PolicyDocument=json.dumps(policy))
    with pytest.raises(ClientError, match="Cannot access stream"):
        stage.map()


@pytest.mark.parametrize(
    ("effect", "condition", "allowed"),
    [
        ("Allow", {"StringEquals": {"aws:ResourceAccount": "123456789012"}}, True),
        ("Allow", {"StringEquals": {"aws:resourceaccount": ["210987654321", "123456789012"]}}, True),
        ("Allow", {"StringLike": {"aws:ResourceAccount": "1234*"}}, True),
        ("Allow", {"StringEquals": {"aws:ResourceAccount": "210987654321"}}, False),
        ("Allow", {"StringNotEquals": {"aws:ResourceAccount": "123456789012"}}, False),
        ("Allow", {"StringEquals": {"aws:ResourceAccount": "123456789012", "aws:PrincipalTag/team": "shop"}}, False),
        ("Allow", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, False),
        ("Allow", {"StringEqualsIfExists": {"aws:PrincipalTag/team": "shop"}}, True),
        ("Deny", {"StringNotEquals": {"aws:ResourceAccount": "123456789012"}}, True),
        ("Deny", {"StringEquals": {"aws:ResourceAccount": "123456789012"}}, False),
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}}, True),
    ],
)
def test_conditions_know_the_account_and_nothing_else(stage, effect, condition, allowed):
    if effect == "Allow":
        detach(stage)
    statement = {"Effect": effect, "Action": "kinesis:*", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stage.cloud.client("iam").put_role_policy(RoleName="shop", PolicyName="some", PolicyDocument=policy)
    with nullcontext() if allowed else pytest.raises(ClientError, match="Cannot access stream"):
        stage.map()


def test_a_condition_that_does_not_hold_takes_nothing_away(stage):
    statement = {"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}
    policy = {**statement, "Condition": {"StringEquals": {"aws:ResourceAccount": "210987654321"}}}
    stage.cloud.client("iam").put_role_policy(
        RoleName="shop", PolicyName="more", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": policy})
    )
    stage.map()  # the managed policy allows it


def test_reads_are_counted_once_a_second_when_little_comes(stage):
    stage.map()
    for _ in range(100):
        stage.put("x")
        stage.cloud.wait(0.1)
    stage.cloud.wait(2)
    assert math.isclose(len(stage.rows("poll")), 11, abs_tol=1)


def reads_in_a_row(stage, shard: str = "shardId-000000000000") -> int:
    """How many GetRecords the shard answers before it refuses one; a second later all is as before."""
    kinesis = stage.cloud.client("kinesis", config=ONCE)
    iterator = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    stage.cloud.wait(1.5)
    for count in range(10):
        try:
            kinesis.get_records(ShardIterator=iterator["ShardIterator"])
        except ClientError as refusal:
            assert refusal.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
            stage.cloud.wait(1.5)
            return count
    raise AssertionError("never refused")


def test_an_idle_mapping_takes_one_of_the_five_reads(stage):
    assert reads_in_a_row(stage) == 5
    uuid = stage.map()
    assert reads_in_a_row(stage) == 4
    stage.put("x")
    stage.cloud.wait(3)
    assert stage.batches == [["x"]] and reads_in_a_row(stage) == 4
    stage.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    stage.cloud.wait(10)
    assert reads_in_a_row(stage) == 5
    stage.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    stage.cloud.wait(10)
    assert reads_in_a_row(stage) == 4
    stage.lambda_.delete_event_source_mapping(UUID=uuid)
    stage.cloud.wait(10)
    assert reads_in_a_row(stage) == 5


def test_idle_mappings_leave_something_to_a_reader(stage):
    """Even five of them, which could take every read."""
    several(stage, 5)
    kinesis, read = stage.cloud.client("kinesis", config=ONCE), 0
    place = kinesis.get_shard_iterator(StreamName="orders", ShardId="shardId-0", ShardIteratorType="LATEST")
    for _ in range(40):
        with suppress(ClientError):
            kinesis.get_records(ShardIterator=place["ShardIterator"])
            read += 1
        stage.cloud.wait(0.99)
    assert read >= 20


def test_a_registered_consumer_takes_none_of_the_five_reads(stage):
    consumer = stage.kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="own")["Consumer"]["ConsumerARN"]
    stage.cloud.wait(30)
    stage.map(source=consumer)
    assert reads_in_a_row(stage) == 5
