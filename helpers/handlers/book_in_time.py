import time

from book_strictly import book


def handler(event, context):
    for record in event["Records"]:
        if context.get_remaining_time_in_millis() < 2000:
            return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
        time.sleep(1)  # stands for a database that has a bad day
        book(record)
    return {"batchItemFailures": []}
