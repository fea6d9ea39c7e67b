import base64
import json
import os

import boto3

seen = boto3.resource("dynamodb").Table("seen")


def is_new(event_id):
    try:
        seen.put_item(Item={"EVENT": event_id}, ConditionExpression="attribute_not_exists(EVENT)")
    except seen.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def handler(event, context):
    for record in event["Records"]:
        transaction = json.loads(base64.b64decode(record["kinesis"]["data"]))
        if is_new(transaction["EVENT"]):
            print(os.environ["SIDE"], json.dumps(transaction, ensure_ascii=False))
