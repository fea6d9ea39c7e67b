"""The event source mapping with everything on, a day of a poisoned shard, and what a waiting record costs."""

from __future__ import annotations

import gc
import json

import psutil

from benchmarks.measuring import STREAM, STREAM_ARN, Bars, deploy, entries, put, seconds
from helpers import open_cloud
from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.clock import Steps

RECORDS = 100_000
SHARDS = 4
DAY = 24 * 3600
WAITING = 200_000

WORKS = """
import base64, json
def handler(event, context):
    for record in event["Records"]:
        base64.b64decode(record["kinesis"]["data"])
    return {"batchItemFailures": []}
"""
POISONED = """
def handler(event, context):
    if any(record["kinesis"]["partitionKey"] == "poison" for record in event["Records"]):
        raise ValueError("I cannot")
"""


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars("The event source mapping")
    _everything_on(bars)
    _poisoned_day(bars)
    _waiting(bars)
    return bars.missed


def _everything_on(bars: Bars) -> None:
    with _cloud(WORKS) as cloud:
        kinesis = cloud.client("kinesis")
        putting = seconds(lambda: _put_json(kinesis, RECORDS))
        _map(
            cloud,
            BatchSize=100,
            ParallelizationFactor=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            FilterCriteria={"Filters": [{"Pattern": json.dumps({"data": {"kind": ["sale"]}})}]},
        )
        delivering = seconds(lambda: cloud.wait_until(lambda: _delivered(cloud) == RECORDS, timeout=3600))
        rate = RECORDS / (putting + delivering)
        bars.at_least(
            f"{RECORDS:,} records, {SHARDS} shards, 10 lanes each, filters and partial responses",
            rate,
            10_000,
            "records/s",
        )


def _poisoned_day(bars: Bars) -> None:
    with _cloud(POISONED) as cloud:
        local = cloud.emulator
        stream = local.switchboard.kinesis("us-east-1").region.streams[STREAM]

        def producer() -> Steps:
            for second in range(DAY):
                key = "poison" if second == 60 else f"key-{second}"
                stream.append(stream.shard_for(key), key, b"x" * 200)
                yield local.clock.timeout(1)

        _map(cloud, BatchSize=100)
        local.clock.start(producer())
        taken = seconds(lambda: cloud.wait(DAY))
        invocations = cloud.recorder.entries("invoke")
        failed = sum(entry.outcome == "error" for entry in invocations)
        assert failed > 1000, "the poison was not met"
        bars.info("invocations in 24 virtual hours of a poisoned shard, 1 record/s", len(invocations), "")
        bars.info("of which failed", failed, "")
        bars.at_most("the 24 hours", taken, 8, "seconds")


def _waiting(bars: Bars) -> None:
    with _cloud(POISONED) as cloud:
        kinesis = cloud.client("kinesis")
        kinesis.put_record(StreamName=STREAM, Data=b"x", PartitionKey="poison")
        put(kinesis, WAITING)
        _map(cloud, BatchSize=10_000, ParallelizationFactor=10)
        gc.collect()
        memory = psutil.Process().memory_info().rss
        cloud.wait(120)
        gc.collect()
        grown = psutil.Process().memory_info().rss - memory
        bars.at_most("memory that a waiting record takes beside the stream's own", grown / WAITING, 1024, "bytes")


def _cloud(source: str) -> Cloud:
    cloud = open_cloud("local", limits=False)
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    deploy(cloud, source)
    return cloud


def _map(cloud: Cloud, **settings: object) -> None:
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=STREAM_ARN, FunctionName="bench", StartingPosition="TRIM_HORIZON", **settings
    )
    cloud.wait(5)


def _put_json(kinesis: object, total: int) -> None:
    batch = entries(500)
    for record in batch:
        record["Data"] = json.dumps({"kind": "sale", "text": "x" * 170}).encode()
    for _ in range(total // 500):
        kinesis.put_records(StreamName=STREAM, Records=batch)  # type: ignore[attr-defined]


def _delivered(cloud: Cloud) -> int:
    return sum(entry.done or 0 for entry in cloud.recorder.entries("invoke"))


if __name__ == "__main__":
    raise SystemExit(main())
