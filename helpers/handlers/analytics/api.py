import json
import os
from datetime import datetime

import boto3
from boto3.dynamodb.conditions import Key
from dimensions import FORMATS
from visits import page_id

table = boto3.resource("dynamodb").Table(os.environ.get("TABLE", "hits"))
FINER = {"YEAR": "MONTH", "MONTH": "DATE", "DATE": "HOUR", "HOUR": "MINUTE"}


def ranking(website, date):
    """The pages of a site by their hits in a bucket, most first."""
    parts(date)
    found = every(
        IndexName="by-date",
        KeyConditionExpression=Key("site_date").eq(f"{website}|{date}"),
        ScanIndexForward=False,
    )
    return [{"name": item["name"], "url": item["id"].partition(":")[2], "value": int(item["value"])} for item in found]


def series(website, url, date):
    """The hits of a page in a bucket, by the next finer ones in it."""
    word, text = parts(date)
    finer = Key("date").begins_with(f"{FINER[word]}:{text}")
    found = every(KeyConditionExpression=Key("id").eq(page_id(website, url)) & finer)
    return [{"date": item["date"], "url": url, "value": int(item["value"])} for item in found]


def parts(date):
    """The word and the text of a bucket. A part of a text, as in MONTH:2017-1, is refused: three months begin so."""
    word, _, text = date.partition(":")
    if datetime.strptime(text, FORMATS[word]).strftime(FORMATS[word]) != text:
        raise ValueError(f"{date} is no bucket")
    return word, text


def every(**question):
    """All that a query finds. One answer ends after a megabyte, and says from where to go on."""
    while True:
        found = table.query(**question)
        yield from found["Items"]
        if "LastEvaluatedKey" not in found:
            return
        question["ExclusiveStartKey"] = found["LastEvaluatedKey"]


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
    except (TypeError, KeyError, ValueError) as error:
        wanted = "website, date (a bucket such as MONTH:2017-08) and, for a series, url are needed"
        return answer(400, {"error": f"{wanted}: {error}"})
