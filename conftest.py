"""For every run of pytest in this project, whichever of its files are named: `--thorough`, and what files cost."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MOST_FILES = 12
"""Files that are named at the end of a run, those that took longest."""
CPU = "cpu seconds"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="run all of every table and campaign, not a part of it")


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Whether all of a table or campaign is to run, and not just the part that every run has."""
    return bool(pytestconfig.getoption("--thorough"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `thorough`, unless all is asked for."""
    if config.getoption("--thorough"):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]


# What files cost


def cpu_seconds() -> float:
    """Of this process, and of those of its children that have ended."""
    return sum(os.times()[:4])


class Costs:
    """Notes with each test how much it, and all since the one before it, took; a worker sends that with its reports."""

    def __init__(self) -> None:
        self._before = cpu_seconds()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Iterator[None]:
        outcome: Any = yield
        if call.when == "teardown":
            now = cpu_seconds()
            outcome.get_result().user_properties.append((CPU, now - self._before))
            self._before = now


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before Hypothesis is configured, and before xdist hands the options to its workers: all draw from one seed."""
    config.pluginmanager.register(Costs())
    if config.getoption("--thorough") and config.getoption("--hypothesis-seed", None) is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how to draw the same examples again, and which files took longest, in seconds of CPU."""
    if terminalreporter.config.getoption("--thorough"):
        seed = terminalreporter.config.getoption("--hypothesis-seed")
        terminalreporter.section(f"to repeat: --thorough --hypothesis-seed={seed}")
    costs: Counter[str] = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        for name, seconds in (
            getattr(report, "user_properties", ()) if getattr(report, "when", "") == "teardown" else ()
        ):
            if name == CPU:
                costs[Path(report.nodeid.partition("::")[0]).as_posix()] += seconds
    if sum(costs.values()) > 60:
        terminalreporter.section(f"{sum(costs.values()):.0f} seconds of CPU, most of them in")
        for path, seconds in costs.most_common(MOST_FILES):
            terminalreporter.line(f"{seconds:6.1f}  {path}")
