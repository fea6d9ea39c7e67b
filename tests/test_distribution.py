"""The library as others get it: built, installed into an empty environment, beside a project with helpers of its own.

Needs the network, unless uv has everything in its cache.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.commands import environment, places

ROOT = places.ROOT
UV = [sys.executable, "-m", "uv"]
MOST_BYTES = 120_000_000
"""Of everything that the library brings along."""

pytestmark = pytest.mark.slow


def uv(*arguments: str | Path, cwd: Path = ROOT) -> None:
    """Run uv; without a network, a test that needs it is skipped, but not where everything has to be tested."""
    done = subprocess.run([*UV, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, encoding="utf-8")
    if done.returncode and environment.NO_NETWORK.search(done.stderr) and not os.environ.get("CI"):
        pytest.skip("there is no network, and uv has not all packages in its cache")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in ("src", "helpers", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    uv("build", "-q", "--system-certs", "--out-dir", folder, tree)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel with what it asks for, in the versions that are locked."""
    home = tmp_path_factory.mktemp("env")
    uv("venv", "-q", "-p", sys.executable, home)
    folder = home / ("Scripts" if os.name == "nt" else "bin")
    uv("pip", "install", "-q", "--system-certs", "--python", folder / "python", "-c", constraints(home), wheel)
    return folder


def constraints(folder: Path) -> Path:
    """The versions that are locked, without their hashes, which a wheel of our own has none of."""
    pins = re.findall(r"^[\w.-]+==[^\s;\\]+", places.LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    file = folder / "constraints.txt"
    file.write_text("\n".join(pins) + "\n", encoding="utf-8")
    return file


def call(scripts: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python, with nothing of this one's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL"))}
    command = [str(scripts / "python"), *arguments]
    return subprocess.run(command, cwd=cwd, env=own, capture_output=True, text=True, encoding="utf-8")


# What is built


def test_the_wheel_holds_the_library_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (described,) = [archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"kinesis_lab"}
    packed = {name for name in names if name.startswith("kinesis_lab/")}
    there = {path.relative_to(places.SOURCES).as_posix() for path in (places.SOURCES / "kinesis_lab").rglob("*.*")}
    assert packed == {name for name in there if not name.endswith(".pyc")}
    assert {"kinesis_lab/py.typed", "kinesis_lab/emulator/README.md"} <= packed
    project = tomllib.loads(places.PROJECT.read_text(encoding="utf-8"))["project"]
    assert f"\nVersion: {project['version']}\n" in described
    assert described.count("\nClassifier: ") == len(project["classifiers"]) and "Typing :: Typed" in described
    assert "jupyter" not in described.partition("\n\n")[0] and "matplotlib" not in described.partition("\n\n")[0]


def test_the_sdist_holds_what_the_wheel_is_built_from(built: Path) -> None:
    (found,) = built.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", "src/kinesis_lab/py.typed"} <= names
    assert not [name for name in names if name.startswith(("helpers", "notebooks", "tests"))]


# What is installed


def test_it_is_small_and_brings_no_notebook_along(scripts: Path, tmp_path: Path) -> None:
    heavy = ("IPython", "jupyterlab", "matplotlib", "numpy", "pandas", "helpers", "pytest")
    code = f"""if True:
        import importlib.util, os, pathlib, sysconfig
        print([name for name in {heavy} if importlib.util.find_spec(name)])
        site = pathlib.Path(sysconfig.get_path("purelib"))
        print(sum(path.stat().st_size for path in site.rglob("*") if path.suffix != ".pyc" and path.is_file()))
    """
    found, size = call(scripts, "-c", code, cwd=tmp_path).stdout.splitlines()
    assert found == "[]"
    assert 0 < int(size) < MOST_BYTES


def test_its_command_is_there(scripts: Path, tmp_path: Path) -> None:
    program = scripts / ("kinesis-lab.exe" if os.name == "nt" else "kinesis-lab")
    for command in ([str(program)], [str(scripts / "python"), "-m", "kinesis_lab"]):
        shown = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert {"serve", "simulate", "logs"} <= set(re.findall(r"^  (\w+) +[A-Z]", shown, re.MULTILINE))
    unknown = subprocess.run([str(program), "srve"], cwd=tmp_path, capture_output=True, text=True)
    assert unknown.returncode == 2 and "There is no command 'srve'" in unknown.stderr


def test_a_table_is_asked_for_without_pandas(scripts: Path, tmp_path: Path) -> None:
    code = """if True:
        from kinesis_lab import open_cloud
        from kinesis_lab.ledger import accounts
        with open_cloud() as cloud:
            cloud.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
            print(accounts(cloud.recorder.entries()), len(cloud.recorder.entries("state")))
            cloud.recorder.table()
    """
    done = call(scripts, "-c", code, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[] 1"
    assert "pip install 'kinesis-lab[tables]'" in done.stderr.splitlines()[-1]


# Beside a project that has helpers of its own


OWN_TEST = """
import helpers

def test_mine():
    assert helpers.MINE == 1
"""


def a_package(project: Path) -> None:
    (project / "helpers").mkdir()
    (project / "helpers" / "__init__.py").write_text("MINE = 1\n", encoding="utf-8")
    (project / "test_own.py").write_text(OWN_TEST, encoding="utf-8")


def a_module(project: Path) -> None:
    (project / "helpers.py").write_text("MINE = 1\n", encoding="utf-8")
    (project / "test_own.py").write_text(OWN_TEST, encoding="utf-8")


def beside_the_tests(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "helpers.py").write_text("MINE = 1\n", encoding="utf-8")
    (project / "tests" / "test_own.py").write_text(OWN_TEST, encoding="utf-8")


@pytest.fixture(scope="module")
def with_pytest(scripts: Path) -> Path:
    """The same environment, with a pytest beside the library."""
    uv("pip", "install", "-q", "--system-certs", "--python", scripts / "python", "pytest")
    return scripts


@pytest.mark.parametrize("helpers", [a_package, a_module, beside_the_tests], ids=lambda made: made.__name__)
def test_a_project_keeps_its_own_helpers(with_pytest: Path, tmp_path: Path, helpers: Callable[[Path], None]) -> None:
    helpers(tmp_path)
    shutil.copytree(ROOT / "docs" / "example", tmp_path, dirs_exist_ok=True)
    (tmp_path / "test_book_with_hypothesis.py").unlink()
    done = call(with_pytest, "-m", "pytest", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert "kinesis-lab-" in done.stdout
