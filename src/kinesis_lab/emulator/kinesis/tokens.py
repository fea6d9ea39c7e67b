"""Opaque strings for clients to pass back, which they cannot read or make: shard iterators and NextTokens."""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b

_SEAL = 12
"""Bytes of the keyed hash in front of the parts."""


def seal(*parts: str | float) -> str:
    """An opaque string that holds `parts`, none of which contains a newline."""
    text = "\n".join(map(str, parts)).encode()
    return base64.b64encode(_seal_of(text) + text).decode("ascii")


def unseal(token: str) -> list[str]:
    """The parts; an empty list if `seal` did not make this token."""
    try:
        sealed = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return []
    text = sealed[_SEAL:]
    return text.decode().split("\n") if sealed[:_SEAL] == _seal_of(text) else []


def _seal_of(text: bytes) -> bytes:
    return blake2b(text, digest_size=_SEAL, key=b"kinesis").digest()
