"""The tables.  TABLES says how their names begin, so that several views can stand side by side."""

import os
import random

import boto3

dynamodb = boto3.resource("dynamodb")


def table(name):
    return dynamodb.Table(os.environ.get("TABLES", "") + name)


def pages(operation, **request):
    """All items that a query or a scan finds, page by page: one answer holds a megabyte at most."""
    while True:
        answer = operation(**request)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


class Unlucky(Exception):
    """A call to DynamoDB that was made to fail, for a rehearsal."""


def perhaps_fail(**_):
    if random.random() < float(os.environ["FAIL_SHARE"]):
        raise Unlucky("a call that fails, for this rehearsal")


if "FAIL_SHARE" in os.environ:
    dynamodb.meta.client.meta.events.register("before-call.dynamodb", perhaps_fail)
