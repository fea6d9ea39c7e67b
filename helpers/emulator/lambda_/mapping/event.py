"""The batch event: what a function receives (facts 7.5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from helpers.emulator.kinesis.shard import Record, Shard
from helpers.emulator.kinesis.stream import Stream


def batch_event(stream: Stream, shard: Shard, records: Sequence[Record], role: str) -> bytes:
    """The event, as JSON, for records of one shard; keys in AWS's order.  `role`: the function's."""
    return json.dumps(
        {
            "Records": [
                {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": record.partition_key,
                        "sequenceNumber": record.sequence_number,
                        "data": base64.b64encode(record.data).decode("ascii"),
                        "approximateArrivalTimestamp": record.arrival,
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": f"{shard.id}:{record.sequence_number}",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": role,
                    "awsRegion": stream.region,
                    "eventSourceARN": stream.arn,
                }
                for record in records
            ]
        },
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
