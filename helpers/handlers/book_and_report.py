from book_strictly import book


def handler(event, context):
    for record in event["Records"]:
        try:
            book(record)
        except Exception as error:
            print("stuck:", repr(error))
            return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
    return {"batchItemFailures": []}
