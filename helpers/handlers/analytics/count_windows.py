import json
import os

import boto3
from visits import visits

table = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "hits"))


def handler(event, context):
    state = event["state"]
    for visit in visits(event["Records"]):
        for bucket in visit.buckets:
            key = json.dumps([visit.site, visit.page, bucket, visit.title], ensure_ascii=False)
            state[key] = state.get(key, 0) + 1
    if not event["isFinalInvokeForWindow"]:
        return {"state": state}
    for key, count in state.items():
        site, page, bucket, title = json.loads(key)
        table.update_item(
            Key={"id": page, "date": bucket},
            UpdateExpression="ADD #value :count SET #name = :name, site_date = :site_date",
            ExpressionAttributeNames={"#value": "value", "#name": "name"},
            ExpressionAttributeValues={":count": count, ":name": title, ":site_date": f"{site}|{bucket}"},
        )
    print("writes", len(state))
    return {"state": {}}
