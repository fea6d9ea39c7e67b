import base64
import json
import os

import boto3
from classify import side_of

kinesis = boto3.client("kinesis")


def routed(record):
    """The record with its key, and, unless it is rejected, with the id of the event that it comes from."""
    data = base64.b64decode(record["kinesis"]["data"])
    if side_of(data) != "REJECTED":
        data = json.dumps({**json.loads(data), "EVENT": record["eventID"]}, ensure_ascii=False).encode("utf-8")
    return {"Data": data, "PartitionKey": record["kinesis"]["partitionKey"]}


def handler(event, context):
    by_side = {}
    for record in event["Records"]:
        by_side.setdefault(side_of(base64.b64decode(record["kinesis"]["data"])), []).append(record)
    stuck = [number for side, records in by_side.items() for number in send(os.environ[side], records)]
    return {"batchItemFailures": [{"itemIdentifier": min(stuck, key=int)}] if stuck else []}


def send(stream, records):
    """Send records to a stream; the sequence numbers of those that it did not take."""
    try:
        entries = kinesis.put_records(StreamName=stream, Records=[routed(record) for record in records])["Records"]
    except kinesis.exceptions.ResourceNotFoundException as error:
        print(error)
        return [record["kinesis"]["sequenceNumber"] for record in records]
    return [
        record["kinesis"]["sequenceNumber"]
        for record, entry in zip(records, entries, strict=True)
        if "ErrorCode" in entry
    ]
