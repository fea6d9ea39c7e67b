import base64
import json
import time


def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        transaction = json.loads(data)
        time.sleep(0.05)  # stands for the work: booking the transaction takes 50 ms
        sign = "POSITIVE" if transaction["AMOUNT"] > 0 else "NEGATIVE"
        print(sign, json.dumps(transaction, ensure_ascii=False))
