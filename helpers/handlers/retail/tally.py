"""Who has earned what with a product: from the facts about it, in whatever order they came.  Needs no cloud."""

from .envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2, person


def fact(event):
    """What is to be kept of an event."""
    data = event["data"]
    kept = {"productId": data["id"], "eventId": event["eventId"], "schema": data["schema"], "origin": event["origin"]}
    return kept | ({"order": data["order"]} if "order" in data else {})


def place(fact):
    """Where a fact stands in the log, among those about its product: shards count up, so children come later."""
    shard, number = fact["eventId"].split(":")
    return shard, int(number)


def tally(facts):
    """The product's creator and photographer, each with the sales since, as (id, name, score).

    The first to register counts.  A fact that is there twice counts once; so does an order.  Nobody scores with what
    they buy themselves.
    """
    facts = sorted(facts, key=place)
    sales = {}
    for each in facts:
        if each["schema"] in (PURCHASE, PURCHASE_2):
            sales.setdefault(each.get("order", each["eventId"]), each)
    result = {}
    for role, schema in (("creator", CREATE), ("photographer", IMAGE)):
        first = next((each for each in facts if each["schema"] == schema), None)
        if first:
            who, name = person(first["origin"])
            score = sum(place(sale) > place(first) and person(sale["origin"])[0] != who for sale in sales.values())
            result[role] = (who, name, score)
    return result
