import base64
import json
import os

import boto3
from dimensions import dimensions

table = boto3.resource("dynamodb").Table("hits")
CRASH_AT = int(os.environ.get("CRASH_AT", 0))
writes = 0


def add(hit, bucket):
    global writes, CRASH_AT
    if writes + 1 == CRASH_AT:
        CRASH_AT = 0  # once
        raise RuntimeError("the database has hung up")
    table.update_item(
        Key={"id": f"{hit['website']}:{hit['url']}", "date": bucket},
        UpdateExpression="ADD #value :one SET #name = :name",
        ExpressionAttributeNames={"#value": "value", "#name": "name"},
        ExpressionAttributeValues={":one": 1, ":name": hit["name"]},
    )
    writes += 1


def handler(event, context):
    before = writes
    try:
        for record in event["Records"]:
            hit = json.loads(base64.b64decode(record["kinesis"]["data"]))
            for bucket in dimensions(hit["date"]):
                add(hit, bucket)
    finally:
        print("writes", writes - before)
