"""Answers what is in the catalogue: GET /categories, and GET /products?category=… ."""

from boto3.dynamodb.conditions import Key

from .store import pages, table
from .web import answer

products, categories = table("products"), table("categories")
SHOWN = ("id", "brand", "name", "description", "image")


def handler(event, context):
    asked = event.get("queryStringParameters") or {}
    if event["path"] == "/categories":
        return answer(200, sorted(item["category"] for item in pages(categories.scan)))
    if event["path"] == "/products" and set(asked) == {"category"}:
        found = pages(
            products.query, IndexName="Category", KeyConditionExpression=Key("category").eq(asked["category"])
        )
        return answer(200, [{name: item[name] for name in SHOWN if name in item} for item in found])
    return answer(400, {"error": "ask for /categories, or for /products?category=…"})
