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
from kinesis_lab.emulator.lambda_ import environment
from kinesis_lab.emulator.lambda_.bootstrap import logs
from kinesis_lab.emulator.lambda_.exit_reason import exit_reason
from kinesis_lab.emulator.lambda_.launching import is_broken_pipe, out_of_reach_of_ctrl_c, python
from kinesis_lab.emulator.wire import NotOffered


@pytest.mark.parametrize(
    ("name", "reason"),
    [("SIGBUS", "signal: bus error"), ("SIGKILL", "signal: killed"), ("SIGABRT", "signal: aborted")],
)
def test_a_signal_has_the_number_that_this_system_gives_it(name, reason):
    if not hasattr(signal, name):
        pytest.skip(f"this system has no {name}")
    assert exit_reason(-signal.Signals[name]) == reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "exit status 0"),
        (7, "exit status 7"),
        (0xFFFFFFFF, "exit status 255"),
        (0xC0000005, "signal: segmentation fault"),
        (0xC00000FD, "signal: segmentation fault"),
        (0xC0000142, "exit status 0xc0000142"),
        (-9999, "signal 9999"),
    ],
)
def test_how_a_process_ended(status, reason):
    assert exit_reason(status) == reason


def test_on_windows_the_real_python_is_started_and_not_the_launcher(monkeypatch):
    assert python() == sys.executable or sys.platform == "win32"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "_base_executable", "C:/Python/python.exe")
    assert python() == "C:/Python/python.exe"
    assert out_of_reach_of_ctrl_c() == {"creationflags": 0x200}


def test_the_real_python_finds_the_libraries(deploy, invoke, monkeypatch):
    monkeypatch.setattr(environment, "python", lambda: sys._base_executable)
    deploy("import boto3, sys\ndef handler(event, context): return sys.executable")
    assert Path(invoke().result).samefile(sys._base_executable)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.EINVAL, "Invalid argument")])
def test_a_broken_pipe_has_two_names(error, deploy, invoke, monkeypatch):
    """What comes of a function whose process is gone is its end, not the error of the pipe."""
    deploy("import os\ndef handler(event, context): os._exit(3)")

    def write_frame(*_frame):
        raise error

    assert is_broken_pipe(error)
    monkeypatch.setattr(environment, "write_frame", write_frame)
    monkeypatch.setattr(environment.Environment, "receive", lambda self, _patience: self.kill() or gone(self))
    assert "Runtime exited" in invoke().text


def gone(_environment):
    raise environment.Died("exit status 3")


def test_other_errors_of_pipes_are_not_ignored(deploy, invoke, monkeypatch):
    deploy("def handler(event, context): pass")

    def write_frame(*_frame):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(environment, "write_frame", write_frame)
    with pytest.raises(OSError, match="full"):
        invoke()


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
    script = f"import runpy; runpy.run_path({str(environment.SCRIPT)!r})['import_runtime'](); import sys; " + (
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
