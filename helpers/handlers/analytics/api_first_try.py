import os

import boto3
from boto3.dynamodb.conditions import Attr

table = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "hits"))


def ranking(website, date):
    """As it was published: a look at every item of the table."""
    found = table.scan(FilterExpression=Attr("id").begins_with(website) & Attr("date").begins_with(date))
    items = sorted(found["Items"], key=lambda item: -item["value"])
    return [{"name": item["name"], "url": item["id"].partition(":")[2], "value": int(item["value"])} for item in items]
