"""The table of hostile packages: refused in AWS's words (facts 8.1), or what is in them runs as it does on Linux."""

from __future__ import annotations

import importlib.util
import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from tests.hostile.case import Answer, Package

NO_ZIP = r"Could not unzip uploaded file\. Please check your file, then try to upload again\."
EMPTY = "Uploaded file must be a non-empty zip"
TOO_LARGE = r"Unzipped size must be smaller than 262144000 bytes"
SAYS_WELL = Answer(result="well")
WELL = "def handler(event, context): return 'well'\n"
Entry = tuple[str | zipfile.ZipInfo, str | bytes]


def packed(*entries: Entry, app: str | bytes | None = WELL, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these entries, behind app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in ((("app.py", app),) if app is not None else ()) + entries:
            info = named(name) if isinstance(name, str) else name
            archive.writestr(info, data, compression)
    return buffer.getvalue()


def named(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """An entry as Linux's zip makes it, its name exactly as it is here."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def link(name: str, target: str) -> Entry:
    """A symbolic link."""
    return named(name, stat.S_IFLNK | 0o777), target


def moded(name: str, mode: int, data: str = "data") -> Entry:
    """A file with these rights."""
    return named(name, stat.S_IFREG | mode), data


def runs(name: str, source: str, *entries: Entry, **settings: Any) -> Package:
    """A package that is taken, and whose handler's lines are these."""
    lines = "\n".join(f"    {line}" for line in source.splitlines())
    app = f"import os\nHERE = os.environ['LAMBDA_TASK_ROOT']\ndef handler(event, context):\n{lines}\n"
    return Package(name, packed(*entries, app=app), **settings)


def refused(name: str, made: bytes | Callable[[], bytes], why: str = NO_ZIP, **settings: Any) -> Package:
    """A package that is not taken."""
    return Package(name, made, refused=why, **settings)


def either(name: str, made: bytes | Callable[[], bytes], why: str = NO_ZIP, **settings: Any) -> Package:
    """A package of which AWS's answer is not known: refused, or it runs."""
    return Package(name, made, refused=why, may_run=True, **settings)


# What is no zip, or one that lies


def patched(data: bytes, signature: bytes, offset: int, form: str, value: int) -> bytes:
    """A zip with another number in the last header of a kind."""
    changed = bytearray(data)
    struct.pack_into(form, changed, data.rfind(signature) + offset, value)
    return bytes(changed)


def overlapping(copies: int) -> bytes:
    """A zip whose directory names the same compressed bytes many times: 1 MB each."""
    data = packed(("zeros", bytes(1024**2)), app=None)
    end = data.rfind(b"PK\5\6")
    start = struct.unpack_from("<I", data, end + 16)[0]
    entry = data[start:end]
    directory = entry * copies
    tail = bytearray(data[end:])
    struct.pack_into("<HHII", tail, 8, copies & 0xFFFF, copies & 0xFFFF, len(directory), start)
    return data[:start] + directory + bytes(tail)


def bomb(megabytes: int, *, said: int | None = None) -> bytes:
    """A zip of a large file of zeros, in which `said` may stand as its size."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", WELL)
        with archive.open("zeros", "w") as file:
            for _ in range(megabytes):
                file.write(bytes(1024**2))
    data = buffer.getvalue()
    return data if said is None else patched(data, b"PK\1\2", 24, "<I", said)


def zip64() -> bytes:
    """A small zip in the form for large ones."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("app.py", "w", force_zip64=True) as file:
        file.write(WELL.encode())
    return buffer.getvalue()


def twice(name: str, first: str, second: str) -> bytes:
    """A zip with two files of one name."""
    return packed((named(name), first), (named(name), second), app=None)


def many(count: int) -> Iterable[Entry]:
    return ((f"d{n // 1000}/{n}", "") for n in range(count))


GOOD = packed()

DAMAGED = (
    refused("no zip", b"no zip at all", gate=True),
    refused("nothing", b"", EMPTY),
    refused("empty", packed(app=None), EMPTY, gate=True),
    refused("cut off", GOOD[:-30]),
    refused("cut in the middle", packed(("data", random.Random(0).randbytes(10_000)))[5000:]),
    refused("only the end of a zip", GOOD[-22:]),
    refused("wrong checksum", patched(GOOD, b"PK\1\2", 16, "<I", 12345)),
    refused("encrypted", patched(patched(GOOD, b"PK\1\2", 8, "<H", 1), b"PK\3\4", 6, "<H", 1), gate=True),
    refused("unknown compression", patched(patched(GOOD, b"PK\1\2", 10, "<H", 99), b"PK\3\4", 8, "<H", 99)),
    refused("directory behind the end", patched(GOOD, b"PK\5\6", 16, "<I", 10**9)),
    refused("file behind the end", patched(GOOD, b"PK\1\2", 42, "<I", 10**9)),
    refused("more files than there are", patched(GOOD, b"PK\5\6", 10, "<H", 60_000), f"{NO_ZIP}|{EMPTY}", may_run=True),
    refused("bomb", lambda: bomb(300), TOO_LARGE, seconds=60, gate=True),
    refused("bomb that lies", lambda: bomb(300, said=100), f"{NO_ZIP}|{TOO_LARGE}", seconds=60, gate=True),
    refused("overlapping files", lambda: overlapping(40_000), f"{NO_ZIP}|{TOO_LARGE}"),
    either("some overlapping files", lambda: overlapping(20), answer=Answer(any=True)),
    Package("zip64", zip64()),
    Package("something before", b"#!/bin/sh\n" * 100 + GOOD, answer=Answer(result="well")),
    either("something behind", GOOD + b"x" * 1000),
    Package("a comment", GOOD[:-2] + b"\x05\x00hello"),
)

# Names

NAMES = (
    either("name leads out", packed(("../../../outside.py", "x")), gate=True),
    either("name is absolute", packed(("/tmp/hostile-outside.py", "x")), gate=True),
    either("name has a drive", packed(("C:/outside.py", "x"), ("C:outside.py", "x"))),
    either("name has backslashes", packed(("..\\..\\outside.py", "x"), ("a\\b.py", "x")), gate=True),
    either("name is a network's", packed(("\\\\server\\share\\x", "x"), ("//server/share/x", "x"))),
    either("name is two dots", packed(("..", "x"))),
    either("name is a dot", packed((".", "x"), ("./", ""))),
    either("name is empty", packed(("", "x"))),
    either("name has a NUL", packed(("a\0b.py", "x")), gate=True),
    either("name has a line end", packed(("a\nb\r.py", "x"))),
    either("name has control characters", packed(("\x1b[31m\x07.py", "x"))),
    refused("name is too long", packed(("x" * 300, "x"))),
    refused("names are too long", packed(("/".join(["x" * 200] * 25), "x"))),
    either("1,000 folders in each other", packed(("d/" * 1000 + "x", "x")), f"{NO_ZIP}|cannot hold", gate=True),
    either("10,000 folders in each other", packed(("d/" * 10_000 + "x", "x")), f"{NO_ZIP}|cannot hold"),
    refused("a folder where a file is", packed(("a", "x"), ("a/b", "x"))),
    refused("a folder and a file of one name", packed(("a", "x"), ("a/", ""))),
    either("the same name twice", twice("app.py", "def handler(event, context): return 'ill'", WELL), gate=True),
    Package("a folder behind its files", packed(("lib/x.py", ""), ("lib/", ""))),
    either("names that differ by case", packed(("A/x.py", "x"), ("a/x.py", "y"), ("a/X.py", "z")), "cannot hold"),
    either("names that differ by composition", packed(("caf\u00e9.py", "x"), ("cafe\u0301.py", "y")), "cannot hold"),
    either(
        "names that Windows has for devices",
        packed(("CON", "x"), ("nul.py", "x"), ("aux/x.py", "")),
        "cannot hold",
        gate=True,
    ),
    either("names that end with dots and spaces", packed(("a.", "x"), ("b ", "y"), ("c. ./d", "z")), "cannot hold"),
    either("name in no known encoding", packed(("\u20ac" * 50, "x")).replace("\u20ac".encode(), b"\xff\xfe\xfd")),
    Package("20,000 files", lambda: packed(*many(20_000)), seconds=90, growth=400),
    either("70,000 files", lambda: packed(*many(70_000)), seconds=120, growth=600),
)

# Kinds of files

KINDS = (
    runs(
        "link to a file of the system",
        "try: return open(HERE + '/secret').read()[:4]\nexcept OSError: return 'well'",
        link("secret", "/etc/passwd"),
        answer=Answer(result="/etc|well|root", any=True),
        gate=True,
    ),
    either("writes through a link", packed(link("out", ".."), ("out/hostile.txt", "x")), gate=True),
    either("writes through a link to the root", packed(link("out", "/tmp"), ("out/hostile.txt", "x"))),
    either("link to itself", packed(link("loop", "loop"))),
    either("handler is a link", packed(link("app.py", "/etc/passwd"), app=None), answer=Answer(any=True)),
    either("handler is a link to itself", packed(link("app.py", "app.py"), app=None), answer=Answer(any=True)),
    Package(
        "handler is a folder",
        packed(("app.py/x", "x"), app=None),
        answer=Answer(
            error=r"Runtime\.ImportModuleError", message="Unable to import module 'app': No module named 'app'"
        ),
        gate=True,
    ),
    Package(
        "handler is a package without a file",
        packed(("app/", ""), ("app/x.txt", ""), app=None),
        answer=Answer(error=r"Runtime\.HandlerNotFound", message="Handler 'handler' missing on module 'app'"),
    ),
    Package("handler is a package", packed(("app/__init__.py", WELL), app=None)),
    Package(
        "no handler",
        packed(("other.py", "x = 1"), app=None),
        answer=Answer(
            error=r"Runtime\.ImportModuleError", message="Unable to import module 'app': No module named 'app'"
        ),
    ),
    either("device", packed((named("dev", stat.S_IFCHR | 0o666), "")), answer=Answer(any=True)),
    either("pipe", packed((named("fifo", stat.S_IFIFO | 0o666), "")), answer=Answer(any=True)),
)

# Rights

RIGHTS = (
    runs(
        "a program with mode 755",
        "import subprocess\nreturn subprocess.check_output([HERE + '/run'], text=True).strip()",
        moded("run", 0o755, "#!/bin/sh\necho well\n"),
        needs="posix",
        gate=True,
    ),
    runs(
        "a program with mode 644",
        "import subprocess\n"
        "try: return subprocess.check_output([HERE + '/run'])\nexcept PermissionError: return 'well'",
        moded("run", 0o644, "#!/bin/sh\necho ill\n"),
        needs="posix",
    ),
    Package(
        "a handler with mode 000",
        packed(moded("app.py", 0o000, WELL), app=None),
        answer=Answer(error="PermissionError", message=r".*Permission denied: ./var/task/app\.py."),
        needs="posix",
        gate=True,
    ),
    runs(
        "a file with mode 000",
        "try:\n    open(HERE + '/secret').read()\n    return 'ill'\nexcept PermissionError: return 'well'",
        moded("secret", 0o000),
        needs="posix",
    ),
    runs(
        "a setuid program",
        "mode = os.stat(HERE + '/run').st_mode\nreturn 'ill' if mode & 0o6000 else 'well'",
        moded("run", 0o6755),
        needs="posix",
    ),
    runs(
        "a sticky folder that all may write",
        "return 'well'",
        (named("d/", stat.S_IFDIR | 0o1777), ""),
        ("d/x", "x"),
        needs="posix",
    ),
    runs("a folder with mode 000", "return 'well'", (named("d/", stat.S_IFDIR), ""), ("d/x", "x"), needs="posix"),
    runs(
        "its folder is not to be written",
        "try:\n    open(HERE + '/new', 'w').close()\n    return 'ill'\nexcept OSError: return 'well'",
        needs="posix",
        gate=True,
    ),
    runs(
        "its code is not to be written",
        "try:\n    open(HERE + '/app.py', 'a').close()\n    return 'ill'\nexcept OSError: return 'well'",
        needs="posix",
    ),
    runs(
        "its temporary folder is to be written",
        "import tempfile\nopen('/tmp/hostile-new', 'w').close()\n"
        "return 'well' if os.access(tempfile.gettempdir(), os.W_OK) else 'ill'",
        needs="linux",
    ),
)

# Modules of others' names

RAISING = "raise RuntimeError('not me')\n"


def shadowing(name: str, *modules: str, answer: Answer = SAYS_WELL, **settings: Any) -> Package:
    """A package with modules that have names of others, and must not be imported before they are asked for."""
    return Package(name, packed(*((module, RAISING) for module in modules)), answer=answer, **settings)


SHADOWING = (
    shadowing("sitecustomize and usercustomize", "sitecustomize.py", "usercustomize.py", gate=True),
    shadowing(
        "modules of the runtime's names",
        "bootstrap/__init__.py",
        "kinesis_lab/__init__.py",
        "__main__.py",
        "frames.py",
        "connection.py",
    ),
    shadowing("modules of packages that it does not use", "boto3.py", "botocore/__init__.py", "numpy.py"),
    shadowing(
        "a module named as one of the standard library that is loaded",
        "os.py",
        "marshal.py",
        "sys.py",
        "io.py",
        "site.py",
    ),
    shadowing(
        "modules that the runtime takes when it needs them",
        "json.py",
        "traceback.py",
        "hashlib.py",
        "socket.py",
        "linecache.py",
        "tokenize.py",
        "decimal.py",
        answer=Answer(any=True),
        gate=True,
    ),
    runs(
        "its own json",
        "import json\nreturn json.WELL",
        ("json.py", "WELL = 'well'\ndef loads(text): return text\ndef dumps(value): return 'x'\n"),
        answer=Answer(any=True),
    ),
    runs("its own boto3", "import boto3\nreturn boto3.WELL", ("boto3.py", "WELL = 'well'\n")),
    runs(
        "a path file",
        "import sys\nreturn 'ill' if 'hostile' in ''.join(sys.path) else 'well'",
        ("x.pth", "/hostile\nimport os; os._exit(3)\n"),
        ("__pycache__/app.cpython-311.pyc", "garbage"),
    ),
    runs(
        "a virtual environment's file",
        "import sys\nreturn 'well'",
        ("pyvenv.cfg", "home = /nowhere\n"),
        ("python311._pth", "x"),
    ),
    Package(
        "handler is called __main__",
        packed(("__main__.py", WELL), app=None),
        handler="__main__.handler",
        answer=Answer(any=True),
    ),
    Package(
        "handler is in the standard library",
        packed(),
        handler="sys.exit",
        answer=Answer(
            error=r"Runtime\.BuiltInModuleConflict", message="Cannot use built-in module sys as a handler module"
        ),
    ),
    Package("handler is os.system", packed(), handler="os.abort", answer=Answer(any=True)),
    Package("handler is the module's loader", packed(), handler="app.__loader__", answer=Answer(any=True)),
)

# Sources


def source(name: str, text: str | bytes, answer: Answer = SAYS_WELL, **settings: Any) -> Package:
    """A package whose app.py has these bytes."""
    return Package(name, packed(app=text), answer=answer, **settings)


def _cannot_import(message: str = ".*") -> Answer:
    return Answer(error=r"Runtime\.(ImportModuleError|UserCodeSyntaxError)|ValueError|SyntaxError", message=message)


SOURCES = (
    source("an extension that is garbage", WELL),
    Package(
        "handler is an extension that is garbage",
        packed(("app.so", b"\x7fELF garbage"), app=None),
        answer=_cannot_import(),
        gate=True,
    ),
    Package(
        "handler is compiled, for another Python",
        packed(("app.pyc", b"\0\0\0\0" * 8), app=None),
        answer=_cannot_import(),
    ),
    Package(
        "handler is compiled garbage",
        packed(("app.pyc", importlib.util.MAGIC_NUMBER + b"\0" * 12 + b"\xff" * 50), app=None),
        answer=Answer(any=True),
    ),
    source("UTF-16", WELL.encode("utf-16"), _cannot_import(), gate=True),
    source("a byte order mark", b"\xef\xbb\xbf" + WELL.encode()),
    source("a NUL", WELL.encode() + b"\0", _cannot_import()),
    source("an unknown encoding", b"# coding: hostile\n" + WELL.encode(), _cannot_import()),
    source("no UTF-8", b"x = '\xff'\n" + WELL.encode(), _cannot_import()),
    source(
        "a syntax error",
        "def handler(event, context: return",
        Answer(error=r"Runtime\.UserCodeSyntaxError", message="Syntax error in module 'app'.*"),
        gate=True,
    ),
    Package("a line of 10 MB", lambda: packed(app="x = '" + "x" * 10_000_000 + "'\n" + WELL)),
    source("brackets without an end", "(" * 10_000, _cannot_import()),
    source("deep expressions", "x = " + "-" * 100_000 + "1\n" + WELL, Answer(error=".*")),
    source("deep blocks", "".join(" " * n + "if 1:\n" for n in range(200)) + " " * 200 + "x = 1\n", _cannot_import()),
    source("tabs and line ends of all kinds", "if 1:\r\n\tx = 1\r\r\n" + WELL),
)

PACKAGES = (*DAMAGED, *NAMES, *KINDS, *RIGHTS, *SHADOWING, *SOURCES)
