"""What a function sees of the file system: a `/tmp` of its environment's own, and nothing else that it could change."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from kinesis_lab.emulator.lambda_.bootstrap.lambda_paths import LambdaPaths
from kinesis_lab.emulator.lambda_.bootstrap.storage import Storage, writes

POSIX = pytest.mark.skipif(os.name == "nt", reason="what Windows does not have")

ATTEMPTS = """
import glob, os, pathlib, shutil, sqlite3, subprocess, sys, tarfile, tempfile, zipfile

def write(path, mode="w"):
    with open(path, mode) as file:
        file.write("x" if "b" not in mode else b"x")
        return file.name

def attempt(code):
    try:
        return eval(code)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def handler(event, context):
    return [attempt(code) for code in event]
"""


@pytest.fixture
def attempts(deploy, invoke) -> Any:
    """Evaluates expressions in a function; what they raise is their answer as text."""
    deploy(ATTEMPTS, Timeout=60)

    def attempts(*codes: str) -> list[Any]:
        answer = invoke(list(codes))
        assert answer.error is None, answer.result
        return answer.result

    return attempts


# /tmp


def test_tmp_is_the_environments_own_and_survives(deploy, invoke):
    deploy("""
        import os
        def handler(event, context):
            with open("/tmp/calls", "a") as file:
                file.write("x")
            return [os.listdir("/tmp"), os.path.getsize("/tmp/calls")]
    """)
    deploy("import os\ndef handler(event, context): return os.listdir('/tmp')", name="other")
    assert [invoke().result, invoke().result] == [[["calls"], 1], [["calls"], 2]]
    assert invoke(name="other").result == []
    assert not Path("/tmp/calls").exists()


def test_a_new_environment_has_an_empty_tmp(deploy, invoke):
    deploy("""
        import os
        def handler(event, context):
            before = os.listdir("/tmp")
            open("/tmp/mine", "w").close()
            if event: os._exit(1)
            return before
    """)
    assert [invoke(0).result, invoke(0).result] == [[], ["mine"]]
    assert invoke(1).error == "Unhandled"
    assert invoke(0).result == []


def test_what_an_environment_has_written_goes_with_it(deploy, invoke):
    deploy("""
        import os
        def handler(event, context):
            open("/tmp/mine", "w").close()
            if event: os._exit(1)
            return os.getpid()
    """)
    folder = Path(psutil.Process(invoke(0).result).cwd()).parent
    assert (folder / "tmp" / "mine").exists()
    invoke(1)
    assert folder.parent.exists() and not folder.exists()


def test_every_way_to_name_tmp(attempts):
    assert attempts(
        "write('/tmp/a')",
        "write(b'/tmp/b', 'wb').decode()",
        "pathlib.Path('/tmp/c').write_text('x')",
        "write('//tmp/./d')",
        "os.chdir('/tmp')",
        "[os.getcwd(), write('e'), os.path.abspath('e'), os.path.realpath('e')]",
        "sorted(os.listdir('/tmp')) == sorted(entry.name for entry in os.scandir('/tmp'))",
        "sorted(glob.glob('/tmp/*'))",
        "sorted(map(str, pathlib.Path('/tmp').iterdir()))[:2]",
        "[os.path.join(*found[:1], name) for found in os.walk('/tmp') for name in sorted(found[2])][:2]",
        "sorted(entry.path for entry in os.scandir('/tmp'))[0]",
        "tempfile.gettempdir()",
        "[path[:8] for path in (tempfile.mkstemp()[1], tempfile.mkdtemp(), tempfile.NamedTemporaryFile().name)]",
        "os.chdir('/var/task')",
        "write('../../tmp/f')",
        "os.path.exists('/tmp/f')",
    ) == [
        "/tmp/a",
        "/tmp/b",
        1,
        "//tmp/./d",
        None,
        ["/tmp", "e", "/tmp/e", "/tmp/e"],
        True,
        [f"/tmp/{name}" for name in "abcde"],
        ["/tmp/a", "/tmp/b"],
        ["/tmp/a", "/tmp/b"],
        "/tmp/a",
        "/tmp",
        ["/tmp/tmp"] * 3,
        None,
        "../../tmp/f",
        True,
    ]


def test_libraries_find_their_files(attempts):
    assert attempts(
        "sqlite3.connect('/tmp/a.db').execute('create table t (x)').fetchall()",
        "sqlite3.connect('file:/tmp/a.db?mode=ro', uri=True).execute('select * from t').fetchall()",
        "zipfile.ZipFile('/tmp/a.zip', 'w').write('/var/task/app.py')",
        "tarfile.open('/tmp/a.tar.gz', 'w:gz').add('/var/task/app.py')",
        "shutil.copytree('/var/task', '/tmp/copy')",
        "os.path.samefile('app.py', '/var/task/app.py')",
        "os.path.exists('/tmp/copy/app.py')",
        "shutil.rmtree('/tmp/copy')",
        "os.path.exists('/tmp/copy')",
    ) == [[], [], None, None, "/tmp/copy", True, True, None, False]


def test_modules_are_imported_from_tmp(deploy, invoke):
    deploy("""
        import importlib.util, pathlib, sys
        def handler(event, context):
            pathlib.Path("/tmp/made.py").write_text("where = __file__\\ndef fail(): raise ValueError('no')\\n")
            sys.path.append("/tmp")
            import made
            spec = importlib.util.spec_from_file_location("again", "/tmp/made.py")
            again = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(again)
            if event:
                made.fail()
            return [made.where, again.where]
    """)
    assert invoke(0).result == ["/tmp/made.py", "/tmp/made.py"]
    assert invoke(1).result["stackTrace"][1] == (
        "  File \"/tmp/made.py\", line 2, in fail\n    def fail(): raise ValueError('no')\n"
    )


@POSIX
def test_links_in_tmp(attempts):
    assert attempts(
        "write('/tmp/a')",
        "os.symlink('/tmp/a', '/tmp/b')",
        "[os.readlink('/tmp/b'), open('/tmp/b').read()]",
        "os.symlink('a', '/tmp/c')",
        "[os.readlink('/tmp/c'), open('/tmp/c').read(), os.path.realpath('/tmp/c')]",
        "os.open('d', os.O_CREAT | os.O_WRONLY, dir_fd=os.open('/tmp', os.O_RDONLY)) > 0",
        "os.path.exists('/tmp/d')",
    ) == ["/tmp/a", None, ["/tmp/a", "x"], None, ["a", "x", "/tmp/a"], True, True]


@POSIX
def test_children_see_the_same_folders(attempts):
    run = "subprocess.run({}, capture_output=True, text=True{}).stdout"
    assert attempts(
        run.format("'echo shell > /tmp/a; cat /tmp/a'", ", shell=True"),
        run.format("['cat', '/tmp/a']", ""),
        run.format("['cat', 'a']", ", cwd='/tmp'"),
        run.format("'cat $WHERE/a'", ", shell=True, env={'WHERE': '/tmp'}"),
        run.format("'cd $TMPDIR && cat a'", ", shell=True"),
        run.format("'ls $LAMBDA_TASK_ROOT'", ", shell=True"),
        "os.environ.setdefault('WHERE', '/tmp')",
        run.format("'cat $WHERE/a'", ", shell=True"),
        "os.system('cp /tmp/a /tmp/b')",
        "open('/tmp/b').read()",
        "subprocess.run(['/tmp/nothing'])",
        "[name for name in os.environ if name in ('TMPDIR', 'TEMP', 'TMP')]",
    ) == [
        *["shell\n"] * 5,
        "app.py\n",
        "/tmp",
        "shell\n",
        0,
        "shell\n",
        "FileNotFoundError: [Errno 2] No such file or directory: '/tmp/nothing'",
        [],
    ]


def test_errors_name_the_path_that_was_used(attempts):
    missing = "FileNotFoundError: [Errno 2] No such file or directory: '/tmp/nothing'"
    assert attempts(
        "open('/tmp/nothing')",
        "os.stat('/tmp/nothing')",
        "pathlib.Path('/tmp/nothing').read_text()",
        "os.listdir('/tmp/nothing')",
        "os.scandir('/tmp/nothing')",
        "os.rename('/tmp/nothing', '/tmp/b')",
        "write('/tmp', 'w')",
    ) == [
        *[missing] * 5,
        f"{missing} -> '/tmp/b'",
        "IsADirectoryError: [Errno 21] Is a directory: '/tmp'",
    ]


def test_a_folder_that_a_test_has_made_is_seen(attempts, tmp_path):
    """So that a test can hand files to a handler, and see what it wrote."""
    given = tmp_path / "given"
    given.write_text("here", encoding="utf-8")
    assert attempts(f"open({str(given)!r}).read()", f"write({str(tmp_path / 'made')!r})") == [
        "here",
        str(tmp_path / "made"),
    ]
    assert (tmp_path / "made").read_text(encoding="utf-8") == "x"


# Its size

FILL = """
import os, shutil
def fill(path, megabytes, mode="wb"):
    with open(path, mode, buffering=0) as file:
        for _ in range(megabytes):
            file.write(bytes(1024**2))
def attempt(action, *arguments):
    try:
        return action(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        sizes.append(sum(entry.stat().st_size for entry in os.scandir("/tmp")) / 1024**2)
sizes = []
"""
FULL = "OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(("settings", "size"), [({}, 512), ({"EphemeralStorage": {"Size": 520}}, 520)])
def test_tmp_is_full(deploy, invoke, lambda_, settings, size):
    deploy(
        FILL
        + """
def handler(event, context):
    said = [
        attempt(fill, "/tmp/a", 600),
        attempt(shutil.disk_usage, "/tmp")[2],
        attempt(fill, "/tmp/b", 1),
        attempt(os.remove, "/tmp/a"),
        attempt(fill, "/tmp/a", 300),
        attempt(fill, "/tmp/a", 400),
        attempt(shutil.copyfile, "/tmp/a", "/tmp/b"),
    ]
    return [said, sizes]
""",
        Timeout=60,
        MemorySize=512,
        **settings,
    )
    assert lambda_.get_function_configuration(FunctionName="app")["EphemeralStorage"] == {"Size": size}
    said, sizes = invoke().result
    assert said == [FULL, 0, FULL, None, None, None, f"{FULL}: '/tmp/a' -> '/tmp/b'"]
    assert sizes == [size, size, size, 0, 300, 400, size]


def test_another_size_takes_a_new_environment(deploy, invoke, lambda_):
    deploy("import shutil\ndef handler(event, context): return shutil.disk_usage('/tmp').total / 1024**2")
    if os.name == "nt":
        pytest.skip("Windows asks its own disk")
    assert invoke().result == 512
    lambda_.update_function_configuration(FunctionName="app", EphemeralStorage={"Size": 1024})
    assert invoke().result == 1024


@POSIX
def test_what_children_write_counts(deploy, invoke):
    deploy(
        FILL
        + """
import subprocess
def handler(event, context):
    subprocess.run("head -c 500000000 /dev/zero > /tmp/a", shell=True, check=True)
    return [attempt(fill, "/tmp/b", 100), sizes[0], subprocess.run("head -c 900000000 /dev/zero > /tmp/a; true",
        shell=True, capture_output=True).returncode, os.path.getsize("/tmp/a") // 1024**2]
""",
        Timeout=60,
    )
    assert invoke().result == [FULL, 512, 0, 512]


def test_space_is_measured_when_it_seems_to_be_used_up(tmp_path):
    storage = Storage()
    storage.begin(str(tmp_path), 10)
    assert [storage.take(6), storage.take(6), storage.take(3)] == [6, 6, 3], "nothing was written after all"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x" * 8)
    storage.measure_again()
    assert [storage.free(), storage.take(5)] == [2, 2]
    (tmp_path / "file").write_bytes(b"xx")
    with pytest.raises(OSError, match="No space left on device"):
        storage.take(1)
    assert storage.take(0) == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("w", -1), True),
        (("rb+", 0), True),
        (("xb", -1, None), True),
        (("r", -1), False),
        (("rb", -1), False),
        (("wz", -1), False),
        (("ww", -1), False),
        (("wr", -1), False),
        (("wbt", -1), False),
        (("wb", -1, "utf-8"), False),
        (("w", 0), False),
        ((None, -1), False),
    ],
)
def test_what_writes(arguments, expected):
    assert writes(*arguments) is expected


# All else

READ_ONLY = "OSError: [Errno 30] Read-only file system: '{}'"


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("write('/var/task/a')", "/var/task/a"),
        ("write('a')", "a"),
        ("write('app.py', 'a')", "app.py"),
        ("write('app.py', 'r+')", "app.py"),
        ("write('/tmp/../var/task/a')", "/tmp/../var/task/a"),
        ("os.open('/var/task/a', os.O_CREAT | os.O_WRONLY)", "/var/task/a"),
        ("pathlib.Path('/var/task/a').touch()", "/var/task/a"),
        ("os.remove('/var/task/app.py')", "/var/task/app.py"),
        ("os.mkdir('/var/task/a')", "/var/task/a"),
        ("os.makedirs('/var/task/a/b')", "/var/task/a"),
        ("os.chmod('/var/task/app.py', 0o777)", "/var/task/app.py"),
        ("os.utime('/var/task/app.py')", "/var/task/app.py"),
        ("os.truncate('/var/task/app.py', 0)", "/var/task/app.py"),
        ("os.rmdir('/var/task')", "/var/task"),
        ("os.rename('/var/task/app.py', '/var/task/b')", "/var/task/app.py' -> '/var/task/b"),
        ("shutil.move('/var/task/app.py', '/tmp/app.py')", "/var/task/app.py"),
        ("write(os.path.expanduser('~/kinesis-lab-a'))", os.path.expanduser("~/kinesis-lab-a")),
        ("os.mkdir('/kinesis-lab-a')", "/kinesis-lab-a"),
    ],
)
def test_all_but_tmp_is_read_only(attempts, code, path):
    assert attempts(code) == [READ_ONLY.format(path)]
    assert attempts("os.listdir('/var/task')", "open('app.py').read(1)") == [["app.py"], "\n"]
    assert not Path("~/kinesis-lab-a").expanduser().exists()


@POSIX
def test_the_ways_of_linux_are_closed_as_well(attempts, tmp_path):
    assert attempts(
        "os.symlink('/', '/tmp/root')",
        "write('/tmp/root/kinesis-lab-a')",
        "os.symlink('/tmp/a', '/var/task/a')",
        "os.link('/var/task/app.py', '/tmp/a')",
        "os.mkfifo('/var/task/a')",
        "os.open('a', os.O_CREAT | os.O_WRONLY, dir_fd=os.open('/var/task', os.O_RDONLY))",
        "sys.modules['posix'].open('/var/task/a', os.O_CREAT | os.O_WRONLY)",
        "[os.access(path, os.W_OK) for path in ('/tmp', '/var/task', '/', 'app.py')]",
        "sqlite3.connect('/var/task/a.db').execute('create table t (x)')",
        "shutil.rmtree('/var/task', ignore_errors=True), os.listdir('/var/task')",
        "write('/dev/null')",
        "write('/dev/shm/a')",
    ) == [
        None,
        READ_ONLY.format("/tmp/root/kinesis-lab-a"),
        READ_ONLY.format("/var/task/a"),
        "OSError: [Errno 18] Invalid cross-device link: '/var/task/app.py' -> '/tmp/a'",
        READ_ONLY.format("/var/task/a"),
        READ_ONLY.format("/var/task/a"),
        READ_ONLY.format("/var/task/a"),
        [True, False, False, False],
        "OperationalError: unable to open database file",
        [None, ["app.py"]],
        "/dev/null",
        READ_ONLY.format("/dev/shm/a")
        if Path("/dev/shm").exists()
        else "FileNotFoundError: [Errno 2] No such file or directory: '/dev/shm/a'",
    ]


def test_what_is_wrong_otherwise_is_said_first(attempts):
    assert attempts(
        "os.remove('/var/task/nothing')",
        "write('/var/task/nowhere/a')",
        "write('/var/task/app.py', 'x')",
        "os.mkdir('/var/task')",
        "os.makedirs('/var/task', exist_ok=True)",
    ) == [
        "FileNotFoundError: [Errno 2] No such file or directory: '/var/task/nothing'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/var/task/nowhere/a'",
        "FileExistsError: [Errno 17] File exists: '/var/task/app.py'",
        "FileExistsError: [Errno 17] File exists: '/var/task'",
        None,
    ]


def test_nobody_changes_the_code_of_the_next_environment(deploy, invoke):
    deploy("""
        import os
        def handler(event, context):
            if event:
                try:
                    open(__file__, "w").write("def handler(event, context): return 'mine'")
                finally:
                    os._exit(1)
            return "ours"
    """)
    assert invoke(1).error == "Unhandled"
    assert invoke(0).result == "ours"


# Paths


def test_paths_in_both_directions(tmp_path):
    task, tmp = str(tmp_path / "environment-1" / "task"), str(tmp_path / "environment-1" / "tmp")
    paths = LambdaPaths([])
    paths.begin(task, tmp)
    for there, here in (
        ("/tmp", tmp),
        ("/tmp/a", os.path.join(tmp, "a")),
        ("/var/task/a/b", os.path.join(task, "a", "b")),
        ("/tmpfile", "/tmpfile"),
        ("/var/tasks", "/var/tasks"),
        ("/etc/tmp", "/etc/tmp"),
        ("/var/../tmp/a", os.path.join(tmp, "a")),
        ("a", "a"),
    ):
        assert paths.here(there) == here, there
        assert paths.here(paths.here(there)) == here, "what is here already stays here"
    assert paths.there(os.path.join(tmp, "a")) == "/tmp/a"
    assert paths.translate(b"/tmp/a") == os.fsencode(os.path.join(tmp, "a"))
    assert paths.translate(Path("/tmp/a")) == os.path.join(tmp, "a")
    assert paths.translate(7) == 7
    assert paths.command("cat /tmp/a>/var/task/b;ls --in=/tmp x/tmp /tmpx") == (
        f"cat {tmp}/a>{task}/b;ls --in={tmp} x/tmp /tmpx".replace("/", os.sep)
        if os.name == "nt"
        else f"cat {tmp}/a>{task}/b;ls --in={tmp} x/tmp /tmpx"
    )
    assert paths.here(sys.executable) == sys.executable
    assert json.dumps(paths.text(f"{tmp}{os.sep}a")) == '"/tmp/a"'
