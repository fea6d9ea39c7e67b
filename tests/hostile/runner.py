"""Has cases tried in the prepared process of `notebook.py`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.hostile.case import Case, Ending, Package

ROOT = Path(__file__).parents[2]


class Prepared:
    """The process that tries cases, one after the other; started with the first one, and again if it died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def report(self, case: Case | Package, ending: Ending, folder: Path) -> dict[str, Any]:
        """Try a case; `folder`: an empty one, for what it writes."""
        table = "handlers" if isinstance(case, Case) else "packages"
        return self.ask({"table": table, "name": case.name, "ending": ending, "folder": str(folder)})

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order, and wait for the report."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.hostile.notebook"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"{order}: the observer itself has died"
        report: dict[str, Any] = json.loads(answer)
        return report

    def _end(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self._process.pid).children(recursive=True):
                child.kill()
        self._process.kill()
        self._process.communicate()
