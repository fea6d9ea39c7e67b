"""The commands themselves: set-up, messages, locks. One test needs the network, and says so."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from helpers import __main__ as entry
from helpers import commands
from helpers.commands import browser, environment, lab, lock, places, processes, voice
from helpers.commands import test as test_job
from kinesis_lab import commands as library_commands

ROOT = places.ROOT
LOCKS = [places.LOCK, places.DEV_LOCK]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook in a temporary folder, with a lock and no environment."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "SOURCES", tmp_path / "src")
    monkeypatch.setattr(places, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(places, "PYTHON", tmp_path / ".venv" / "python")
    monkeypatch.setattr(places, "SCRATCH", tmp_path / ".workbook")
    monkeypatch.setattr(places, "SETUP_LOG", tmp_path / ".workbook" / "setup.log")
    monkeypatch.setattr(places, "PROJECT", tmp_path / "pyproject.toml")
    monkeypatch.setattr(places, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(places, "DEV_LOCK", tmp_path / "requirements-dev.lock")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "requirements.lock").write_text("boto3==1.0 \\\n    --hash=sha256:00\n", encoding="utf-8")
    (tmp_path / "requirements-dev.lock").write_text("ruff==1.0 \\\n    --hash=sha256:00\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def installs(tree: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that set-up takes, which are noted and not done."""
    done: list[str] = []

    def make() -> None:
        places.ENVIRONMENT.mkdir(exist_ok=True)
        places.PYTHON.touch()
        done.append("make")

    monkeypatch.setattr(environment, "_make", make)
    monkeypatch.setattr(environment, "_get_installer", lambda: done.append("installer"))
    monkeypatch.setattr(environment, "_install", lambda lock: done.append(lock.name))
    monkeypatch.setattr(environment, "_install_helpers", lambda: done.append("helpers"))
    return done


# Old Pythons


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 99)])
def test_an_old_python_is_told_which_one_is_needed(version: tuple[int, ...]) -> None:
    told = entry.complaint(version)
    assert "needs Python 3.11 or newer" in told
    assert f"this is Python {version[0]}.{version[1]}" in told


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 2), (4, 0, 0)])
def test_a_recent_python_is_not_told_anything(version: tuple[int, ...]) -> None:
    assert entry.complaint(version) == ""


def test_an_old_python_ends_before_any_job_is_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entry, "sys", SimpleNamespace(version_info=(3, 8, 1), stderr=sys.stderr))
    monkeypatch.setattr(commands, "main", lambda arguments: pytest.fail("a job was started"))
    assert entry.main() == 1
    assert "3.8" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_what_an_old_python_reads_is_plain(name: str) -> None:
    source = (ROOT / "helpers" / name).read_text(encoding="utf-8")
    assert source.isascii()
    compile(source, name, "exec", dont_inherit=True)
    for young in (":=", 'f"', "f'", " -> ", "match "):
        assert young not in re.sub(r"# type:.*", "", source).replace('"""', ""), young


def test_the_version_agrees_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*entry.OLDEST)


# The door


def test_help_names_every_job(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--help"]) == 0
    shown = capsys.readouterr().out
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}
    for name in commands.JOBS:
        assert name in modules
        assert re.search(rf"^  {name} +[A-Z].+", shown, re.MULTILINE), name


@pytest.mark.parametrize("name", commands.JOBS)
def test_every_job_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = commands.main([name, "--help"])
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    assert code == 0
    assert f"python -m helpers {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", library_commands.COMMANDS)
def test_every_command_of_the_library_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        library_commands.main([name, "--help"])
    assert not left.value.code
    assert f"kinesis-lab {name}" in capsys.readouterr().out
    assert re.search(rf"^  {name} +[A-Z].+", library_commands.usage(), re.MULTILINE)
    assert callable(library_commands.command(name).run)


def test_an_unknown_job_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["labb"]) == 2
    shown = capsys.readouterr().err
    assert "no job called “labb”" in shown
    assert "python -m helpers lab" in shown


def test_the_exit_code_of_a_job_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    job = SimpleNamespace(main=lambda arguments: 7)
    monkeypatch.setattr(commands, "job", lambda name: job)
    assert commands.main(["lab"]) == 7


def test_ctrl_c_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "job", lambda name: SimpleNamespace(main=interrupted))
    assert commands.main(["lab"]) == 130
    assert capsys.readouterr().err.strip() == ""


def test_nothing_but_the_standard_library_is_needed_to_start() -> None:
    bare = [sys.executable, "-I", "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from helpers import commands; "
    done = subprocess.run([*bare, code + "sys.exit(commands.main(['--help']))"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


# Set-up


def test_set_up_installs_once(installs: list[str]) -> None:
    environment.ensure()
    assert installs == ["make", "installer", "requirements.lock", "helpers"]
    environment.ensure()
    assert len(installs) == 4


def test_a_changed_lock_is_installed_again(tree: Path, installs: list[str]) -> None:
    environment.ensure()
    (tree / "requirements.lock").write_text("boto3==2.0\n", encoding="utf-8")
    environment.ensure()
    assert installs.count("requirements.lock") == 2


def test_the_tools_of_the_checks_come_on_demand(installs: list[str]) -> None:
    environment.ensure()
    assert "requirements-dev.lock" not in installs
    environment.ensure(dev=True)
    assert installs[4:] == ["requirements-dev.lock"]


def test_a_changed_project_is_installed_again_and_no_package(tree: Path, installs: list[str]) -> None:
    environment.ensure()
    with (tree / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    environment.ensure()
    assert installs[4:] == ["helpers"]


def test_the_project_is_installed_as_pip_would_do_it(tree: Path) -> None:
    site = tree / "lib" / "site-packages"
    (site / "kinesis_lambda_workbook-0.0.1.dist-info").mkdir(parents=True)  # of an older version of the workbook
    (site / "kinesis_lambda_workbook.pth").write_text("..\n")
    for _ in range(2):
        environment.install_project(site)
    (installed,) = metadata.distributions(path=[str(site)])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (installed.name, installed.version) == (project["name"], project["version"])
    assert installed.requires == project["dependencies"]
    offered = {(entry.group, entry.name, entry.value) for entry in installed.entry_points}
    assert ("pytest11", "kinesis_lab.testing.plugin", "kinesis_lab.testing.plugin") in offered
    assert ("console_scripts", "kinesis-lab", "kinesis_lab.commands:main") in offered
    assert {file.name for file in installed.files or []} == {path.name for path in site.rglob("*") if path.is_file()}
    led = [(site / line).resolve() for line in (site / "kinesis_lab.pth").read_text(encoding="utf-8").splitlines()]
    assert led == [tree / "src", tree]


def test_a_failed_installation_is_not_remembered(
    tree: Path, installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(lock: Path) -> None:
        raise voice.Stop("no")

    monkeypatch.setattr(environment, "_install", fail)
    with pytest.raises(voice.Stop):
        environment.ensure()
    assert not environment.is_installed(places.LOCK)


def test_an_environment_whose_python_is_gone_is_made_again(installs: list[str]) -> None:
    environment.ensure()
    places.PYTHON.unlink()
    assert not environment.is_installed(places.LOCK)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("NewConnectionError: Temporary failure in name resolution", "no network"),
        ("error: Failed to fetch\n  cause: dns error", "no network"),
        ("Collecting x\nERROR: No space left on device\n", "No space left on device"),
        ("", "No reason was given"),
    ],
)
def test_a_failure_is_told_in_a_sentence_and_names_the_log(tree: Path, said: str, told: str) -> None:
    places.SCRATCH.mkdir()
    places.SETUP_LOG.write_text("", encoding="utf-8")
    with pytest.raises(voice.Stop) as stop:
        fail = [sys.executable, "-c", f"print({said!r}); raise SystemExit(1)"]
        environment._must(fail, "It did not work.")
    assert str(stop.value).startswith("It did not work. ")
    assert told in str(stop.value)
    assert ".workbook/setup.log" in str(stop.value)


def test_a_python_without_venv_is_told_how_to_get_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds = SimpleNamespace(find_spec=lambda name: None)
    monkeypatch.setattr(environment, "importlib", SimpleNamespace(util=finds))
    with pytest.raises(voice.Stop, match="apt install python3-venv"):
        environment._make()


def test_an_old_python_in_the_environment_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_version", lambda: (3, 9))
    with pytest.raises(voice.Stop, match=r"older Python \(3\.9\)"):
        environment._make()


def test_programs_find_our_packages_and_not_the_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/of-the-reader")
    variables = processes.environment()
    assert "PYTHONPATH" not in variables
    assert "JUPYTER_PATH" not in variables
    assert variables["PATH"].startswith(f"{places.BIN}{os.pathsep}")
    # The reader's own Jupyter settings still count; ours are defaults beside them.
    assert variables["JUPYTER_CONFIG_PATH"].endswith("/of-the-reader")


# Lab


def test_a_port_in_use_is_said_and_another_proposed() -> None:
    with socket.socket() as listener:
        listener.bind((lab.HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(voice.Stop, match=rf"Port {port} is in use.*\n.*lab --port \d+"):
            lab.check_port(port)
    lab.check_port(port)


def test_lab_answers_this_computer_only() -> None:
    arguments = lab.server_arguments(8888, ROOT)
    assert "--ServerApp.ip=127.0.0.1" in arguments
    assert "--ServerApp.port_retries=0" in arguments
    page = lab.address(8888, "secret", places.FIRST_NOTEBOOK)
    assert page == "http://127.0.0.1:8888/lab/tree/notebooks/00_start_here.ipynb?token=secret"


def test_lab_asks_neither_for_news_nor_for_a_kernel() -> None:
    name = "labconfig/default_setting_overrides.json"
    settings = json.loads((places.JUPYTER_DEFAULTS / name).read_text(encoding="utf-8"))
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert settings["@jupyterlab/notebook-extension:tracker"]["autoStartDefaultKernel"] is True


# Test


def test_all_tests_and_notebooks_run_unless_some_are_named() -> None:
    folders = [name for name in ("tests", "notebooks") if (ROOT / name).is_dir()]
    assert test_job.pytest_arguments(["-x"])[: len(folders)] == folders
    assert test_job.pytest_arguments(["-k", "ring"])[: len(folders)] == folders
    one = "tests/test_commands.py::test_help_names_every_job"
    assert "tests" not in test_job.pytest_arguments([one])
    assert test_job.pytest_arguments([one])[-1] == one


def test_what_is_quick_is_there_and_is_asked_for_by_its_own_word() -> None:
    assert [name for name in test_job.QUICK if not (ROOT / name).is_file()] == []
    called = test_job.pytest_arguments(["--quick", "-x"])
    assert tuple(called[: len(test_job.QUICK)]) == test_job.QUICK
    assert "--quick" not in called
    assert called[-1] == "-x"


@pytest.mark.parametrize("named", ["tests/test_facts.py", "notebooks/00_start_here.ipynb"])
def test_thorough_is_known_whichever_files_are_named(named: str) -> None:
    collect = [sys.executable, "-m", "pytest", "--nbval", "--collect-only", "-q", "--thorough", named]
    done = subprocess.run(collect, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("value", "must"), [("1", True), ("0", False), ("", False), (None, False)])
def test_the_browser_is_required_by_a_variable(value: str | None, must: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(browser.REQUIRE, raising=False)
    if value is not None:
        monkeypatch.setenv(browser.REQUIRE, value)
    assert browser.required() is must


# Locks


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_host_and_no_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"://|index.url|find.links|file:|/home/|/tmp/|\\Users\\", text)
    assert "python -m helpers lock" in text.splitlines()[1]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_its_hashes(path: Path) -> None:
    blocks = re.split(r"^(?=[\w.-]+==)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) > 10
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_the_lock_covers_what_the_project_asks_for() -> None:
    assert {lock.normalised(name) for name in lock.requirements()} <= lock.versions().keys()
    assert lock.versions()["moto"] == "5.2.5"


def test_the_slow_package_is_left_out_everywhere() -> None:
    lines = places.LOCK.read_text(encoding="utf-8").splitlines()
    slow = [line for line in lines if re.match(r"(rfc3987-syntax|lark)==", line)]
    assert all("sys_platform == 'never'" in line for line in slow), slow


def test_both_locks_agree() -> None:
    pins = [dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE)) for path in LOCKS]
    both = pins[0].keys() & pins[1].keys()
    assert "numpy" in both
    assert {name: pins[0][name] for name in both} == {name: pins[1][name] for name in both}


# Conda


def pip_part() -> list[str]:
    document = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pins,) = [entry["pip"] for entry in document["dependencies"] if isinstance(entry, dict)]
    return [str(pin) for pin in pins]


def test_the_conda_environment_is_the_locked_one() -> None:
    *pins, library, helpers = pip_part()
    assert (library, helpers) == ("-e .", "-e ./helpers")
    locked = lock.versions()
    asked = dict(pin.split("==") for pin in pins)
    assert asked.keys() == {lock.normalised(name) for name in lock.requirements()}
    assert asked == {name: locked[name] for name in asked}
    assert {"jupyter", "boto3", "pandas", "matplotlib", "nbval"} <= asked.keys()
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == lock.conda_environment()


@pytest.mark.slow
def test_the_pip_part_of_the_conda_environment_installs(tmp_path: Path) -> None:
    """Needs the network, unless uv has everything in its cache."""
    workbook = tmp_path / "workbook"
    workbook.mkdir()
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, workbook)
    (workbook / "README.md").write_text("# Workbook\n", encoding="utf-8")
    for name in ("helpers", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, workbook / name, ignore=ignored)
    example = shutil.copytree(ROOT / "docs" / "example", tmp_path / "example")
    (workbook / "requirements.txt").write_text("\n".join(pip_part()) + "\n", encoding="utf-8")
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "-p", sys.executable, tmp_path / "env"], check=True)
    install = [*uv, "pip", "install", "-q", "--system-certs", "--python", python]
    subprocess.run([*install, "-r", "requirements.txt"], cwd=workbook, check=True)
    code = "import boto3, matplotlib, moto, nbval, pandas, jupyterlab; "
    code += "import kinesis_lab; from helpers import commands; print(commands.__file__)"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    shown = subprocess.run([python, "-c", code], cwd=tmp_path, env=own, check=True, capture_output=True, text=True)
    assert Path(shown.stdout.strip()).is_relative_to(workbook)
    tested = subprocess.run(
        [python, "-m", "pytest", "test_book.py"], cwd=example, env=own, capture_output=True, text=True
    )
    assert "1 passed" in tested.stdout, "the plugin comes with the package"
