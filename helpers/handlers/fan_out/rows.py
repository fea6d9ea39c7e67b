import base64
import json
from decimal import Decimal, InvalidOperation


def row_of(record):
    """The row (ID, USERNAME, AMOUNT) that the declared schema makes of a record; ValueError if it can't."""
    fields = json.loads(base64.b64decode(record["kinesis"]["data"]))
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    return int(fields["ID"]), str(fields["USERNAME"])[:200], decimal(fields.get("AMOUNT"))


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
