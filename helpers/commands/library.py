"""The commands that are the library's: offered here as well, and set up before they run."""

import sys
from collections.abc import Callable

from helpers.commands import environment, places, processes

if str(places.SOURCES) not in sys.path:  # before anything is installed, the library lies beside us
    sys.path.insert(0, str(places.SOURCES))

from kinesis_lab import commands

PROGRAM = "python -m helpers"


def job(name: str, check: Callable[[object], None] | None = None) -> Callable[[list[str]], int]:
    """The `main` of a job that is a command of the library; `check` sees its options before anything is set up."""

    def main(arguments: list[str]) -> int:
        options = commands.command(name).parser(PROGRAM).parse_args(arguments)
        if check:
            check(options)
        environment.ensure()
        try:
            return processes.run("-m", "kinesis_lab", name, *arguments)
        except (KeyboardInterrupt, SystemExit):  # Ctrl-C, SIGTERM: how these are meant to end
            return 0

    return main
