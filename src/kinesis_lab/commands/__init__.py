"""The commands of the library: `kinesis-lab --help`, or `python -m kinesis_lab --help`.

Each is a module with a docstring, `parser()`, and `run(options) -> exit code`.  What is heavy to import is imported
in `run`: `--help` needs the standard library only.
"""

from __future__ import annotations

import importlib
import io
import sys
from types import ModuleType

PROGRAM = "kinesis-lab"
COMMANDS = ("serve", "simulate", "logs")


def command(name: str) -> ModuleType:
    """The module of the command with this name."""
    return importlib.import_module(f"{__name__}.{name}")


def usage() -> str:
    """What `kinesis-lab --help` prints."""
    lines = ["A local Kinesis and Lambda, and the event source mapping between them", ""]
    lines += [f"  {PROGRAM} COMMAND [--help]", ""]
    lines += [f"  {name:<9}{(command(name).__doc__ or '').splitlines()[0].rstrip('.')}" for name in COMMANDS]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command that is named first; its exit code is ours."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    for stream in (sys.stdout, sys.stderr):  # a console that lacks a sign shows a question mark, and no error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if name in ("-h", "--help", "help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"There is no command {name!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    found = command(name)
    return int(found.run(found.parser().parse_args(rest)))
