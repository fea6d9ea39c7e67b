"""The file system as a function sees it: its code is in `/var/task`, and it may write to `/tmp`.

Both are folders of the environment.  A function names them as on Lambda, on every system: the functions of `os`, `open`
and what is built on them (pathlib, shutil, tempfile, zipfile, the import of modules …) are given the paths of this
computer, and answer with those of Lambda.  Beside this module, `native_libraries` and `child_processes` see to those
that open files without Python.

Not covered: native code of the function's own, the addresses of Unix sockets, and what programs make of paths that they
find for themselves.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, ModuleType
from typing import Any

from .child_processes import ChildProcesses
from .lambda_paths import LambdaPaths
from .native_libraries import NativeLibraries
from .read_only import ReadOnly, folder_of
from .storage import COUNTED, Storage, counted, counted_file, counted_open, limit_files, writes

MEGABYTE = 1024**2
ONE_PATH = (
    *("chdir", "chflags", "chmod", "chown", "execv", "execve", "getxattr", "lchflags", "lchmod", "lchown", "listdir"),
    *("listxattr", "lstat", "mkdir", "mkfifo", "mknod", "pathconf", "posix_spawn", "posix_spawnp", "remove"),
    *("removexattr", "rmdir", "setxattr", "stat", "truncate", "unlink", "utime"),
)
"""Functions of `os` whose first argument is a path."""
TWO_PATHS = ["link", "rename", "replace"]
"""Those whose first two arguments are paths."""
UNHEARD = ("mkfifo", "mknod")
"""Those that make something without an audit event."""
OF_PATHS = ["exists", "isdir", "isfile", "isjunction", "islink", "lexists", "realpath"]
"""Functions of `os.path` that are native on Windows."""

Function = Callable[..., Any]


class Translated:
    """A function that takes, and gives, paths as they are on Lambda.

    An object and no function: as a class attribute it must not become a method, as built-in functions do not.
    """

    def __init__(self, native: Function, call: Function) -> None:
        self._native = native
        self._call = call

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call it."""
        return self._call(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def __repr__(self) -> str:
        return repr(self._native)


class DirEntry:
    """An entry of a folder, as `os.scandir` gives it, with the path that it has on Lambda."""

    __slots__ = ("_entry", "path")

    def __init__(self, entry: Any, path: Any) -> None:
        self._entry = entry
        self.path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return repr(self._entry)


class Entries:
    """What `os.scandir` gives: an iterator that can be closed."""

    def __init__(self, entries: Any, folder: Any) -> None:
        self._entries = entries
        self._folder = folder

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        entry = next(self._entries)
        return DirEntry(entry, os.path.join(self._folder, entry.name))

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Look no further."""
        self._entries.close()


class FileSystem:
    """Lets this process see the two folders of its environment where they are on Lambda."""

    def __init__(self, paths: LambdaPaths) -> None:
        self._paths = paths
        self._read_only = ReadOnly(paths)
        self._storage = Storage()
        self._children = ChildProcesses(paths, self._storage.measure_again)

    def install(self) -> dict[str, Callable[[ModuleType], None]]:
        """Change what is loaded already; returns the hooks for modules that may be imported later."""
        children = self._children
        libraries = NativeLibraries(self._paths, self._read_only)
        special = {
            "access": self._access,
            "getcwd": self._shown,
            "getcwdb": self._shown,
            "open": self._open,
            "putenv": children.putenv,
            "readlink": self._shown,
            "scandir": self._scandir,
            "statvfs": self._statvfs,
            "symlink": self._symlink,
            "system": children.system,
        }
        for name in ONE_PATH:
            _replace(name, self._one_path)
        for name in TWO_PATHS:
            _replace(name, self._two_paths)
        for name in COUNTED:
            _replace(name, self._counted)
        for name, changed in special.items():
            _replace(name, changed)
        for name in OF_PATHS:
            native = getattr(os.path, name, None)
            if isinstance(native, BuiltinFunctionType):
                setattr(os.path, name, Translated(native, self._one_path(native)))
        self._files()
        self._read_only.install()
        return {"subprocess": children.translate_commands, **libraries.hooks()}

    def begin(self, megabytes: int) -> None:
        """From now on paths are those of an environment; `megabytes`: the size of `/tmp`."""
        self._storage.begin(self._paths.tmp, megabytes * MEGABYTE)
        self._children.inherit()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._storage.measure_again)
        limit_files(self._storage.size)

    # Ways to change a function

    def _one_path(self, native: Function) -> Function:
        translate, name = self._paths.translate, native.__name__

        def call(*arguments: Any, **options: Any) -> Any:
            given: Any = arguments[0] if arguments else options.get("path")
            path = translate(given)
            if name in UNHEARD:
                self._read_only.check(path, creates=True)
            if path is given:
                return native(*arguments, **options)
            try:
                if not arguments:
                    return native(**{**options, "path": path})
                return native(path, *arguments[1:], **options)
            except OSError as error:
                if error.filename == path:
                    error.filename = os.fspath(given)
                raise

        return call

    def _two_paths(self, native: Function) -> Function:
        translate = self._paths.translate

        def call(src: Any, dst: Any, *arguments: Any, **options: Any) -> Any:
            try:
                return native(translate(src), translate(dst), *arguments, **options)
            except OSError as error:
                if error.filename is not None:
                    error.filename, error.filename2 = os.fspath(src), os.fspath(dst)
                raise

        return call

    def _symlink(self, native: Function) -> Function:
        """What a link says is kept as it is, unless it begins at the root: this computer follows it."""
        in_place = self._one_path(lambda dst, src, *arguments, **options: native(src, dst, *arguments, **options))

        def call(src: Any, dst: Any, *arguments: Any, **options: Any) -> Any:
            text = os.fspath(src)
            return in_place(dst, self._paths.translate(text) if os.path.isabs(text) else text, *arguments, **options)

        return call

    def _shown(self, native: Function) -> Function:
        """What answers with a path."""
        answer = self._one_path(native)

        def call(*arguments: Any, **options: Any) -> Any:
            path = answer(*arguments, **options)
            if isinstance(path, bytes):
                return os.fsencode(self._paths.there(os.fsdecode(path)))
            return self._paths.there(path)

        return call

    def _counted(self, native: Function) -> Function:
        return counted(native, self._storage, COUNTED[native.__name__])

    def _open(self, native: Function) -> Function:
        open_path = self._one_path(native)

        def call(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> Any:
            if dir_fd is not None and not os.path.isabs(path):  # the audit hook is not told where the path begins
                path = os.path.join(folder_of(dir_fd), os.fsdecode(path))
            return open_path(path, flags, mode)

        return call

    def _access(self, native: Function) -> Function:
        access = self._one_path(native)

        def call(path: Any, mode: int, **options: Any) -> bool:
            allowed: bool = access(path, mode, **options)
            if allowed and not isinstance(path, int):
                return self._read_only.accessible(os.fsdecode(path), mode)
            return allowed

        return call

    def _scandir(self, native: Function) -> Function:
        scan = self._one_path(native)

        def call(path: Any = None) -> Any:
            entries = scan(path)
            if path is None or isinstance(path, int) or self._paths.translate(path) == os.fspath(path):
                return entries
            return Entries(entries, os.fspath(path))

        return call

    def _statvfs(self, native: Function) -> Function:
        ask = self._one_path(native)

        def call(path: Any) -> Any:
            found = ask(path)
            if isinstance(path, int) or not self._read_only.writable(os.fsdecode(path)):
                return found
            free = self._storage.free() // found.f_frsize
            size = self._storage.size // found.f_frsize
            return os.statvfs_result((found.f_bsize, found.f_frsize, size, free, free, *found[5:]))

        return call

    def _files(self) -> None:
        """`open`, and the class of raw files."""
        native: Function = io.open
        descriptor: Function = os.open  # translated by now
        of_files: Any = sys.modules["_io"]

        def open_translated(path: Any, flags: int) -> int:
            opened: int = descriptor(path, flags, 0o666)
            return opened

        def opener_for(file: Any) -> Function | None:
            return open_translated if self._paths.translate(file) is not file else None

        raw_file = counted_file(self._storage, opener_for)
        open_to_write = counted_open(raw_file)

        def call(
            file: Any,
            mode: str = "r",
            buffering: int = -1,
            encoding: str | None = None,
            errors: str | None = None,
            newline: str | None = None,
            closefd: bool = True,
            opener: Function | None = None,
        ) -> Any:
            opener = opener or opener_for(file)
            if opener:
                file = os.fspath(file)
            to_write = writes(mode, buffering, encoding, errors, newline)
            return (open_to_write if to_write else native)(
                file, mode, buffering, encoding, errors, newline, closefd, opener
            )

        module: Any
        for module in (io, of_files):
            module.FileIO = raw_file
            module.open = builtins.open = Translated(native, call)
            module.open_code = Translated(of_files.open_code, self._one_path(io.open_code))


def _replace(name: str, changed: Callable[[Function], Function]) -> None:
    """Replace a function of `os`, if this system has it, and of the module that `os` takes it from."""
    native = getattr(os, name, None)
    if native is None:
        return
    translated = Translated(native, changed(native))
    for supporting in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if native in supporting:
            supporting.add(translated)
    for module in (os, sys.modules[os.name]):
        if hasattr(module, name):
            setattr(module, name, translated)
