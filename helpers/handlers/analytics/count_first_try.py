import os

import boto3
from visits import visits

table = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "hits"))
CRASH_AT = int(os.environ.get("CRASH_AT", 0))
writes = 0


def add(visit, bucket):
    global writes, CRASH_AT
    if writes + 1 == CRASH_AT:
        CRASH_AT = 0  # once
        raise RuntimeError("the database has hung up")
    table.update_item(
        Key={"id": visit.page, "date": bucket},
        UpdateExpression="ADD #value :one SET #name = :name",
        ExpressionAttributeNames={"#value": "value", "#name": "name"},
        ExpressionAttributeValues={":one": 1, ":name": visit.title},
    )
    writes += 1


def handler(event, context):
    before = writes
    try:
        for visit in visits(event["Records"]):
            for bucket in visit.buckets:
                add(visit, bucket)
    finally:
        print("writes", writes - before)
