"""All of the file system but `/tmp` is read-only to a function, and its package has the modes of the zip file.

A function runs with the rights of whoever opened the cloud, so permissions alone do not stop it.  An audit hook hears
of every change that Python is about to make, by whatever function, and cannot be taken away again.  It keeps mistakes
from harming this computer, as Lambda does; it is no sandbox: other programs, and native code, are not asked.
"""

from __future__ import annotations

import errno
import os
import os.path as paths_of
import stat
import sys
from collections.abc import Callable
from os import fsdecode, fsencode
from typing import Any

from .lambda_paths import LambdaPaths

ONE_PATH = {
    "os.chflags": -1,
    "os.chmod": 2,
    "os.chown": 3,
    "os.mkdir": 2,
    "os.remove": 1,
    "os.removexattr": -1,
    "os.rmdir": 1,
    "os.setxattr": -1,
    "os.truncate": -1,
    "os.utime": 3,
}
"""Events of what changes something at their first argument, a path, and where the descriptor stands that it begins
at."""
TWO_PATHS = {"os.rename": (2, 3), "os.link": (2, 3)}
"""Those that change something at two paths."""
DEVICES = ("/dev/", "/proc/self/", "/proc/thread-self/")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MOST_LINKS = 40
"""Symbolic links on the way to a file: more are an error on Linux."""

_lstat, _stat, _readlink, _getcwd = os.lstat, os.stat, os.readlink, os.getcwd
_is_root = hasattr(os, "geteuid") and os.geteuid() == 0


class ReadOnly:
    """Refuses what Linux would refuse on Lambda."""

    def __init__(self, paths: LambdaPaths) -> None:
        self._paths = paths

    def install(self) -> None:
        """Refuse, as soon as the process is an environment."""
        checks: dict[str, Callable[[tuple[Any, ...]], None]] = {"open": self._open, "os.symlink": self._symlink}
        for event, position in ONE_PATH.items():
            checks[event] = self._one_path(position, creates=event == "os.mkdir", follows=event in FOLLOWING)
        for event, (first, second) in TWO_PATHS.items():
            checks[event] = self._two_paths(first, second)
        find = checks.get

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            check = find(event)
            if check is not None and self._paths.tmp:
                check(arguments)

        sys.addaudithook(hook)

    def writable(self, path: str, at: int = -1, *, follows: bool = True) -> bool:
        """Whether something may be changed at a path, which begins at a descriptor if it is relative and `at` one."""
        if not self._paths.tmp:
            return True
        if path.startswith(DEVICES):
            return not path.startswith("/dev/shm")
        path = self._resolved(path, at, follows=follows)
        return path == self._paths.tmp or path.startswith(self._paths.tmp + os.sep) or self._paths.is_of_a_test(path)

    def accessible(self, path: str, mode: int) -> bool:
        """Whether a path that the system allows to be read, written or run (`os.R_OK` …) is so here."""
        if mode & os.W_OK and not self.writable(path):
            return False
        return not (mode & os.R_OK and _is_root and self._unreadable(path))

    def check(self, path: Any, at: int = -1, *, creates: bool = False, follows: bool = True) -> None:
        """Raise OSError if the path is not writable, unless Linux would find another fault first."""
        if path is None or isinstance(path, int) or path == os.devnull:
            return
        text = fsdecode(path)
        if self.writable(text, at, follows=follows) or self._faulty(text, at, creates=creates):
            return
        raise OSError(errno.EROFS, "Read-only file system", self._name(path))

    # The kinds of events

    def _one_path(self, position: int, *, creates: bool, follows: bool) -> Callable[[tuple[Any, ...]], None]:
        def check(arguments: tuple[Any, ...]) -> None:
            at = arguments[position] if position > 0 else -1
            self.check(arguments[0], at, creates=creates, follows=follows)

        return check

    def _two_paths(self, first: int, second: int) -> Callable[[tuple[Any, ...]], None]:
        def check(arguments: tuple[Any, ...]) -> None:
            source, target = arguments[:2]
            from_there = self.writable(fsdecode(source), arguments[first], follows=False)
            to_there = self.writable(fsdecode(target), arguments[second], follows=False)
            if (from_there and to_there) or self._faulty(fsdecode(source), arguments[first], creates=False):
                return
            if from_there != to_there:  # /tmp is a file system of its own
                names = self._name(source), None, self._name(target)
                raise OSError(errno.EXDEV, "Invalid cross-device link", *names)
            raise OSError(errno.EROFS, "Read-only file system", self._name(source), None, self._name(target))

        return check

    def _symlink(self, arguments: tuple[Any, ...]) -> None:
        self.check(arguments[1], arguments[2], creates=True, follows=False)

    def _open(self, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        if not isinstance(path, (str, bytes)):
            return
        if flags & WRITES or (not flags and isinstance(mode, str) and not set("wxa+").isdisjoint(mode)):
            if flags & os.O_CREAT and not flags & os.O_EXCL:
                self._check_open(path)
            else:
                self.check(path, creates=bool(flags & os.O_CREAT))
        elif _is_root and self._unreadable(fsdecode(path)):
            raise PermissionError(errno.EACCES, "Permission denied", self._name(path))

    def _check_open(self, path: str | bytes) -> None:
        """A file that is made if it is not there yet: only a folder that is not there is another fault."""
        text = fsdecode(path)
        if path == os.devnull or self.writable(text):
            return
        if paths_of.isdir(paths_of.dirname(self._absolute(text, -1))) and not paths_of.isdir(text):
            raise OSError(errno.EROFS, "Read-only file system", self._name(path))

    def _unreadable(self, path: str) -> bool:
        """Whether it is a file of the package that nobody may read: whoever is root could read it."""
        here = self._absolute(path, -1)
        folder = self._paths.task
        if not here.startswith(folder + os.sep):
            return False
        for name in here[len(folder) + 1 :].split(os.sep):
            folder = paths_of.join(folder, name)
            try:
                mode = _stat(folder).st_mode
            except OSError:
                return False
            if not mode & (stat.S_IXUSR if stat.S_ISDIR(mode) else stat.S_IRUSR):
                return True
        return False

    # Paths

    def _name(self, path: str | bytes) -> Any:
        shown = self._paths.there(fsdecode(path))
        return fsencode(shown) if isinstance(path, bytes) else shown

    def _faulty(self, path: str, at: int, *, creates: bool) -> bool:
        """Whether there is something already where it would be made, or nothing where there has to be something."""
        try:
            _lstat(self._absolute(path, at))
        except OSError:
            return not creates or not paths_of.isdir(paths_of.dirname(self._absolute(path, at)))
        return creates

    def _absolute(self, path: str, at: int) -> str:
        path = self._paths.here(path)
        return path if paths_of.isabs(path) else paths_of.join(_begins(at), path)

    def _resolved(self, path: str, at: int, *, follows: bool) -> str:
        """The path without symbolic links."""
        path = self._paths.here(path)
        if os.name == "nt":
            return paths_of.realpath(path)
        if not path.startswith("/"):
            done = _begins(at)  # has none
        else:
            done = self._paths.tmp if path.startswith(self._paths.tmp + "/") else "/"
            path = path[len(done) :]
        ahead = path.split("/")[::-1]
        links = 0
        while ahead:
            name = ahead.pop()
            if name == "..":
                done = paths_of.dirname(done)
            elif name not in ("", "."):
                done = f"{done.rstrip('/')}/{name}"
                if not ahead and not follows:
                    break
                try:
                    target = _readlink(done)
                except OSError:  # no link, or nothing
                    continue
                links += 1
                if links > MOST_LINKS:
                    break
                done = "/" if target.startswith("/") else paths_of.dirname(done)
                ahead += target.split("/")[::-1]
        return done


FOLLOWING = {"os.chmod", "os.chown", "os.chflags", "os.truncate", "os.utime", "os.setxattr", "os.removexattr"}
"""Events of what follows a symbolic link to what it leads to."""


def _begins(at: int) -> str:
    """Where relative paths begin: at an open folder, or the one that the function works in."""
    return folder_of(at) if at >= 0 else _getcwd()


def folder_of(descriptor: int) -> str:
    """The path of an open folder.  Raises OSError where the system does not tell."""
    if sys.platform == "darwin":
        import fcntl

        return fsdecode(fcntl.fcntl(descriptor, 50, bytes(1024)).rstrip(b"\0"))  # F_GETPATH
    return _readlink(f"/proc/self/fd/{descriptor}")
