import base64
import json
import os

STAGE = os.environ.get("STAGE", "dev")


def amount_of(record):
    order = json.loads(base64.b64decode(record["kinesis"]["data"]))
    return order.get("AMOUNT") if isinstance(order, dict) else None


def handler(event, context):
    booked = skipped = 0
    for record in event["Records"]:
        amount = amount_of(record)
        if amount is None:
            skipped += 1
            print("NO AMOUNT", record["eventID"])
        else:
            booked += 1
    print(f"{STAGE}: {booked} booked, {skipped} skipped")
    return {"booked": booked, "skipped": skipped}
