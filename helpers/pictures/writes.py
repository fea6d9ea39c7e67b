"""Writes: how much each shard was asked to take in every second, what it accepted and what it refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.ticker import MaxNLocator

from helpers.pictures.style import (
    BLANK,
    FAIL,
    INK,
    MUTED,
    PAPER,
    RC,
    RULE,
    WIDTH,
    Picture,
    named,
    shard_colour,
    shard_label,
    text_width,
    time_unit,
    tint,
)
from helpers.pictures.tables import chosen, one_stream

Numbers = npt.NDArray[np.float64]

LEFT, RIGHT, BOTTOM, TOP = 0.85, 1.5, 0.55, 0.7
"""Inches beside the rows, for the shards' names and for what each row adds up to, below them and above them."""
MOST_BARS = 8
"""Up to so many shards each has a row of bars; more get a row of coloured cells."""
FULL = 0.84
"""How much of a row the highest bar takes."""
WIDE = 0.05
"""Inches from which a second has room for gaps and hatching."""


class Measure(NamedTuple):
    """What is counted, and how much of it a shard takes in a second."""

    unit: str
    limit: float

    def amount(self, number: float) -> str:
        """`1,200` for records, which go without saying, and `1,200 KiB`."""
        text = f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:.1f}"
        return text if self.unit == "records" else f"{text} {self.unit}"


class Row(NamedTuple):
    """What one shard was asked to take: the seconds in which anything came, and what became of it."""

    shard: str
    seconds: Numbers
    accepted: Numbers
    refused: Numbers


def writes(
    puts: pd.DataFrame,
    *,
    limit_records: float = 1000,
    limit_bytes: float = 1024**2,
    measure: Literal["records", "bytes"] = "records",
) -> Picture:
    """Draw how much each shard accepted and refused in every virtual second.

    puts: the flight recorder's rows of kind `put`: at (virtual seconds), stream, shard, records, bytes and outcome
        (`ok` or `throttled`); of one stream.
    limit_records, limit_bytes: what a shard takes in a second.
    measure: count `records`, or `bytes`, which are drawn in KiB.

    Raises ValueError when a column is missing or the rows are of several streams.
    """
    puts = one_stream(chosen(puts, ("at", "shard", measure, "outcome"), "put"))
    if puts.empty:
        return Picture(BLANK, "Nothing has been written yet", "put records, then draw again")
    measured = Measure("records", limit_records) if measure == "records" else Measure("KiB", limit_bytes / 1024)
    rows = _rows(puts, measure)
    as_bars = len(rows) <= MOST_BARS
    height = _row_height(len(rows))
    reading = _reading_of_bars() if as_bars else _reading_of_cells(measured)
    picture = Picture(TOP + height * len(rows) + BOTTOM, finding(rows, measured), reading)
    with rc_context(RC):
        limit = f"limit\n{measured.amount(measured.limit)}/s"
        beside = text_width(limit, 8) + 0.2 if as_bars else 0
        widest = max(text_width(text, 8.3) for row in rows for text in _sums(row, measured))
        axes = picture.axes_below_title(left=LEFT + beside, right=max(RIGHT, widest + 0.3), bottom=BOTTOM, top=TOP)
        second = _draw_time(axes, max(row.seconds[-1] for row in rows) + 1)
        _name_rows(axes, rows, height)
        if as_bars:
            axes.tick_params(axis="y", pad=72 * beside)
            line = _draw_bars(axes, rows, measured.limit, second)
            across = axes.get_yaxis_transform()
            axes.text(-0.01, len(rows) - 1 + line, limit, ha="right", va="center", fontsize=8, transform=across)
        else:
            _draw_cells(axes, rows, measured.limit, second)
        _write_sums(axes, rows, measured, height)
    return picture


def finding(rows: Sequence[Row], measure: Measure) -> str:
    """What the writes show, in a sentence."""
    refused = sum(row.refused.sum() for row in rows)
    total = refused + sum(row.accepted.sum() for row in rows)
    noun = "" if measure.unit != "records" else " record" if total == 1 else " records"
    if not refused:
        return f"Nothing was refused: {measure.amount(total)}{noun} accepted"
    share = f"{measure.amount(refused)} of {measure.amount(total)}{noun} refused"
    guilty = [row.shard for row in rows if row.refused.any()]
    if len(rows) == 1:
        return share
    if len(guilty) == 1:
        return f"{share}, all by {named(guilty, len(rows))}"
    return f"{share}, by {'every shard' if len(guilty) == len(rows) else named(guilty, len(rows))}"


def _reading_of_bars() -> str:
    return "bar = what came in one virtual second · in the shard's colour = accepted · red = refused"


def _reading_of_cells(measure: Measure) -> str:
    limit = f"{measure.amount(measure.limit)}{' records' if measure.unit == 'records' else ''}"
    return f"cell = one virtual second · the fuller its colour, the nearer to the limit of {limit} · red = some refused"


def _rows(puts: pd.DataFrame, measure: str) -> list[Row]:
    amounts = puts[measure].astype(float) / (1 if measure == "records" else 1024)
    seconds = np.floor(puts["at"].astype(float))
    good = puts["outcome"] == "ok"
    cells = pd.DataFrame(
        {
            "shard": puts["shard"],
            "second": seconds - seconds.min(),
            "accepted": amounts.where(good, 0.0),
            "refused": amounts.where(~good, 0.0),
        }
    )
    sums = cells.groupby(["shard", "second"], as_index=False).sum()
    return [
        Row(str(shard), *(here[name].to_numpy(dtype=float) for name in ("second", "accepted", "refused")))
        for shard, here in sums.groupby("shard")
    ]


# Drawing


def _row_height(shards: int) -> float:
    """Inches."""
    if shards > MOST_BARS:
        return min(0.3, max(0.16, 5.0 / shards))
    return 1.5 if shards == 1 else 0.95 if shards <= 4 else 0.62


def _draw_time(axes: Axes, span: float) -> float:
    """The axis for so many seconds; returns how long a second is on it."""
    scale, unit = time_unit(span)
    axes.set_xlim(-0.012 * span / scale, 1.012 * span / scale)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True))
    axes.set_xlabel(f"virtual {unit}", fontsize=8.5, color=MUTED, loc="right")
    axes.tick_params(axis="x", labelsize=8.5)
    axes.grid(axis="x", color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    return 1 / scale


def _name_rows(axes: Axes, rows: Sequence[Row], height: float) -> None:
    axes.set_ylim(0, len(rows))
    every = max(1, round(0.15 / height))
    places = [len(rows) - 1 - i + FULL / 2 for i in range(0, len(rows), every)]
    axes.set_yticks(places, [shard_label(row.shard) for row in rows[::every]])
    axes.tick_params(axis="y", length=0, labelsize=9.5 if height > 0.25 else 7)
    axes.spines["left"].set_visible(False)


def _draw_bars(axes: Axes, rows: Sequence[Row], limit: float, second: float) -> float:
    """Rows of bars, all to the same scale; returns how high in its row the limit is."""
    low, high = axes.get_xlim()
    top = max(limit, *((row.accepted + row.refused).max() for row in rows))
    line = float(limit / top * FULL)
    wide = _is_wide(axes, second)
    gap = 0.08 * second if wide else 0
    hatched = {"facecolor": PAPER, "edgecolor": FAIL, "hatch": "/////", "linewidth": 1.1}
    for y, row in enumerate(reversed(rows)):
        left, right = row.seconds * second + gap, (row.seconds + 1) * second - gap
        accepted, together = y + row.accepted / top * FULL, y + (row.accepted + row.refused) / top * FULL
        _draw_boxes(axes, (left, right), (np.full_like(left, y), accepted), facecolor=shard_colour(row.shard))
        _draw_boxes(axes, (left, right), (accepted, together), **(hatched if wide else {"facecolor": FAIL}))
        axes.plot([low, high], [y, y], color=MUTED, linewidth=0.7)
        axes.plot([low, high], [y + line, y + line], color=INK, linewidth=0.9, zorder=3)
    return line


def _draw_cells(axes: Axes, rows: Sequence[Row], limit: float, second: float) -> None:
    """Rows of cells, coloured by how much came in a second."""
    gaps = {"edgecolor": PAPER, "linewidth": 0.8} if _is_wide(axes, second) else {"antialiased": False}
    for y, row in enumerate(reversed(rows)):
        bottom = np.full_like(row.seconds, y)
        colours = [
            _cell_colour(row.shard, accepted / limit, refused / (accepted + refused))
            for accepted, refused in zip(row.accepted, row.refused, strict=True)
        ]
        left, right = row.seconds * second, (row.seconds + 1) * second
        _draw_boxes(axes, (left, right), (bottom, bottom + FULL), facecolor=colours, **gaps)


def _cell_colour(shard: str, fullness: float, refused: float) -> tuple[float, float, float]:
    """Both from 0 to 1: how much of its limit the shard accepted, and how much of what came it refused."""
    if refused:
        return tint(FAIL, 0.6 + 0.4 * refused)
    return tint(shard_colour(shard), 0.12 + 0.88 * min(1, fullness))


def _is_wide(axes: Axes, second: float) -> bool:
    low, high = axes.get_xlim()
    return bool(axes.get_position().width * WIDTH * second / (high - low) > WIDE)


def _draw_boxes(axes: Axes, across: tuple[Numbers, Numbers], up: tuple[Numbers, Numbers], **style: Any) -> None:
    """A rectangle for each of these edges, left and right, bottom and top; those without height are left out."""
    (left, right), (bottom, top) = across, up
    corners = np.array([[left, bottom], [left, top], [right, top], [right, bottom]]).transpose(2, 0, 1)
    axes.add_collection(PolyCollection(list(corners[top > bottom]), **{"linewidth": 0, **style}))


def _write_sums(axes: Axes, rows: Sequence[Row], measure: Measure, height: float) -> None:
    """Beside each row what was accepted and what was refused; beside a row of cells, only the latter."""
    across = axes.get_yaxis_transform()
    as_bars = len(rows) <= MOST_BARS
    for y, row in enumerate(reversed(rows)):
        apart = 0.1 / height if as_bars and row.refused.any() else 0
        size = 8.3 if as_bars else 7
        accepted, refused = _sums(row, measure)
        if as_bars:
            axes.text(1.015, y + FULL / 2 + apart, accepted, transform=across, va="center", fontsize=size)
        if row.refused.any():
            axes.text(1.015, y + FULL / 2 - apart, refused, transform=across, va="center", fontsize=size, color=FAIL)


def _sums(row: Row, measure: Measure) -> tuple[str, str]:
    return f"{measure.amount(row.accepted.sum())} accepted", f"{measure.amount(row.refused.sum())} refused"
