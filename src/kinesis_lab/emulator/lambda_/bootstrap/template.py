"""A process that imports what handlers need, and is then forked, once for each execution environment.

It knows no function, holds no credentials and runs no thread.  Linux only: elsewhere a fork without an exec is not safe
beside the system's own libraries.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from .boto import load_descriptions
from .imports import import_unseen
from .invocation_loop import prepare

USUAL = ("base64", "datetime", "decimal", "json")
"""What most handlers import."""
READ_AT_START = (b"PYTHON", b"LD_", b"LC_", b"LANG", b"TZ", b"HOME", b"GLIBC_", b"MALLOC_", b"OPENSSL_")
"""How variables begin that Python, and the libraries of this process, have read when they were started."""
START, END = 47, 48
"""Where /proc/self/stat has the first and the last address of the variables, counted behind the name: its fields 50
and 51."""


class Template:
    """This process, prepared to be forked."""

    def __init__(self, main: ModuleType, libraries: Sequence[str], *, boto: bool) -> None:
        """`main`: the module `__main__` of an environment; `libraries`: the folders of installed packages."""
        self._prepared = prepare(libraries)
        self._main = main
        self._read_at_start = _read_at_start(os.environb)
        self._block: Any = _block_of_this_process()
        plain = set(sys.modules)
        for name in USUAL:
            importlib.import_module(name)
        self._load: Callable[[Sequence[str]], None] = load_descriptions() if boto else lambda services: None
        self._prepared.note_imports()
        self._imported = {name.partition(".")[0] for name in sys.modules.keys() - plain}
        self._freeze()

    def load(self, services: Sequence[str]) -> None:
        """Load what boto3 knows of services, if it has not been loaded yet."""
        self._load(services)
        self._freeze()

    def fits(self, variables: dict[bytes, bytes], task: bytes) -> bool:
        """Whether a fork would be as a process that was started: `task` is the folder of the function's package.

        Not if the package brings modules of its own in the place of those that are here, or if variables are other ones
        that are read at the start of a process, or too long.
        """
        try:
            own = {os.fsdecode(name).partition(".")[0] for name in os.listdir(task)}
        except OSError:
            return False
        same = _read_at_start(self._completed(variables)) == self._read_at_start
        return same and not own & self._imported and len(_block(variables)) <= len(self._block)

    def become(self, variables: dict[bytes, bytes]) -> Callable[[], None]:
        """In a fork: take the variables of an environment; returns what makes this process one."""
        os.environb.clear()
        os.environb.update(self._completed(variables))
        self._block.raw = _block(variables).ljust(len(self._block), b"\0")
        sys.modules["__main__"] = self._main
        sys.argv[:] = [str(self._main.__file__)]
        return self._prepared.run

    def _completed(self, variables: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """With what Python adds at its start, where the system lacks the language of LANG."""
        added = {name: value for name, value in self._read_at_start.items() if name == b"LC_CTYPE"}
        return {**added, **variables}

    def _freeze(self) -> None:
        gc.collect()
        gc.freeze()


def _read_at_start(variables: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in variables.items() if name.startswith(READ_AT_START)}


def _block_of_this_process() -> Any:
    """The memory in which the system laid the variables down at the start, as others see it in /proc/<pid>/environ."""
    ctypes = import_unseen("ctypes")
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[START]), int(fields[END])
    return (ctypes.c_char * (end - start)).from_address(start)


def _block(variables: dict[bytes, bytes]) -> bytes:
    return b"".join(b"%s=%s\0" % entry for entry in variables.items())
