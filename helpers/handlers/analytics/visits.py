import base64
import json
from typing import NamedTuple
from urllib.parse import quote

from dimensions import dimensions

POISON = KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError
LONGEST_KEY = 2000  # bytes; DynamoDB takes 2048, and the index needs some for the bucket


class Visit(NamedTuple):
    """A visit as it is counted: `page` is the key of its page, `number` its record's sequence number."""

    site: str
    page: str
    title: str
    buckets: list[str]
    number: str


def visits(records):
    """The visits in these records. What is none will never be one: it is put aside, with a line in the log."""
    for record in records:
        try:
            yield visit(record)
        except POISON as error:
            print("BAD", json.dumps({"eventID": record["eventID"], "reason": repr(error)}))


def visit(record):
    hit = json.loads(base64.b64decode(record["kinesis"]["data"]))
    site, url = hit["website"], hit["url"]
    if not (isinstance(site, str) and isinstance(url, str) and site and url):
        raise ValueError("website and url must be texts")
    if not isinstance(hit["date"], (int, float)):
        raise ValueError("date must be a number")
    page = page_id(site, url)
    title = str(hit.get("name") or url)[:200]
    title.encode()  # half a character is none
    if len(page.encode()) > LONGEST_KEY:
        raise ValueError("website and url are too long for a key")
    return Visit(site, page, title, dimensions(hit["date"]), record["kinesis"]["sequenceNumber"])


def page_id(site, url):
    """The key of a page. A colon in the site's own name is quoted, so the first one ends the name."""
    return f"{quote(site, safe='')}:{url}"
