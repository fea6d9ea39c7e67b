from book_strictly import book


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            book(record)
        except Exception:
            failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
    return {"batchItemFailures": failures}
