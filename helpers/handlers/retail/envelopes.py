"""The envelopes in which events go into the log and come out of it."""

import base64
import json
from datetime import UTC, datetime

from .schemas import SCHEMAS, problem

INGRESS = "com.nordstrom/retail-stream-ingress/1-0-0"
EGRESS = "com.nordstrom/retail-stream-egress/1-0-0"
CREATE = "com.nordstrom/product/create/1-0-0"
IMAGE = "com.nordstrom/product/image/1-0-0"
PURCHASE = "com.nordstrom/product/purchase/1-0-0"
PURCHASE_2 = "com.nordstrom/product/purchase/2-0-0"


class BadMessage(Exception):
    """A record that no retry will make better: a reason in a word or two, and the details."""


def ingress(data, origin, at):
    """The envelope for the way into the log."""
    return {"schema": INGRESS, "origin": origin, "timeOrigin": at, "data": data}


def egress(envelope, record):
    """The envelope with what the log knows: the event's name for good, and when it was taken."""
    return {
        **envelope,
        "schema": EGRESS,
        "eventId": record["eventID"],
        "timeIngest": iso(record["kinesis"]["approximateArrivalTimestamp"]),
        "timeProcess": iso(datetime.now(UTC).timestamp()),
    }


def opened(record):
    """The event in a record, in its egress envelope; raises BadMessage."""
    try:
        document = json.loads(base64.b64decode(record["kinesis"]["data"], validate=True))
    except ValueError as error:
        raise BadMessage("not JSON", str(error)) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema not in (INGRESS, EGRESS):
        raise BadMessage("no envelope", f"schema is {schema!r}")
    if why := problem(document, SCHEMAS[schema]):
        raise BadMessage("bad envelope", why)
    return egress(document, record) if schema == INGRESS else document


def person(origin):
    """Who is behind an origin of the form widget/role/id/name: the id, and the name to show."""
    parts = origin.split("/")
    return (parts[2], parts[3]) if len(parts) == 4 else (origin, origin)


def shown(who, name):
    """What others may see of a person: the name, and three characters out of the middle of the id."""
    part = who[-7:-4]
    return f"{name} (**...**{part}****)" if part else name


def iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
