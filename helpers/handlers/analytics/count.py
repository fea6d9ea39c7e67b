import base64
import json
import os
from collections import defaultdict

import boto3
from dimensions import dimensions

table = boto3.resource("dynamodb").Table("hits")
CRASH_AT = int(os.environ.get("CRASH_AT", 0))
writes = 0


def handler(event, context):
    before = writes
    shard = event["Records"][0]["eventID"].partition(":")[0]
    numbers, titles = defaultdict(list), {}
    for record in event["Records"]:
        hit = json.loads(base64.b64decode(record["kinesis"]["data"]))
        for bucket in dimensions(hit["date"]):
            key = hit["website"], hit["url"], bucket
            numbers[key].append(record["kinesis"]["sequenceNumber"])
            titles[key] = hit["name"]
    try:
        for key, counted in numbers.items():
            add(key, titles[key], shard, counted)
    finally:
        print("writes", writes - before)


def add(key, title, shard, numbers):
    """Count only what is behind the mark that this shard has left in the item, and move the mark along."""
    global writes, CRASH_AT
    if writes + 1 == CRASH_AT:
        CRASH_AT = 0  # once
        raise RuntimeError("the database has hung up")
    website, url, bucket = key
    where = {"id": f"{website}:{url}", "date": bucket}
    item = table.get_item(Key=where, ConsistentRead=True).get("Item", {})
    fresh = [number for number in numbers if number > item.get(shard, "")]
    if fresh:
        table.update_item(
            Key=where,
            UpdateExpression="ADD #value :count SET #name = :name, site_date = :site_date, #mark = :mark",
            ConditionExpression="attribute_not_exists(#mark) OR #mark < :first",
            ExpressionAttributeNames={"#value": "value", "#name": "name", "#mark": shard},
            ExpressionAttributeValues={
                ":count": len(fresh), ":name": title, ":site_date": f"{website}|{bucket}",
                ":first": fresh[0], ":mark": fresh[-1],
            },
        )  # fmt: skip
        writes += 1
