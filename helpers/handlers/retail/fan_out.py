"""Copies the log into the streams of those who take part, each event in its egress envelope.

A table lists them: the stream, the role that may write to it, whether it is active, and whether order doesn't matter.
"""

import json
import random
import time

import boto3

from .envelopes import BadMessage, opened
from .store import pages, table

targets = table("targets")
writers = {}
LENT_FOR = 3600
"""Seconds; a role that was assumed is lent for an hour unless one asks for more."""


def handler(event, context):
    entries = []
    for record in event["Records"]:
        try:
            copy = json.dumps(opened(record), ensure_ascii=False).encode("utf-8")
            entries.append({"Data": copy, "PartitionKey": record["kinesis"]["partitionKey"]})
        except BadMessage as error:
            print("BAD", json.dumps({"eventID": record["eventID"], "reason": error.args[0]}))
    for target in pages(targets.scan):
        if target["active"] and entries:
            send(target, entries)


def send(target, entries):
    """Put all entries into a stream; what is sent at once arrives in any order."""
    if target["parallel"]:
        entries = random.sample(entries, len(entries))
    answer = writer(target["role"]).put_records(StreamName=target["stream"], Records=entries)
    if answer["FailedRecordCount"]:
        raise RuntimeError(f"{target['stream']} refused {answer['FailedRecordCount']} of {len(entries)} events")


def writer(role):
    """A client that acts in a role of whoever owns the stream."""
    client, until = writers.get(role, (None, 0))
    if time.time() > until - 300:  # with some minutes to spare
        until = time.time() + LENT_FOR
        lent = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="fan-out")["Credentials"]
        client = boto3.client(
            "kinesis",
            aws_access_key_id=lent["AccessKeyId"],
            aws_secret_access_key=lent["SecretAccessKey"],
            aws_session_token=lent["SessionToken"],
        )
        writers[role] = client, until
    return client
