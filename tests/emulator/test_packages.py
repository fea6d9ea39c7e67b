"""Packages: which are refused, what is made of their files, and what a package may do to the runtime."""

from __future__ import annotations

import io
import os
import stat
import struct
import subprocess
import sys
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kinesis_lab.emulator import function_settings
from kinesis_lab.emulator.lambda_.packages import unzip
from kinesis_lab.emulator.lambda_.temporary_folder import remove
from tests.conftest import ROLE, execution_role, zipped

NO_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes"
HANDLER = "def handler(event, context): return event"
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files, and no links for everybody")


def packed(*entries: tuple[str, int | None, bytes | str]) -> bytes:
    """A zip file of entries: name, mode (None: the one that Python gives), content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.filename = entry.orig_filename = name
            entry.create_system = 3
            archive.writestr(entry, content)
            if mode is not None:  # only now, as Python has a mode of its own for what has none
                entry.external_attr = mode << 16
    return buffer.getvalue()


def link(name: str, target: str) -> tuple[str, int, str]:
    return name, stat.S_IFLNK | 0o777, target


def encrypted() -> bytes:
    """A zip file whose entry says that it has a password."""
    data = bytearray(packed(("app.py", None, HANDLER)))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def lying(declared: int, megabytes: int = 1) -> bytes:
    """A zip file whose content is larger than it says."""
    data = bytearray(packed(("zeros", 0o644, bytes(megabytes * 1024**2))))
    central = data.index(b"PK\x01\x02")
    data[22:26] = data[central + 24 : central + 28] = struct.pack("<I", declared)
    return bytes(data)


def overlapping() -> bytes:
    """A zip file with two names for the same bytes."""
    data = packed(("a", None, "x" * 100))
    end = data.index(b"PK\x05\x06")
    central = data[data.index(b"PK\x01\x02") : end]
    count = struct.pack("<HHI", 2, 2, 2 * len(central))
    return data[:end] + central.replace(b"\x00a", b"\x00b") + data[end : end + 8] + count + data[end + 16 :]


REFUSED: dict[str, tuple[bytes, str]] = {
    "no zip": (b"PK and so on", NO_ZIP),
    "cut off": (zipped(HANDLER)[:-30], NO_ZIP),
    "cut in two": (zipped(HANDLER)[: len(zipped(HANDLER)) // 2], NO_ZIP),
    "encrypted": (encrypted(), NO_ZIP),
    "climbs out": (packed(("../app.py", None, HANDLER)), NO_ZIP),
    "climbs out within": (packed(("lib/../../app.py", None, HANDLER)), NO_ZIP),
    "climbs nowhere": (packed(("lib/../app.py", None, HANDLER)), NO_ZIP),
    "absolute": (packed(("/etc/app.py", None, HANDLER)), NO_ZIP),
    "on a drive": (packed(("C:/app.py", None, HANDLER)), NO_ZIP),
    "backslashes": (packed(("..\\app.py", None, HANDLER)), NO_ZIP),
    "backslashes within": (packed(("lib\\app.py", None, HANDLER)), NO_ZIP),
    "through a link": (packed(link("lib", "/tmp"), ("lib/app.py", None, HANDLER)), NO_ZIP),
    "a folder through a link": (packed(link("lib", ".."), ("lib/x/", None, "")), NO_ZIP),
    "a link to nothing": (packed(link("lib", "")), NO_ZIP),
    "a link that is no text": (packed(("lib", stat.S_IFLNK | 0o777, b"\xff\xfe")), NO_ZIP),
    "a link to NUL": (packed(link("lib", "a\0b")), NO_ZIP),
    "a link that is too long": (packed(link("lib", "x" * 5000)), NO_ZIP),
    "1000 folders": (packed(("/".join(["a"] * 1000), None, HANDLER)), NO_ZIP),
    "1000 empty folders": (packed(("a/" * 1000, None, "")), NO_ZIP),
    "file and folder": (packed(("a", None, ""), ("a/", None, "")), NO_ZIP),
    "larger than it says": (lying(10), NO_ZIP),
    "says that it is too large": (lying(262_144_001), TOO_LARGE),
    "two names for the same bytes": (overlapping(), NO_ZIP),
    "no entries": (packed(), "Uploaded file must be a non-empty zip"),
}


@pytest.fixture
def create(cloud, lambda_) -> Any:
    execution_role(cloud)

    def create(code: bytes, handler: str = "app.handler", **settings: Any) -> None:
        settings = {"Runtime": "python3.13", "Timeout": 60, **settings}
        lambda_.create_function(FunctionName="app", Role=ROLE, Code={"ZipFile": code}, Handler=handler, **settings)
        cloud.wait(5)

    return create


@pytest.mark.parametrize("kind", REFUSED)
def test_a_package_is_refused(create, lambda_, invoke, kind):
    code, message = REFUSED[kind]
    with pytest.raises(ClientError) as refused:
        create(code)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert refused.value.response["Error"]["Message"] == message
    create(zipped(HANDLER))
    with pytest.raises(ClientError, match=message):
        lambda_.update_function_code(FunctionName="app", ZipFile=code)
    assert invoke(7).result == 7


def test_many_folders_are_taken(create, invoke, cloud):
    deep = "/".join(["a"] * (function_settings.DEEPEST - 1))
    create(
        packed(
            (f"{deep}/x.txt", None, "far down"),
            ("app.py", None, f"def handler(e, c): return open('{deep}/x.txt').read()"),
        )
    )
    assert invoke().result == "far down"


# Files


@POSIX
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (None, 0o400),
        (0, 0o444),
        (stat.S_IFREG | 0o644, 0o444),
        (stat.S_IFREG | 0o755, 0o555),
        (stat.S_IFREG | 0o6777, 0o555),
        (stat.S_IFREG, 0),
    ],
)
def test_the_mode_of_a_file(tmp_path, mode, expected):
    unzip(packed(("bin/tool", mode, "x")), tmp_path / "task")
    assert stat.S_IMODE((tmp_path / "task/bin/tool").lstat().st_mode) == expected
    assert stat.S_IMODE((tmp_path / "task/bin").lstat().st_mode) == 0o555
    assert stat.S_IMODE((tmp_path / "task").lstat().st_mode) == 0o555
    remove(tmp_path)


@POSIX
def test_the_modes_of_folders(tmp_path):
    folders = [("a/", stat.S_IFDIR | 0o700, ""), ("a/b/", 0, ""), ("./", stat.S_IFDIR, ""), ("a/x", 0o644, "x")]
    unzip(packed(*folders), tmp_path / "task")
    found = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (tmp_path / "task").rglob("*")}
    assert found == {"a": 0o500, "b": 0o555, "x": 0o444}
    remove(tmp_path)
    assert not tmp_path.exists()


def test_of_two_entries_with_one_name_the_last_counts(create, invoke):
    with pytest.warns(UserWarning, match="Duplicate name"):
        code = packed(("app.py", None, "1/0"), ("app.py", None, HANDLER), ("./app.py", None, HANDLER))
    create(code)
    assert invoke(1).result == 1


@POSIX
def test_what_may_run_runs(create, invoke):
    source = """
import subprocess
def attempt(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError as error:
        return str(error)
def handler(event, context):
    return [attempt("/var/task/bin/runs"), attempt("bin/runs"), attempt("/var/task/bin/does_not")]
"""
    script = "#!/bin/sh\necho running\n"
    create(packed(("app.py", 0o644, source), ("bin/runs", 0o755, script), ("bin/does_not", 0o644, script)))
    denied = "[Errno 13] Permission denied: '/var/task/bin/does_not'"
    assert invoke().result == ["running\n", "running\n", denied]


@POSIX
def test_what_nobody_may_read_is_not_read(create, invoke, lambda_):
    """Not even by root, as whom the tests run in some places."""
    create(packed(("app.py", stat.S_IFREG, HANDLER)))
    answer = invoke()
    assert (answer.result["errorType"], answer.result["errorMessage"]) == (
        "PermissionError",
        "[Errno 13] Permission denied: '/var/task/app.py'",
    )
    source = """
import os, pathlib
def attempt(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError as error:
        return str(error)
def handler(event, context):
    return [attempt("secret"), attempt("/var/task/closed/x"), attempt("open/x"), os.access("secret", os.R_OK)]
"""
    files = [("secret", stat.S_IFREG, "x"), ("closed/", stat.S_IFDIR, ""), ("closed/x", 0o644, "x")]
    lambda_.update_function_code(
        FunctionName="app", ZipFile=packed(("app.py", 0o644, source), *files, ("open/x", 0o600, "x"))
    )
    denied = "[Errno 13] Permission denied: '{}'"
    assert invoke().result == [denied.format("secret"), denied.format("/var/task/closed/x"), "x", False]


@POSIX
def test_links_are_links(create, invoke):
    source = """
import os
def handler(event, context):
    open("/tmp/x", "w").write("in tmp")
    return [os.readlink("near"), open("near").read(), os.readlink("far"), open("far").read(), open("task").read(1)]
"""
    links = [link("near", "lib/x"), link("far", "/tmp/x"), link("task", "/var/task/app.py")]
    create(packed(("app.py", 0o644, source), ("lib/x", 0o644, "here"), *links))
    assert invoke().result == ["lib/x", "here", "/tmp/x", "in tmp", "\n"]


# Removing


@POSIX
def test_everything_is_removed(tmp_path):
    """What a handler may leave behind: links out, closed folders, names that are no text, more folders than a path."""
    (outside := tmp_path / "outside").mkdir()
    (outside / "file").write_text("stays", encoding="utf-8")
    folder = tmp_path / "environment"
    (folder / "tmp" / "0").mkdir(parents=True)
    (folder / "0").write_text("in the way", encoding="utf-8")
    (folder / "tmp" / "0" / "link").symlink_to(outside)
    (folder / "tmp" / "broken").symlink_to("nowhere")
    (folder / "tmp" / "0" / "closed").mkdir()
    (folder / "tmp" / "0" / "closed" / "file").touch(0o000)
    (folder / "tmp" / "0" / "closed").chmod(0o000)
    os.mkdir(os.fsencode(folder / "tmp") + b"/\xff\n")
    os.mkfifo(folder / "tmp" / "pipe")
    nest = "import os\nfor _ in range(1500): os.mkdir('abcdefghij'); os.chdir('abcdefghij')"
    subprocess.run([sys.executable, "-S", "-c", nest], cwd=folder / "tmp", check=True)
    remove(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside"]
    assert (outside / "file").read_text(encoding="utf-8") == "stays"


@POSIX
def test_nothing_is_left_of_a_nest_in_tmp(cloud, deploy, invoke):
    deploy(
        """
        import os
        def handler(event, context):
            os.chdir("/tmp")
            for _ in range(1500):
                os.mkdir("d")
                os.chdir("d")
            os.symlink("/", "root")
            os.chmod("/tmp/d", 0)
            return "done"
        """,
        Timeout=60,
    )
    assert invoke().result == "done"
    folder = cloud.emulator.switchboard.runtime.environments._folder.path
    assert folder.exists()
    cloud.close()
    assert not folder.exists()


# Hostile from the inside


@pytest.mark.parametrize(
    "name",
    [
        *("json", "traceback", "hashlib", "random", "datetime", "logging", "time", "marshal", "struct", "io", "os"),
        *(
            "site",
            "sitecustomize",
            "usercustomize",
            "bootstrap",
            "kinesis_lab",
            "boto3",
            "__main__",
            "importlib",
            "_sha3",
        ),
        *("re", "errno", "subprocess", "tempfile", "linecache", "tokenize", "collections", "decimal", "resource"),
    ],
)
def test_a_module_of_any_name(create, invoke, name):
    """It is imported by who asks for it, and by nobody else: the answers and errors of the runtime stay as they are."""
    source = "import os\ndef handler(event, context):\n    os.urandom(3)\n    return event if event else 1 / 0"
    create(packed(("app.py", 0o644, source), (f"{name}.py", 0o644, "raise SystemExit(9)")))
    assert invoke({"a": 1.5}).result == {"a": 1.5}
    answer = invoke(0)
    assert answer.result["errorType"] == "ZeroDivisionError"
    assert answer.result["stackTrace"] == [
        '  File "/var/task/app.py", line 4, in handler\n    return event if event else 1 / 0\n'
    ]
    assert invoke("again").result == "again"


ANSWERS: dict[str, tuple[list[tuple[str, int | None, bytes | str]], str, str, str]] = {
    "a folder": ([("app.py/x", None, "")], "app.handler", "Runtime.ImportModuleError", "No module named 'app'"),
    "a broken link": ([link("app.py", "nothing")], "app.handler", "Runtime.ImportModuleError", "No module named 'app'"),
    "garbage .so": ([("app.so", None, b"\x7fELF garbage")], "app.handler", "Runtime.ImportModuleError", "app.so"),
    "garbage .pyc": ([("app.pyc", None, b"garbage")], "app.handler", "Runtime.ImportModuleError", "bad magic number"),
    "NUL": ([("app.py", None, b"x = 1\0")], "app.handler", "", "null bytes"),
    "UTF-16": ([("app.py", None, HANDLER.encode("utf-16"))], "app.handler", "Runtime.UserCodeSyntaxError", "'app'"),
    "Latin-1": ([("app.py", None, b"x = '\xe9'")], "app.handler", "Runtime.UserCodeSyntaxError", "'app'"),
    "no function": ([("app.py", None, "handler = 7")], "app.handler", "TypeError", "not callable"),
    "dunder": ([("app.py", None, "")], "app.__name__", "TypeError", "'str' object is not callable"),
    "out of the package": ([("app.py", None, HANDLER)], "../../x.handler", "", "x"),
    "a dot": ([("app.py", None, HANDLER)], ".handler", "", ""),
    "only a name": ([("app.py", None, HANDLER)], "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
    "exits": ([("app.py", None, "raise SystemExit(3)")], "app.handler", "Runtime.ExitError", "exit status 3"),
    "raises": ([("app.py", None, "raise BaseException('no')")], "app.handler", "", ""),
    "imports itself away": (
        [("app.py", None, "import sys\nsys.modules['app'] = None\n" + HANDLER)],
        "app.handler",
        "Runtime.HandlerNotFound",
        "",
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_handler_that_cannot_be_loaded(create, invoke, lambda_, kind):
    files, handler, error, message = ANSWERS[kind]
    create(packed(*files), handler)
    answer = invoke()
    assert answer.error == "Unhandled"
    assert error in ("", answer.result["errorType"]) and message in answer.result["errorMessage"]
    lambda_.update_function_code(FunctionName="app", ZipFile=packed(("app.py", None, HANDLER)))
    lambda_.update_function_configuration(FunctionName="app", Handler="app.handler")
    assert invoke(1).result == 1


@pytest.mark.parametrize(
    ("source", "handler"),
    [
        (b"\xef\xbb\xbf" + HANDLER.encode(), "app.handler"),
        (b"# coding: latin-1\nx = '\xe9'\n" + HANDLER.encode(), "app.handler"),
        (
            b"import sys\nclass Other:\n    handler = staticmethod(lambda e, c: e)\nsys.modules['app'] = Other\n",
            "app.handler",
        ),
        (b"class handler:\n    def __new__(cls, event, context): return event\n", "app.handler"),
        (
            HANDLER.encode() + b"\nimport sys\nsys.path.clear(); sys.meta_path.clear(); sys.path_hooks.clear()",
            "app.handler",
        ),
        (HANDLER.encode() + b"\nimport sys\nsys.path = None; sys.meta_path = None", "app.handler"),
        (
            HANDLER.encode() + b"\nimport json\njson.dumps = json.loads = json.encoder = json.decoder = None",
            "app.handler",
        ),
        (HANDLER.encode() + b"\nimport marshal\nmarshal.dumps = marshal.loads = None", "app.handler"),
        (HANDLER.encode() + b"\nimport sys\nsys.modules['json'] = sys.modules['marshal'] = None", "app.handler"),
        (HANDLER.encode() + b"\nimport os\nos.write = os.read = os.close = os.environ = os.path = None", "app.handler"),
        (HANDLER.encode() + b"\nimport time\nvars(time).update(dict.fromkeys(vars(time)))", "app.handler"),
    ],
    ids=range(11),
)
def test_an_odd_module_that_works(create, invoke, source, handler):
    create(packed(("app.py", 0o644, source)), handler)
    assert [invoke({"a": [1.5]}).result, invoke(2).result] == [{"a": [1.5]}, 2]


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys.modules.clear()",
        "import builtins\nfor name in dir(builtins): setattr(builtins, name, None)",
        "import builtins\nbuiltins.len = builtins.isinstance = builtins.str = None",
        "import os\nvars(os).update(dict.fromkeys(name for name in vars(os) if name.islower()))",
        "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None\n1/0",
        "import sys\nsys.stdout.close()\n1/0",
        "import sys\nsys.path = sys.meta_path = sys.path_hooks = None\n1/0",
        "import gc, io\nfor one in gc.get_objects():\n    if isinstance(one, io.IOBase): one.close()",
        "import gc\nfor one in gc.get_objects():\n    if isinstance(one, dict) and one is not globals(): one.clear()",
        "import os\nos.closerange(0, 100)",
    ],
    ids=range(10),
)
def test_a_module_that_breaks_python_hurts_its_own_process_only(create, invoke, lambda_, source):
    create(packed(("app.py", 0o644, f"{HANDLER}\n{source}")))
    assert invoke(1).error in ("Unhandled", None)
    lambda_.update_function_code(FunctionName="app", ZipFile=packed(("app.py", 0o644, HANDLER)))
    assert invoke(2).result == 2
