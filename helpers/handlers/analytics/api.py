import json

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("hits")
FINER = {"YEAR": "MONTH", "MONTH": "DATE", "DATE": "HOUR", "HOUR": "MINUTE"}


def ranking(website, date):
    """The pages of a site by their hits in a bucket, most first."""
    found = table.query(
        IndexName="by-date",
        KeyConditionExpression=Key("site_date").eq(f"{website}|{date}"),
        ScanIndexForward=False,
    )
    return [
        {"name": item["name"], "url": item["id"].partition(":")[2], "value": int(item["value"])}
        for item in found["Items"]
    ]


def series(website, url, date):
    """The hits of a page in a bucket, by the next finer ones in it."""
    word, _, prefix = date.partition(":")
    found = table.query(
        KeyConditionExpression=Key("id").eq(f"{website}:{url}") & Key("date").begins_with(f"{FINER[word]}:{prefix}")
    )
    return [{"date": item["date"], "url": url, "value": int(item["value"])} for item in found["Items"]]


def answer(status, document):
    return {
        "statusCode": status,
        "headers": {"Access-Control-Allow-Origin": "*"},
        "body": json.dumps(document, ensure_ascii=False),
    }


def handler(event, context):
    asked = event["queryStringParameters"] or {}
    try:
        return answer(200, ranking(**asked) if event["path"] == "/ranking" else series(**asked))
    except (TypeError, KeyError) as error:
        return answer(400, {"error": f"website, date and, for a series, url are needed: {error}"})
