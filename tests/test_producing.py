"""put_all: nothing lost without a word, nothing twice, however the stream refuses."""

from __future__ import annotations

from collections import Counter

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from helpers import open_cloud
from helpers.producing import make_rush, put_all
from kinesis_lab import producing


def records(count, size=10, key="key-{}"):
    return [{"Data": f"{i}:".encode() + b"x" * size, "PartitionKey": key.format(i % 9)} for i in range(count)]


class Scripted:
    """PutRecords that refuses the n-th entry that it ever sees, for the n in a list."""

    def __init__(self, refused=()):
        self.refused, self.seen, self.taken, self.calls = set(refused), 0, [], []

    def put_records(self, StreamName, Records):
        self.calls.append(len(Records))
        entries = []
        for record in Records:
            if self.seen in self.refused:
                message = "Rate exceeded for shard shardId-000000000003 in stream orders under account 123456789012."
                entries.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": message})
            else:
                self.taken.append(record["Data"])
                entries.append({"ShardId": "shardId-000000000003", "SequenceNumber": str(self.seen)})
            self.seen += 1
        return {"FailedRecordCount": sum("ErrorCode" in entry for entry in entries), "Records": entries}


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Pauses are noted, not made."""
    noted: list[float] = []
    monkeypatch.setattr(producing.time, "sleep", noted.append)
    return noted


def test_chunks_by_count_and_by_bytes():
    client = Scripted()
    assert str(put_all(client, "orders", records(1_201))) == "1,201 written in 3 calls, 0 refusals, 0 lost"
    assert client.calls == [500, 500, 201]
    client = Scripted()
    put_all(client, "orders", records(25, size=1_000_000))
    assert client.calls == [10, 10, 5]


def test_only_refused_entries_are_sent_again(pauses):
    client = Scripted(refused=[1, 3, 5])
    report = put_all(client, "orders", records(5))
    assert client.calls == [5, 2, 1]
    assert sorted(client.taken) == sorted(record["Data"] for record in records(5))
    assert report.throttled == {"shardId-000000000003": 3}
    assert 0 <= pauses[0] <= 0.1
    assert 0 <= pauses[1] <= 0.2


def test_it_gives_up_and_says_so():
    hopeless = Scripted(refused=range(10_000))
    report = put_all(hopeless, "orders", records(3), attempts=4)
    assert hopeless.calls == [3, 3, 3, 3]
    assert report.written == 0
    assert [lost.record for lost in report.lost] == records(3)
    assert {lost.code for lost in report.lost} == {"ProvisionedThroughputExceededException"}


def test_records_are_taken_as_they_are_needed():
    client = Scripted()
    seen = []

    def endless():
        for record in records(2_000):
            seen.append(len(client.calls))
            yield record

    put_all(client, "orders", endless())
    assert seen[600] >= 1


@given(count=st.integers(0, 60), refused=st.sets(st.integers(0, 200)), attempts=st.integers(1, 5))
def test_written_or_lost_never_both_never_neither(count, refused, attempts):
    client = Scripted(refused)
    given_records = records(count)
    report = put_all(client, "orders", given_records, attempts=attempts)
    settled = client.taken + [lost.record["Data"] for lost in report.lost]
    assert Counter(settled) == Counter(record["Data"] for record in given_records)
    assert report.written == len(client.taken)
    assert len(client.calls) <= attempts


@pytest.mark.parametrize(("attempts", "message"), [(0, "attempts must be at least 1, not 0")])
def test_attempts_must_be_possible(attempts, message):
    with pytest.raises(ValueError, match=message):
        put_all(Scripted(), "orders", [], attempts=attempts)


def test_a_rush_has_its_share():
    rush = make_rush(2_000, share=0.5)
    assert 950 < sum(sale["USERNAME"] == "Zoë" for sale in rush) < 1_050
    assert rush == make_rush(2_000, share=0.5)
    with pytest.raises(ValueError, match="share must be between 0 and 1"):
        make_rush(1, share=2)


def test_on_a_real_shard_all_of_it_arrives(monkeypatch):
    monkeypatch.undo()
    with open_cloud("local") as cloud:
        kinesis = cloud.client("kinesis")
        kinesis.create_stream(StreamName="orders", ShardCount=1)
        cloud.wait(10)
        report = put_all(kinesis, "orders", records(5_000, key="constant"))
        assert (report.written, report.lost) == (5_000, [])
        assert report.throttled["shardId-000000000000"] > 0
        shard = cloud.recorder.table("put").query("outcome == 'ok'")
        assert shard["records"].sum() == 5_000
        cloud.wait(5)
        malformed = {"Data": b"x", "PartitionKey": "k" * 300}
        with pytest.raises(ClientError, match="less than or equal to 256") as refused:
            put_all(kinesis, "orders", [*records(500), malformed])
        assert refused.value.__notes__ == ["Until then: 500 written in 1 calls, 0 refusals, 0 lost."]
