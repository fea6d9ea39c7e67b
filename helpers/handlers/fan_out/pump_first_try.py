import json
import os
import sqlite3

import boto3
from rows import row_of

kinesis = boto3.client("kinesis")
PUMPS = {
    "POSITIVE": "SELECT ID, USERNAME, AMOUNT FROM SOURCE WHERE AMOUNT >= 0",
    "NEGATIVE": "SELECT ID, USERNAME, AMOUNT FROM SOURCE WHERE AMOUNT < 0",
}


def handler(event, context):
    rows, errors = [], []
    for record in event["Records"]:
        try:
            rows.append(row_of(record))
        except Exception as error:
            errors.append(str(error))  # the error stream, which nobody reads
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE SOURCE (ID INTEGER, USERNAME VARCHAR(200), AMOUNT DECIMAL(5,2))")
    database.executemany("INSERT INTO SOURCE VALUES (?, ?, ?)", rows)
    for side, statement in PUMPS.items():
        send(os.environ[side], database.execute(statement), context.aws_request_id)


def send(stream, rows, request):
    records = []
    for number, name, amount in rows:
        document = json.dumps({"ID": number, "USERNAME": name, "AMOUNT": amount}, ensure_ascii=False)
        records.append({"Data": document.encode("utf-8"), "PartitionKey": f"{request}-{number}"})
    if records:
        kinesis.put_records(StreamName=stream, Records=records)
