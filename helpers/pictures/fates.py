"""What became of every record: a flow from all that was put to the ways in which it ended."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from helpers.pictures.style import (
    BLANK,
    FAIL,
    INK,
    MUTED,
    PAPER,
    RC,
    WIDTH,
    Picture,
    plural,
    tint,
)

NEEDED = ("deliveries", "fate")
LOST = ("dropped", "expired")
DONE = "#2f6f73"

TOP, BOTTOM = 0.72, 0.16
FLOW, GAP, THINNEST, LINE = 1.7, 0.1, 0.035, 0.27
"""Inches: of all flows together, between two of them, of the thinnest, and of a line of text."""
LEFT, BAR, RIGHT = 1.35, 0.14, 4.3
"""Inches: for what was put, of the bars, and for what became of it."""


class Fate(NamedTuple):
    """A way in which records ended."""

    name: str
    records: int
    colour: str | tuple[float, float, float]
    lost: bool = False
    hatched: bool = False


def fates(account: pd.DataFrame) -> Picture:
    """Draw what became of every record as a flow that adds up to all that was put.

    account: from `helpers.ledger.ledger`; a row for every record, with its fate and its number of deliveries.

    Raises ValueError when a column is missing.
    """
    missing = [name for name in NEEDED if name not in account]
    if missing:
        raise ValueError(f"the account has no column {', '.join(missing)}; the ledger's has")
    if account.empty:
        return Picture(BLANK, "Nothing has been put yet", "put records, let time pass with cloud.wait, then draw again")
    ways = ways_of(account)
    heights = [max(THINNEST, FLOW * way.records / len(account)) for way in ways]
    slots = [max(LINE, height + GAP) for height in heights]
    together = sum(slots)
    picture = Picture(
        TOP + together + BOTTOM,
        finding(ways),
        "left: all records that were put · right: what became of them · red = lost, hatched = given up and reported",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=0.0, right=0.0, bottom=BOTTOM, top=TOP)
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(together, 0)
        axes.axis("off")
        _draw(axes, ways, heights, slots, len(account))
    return picture


def ways_of(account: pd.DataFrame) -> list[Fate]:
    """The ways in which these records ended, from good to bad, without those that none took."""
    fate, again = account["fate"], account["deliveries"] > 1
    ways = (
        Fate("processed, at the first delivery", int(((fate == "processed") & ~again).sum()), DONE),
        Fate("processed, after several deliveries", int(((fate == "processed") & again).sum()), tint(DONE, 0.6)),
        Fate("filtered out", int((fate == "filtered").sum()), tint(MUTED, 0.45)),
        Fate("still waiting", int((fate == "waiting").sum()), tint(MUTED, 0.2)),
        Fate("given up and reported", int((fate == "reported").sum()), FAIL, hatched=True),
        Fate("given up, and nobody was told", int((fate == "dropped").sum()), FAIL, lost=True),
        Fate("expired in the stream", int((fate == "expired").sum()), FAIL, lost=True),
    )
    return [way for way in ways if way.records]


def finding(ways: list[Fate]) -> str:
    """What the flow shows, in a sentence."""
    total, lost = sum(way.records for way in ways), sum(way.records for way in ways if way.lost)
    if lost:
        return f"{lost:,} of {plural(total, 'record')} {'was' if lost == 1 else 'were'} lost"
    kept = next((way.records for way in ways if way.hatched), 0)
    if kept:
        return f"None of {plural(total, 'record')} was lost; {kept:,} {'is' if kept == 1 else 'are'} in a report"
    return f"None of {plural(total, 'record')} was lost"


def _draw(axes: Axes, ways: list[Fate], heights: list[float], slots: list[float], total: int) -> None:
    start, end = LEFT, WIDTH - RIGHT
    flows = sum(heights)
    left = (sum(slots) - flows) / 2
    axes.add_patch(Rectangle((start - BAR, left), BAR, flows, facecolor=INK, linewidth=0))
    axes.text(start - BAR - 0.12, left + flows / 2, f"{total:,}\nput", ha="right", va="center", fontsize=10)
    right = 0.0
    for way, height, slot in zip(ways, heights, slots, strict=True):
        top = right + (slot - height) / 2
        _draw_flow(axes, (start, left), (end, top), height, way)
        middle = right + slot / 2
        colour = FAIL if way.lost or way.hatched else INK
        across = end + BAR
        axes.text(across + 0.72, middle, f"{way.records:,}", ha="right", va="center", fontweight="bold", color=colour)
        share = f"{way.records / total:.1%}" if way.records < total else "100%"
        axes.text(across + 1.32, middle, share, ha="right", va="center", color=MUTED, fontsize=8.5)
        axes.text(across + 1.46, middle, way.name, va="center", color=colour)
        left += height
        right += slot


def _draw_flow(axes: Axes, start: tuple[float, float], end: tuple[float, float], height: float, way: Fate) -> None:
    """A band from the bar at the left to a bar of its own at the right."""
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    corners = [
        (x0, y0), (middle, y0), (middle, y1), (x1, y1),
        (x1, y1 + height), (middle, y1 + height), (middle, y0 + height), (x0, y0 + height), (x0, y0),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    band = tint(FAIL, 0.22) if way.hatched or way.lost else _paler(way.colour)
    axes.add_patch(PathPatch(Path(corners, codes), facecolor=band, linewidth=0))
    style: Any = (
        {"facecolor": PAPER, "edgecolor": FAIL, "hatch": "//////", "linewidth": 0.9}
        if way.hatched
        else {"facecolor": way.colour, "linewidth": 0}
    )
    axes.add_patch(Rectangle((x1, y1), BAR, height, **style))


def _paler(colour: str | tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (0.72 + 0.28 * part for part in to_rgb(colour))
    return red, green, blue
