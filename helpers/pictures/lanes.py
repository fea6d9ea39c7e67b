"""Lanes: which batches of a shard were under way at the same time, and what each lane had to do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from helpers.pictures.moments import mark_evenly
from helpers.pictures.style import (
    BLANK,
    DPI,
    FAIL,
    INK,
    MUTED,
    PAPER,
    RC,
    RULE,
    WASH,
    Picture,
    duration,
    plural,
    shard_colour,
    shard_label,
    text_width,
)
from helpers.pictures.tables import chosen, one_stream

NEEDED = ("at", "until", "shard", "lane", "records", "outcome")
MOST_LANES = 10
"""The largest ParallelizationFactor there is."""

EDGE, BOTTOM, TOP = 0.16, 0.55, 0.74
"""Inches beside the rows with their names and sums, below the rows and above them."""
HIGHEST, LOWEST, TOGETHER = 0.42, 0.165, 6.6
"""Inches of a row, at most and at least, and of all rows together as long as they need not be lower than that."""
GAP = 0.1
"""Inches between the rows and what is written beside them."""
APART = 0.15
"""Inches between the rows of one shard and those of the next."""
NAME = 9.5
"""Points of the name of a shard."""
FULL = 0.78
"""How much of its row a bar takes."""
LIGHT = 0.55
"""How light a colour is, from 0 to 1, that takes dark letters."""
THINNEST = 0.0035
"""Share of the width below which no bar is drawn, so that none is invisible."""


class Row(NamedTuple):
    """A lane of a shard."""

    shard: str
    lane: int
    y: float
    """Inches from the top of all rows to its middle."""
    bars: pd.DataFrame
    """Its invocations."""
    refused: pd.DataFrame
    """Its calls that Lambda has refused: they were never begun."""


def lanes(table: pd.DataFrame, shard: str | None = None, *, per_shard: int | None = None) -> Picture:
    """Draw what each lane of each shard did when, and so which batches were under way at the same time.

    table: the flight recorder's; its rows of kind `invoke` become bars: at and until (virtual seconds), shard, lane
        (from 0), records and outcome (`ok` or how it failed); of one stream and one mapping.  Those of kind `refused`
        become ticks.
    shard: the id of the only shard to draw.
    per_shard: how many lanes a shard has: the mapping's ParallelizationFactor, which the table does not tell.  Without
        it there are rows up to the highest lane that worked.

    Raises ValueError when a column is missing, the rows are of several streams or mappings, or more lanes than
    `per_shard` worked.
    """
    bars = _of_lanes(table, "invoke")
    refused = _of_lanes(table, "refused") if "kind" in table else bars.iloc[:0]
    count = _lanes_in_a_shard(bars, refused, per_shard)
    if shard is not None and not bars.empty:
        bars = bars[bars["shard"] == shard]
    if bars.empty:
        return Picture(
            BLANK,
            f"No batch{f' of {shard}' if shard else ''} has been delivered yet",
            "put records, let time pass with cloud.wait, then draw again",
        )
    bars = bars.assign(until=bars["until"].fillna(bars["at"])).sort_values("at", kind="stable")
    shards = sorted(bars["shard"].unique())
    if not refused.empty:
        refused = refused[refused["shard"].isin(shards)]
    height = min(HIGHEST, max(LOWEST, TOGETHER / (count * len(shards))))
    rows = _rows(bars, refused, shards, count, height)
    together = height * len(rows) + APART * (len(shards) - 1)
    known = per_shard is not None or count == MOST_LANES
    picture = Picture(
        TOP + together + BOTTOM,
        finding(bars, len(rows) if known else None),
        "row = a lane · bar = one invocation, with its records if there is room · hatched red = it failed"
        f"{'' if refused.empty else f' · tick = one of {len(refused):,} refused calls'}",
    )
    with rc_context(RC):
        points = 8.3 if height > 0.2 else 7
        names = max(_name_width(row, count, points) for row in rows)
        processed, failed = (max(_width(_sums(row.bars)[i], points) for row in rows) for i in (0, 1))
        right = EDGE + GAP + 0.04 + processed + (GAP + failed if failed else 0)
        axes = picture.axes_below_title(left=EDGE + names + GAP + 0.05, right=right, bottom=BOTTOM, top=TOP)
        _draw_time(axes, [*bars["at"], *bars["until"], *refused["at"]], together)
        numbered = _mostly_wide(axes, bars, height)
        for row in rows:
            _draw_bars(axes, row, height, numbered)
            _write_sums(axes, row, processed, points)
        for name in shards:
            _write_names(axes, [row for row in rows if row.shard == name], points)
    return picture


def finding(bars: pd.DataFrame, total: int | None) -> str:
    """What the lanes did, in a sentence; `total` is how many there are, if that is known."""
    worked = bars.groupby(["shard", "lane"]).ngroups
    who = plural(worked, "lane")
    if total is not None and total > 1:
        everyone = "Both lanes" if worked == 2 else f"All {worked} lanes"
        who = everyone if worked == total else f"{worked} of {total} lanes"
    most = most_at_once(bars)
    records, failed = _processed(bars), _failed(bars)
    # Beside "3 failed", "batches" is what the title has no room for, and goes without saying.
    once = "one batch at a time" if most == 1 else f"at most {most}{'' if failed else ' batches'} at once"
    done = f"{plural(records, 'record')} in {duration(float(bars['until'].max() - bars['at'].min()))}"
    return f"{who} worked, {once}: {done}{f', {failed:,} failed' if failed else ''}"


def most_at_once(bars: pd.DataFrame) -> int:
    """How many invocations are under way in the moment with the most; as one ends, the next may begin."""
    starts = np.sort(bars["at"].to_numpy(dtype=float))
    # A microsecond forgives the rounding of times; one that takes no time at all is under way when it begins, too.
    ends = np.sort(np.maximum(bars["until"].to_numpy(dtype=float) - 1e-6, np.nextafter(bars["at"], np.inf)))
    begun, ended = (np.searchsorted(moments, starts, side="right") for moments in (starts, ends))
    return int((begun - ended).max())


def _of_lanes(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The rows of a kind that are some lane's."""
    rows = _one_mapping(one_stream(chosen(table, NEEDED, kind)))
    return rows if rows.empty else rows[rows["shard"].notna() & rows["lane"].notna()]


def _one_mapping(bars: pd.DataFrame) -> pd.DataFrame:
    """The rows, if they are of one mapping; the lanes of several have the same numbers."""
    names = sorted(bars["mapping"].dropna().unique()) if "mapping" in bars else []
    if len(names) > 1:
        raise ValueError(
            f"the table has the lanes of {len(names)} mappings; choose one: table[table['mapping'] == {names[0]!r}]"
        )
    return bars


def _lanes_in_a_shard(bars: pd.DataFrame, refused: pd.DataFrame, per_shard: int | None) -> int:
    worked = max((int(rows["lane"].max()) + 1 for rows in (bars, refused) if not rows.empty), default=0)
    if per_shard is not None and per_shard < worked:
        raise ValueError(f"per_shard must be {worked} or more, not {per_shard}: lane {worked - 1} has worked")
    return per_shard or worked


def _rows(bars: pd.DataFrame, refused: pd.DataFrame, shards: Sequence[str], count: int, height: float) -> list[Row]:
    def of(rows: pd.DataFrame, shard: str, lane: int) -> pd.DataFrame:
        return rows[(rows["shard"] == shard) & (rows["lane"] == lane)]

    return [
        Row(
            shard,
            lane,
            (i * count + lane + 0.5) * height + i * APART,
            of(bars, shard, lane),
            of(refused, shard, lane),
        )
        for i, shard in enumerate(shards)
        for lane in range(count)
    ]


def _failed(bars: pd.DataFrame) -> int:
    return int((bars["outcome"] != "ok").sum())


def _processed(bars: pd.DataFrame) -> int:
    """How many records are done with for good; of a batch that failed in part, those before the failure."""
    processed = bars.loc[bars["outcome"] == "ok", "records"].sum()
    if "done" in bars:
        processed += bars.loc[bars["outcome"] == "partial", "done"].sum()
    return int(processed)


def _sums(bars: pd.DataFrame) -> tuple[str, str]:
    """What is written beside a lane: what it processed, and what failed."""
    if bars.empty:
        return "idle", ""
    failed = _failed(bars)
    return plural(_processed(bars), "record"), f"{failed:,} failed" if failed else ""


# Drawing


def _draw_time(axes: Axes, moments: Sequence[float], together: float) -> None:
    first, last = min(moments), max(moments)
    axes.set_xlim(first, last if last > first else first + 1)
    axes.set_ylim(together, 0)
    mark_evenly(axes)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)


def _draw_bars(axes: Axes, row: Row, height: float, numbered: bool) -> None:
    """The lane as a pale track, and on it its invocations, and a tick wherever one was refused."""
    low, high = axes.get_xlim()
    thick = FULL * height
    axes.add_patch(Rectangle((low, row.y - thick / 2), high - low, thick, facecolor=WASH, zorder=0.5))
    ticks = [((x, row.y - thick / 2), (x, row.y + thick / 2)) for x in row.refused["at"]]
    axes.add_collection(LineCollection(ticks, colors=INK, linewidths=1.2, clip_on=False))
    for entry in row.bars.itertuples():
        bar: Any = entry
        good = bar.outcome == "ok"
        style: dict[str, Any] = (
            {"facecolor": shard_colour(row.shard), "edgecolor": PAPER, "linewidth": 0.5}
            if good
            else {"facecolor": PAPER, "edgecolor": FAIL, "linewidth": 1.0, "hatch": "/////"}
        )
        width = max(bar.until - bar.at, THINNEST * (high - low))
        corner = min(bar.at, high - width), row.y - thick / 2
        axes.add_patch(Rectangle(corner, width, thick, **style))
        if numbered and _is_wide(axes, bar, height):
            ink = _ink_on(shard_colour(row.shard)) if good else FAIL
            box = None if good else {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
            _write_number(axes, (corner[0] + width / 2, row.y), bar.records, height, color=ink, bbox=box)


def _write_number(axes: Axes, at: tuple[float, float], records: float, height: float, **style: Any) -> None:
    style |= {"ha": "center", "va": "center_baseline", "fontweight": "bold", "fontsize": _points(height)}
    axes.text(*at, f"{records:,.0f}", **style)


def _points(height: float) -> float:
    """Size of the numbers in the bars."""
    return 8 if height > 0.2 else 6.5


def _is_wide(axes: Axes, bar: Any, height: float) -> bool:
    """Whether there is room for its number in a bar; hatching needs some around it."""
    low, high = axes.get_xlim()
    inches = float((bar.until - bar.at) / (high - low) * axes.bbox.width / DPI)
    around = 0.06 if bar.outcome == "ok" else 0.16
    return inches > _width(f"{bar.records:,.0f}", _points(height), "bold") + around


def _mostly_wide(axes: Axes, bars: pd.DataFrame, height: float) -> bool:
    """Whether there is room for the numbers in at least half of the bars; fewer would only be specks."""
    return 2 * sum(_is_wide(axes, bar, height) for bar in bars.itertuples()) >= len(bars)


def _ink_on(colour: str) -> str:
    """What can be read on a colour: paper, or ink where that is too light."""
    red, green, blue = to_rgb(colour)
    return PAPER if 0.3 * red + 0.59 * green + 0.11 * blue < LIGHT else INK


def _write_sums(axes: Axes, row: Row, width: float, points: float) -> None:
    """At the end of a lane, in a column so many inches wide, what it processed; beyond that, what failed."""
    end = axes.bbox.width / DPI + GAP + 0.04
    processed, failed = _sums(row.bars)
    colour = MUTED if row.bars.empty else INK
    _write(axes, end + width, row.y, processed, points, color=colour, ha="right")
    _write(axes, end + width + GAP, row.y, failed, points, color=FAIL)


def _name_width(row: Row, count: int, points: float) -> float:
    """Inches beside the lanes that their names take."""
    if count == 1:
        return _width(shard_label(row.shard), NAME)
    return _width(shard_label(row.shard), NAME) + 2 * GAP + 0.05 + _width(f"lane {row.lane}", points)


def _write_names(axes: Axes, rows: Sequence[Row], points: float) -> None:
    """Beside the lanes of a shard its name, and if there are several, their numbers and what holds them together."""
    middle = (rows[0].y + rows[-1].y) / 2
    if len(rows) == 1:
        _write(axes, -GAP, middle, shard_label(rows[0].shard), NAME, ha="right")
        return
    numbers = max(_width(f"lane {row.lane}", points) for row in rows)
    for row in rows:
        _write(axes, -GAP, row.y, f"lane {row.lane}", points, ha="right", color=MUTED)
    place = -(2 * GAP + numbers + 0.02) * DPI / axes.bbox.width
    half = FULL / 2 * (rows[1].y - rows[0].y)
    axes.plot(
        [place] * 2,
        [rows[0].y - half, rows[-1].y + half],
        color=shard_colour(rows[0].shard),
        linewidth=2.5,
        solid_capstyle="butt",
        transform=axes.get_yaxis_transform(),
        clip_on=False,
    )
    _write(axes, -numbers - 3 * GAP - 0.05, middle, shard_label(rows[0].shard), NAME, ha="right")


@cache
def _width(text: str, points: float, weight: str = "normal") -> float:
    """Inches that a text takes; the same few are asked for again and again."""
    return text_width(text, points, weight)


def _write(axes: Axes, inches: float, y: float, text: str, points: float, **style: Any) -> None:
    """Write beside the lanes, so many inches from where they begin."""
    x = inches * DPI / axes.bbox.width
    axes.text(x, y, text, transform=axes.get_yaxis_transform(), va="center_baseline", fontsize=points, **style)
