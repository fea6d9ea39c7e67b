"""Putting and reading through boto3, beside plain moto in the same run, with limits switched off."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from typing import Any

import psutil

from benchmarks.measuring import STREAM, Bars, put, seconds
from helpers import open_cloud
from kinesis_lab.cloud import Cloud

SHARDS = 4
SMALL = 10_000
MIDDLE = 50_000
LARGE = 1_000_000
SLICE = 10_000
RECORD_BYTES = 200

PLAIN_MOTO = f"""
import boto3, json
from moto import mock_aws
from benchmarks.bench_kinesis import read_all
from benchmarks.measuring import STREAM, put, seconds
with mock_aws():
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName=STREAM, ShardCount={SHARDS})
    print(json.dumps([seconds(lambda: put(kinesis, {MIDDLE})), seconds(lambda: read_all(kinesis))]))
"""


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars(f"Kinesis: records of {RECORD_BYTES} bytes through boto3, {SHARDS} shards, no limits")
    _beside_moto(bars)
    _at_length(bars)
    return bars.missed


def _beside_moto(bars: Bars) -> None:
    answer = subprocess.run([sys.executable, "-c", PLAIN_MOTO], capture_output=True, check=True, text=True)
    moto_puts, moto_reads = (MIDDLE / value for value in json.loads(answer.stdout))
    with _cloud() as cloud:
        first = SMALL / seconds(lambda: put(cloud.client("kinesis"), SMALL))
    with _cloud() as cloud:
        kinesis = cloud.client("kinesis")
        puts = MIDDLE / seconds(lambda: put(kinesis, MIDDLE))
        reads = MIDDLE / seconds(lambda: read_all(kinesis))
    bars.at_least(f"PutRecords at {SMALL:,} records", first, 37_000, "records/s")
    bars.info(f"PutRecords at {MIDDLE:,} records", puts, "records/s")
    bars.info("the same in plain moto", moto_puts, "records/s")
    bars.at_least("ratio", puts / moto_puts, 5, "times")
    bars.info(f"GetRecords of {MIDDLE:,} records", reads, "records/s")
    bars.info("the same in plain moto", moto_reads, "records/s")
    bars.at_least("ratio", reads / moto_reads, 3, "times")


def _at_length(bars: Bars) -> None:
    with _cloud() as cloud:
        kinesis = cloud.client("kinesis")
        put(kinesis, SLICE)  # everything is imported and warm
        few = _tip(kinesis)
        gc.collect()
        memory = psutil.Process().memory_info().rss
        began = seconds(lambda: put(kinesis, SLICE))
        middle = seconds(lambda: put(kinesis, LARGE - 3 * SLICE))
        ended = seconds(lambda: put(kinesis, SLICE))
        grown = (psutil.Process().memory_info().rss - memory) / (LARGE - SLICE)
        many = _tip(kinesis)
        bars.info(f"PutRecords, all of {LARGE:,} records", LARGE / (began + middle + ended), "records/s")
        bars.at_most(f"the last {SLICE:,} beside the first", ended / began, 1.5, "times")
        bars.at_most("a poll at the tip of a million records beside one of few", many / few, 1.5, "times")
        bars.at_most("memory a record beyond its data", grown - RECORD_BYTES, 1024, "bytes")
        bars.info(f"GetRecords of {LARGE:,} records", LARGE / seconds(lambda: read_all(kinesis)), "records/s")


def _cloud() -> Cloud:
    cloud = open_cloud("local", limits=False)
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    return cloud


def _tip(kinesis: Any) -> float:
    """Real seconds of a poll that finds nothing: the best of many, as others disturb it."""
    shard = kinesis.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
    place = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    return min(seconds(lambda: kinesis.get_records(ShardIterator=place)) for _ in range(300))


def read_all(kinesis: Any) -> int:
    """Read every shard to its tip; the number of records."""
    count = 0
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            page = kinesis.get_records(ShardIterator=place)
            count += len(page["Records"])
            if not page["Records"]:
                break
            place = page["NextShardIterator"]
    return count


if __name__ == "__main__":
    raise SystemExit(main())
