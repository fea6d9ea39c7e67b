"""Processes of functions on other systems than this one: how they start, how they end, what lies in their folder."""

from __future__ import annotations

import errno
import io
import signal
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from kinesis_lab.emulator import file_system
from kinesis_lab.emulator.lambda_ import environment, launching
from kinesis_lab.emulator.lambda_.bootstrap import logs
from kinesis_lab.emulator.lambda_.exit_reason import exit_reason
from kinesis_lab.emulator.lambda_.launching import out_of_reach_of_ctrl_c, python
from kinesis_lab.emulator.wire import NotOffered


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SIGBUS", "bus error"),
        ("SIGKILL", "killed"),
        ("SIGABRT", "aborted"),
        ("SIGHUP", "hangup"),
        ("SIGUSR1", "user defined signal 1"),
        ("SIGTRAP", "trace/breakpoint trap"),
        ("SIGXFSZ", "file size limit exceeded"),
        ("SIGSYS", "bad system call"),
        ("SIGIO", "I/O possible"),
    ],
)
def test_a_signal_has_the_number_that_this_system_gives_it(name, words):
    if not hasattr(signal, name):
        pytest.skip(f"this system has no {name}")
    assert exit_reason(-signal.Signals[name]) == f"Runtime exited with error: signal: {words}"


@pytest.mark.skipif(sys.platform != "linux", reason="the signals of Linux")
def test_every_signal_of_linux_has_words_but_for_those_of_real_time():
    named = [number for number in range(1, signal.NSIG) if exit_reason(-number)[-2:] != f"{number:2}"]
    assert named == list(range(1, 32))
    assert exit_reason(-34) == "Runtime exited with error: signal: signal 34"


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (0, "without providing a reason"),
        (7, "with error: exit status 7"),
        (0x100, "without providing a reason"),
        (0xFFFFFFFF, "with error: exit status 255"),
        (0xC0000005, "with error: signal: segmentation fault"),
        (0xC00000FD, "with error: signal: segmentation fault"),
        (0xC0000142, "with error: exit status 0xc0000142"),
        (-9999, "with error: signal: signal 9999"),
    ],
)
def test_how_a_process_ended(status, how):
    assert exit_reason(status) == f"Runtime exited {how}"


@pytest.mark.skipif(sys.platform != "linux", reason="the signals of Linux")
@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit()", "os.kill(os.getpid(), 34)"])
def test_the_whole_of_what_lambda_says_of_an_end(deploy, invoke, leave):
    deploy(f"import os, sys\ndef handler(event, context): {leave}")
    answer = invoke()
    how = "with error: signal: signal 34" if "34" in leave else "without providing a reason"
    message = f"RequestId: {answer.request_id} Error: Runtime exited {how}"
    assert answer.result == {"errorType": "Runtime.ExitError", "errorMessage": message}


def test_on_windows_the_real_python_is_started_and_not_the_launcher(monkeypatch):
    assert python() == sys.executable or sys.platform == "win32"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "_base_executable", "C:/Python/python.exe")
    assert python() == "C:/Python/python.exe"
    assert out_of_reach_of_ctrl_c() == {"creationflags": 0x200}


def test_the_real_python_finds_the_libraries(deploy, invoke, monkeypatch):
    monkeypatch.setattr(launching, "python", lambda: sys._base_executable)
    deploy("import boto3, sys\ndef handler(event, context): return sys.executable")
    assert Path(invoke().result).samefile(sys._base_executable)


def test_lines_end_as_on_linux():
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, newline="\r\n", write_through=True)
    logs.end_lines_as_linux_does(stream)
    print("one\ntwo\r", file=stream)
    assert written.getvalue() == b"one\ntwo\r\n"


def test_a_handler_may_have_modules_of_the_runtimes_names(deploy, invoke):
    deploy("""
        import sys
        before = [name for name in sys.modules if name.startswith("bootstrap")]
        def handler(event, context):
            try:
                import bootstrap
            except ModuleNotFoundError as error:
                return [before, str(error)]
    """)
    assert invoke().result == [[], "No module named 'bootstrap'"]


def test_the_runtime_needs_the_standard_library_only():
    """Imported as in the process of a function: without packages, and without this library."""
    script = (
        f"import runpy, sys; runpy.run_path({str(environment.SCRIPT)!r})['import_runtime']('invocation_loop'); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", script]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "['__main__']"


# Files of a package

DOUBTFUL = ["a.py", "A.py", "lib/x.py", "LIB/y.py", "/".join(["x" * 200] * 19), "e\u0301.txt", "con.txt", "a:b", "dot."]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds them all")
def test_linux_holds_every_path():
    file_system.check_paths([PurePosixPath(path) for path in DOUBTFUL])


def test_a_path_that_this_computer_cannot_hold(monkeypatch):
    def create(_folder, path):
        if len(str(path)) > 250:
            raise OSError(errno.ENAMETOOLONG, "File name too long")

    monkeypatch.setattr(file_system, "create", create)
    with pytest.raises(NotOffered, match=r"cannot hold 'xxx.*…' of the function's package: File name too long"):
        file_system.check_paths([PurePosixPath("/".join(["x" * 100] * 3)), PurePosixPath("app.py")])


@pytest.mark.parametrize(
    "paths", [("app.py", "App.py"), ("lib/a.py", "LIB/b.py"), ("con.txt",)], ids=["files", "folders", "reserved"]
)
def test_two_paths_that_are_one_on_this_computer(monkeypatch, paths):
    def create(folder, path):  # as on a file system that knows one case
        (folder / str(path).upper()).parent.mkdir(parents=True, exist_ok=True)
        (folder / str(path).upper()).touch()

    monkeypatch.setattr(file_system, "create", create)
    with pytest.raises(NotOffered, match="it would get another name, or that of another file"):
        file_system.check_paths([PurePosixPath(path) for path in paths])


def test_usual_paths_are_not_tried(monkeypatch):
    monkeypatch.setattr(file_system, "create", None)
    file_system.check_paths([PurePosixPath("app.py"), PurePosixPath("lib/__init__.py"), PurePosixPath("lib/é.json")])
