"""What became of every record: a flow from all that was put to the ways in which it ended."""

from __future__ import annotations

from collections.abc import Sequence
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
    text_width,
    tint,
)

NEEDED = ("deliveries", "fate")
DONE = "#2f6f73"
GREYS = (0.6, 0.26), (0.4, 0.14)
"""How strong the bar and the band are of what was filtered out, and of what waits."""

Colour = str | tuple[float, float, float]

TOP, BOTTOM = 0.72, 0.16
FLOW, GAP, THINNEST, LINE = 1.7, 0.1, 0.035, 0.27
"""Inches: of all flows together, between two of them, of the thinnest, and of a line of text."""
LEFT, BAR, RIGHT = 1.35, 0.14, 4.3
"""Inches: for what was put, of the bars, and for what became of it."""


class Fate(NamedTuple):
    """A way in which records ended."""

    name: str
    records: int
    colour: Colour
    band: Colour
    lost: bool = False
    hatched: bool = False
    given: bool = True
    """Whether the function was ever given these records."""


def fates(account: pd.DataFrame) -> Picture:
    """Draw what became of every record as a flow that adds up to all that was put.

    account: from `kinesis_lab.ledger.ledger`; a row for every record, with its fate and its number of deliveries.

    Raises ValueError when a column is missing.
    """
    missing = [name for name in NEEDED if name not in account]
    if missing:
        raise ValueError(f"the account has no column {', '.join(missing)}; the ledger's has")
    if account.empty:
        return Picture(BLANK, "Nothing has been put yet", "put records, let time pass with cloud.wait, then draw again")
    flow = _Flow(ways_of(account), len(account))
    left, middle = "left: all records that were put", ""
    if flow.parted:
        left, middle = "left: all records put", " · middle: those delivered"
    picture = Picture(
        TOP + flow.height + BOTTOM,
        finding(flow.ways),
        f"{left}{middle} · right: what became of them · red = lost, hatched = given up and reported",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=0.0, right=0.0, bottom=BOTTOM, top=TOP)
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(flow.height, 0)
        axes.axis("off")
        flow.draw(axes)
    return picture


def ways_of(account: pd.DataFrame) -> list[Fate]:
    """The ways in which these records ended, without those that none took.

    First those of records that the function was given, then the others; each from good to bad.
    """
    counts = account.groupby(["fate", account["deliveries"].clip(upper=2)]).size()

    def way(name: str, fate: str, deliveries: Sequence[int], look: dict[str, Any], *, given: bool = True) -> Fate:
        records = sum(int(counts.get((fate, number), 0)) for number in deliveries)
        return Fate(name, records, given=given, **look)

    done, again = ({"colour": colour, "band": _paler(colour)} for colour in (DONE, tint(DONE, 0.6)))
    filtered, waiting = ({"colour": tint(MUTED, bar), "band": tint(MUTED, band)} for bar, band in GREYS)
    reported, lost = ({"colour": FAIL, "band": tint(FAIL, 0.22), what: True} for what in ("hatched", "lost"))
    ways = (
        way("processed, at the first delivery", "processed", (0, 1), done),
        way("processed, after several deliveries", "processed", (2,), again),
        way("still being tried", "waiting", (1, 2), waiting),
        way("given up and reported", "reported", (1, 2), reported),
        way("given up, and nobody was told", "dropped", (1, 2), lost),
        way("expired in the stream", "expired", (1, 2), lost),
        way("filtered out", "filtered", (0, 1, 2), filtered, given=False),
        way("still waiting", "waiting", (0,), waiting, given=False),
        way("too old to be tried, and reported", "reported", (0,), reported, given=False),
        way("too old to be tried, nobody was told", "dropped", (0,), lost, given=False),
        way("expired before any delivery", "expired", (0,), lost, given=False),
    )
    return [each for each in ways if each.records]


def finding(ways: list[Fate]) -> str:
    """What the flow shows, in a sentence."""
    total, lost = sum(way.records for way in ways), sum(way.records for way in ways if way.lost)
    kept = sum(way.records for way in ways if way.hatched)
    waiting = sum(way.records for way in ways if way.name.startswith("still"))
    if total == 1:
        told = f"The one record was {'lost' if lost else 'not lost'}"
    elif lost:
        told = f"{lost:,} of {plural(total, 'record')} {'was' if lost == 1 else 'were'} lost"
    else:
        told = f"None of {plural(total, 'record')} was lost"
    more = [f"{kept:,} {'is' if kept == 1 else 'are'} in a report"] if kept else []
    more += [f"{waiting:,} still {'waits' if waiting == 1 else 'wait'}"] if waiting else []
    return f"{told}; {', '.join(more)}" if more else told


def share(records: int, total: int) -> str:
    """`12.3%`; what is there is never 0.0%, and what is not all is never 100.0%."""
    if records == total:
        return "100%"
    return "<0.1%" if records / total < 0.0005 else ">99.9%" if records / total >= 0.9995 else f"{records / total:.1%}"


class _Flow:
    """Draws the ways; one unit of the axes is an inch."""

    def __init__(self, ways: list[Fate], total: int) -> None:
        self.ways = ways
        self.total = total
        self.heights = [max(THINNEST, FLOW * way.records / total) for way in ways]
        self.slots = [max(LINE, height + GAP) for height in self.heights]
        self.given = sum(height for way, height in zip(ways, self.heights, strict=True) if way.given)
        self.parted = 0 < sum(way.given for way in ways) < len(ways)
        """Whether some records reached the function, and some did not."""
        self.above = LINE if self.parted and self.given < 2 * LINE else 0.0
        """Inches for what the middle is called, if that does not fit beside it."""
        self.height = self.above + sum(self.slots)

    def draw(self, axes: Axes) -> None:
        """Draw all from left to right."""
        start, end = LEFT, WIDTH - RIGHT
        middle = (start + end) / 2
        top = self.above + (sum(self.slots) - sum(self.heights)) / 2
        bar = Rectangle((start - BAR, top), BAR, sum(self.heights), facecolor=INK, linewidth=0)
        axes.add_patch(bar)
        beside = top + sum(self.heights) / 2
        axes.text(start - BAR - 0.12, beside, f"{self.total:,}\nput", ha="right", va="center", fontsize=10)
        left, right = top, self.above
        given = (top + right + (self.slots[0] - self.heights[0]) / 2) / 2
        if self.parted:
            self._draw_given(axes, (start, top), (middle, given))
        for way, height, slot in zip(self.ways, self.heights, self.slots, strict=True):
            here = (end, right + (slot - height) / 2)
            if self.parted and way.given:
                _draw_flow(axes, (middle + BAR / 2, given), here, height, way)
                given += height
            else:
                _draw_flow(axes, (start, left), here, height, way)
            self._write(axes, end + BAR, right + slot / 2, way)
            left += height
            right += slot

    def _draw_given(self, axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
        """From all that was put to what the function was given."""
        (x, y), records = end, sum(way.records for way in self.ways if way.given)
        _draw_band(axes, start, (x - BAR / 2, y), self.given, tint(INK, 0.13))
        axes.add_patch(Rectangle((x - BAR / 2, y), BAR, self.given, facecolor=tint(INK, 0.55), linewidth=0))
        told = f"{records:,} delivered", share(records, self.total)
        if self.above:
            axes.text(x, y - 0.05, "  ".join(told), ha="center", va="bottom", fontsize=8.5)
        else:
            axes.text(x - BAR, y + self.given / 2, "\n".join(told), ha="right", va="center", fontsize=8.5)

    def _write(self, axes: Axes, x: float, y: float, way: Fate) -> None:
        """How many took a way, their share, and what it is."""
        colour = FAIL if way.lost or way.hatched else INK
        x += max(0.0, text_width(f"{self.total:,}", RC["font.size"], "bold") - 0.6)
        axes.text(x + 0.72, y, f"{way.records:,}", ha="right", va="center", fontweight="bold", color=colour)
        part = share(way.records, self.total)
        axes.text(x + 1.32, y, part, ha="right", va="center", color=MUTED, fontsize=8.5)
        axes.text(x + 1.46, y, way.name, va="center", color=colour)


def _draw_flow(axes: Axes, start: tuple[float, float], end: tuple[float, float], height: float, way: Fate) -> None:
    """A band to a bar of its own at the right."""
    _draw_band(axes, start, end, height, way.band)
    style: Any = (
        {"facecolor": PAPER, "edgecolor": FAIL, "hatch": "//////", "linewidth": 0.9}
        if way.hatched
        else {"facecolor": way.colour, "linewidth": 0}
    )
    axes.add_patch(Rectangle(end, BAR, height, **style))


def _draw_band(axes: Axes, start: tuple[float, float], end: tuple[float, float], height: float, colour: Colour) -> None:
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    corners = [
        (x0, y0), (middle, y0), (middle, y1), (x1, y1),
        (x1, y1 + height), (middle, y1 + height), (middle, y0 + height), (x0, y0 + height), (x0, y0),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(corners, codes), facecolor=colour, linewidth=0))


def _paler(colour: Colour) -> Colour:
    red, green, blue = (0.72 + 0.28 * part for part in to_rgb(colour))
    return red, green, blue
