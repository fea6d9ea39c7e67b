import base64
import json
import time


def handler(event, context):
    time.sleep(0.2)  # every call: reach the bank
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        time.sleep(0.05)  # every order: charge the card
        print(record["kinesis"]["partitionKey"], order["ID"])
