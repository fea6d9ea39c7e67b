"""Whether the file system of this computer can hold the files of a package; Lambda's, which is Linux's, can."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from kinesis_lab.emulator.wire import NotOffered

SAFE_LENGTH = 120
"""Characters of a path that every file system holds: Windows has 260, a folder for temporary files among them."""
TRIAL_PREFIX = "kinesis-lab-trial-of-a-package-"
"""Of the folder in which paths are tried: it is longer than the way to where packages are unzipped."""
RESERVED_ON_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def check_paths(paths: Collection[PurePosixPath]) -> None:
    """Raise NotOffered for a path that this file system has no place for, or that is another one's here.

    Paths that some system refuses are tried, with empty files: long ones, names that Windows reserves, and those that
    differ in nothing but upper and lower case.
    """
    doubtful = _doubtful(paths)
    if not doubtful:
        return
    with tempfile.TemporaryDirectory(prefix=TRIAL_PREFIX, dir=Path(tempfile.gettempdir()).resolve()) as folder:
        for path in doubtful:
            try:
                create(Path(folder), path)
            except OSError as error:
                raise _no_place(path, error.strerror or "it cannot be made") from None
        found = {
            _composed(Path(where, name).relative_to(folder).as_posix())
            for where, _, names in os.walk(folder)
            for name in names
        }
        for path in doubtful:
            if _composed(str(path)) not in found:
                raise _no_place(path, "it would get another name, or that of another file")


def create(folder: Path, path: PurePosixPath) -> None:
    """Make an empty file, and the folders on the way."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch()


def _doubtful(paths: Collection[PurePosixPath]) -> list[PurePosixPath]:
    spellings: dict[str, set[PurePosixPath]] = defaultdict(set)
    for path in paths:
        for each in (path, *path.parents):
            spellings[_composed(str(each)).casefold()].add(each)
    ambiguous = {each for spelled in spellings.values() if len(spelled) > 1 for each in spelled}
    return [
        path
        for path in paths
        if len(str(path)) > SAFE_LENGTH
        or any(map(RESERVED_ON_WINDOWS.search, path.parts))
        or not ambiguous.isdisjoint((path, *path.parents))
    ]


def _composed(path: str) -> str:
    """The path in one of the ways in which its accents can be written: some file systems choose it themselves."""
    return unicodedata.normalize("NFC", path)


def _no_place(path: PurePosixPath, reason: str) -> NotOffered:
    name = str(path) if len(str(path)) <= SAFE_LENGTH else f"{str(path)[:SAFE_LENGTH]}…"
    return NotOffered(f"the file system of this computer cannot hold {name!r} of the function's package: {reason}")
