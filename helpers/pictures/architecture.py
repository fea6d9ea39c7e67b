"""The loop from producer to log, with what has flowed through it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers.pictures.style import (
    INK,
    MUTED,
    PAPER,
    RC,
    WASH,
    WIDTH,
    Picture,
    plural,
    shard_colour,
    shard_label,
    shortened,
    tint,
)

# Left edges and widths of the four stations, in hundredths of the picture's width.
PRODUCER, STREAM, MAPPING, FUNCTION = (1.5, 14.0), (23.5, 25.0), (56.5, 16.5), (81.0, 17.5)
LANE = 5.4
"""Distance between the shards, in the same units."""
MARGIN, TITLE = 0.1, 0.72
"""Inches around the drawing, and above it."""
UNIT = (WIDTH - 2 * MARGIN) / 100
"""Inches in a hundredth of the drawing's width."""
MOST_DOTS = 9
LONGEST_NAME = 20


def loop(
    *,
    stream: str,
    shards: Sequence[str],
    batch_size: int,
    function: str,
    table: pd.DataFrame | None = None,
) -> Picture:
    """Draw the loop for one stream, its shards (their ids, up to eight), one mapping and one function.

    table: the flight recorder's; with it, the picture carries the numbers of what has really flowed.
    """
    if not 1 <= len(shards) <= 8:
        raise ValueError(f"shards must be 1 to 8 shard ids, not {len(shards)}")
    if table is not None:
        table = table[(table["kind"] != "invoke") | (table["function"] == function)]
    put = _records(table, "put", shards)
    done = _records(table, "invoke", shards)
    half = LANE / 2 * (len(shards) - 1)
    middle = max(half + 10.5, 14.5)
    height = middle + half + 9.5
    picture = Picture(
        height * UNIT + TITLE + MARGIN,
        "From a record put to a line in the log" if table is None else _finding(table, sum(put), sum(done)),
        "colour = shard · solid = the records' way · dashed = the mapping notes how far it has come",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=MARGIN, right=MARGIN, bottom=MARGIN, top=TITLE)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, height)
        axes.axis("off")
        lanes = [middle + half - LANE * i for i in range(len(shards))]
        _station(
            axes,
            PRODUCER,
            middle,
            11,
            "producer",
            "put_records",
            plural(sum(put), "record") if table is not None else "",
        )
        _stream(axes, stream, shards, lanes, put if table is not None else None)
        _station(
            axes,
            MAPPING,
            middle,
            13.5,
            "event source\nmapping",
            f"polls each shard,\nbatches of up to {batch_size}",
            "",
        )
        _function(axes, function, shards, lanes, done if table is not None else None)
        for shard, y in zip(shards, lanes, strict=True):
            colour = shard_colour(shard)
            _arrow(axes, (sum(PRODUCER) + 0.4, middle), (STREAM[0] + 0.6, y), colour)
            _arrow(axes, (sum(STREAM) - 0.4, y), (MAPPING[0] - 0.4, middle + (y - middle) * 0.3), colour)
            _arrow(axes, (sum(MAPPING) + 0.4, middle + (y - middle) * 0.3), (FUNCTION[0] + 0.8, y), colour)
        _checkpoint(axes, min(lanes) - 3.2, middle - 6.75)
    return picture


def _finding(table: pd.DataFrame, put: int, done: int) -> str:
    if done >= put:
        batches = int(((table["kind"] == "invoke") & (table["outcome"] == "ok") & table["shard"].notna()).sum())
        return f"{plural(put, 'record')} went round the loop in {plural(batches, 'batch', 'batches')}"
    return f"{done:,} of {plural(put, 'record')} have come through"


def _records(table: pd.DataFrame | None, kind: str, shards: Sequence[str]) -> list[int]:
    if table is None:
        return [0] * len(shards)
    rows = table[(table["kind"] == kind) & (table["outcome"] == "ok")]
    return [int(rows.loc[rows["shard"] == shard, "records"].sum()) for shard in shards]


def _heading(axes: Axes, middle: float, above: float, what: str, name: str) -> None:
    axes.text(middle, above + 2.9, what, ha="center", va="bottom", fontweight="bold")
    axes.text(middle, above, shortened(name, LONGEST_NAME), ha="center", va="bottom", fontsize=8.6)


def _box(
    axes: Axes, x: float, y: float, width: float, height: float, *, face: object, edge: object, line: float = 1.1
) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=1.1",
            facecolor=face,
            edgecolor=edge,
            linewidth=line,
        )
    )


def _station(
    axes: Axes, place: tuple[float, float], middle: float, height: float, name: str, does: str, count: str
) -> None:
    left, width = place
    _box(axes, left, middle - height / 2, width, height, face=WASH, edge=MUTED)
    lines = name.count("\n") + 1
    axes.text(
        left + width / 2,
        middle + (3.1 if lines > 1 or count else 1.7),
        name,
        ha="center",
        va="center",
        fontweight="bold",
        linespacing=1.15,
    )
    axes.text(
        left + width / 2,
        middle - (3.4 if lines > 1 else 0.2 if count else 1.9),
        does,
        ha="center",
        va="center",
        fontsize=8,
        color=MUTED,
    )
    if count:
        axes.text(left + width / 2, middle - 3.3, count, ha="center", va="center", fontsize=8.6)


def _stream(axes: Axes, name: str, shards: Sequence[str], lanes: Sequence[float], put: list[int] | None) -> None:
    left, width = STREAM
    _heading(axes, left + width / 2, max(lanes) + 2.9, "stream", name)
    most = max([1, *(put or [])])
    for i, (shard, y) in enumerate(zip(shards, lanes, strict=True)):
        colour = shard_colour(shard)
        _box(axes, left + 1, y - 2.1, width - 2, 4.2, face=tint(colour, 0.16), edge=colour)
        label = shard_label(shard) if put is None else f"{shard_label(shard)} · {put[i]:,}"
        axes.text(left + 2.2, y - 0.05, label, va="center", fontsize=8.6)
        dots = MOST_DOTS if put is None else round(MOST_DOTS * put[i] / most)
        for dot in range(dots):
            axes.add_patch(Circle((left + width - 2.3 - 1.15 * dot, y), 0.42, facecolor=colour, edgecolor="none"))


def _function(axes: Axes, name: str, shards: Sequence[str], lanes: Sequence[float], done: list[int] | None) -> None:
    left, width = FUNCTION
    _heading(axes, left + width / 2, max(lanes) + 2.9, "function", name)
    for i, (shard, y) in enumerate(zip(shards, lanes, strict=True)):
        _box(axes, left + 1, y - 2.1, width - 2, 4.2, face=PAPER, edge=shard_colour(shard))
        label = "environment" if done is None else f"{done[i]:,} processed"
        axes.text(left + width / 2, y - 0.05, label, ha="center", va="center", fontsize=8.3)
    bottom = min(lanes) - 3.2
    axes.text(left + width / 2, bottom - 4.6, "CloudWatch Logs", ha="center", va="center", fontsize=8.6)
    _arrow(axes, (left + width / 2, bottom + 0.7), (left + width / 2, bottom - 3.0), MUTED)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=4,head_width=2.2",
            shrinkA=0,
            shrinkB=0,
            linewidth=1.3,
            color=colour,
            connectionstyle="arc3,rad=0",
        )
    )


def _checkpoint(axes: Axes, bottom: float, mapping_bottom: float) -> None:
    start_x, start_y = FUNCTION[0] + 2.2, bottom + 0.9
    end_x, end_y = sum(MAPPING) - 3.0, mapping_bottom - 0.3
    bend = 0.35
    axes.add_patch(
        FancyArrowPatch(
            (start_x, start_y),
            (end_x, end_y),
            arrowstyle="-|>,head_length=4,head_width=2.2",
            shrinkA=0,
            shrinkB=0,
            linewidth=1.1,
            linestyle=(0, (4, 3)),
            color=INK,
            connectionstyle=f"arc3,rad={-bend}",
        )
    )
    # The middle of the curve, where its name belongs.
    x = (start_x + end_x) / 2 - bend / 2 * (end_y - start_y)
    y = (start_y + end_y) / 2 + bend / 2 * (end_x - start_x)
    steep = end_y - start_y > 8
    axes.text(
        x - (1.0 if steep else 0),
        y - (0.5 if steep else 1.1),
        "checkpoint",
        ha="right" if steep else "center",
        va="top",
        fontsize=8.3,
    )
