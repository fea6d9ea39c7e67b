"""Programs inside the environment: how they are started, waited for and ended."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from helpers.commands import places

# What would lead our Python or our Jupyter to the reader's other installations.
_LEADS_AWAY = ("PYTHONHOME", "PYTHONPATH", "JUPYTER_PATH", "JUPYTERLAB_DIR", "PIP_TARGET")
# What keeps Python from keeping what it has compiled: every program would compile moto and pandas anew, 2 s each time.
_SLOWS_DOWN = ("PYTHONDONTWRITEBYTECODE",)
_PATIENCE = 8.0  # seconds


def environment() -> dict[str, str]:
    """The variables for a program inside the environment."""
    variables = {name: value for name, value in os.environ.items() if name not in (*_LEADS_AWAY, *_SLOWS_DOWN)}
    config = [str(places.JUPYTER_DEFAULTS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    variables.update(
        VIRTUAL_ENV=str(places.ENVIRONMENT),
        PATH=os.pathsep.join([str(places.BIN), os.environ.get("PATH", os.defpath)]),
        PYTHONUTF8="1",  # the same text everywhere, also on Windows
        PIP_USER="0",
        JUPYTER_PREFER_ENV_PATH="1",
        JUPYTER_CONFIG_PATH=os.pathsep.join(filter(None, config)),
        IPYTHONDIR=str(places.SCRATCH / "ipython"),  # no start-up files of the reader's own
        JUPYTERLAB_WORKSPACES_DIR=str(places.SCRATCH / "workspaces"),
        PYDEVD_DISABLE_FILE_VALIDATION="1",  # keeps a warning about frozen modules out of the way
    )
    return variables


def run(
    *arguments: str | Path,
    extra: Mapping[str, str] | None = None,
    started: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> int:
    """Run the environment's Python in the foreground and return its exit code.

    However this process is ended, the program ends with it. `started` is called once it runs.
    """
    command = [str(places.PYTHON), *map(str, arguments)]
    variables = environment() | dict(extra or {})
    signal.signal(signal.SIGTERM, _end)
    with subprocess.Popen(command, cwd=places.ROOT, env=variables) as process:
        try:
            if started:
                started(process)
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C reached the program as well: let it say goodbye.
            _wait(process)
            raise
        finally:
            _finish(process)


def captured(arguments: Sequence[str | Path]) -> tuple[int, str]:
    """Run the environment's Python and return its exit code and all that it printed."""
    done = subprocess.run(
        [str(places.PYTHON), *map(str, arguments)],
        cwd=places.ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def _wait(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(_PATIENCE)


def _finish(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing running."""
    for end in (process.terminate, process.kill):
        if process.poll() is None:
            end()
            _wait(process)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
