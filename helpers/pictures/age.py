"""Age and backlog: how far behind each shard is, hour by hour, and what was lost on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, MultipleLocator

from helpers.pictures.behind import ENDINGS, Line, ShardHistory, finding, history
from helpers.pictures.moments import mark_evenly
from helpers.pictures.style import (
    BLANK,
    FAIL,
    HALO,
    INK,
    MUTED,
    PAPER,
    RC,
    RULE,
    WIDTH,
    Picture,
    duration,
    plural,
    shard_colour,
    text_width,
    time_unit,
    tint,
    who,
)
from helpers.pictures.tables import one_stream
from kinesis_lab.ledger import ledger

FINE, COARSE, MANY = 1500, 250, 120
"""At how many instants a line is drawn; at fewer when records arrived so many times that a line that falls after each
would be a solid block: then it goes from peak to peak."""
HEIGHT, TOP, BOTTOM = 3.9, 0.78, 0.5
LEFT, RIGHT = 0.75, 1.1
"""Inches beside the axes: for their numbers, and for the names of shards that keep up."""
ACROSS = WIDTH - LEFT - RIGHT
BETWEEN = 0.28
"""Inches between the two panels, with the name of the lower one."""
UPPER = 0.56
"""The share of the upper panel."""
IDLE = 0.04
"""A line that never leaves this share of the height is one of those that keep up."""
IN_SIGHT = 0.4
"""The share of the retention from which on it is drawn."""
APART, LINE = 0.15, 0.19
"""Inches: from one cross to the next, at least, and of a line of text."""


def age(
    table: pd.DataFrame, *, mapping: str | None = None, retention_hours: float = 24, until: float | None = None
) -> Picture:
    """Draw how old the oldest waiting record of each shard is, and how many wait.

    table: the flight recorder's; mapping: the UUID of the one that is asked about, if there are several;
    retention_hours: how long the stream keeps records: a line that no age can cross;
    until: the virtual second up to which to draw; else all that the table tells of.

    Raises ValueError when a column is missing, the table has several mappings and none was chosen, or the shards of
    several streams.
    """
    account = one_stream(ledger(table, mapping))
    if until is not None:
        account = account[account["put_at"] <= until]
    if account.empty:
        return Picture(BLANK, "Nothing has been put yet", "put records, let time pass with cloud.wait, then draw again")
    first = account["put_at"].min()
    last = max(first + 1e-3, table["at"].max() if until is None else until)
    instants = np.linspace(first, last, FINE if account["put_at"].nunique() <= MANY else COARSE)
    shards = [history(str(shard), rows, instants, peaks=True) for shard, rows in account.groupby("shard")]
    picture = Picture(HEIGHT, finding(shards), _reading(shards))
    with rc_context(RC):
        room = HEIGHT - TOP - BOTTOM - BETWEEN
        upper = _Panel(picture, TOP, UPPER * room, shards, instants)
        lower = _Panel(picture, TOP + UPPER * room + BETWEEN, (1 - UPPER) * room, shards, instants)
        _draw_age(upper, retention_hours * 3600)
        _draw_backlog(lower)
        upper.axes.set_xticks(lower.axes.get_xticks(), [])
    return picture


def _reading(shards: list[ShardHistory]) -> str:
    fates = {fate for each in shards for fate in each.given_up["fate"]}
    crosses = " or ".join(fate for fate in ENDINGS if fate in fates)
    return "above: the age of the oldest record that is not done · below: how many are not done" + (
        f" · red cross = records {crosses}" if crosses else ""
    )


def _draw_age(panel: _Panel, retention: float) -> None:
    highest = max(each.longest for each in panel.shards)
    limit = retention if highest > IN_SIGHT * retention else None
    scale, unit = time_unit(limit or highest)
    top = (limit or highest or 1.0) / scale
    panel.draw([each.age / scale for each in panel.shards], top, 1.16, f"age of the oldest waiting record, {unit}")
    panel.axes.yaxis.set_major_locator(_few() if unit != "hours" else MultipleLocator(_whole_hours(1.16 * top)))
    if limit:
        panel.axes.axhline(top, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
        panel.write_beside(top, f"kept for {duration(limit)}", MUTED)
    taken: list[tuple[float, float, float]] = []
    for fate in ENDINGS:
        _draw_losses(panel, fate, scale, taken)


def _draw_losses(panel: _Panel, fate: str, scale: float, taken: list[tuple[float, float, float]]) -> None:
    """A cross wherever records ended in this way, and how many did; what is written is added to what is taken."""
    lost = {each.shard: each.given_up[each.given_up["fate"] == fate] for each in panel.shards}
    shards = [shard for shard, rows in lost.items() if len(rows)]
    if not shards:
        return
    crosses: list[tuple[float, float]] = []
    ended = pd.concat([lost[shard] for shard in shards]).groupby("at")["age"].max()
    for at, oldest in zip(ended.index.astype(float), ended, strict=True):
        if not crosses or panel.inches(float(at)) - panel.inches(crosses[-1][0]) >= APART:
            crosses.append((at, oldest / scale))
    fill = PAPER if fate == "reported" else FAIL
    edge: Any = {"markeredgecolor": FAIL if fate == "reported" else PAPER, "markeredgewidth": 0.6}
    times, ages = zip(*crosses, strict=True)
    panel.axes.plot(times, ages, "X", color=fill, markersize=8, clip_on=False, zorder=5, **edge)
    of = f" of {who(shards, len(panel.shards))}" if len(panel.shards) > 1 else ""
    text = f"{plural(sum(len(lost[shard]) for shard in shards), 'record')}{of} {fate}"
    panel.write(text, FAIL, times[0], times[-1], ages[0], taken, bold=False)


def _few(*, integer: bool = False) -> MaxNLocator:
    """Few ticks at round numbers."""
    return MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10], integer=integer)


def _whole_hours(span: float) -> float:
    """Hours from tick to tick, as a clock and a calendar have them."""
    return next((step for step in (0.5, 1, 2, 3, 6, 12, 24, 48, 96, 240) if span <= 5 * step), 1200)


def _draw_backlog(panel: _Panel) -> None:
    top = max(float(each.backlog.max()) for each in panel.shards)
    panel.draw([each.backlog for each in panel.shards], top, 1.18, "records that wait")
    panel.axes.yaxis.set_major_locator(_few(integer=True))
    panel.axes.yaxis.set_major_formatter("{x:,.0f}")
    mark_evenly(panel.axes)


class _Panel:
    """Axes over time, with a line for each shard."""

    def __init__(self, picture: Picture, top: float, height: float, shards: list[ShardHistory], instants: Line) -> None:
        self.axes = _axes(picture, top, height)
        self.height = height
        self.shards = shards
        self.instants = instants
        self.axes.set_xlim(instants[0], instants[-1])

    def inches(self, time: float) -> float:
        """How far from the left edge a moment is."""
        return float((time - self.instants[0]) / (self.instants[-1] - self.instants[0]) * ACROSS)

    def draw(self, lines: list[Line], top: float, headroom: float, name: str) -> None:
        """Each shard's line in its colour, named where it rises; those that keep up are named together."""
        self.axes.text(0, 1.02, name, transform=self.axes.transAxes, va="bottom", fontsize=8.5, color=MUTED)
        self.axes.set_ylim(0, headroom * (top or 1))
        keeping_up, groups = [], list[tuple[float, float, float, list[str]]]()
        for each, line in zip(self.shards, lines, strict=True):
            colour = shard_colour(each.shard)
            self.axes.fill_between(self.instants, line, color=tint(colour, 0.16), linewidth=0)
            self.axes.plot(self.instants, line, color=colour, linewidth=1.7, clip_on=False)
            if not each.late or line.max() <= IDLE * top:
                keeping_up.append(each.shard)
            else:
                self._group(groups, each.shard, line)
        taken: list[tuple[float, float, float]] = []
        for rise, fall, height, shards in groups:
            colour = shard_colour(shards[0]) if len(shards) == 1 else INK
            self.write(who(shards, len(self.shards)), colour, rise, fall, height, taken)
        if keeping_up:
            colour = shard_colour(keeping_up[0]) if len(keeping_up) == 1 else MUTED
            keep = "keeps" if len(keeping_up) == 1 else "keep"
            names = who(keeping_up, len(self.shards))
            if text_width(names, 8.3) > RIGHT - 0.15:
                names = f"{len(keeping_up)} of {len(self.shards)} shards"
            self.write_beside(0.0, f"{names}\n{keep} up", colour)

    def _group(self, groups: list[tuple[float, float, float, list[str]]], shard: str, line: Line) -> None:
        """Where to name a line: half way up; lines that rise at the same place are named together."""
        half = np.flatnonzero(line >= line.max() / 2)
        rise, fall, height = self.instants[half[0]], self.instants[half[-1]], float(line[half[0]])
        for there, _, level, shards in groups:
            beside = abs(self.inches(rise) - self.inches(there)) < 0.8
            if beside and abs(height - level) * self.height / self.axes.get_ylim()[1] < LINE:
                shards.append(shard)
                return
        groups.append((rise, fall, height, [shard]))

    def write(
        self,
        text: str,
        colour: str,
        first: float,
        last: float,
        height: float,
        taken: list[tuple[float, float, float]],
        *,
        bold: bool = True,
    ) -> None:
        """Name what goes on from the first to the last moment: to its left if there is room, else to its right."""
        weight = "bold" if bold else "normal"
        width, gap = text_width(text, 8.5, weight), 0.13
        left, raised = self.inches(first) - gap - width, 0.03
        if left < 0:
            left = self.inches(last) + gap
        if left + width > ACROSS:
            left, raised = min(self.inches(first) + gap, ACROSS - width), 0.07
        y = height * self.height / self.axes.get_ylim()[1] + raised
        while any(left < end and start < left + width and abs(y - level) < LINE for start, end, level in taken):
            y += LINE
        taken.append((left, left + width, y))
        self.axes.annotate(
            text,
            (left / ACROSS, y / self.height),
            xycoords="axes fraction",
            va="bottom",
            fontsize=8.5,
            color=colour,
            fontweight=weight,
            path_effects=HALO,
            zorder=6,
        )

    def write_beside(self, height: float, text: str, colour: str) -> None:
        """Write to the right of the panel."""
        where = self.axes.get_yaxis_transform()
        self.axes.text(1.012, height, text, transform=where, va="center", fontsize=8.3, color=colour)


def _axes(picture: Picture, top: float, height: float) -> Axes:
    axes = picture.axes_below_title(left=LEFT, right=RIGHT, top=top, bottom=HEIGHT - top - height)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=MUTED)
    axes.spines["left"].set_visible(False)
    axes.grid(color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    return axes
