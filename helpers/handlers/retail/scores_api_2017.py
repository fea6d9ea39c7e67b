"""Answers who leads: GET /scores?role=creator|photographer[&limit=n], and GET /contributions; as published."""

from boto3.dynamodb.conditions import Key

from .envelopes import person, shown
from .store import table
from .web import answer

contributions, scores = table("contributions"), table("scores")


def handler(event, context):
    asked = event.get("queryStringParameters") or {}
    if event["path"] == "/contributions":
        return answer(200, [{"productId": item["productId"]} for item in contributions.scan()["Items"]])
    if asked.get("role") not in ("creator", "photographer") or set(asked) - {"role", "limit"}:
        return bad_request("role is wanted, and limit if you like")
    best = scores.query(
        IndexName="ScoresByRole",
        KeyConditionExpression=Key("role").eq(asked["role"]),
        ScanIndexForward=False,
        Limit=asked.get("limit", 1),
    )["Items"]
    if not best or not best[0]["score"]:
        return answer(200, f"Nobody has sold anything as a {asked['role']} yet.")
    return answer(200, [{"userId": shown(*person(item["userId"])), "score": int(item["score"])} for item in best])


def bad_request(why, event=None):
    return answer(400, {"error": f"Bad request: {event}. {why}"})
