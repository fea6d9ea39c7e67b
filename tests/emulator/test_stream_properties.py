"""Whatever happens to a stream: no record is lost, doubled or out of order, and no limit is exceeded."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from helpers import open_cloud
from tests.examples import examples

SPACE = 2**128
RETENTION = 24 * 3600
NAME = "orders"


class Accepted(NamedTuple):
    """A record that the stream took."""

    at: float
    shard: str
    number: int
    size: int
    data: bytes


class StreamMachine(RuleBasedStateMachine):
    """Puts, reads, reshards and lets time pass; a reader follows every shard by its iterators."""

    @initialize(shards=st.integers(1, 4))
    def create(self, shards: int) -> None:
        self.cloud = open_cloud("local")
        self.kinesis = self.cloud.client("kinesis")
        self.kinesis.create_stream(StreamName=NAME, ShardCount=shards)
        self.cloud.wait(10)
        self.accepted: list[Accepted] = []
        self.read: defaultdict[str, list[int]] = defaultdict(list)
        self.counter = itertools.count()

    def teardown(self) -> None:
        if not hasattr(self, "cloud"):
            return
        try:
            self.catch_up()
            self.everything_young_was_read()
        finally:
            self.cloud.close()

    # What can happen

    @rule(keys=st.lists(st.integers(0, 9), min_size=1, max_size=30), size=st.sampled_from([0, 10, 60_000]))
    def put(self, keys: list[int], size: int) -> None:
        records = [
            {"Data": f"{next(self.counter)}.".encode() + b"x" * size, "PartitionKey": f"key-{key}"} for key in keys
        ]
        answer = self.kinesis.put_records(StreamName=NAME, Records=records)
        failed = [entry for entry in answer["Records"] if "ErrorCode" in entry]
        assert answer["FailedRecordCount"] == len(failed)
        at = self.cloud.now().timestamp()
        for record, entry in zip(records, answer["Records"], strict=True):
            if "SequenceNumber" in entry:
                bytes_in = len(record["Data"]) + len(record["PartitionKey"])
                self.accepted.append(
                    Accepted(at, entry["ShardId"], int(entry["SequenceNumber"]), bytes_in, record["Data"])
                )

    @rule(times=st.integers(1, 3), key=st.integers(0, 9))
    def flood(self, times: int, key: int) -> None:
        for _ in range(times):
            self.put([key] * 500, 0)

    @rule(seconds=st.one_of(st.floats(0, 2), st.floats(0, 5 * 3600)))
    def wait(self, seconds: float) -> None:
        self.cloud.wait(seconds)

    @rule()
    def catch_up(self) -> None:
        """Read every shard on from where this reader stands, to its end."""
        for shard in self.shards():
            for number in self.following(shard["ShardId"]):
                self.read[shard["ShardId"]].append(number)

    @precondition(lambda self: len(self.open_shards()) < 8)
    @rule(choice=st.integers(0, 99), at=st.floats(0.01, 0.99))
    def split(self, choice: int, at: float) -> None:
        shard = self.open_shards()[choice % len(self.open_shards())]
        first, last = self.range_of(shard)
        self.reshard(
            self.kinesis.split_shard,
            ShardToSplit=shard["ShardId"],
            NewStartingHashKey=str(first + 2 + int((last - first - 4) * at)),
        )

    @precondition(lambda self: len(self.open_shards()) > 1)
    @rule(choice=st.integers(0, 99))
    def merge(self, choice: int) -> None:
        pairs = list(itertools.pairwise(self.open_shards()))
        lower, upper = pairs[choice % len(pairs)]
        self.reshard(self.kinesis.merge_shards, ShardToMerge=lower["ShardId"], AdjacentShardToMerge=upper["ShardId"])

    @rule(wanted=st.integers(1, 8))
    def scale(self, wanted: int) -> None:
        count = len(self.open_shards())
        if count <= 2 * wanted and wanted <= 2 * count:
            self.reshard(self.kinesis.update_shard_count, TargetShardCount=wanted, ScalingType="UNIFORM_SCALING")

    def reshard(self, operation: Any, **arguments: Any) -> None:
        try:
            operation(StreamName=NAME, **arguments)
        except ClientError as refused:  # ten rescalings a day are what there is
            assert refused.response["Error"]["Code"] == "LimitExceededException"
        self.cloud.wait(31)

    # What always holds

    @invariant()
    def open_ranges_part_the_key_space(self) -> None:
        if hasattr(self, "cloud"):
            ends = [self.range_of(shard) for shard in self.open_shards()]
            assert ends[0][0] == 0
            assert ends[-1][1] == SPACE - 1
            assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(ends))

    @invariant()
    def numbers_grow(self) -> None:
        if not hasattr(self, "cloud"):
            return
        by_shard: defaultdict[str, list[int]] = defaultdict(list)
        for record in self.accepted:
            by_shard[record.shard].append(record.number)
        for numbers in by_shard.values():
            assert all(a < b for a, b in itertools.pairwise(numbers))
        for shard in self.shards():
            start = int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
            for parent in (shard.get("ParentShardId"), shard.get("AdjacentParentShardId")):
                assert all(number < start for number in by_shard.get(parent, []))

    @invariant()
    def no_second_exceeds_a_budget(self) -> None:
        by_shard: defaultdict[str, list[Accepted]] = defaultdict(list)
        for record in getattr(self, "accepted", [])[-4000:]:
            by_shard[record.shard].append(record)
        for records in by_shard.values():
            first, size = 0, 0
            for last, record in enumerate(records):
                size += record.size
                while records[first].at <= record.at - 1:
                    size -= records[first].size
                    first += 1
                assert last - first < 1000
                assert size <= 1024**2

    def everything_young_was_read(self) -> None:
        """Exactly once, in order; what was not read had expired."""
        now = self.cloud.now().timestamp()
        for shard, numbers in self.read.items():
            written = [record.number for record in self.accepted if record.shard == shard]
            assert numbers == [number for number in written if number in set(numbers)]
        read = {number for numbers in self.read.values() for number in numbers}
        assert all(record.number in read for record in self.accepted if now - record.at < RETENTION - 60)

    # How the reader looks at it

    def shards(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.kinesis.list_shards(StreamName=NAME)["Shards"]
        return found

    def open_shards(self) -> list[dict[str, Any]]:
        opened = [shard for shard in self.shards() if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
        return sorted(opened, key=self.range_of)

    @staticmethod
    def range_of(shard: dict[str, Any]) -> tuple[int, int]:
        keys = shard["HashKeyRange"]
        return int(keys["StartingHashKey"]), int(keys["EndingHashKey"])

    def following(self, shard: str) -> list[int]:
        last = self.read[shard][-1:] if self.read[shard] else []
        position = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(last[0])}
            if last
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        place = self.kinesis.get_shard_iterator(StreamName=NAME, ShardId=shard, **position)["ShardIterator"]
        numbers: list[int] = []
        while place:
            page = self.kinesis.get_records(ShardIterator=place)
            numbers += [int(record["SequenceNumber"]) for record in page["Records"]]
            place = page.get("NextShardIterator") if page["MillisBehindLatest"] else None
        return numbers


TestStream = StreamMachine.TestCase
TestStream.settings = settings(max_examples=examples(25), stateful_step_count=20)
