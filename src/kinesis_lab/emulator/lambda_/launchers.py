"""Where clouds take their launchers from, and where they give them back.

A launcher ends with the cloud that it worked for.  A program that opens one cloud after the other, as tests do, may
keep them meanwhile: the next cloud's functions start at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from kinesis_lab.emulator.lambda_.child_process import ChildProcesses
from kinesis_lab.emulator.lambda_.launcher import Launcher
from kinesis_lab.emulator.lambda_.launching import Launcher as AnyLauncher

HAS_FORK = hasattr(os, "fork")
"""Whether there can be a launcher; without one, functions are this process's own children."""
TEMPLATES = sys.platform == "linux"
"""Whether a launcher may become functions by forks of itself: on macOS the system's own libraries do not allow it."""

_keepers = 0
_kept: list[Launcher] = []


@contextlib.contextmanager
def kept_launchers() -> Iterator[None]:
    """Keep the launchers of clouds that are closed meanwhile for those that are opened next; then end them."""
    global _keepers
    _keepers += 1
    try:
        yield
    finally:
        _keepers -= 1
        while not _keepers and _kept:
            _kept.pop().close()


def take(on_loss: Callable[[], None], *, boto: bool) -> AnyLauncher:
    """A launcher for one cloud; `on_loss` as for `Launcher`; `boto`: whether what it starts uses boto3."""
    if not HAS_FORK:
        return ChildProcesses()
    template = ("boto3" if boto else "usual") if TEMPLATES else "none"
    for launcher in [launcher for launcher in _kept if launcher.template == template]:
        _kept.remove(launcher)
        if launcher.is_ours and not launcher.ended:
            launcher.on_loss = on_loss
            return launcher
        launcher.close()
    return Launcher(on_loss, template)


def give_back(launcher: AnyLauncher) -> None:
    """End all that it has started, and the launcher itself if nobody keeps it."""
    if _keepers and isinstance(launcher, Launcher) and launcher.clear():
        launcher.on_loss = lambda: None
        _kept.append(launcher)
    else:
        launcher.close()
