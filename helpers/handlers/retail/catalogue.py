"""A view of the log: the products by id, and the categories that there are."""

from .envelopes import CREATE, IMAGE
from .schema_router import SchemaRouter
from .store import table

products, categories = table("products"), table("categories")
router = SchemaRouter()
handler = router.handler


@router.on(CREATE)
def create(event):
    data = event["data"]
    write(categories, {"category": data["category"]}, event)
    write(products, {"id": data["id"]}, event, "brand", "name", "description", "category")


@router.on(IMAGE)
def image(event):
    write(products, {"id": event["data"]["id"]}, event, "image")


def write(where, key, event, *fields):
    """Set these fields, and who was the first and the last to write.  Done twice, it is as if done once."""
    sets = ["created = if_not_exists(created, :at)", "createdBy = if_not_exists(createdBy, :by)"]
    sets += ["updated = :at", "updatedBy = :by", *(f"#{field} = :{field}" for field in fields)]
    values = {":at": event["timeOrigin"], ":by": event["origin"]}
    request = {
        "Key": key,
        "UpdateExpression": "SET " + ", ".join(sets),
        "ExpressionAttributeValues": values | {f":{field}": event["data"][field] for field in fields},
    }
    if fields:
        request["ExpressionAttributeNames"] = {f"#{field}": field for field in fields}
    where.update_item(**request)
