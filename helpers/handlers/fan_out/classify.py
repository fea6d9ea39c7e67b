import json


def side_of(data):
    """Where a transaction goes: POSITIVE, NEGATIVE, or REJECTED if it has no amount that is a number."""
    try:
        transaction = json.loads(data)
    except ValueError:
        return "REJECTED"
    amount = transaction.get("AMOUNT") if isinstance(transaction, dict) else None
    if not isinstance(amount, int | float):
        return "REJECTED"
    return "POSITIVE" if amount >= 0 else "NEGATIVE"
