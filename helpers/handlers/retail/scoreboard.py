"""What the two mended views share: a product's state and the scores of people change together, or not at all."""

from .store import dynamodb, table

contributions, scores = table("contributions"), table("scores")
ROLES = ("creator", "photographer")


def row_of(product):
    """What is kept of a product, as it is at this moment."""
    return contributions.get_item(Key={"productId": product}, ConsistentRead=True).get("Item", {})


def state_of(row):
    """For each role that is filled: who, what they are called, and what they have earned with this product."""
    return {role: (row[role][0], row[role][1], int(row[role][2])) for role in ROLES if role in row}


def save(product, row, state, mark, **more):
    """Write the product's new state, and `more` attributes, and move the scores by what it differs from that of `row`.

    `mark` is the attribute, and its new value, by which one sees whether somebody else has written meanwhile.
    Raises TransactionCanceledException then, and nothing has changed.
    """
    name, new = mark
    values = {name: new, **{role: [*each] for role, each in state.items()}, **more}
    change = {
        "TableName": contributions.name,
        "Key": {"productId": product},
        "UpdateExpression": "SET " + ", ".join(f"{each} = :{each}" for each in values),
        "ConditionExpression": f"{name} = :before" if row else f"attribute_not_exists({name})",
        "ExpressionAttributeValues": {f":{each}": value for each, value in values.items()},
    }
    if row:
        change["ExpressionAttributeValues"][":before"] = row[name]
    updates = [{"Update": each} for each in (change, *moved(state_of(row), state))]
    dynamodb.meta.client.transact_write_items(TransactItems=updates)


def moved(before, after):
    """The changes of scores from one state of a product to the next."""
    points, names = {}, {}
    for state, sign in ((before, -1), (after, 1)):
        for role, (who, name, score) in state.items():
            points[who, role] = points.get((who, role), 0) + sign * score
            names[who] = name
    for (who, role), gained in points.items():
        if gained:
            yield {
                "TableName": scores.name,
                "Key": {"userId": who, "role": role},
                "UpdateExpression": "SET friendlyName = :name ADD score :points",
                "ExpressionAttributeValues": {":name": names[who], ":points": gained},
            }
