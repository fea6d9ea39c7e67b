"""The plugin as pytest finds it: installed, in an empty folder, in a pytest of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.commands import environment

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where packages are installed: this project, in the way in which set-up does it."""
    folder = tmp_path_factory.mktemp("site-packages")
    environment.install_project(folder)
    return folder


@pytest.fixture
def run_pytest(tmp_path: Path, site: Path) -> Callable[..., str]:
    """Runs pytest in a new folder on a file with this text, and returns what it prints."""

    def run_pytest(text: str, *arguments: str, passes: bool = True) -> str:
        (tmp_path / "test_it.py").write_text(textwrap.dedent(text), encoding="utf-8")
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        variables["PYTHONPATH"] = os.pathsep.join([str(site), str(ROOT)])
        command = [sys.executable, "-m", "pytest", "--strict-markers", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, encoding="utf-8")
        assert (done.returncode == 0) == passes, done.stdout + done.stderr
        return done.stdout

    return run_pytest


TESTS = """
    import os, time
    import pytest
    from kinesis_lab.emulator import local
    from kinesis_lab.testing import feed

    def test_a_handler_that_skips_the_first_of_each_batch(local_cloud):
        run = feed(local_cloud, "book.py", [{"ID": 1}, {"ID": 2}], key=lambda order: "k", BatchSize=2)
        os.environ["AWS_REGION"] = "nowhere"
        run.assert_nothing_lost(run.lines, by=lambda order: f"booked {order['ID']}")

    @pytest.mark.local_cloud(seed=7, limits=False)
    def test_the_next_cloud_is_empty(local_cloud):
        assert local_cloud.client("kinesis").list_streams()["StreamNames"] == []
        assert "no limits" in repr(local_cloud)
        local_cloud.close()

    def test_none_is_open():
        assert local.current() is None and "AWS_ACCESS_KEY_ID" not in os.environ

    class TestMarks:
        pytestmark = pytest.mark.local_cloud(speed=1000)

        def test_one_for_all(self, local_cloud):
            began = time.monotonic()
            local_cloud.wait(100)
            assert 0.1 <= time.monotonic() - began < 10

        @pytest.mark.local_cloud(seeds=1)
        def test_one_that_is_wrong(self, local_cloud):
            pass
"""


def test_it_is_found_where_the_project_is_installed(run_pytest, tmp_path):
    handler = (EXAMPLE / "book.py").read_text(encoding="utf-8").replace('["Records"]', '["Records"][1:]')
    (tmp_path / "book.py").write_text(handler, encoding="utf-8")
    said = run_pytest(TESTS, "-s", passes=False)
    assert "kinesis-lab-" in said.partition("plugins: ")[2].splitlines()[0]
    assert "1 failed, 3 passed, 1 error" in said
    assert "fresh_cloud() got an unexpected keyword argument 'seeds'" in said
    assert "nothing leaves" not in said.partition("= ERRORS =")[0], "opening a cloud prints something"
    failure = re.search(r"^>( +run\.assert_nothing_lost.*)\n((?:E .*\n)+)\ntest_it.py:\d+: AssertionError$", said, re.M)
    assert failure, "a failed assertion shows the line of the test and nothing of ours"
    assert "AssertionError: not seen: 1 of 2 records\n" in failure[2] and "BatchSize=2, defaults" in failure[2]


def test_the_examples_pass_also_if_the_plugin_is_asked_for_once_more_and_in_workers(run_pytest, tmp_path):
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["kinesis_lab.testing.plugin"]\n', encoding="utf-8")
    assert "2 passed" in run_pytest("", "-p", "kinesis_lab.testing.plugin", "-n", "1", "--nbval")


def test_a_pytest_that_needs_no_cloud_is_not_kept_waiting(run_pytest):
    heavy = ["boto3", "botocore", "moto", "pandas", "numpy", "simpy", "kinesis_lab.cloud", "kinesis_lab.emulator"]
    test = f"""
        import sys
        def test_it(): assert not set({heavy}) & set(sys.modules)
    """
    assert "local_cloud(seed=0, limits=True, speed=None)" in run_pytest(test, "-p", "no:nbval", "--markers")
    run_pytest(test, "-p", "no:nbval")


def test_the_library_itself_is_light():
    code = "import sys, kinesis_lab.testing; print({'boto3', 'numpy', 'hypothesis', 'pytest'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout == "set()\n"
