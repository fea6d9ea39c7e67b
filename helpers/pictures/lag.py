"""How far readers fall behind, second by second, by how many of them there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.pictures.style import BLANK, FAIL, MUTED, RC, RULE, SHARDS, Picture, plural, tint

NEEDED = ("readers", "second", "behind")
HEIGHT = 3.0
LEFT, RIGHT, TOP, BOTTOM = 0.75, 2.3, 0.78, 0.5
APART = 0.21
"""Inches between the names of two lines, at least."""


def lag(table: pd.DataFrame, *, per_second: float = 1.0, pushed: pd.DataFrame | None = None) -> Picture:
    """Draw how many seconds of writing readers are behind, for each number of readers.

    table: readers (how many there were), second, behind (records that one of them has not read yet, a row for each
    reader); per_second: how many records are written in a second; pushed: the same as table for readers with enhanced
    fan-out, of one number of them, for one more line.

    Raises ValueError when a column is missing.
    """
    for each in (table, pushed):
        if missing := [] if each is None else [name for name in NEEDED if name not in each]:
            raise ValueError(f"the table has no column {', '.join(missing)}; it needs {', '.join(NEEDED)}")
    if table.empty:
        return Picture(BLANK, "Nobody has read yet", "let some readers read, then draw again")
    lines = means(table, per_second)
    own = {} if pushed is None else means(pushed, per_second)
    first, last = float(table["second"].min()), float(table["second"].max())
    picture = Picture(
        HEIGHT,
        finding(lines, own, last - first + 1),
        "line = so many readers share the stream · how far they are behind, on average, in seconds of writing",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=LEFT, right=RIGHT, bottom=BOTTOM, top=TOP)
        axes.set_xlim(first, max(last, first + 1))
        axes.set_ylim(0, max(1.0, *(1.08 * max(line) for line in [*lines.values(), *own.values()])))
        axes.grid(color=RULE, linewidth=0.9)
        axes.set_axisbelow(True)
        axes.tick_params(length=0, labelsize=8.5)
        axes.spines["left"].set_visible(False)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_xlabel("virtual seconds", fontsize=8.5, color=MUTED, loc="right")
        axes.text(0, 1.01, "seconds behind", transform=axes.transAxes, va="bottom", fontsize=8.5, color=MUTED)
        _draw(axes, lines, own, sorted(table["second"].unique()))
    return picture


def means(table: pd.DataFrame, per_second: float) -> dict[int, list[float]]:
    """For each number of readers, how many seconds they are behind on average, second by second."""
    return {
        int(str(readers)): (rows.groupby("second")["behind"].mean() / per_second).tolist()
        for readers, rows in table.groupby("readers")
    }


def finding(lines: dict[int, list[float]], own: dict[int, list[float]], seconds: float) -> str:
    """What the lines show, in a sentence."""
    late = [readers for readers, line in lines.items() if line[-1] > 0]
    if not late:
        return f"{plural(max(lines), 'reader')} share the stream, and none falls behind"
    behind = f"{lines[late[0]][-1]:.0f} s behind after {seconds:.0f} s"
    told = f"With {plural(late[0], 'reader')}, each is {behind}"
    for readers, line in own.items():
        return f"{told}; {readers} with lanes of their own {'are, too' if line[-1] else 'are not'}"
    return told if late[0] == min(lines) else f"{told}; with {late[0] - 1}, none is"


def _draw(axes: Axes, lines: dict[int, list[float]], own: dict[int, list[float]], seconds: list[float]) -> None:
    """Each line in its colour, from the lowest to the highest, with its name at its end."""
    per_inch = axes.get_ylim()[1] / (HEIGHT - TOP - BOTTOM)
    never = [readers for readers, line in lines.items() if max(line) == 0]
    free = -1.0
    for name, line, colour, style in sorted(_named(lines, own, never), key=lambda each: each[1][-1]):
        end = line[-1]
        axes.plot(seconds, line, color=colour, linewidth=2.0, linestyle=style, clip_on=False)
        if not name:
            continue
        height = max(end, free)
        text = f"{name}: {end:.0f} s behind" if end else f"{name}: not behind"
        axes.annotate(
            text,
            (seconds[-1], height),
            xytext=(12, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.8,
            color=colour,
            fontweight="bold",
            annotation_clip=False,
        )
        free = height + APART * per_inch


def _named(
    lines: dict[int, list[float]], own: dict[int, list[float]], never: list[int]
) -> Iterator[tuple[str, list[float], Any, str]]:
    """Name, line, colour and style of each; of those who are never behind, one has the name of all."""
    for readers, line in lines.items():
        colour = tint(FAIL, 0.35 + 0.65 * readers / max(lines)) if line[-1] else SHARDS[0]
        name = plural(readers, "reader")
        if len(never) > 1 and readers == never[-1]:
            name = f"{never[0]} {'or' if len(never) == 2 else 'to'} {never[-1]} readers"
        yield "" if readers in never[:-1] else name, line, colour, "-"
    for readers, line in own.items():
        yield f"{readers} with fan-out", line, SHARDS[2], "--"
