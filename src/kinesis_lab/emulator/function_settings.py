"""What a function may be made of: its settings, its environment variables and its code (facts 8.1, 8.4 to 8.6)."""

from __future__ import annotations

import io
import json
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from kinesis_lab.emulator.file_system import check_paths
from kinesis_lab.emulator.validation import service_model, validate
from kinesis_lab.emulator.wire import AwsError, Document, NotOffered

LIMITS = (("Timeout", 1, 900), ("MemorySize", 128, 10_240))
"""Those of classic functions, not of managed instances, which the model of the API has (facts 8.1)."""
MOST_VARIABLE_BYTES = 4096
"""Of all environment variables of a function together, as JSON (facts 8.1)."""
MOST_ZIP_BYTES = 52_428_800
MOST_UNZIPPED_BYTES = 262_144_000
"""Of a package that comes with the request, and of what is in any package (facts 8.1)."""
LONGEST_NAME, LONGEST_PATH = 255, 3_900
"""Bytes in the name of one file or folder, and in all names on the way: Linux takes no more."""

DEEPEST = 200
"""Folders in each other: our choice, as Python's own tools descend into them by recursion."""

ELSEWHERE = re.compile(r"^/|^[A-Za-z]:/|[\\\0]")
"""In the name of what some tool would put outside of the package's folder, or under another name."""
LOCAL_HEADER = 30
"""Bytes before the content of an entry of a zip file, at least."""

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Environment variables that are Lambda's own (facts 8.5)."""

NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no program can be told: NUL, and halves of characters."""
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # an unknown compression
    RuntimeError,  # a password
    OSError,
    OverflowError,
    ValueError,
    IndexError,  # a name of no characters, before Python 3.12
)
"""What reading a damaged zip file raises."""


def check_creation(request: Document) -> None:
    """Refuse a function that AWS does not make, or that cannot run here."""
    name = str(request.get("FunctionName"))
    if request.get("PackageType") == "Image" or (request.get("Code") or {}).get("ImageUri"):
        raise only_python(name, "a container image")
    if not request.get("Runtime") or not request.get("Handler"):
        raise _invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    check_settings(name, request)


def check_settings(name: str, request: Document) -> None:
    """Refuse settings of a function that AWS does not take, or that cannot be had here."""
    _check_limits(request)
    members = service_model("lambda").operation_model("UpdateFunctionConfiguration").input_shape.members
    known = {member: value for member, value in request.items() if member in members}
    validate("lambda", "UpdateFunctionConfiguration", {**known, "FunctionName": name})
    runtime = request.get("Runtime")
    if runtime is not None and not runtime.startswith("python"):
        raise only_python(name, runtime)
    if NO_TEXT.search(request.get("Handler") or ""):
        raise _invalid("The handler contains a character that no name has.")
    _check_variables((request.get("Environment") or {}).get("Variables") or {})
    _check_network(request.get("VpcConfig") or {})
    _check_logging(request.get("LoggingConfig") or {})


def only_python(name: str, kind: str) -> NotOffered:
    """Functions are run by this Python (facts 8.6)."""
    return NotOffered(f"the local cloud runs Python functions; {name} is {kind}")


def _check_limits(request: Document) -> None:
    problems = []
    for name, least, most in LIMITS:
        value = request.get(name)
        if isinstance(value, int) and not least <= value <= most:
            rule = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
            field = name[0].lower() + name[1:]
            problems.append(f"Value '{value}' at '{field}' failed to satisfy constraint: Member must have value {rule}")
    if problems:
        plural = "s" if len(problems) > 1 else ""
        raise AwsError(
            "ValidationException", f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}"
        )


def _check_variables(variables: dict[str, str]) -> None:
    unable = "Lambda was unable to configure your environment variables because the environment variable"
    for name, value in variables.items():
        if NO_TEXT.search(value):
            raise _invalid(f"{unable} {name} contains a character that no variable can hold.")
    reserved = sorted(RESERVED & variables.keys())
    if reserved:
        raise _invalid(
            f"{unable}s you have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MOST_VARIABLE_BYTES:
        raise _invalid(f"{unable}s you have provided exceeded the 4KB limit. String measured: {measured}")


def _check_network(config: Document) -> None:
    if bool(config.get("SubnetIds")) != bool(config.get("SecurityGroupIds")):  # the wording is our choice
        raise _invalid("VpcConfig needs SubnetIds and SecurityGroupIds, or neither of them.")


def _check_logging(config: Document) -> None:
    if config.get("LogFormat") == "JSON":
        raise NotOffered("the local cloud writes logs as text: LogFormat JSON is not offered")
    if config.get("ApplicationLogLevel") or config.get("SystemLogLevel"):
        raise _invalid(
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
            'the LogFormat to "JSON" and try again.'
        )


# Code


def check_code(code: bytes) -> None:
    """Refuse a package that cannot be unzipped, or is too large when it is.

    Raises AwsError, and NotOffered where only the file system of this computer is to blame.
    """
    if not code:
        raise _invalid("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MOST_UNZIPPED_BYTES:
                raise _invalid(f"Unzipped size must be smaller than {MOST_UNZIPPED_BYTES} bytes")
            paths = None if _overlap(entries) else _paths(entries)
            damaged = paths is None or archive.testzip() is not None or not _links_are_paths(archive)
    except UNREADABLE:
        damaged = True
    if damaged or paths is None:
        raise _invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
    if not entries:
        raise _invalid("Uploaded file must be a non-empty zip")
    check_paths(paths)


def names_on_the_way(entry: zipfile.ZipInfo) -> list[str]:
    """The names of the folders to an entry of a zip file, and its own."""
    return [name for name in entry.filename.split("/") if name not in ("", ".")]


def file_type(entry: zipfile.ZipInfo) -> int:
    """What an entry is: S_IFDIR, S_IFLNK or S_IFREG."""
    if entry.is_dir():
        return stat.S_IFDIR
    return stat.S_IFLNK if stat.S_ISLNK(entry.external_attr >> 16) else stat.S_IFREG


def _paths(entries: Iterable[zipfile.ZipInfo]) -> set[PurePosixPath] | None:
    """The files of a package; None if Linux cannot hold them, or one would lie elsewhere."""
    files: set[PurePosixPath] = set()
    folders: set[PurePosixPath] = set()
    for entry in entries:
        names = names_on_the_way(entry)
        sizes = [len(name.encode(errors="replace")) for name in names]
        nameless = not names and not entry.is_dir()
        if nameless or max(sizes, default=0) > LONGEST_NAME or sum(sizes) + len(sizes) > LONGEST_PATH:
            return None
        if len(names) > DEEPEST or ".." in names or ELSEWHERE.search(entry.orig_filename):
            return None
        path = PurePosixPath(*names)
        folders.update(path.parents)
        (folders if entry.is_dir() else files).add(path)
    return None if files & folders else files


def _overlap(entries: Iterable[zipfile.ZipInfo]) -> bool:
    """Whether some bytes of a zip file belong to two entries: so it can be far larger than it looks."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            return True
        end = entry.header_offset + LOCAL_HEADER + entry.compress_size
    return False


def _links_are_paths(archive: zipfile.ZipFile) -> bool:
    """Whether what symbolic links lead to can be read as a path."""
    links = [entry for entry in archive.infolist() if file_type(entry) == stat.S_IFLNK]
    targets = [archive.read(entry).decode() for entry in links if entry.file_size <= LONGEST_PATH]
    return len(targets) == len(links) and all(target and not NO_TEXT.search(target) for target in targets)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)
