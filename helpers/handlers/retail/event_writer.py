"""The way into the log: takes an event by HTTP, checks it, and puts it into the stream."""

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime

import boto3

from .envelopes import ingress, iso
from .schemas import SCHEMAS, problem
from .web import answer

kinesis = boto3.client("kinesis")


def handler(event, context):
    try:
        data = json.loads(event.get("body") or "")
        origin = pseudonym(data.pop("origin"))
        schema = SCHEMAS[data["schema"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return answer(400, {"error": f"a JSON object with origin and a known schema is wanted: {error!r}"})
    if why := problem(data, schema, "the event"):
        return answer(400, {"error": why})
    envelope = ingress(data, origin, iso(datetime.now(UTC).timestamp()))
    try:
        taken = kinesis.put_record(
            StreamName=os.environ["STREAM"],
            PartitionKey=data["id"],  # all that happens to a product stays in order
            Data=json.dumps(envelope, ensure_ascii=False).encode("utf-8"),
        )
    except Exception as error:
        print("NOT WRITTEN", repr(error))
        return answer(500, {"error": "the log did not take it: send it again"})
    return answer(200, {"eventId": f"{taken['ShardId']}:{taken['SequenceNumber']}"})


def pseudonym(origin):
    """The origin with a sign in the place of the person's id: a log is for ever, and a telephone number is private."""
    widget, role, who, name = origin.split("/")
    if "SECRET" in os.environ:
        who = hmac.new(os.environ["SECRET"].encode(), who.encode(), hashlib.sha256).hexdigest()[:12]
    return f"{widget}/{role}/{who}/{name}"
