"""Whatever fails, pauses, splits or is changed on the way: what must hold for every record and every key."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from kinesis_lab.emulator.lambda_.mapping.on_failure import OnFailureDestination
from kinesis_lab.emulator.wire import AwsError
from kinesis_lab.ledger import ledger, spans
from kinesis_lab.testing import fresh_cloud
from kinesis_lab.testing.strategies import KNOBS
from tests.examples import examples
from tests.mapping.conftest import Failure, Stage, failures, number_of, text_of

KEYS = 6
BUCKET = "arn:aws:s3:::failed"

KINDS = st.sampled_from(["good"] * 12 + ["flaky", "poison", "slow", "crash", "unwanted"])
"""What records do to the function: most nothing; some fail a few times, some always; some are filtered out."""

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        **KNOBS,
        "FilterCriteria": st.sampled_from(
            [
                {"Filters": []},
                {"Filters": [{"Pattern": json.dumps({"data": {"kind": [{"anything-but": "unwanted"}]}})}]},
            ]
        ),
        "DestinationConfig": st.sampled_from([{"OnFailure": {}}, {"OnFailure": {"Destination": BUCKET}}]),
    },
)

RECORDS = st.lists(st.tuples(st.integers(0, KEYS - 1), KINDS), min_size=1, max_size=12)
"""A key and a kind each."""

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), RECORDS),
        st.tuples(st.just("put"), RECORDS),
        st.tuples(st.just("put into a crowd"), RECORDS),
        st.tuples(st.just("wait"), st.sampled_from([0.3, 1.0, 4.0, 15.0, 70.0])),
        st.tuples(st.just("update"), SETTINGS),
        st.tuples(st.just("pause"), st.sampled_from([0.0, 3.0, 20.0])),
        st.tuples(st.just("throttle"), st.sampled_from([3.0, 20.0])),
        st.tuples(st.just("reshard"), st.sampled_from([1, 2, 3, 4])),
    ),
    min_size=3,
    max_size=14,
)


@dataclass
class Play:
    """A function that does what its records tell it, and remembers what became of each."""

    stage: Stage
    refusing: bool = False
    tries: Counter[str] = field(default_factory=Counter)
    processed: list[tuple[str, str]] = field(default_factory=list)
    """Key and sequence number, each time that a record was processed for good."""
    done_at: dict[str, float] = field(default_factory=dict)
    """When a record was processed or given up for the first time."""

    def refuse(self, _document: dict[str, Any]) -> None:
        if self.refusing:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)

    def answer(self, document: dict[str, Any]) -> Any:
        records = document["Records"]
        bad = [record for record in records if self._fails(record)]
        reports = self.stage.configuration.settings.reports_items and not any(
            _kind(record) == "crash" for record in bad
        )
        good = records[: records.index(bad[0])] if bad and reports else [] if bad else records
        self.processed += [(record["kinesis"]["partitionKey"], number_of(record)) for record in good]
        self.done(map(number_of, good))
        if bad and not reports:
            raise Failure("timeout" if _kind(bad[0]) == "slow" else "error")
        return failures(number_of(bad[0])) if bad else None

    def done(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            self.done_at.setdefault(number, self.stage.cloud.now().timestamp())

    def _fails(self, record: dict[str, Any]) -> bool:
        kind, number = _kind(record), number_of(record)
        self.tries[number] += 1
        return kind == "poison" or (kind in ("flaky", "slow", "crash") and self.tries[number] <= 2)


def _kind(record: dict[str, Any]) -> str:
    return str(json.loads(text_of(record))["kind"])


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(first=SETTINGS, actions=ACTIONS, shards=st.integers(1, 3))
def test_nothing_is_lost_out_of_order_or_repeated_without_reason(first, actions, shards):
    given_up: list[str] = []
    plays: list[Play] = []
    discard = OnFailureDestination.discard

    def spied(self, lane, records, *rest):
        given_up.extend(record.sequence_number for record in records)
        plays[-1].done(record.sequence_number for record in records)
        return discard(self, lane, records, *rest)

    OnFailureDestination.discard = spied  # type: ignore[method-assign]
    try:
        with fresh_cloud(limits=False) as cloud:
            stage = Stage(cloud)
            stage.open(shards)
            play = Play(stage)
            plays.append(play)
            stage.answer, stage.refuse = play.answer, play.refuse
            stage.seconds = lambda document: 25.0 if "slow" in map(_kind, document["Records"]) else 0.5
            written = perform(stage, play, first, actions)
            check(stage, play, written, given_up)
    finally:
        OnFailureDestination.discard = discard  # type: ignore[method-assign]


def perform(stage, play, first, actions):
    """Put the schedule on, let it come to rest, and return what was written: key and kind by sequence number."""
    written: dict[str, tuple[str, str]] = {}
    stage.map(wait=0, **first)
    stage.cloud.wait(6)
    for name, what in actions:
        if name.startswith("put"):
            written |= put(stage, what)
            if name == "put into a crowd":
                crowd(stage)
        elif name == "wait":
            stage.cloud.wait(what)
        elif name == "update":
            stage.update(wait=3, **what)
        elif name == "pause":
            stage.update(wait=5.5 + what, Enabled=False)
            stage.update(wait=5.5, Enabled=True)
        elif name == "throttle":
            play.refusing = True
            stage.cloud.wait(what)
            play.refusing = False
        else:
            reshard(stage, what)
    stage.update(MaximumRetryAttempts=1, MaximumRecordAgeInSeconds=-1, wait=3000)
    return written


def put(stage, what):
    """Put records of these keys and kinds; both, as written, by sequence number."""
    records = [{"Data": json.dumps({"kind": kind}).encode(), "PartitionKey": f"key-{key}"} for key, kind in what]
    answer = stage.kinesis.put_records(StreamName="orders", Records=records)
    return {
        entry["SequenceNumber"]: (f"key-{key}", kind)
        for (key, kind), entry in zip(what, answer["Records"], strict=True)
    }


def crowd(stage):
    """For a while others take what the shards give out; now and then they are too slow."""
    region = stage.cloud.emulator.switchboard.kinesis("us-east-1").region
    region.limits = True
    for step in range(30):
        for shard in region.streams["orders"].shards:
            while step % 5 and shard.reads.take(stage.cloud.emulator.clock.microseconds, 1, 1):
                pass
        stage.cloud.wait(1 / 7)
    region.limits = False


def reshard(stage, target):
    present = stage.kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["OpenShardCount"]
    target = min(max(target, -(-present // 2)), 2 * present)
    if target != present:
        stage.kinesis.update_shard_count(StreamName="orders", TargetShardCount=target, ScalingType="UNIFORM_SCALING")
        stage.cloud.wait(31)


def check(stage, play, written, given_up):
    entries = stage.cloud.recorder.entries()
    processed = {number for _, number in play.processed}
    unwanted = {number for number, (_, kind) in written.items() if kind == "unwanted"}
    filtered = sum(entry.records for entry in entries if entry.kind == "filter")
    missing = set(written) - processed - set(given_up) - (unwanted if filtered else set())
    assert not missing, "neither processed nor filtered, nor reported, nor dropped"
    assert not {entry.kind for entry in entries} & {"expired"}
    refused = any(entry.kind == "poll" and entry.outcome == "throttled" for entry in entries)
    event(f"given up: {bool(given_up)}, filtered: {bool(filtered)}, polls refused: {refused}")

    firsts: dict[str, list[int]] = {}
    dropped = {*given_up, *filtered_out(stage, entries)}
    for key, number in dict.fromkeys(play.processed):
        if number not in dropped:  # what was dropped can come again after a rewind, behind what was done
            firsts.setdefault(key, []).append(int(number))
    for key, numbers in firsts.items():
        assert numbers == sorted(numbers), f"{key} was processed out of order"

    again = {number for (_, number), times in Counter(play.processed).items() if times > 1}
    rewound = any(entry.kind == "state" and entry.outcome == "Disabled" for entry in entries)
    assert not again or rewound, "a record was processed twice, and nothing explains it"

    for number, tries in play.tries.items():
        if tries > 1 and not rewound:
            explained = [
                entry
                for entry in entries
                if entry.kind == "invoke"
                and entry.outcome != "ok"
                and int(entry.first) <= int(number) <= int(entry.last)
            ]
            assert explained, "a record was delivered twice, and no failed batch explains it"

    check_checkpoints(stage, play, written)
    check_concurrency(stage)
    check_ledger(stage, play, given_up)


def number_at(stage, shard_id, place):
    """The sequence number of the record at a place of a shard."""
    stream = stage.cloud.emulator.switchboard.kinesis("us-east-1").region.streams["orders"]
    (shard,) = [shard for shard in stream.shards if shard.id == shard_id]
    return shard.at(place).sequence_number


def filtered_out(stage, entries):
    """The sequence numbers of the records that did not pass the filters at some time."""
    return {
        number_at(stage, entry.shard, place)
        for entry in entries
        if entry.kind == "filter"
        for first, last in spans(entry.places)
        for place in range(first, last + 1)
    }


def check_ledger(stage, play, given_up):
    """The account that is drawn from the flight recorder says the same as the function and the destinations did."""
    processed = {number for _, number in play.processed}
    for row in ledger(stage.cloud.recorder.table()).itertuples():
        number = number_at(stage, row.shard, row.place)
        assert row.deliveries == play.tries[number]
        assert (row.fate == "processed") <= (number in processed)
        assert (row.fate in ("reported", "dropped")) <= (number in given_up)
        assert (row.fate == "filtered") <= (number not in processed and number not in given_up)
        assert row.fate not in ("waiting", "expired")


def check_checkpoints(stage, play, written):
    """No checkpoint ever stood behind a record that was not done."""
    began = stage.cloud.now().timestamp() - stage.cloud.recorder._clock.elapsed
    waiting = {number for number, (_, kind) in written.items() if kind != "unwanted"}
    shard_of = {number: each.shard for each in stage.invocations for number in map(number_of, each.event["Records"])}
    for entry in stage.cloud.recorder.entries("checkpoint"):
        late = [
            number
            for number in waiting
            if shard_of.get(number) == entry.shard
            and int(number) <= int(entry.last)
            and play.done_at[number] > began + entry.at + 1e-3
        ]
        assert not late, "the checkpoint passed a record that was not done"


def check_concurrency(stage):
    """A key is in one batch at a time, and a shard in no more than its lanes."""
    by_key: dict[str, list[tuple[float, float]]] = {}
    for each in stage.invocations:
        for key in set(each.keys):
            by_key.setdefault(key, []).append((each.began, each.ended))
    for key, times in by_key.items():
        for (_, one_ended), (other_began, _) in itertools.pairwise(sorted(times)):
            assert one_ended <= other_began, f"{key} was in two batches at once"
