"""The environment that this process was started with, as the system shows it to others: on Linux.

`os.environ` is a copy.  What stands in `/proc/<pid>/environ` is the memory in which the system laid the variables down
when the process began, and nothing that Python does to them changes it.  Here their values are overwritten there.

On macOS, too, this process's own user can read it, and there is no such way to overwrite it.  On Windows a process has
one environment only, and Python changes that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

START, END = 47, 48
"""Where /proc/self/stat has the first and the last address, counted behind the name: its fields 50 and 51."""
FILLER = b"*"


class Value(NamedTuple):
    """The value of a variable, and where it lies."""

    address: int
    text: bytes


def hide(prefix: bytes) -> list[Value]:
    """Overwrite the values of variables whose names begin so; returns what they were, for `show`.

    Raises OSError if this Linux does not allow it: then they stay to be seen.
    """
    if sys.platform != "linux":
        return []
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        start, end = _place()
        memory.seek(start)
        values = list(_values(memory.read(end - start), start, prefix))
        for value in values:
            memory.seek(value.address)
            memory.write(FILLER * len(value.text))
    return values


def show(values: list[Value]) -> None:
    """Write back what `hide` has overwritten, where nobody else has written since.  Raises OSError."""
    if not values:
        return
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        for value in values:
            memory.seek(value.address)
            if memory.read(len(value.text)) == FILLER * len(value.text):
                memory.seek(value.address)
                memory.write(value.text)


def _place() -> tuple[int, int]:
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[START]), int(fields[END])


def _values(block: bytes, address: int, prefix: bytes) -> Iterator[Value]:
    """The values in a block of NAME=value, each with a zero behind it."""
    for entry in block.split(b"\0"):
        name, equals, text = entry.partition(b"=")
        if text and name.startswith(prefix):
            yield Value(address + len(name) + len(equals), text)
        address += len(entry) + 1
