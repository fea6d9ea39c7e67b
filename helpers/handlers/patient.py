import base64
import json
import os
import time

PER_CALL = float(os.environ.get("SECONDS_PER_CALL", "0.1"))
PER_ORDER = float(os.environ.get("SECONDS_PER_ORDER", "0.3"))


def handler(event, context):
    orders = [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]
    time.sleep(PER_CALL + PER_ORDER * len(orders))  # stands for the work: connecting, then booking order by order
    total = sum(order["AMOUNT"] for order in orders)
    return {"orders": len(orders), "total": round(total, 2)}
