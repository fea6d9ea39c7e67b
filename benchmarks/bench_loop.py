"""Records through the whole loop, put to processed, and puts beside those of plain moto in the same run."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import psutil

from benchmarks.measuring import STREAM, STREAM_ARN, Bars, deploy, put, seconds
from helpers import open_cloud
from kinesis_lab.cloud import Cloud

RECORDS = 100_000
MOTO_RECORDS = 20_000
SHARDS = 4
BATCH = 100

PLAIN_MOTO = f"""
import boto3, json
from moto import mock_aws
from benchmarks.measuring import STREAM, put, seconds
with mock_aws():
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName=STREAM, ShardCount={SHARDS})
    print(json.dumps(seconds(lambda: put(kinesis, {MOTO_RECORDS}))))
"""


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars(
        f"The loop: {RECORDS:,} records of 200 bytes, {SHARDS} shards, batches of {BATCH}, trivial handler, no limits"
    )
    answer = subprocess.run([sys.executable, "-c", PLAIN_MOTO], capture_output=True, check=True, text=True)
    moto_rate = MOTO_RECORDS / json.loads(answer.stdout)

    with open_cloud("local", limits=False) as cloud:
        _prepare(cloud)
        kinesis, lambda_ = cloud.client("kinesis"), cloud.client("lambda")
        same = seconds(lambda: put(kinesis, MOTO_RECORDS))
        bars.info(f"PutRecords through boto3, {MOTO_RECORDS:,} records", MOTO_RECORDS / same, "records/s")
        bars.info("the same in plain moto", moto_rate, "records/s")
        bars.info("ratio", MOTO_RECORDS / same / moto_rate, "times")

    with open_cloud("local", limits=False) as cloud:
        _prepare(cloud)
        kinesis, lambda_ = cloud.client("kinesis"), cloud.client("lambda")
        putting = seconds(lambda: put(kinesis, RECORDS))
        lambda_.create_event_source_mapping(
            EventSourceArn=STREAM_ARN,
            FunctionName="bench",
            StartingPosition="TRIM_HORIZON",
            BatchSize=BATCH,
        )
        gc.collect()
        memory = psutil.Process().memory_info().rss
        delivering = seconds(lambda: cloud.wait_until(lambda: _delivered(cloud) == RECORDS, timeout=3600))
        grown = psutil.Process().memory_info().rss - memory
        both = RECORDS / (putting + delivering)
        bars.at_least("put and processed, end to end", both, 20_000, "records/s")
        bars.info("of which read, batched, invoked and checkpointed", RECORDS / delivering, "records/s")
        bars.at_most("memory taken while delivering, per record", grown / RECORDS, 200, "bytes")
    return bars.missed


def _prepare(cloud: Cloud) -> None:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    deploy(cloud, "def handler(event, context): return len(event['Records'])\n")


def _delivered(cloud: Cloud) -> int:
    return sum(entry.records or 0 for entry in cloud.recorder.entries("invoke"))


if __name__ == "__main__":
    raise SystemExit(main())
