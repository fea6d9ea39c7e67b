import base64
import json

from classify import decimal


def row_of(record):
    """The row (ID, USERNAME, AMOUNT) that the declared schema makes of a record; raises an error if it can't."""
    fields = json.loads(base64.b64decode(record["kinesis"]["data"]))
    return integer(fields["ID"]), text(fields["USERNAME"]), decimal(fields.get("AMOUNT"))


def integer(value):
    """INTEGER: 32 bits, with sign."""
    number = int(value)
    if not -(2**31) <= number < 2**31:
        raise ValueError(f"{number} does not fit INTEGER")
    return number


def text(value):
    """VARCHAR(200); half a character is an error here already."""
    return str(value).encode("utf-8").decode("utf-8")[:200]
