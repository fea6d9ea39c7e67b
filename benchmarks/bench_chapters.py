"""What the chapters cost those who run them, and the tests those who change something: seconds of CPU, children's too.

Each chapter is run as the tests run it, cell by cell in a kernel of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.measuring import Bars

ROOT = Path(__file__).parents[1]
MOST_FOR_A_CHAPTER = 12.0
MOST_FOR_A_CELL = 4.0
MOST_FOR_ALL = 100.0
MOST_FOR_THE_TESTS = 360.0


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars("Chapters through nbval, in seconds of CPU; and the test command")
    whole = 0.0
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        seconds, slowest = chapter(notebook)
        whole += seconds
        name = notebook.stem.partition("_")[0]
        bars.at_most(f"chapter {name}", seconds, MOST_FOR_A_CHAPTER, "s")
        bars.at_most(f"chapter {name}, its slowest cell (waiting)", slowest, MOST_FOR_A_CELL, "s")
    bars.at_most("all chapters", whole, MOST_FOR_ALL, "s")
    tests = cpu_seconds([sys.executable, "-m", "helpers", "test", "-q"])
    bars.at_most("python -m helpers test", tests, MOST_FOR_THE_TESTS, "s")
    return bars.missed


def chapter(notebook: Path) -> tuple[float, float]:
    """Seconds of CPU of a whole chapter, and of real time of its slowest cell."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = ["-m", "pytest", "-q", "--nbval", "--nbval-current-env", f"--junitxml={report}", str(notebook)]
        seconds = cpu_seconds([sys.executable, *command])
        cells = ElementTree.parse(report).iter("testcase")
        return seconds, max(float(cell.get("time", 0)) for cell in cells)


def cpu_seconds(command: list[str]) -> float:
    """Seconds of CPU that a command takes, with all processes that it starts.  Raises if it fails."""
    before = os.times()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    raise SystemExit(main())
