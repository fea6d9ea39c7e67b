"""The timeline: shards as rows, invocations as bars, retries in red, arrivals as ticks."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from helpers.pictures.style import (
    FAIL,
    MUTED,
    PAPER,
    RC,
    RULE,
    WIDTH,
    Picture,
    plural,
    shard_colour,
    shard_label,
    time_unit,
)

NEEDED = ("at", "until", "kind", "shard", "records", "attempt", "outcome")

ADVANCES = ("ok", "partial")
"""Outcomes after which the shard moves on, if only by some records."""
LEFT, RIGHT = 0.85, 1.55
"""Inches beside the rows: for the shards' names, and for what each adds up to."""
THINNEST = 0.0035
"""Share of the width below which no bar is drawn, so that none is invisible."""


def timeline(
    table: pd.DataFrame,
    *,
    function: str | None = None,
    start: float | None = None,
    end: float | None = None,
    title: str | None = None,
) -> Picture:
    """Draw when each shard's batches were delivered.

    table: the flight recorder's, whole or in part; rows of kind `invoke` become bars, `put` ticks, `expired` crosses.
    function: only invocations of this function.
    start, end: virtual seconds between which to draw; else from the first arrival or delivery to the last.

    Raises ValueError when a column is missing or no invocation of a mapping is in the table.
    """
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}; the flight recorder's has")
    bars = table[(table["kind"] == "invoke") & table["shard"].notna()]
    if function is not None:
        bars = bars[bars["function"] == function]
    if bars.empty:
        raise ValueError("no batch has been delivered yet: put records, and let time pass with cloud.wait")
    puts = table[(table["kind"] == "put") & table["shard"].isin(bars["shard"])]
    lost = table[(table["kind"] == "expired") & table["shard"].isin(bars["shard"])]
    given_up = table[(table["kind"] == "discard") & table["shard"].isin(bars["shard"])]
    first = start if start is not None else min([*bars["at"], *puts["at"]])
    last = end if end is not None else max([*bars["until"], *given_up["at"]])
    bars = bars[(bars["until"] >= first) & (bars["at"] <= last)]
    puts = puts[puts["at"].between(first, last)]
    shards = sorted(bars["shard"].unique())

    row = 0.62 if len(shards) <= 8 else max(0.16, 5.0 / len(shards))
    picture = Picture(
        1.3 + row * len(shards),
        title or finding(bars, given_up),
        "bar = one invocation, with the records in its batch · tick = a record arrives · "
        "hatched red = it failed, with the attempt",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=LEFT, right=RIGHT, bottom=0.55)
        scale, unit = time_unit(last - first)
        _frame(axes, shards, (last - first) / scale, unit)
        for y, shard in enumerate(reversed(shards)):
            here = bars[bars["shard"] == shard]
            _arrivals(axes, y, shard, (puts.loc[puts["shard"] == shard, "at"] - first) / scale)
            _bars(axes, y, shard, here, first, scale, row)
            for moment in (lost.loc[lost["shard"] == shard, "at"] - first) / scale:
                axes.plot(moment, y, marker="X", color=FAIL, markersize=7, markeredgewidth=0)
            for entry in given_up[given_up["shard"] == shard].itertuples():
                _given_up(axes, y, entry, first, scale)
            if row > 0.3:
                axes.text(1.015, y, _sum(here), transform=axes.get_yaxis_transform(), va="center", fontsize=8.3)
    return picture


def finding(bars: pd.DataFrame, given_up: pd.DataFrame) -> str:
    """What the invocations show, in a sentence; `given_up` are the rows of what was discarded."""
    good = bars[bars["outcome"].isin(ADVANCES)]
    bad = bars[~bars["outcome"].isin(ADVANCES)]
    done = f"{plural(_processed(bars), 'record')} in {plural(len(good), 'batch', 'batches')}"
    if bad.empty:
        partly = int((good["outcome"] == "partial").sum())
        return f"{done}, of which {partly} went through in part" if partly else f"All went well: {done}"
    stuck = sorted(bad["shard"].unique())
    others = sorted(set(bars["shard"]) - set(stuck))
    names = " and ".join(shard_label(shard) for shard in stuck)
    ending = _ending(bars, stuck, given_up)
    if others:
        kept = "the others" if len(others) > 1 else shard_label(others[0])
        return f"A batch of {names} failed {_times(len(bad))} {ending}; {kept} went on"
    return f"A batch of {names} failed {_times(len(bad))} {ending}"


def _ending(bars: pd.DataFrame, stuck: list[str], given_up: pd.DataFrame) -> str:
    if set(stuck) <= set(given_up["shard"]):
        return f"until {plural(int(given_up['records'].sum()), 'record')} were given up"
    last = bars[bars["shard"].isin(stuck)].sort_values("until").groupby("shard")["outcome"].last()
    return "until it went through" if (last == "ok").all() else "and is still being retried"


def _processed(bars: pd.DataFrame) -> int:
    """How many records are done for good; of a batch that failed in part, those before the failure."""
    whole = bars.loc[bars["outcome"] == "ok", "records"].sum()
    return int(whole + (bars.loc[bars["outcome"] == "partial", "done"].sum() if "done" in bars else 0))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _frame(axes: Axes, shards: list[str], span: float, unit: str) -> None:
    axes.set_xlim(-0.012 * span, 1.012 * span)
    axes.set_ylim(-0.6, len(shards) - 0.4)
    axes.set_yticks(range(len(shards)), [shard_label(shard) for shard in reversed(shards)])
    if len(shards) > 16:
        axes.tick_params(axis="y", labelsize=7)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"virtual {unit}", fontsize=8.5, color=MUTED, loc="right")


def _arrivals(axes: Axes, y: int, shard: str, moments: pd.Series[float]) -> None:
    ticks = [((x, y - 0.46), (x, y - 0.34)) for x in moments]
    axes.add_collection(LineCollection(ticks, colors=shard_colour(shard), linewidths=1.0, alpha=0.75))


def _bars(axes: Axes, y: int, shard: str, rows: pd.DataFrame, first: float, scale: float, height: float) -> None:
    low, high = axes.get_xlim()
    per_inch = (high - low) / (WIDTH - LEFT - RIGHT)
    labelled_until = low
    for row in rows.sort_values("at").itertuples():
        entry: Any = row
        x = (entry.at - first) / scale
        width = max((entry.until - entry.at) / scale, THINNEST * (high - low))
        good = entry.outcome in ADVANCES
        colour = shard_colour(shard) if good else FAIL
        partly = entry.outcome == "partial"
        done = width * entry.done / entry.records if partly else width if good else 0.0
        if done:
            box: dict[str, Any] = {"facecolor": colour, "edgecolor": PAPER, "linewidth": 0.5}
            axes.add_patch(Rectangle((x, y - 0.27), done, 0.54, **box))
        if done < width:  # it comes again
            box = {"facecolor": PAPER, "edgecolor": FAIL, "linewidth": 1.1, "hatch": "/////"}
            axes.add_patch(Rectangle((x + done, y - 0.27), width - done, 0.54, **box))
        if height < 0.3:
            continue
        label = f"{entry.done if partly else entry.records if good else entry.attempt:.0f}"
        middle, room = x + (done or width) / 2, (0.075 * len(label) + 0.04) * per_inch
        if good and done > room:
            axes.text(middle, y, label, ha="center", va="center", fontsize=8, color="white", fontweight="bold")
        elif middle - room / 2 > labelled_until:
            axes.text(middle, y + 0.31, label, ha="center", va="bottom", fontsize=7.5, color=colour)
            labelled_until = middle + room / 2


def _given_up(axes: Axes, y: int, entry: Any, first: float, scale: float) -> None:
    """A cross where records were given up, and how many."""
    x = (entry.at - first) / scale
    axes.plot(x, y, marker="X", color=FAIL, markersize=8, markeredgecolor=PAPER, markeredgewidth=0.6, zorder=4)
    text = f"{entry.records:.0f} {entry.outcome}"
    axes.annotate(text, (x, y - 0.3), ha="center", va="top", fontsize=7.5, color=FAIL, annotation_clip=False)


def _sum(rows: pd.DataFrame) -> str:
    good = rows[rows["outcome"].isin(ADVANCES)]
    failed = len(rows) - len(good)
    text = f"{plural(_processed(rows), 'record')}\n{plural(len(good), 'batch', 'batches')}"
    return f"{text}, {failed} failed" if failed else text
