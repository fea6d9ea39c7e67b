from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

processor = BatchProcessor(event_type=EventType.KinesisDataStreams)


def book(record):
    order = record.kinesis.data_as_json()
    if order.get("AMOUNT") is None:
        raise ValueError(f"order {order['ID']} has no amount")
    print("booked", order["ID"])


def handler(event, context):
    return process_partial_response(event=event, record_handler=book, processor=processor, context=context)
