import json
import os
import sqlite3

import boto3
from rows import row_of

kinesis = boto3.client("kinesis")
PUMPS = {
    "POSITIVE": "SELECT * FROM SOURCE WHERE AMOUNT >= 0",
    "NEGATIVE": "SELECT * FROM SOURCE WHERE AMOUNT < 0",
    "REJECTED": "SELECT * FROM SOURCE WHERE AMOUNT IS NULL",
}


def handler(event, context):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE SOURCE (ID INTEGER, USERNAME VARCHAR(200), AMOUNT DECIMAL(5,2), EVENT, ERROR)")
    for record in event["Records"]:
        try:
            row = (*row_of(record), record["eventID"], None)
        except Exception as error:  # whatever is wrong with it: it must end up somewhere
            row = (None, None, None, record["eventID"], repr(error)[:200])
        database.execute("INSERT INTO SOURCE VALUES (?, ?, ?, ?, ?)", row)
    for side, statement in PUMPS.items():
        send(os.environ[side], database.execute(statement))


def send(stream, rows):
    columns = [column[0] for column in rows.description]
    documents = [dict(zip(columns, row, strict=True)) for row in rows]
    records = [
        {
            "Data": json.dumps(document, ensure_ascii=False).encode("utf-8"),
            "PartitionKey": document["USERNAME"] or document["EVENT"],
        }
        for document in documents
    ]
    if records and kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"]:
        raise RuntimeError("not everything was taken: the batch comes again")
