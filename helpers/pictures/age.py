"""Iterator age and backlog: how far behind each shard is, hour by hour, and what expired on the way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.ledger import ledger
from helpers.pictures.moments import mark_evenly
from helpers.pictures.style import (
    BLANK,
    FAIL,
    MUTED,
    PAPER,
    RC,
    RULE,
    Picture,
    duration,
    named,
    plural,
    shard_colour,
    shard_label,
    time_unit,
    tint,
)

POINTS = 1500
"""Instants at which a line is drawn: more than a picture has dots from left to right."""
HEIGHT, TOP, BOTTOM = 3.9, 0.78, 0.5
LEFT, RIGHT = 0.75, 1.1
"""Inches beside the axes: for their numbers, and for the names of shards that keep up."""
BETWEEN = 0.28
"""Inches between the two panels, with the name of the lower one."""
UPPER = 0.56
"""The share of the upper panel."""
IDLE = 0.04
"""A line that never leaves this share of the height is one of those that keep up."""
IN_SIGHT = 0.4
"""The share of the retention from which on it is drawn."""

Line = npt.NDArray[np.float64]


class ShardHistory(NamedTuple):
    """What a shard looks like over time."""

    shard: str
    age: Line
    """Seconds since the arrival of the oldest record that is not done, at each instant."""
    backlog: Line
    """Records that have arrived and are not done, at each instant."""
    expired: pd.Series[int]
    """How many records expired, by the second in which they did."""


def age(table: pd.DataFrame, *, mapping: str | None = None, retention_hours: float = 24) -> Picture:
    """Draw how old the oldest waiting record of each shard is, and how many wait.

    table: the flight recorder's; mapping: the UUID of the one that is asked about, if there are several;
    retention_hours: how long the stream keeps records: a line that no age can cross.

    Raises ValueError when a column is missing, or the table has several mappings and none was chosen.
    """
    account = ledger(table, mapping)
    if account.empty:
        return Picture(BLANK, "Nothing has been put yet", "put records, let time pass with cloud.wait, then draw again")
    instants = np.linspace(account["put_at"].min(), table["at"].max(), POINTS)
    shards = [history(str(shard), rows, instants) for shard, rows in account.groupby("shard")]
    picture = Picture(
        HEIGHT,
        finding(shards),
        "above: the age of the oldest record that is not done · below: how many are not done"
        + (" · red cross = records expired" if any(len(each.expired) for each in shards) else ""),
    )
    with rc_context(RC):
        room = HEIGHT - TOP - BOTTOM - BETWEEN
        upper = _panel(picture, TOP, UPPER * room)
        lower = _panel(picture, TOP + UPPER * room + BETWEEN, (1 - UPPER) * room)
        _draw_age(upper, shards, instants, retention_hours * 3600)
        _draw_backlog(lower, shards, instants)
        upper.set_xticks(lower.get_xticks(), [])
    return picture


def history(shard: str, account: pd.DataFrame, instants: Line) -> ShardHistory:
    """A shard over time, from the ledger's rows of it."""
    put = account["put_at"].to_numpy(dtype=float)
    done = account["done_at"].fillna(np.inf).to_numpy(dtype=float)
    arrived = np.searchsorted(put, instants, side="right")
    ended = np.searchsorted(np.sort(done), instants, side="right")
    # The oldest that is not done is the first whose end, or the end of one before it, is still to come.
    oldest = np.searchsorted(np.maximum.accumulate(done), instants, side="right")
    since = np.append(put, np.inf)[oldest]
    expired = account.loc[account["fate"] == "expired", "done_at"].value_counts().sort_index()
    return ShardHistory(shard, np.maximum(0.0, instants - since), (arrived - ended).astype(float), expired)


def finding(shards: list[ShardHistory]) -> str:
    """What the lines show, in a sentence."""
    worst = max(shards, key=lambda each: float(each.age.max()))
    longest = float(worst.age.max())
    lost = sum(int(each.expired.sum()) for each in shards)
    if longest < 60 and not lost:
        return f"All shards keep up: no record waits longer than {duration(longest)}"
    end = f"{plural(lost, 'record')} expired" if lost else "nothing was lost"
    return f"{shard_label(worst.shard).capitalize()} fell {duration(longest)} behind; {end}"


def _panel(picture: Picture, top: float, height: float) -> Axes:
    axes = picture.axes_below_title(left=LEFT, right=RIGHT, top=top, bottom=HEIGHT - top - height)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=MUTED)
    axes.spines["left"].set_visible(False)
    axes.grid(color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    return axes


def _draw_age(axes: Axes, shards: list[ShardHistory], instants: Line, retention: float) -> None:
    highest = max(float(each.age.max()) for each in shards)
    limit = retention if highest > IN_SIGHT * retention else None
    scale, unit = time_unit(limit or highest)
    _draw(axes, shards, instants, [each.age / scale for each in shards], (limit or highest) / scale)
    _name(axes, f"iterator age, {unit}")
    if limit:
        axes.axhline(limit / scale, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
        text = f"kept for {duration(limit)}"
        axes.text(
            0.006, limit / scale, text, transform=axes.get_yaxis_transform(), va="bottom", fontsize=8, color=MUTED
        )
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 4, 5, 6, 10]))
    axes.set_ylim(0, 1.16 * (limit or highest or 1) / scale)
    for each in shards:
        if len(each.expired):
            _draw_expired(axes, each, (limit or highest) / scale)


def _draw_expired(axes: Axes, each: ShardHistory, height: float) -> None:
    axes.plot(
        each.expired.index,
        [height] * len(each.expired),
        linestyle="none",
        marker="X",
        color=FAIL,
        markeredgecolor=PAPER,
        markersize=8,
        markeredgewidth=0.6,
        clip_on=False,
        zorder=5,
    )
    axes.annotate(
        f"{plural(int(each.expired.sum()), 'record')} of {shard_label(each.shard)} expired",
        (float(each.expired.index[0]), height),
        xytext=(-9, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8.3,
        color=FAIL,
    )


def _draw_backlog(axes: Axes, shards: list[ShardHistory], instants: Line) -> None:
    highest = max(float(each.backlog.max()) for each in shards)
    _draw(axes, shards, instants, [each.backlog for each in shards], highest)
    _name(axes, "records that wait")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(0, 1.18 * (highest or 1))
    mark_evenly(axes)


def _draw(axes: Axes, shards: list[ShardHistory], instants: Line, lines: list[Line], top: float) -> None:
    """Each shard's line in its colour, named where it rises; those that keep up are named together."""
    axes.set_xlim(instants[0], instants[-1])
    keeping_up = []
    for each, line in zip(shards, lines, strict=True):
        colour = shard_colour(each.shard)
        axes.fill_between(instants, line, color=tint(colour, 0.16), linewidth=0)
        axes.plot(instants, line, color=colour, linewidth=1.7, clip_on=False)
        if line.max() <= IDLE * top:
            keeping_up.append(each.shard)
            continue
        rising = int(np.argmax(line >= line.max() / 2))
        early = rising < POINTS / 6
        axes.annotate(
            shard_label(each.shard),
            (instants[rising], line[rising]),
            xytext=(9, 0) if early else (-9, 3),
            textcoords="offset points",
            ha="left" if early else "right",
            va="center",
            fontsize=8.8,
            color=colour,
            fontweight="bold",
        )
    if keeping_up:
        colour = shard_colour(keeping_up[0]) if len(keeping_up) == 1 else MUTED
        names = named(keeping_up, len(shards))
        text = f"{names}\n{'keeps' if len(keeping_up) == 1 else 'keep'} up"
        axes.text(1.012, 0.0, text, transform=axes.transAxes, va="center", fontsize=8.3, color=colour)


def _name(axes: Axes, text: str) -> None:
    """Write above a panel what it shows."""
    axes.text(0, 1.02, text, transform=axes.transAxes, va="bottom", fontsize=8.5, color=MUTED)
