import json
from decimal import Decimal, InvalidOperation


def side_of(data):
    """Where a transaction goes: POSITIVE, NEGATIVE, or REJECTED if it has no amount, or can't be copied."""
    try:
        transaction = json.loads(data)
        json.dumps(transaction, ensure_ascii=False).encode("utf-8")  # half a character can be read, but not written
        amount = decimal(transaction["AMOUNT"])
    except Exception:  # whatever is wrong with it: it must end up somewhere
        return "REJECTED"
    if amount is None:
        return "REJECTED"
    return "POSITIVE" if amount >= 0 else "NEGATIVE"


def decimal(value):
    """DECIMAL(5,2): up to 999.99 on both sides of 0; None is NULL."""
    if value is None:
        return None
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no DECIMAL") from None
    if not amount.is_finite() or abs(amount) >= 1000:
        raise ValueError(f"{amount} does not fit DECIMAL(5,2)")
    return float(amount)
