"""How records become batches, and batches run side by side: facts 7.6 and 7.7."""

from __future__ import annotations

import itertools
import json

import pytest

from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.event import ENVELOPE, MOST_BYTES, EventForm, own_size
from tests.mapping.conftest import Failure, poison, text_of

# Size and window


def test_without_a_window_whatever_is_there_goes(stage):
    stage.map(BatchSize=3)
    stage.put("a")
    stage.cloud.wait(3)
    stage.put("b", "c", "d", "e")
    stage.cloud.wait(3)
    assert stage.batches == [["a"], ["b", "c", "d"], ["e"]]


def test_a_batch_waits_for_its_window(stage):
    stage.map(MaximumBatchingWindowInSeconds=20)
    began = stage.cloud.recorder._clock.elapsed
    for text in "abcde":
        stage.put(text)
        stage.cloud.wait(3)
    stage.cloud.wait(20)
    assert stage.batches == [["a", "b", "c", "d", "e"]]
    (invocation,) = stage.invocations
    assert 15 < invocation.began - began < 21


def test_a_full_batch_does_not_wait(stage):
    stage.map(MaximumBatchingWindowInSeconds=300, BatchSize=2)
    stage.put("a", "b", "c")
    stage.cloud.wait(5)
    assert stage.batches == [["a", "b"]]
    stage.cloud.wait(310)
    assert stage.batches == [["a", "b"], ["c"]]


def test_the_next_window_opens_when_the_batch_before_is_done(stage):
    stage.seconds = lambda event: 7.0
    stage.map(MaximumBatchingWindowInSeconds=10)
    for _ in range(40):
        stage.put("x")
        stage.cloud.wait(1)
    stage.cloud.wait(40)
    for one, other in itertools.pairwise(stage.invocations):
        assert other.began - one.ended == pytest.approx(10, abs=0.1)


def test_no_window_no_invocation_without_records(stage):
    stage.map(MaximumBatchingWindowInSeconds=5)
    stage.cloud.wait(120)
    assert stage.invocations == []


# Six megabytes


@pytest.mark.parametrize("key", ["k", "Zoë", 'with "quotes" and \\', "x" * 256, "\u2028"])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000])
def test_the_size_of_an_event_is_known_before_it_is_written(key, size):
    form = EventForm(
        "shardId-000000000003", "arn:aws:kinesis:…/orders", "us-east-1", "arn:aws:iam::123456789012:role/Zoë"
    )
    records = [Record(str(10**55 + i), key, b"x" * size, 1767603600.0 + i / 8) for i in range(5)]
    expected = ENVELOPE + sum(form.fixed_size + own_size(record) for record in records) - len(",")
    assert len(form.event(records)) == expected
    assert len(json.loads(form.event(records))["Records"]) == 5


def test_a_batch_closes_at_six_megabytes_of_event(stage):
    with_envelope = []

    def measured(event):
        with_envelope.append(len(json.dumps(event, separators=(",", ":"))))

    stage.answer = measured
    for _ in range(12):
        stage.put("x" * 1_000_000)
        stage.cloud.wait(1)
    stage.map(MaximumBatchingWindowInSeconds=60, wait=90)
    assert sum(map(len, stage.batches)) == 12
    assert [len(batch) for batch in stage.batches] == [4, 4, 4], "four times 4/3 of a megabyte, and the envelope"
    assert all(size <= MOST_BYTES for size in with_envelope)


def test_a_record_that_fits_no_event_is_kept_until_it_is_too_old(stage):
    stage.kinesis.update_max_record_size(
        StreamARN="arn:aws:kinesis:us-east-1:123456789012:stream/orders", MaxRecordSizeInKiB=10240
    )
    stage.cloud.wait(10)
    stage.map(MaximumRecordAgeInSeconds=60)
    stage.put("x" * 5_000_000)
    stage.put("small")
    stage.cloud.wait(90)
    assert set(stage.rows("refused")["outcome"]) == {"RequestTooLargeException"}
    assert [row.records for row in stage.rows("discard").itertuples()] == [1, 1]


# Lanes


def busy(stage, keys, factor, each=4, seconds=10):
    """Put `each` records for every key, in turn, and let `factor` lanes work on them, one record at a time."""
    stage.seconds = lambda event: seconds
    for turn in range(each):
        for number in range(keys):
            stage.put(f"{turn}", key=f"key-{number}")
    stage.map(ParallelizationFactor=factor, BatchSize=1, wait=6)
    stage.cloud.wait(keys * each * seconds + 30)
    assert len(stage.invocations) == keys * each


def most_at_once(invocations):
    moments = [(each.began, 1) for each in invocations] + [(each.ended, -1) for each in invocations]
    return max(itertools.accumulate(step for _, step in sorted(moments)))


@pytest.mark.parametrize(("keys", "factor", "at_once"), [(1, 10, 1), (3, 1, 1), (30, 2, 2), (60, 10, 10)])
def test_as_many_batches_at_once_as_lanes_and_keys_allow(stage, keys, factor, at_once):
    busy(stage, keys, factor, each=2)
    assert most_at_once(stage.invocations) == at_once


def test_a_key_is_never_in_two_batches_at_once_and_keeps_its_order(stage):
    busy(stage, keys=12, factor=10)
    for key in {key for each in stage.invocations for key in each.keys}:
        own = [each for each in stage.invocations if key in each.keys]
        assert [each.texts for each in own] == [["0"], ["1"], ["2"], ["3"]]
        assert all(one.ended <= other.began for one, other in itertools.pairwise(own))


def test_a_lane_that_is_stuck_stops_its_own_keys_only_and_the_checkpoint(stage):
    stage.answer = poison
    stage.map(ParallelizationFactor=10, BatchSize=1)
    stage.put("poison", key="bad")
    for number in range(50):
        stage.put("fine", key=f"key-{number}")
    stage.cloud.wait(60)
    done = {key for each in stage.invocations if each.ok for key in each.keys}
    assert len(done) > 35
    assert len(stage.rows("checkpoint")) == 0, "the oldest record is not done"
    stage.answer = lambda event: None
    stage.cloud.wait(60)
    assert {key for each in stage.invocations if each.ok for key in each.keys} >= {"bad", "key-0"}
    (*_, last) = stage.rows("checkpoint").itertuples()
    assert int(last.last) == max(number for each in stage.invocations for number in each.numbers)


def test_another_factor_loses_nothing_and_repeats_nothing(stage):
    stage.seconds = lambda event: 5.0
    for number in range(60):
        stage.put(str(number), key=f"key-{number % 7}")
    stage.map(ParallelizationFactor=3, BatchSize=4, wait=12)
    stage.update(ParallelizationFactor=8, wait=30)
    stage.update(ParallelizationFactor=1, wait=300)
    texts = [text for each in stage.invocations for text in each.texts]
    assert sorted(map(int, texts)) == list(range(60))
    for key in range(7):
        own = [int(text) for text in texts if int(text) % 7 == key]
        assert own == sorted(own)


def test_another_factor_reaches_a_shard_that_is_stuck(stage):
    stage.answer = poison
    stage.map(BatchSize=2)
    for number in range(20):
        stage.put("poison" if number == 0 else str(number), key=f"key-{number % 5}")
    stage.cloud.wait(60)
    assert len({str(texts) for texts in stage.batches}) == 1, "the first batch comes again and again"
    stage.update(ParallelizationFactor=10, wait=60)
    done = {text for each in stage.invocations if each.ok for text in each.texts}
    held_up = set(map(str, range(20))) - done
    assert 0 < len(held_up) < 20, "other keys than that of the poison go on"
    assert {"5", "10", "15"} <= held_up, "its own key waits, in order"


def test_a_new_batch_size_holds_from_the_next_batch(stage):
    stage.seconds = lambda event: 1.0
    stage.put(*map(str, range(40)))
    stage.map(BatchSize=5)
    stage.update(BatchSize=10, wait=0)
    answer = stage.lambda_.get_event_source_mapping(UUID=stage.uuid)
    assert (answer["State"], answer["BatchSize"]) == ("Updating", 5), "the reply shows the old value"
    stage.cloud.wait(30)
    assert stage.lambda_.get_event_source_mapping(UUID=stage.uuid)["BatchSize"] == 10
    sizes = [len(batch) for batch in stage.batches]
    assert sum(sizes) == 40 and 5 in sizes and 10 in sizes


# Pauses


def test_what_is_under_way_when_disabled_is_finished_and_not_repeated(stage):
    stage.seconds = lambda event: 60.0
    stage.put("a", "b", "c", "d")
    stage.map(BatchSize=2)
    stage.update(Enabled=False, wait=6)
    stage.update(Enabled=True, wait=6)
    assert stage.batches == [["a", "b"]], "the first batch is still under way"
    stage.cloud.wait(200)
    assert stage.batches == [["a", "b"], ["c", "d"]]
    assert most_at_once(stage.invocations) == 1


def test_disabled_while_the_lanes_wait_for_a_long_batch(stage):
    stage.seconds = lambda event: 60.0
    stage.put("a", "b")
    stage.map(BatchSize=1)
    stage.update(ParallelizationFactor=2, wait=3)
    stage.update(Enabled=False, wait=6)
    stage.update(Enabled=True, wait=200)
    assert stage.batches == [["a"], ["b"]]
    stage.put("c")
    stage.cloud.wait(100)
    assert stage.batches[-1] == ["c"], "the shard goes on"


def test_enabled_again_with_lanes_goes_back_to_the_checkpoint(stage):
    def first_fails(event):
        if "first" in map(text_of, event["Records"]):
            raise Failure

    stage.answer = first_fails
    stage.put("first", key="bad")
    for number in range(20):
        stage.put(str(number), key=f"key-{number}")
    stage.map(ParallelizationFactor=10)
    stage.update(Enabled=False)
    stage.answer = lambda event: None
    before = len(stage.invocations)
    stage.update(Enabled=True, wait=20)
    again = [text for each in stage.invocations[before:] for text in each.texts]
    assert sorted(again) == sorted(["first", *map(str, range(20))]), "all behind the checkpoint, done or not"
