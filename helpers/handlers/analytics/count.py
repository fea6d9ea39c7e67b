import os
from collections import defaultdict

import boto3
from visits import visits

table = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "hits"))
CRASH_AT = int(os.environ.get("CRASH_AT", 0))
writes = reads = 0


def handler(event, context):
    global writes, reads
    writes = reads = 0
    shard = event["Records"][0]["eventID"].partition(":")[0]
    numbers, titles = defaultdict(list), {}
    for visit in visits(event["Records"]):
        for bucket in visit.buckets:
            key = visit.site, visit.page, bucket
            numbers[key].append(visit.number)
            titles[key] = visit.title
    try:
        for key, counted in numbers.items():
            add(key, titles[key], shard, counted)
    finally:
        print("writes", writes)
        print("reads", reads)


def add(key, title, shard, numbers):
    """Count only what is behind the mark that this shard has left in the item, and move the mark along."""
    global writes, reads, CRASH_AT
    if writes + 1 == CRASH_AT:
        CRASH_AT = 0  # once
        raise RuntimeError("the database has hung up")
    site, page, bucket = key
    where = {"id": page, "date": bucket}
    item = table.get_item(Key=where, ConsistentRead=True).get("Item", {})
    reads += 1
    fresh = [number for number in numbers if number > item.get(shard, "")]
    if fresh:
        table.update_item(
            Key=where,
            UpdateExpression="ADD #value :count SET #name = :name, site_date = :site_date, #mark = :mark",
            ConditionExpression="attribute_not_exists(#mark) OR #mark < :first",
            ExpressionAttributeNames={"#value": "value", "#name": "name", "#mark": shard},
            ExpressionAttributeValues={
                ":count": len(fresh), ":name": title, ":site_date": f"{site}|{bucket}",
                ":first": fresh[0], ":mark": fresh[-1],
            },
        )  # fmt: skip
        writes += 1
