"""Chapter 03: wrong answers as learners give them, and a part of what each is told."""

HEAD = "import base64, json, hashlib, math\nfrom datetime import datetime, timezone\n"


def envelope(shard: str, when: str) -> str:
    return f"def where_and_when(record):\n    from datetime import datetime, timezone\n    return {shard}, {when}"


SECONDS = 'record["kinesis"]["approximateArrivalTimestamp"]'
ID = 'record["eventID"].split(":")[0]'
UTC = f"datetime.fromtimestamp({SECONDS}, timezone.utc)"


def built(**changes: str) -> str:
    fields = {
        "partitionKey": 'record["PartitionKey"]',
        "sequenceNumber": 'record["SequenceNumber"]',
        "data": 'base64.b64encode(record["Data"]).decode()',
        "approximateArrivalTimestamp": 'record["ApproximateArrivalTimestamp"].timestamp()',
        "eventID": "f\"{shard}:{record['SequenceNumber']}\"",
        "awsRegion": 'stream_arn.split(":")[3]',
    } | changes
    return f"""
def as_lambda_sends_it(record, shard, stream_arn, role_arn):
    import base64
    return {{
        "kinesis": {{
            "kinesisSchemaVersion": "1.0",
            "partitionKey": {fields["partitionKey"]},
            "sequenceNumber": {fields["sequenceNumber"]},
            "data": {fields["data"]},
            "approximateArrivalTimestamp": {fields["approximateArrivalTimestamp"]},
        }},
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": {fields["eventID"]},
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": {fields["awsRegion"]},
        "eventSourceARN": stream_arn,
    }}
"""


def batch(inside: str) -> str:
    return f"""
def read_batch(event):
    documents = []
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
{inside}
    return documents
"""


def per_batch(body: str) -> str:
    return f"def records_per_batch(per_second, batch_size, window): return {body}"


def fit(body: str) -> str:
    return f"def records_that_fit(data_bytes, envelope):\n    import math\n    return {body}"


def bundle(body: str) -> str:
    return f"def is_aggregate(data):\n    import hashlib\n    return {body}"


MAGIC = 'data[:4] == b"\\xf3\\x89\\x9a\\xc2"'

WRONG = {
    "3.1": {
        "the whole id": (envelope('record["eventID"]', UTC), "only what stands before the colon"),
        "the sequence number": (envelope('record["kinesis"]["sequenceNumber"]', UTC), "before the colon"),
        "milliseconds": (envelope(ID, f"datetime.fromtimestamp({SECONDS} / 1000, timezone.utc)"), "are these seconds?"),
        "too far": (envelope(ID, f"datetime.fromtimestamp({SECONDS} * 1000, timezone.utc)"), "in seconds already"),
        "no zone": (envelope(ID, f"datetime.fromtimestamp({SECONDS})"), "pass timezone.utc"),
        "a number": (envelope(ID, SECONDS), "Make a datetime of the seconds"),
        "the wrong level": (envelope(ID, 'record["approximateArrivalTimestamp"]'), "one level down"),
        "one thing": ('def where_and_when(record): return record["eventID"]', "Return two things"),
    },
    "3.2": {
        "bytes": (built(data='base64.b64encode(record["Data"])'), "add .decode()"),
        "str of bytes": (built(data='str(base64.b64encode(record["Data"]))'), "keeps the b and the quotes"),
        "plain text": (built(data='record["Data"].decode()'), "The data should be base64"),
        "a datetime": (
            built(approximateArrivalTimestamp='record["ApproximateArrivalTimestamp"]'),
            ".timestamp() makes one",
        ),
        "milliseconds": (
            built(approximateArrivalTimestamp='record["ApproximateArrivalTimestamp"].timestamp() * 1000'),
            "in seconds here",
        ),
        "a number": (built(sequenceNumber='int(record["SequenceNumber"])'), "stays text"),
        "half an id": (built(eventID='record["SequenceNumber"]'), "the shard's id, a colon"),
        "another Region": (built(awsRegion='"us-east-1"'), "awsRegion should be 'eu-west-1'"),
        "flat": (
            "def as_lambda_sends_it(record, shard, stream_arn, role_arn): return dict(record)",
            "under the key kinesis",
        ),
    },
    "3.3": {
        "raises": (batch("        documents.append(json.loads(data))"), "would stop the whole shard"),
        "skips": (
            batch(
                "        try: documents.append(json.loads(data))\n        except ValueError: pass",
            ),
            "something for each of the 8 records",
        ),
        "latin-1": (
            batch(
                '        try: d = json.loads(data.decode("latin-1"))\n        except ValueError: d = None\n'
                "        documents.append(d if isinstance(d, dict) else None)"
            ),
            "that was latin-1",
        ),
        "JSON errors only": (
            batch(
                "        try: d = json.loads(data)\n        except json.JSONDecodeError: d = None\n"
                "        documents.append(d if isinstance(d, dict) else None)"
            ),
            "One record is no text at all",
        ),
        "ignores what it can't read": (
            batch(
                '        try: d = json.loads(data.decode("utf-8", "ignore"))\n        except ValueError: d = None\n'
                "        documents.append(d if isinstance(d, dict) else None)"
            ),
            "changes what was written",
        ),
        "lists pass": (
            batch("        try: documents.append(json.loads(data))\n        except ValueError: documents.append(None)"),
            "Valid JSON, but no object",
        ),
        "only JSON errors": (
            batch(
                "        try: documents.append(json.loads(data.decode()))\n"
                "        except json.JSONDecodeError: documents.append(None)"
            ),
            "no text at all",
        ),
    },
    "3.4": {
        "the limit": (per_batch("batch_size"), "that is the limit"),
        "no lid": (per_batch("per_second * max(window, 1)"), "more than BatchSize never"),
        "nothing without a window": (per_batch("min(batch_size, per_second * window)"), "polls once a second"),
        "adds": (per_batch("per_second + window"), "records make a batch; you say"),
    },
    "3.5": {
        "no base64": (fit("min(10_000, 6 * 1024**2 // (data_bytes + envelope))"), "makes 4 bytes of 3"),
        "no envelope": (
            fit("min(10_000, 6 * 1024**2 // (math.ceil(data_bytes / 3) * 4)) if data_bytes else 10_000"),
            "the envelope around each record",
        ),
        "no limit": (fit("6 * 1024**2 // (math.ceil(data_bytes / 3) * 4 + envelope)"), "never has more than 10,000"),
        "parts": (fit("min(10_000, 6 * 1024**2 / (math.ceil(data_bytes / 3) * 4 + envelope))"), "no parts of a record"),
        "decimal megabytes": (
            fit("min(10_000, 6_000_000 // (math.ceil(data_bytes / 3) * 4 + envelope))"),
            "6 MB are 6 · 1024 · 1024 bytes here",
        ),
        "begun threes": (
            fit("min(10_000, 6 * 1024**2 // (data_bytes // 3 * 4 + envelope))"),
            "one or two bytes that are left",
        ),
    },
    "3.6": {
        "magic only": (bundle(MAGIC), "the magic alone proves little"),
        "MD5 of all": (bundle(f"{MAGIC} and hashlib.md5(data[:-16]).digest() == data[-16:]"), "between magic and MD5"),
        "JSON is not": (bundle("not data.startswith(b'{')"), "was taken for an aggregate"),
        "MD5 only": (bundle("hashlib.md5(data[4:-16]).digest() == data[-16:]"), "does not begin with the magic"),
        "nothing": ("def is_aggregate(data): pass", "nothing came back"),
    },
}
