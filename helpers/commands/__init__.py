"""The jobs behind `python -m helpers JOB`, one module each.

A job is a module of this package with a docstring, whose first line is what `--help` shows, and
`main(arguments) -> exit code`. Everything here is standard library, because it runs before anything
is installed; what needs packages is started as a program of its own inside the environment.
"""

import importlib
import sys
from types import ModuleType

from helpers.commands import voice

JOBS = ("lab", "test", "build", "lint", "bench", "serve", "simulate", "logs", "setup", "lock")


def job(name: str) -> ModuleType:
    """The module that does the job of this name."""
    return importlib.import_module(f"{__name__}.{name}")


def summary(name: str) -> str:
    """One line on what the job does: the first line of its module's docstring."""
    text = job(name).__doc__ or ""
    return text.splitlines()[0].rstrip(".")


def usage() -> str:
    """What `python -m helpers --help` prints."""
    lines = [voice.TITLE, "", "  python -m helpers JOB [--help]", ""]
    lines += [f"  {name:<9}{summary(name)}" for name in JOBS]
    lines += ["", "New here? Start with: python -m helpers lab"]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Do the job named first in the arguments and return its exit code."""
    voice.prepare()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        voice.say(usage())
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in JOBS:
        voice.complain(f"There is no job called “{name}”.\n\n{usage()}")
        return 2
    try:
        return int(job(name).main(rest))
    except voice.Stop as stop:
        voice.complain(str(stop))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
