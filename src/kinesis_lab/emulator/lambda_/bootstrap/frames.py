"""Messages between the local cloud and the process of a function: a head of plain values, and a body of bytes.

To the process, heads are marshalled: both ends are the same Python, and that is its quickest way.  From the process,
they are JSON: a handler can write into the pipe whatever it likes, and what reads it there must not be able to do more
than find it wrong.
"""

from __future__ import annotations

import struct
from json import JSONDecoder, JSONEncoder
from marshal import dumps, loads
from typing import Any

Head = dict[str, Any]

MOST_HEAD_BYTES = 8 * 1024**2
MOST_BODY_BYTES = 64 * 1024**2
"""What a function may send at once: our choices."""

_SIZES = struct.Struct(">II")


class Garbled(Exception):
    """What came through the pipe is no frame; the message says why."""


_encode = JSONEncoder().encode
_decode = JSONDecoder().raw_decode


def to_process(head: Head, body: bytes = b"") -> bytes:
    """A frame for the process of a function."""
    return _frame(dumps(head), body)


def to_cloud(head: Head, body: bytes = b"") -> bytes:
    """A frame for the local cloud."""
    return _frame(_encode(head).encode(), body)


def _frame(head: bytes, body: bytes) -> bytes:
    return _SIZES.pack(len(head), len(body)) + head + body


class Frames:
    """Puts frames together from the pieces in which they arrive."""

    def __init__(self, *, from_process: bool) -> None:
        """From which end they come: a process may write anything."""
        self._from_process = from_process
        self._pieces: list[bytes] = []
        self._size = 0
        self._needed = _SIZES.size
        """Bytes without which there is nothing to take."""

    def add(self, piece: bytes) -> None:
        """Take what has arrived next."""
        self._pieces.append(piece)
        self._size += len(piece)

    def take(self) -> tuple[Head, bytes] | None:
        """The next frame, None if it is not complete.  Raises Garbled for what is none; nothing large is waited for."""
        if self._size < self._needed:
            return None
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        head_size, body_size = _SIZES.unpack_from(data)
        if self._from_process and (head_size > MOST_HEAD_BYTES or body_size > MOST_BODY_BYTES):
            raise Garbled(f"a frame of {head_size + body_size} bytes")
        body_at = _SIZES.size + head_size
        end = body_at + body_size
        if self._size < end:
            self._pieces, self._needed = [data], end
            return None
        head, body = data[_SIZES.size : body_at], data[body_at:end]
        self._size -= end
        self._pieces, self._needed = [data[end:]] if self._size else [], _SIZES.size
        return (_read_head(head) if self._from_process else loads(head)), body


def _read_head(text: bytes) -> Head:
    try:
        head, _ = _decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise Garbled(f"a head that is no JSON: {error}") from None
    if not isinstance(head, dict):
        raise Garbled("a head that is no object")
    return head
