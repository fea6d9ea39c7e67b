"""From key to shard: facts 2, and whatever a stream does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import partitioning
from helpers.partitioning import HASH_KEYS, even_ranges, hash_key, middle, placement, shard_for, shards_needed


def shards_of(count, **more):
    return [
        {
            "ShardId": f"shardId-{number:012d}",
            "HashKeyRange": {"StartingHashKey": str(first), "EndingHashKey": str(last)},
            "SequenceNumberRange": {"StartingSequenceNumber": "1", **more},
        }
        for number, (first, last) in enumerate(even_ranges(count))
    ]


@pytest.mark.parametrize(
    ("key", "number", "shard"),
    [
        ("1", 261578874264819908609102035485573088411, 3),
        ("test", 12707736894140473154801792860916528374, 0),
        ("device-1", 277901890176008628857739572313990950024, 3),
        ("a", 16955237001963240173058271559858726497, 0),
    ],
)
def test_known_keys(key, number, shard):
    assert hash_key(key) == number
    assert shard_for(number, shards_of(4)) == f"shardId-{shard:012d}"


def test_the_key_undefined_lands_where_the_lesson_says():
    assert shard_for(hash_key("undefined"), shards_of(10)) == "shardId-000000000003"


@given(st.integers(1, 300), st.integers(0, HASH_KEYS - 1))
def test_every_hash_key_belongs_to_one_shard(count, number):
    ranges = even_ranges(count)
    assert sum(first <= number <= last for first, last in ranges) == 1


def test_closed_shards_take_nothing():
    closed = shards_of(1, EndingSequenceNumber="2")
    with pytest.raises(ValueError, match="no open shard takes the hash key 5"):
        shard_for(5, closed)
    assert shard_for(5, closed + shards_of(1)) == "shardId-000000000000"


@pytest.mark.parametrize("number", [-1, HASH_KEYS])
def test_what_is_no_hash_key(number):
    with pytest.raises(ValueError, match="hash keys go from 0"):
        shard_for(number, shards_of(2))


@given(st.integers(1, 50), st.integers(0, 49))
def test_the_middle_of_a_shard_can_be_split_at(count, index):
    shard = shards_of(count)[index % count]
    first, last = partitioning.hash_range(shard)
    assert first + 1 < int(middle(shard)) < last
    assert abs((int(middle(shard)) - first) - (last - int(middle(shard)))) <= 1


@pytest.mark.parametrize(
    ("records", "size", "shards"), [(0, 0, 1), (1_000, 10, 1), (1_001, 10, 2), (100, 20_000, 2), (5_000, 200, 5)]
)
def test_shards_needed(records, size, shards):
    assert shards_needed(records, size) == shards


def test_even_ranges_needs_a_shard():
    with pytest.raises(ValueError, match="count must be at least 1"):
        even_ranges(0)


def test_placement_counts_keys():
    table = placement(["a", "1", "a"], shards_of(4))
    assert table.to_dict("records") == [
        {"partition_key": "a", "hash_key": hash_key("a"), "shard": "shardId-000000000000", "records": 2},
        {"partition_key": "1", "hash_key": hash_key("1"), "shard": "shardId-000000000003", "records": 1},
    ]


@given(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=20))
def test_the_emulator_agrees(keys):
    from kinesis_lab.emulator.clock import Clock
    from kinesis_lab.emulator.kinesis.stream import Stream
    from kinesis_lab.emulator.recorder import FlightRecorder

    clock = Clock()
    stream = Stream("s", "us-east-1", "PROVISIONED", 5, clock, FlightRecorder(clock))
    stream.activate()
    for key in keys:
        assert stream.shard_for(key).id == shard_for(hash_key(key), shards_of(5))
