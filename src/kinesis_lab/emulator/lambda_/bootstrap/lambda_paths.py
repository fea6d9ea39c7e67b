"""Where the files of this computer are on Lambda, and where those of Lambda are on this computer."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Sequence
from typing import Any

TASK_ROOT = "/var/task"
"""Where Lambda keeps the function's code."""
TEMPORARY = "/tmp"
"""The only folder that a function may write to."""
STANDARD_LIBRARY = f"/var/lang/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
"""Where Lambda keeps Python."""
PACKAGES = f"{STANDARD_LIBRARY}/site-packages"
"""Where Lambda keeps what its runtime brings along."""
RUNTIME = f"{PACKAGES}/awslambdaric/bootstrap.py"
"""What Lambda runs instead of the modules in this folder."""

OF_A_TEST = r"pytest-of-[^/]+|tmp[a-z0-9_]{8}"
"""A folder that pytest or `tempfile` has made: our choice, so that a test can hand files to a handler, and get some."""

TO_BE_TRANSLATED = r"(?<![^\s='\":;,<>|&(])(?:/tmp|/var/task)(?![^\s/'\":;,<>|&)])[^\s'\":;,<>|&()]*"
"""A word of a command that is a path below these folders.  Patterns are compiled by who needs them: few do."""

_lstat, _getcwd = os.lstat, os.getcwd


class LambdaPaths:
    """Translates paths in both directions."""

    task = tmp = ""

    def __init__(self, libraries: Sequence[str]) -> None:
        """`libraries`: the folders of installed packages.  Until `begin` every path is what it is."""
        self._libraries = libraries

    def begin(self, task: str, tmp: str) -> None:
        """`task`, `tmp`: the environment's folders."""
        self.task = task
        self.tmp = tmp
        self._clouds = os.path.dirname(os.path.dirname(task))
        """The folder of all environments."""
        self._computers_tmp = os.path.dirname(self._clouds)
        self._runtime = os.path.dirname(__file__)
        library = os.path.dirname(os.__file__)
        self._moves = {
            self._runtime: os.path.dirname(RUNTIME),
            **dict.fromkeys(self._libraries, PACKAGES),
            library: STANDARD_LIBRARY,
            task: TASK_ROOT,
            tmp: TEMPORARY,
        }
        environment = os.path.dirname(os.path.dirname(sys.executable))
        own = {task, tmp, *self._libraries, library, self._runtime, environment, sys.prefix}
        self._not_lambdas = tuple(f"{folder}/" for folder in own if _is_below(folder, TEMPORARY, TASK_ROOT))
        """Folders of this computer whose names begin as those on Lambda do."""

    # From Lambda to here

    def here(self, path: str) -> str:
        """Where a path is on this computer, if it means one of the function's two folders; else the path as it is."""
        if path[:1] == os.sep == "/" and path[1:4] not in ("tmp", "var") and "/." not in path and "//" not in path:
            return path  # the usual case, and quickly
        if not self.tmp:
            return path
        plain = _plain(path)
        if not plain.startswith("/"):
            if ".." not in plain:
                return path
            plain = posixpath.normpath(posixpath.join(_plain(self.there(_getcwd())), plain))
            path = plain
        for there, folder in ((TEMPORARY, self.tmp), (TASK_ROOT, self.task)):
            if plain.startswith(there) and _is_below(plain, there):
                if f"{plain}/".startswith(self._not_lambdas) or (there == TEMPORARY and self.is_of_a_test(plain)):
                    return path
                return folder + plain[len(there) :].replace("/", os.sep)
        return path

    def translate(self, path: Any) -> Any:
        """The same for all that may stand for a path, such as bytes; what stands for none is given back."""
        if isinstance(path, int) or path is None:
            return path
        if not isinstance(path, (str, bytes)):
            fspath = getattr(type(path), "__fspath__", None)
            path = fspath(path) if fspath else path
        if isinstance(path, str):
            return self.here(path)
        return os.fsencode(self.here(os.fsdecode(path))) if isinstance(path, bytes) else path

    def command(self, text: str) -> str:
        """A command, or one word of it, with the paths in it translated."""
        if text in (TEMPORARY, TASK_ROOT) or (TEMPORARY not in text and TASK_ROOT not in text):
            return self.here(text)
        return re.sub(TO_BE_TRANSLATED, lambda found: self.here(found[0]), text)

    def is_of_a_test(self, path: str) -> bool:
        """Whether it is in a temporary folder of this computer that a test has made, and not in the environment's."""
        for folder in (self._computers_tmp, TEMPORARY):
            if _is_below(path, folder) and not _is_below(path, self._clouds):
                top = path[len(folder) :].strip("/" + os.sep).partition("/")[0].partition(os.sep)[0]
                if re.fullmatch(OF_A_TEST, top) and not _exists(os.path.join(self.tmp, top)):
                    return _exists(os.path.join(folder, top))
        return False

    # From here to Lambda

    def there(self, path: str) -> str:
        """What the function calls a path of one of its two folders; any other is given back."""
        for folder, there in ((self.tmp, TEMPORARY), (self.task, TASK_ROOT)):
            if folder and path.startswith(folder) and path[len(folder) : len(folder) + 1] in ("", "/", os.sep):
                return there + path[len(folder) :].replace(os.sep, "/")
        return path

    def path(self, filename: str) -> str:
        """A file's name in a traceback; the runtime is a single file on Lambda."""
        if os.path.dirname(filename) == self._runtime:
            return RUNTIME
        for here, there in self._moves.items():
            if filename.startswith(here):
                return there + filename[len(here) :].replace(os.sep, "/")
        plain = _plain(filename)
        return plain if _is_below(plain, TASK_ROOT, TEMPORARY) else filename

    def text(self, message: str) -> str:
        """A message with such names in it."""
        for here, there in self._moves.items():
            message = message.replace(here + os.sep, there + "/").replace(here, there)
        return message


def _is_below(path: str, *folders: str) -> bool:
    """Whether a path is one of the folders or in one of them."""
    return any(path == folder or path.startswith((f"{folder}/", folder + os.sep)) for folder in folders)


def _plain(path: str) -> str:
    """An absolute path without detours, and without what only Windows has: a drive and backslashes."""
    if os.sep != "/":
        path = os.path.splitdrive(path)[1].replace(os.sep, "/")
    if path.startswith("/") and ("//" in path or "/." in path):
        return "/" + posixpath.normpath(path).lstrip("/")
    return path


def _exists(path: str) -> bool:
    """Whether something is there on this computer."""
    try:
        _lstat(path)
    except (OSError, ValueError):
        return False
    return True
