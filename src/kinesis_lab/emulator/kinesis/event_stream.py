"""The binary framing of event streams, in which SubscribeToShard answers."""

from __future__ import annotations

import json
from binascii import crc32
from struct import pack
from typing import Any

_TEXT = 7
"""The type of a header whose value is a string."""


def message(event: str, document: dict[str, Any]) -> bytes:
    """The frame of one event: of the type `event`, with `document` as its JSON payload."""
    headers = {":message-type": "event", ":event-type": event, ":content-type": "application/json"}
    payload = json.dumps(document, separators=(",", ":")).encode()
    head = b"".join(_header(name, value) for name, value in headers.items())
    lengths = pack("!II", 16 + len(head) + len(payload), len(head))
    framed = lengths + pack("!I", crc32(lengths)) + head + payload
    return framed + pack("!I", crc32(framed))


def _header(name: str, value: str) -> bytes:
    return pack("!B", len(name)) + name.encode() + pack("!BH", _TEXT, len(value)) + value.encode()
