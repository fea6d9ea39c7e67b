"""Resolve the dependencies anew into the lock files and environment.yml.

Keeps the versions that are locked; `python -m helpers lock --upgrade` takes newer ones.
"""

import re
import tomllib

from helpers.commands import environment, places, processes, voice

ENVIRONMENT_YML = places.ROOT / "environment.yml"
_COMPILE = (
    *("-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--custom-compile-command", "python -m helpers lock"),
)
_CONDA_PYTHON = "3.12"


def main(arguments: list[str]) -> int:
    """Write both locks and environment.yml; further arguments go to `uv pip compile`."""
    if arguments[:1] in (["-h"], ["--help"]):
        voice.say(f"python -m helpers lock [uv's arguments]\n\n{__doc__}")
        return 0
    environment.ensure()
    everyone = ("pyproject.toml", "--group", "pyproject.toml:workbook", "-o", places.LOCK.name)
    checks = ("--group", "pyproject.toml:dev", "-c", places.LOCK.name, "-o", places.DEV_LOCK.name)
    for chosen in (everyone, checks):
        if code := processes.run(*_COMPILE, *arguments, *chosen):
            return code
    ENVIRONMENT_YML.write_text(conda_environment(), encoding="utf-8", newline="\n")
    voice.say(f"Written: {places.LOCK.name}, {places.DEV_LOCK.name}, {ENVIRONMENT_YML.name}")
    return 0


def requirements() -> list[str]:
    """The names of the packages that pyproject.toml asks for, for the library and for the workbook."""
    asked = tomllib.loads(places.PROJECT.read_text(encoding="utf-8"))
    lines = {*asked["project"]["dependencies"], *asked["dependency-groups"]["workbook"]}
    return sorted({re.split(r"[^\w.-]", line)[0] for line in lines})


def versions() -> dict[str, str]:
    """Every locked package, by normalised name, and its version."""
    pins = re.findall(r"^([\w.-]+)==(\S+)", places.LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return {normalised(name): version for name, version in pins}


def normalised(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def conda_environment() -> str:
    """The text of environment.yml: a Python from conda, the locked versions from pip."""
    locked = versions()
    pins = sorted(f"{normalised(name)}=={locked[normalised(name)]}" for name in requirements())
    lines = [
        "# For conda and Binder; `python -m helpers lab` does not need it. Written by",
        "# `python -m helpers lock`: the packages come through pip, the same for everyone.",
        "name: kinesis-lambda-workbook",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python={_CONDA_PYTHON}",
        "  - pip",
        "  - pip:",
        *(f"      - {pin}" for pin in pins),
        "      - -e .",
        "      - -e ./helpers",
    ]
    return "\n".join(lines) + "\n"
