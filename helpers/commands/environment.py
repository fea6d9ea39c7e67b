"""The environment in .venv: made once, refreshed when a lock or pyproject.toml changes, otherwise left alone."""

import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.__main__ import OLDEST
from helpers.commands import places, processes, voice

FORMER_NAME = "kinesis_lambda_workbook"
"""As what an older version of the workbook was installed: its plugin to pytest is no longer there."""
UV = "uv==0.13.9"  # installs in seconds what takes pip a minute
NO_NETWORK = re.compile(
    r"name resolution|getaddrinfo|nodename nor servname|NewConnectionError|dns error|timed out"
    r"|ConnectTimeout|ConnectionError|Network is unreachable|error sending request|tunnel error",
    re.IGNORECASE,
)


def ensure(*, dev: bool = False) -> None:
    """Make the environment what the locks say; return at once when it already is.

    `dev` adds what only the workbook's own checks need.
    """
    locks = [places.LOCK, places.DEV_LOCK] if dev else [places.LOCK]
    missing = [lock for lock in locks if not is_installed(lock)]
    if missing:
        _ensure_packages(missing)
    if not is_installed(places.PROJECT):
        _install_helpers()
        _remember(places.PROJECT)


def _ensure_packages(missing: Sequence[Path]) -> None:
    places.SCRATCH.mkdir(exist_ok=True)
    places.SETUP_LOG.write_text("", encoding="utf-8")
    if places.LOCK in missing:
        voice.say(f"{voice.TITLE}\n\nSetting up, this once: about 540 MB in the folder .venv.")
        _make()
        _get_installer()
    for lock in missing:
        _install(lock)
        _remember(lock)
    voice.say()


def fingerprint(file: Path) -> str:
    """What stands for the content of a lock, or of pyproject.toml."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def stamp(file: Path) -> Path:
    """The file in the environment that remembers which content of this one was installed."""
    return places.ENVIRONMENT / f"installed-{file.stem}"


def is_installed(file: Path) -> bool:
    """Whether the environment holds what a lock, or pyproject.toml, says now."""
    try:
        remembered = stamp(file).read_text(encoding="utf-8")
    except OSError:
        return False
    return places.PYTHON.exists() and remembered == fingerprint(file)


def _remember(file: Path) -> None:
    stamp(file).write_text(fingerprint(file), encoding="utf-8")


def packages(lock: Path) -> int:
    """How many packages a lock names."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return sum("==" in line and "'never'" not in line for line in lines if line[:1].isalnum())


def _make() -> None:
    version = _version()
    if version and version < OLDEST:
        number = ".".join(map(str, version))
        raise voice.Stop(f"The folder .venv holds an older Python ({number}). Delete it and try again.")
    if not version:
        if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
            raise voice.Stop(
                "This Python cannot make environments: its venv package is missing.\n"
                "On Debian and Ubuntu: sudo apt install python3-venv, then try again."
            )
        with voice.Step("1/3  a Python of its own, in .venv"):
            # --clear: what is there does not start, so nothing in it can be of use.
            make = [sys.executable, "-m", "venv", "--without-pip", "--clear", places.ENVIRONMENT]
            _must(make, "Python could not make the environment in .venv.")
    _quiet_kernels()


def _version() -> tuple[int, int] | None:
    ask = [str(places.PYTHON), "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(answer[0]), int(answer[1])


def _install_helpers() -> None:
    ask = [str(places.PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    install_project(Path(answer.strip()))
    _install_command()


def install_project(site: Path) -> None:
    """Do in `site` what `pip install -e . -e ./helpers` would do, without what it would have to fetch for that.

    Two lines say where the library and `helpers` are, so that both can be imported from any folder: relative ones, so
    that the tree can be moved.  A folder says what the library is called and offers to others: its plugin to pytest.
    """
    project = tomllib.loads(places.PROJECT.read_text(encoding="utf-8"))["project"]
    name = project["name"].replace("-", "_")
    for former in (name, FORMER_NAME):
        for old in site.glob(f"{former}-*.dist-info"):
            shutil.rmtree(old, ignore_errors=True)
        (site / f"{former}.pth").unlink(missing_ok=True)
    dist_info = site / f"{name}-{project['version']}.dist-info"
    dist_info.mkdir(exist_ok=True)
    offers = [
        line
        for group, entries in {"console_scripts": project["scripts"], **project["entry-points"]}.items()
        for line in (f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items()))
    ]
    files = {
        site / f"{name}.pth": [os.path.relpath(folder, site) for folder in (places.SOURCES, places.ROOT)],
        dist_info / "METADATA": [
            "Metadata-Version: 2.1",
            f"Name: {project['name']}",
            f"Version: {project['version']}",
            *(f"Requires-Dist: {each}" for each in project["dependencies"]),
        ],
        dist_info / "entry_points.txt": offers,
        dist_info / "INSTALLER": ["python -m helpers"],
    }
    files[dist_info / "RECORD"] = [f"{path.relative_to(site).as_posix()},," for path in (*files, dist_info / "RECORD")]
    for path, lines in files.items():
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _install_command() -> None:
    """Put the command `kinesis-lab` beside the environment's Python."""
    if os.name == "nt":
        script, lines = places.BIN / "kinesis-lab.cmd", ["@echo off", '"%~dp0python.exe" -m kinesis_lab %*']
    else:
        script, lines = places.BIN / "kinesis-lab", ["#!/bin/sh", 'exec "$(dirname "$0")/python" -m kinesis_lab "$@"']
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script.chmod(0o755)


def _quiet_kernels() -> None:
    """Keep kernels from remarking, at every start, that they talk in the clear on this computer."""
    folder = places.ENVIRONMENT / "etc" / "ipython"
    folder.mkdir(parents=True, exist_ok=True)
    settings = json.dumps({"IPKernelApp": {"log_level": logging.ERROR}})
    (folder / "ipython_kernel_config.json").write_text(f"{settings}\n", encoding="utf-8")


def _get_installer() -> None:
    python = str(places.PYTHON)
    with voice.Step("2/3  the installer"):
        _must([python, "-m", "ensurepip"], "pip could not be added to .venv.")
        fetch = [python, "-m", "pip", "install", "--disable-pip-version-check", UV]
        _must(fetch, "The installer could not be fetched.")


def _install(lock: Path) -> None:
    """Install a lock: with uv, or with pip where uv cannot (a mirror that only pip knows of)."""
    python = str(places.PYTHON)
    wanted = ["install", "--no-deps", "--require-hashes", "-r", str(lock)]
    kind = "3/3  {} packages" if lock == places.LOCK else "{} packages for the checks"
    with voice.Step(kind.format(packages(lock))) as step:
        if (
            _logged(
                [python, "-m", "uv", "pip", *wanted, "--python", python, "--system-certs"],
                step.detail,
            )
            == 0
        ):
            return
        step.detail("once more, with pip")
        _must(
            [python, "-m", "pip", "--disable-pip-version-check", *wanted],
            "The packages could not be installed.",
        )


def _must(command: Sequence[object], failure: str) -> None:
    if _logged(command) != 0:
        raise voice.Stop(f"{failure} {_reason()}\nAll that was said is in {_log_name()}.")


def _logged(command: Sequence[object], show: Callable[[str], None] | None = None) -> int:
    """Run a command with its output in the log; `show` is told what is being fetched."""
    with (
        places.SETUP_LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            list(map(str, command)),
            cwd=places.ROOT,
            env=processes.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if show and line.strip():
                show(line.strip().partition("==")[0])
        return process.wait()


def _reason() -> str:
    """The likeliest reason of a failure, from the log's own words."""
    text = places.SETUP_LOG.read_text(encoding="utf-8")
    if NO_NETWORK.search(text):
        return "There seems to be no network: it is needed this once. Nothing is broken, try again."
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["No reason was given."])[-1]


def _log_name() -> str:
    return places.near(places.SETUP_LOG)
