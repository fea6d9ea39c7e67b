"""Who has sold most, mended: for streams that keep the events of a product in order."""

from .envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2, person
from .schema_router import SchemaRouter
from .scoreboard import row_of, save, state_of

router = SchemaRouter()
handler = router.handler
UNKNOWN = ("UNKNOWN", "UNKNOWN", 0)


@router.on(CREATE, IMAGE, PURCHASE, PURCHASE_2)
def count(event):
    row = row_of(event["data"]["id"])
    orders, order = row.get("orders", []), event["data"].get("order")
    if event["eventId"] <= row.get("lastEventId", "") or order in orders:
        return  # it has been counted before
    more = {"orders": [*orders, order]} if order else {}  # a row has room for some ten thousand
    save(event["data"]["id"], row, after(state_of(row), event), ("lastEventId", event["eventId"]), **more)


def after(state, event):
    """The state of a product, one event later."""
    who, name = person(event["origin"])
    if event["data"]["schema"] == CREATE:
        return {"creator": (who, name, 0), **state}
    if event["data"]["schema"] == IMAGE:
        return {"photographer": (who, name, 0), **state}
    sellers = state if "creator" in state else {"creator": UNKNOWN, "photographer": UNKNOWN}
    return {role: (each[0], each[1], each[2] + (each[0] != who)) for role, each in sellers.items()}
