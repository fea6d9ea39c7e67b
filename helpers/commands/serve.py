"""Serve the local cloud at an HTTP endpoint on this computer."""

from typing import Any

from helpers.commands import library
from helpers.commands.lab import check_port


def _check(options: Any) -> None:
    check_port(options.port, "serve", "another local cloud")


main = library.job("serve", _check)
