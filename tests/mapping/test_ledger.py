"""The account of every record, held against what the played function was given."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from kinesis_lab.emulator.recorder import Entry
from kinesis_lab.ledger import COLUMNS, FATES, ledger, spans
from tests.mapping.conftest import Stage, poison, stuck_at_poison


def fates(table: pd.DataFrame) -> dict[str, int]:
    return table["fate"].value_counts().to_dict()


def test_every_record_has_a_row_from_put_to_done(stage: Stage):
    stage.kinesis.update_shard_count(StreamName="orders", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    stage.cloud.wait(60)
    stage.map()
    stage.put(*"abc", hash_key=0)
    stage.put(*"defgh", hash_key=2**128 - 1)
    stage.cloud.wait(5)
    account = ledger(stage.cloud.recorder.table())
    assert tuple(account.columns) == COLUMNS
    assert len(account) == 8 and fates(account) == {"processed": 8}
    assert set(account["deliveries"]) == {1}
    assert (account["put_at"] < account["first_given"]).all() and (account["first_given"] < account["done_at"]).all()
    for _, shard in account.groupby("shard"):
        assert list(shard["place"]) == list(range(len(shard)))


def test_what_waits_behind_a_failure_and_how_often_it_came(stage: Stage):
    stage.answer = poison
    stage.map(BatchSize=2)
    stage.put("good", "good", "poison", "late", "later", key="k")
    stage.cloud.wait(5)
    account = ledger(stage.cloud.recorder.table())
    assert list(account["fate"]) == ["processed"] * 2 + ["waiting"] * 3
    tries = len(stage.invocations) - 1
    assert tries > 1 and list(account["deliveries"]) == [1, 1, tries, tries, 0]
    assert account["done_at"].isna().tolist() == [False, False, True, True, True]


def test_given_up_with_and_without_a_report(stage: Stage):
    stage.answer = poison
    stage.map(BatchSize=1, MaximumRetryAttempts=1)
    stage.put("poison", "good", key="k")
    stage.cloud.wait(10)
    account = ledger(stage.cloud.recorder.table())
    assert list(account["fate"]) == ["dropped", "processed"]
    assert list(account["reason"]) == ["RetryAttemptsExhausted", ""]
    assert list(account["deliveries"]) == [2, 1]


def test_a_partial_answer_counts_what_was_done(stage: Stage):
    stage.answer = stuck_at_poison
    stage.map(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=0)
    stage.put("one", "two", "poison", "four", key="k")
    stage.cloud.wait(10)
    account = ledger(stage.cloud.recorder.table())
    assert list(account["fate"]) == ["processed", "processed", "dropped", "dropped"]
    assert list(account["deliveries"]) == [1, 1, 2, 2]
    assert account["done_at"][0] == account["done_at"][1] < account["done_at"][2]


def test_filtered_records_are_told_apart_within_a_batch(stage: Stage):
    pattern = json.dumps({"data": {"kind": ["sale"]}})
    stage.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    stage.put(*(json.dumps({"kind": kind}) for kind in ("sale", "visit", "sale", "visit", "visit")), key="k")
    stage.cloud.wait(5)
    account = ledger(stage.cloud.recorder.table())
    assert list(account["fate"]) == ["processed", "filtered", "processed", "filtered", "filtered"]
    assert list(account["deliveries"]) == [1, 0, 1, 0, 0]


def test_expired_behind_a_failure_and_before_it_was_ever_read(stage: Stage):
    stage.answer = poison
    stage.map(BatchSize=1)
    stage.put("poison", "behind it", key="k")
    stage.cloud.wait(26 * 3600)
    account = ledger(stage.cloud.recorder.table())
    assert list(account["fate"]) == ["expired", "expired"]
    assert list(account["reason"]) == ["waiting", "waiting"]
    assert account["deliveries"][0] > 1000 and account["deliveries"][1] == 0


def test_two_mappings_have_an_account_each(stage: Stage):
    first = stage.map()
    table = stage.cloud.recorder.table()
    with pytest.raises(ValueError, match="mapping is 'nobody'; the table has '"):
        ledger(table, "nobody")
    stage.cloud.client("lambda").delete_event_source_mapping(UUID=first)
    stage.cloud.wait(10)
    second = stage.map()
    stage.put("a", key="k")
    stage.cloud.wait(5)
    table = stage.cloud.recorder.table()
    with pytest.raises(ValueError, match="the table is of 2 mappings; choose one"):
        ledger(table)
    assert fates(ledger(table, first)) == {"waiting": 1}
    assert fates(ledger(table, second)) == {"processed": 1}


def test_a_table_that_begins_in_the_middle_accounts_for_what_came_later(stage: Stage):
    stage.map()
    stage.put("a", "b", key="k")
    stage.cloud.wait(5)
    since = len(stage.cloud.recorder)
    stage.put("c", key="k")
    stage.cloud.wait(5)
    account = ledger(stage.cloud.recorder.table()[since:])
    assert list(account["place"]) == [2] and fates(account) == {"processed": 1}


def test_nothing_put_is_an_empty_account(stage: Stage):
    stage.map()
    account = ledger(stage.cloud.recorder.table())
    assert account.empty and tuple(account.columns) == COLUMNS


def test_a_table_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="the table has no column places"):
        ledger(pd.DataFrame(columns=["at", "until", "kind", "stream", "shard", "mapping", "done", "outcome", "note"]))


def test_places_are_written_in_spans():
    assert list(spans("3")) == [(3, 3)]
    assert list(spans("0-4,7,9-10")) == [(0, 4), (7, 7), (9, 10)]
    assert len(set(FATES)) == 6


def test_what_a_record_became_first_stands_unless_the_function_is_done_with_it_later(stage: Stage):
    """A pause rewinds to the checkpoint, in front of what other lanes have done."""
    stage.answer = poison
    uuid = stage.map(BatchSize=1, ParallelizationFactor=10)
    stage.put("poison", key="a")
    stage.put("good", key="b")
    stage.cloud.wait(5)
    pattern = json.dumps({"data": {"kind": ["wanted"]}})
    stage.update(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    assert list(ledger(stage.cloud.recorder.table())["fate"]) == ["waiting", "processed"]
    for enabled in (False, True):
        stage.lambda_.update_event_source_mapping(UUID=uuid, Enabled=enabled)
        stage.cloud.wait(20)
    account = ledger(stage.cloud.recorder.table())
    assert list(account["fate"]) == ["filtered", "processed"]
    assert len(stage.rows("filter")) == 1 and stage.rows("filter")["records"].sum() == 2


def test_what_was_dropped_and_then_processed_is_processed():
    account = ledger(
        pd.DataFrame(
            [
                row(0, "put", places="0-1"),
                row(1, "discard", mapping="m", places="0-1", outcome="dropped", note="RetryAttemptsExhausted"),
                row(2, "invoke", until=3, mapping="m", places="0", done=1),
                row(4, "filter", mapping="m", places="0-1"),
            ],
            columns=list(Entry._fields),
        )
    )
    assert list(account["fate"]) == ["processed", "dropped"] and list(account["done_at"]) == [3, 1]


def row(at: float, kind: str, **fields: object) -> Entry:
    return Entry(at, kind, stream="orders", shard="shardId-000000000000", **fields)  # type: ignore[arg-type]
