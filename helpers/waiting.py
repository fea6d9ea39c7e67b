"""A bar for those who look on while a long time passes; it leaves no trace in what is saved.

A bar is an output of its cell with a mark: it is empty at the end, and `without_bars`, which the server that `lab`
starts calls before it saves, takes it away.  Only notebooks that this server opened have bars: it tells their kernels,
while those of nbval, nbconvert and `build` are told nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from kinesis_lab import cloud as library
from kinesis_lab.emulator.clock import Clock

AFTER = 1.0
"""Real seconds that pass before a bar is shown."""
EVERY = 0.25
"""Real seconds between two changes of it."""
MARK = {"kinesis_lab": "bar"}
"""The metadata of an output that is a bar."""
TOLD = ("JPY_SESSION_NAME", "WORKBOOK_TAKES_BARS_AWAY")
"""The environment variables of a kernel for a notebook: Jupyter's server sets the first, `lab` the second."""


@wraps(library.open_cloud)
def open_cloud(*arguments: Any, **options: Any) -> library.Cloud:
    """The library's, with a bar where somebody looks on."""
    cloud = library.open_cloud(*arguments, **options)
    if cloud.backend == "local" and all(name in os.environ for name in TOLD):
        clock = cloud.emulator.clock
        clock.watch = lambda seconds: bar(clock, seconds)
    return cloud


@contextmanager
def bar(clock: Clock, seconds: float) -> Iterator[Callable[[], None]]:
    """Show how much of so many seconds has passed, as soon as they take long."""
    import IPython.display

    display: Any = IPython.display.display
    began, next_change, shown = clock.now, time.monotonic() + AFTER, None

    def look() -> None:
        nonlocal next_change, shown
        if time.monotonic() < next_change:
            return
        next_change = time.monotonic() + EVERY
        content = {"text/html": _html(clock.now - began, seconds)}
        if shown is None:
            shown = display(content, raw=True, metadata=MARK, display_id=True)
        else:
            shown.update(content, raw=True, metadata=MARK)

    try:
        yield look
    finally:
        if shown is not None:
            shown.update({}, raw=True, metadata=MARK)


def _html(passed: float, seconds: float) -> str:
    unit, length = next((each for each in UNITS if seconds >= 2 * each[1]), UNITS[-1])
    told = f"{passed / length:,.0f} of {seconds / length:,.0f} {unit}"
    return f'<progress max="{seconds}" value="{passed}"></progress> {told}'


UNITS = (("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))


def without_bars(model: dict[str, Any], **_context: Any) -> None:
    """Take bars out of a notebook that Jupyter's server is about to save."""
    if model["type"] == "notebook":
        for cell in model["content"]["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [output for output in cell["outputs"] if output.get("metadata") != MARK]
