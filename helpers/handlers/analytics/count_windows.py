import base64
import json

import boto3
from dimensions import dimensions

table = boto3.resource("dynamodb").Table("hits")


def handler(event, context):
    state = event["state"]
    for record in event["Records"]:
        hit = json.loads(base64.b64decode(record["kinesis"]["data"]))
        page = f"{hit['website']}:{hit['url']}"
        for bucket in dimensions(hit["date"]):
            key = json.dumps([page, bucket, hit["name"]], ensure_ascii=False)
            state[key] = state.get(key, 0) + 1
    if not event["isFinalInvokeForWindow"]:
        return {"state": state}
    for key, count in state.items():
        page, bucket, title = json.loads(key)
        table.update_item(
            Key={"id": page, "date": bucket},
            UpdateExpression="ADD #value :count SET #name = :name",
            ExpressionAttributeNames={"#value": "value", "#name": "name"},
            ExpressionAttributeValues={":count": count, ":name": title},
        )
    print("writes", len(state))
    return {"state": {}}
