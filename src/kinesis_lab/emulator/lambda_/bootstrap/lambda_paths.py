"""Where the files of this computer would be on Lambda."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

TASK_ROOT = "/var/task"
"""Where Lambda keeps the function's code; tracebacks name files there."""
STANDARD_LIBRARY = f"/var/lang/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
"""Where Lambda keeps Python."""
PACKAGES = f"{STANDARD_LIBRARY}/site-packages"
"""Where Lambda keeps what its runtime brings along."""
RUNTIME = f"{PACKAGES}/awslambdaric/bootstrap.py"
"""What Lambda runs instead of the modules in this folder."""


class LambdaPaths:
    """Translates paths of this computer to those on Lambda, for messages and tracebacks."""

    def __init__(self, task: str, libraries: Sequence[str]) -> None:
        """`task`: the folder of the function's code; `libraries`: those of installed packages."""
        self._runtime = os.path.dirname(__file__)
        self._moves = {
            self._runtime: os.path.dirname(RUNTIME),
            **dict.fromkeys(libraries, PACKAGES),
            os.path.dirname(os.__file__): STANDARD_LIBRARY,
            task: TASK_ROOT,
        }

    def path(self, filename: str) -> str:
        """A file's name as it is on Lambda; the runtime is a single file there."""
        if os.path.dirname(filename) == self._runtime:
            return RUNTIME
        for here, there in self._moves.items():
            if filename.startswith(here):
                return there + filename[len(here) :].replace(os.sep, "/")
        return filename

    def text(self, message: str) -> str:
        """A message with such names in it."""
        for here, there in self._moves.items():
            message = message.replace(here + os.sep, there + "/").replace(here, there)
        return message
