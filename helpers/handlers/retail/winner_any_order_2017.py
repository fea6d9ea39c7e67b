"""Who has sold most, as it was published for streams without order: a row for every purchase."""

from boto3.dynamodb.conditions import Key

from .envelopes import CREATE, IMAGE, PURCHASE
from .schema_router import SchemaRouter
from .store import table

contributions, events, scores = table("contributions"), table("events"), table("scores")
router = SchemaRouter()
handler = router.handler


@router.on(CREATE)
def create(event):
    register(event, "creator")


@router.on(IMAGE)
def image(event):
    register(event, "photographer")


def register(event, role):
    """Note the first who came, and give them what was bought after their event."""
    product = event["data"]["id"]
    sets = f"SET {role} = if_not_exists({role}, :by), {role}EventId = if_not_exists({role}EventId, :id)"
    values = {":by": event["origin"], ":id": event["eventId"]}
    contributions.update_item(Key={"productId": product}, UpdateExpression=sets, ExpressionAttributeValues=values)
    later = Key("productId").eq(product) & Key("eventId").gt(event["eventId"])
    for row in events.query(KeyConditionExpression=later, ConsistentRead=True)["Items"]:
        attribute(product, row["eventId"], {role: event["origin"]})
    total_up(event["origin"], role)


@router.on(PURCHASE)
def purchase(event):
    product = event["data"]["id"]
    row = contributions.get_item(Key={"productId": product}, ConsistentRead=True).get("Item", {})
    earned = {
        role: row[role]
        for role in ("creator", "photographer")
        if role in row and event["eventId"] > row[f"{role}EventId"]
    }
    attribute(product, event["eventId"], earned)
    for role, who in earned.items():
        total_up(who, role)


def attribute(product, event_id, earned):
    """Write a purchase's row, and into it who has earned it."""
    events.update_item(
        Key={"productId": product, "eventId": event_id},
        UpdateExpression="SET " + ", ".join(["bought = :yes", *(f"{role} = :{role}" for role in earned)]),
        ExpressionAttributeValues={":yes": True, **{f":{role}": who for role, who in earned.items()}},
    )


def total_up(who, role):
    index = {"creator": "EventsByCreator", "photographer": "EventsByPhotographer"}[role]
    count = events.query(IndexName=index, KeyConditionExpression=Key(role).eq(who), Select="COUNT")["Count"]
    scores.update_item(
        Key={"userId": who, "role": role},
        UpdateExpression="SET score = :score",
        ExpressionAttributeValues={":score": count},
    )
