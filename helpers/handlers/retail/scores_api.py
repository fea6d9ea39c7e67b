"""Answers who leads: GET /scores?role=creator|photographer[&limit=n], and GET /contributions."""

from itertools import islice

from boto3.dynamodb.conditions import Key

from .envelopes import shown
from .scoreboard import ROLES, contributions, scores
from .store import pages
from .web import answer

MOST = 100


def handler(event, context):
    asked = event.get("queryStringParameters") or {}
    if event["path"] == "/contributions":
        return answer(200, [{"productId": item["productId"]} for item in pages(contributions.scan)])
    if why := problem(asked):
        return answer(400, {"error": f"{why}: {asked}"})
    ranking = pages(
        scores.query, IndexName="ScoresByRole", KeyConditionExpression=Key("role").eq(asked["role"]),
        ScanIndexForward=False,
    )  # fmt: skip
    people = (item for item in ranking if item["userId"] != "UNKNOWN" and item["score"] > 0)
    best = list(islice(people, int(asked.get("limit", 1))))
    if not best:
        return answer(200, f"Nobody has sold anything as a {asked['role']} yet.")
    return answer(
        200, [{"userId": shown(item["userId"], item["friendlyName"]), "score": int(item["score"])} for item in best]
    )


def problem(asked):
    """What is wrong with a question, or None."""
    if asked.get("role") not in ROLES:
        return f"role must be one of {', '.join(ROLES)}"
    if set(asked) - {"role", "limit"}:
        return "only role and limit can be given"
    limit = asked.get("limit", "1")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
        return f"limit must be a number from 1 to {MOST}"
    return None
