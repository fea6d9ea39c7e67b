"""The package of a function, unzipped for one execution environment."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from itertools import islice
from pathlib import Path, PurePosixPath

from kinesis_lab.emulator.function_settings import file_type, names_on_the_way
from kinesis_lab.emulator.lambda_.bootstrap import TASK_ROOT, TEMPORARY

FILE, FOLDER = 0o644, 0o755
"""Modes of what has none in the zip file, as on Windows: our choice, what AWS asks packages to have."""

NOT_WRITABLE = 0o555
"""What is left of a mode: nobody writes to a package, and no program of it gets rights of its own."""


BOTO = re.compile(rb"\bboto(?:3|core)\b")
SERVICE = re.compile(rb"\b(?:client|resource)\(\s*(?:service_name\s*=\s*)?[\"']([a-z0-9-]+)[\"']")
MOST_FILES = 100
"""How many files are looked through for these."""
MOST_BYTES = 256 * 1024
"""How much of each."""


def unzip(code: bytes, task: Path) -> None:
    """Unzip a package into a new folder, with the modes of the zip file, read-only.

    `code` has been looked at by `check_code`.  Nothing is written through a symbolic link, as nothing of a package lies
    below one.
    """
    modes = {task: FOLDER}
    task.mkdir()
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for entry in archive.infolist():
            path = task.joinpath(*names_on_the_way(entry))
            if path != task:
                _make_folders(task, path.parent, modes)
            kind, mode = file_type(entry), entry.external_attr >> 16
            if kind == stat.S_IFDIR:
                _make_folders(task, path, modes)
                modes[path] = mode or FOLDER
                continue
            path.unlink(missing_ok=True)  # of two entries with one name the last one counts
            if kind == stat.S_IFLNK:
                _link(path, archive.read(entry).decode(), task)
                continue
            with archive.open(entry) as content, path.open("xb") as file:
                while data := content.read(1024**2):
                    file.write(data)
            path.chmod((mode or FILE) & NOT_WRITABLE)
    for folder in reversed(modes):  # the innermost first: who may not enter a folder does not reach what is in it
        folder.chmod(modes[folder] & NOT_WRITABLE)


def services_of_aws(task: Path) -> tuple[str, ...] | None:
    """The services that a package seems to use, by the names that boto3 has for them; None if it does not use boto3.

    Only what its files of Python say in so many words is found, and only in those that come first.
    """
    found: set[str] = set()
    boto = False
    for file in islice(task.rglob("*.py"), MOST_FILES):
        try:
            with file.open("rb") as content:
                text = content.read(MOST_BYTES)
        except OSError:  # a folder, or what nobody may read
            continue
        if BOTO.search(text):
            boto = True
            found.update(name.decode() for name in SERVICE.findall(text))
    return tuple(sorted(found)) if boto else None


def _make_folders(task: Path, folder: Path, modes: dict[Path, int]) -> None:
    """Make a folder and those on the way, which can be written to until all files are there."""
    for path in [*[task.joinpath(*folder.relative_to(task).parts[:n]) for n in range(1, len(folder.parts))], folder]:
        if path not in modes:
            path.mkdir()
            modes[path] = FOLDER


def _link(path: Path, target: str, task: Path) -> None:
    """Make a symbolic link, which leads to the environment's own folders if it names those of Lambda.

    On Windows, where this takes a right of its own, a file with the target may be what is there instead.
    """
    for there, here in ((TASK_ROOT, task), (TEMPORARY, task.with_name("tmp"))):
        if PurePosixPath(target).is_relative_to(there):
            target = str(here / PurePosixPath(target).relative_to(there))
            break
    try:
        path.symlink_to(target)
    except OSError:
        if os.name != "nt":
            raise
        path.write_text(target, encoding="utf-8")
