import base64
import json


def book(record):
    order = json.loads(base64.b64decode(record["kinesis"]["data"]))
    print("booked", order["ID"], order["AMOUNT"])


def handler(event, context):
    for record in event["Records"]:
        book(record)
