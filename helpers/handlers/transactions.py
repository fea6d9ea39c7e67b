import base64
import json
import time


def classify(transaction):
    amount = transaction.get("AMOUNT")
    if amount is None:
        return "MISSING"
    if amount == 0:
        return "ZERO"
    return "POSITIVE" if amount > 0 else "NEGATIVE"


def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        transaction = json.loads(data)
        time.sleep(0.05)  # stands for the work: booking the transaction takes 50 ms
        print(classify(transaction), json.dumps(transaction, ensure_ascii=False))
