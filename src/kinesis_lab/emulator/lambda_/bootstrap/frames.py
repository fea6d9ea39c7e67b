"""Messages between the local cloud and the process of a function: a head of plain values, and a body of bytes.

The head is JSON: a handler can write into the pipe whatever it likes, and what reads it there must not be able to do
more than find it wrong.
"""

from __future__ import annotations

import json
import struct
from typing import Any

Head = dict[str, Any]

MOST_HEAD_BYTES = 8 * 1024**2
MOST_BODY_BYTES = 64 * 1024**2
"""What a function may send at once: our choices."""

_SIZES = struct.Struct(">II")


class Garbled(Exception):
    """What came through the pipe is no frame; the message says why."""


def to_frame(head: Head, body: bytes = b"") -> bytes:
    """A head and a body as they go through the pipe."""
    text = json.dumps(head).encode()
    return _SIZES.pack(len(text), len(body)) + text + body


class Frames:
    """Puts frames together from the pieces in which they arrive."""

    def __init__(self, *, limited: bool) -> None:
        """`limited`: whether a frame that is too large is Garbled; it is not waited for."""
        self._limited = limited
        self._data = bytearray()

    def add(self, piece: bytes) -> None:
        """Take what has arrived next."""
        self._data += piece

    def take(self) -> tuple[Head, bytes] | None:
        """The next frame, None if it is not complete.  Raises Garbled for what is none."""
        data = self._data
        if len(data) < _SIZES.size:
            return None
        head_size, body_size = _SIZES.unpack_from(data)
        if self._limited and (head_size > MOST_HEAD_BYTES or body_size > MOST_BODY_BYTES):
            raise Garbled(f"a frame of {head_size + body_size} bytes")
        body_at = _SIZES.size + head_size
        end = body_at + body_size
        if len(data) < end:
            return None
        with memoryview(data) as view:
            text, body = bytes(view[_SIZES.size : body_at]), bytes(view[body_at:end])
        del data[:end]
        try:
            head = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Garbled(f"a head that is no JSON: {error}") from None
        if not isinstance(head, dict):
            raise Garbled("a head that is no object")
        return head, body
