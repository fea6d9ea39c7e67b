"""Where things are: the tree of the workbook and the environment inside it."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"
NOTEBOOKS = ROOT / "notebooks"
PICTURES = ROOT / "tests" / "pictures"  # what the notebooks' pictures show, in words
FIRST_NOTEBOOK = "notebooks/00_start_here.ipynb"
PROJECT = ROOT / "pyproject.toml"
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"

ENVIRONMENT = ROOT / ".venv"
_WINDOWS = os.name == "nt"
BIN = ENVIRONMENT / ("Scripts" if _WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if _WINDOWS else "python")

SCRATCH = ROOT / ".workbook"  # logs and Lab's open tabs: made here, ignored by git
SETUP_LOG = SCRATCH / "setup.log"
JUPYTER_DEFAULTS = Path(__file__).parent / "jupyter"


def cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def near(path: Path) -> str:
    """The path as seen from the root of the workbook, for people to read."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
