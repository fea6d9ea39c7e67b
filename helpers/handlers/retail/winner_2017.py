"""Who has sold most, as it was published: right as long as all events of a product come in order."""

from boto3.dynamodb.conditions import Key

from .envelopes import CREATE, IMAGE, PURCHASE
from .schema_router import SchemaRouter
from .store import table

contributions, scores = table("contributions"), table("scores")
router = SchemaRouter()
handler = router.handler
UNKNOWN = "UNKNOWN"


@router.on(CREATE)
def create(event):
    update(
        event,
        "creator = if_not_exists(creator, :by), creatorScore = if_not_exists(creatorScore, :zero), "
        "photographerScore = if_not_exists(photographerScore, :zero), photographerExists = :minus",
        {":by": event["origin"], ":zero": 0, ":minus": -1},
    )


@router.on(IMAGE)
def image(event):
    update(
        event,
        "photographer = if_not_exists(photographer, :by), creator = if_not_exists(creator, :unknown), "
        "creatorScore = if_not_exists(creatorScore, :zero), "
        "photographerScore = if_not_exists(photographerScore, :zero) REMOVE photographerExists",
        {":by": event["origin"], ":zero": 0, ":unknown": UNKNOWN},
    )


@router.on(PURCHASE)
def purchase(event):
    key = {"productId": event["data"]["id"]}
    zero = {":zero": 0}
    start = "SET photographerScore = if_not_exists(photographerScore, :zero)"
    contributions.update_item(Key=key, UpdateExpression=start, ExpressionAttributeValues=zero)
    product = update(
        event,
        "creator = if_not_exists(creator, :unknown), creatorScore = if_not_exists(creatorScore, :zero) + :one, "
        "photographerScore = if_not_exists(photographerExists, photographerScore) + :one",
        {":zero": 0, ":one": 1, ":unknown": UNKNOWN},
    )
    if product:
        total_up(product)


def update(event, changes, values):
    """Change the product's row and return it; nothing, if this event or a later one has changed it before."""
    try:
        changed = contributions.update_item(
            Key={"productId": event["data"]["id"]},
            UpdateExpression=f"SET lastEventId = :id, {changes}",
            ConditionExpression="attribute_not_exists(lastEventId) OR lastEventId < :id",
            ExpressionAttributeValues={":id": event["eventId"], **values},
            ReturnValues="ALL_NEW",
        )
    except contributions.meta.client.exceptions.ConditionalCheckFailedException:
        return None
    return changed["Attributes"]


def total_up(product):
    """Add up again what these two have sold with all of their products."""
    set_total(product["creator"], "creator", "ProductsByCreator")
    if product["creator"] == UNKNOWN:
        contributions.update_item(
            Key={"productId": product["productId"]},
            UpdateExpression="SET photographer = :unknown",
            ExpressionAttributeValues={":unknown": UNKNOWN},
        )
        product["photographer"] = UNKNOWN
    if "photographer" in product:
        set_total(product["photographer"], "photographer", "ProductsByPhotographer")


def set_total(who, role, index):
    found = contributions.query(IndexName=index, KeyConditionExpression=Key(role).eq(who))["Items"]
    scores.update_item(
        Key={"userId": who, "role": role},
        UpdateExpression="SET score = :score",
        ExpressionAttributeValues={":score": sum(product[f"{role}Score"] for product in found)},
    )
