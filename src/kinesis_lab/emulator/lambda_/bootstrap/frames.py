"""Messages between the local cloud and the process of a function: a head of plain values, and a body of bytes."""

from __future__ import annotations

from marshal import dumps, loads
from typing import Any, BinaryIO

Head = dict[str, Any]


def write_frame(pipe: BinaryIO, head: Head, body: bytes = b"") -> None:
    """Send a head and a body: plain values only, as both ends are the same Python and marshal is its quickest way."""
    frame = dumps((head, body))
    pipe.write(len(frame).to_bytes(4, "big") + frame)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[Head, bytes]:
    """Receive a head and a body; EOFError when the other end is gone."""
    size = int.from_bytes(_exactly(pipe, 4), "big")
    head, body = loads(_exactly(pipe, size))
    return head, body


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError("the other end of the pipe is gone")
    return data
