"""Chapter 05: answers as learners give them, and a part of what each wrong one is told."""

ANSWER = '{"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}'


def time_left(body: str) -> str:
    return f"def time_left(iterator_age, retention_hours): return {body}"


def calls(body: str) -> str:
    return f"def calls(records): return {body}"


def handle(failing: str, arguments: str = "event, book", end: str = "return None", before: str = "pass") -> str:
    return f"""
def handle({arguments}):
    failures = []
    for record in event["Records"]:
        {before}
        try:
            book(record)
        except Exception:
            {failing}
    {end}
"""


def budget(before: str, failing: str = f"return {ANSWER}") -> str:
    return handle(failing, "event, context, book", before=before)


def redrive(kind: str = "AT_SEQUENCE_NUMBER", stop: str = "") -> str:
    return f"""
def redrive(kinesis, batch):
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId=batch["shardId"], ShardIteratorType="{kind}",
        StartingSequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    first, last, found = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"]), []
    while iterator:
        page = kinesis.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            {stop or "pass"}
            found.append(record["Data"])
        iterator = page.get("NextShardIterator")
        if not page["MillisBehindLatest"]:
            return found
    return found
"""


def settings(clicks: str = "600", orders: str = "", ledger: str = "{}") -> str:
    orders = orders or f"{{{ISOLATE}, {LIMIT}, {BUCKET}}}"
    return f"""
def settings(system):
    if system == "clicks":
        return {{"MaximumRecordAgeInSeconds": {clicks}}}
    return {orders} if system == "orders" else {ledger}
"""


ISOLATE = '"BisectBatchOnFunctionError": True'
REPORT = '"FunctionResponseTypes": ["ReportBatchItemFailures"]'
LIMIT = '"MaximumRetryAttempts": 2'
BUCKET = '"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failed-orders"}}'
QUEUE = '"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}}'

RIGHT = {
    "5.4": {
        "until it is beyond the end": redrive(stop='if int(record["SequenceNumber"]) > last: return found'),
        "until the two texts are equal": redrive(
            stop='if record["SequenceNumber"] == batch["endSequenceNumber"]: return [*found, record["Data"]]'
        ),
    },
    "5.5": {
        "exactly two seconds are too few": budget(
            f"if context.get_remaining_time_in_millis() <= 2000: return {ANSWER}"
        ),
    },
    "5.6": {
        "no reports": settings(orders=f"{{{ISOLATE}, {LIMIT}, {BUCKET}}}"),
        "all of it": settings(orders=f"{{{ISOLATE}, {REPORT}, {LIMIT}, {BUCKET}}}"),
        "many retries": settings(orders=f'{{{ISOLATE}, "MaximumRetryAttempts": 1000, {BUCKET}}}'),
    },
}
"""Other forms of right answers."""

WRONG = {
    "5.1": {
        "milliseconds for seconds": (time_left("max(0, retention_hours * 3600 - iterator_age)"), "divide the age"),
        "in milliseconds": (
            time_left("max(0, retention_hours * 3_600_000 - iterator_age)"),
            "those are milliseconds",
        ),
        "negative": (time_left("retention_hours * 3600 - iterator_age / 1000"), "does not run backwards"),
        "a day for all": (time_left("max(0, 86400 - iterator_age / 1000)"), "calculated with a day"),
        "hours": (time_left("max(0, retention_hours - iterator_age / 3_600_000)"), "it is 86,400 seconds"),
    },
    "5.2": {
        "the bad half only": (calls("1 + records.bit_length() - 1"), "The good half is called"),
        "without the first": (calls("2 * (records.bit_length() - 1)"), "And the first call"),
        "one by one": (calls("records"), "most of the tree is never visited"),
        "the whole tree": (calls("2 * records - 1"), "most of the tree is never visited"),
        "nonsense": (calls("42"), "Draw it"),
    },
    "5.3": {
        "goes on": (
            handle(
                'failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})',
                end='return {"batchItemFailures": failures}',
            ),
            "booked 2 behind it",
        ),
        "goes on and says nothing": (handle("pass"), "booked 2 behind it. Not all was booked, and you returned None"),
        "goes on with an empty list": (
            handle("pass", end='return {"batchItemFailures": []}'),
            "that means that all is done. The rest is gone",
        ),
        "lets it out": (handle("raise"), "the whole batch has failed"),
        "swallows it": (handle("return None"), "The rest is gone for good"),
        "names the eventID": (
            handle('return {"batchItemFailures": [{"itemIdentifier": record["eventID"]}]}'),
            "You named the eventID",
        ),
        "a list of numbers": (
            handle('return {"batchItemFailures": [record["kinesis"]["sequenceNumber"]]}'),
            "Each failure is a dict with the one key itemIdentifier",
        ),
        "a bare list": (handle('return [record["kinesis"]["sequenceNumber"]]'), "The answer looks like this"),
        "the key": (
            handle('return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["partitionKey"]}]}'),
            "no sequence number of this batch",
        ),
        "always a failure": (handle(f"return {ANSWER}", end=f"return {ANSWER}"), "there is nothing to report"),
        "the next one": (
            handle(
                "here = event['Records'].index(record); return {'batchItemFailures': [{'itemIdentifier': "
                "event['Records'][min(here + 1, len(event['Records']) - 1)]['kinesis']['sequenceNumber']}]}"
            ),
            "You named a record behind the one that was not booked",
        ),
        "the whole event": (
            "def handle(event, book):\n    book(event)",
            "book takes one record",
        ),
    },
    "5.4": {
        "from the beginning": (redrive("TRIM_HORIZON"), "You began at the beginning"),
        "behind the first": (redrive("AFTER_SEQUENCE_NUMBER"), "The first record is missing"),
        "no end": (redrive(), "You read on behind the last one"),
        "the end left out": (
            redrive(stop='if int(record["SequenceNumber"]) >= last: return found'),
            "the end is included",
        ),
        "as many as have failed": (
            redrive(stop='if len(found) == batch["batchSize"]: return found'),
            "read up to endSequenceNumber",
        ),
        "numbers as text": (
            redrive(stop='if record["SequenceNumber"] > batch["endSequenceNumber"]: return found'),
            "as text, '9' is behind '10'",
        ),
        "numbers as text, page by page": (
            redrive(stop='if record["SequenceNumber"] > batch["endSequenceNumber"]: continue'),
            "as text, '9' is behind '10'",
        ),
        "until an empty page": (
            redrive().replace("        for", '        if not page["Records"]: return found\n        for'),
            "an empty page is not the end",
        ),
        "one page": (redrive(stop="return [record['Data']]"), "an empty page is not the end"),
        "whole records": (redrive(stop="return [record]"), "You returned whole records"),
        "never ends": (
            "def redrive(kinesis, batch):\n    while True:\n        kinesis.get_shard_iterator("
            'ShardId=batch["shardId"], ShardIteratorType="LATEST")',
            "does not come to an end",
        ),
    },
    "5.5": {
        "no look at the clock": (budget("pass"), "Look at the clock before each booking"),
        "one look": (
            "def handle(event, context, book):\n    if context.get_remaining_time_in_millis() < 2000: return\n"
            "    for record in event['Records']:\n"
            f"        try: book(record)\n        except Exception: return {ANSWER}",
            "Look at the clock before each booking",
        ),
        "says nothing": (
            budget("if context.get_remaining_time_in_millis() < 2000: return None"),
            "The rest is gone for good",
        ),
        "far too careful": (
            budget(f"if context.get_remaining_time_in_millis() < 9000: return {ANSWER}"),
            "You stopped with 8,650 ms left, and should have booked the first 6",
        ),
        "a little too careful": (
            budget(f"if context.get_remaining_time_in_millis() < 3000: return {ANSWER}"),
            "You stopped with 2,010 ms left",
        ),
        "not careful enough": (
            budget(f"if context.get_remaining_time_in_millis() < 1500: return {ANSWER}"),
            "You began with a booking when 1,900 ms were left",
        ),
        "much too late": (
            budget(f"if context.get_remaining_time_in_millis() < 100: return {ANSWER}"),
            "begin none with less than 2,000",
        ),
        "goes on after a failure": (
            budget(f"if context.get_remaining_time_in_millis() < 2000: return {ANSWER}", "failures.append(1)"),
            "2 behind it. You named a record behind the one that was not booked",
        ),
    },
    "5.6": {
        "clicks for ever": (settings(clicks="-1"), "stop its shard for a day"),
        "clicks of an hour": (settings(clicks="3600"), "ten minutes are 600"),
        "clicks too short": (settings(clicks="10"), "MaximumRecordAgeInSeconds can be -1, or 60 to 604,800"),
        "orders not isolated": (settings(orders=f"{{{LIMIT}, {BUCKET}}}"), "takes its whole batch with it"),
        "orders reported only": (settings(orders=f"{{{REPORT}, {LIMIT}, {BUCKET}}}"), "all that stands behind it"),
        "orders without end": (settings(orders=f"{{{ISOLATE}, {BUCKET}}}"), "Limit the retries"),
        "orders for more than a day": (
            settings(orders=f'{{{ISOLATE}, "MaximumRetryAttempts": 10000, {BUCKET}}}'),
            "10,000 retries, 12 seconds apart, take 33 hours",
        ),
        "orders misspelt": (
            settings(orders=f'{{{ISOLATE}, {LIMIT}, {BUCKET}, "FunctionResponseTypes": ["ReportBatchItemFailure"]}}'),
            "only one word may be in it",
        ),
        "orders reported as text": (
            settings(orders=f'{{{ISOLATE}, {LIMIT}, {BUCKET}, "FunctionResponseTypes": "ReportBatchItemFailures"}}'),
            "FunctionResponseTypes is a list",
        ),
        "orders in silence": (settings(orders=f"{{{ISOLATE}, {LIMIT}}}"), "nobody hears of it"),
        "orders to a queue": (settings(orders=f"{{{ISOLATE}, {LIMIT}, {QUEUE}}}"), "next month, it has expired"),
        "orders by age": (
            settings(orders=f'{{{ISOLATE}, {LIMIT}, {BUCKET}, "MaximumRecordAgeInSeconds": 3600}}'),
            "thrown out as too old",
        ),
        "money skipped": (settings(ledger=f"{{{LIMIT}}}"), "a movement of money is skipped"),
        "money too old": (settings(ledger='{"MaximumRecordAgeInSeconds": 600}'), "a movement of money is skipped"),
        "another knob": (settings(ledger='{"BatchSize": 1}'), "not one of this chapter's settings"),
    },
}
