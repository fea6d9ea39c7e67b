"""The batch map: what batch size and batching window do to invocations, to latency and to cost."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log
from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from helpers.pictures.style import (
    BLANK,
    INK,
    MUTED,
    PAPER,
    RC,
    RULE,
    WIDTH,
    Picture,
    duration,
    percent,
    plural,
    text_width,
    time_unit,
    tint,
)
from helpers.pictures.tables import chosen

NEEDED = ("batch_size", "window", "invocations", "latency", "cost")
MONEY = ((1.0, "US$"), (1e-2, "US cents"), (1e-6, "millionths of a US$"))
"""US dollars in a unit of money, and its name."""

EDGE, LEFT, BOTTOM, TOP = 0.16, 0.85, 0.55, 1.06
"""Inches beside the maps, beside the first with the batch sizes, below them with the windows, and above them."""
BETWEEN = 0.26
"""Inches between one map and the next."""
SLOT = (WIDTH - LEFT - EDGE - 2 * BETWEEN) / 3
"""Inches that a map may take across."""
WIDEST_TITLE = 0.94 * (WIDTH - 2 * EDGE)
"""Inches that a title may take; on the screen it gets a little wider than it is."""
WIDEST, HIGHEST, LOWEST, TOGETHER = 1.0, 0.44, 0.3, 2.7
"""Inches of a cell, at most across, at most and at least down; of all rows, if they need not be lower than that."""
AROUND = 0.06
"""Inches of a cell that its number leaves free, both sides together."""
LARGEST, SMALLEST, ROUNDED = 9.0, 5.0, 7.0
"""Points of the numbers in the cells, and below how many they are rounded to find room."""
PALEST, MIDDLE, STRONGEST = 0.07, 0.35, 0.95
"""How much colour the cell with the least has, cells that are all the same, and the cell with the most."""
LIGHT = 0.7
"""How much colour cells with dark numbers have at most."""
FAR_APART = 20.0
"""How many times the least the most must be for tints to go by orders of magnitude."""

Setting = tuple[float, float]
"""A batch size, and a batching window in seconds."""
Values = dict[Setting, float]
Line = tuple[tuple[float, float], tuple[float, float]]


class Map(NamedTuple):
    """What was measured, of one kind."""

    title: str
    unit: str
    colour: str
    values: Values
    """In the unit."""


class Grid(NamedTuple):
    """The settings, and the inches that the cell of one takes."""

    sizes: list[float]
    windows: list[float]
    width: float
    height: float

    def corner(self, setting: Setting) -> tuple[float, float]:
        """The upper left corner of a cell, from that of its map."""
        size, window = setting
        return self.windows.index(window) * self.width, self.sizes.index(size) * self.height

    def settings(self) -> list[Setting]:
        """All of them, row by row."""
        return [(size, window) for size in self.sizes for window in self.windows]

    def neighbour(self, setting: Setting, down: int, across: int) -> Setting | None:
        """The setting so many cells away, if there is one."""
        row, column = self.sizes.index(setting[0]) + down, self.windows.index(setting[1]) + across
        inside = 0 <= row < len(self.sizes) and 0 <= column < len(self.windows)
        return (self.sizes[row], self.windows[column]) if inside else None


def batch_map(table: pd.DataFrame) -> Picture:
    """Draw three maps of what was measured: batch sizes down, batching windows across.

    table: a row for each setting that was tried: batch_size, window (the batching window in seconds), invocations,
        latency (seconds) and cost (US dollars), each of whatever the caller has measured.  Settings without a row and
        values that are NaN leave an empty cell.

    Raises ValueError when a column is missing or a setting has several rows.
    """
    table = chosen(table, NEEDED)
    if table.empty:
        return Picture(BLANK, "Nothing has been measured yet", "measure some batch sizes and windows, then draw again")
    again = table[table.duplicated(["batch_size", "window"])]
    if not again.empty:
        size, window = again[["batch_size", "window"]].to_numpy().tolist()[0]
        raise ValueError(f"batch size {size:g} with window {window:g} has several rows; give one, such as their mean")
    invocations, latency, cost = (_values(table, name) for name in ("invocations", "latency", "cost"))
    grid = _grid(table)
    height = TOP + grid.height * len(grid.sizes) + BOTTOM
    picture = Picture(
        height,
        finding(invocations, latency, cost),
        "the darker, the more, each map for itself · frame = the least · "
        "title: the fewest invocations, compared with the least latency",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=0, right=0, bottom=0, top=0)
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        axes.axis("off")
        maps = _maps(invocations, latency, cost)
        numbers, points = _numbers(maps, grid)
        for i, one in enumerate(maps):
            left = LEFT + i * (SLOT + BETWEEN)
            _name(axes, left, grid, one)
            _draw(axes, left, grid, one, numbers[i], points)
        _name_sizes(axes, grid)
    return picture


def finding(invocations: Values, latency: Values, cost: Values) -> str:
    """What the fewest invocations cost in latency, in a sentence."""
    measured = [setting for setting in invocations if setting in latency]
    if not measured:
        return "No setting has both its invocations and its latency measured"
    fewest = min(measured, key=lambda setting: (invocations[setting], latency[setting]))
    fastest = min(measured, key=lambda setting: (latency[setting], invocations[setting]))
    counted = plural(round(invocations[fewest]), "invocation")
    if len(measured) == 1:
        return f"{_named(fewest)}: {counted}, {duration(latency[fewest])} of latency"
    if fewest == fastest:
        return f"{_named(fewest)}: fewest invocations and least latency, {duration(latency[fewest])}"
    later = f"{duration(latency[fewest] - latency[fastest])} later"
    sentence = f"{_named(fewest, fastest)}: {_fewer(invocations[fewest], invocations[fastest])}, {later}"
    if cost.get(fastest) and fewest in cost:
        longer = f"{sentence}, at {percent(cost[fewest] / cost[fastest])} of the cost"
        return longer if text_width(longer, 11.5, "bold") < WIDEST_TITLE else sentence
    return sentence


def _named(setting: Setting, other: Setting | None = None) -> str:
    """A setting, by what it does not share with the other."""
    size, window = f"{setting[0]:,.0f}", f"{setting[1]:g} s"
    if other and setting[0] == other[0]:
        return f"A window of {window}"
    if other and setting[1] == other[1]:
        return f"Batches of {size}"
    return f"Batches of {size}, window {window}"


def _fewer(few: float, many: float) -> str:
    if not few:
        return f"no invocations instead of {many:,.0f}"
    times = many / few
    if times < 1.95:
        return f"{percent(1 - few / many)} fewer invocations"
    return f"{times:,.0f} times fewer invocations" if times >= 9.95 else f"{times:.2g} times fewer invocations"


def _values(table: pd.DataFrame, name: str) -> Values:
    rows = table[["batch_size", "window", name]].to_numpy(dtype=float)
    return {(size, window): value for size, window, value in rows.tolist() if isfinite(value)}


def _grid(table: pd.DataFrame) -> Grid:
    sizes, windows = (sorted(set(table[name].to_numpy(dtype=float).tolist())) for name in ("batch_size", "window"))
    height = min(HIGHEST, max(LOWEST, TOGETHER / len(sizes)))
    return Grid(sizes, windows, min(WIDEST, SLOT / len(windows)), height)


def _maps(invocations: Values, latency: Values, cost: Values) -> list[Map]:
    """In the units that suit what was measured; in colours that no shard has."""
    second, unit = time_unit(max(latency.values(), default=1))
    most = max(cost.values(), default=1)
    dollar, money = next((size, name) for size, name in MONEY if most >= size / 10 or size == MONEY[-1][0])
    return [
        Map("invocations", "", "#35507a", invocations),
        Map("latency", unit, "#6a4a80", {setting: value / second for setting, value in latency.items()}),
        Map("cost", money, "#2f6670", {setting: value / dollar for setting, value in cost.items()}),
    ]


# Numbers


def _exactly(value: float) -> str:
    """With three digits at least: `1,234`, `123`, `1.2`, `0.0123`."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else "<0.001" if value > 0 else f"{value:.1g}"


def _roughly(value: float) -> str:
    """In four characters: `1.2k`, `12k`, `123k`, `1.2M`, `1.2`, `0.12`."""
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.0f}{name}" if abs(value) >= 9.95 * size else f"{value / size:.2g}{name}"
    if abs(value) >= 9.95:
        return f"{value:.0f}"
    if abs(value) >= 0.995:
        return f"{value:.2g}"
    return "<.01" if 0 < value < 0.005 else f"{round(value, 2):g}"


# Drawing


def _numbers(maps: Sequence[Map], grid: Grid) -> tuple[list[dict[Setting, str]], float]:
    """What is written in the cells of each map, and the size in points in which all of it finds room."""
    points = 0.0
    for write in (_exactly, _roughly):
        if points < ROUNDED:
            numbers = [{setting: write(value) for setting, value in one.values.items()} for one in maps]
            texts = {text for one in numbers for text in one.values()}
            widest = max((text_width(text, LARGEST, "bold") for text in texts), default=0.01)
            points = LARGEST * min(1.0, (grid.width - AROUND) / widest)
    return numbers, max(SMALLEST, points)


def _strengths(values: Values) -> Values:
    """How much colour the cells have, from 0 to 1."""
    least, most = min(values.values(), default=0.0), max(values.values(), default=0.0)
    if least == most:
        return dict.fromkeys(values, MIDDLE)
    if least > 0 and most >= FAR_APART * least:
        shares = {setting: log(value / least) / log(most / least) for setting, value in values.items()}
    else:
        shares = {setting: (value - least) / (most - least) for setting, value in values.items()}
    return {setting: PALEST + (STRONGEST - PALEST) * share for setting, share in shares.items()}


def _draw(axes: Axes, left: float, grid: Grid, one: Map, numbers: dict[Setting, str], points: float) -> None:
    strengths, best = _strengths(one.values), _best(one.values)
    for setting in grid.settings():
        x, y = grid.corner(setting)
        corner = left + x, TOP + y
        if setting not in numbers:
            _box(axes, corner, grid, 0.03, facecolor=PAPER, edgecolor=RULE, linewidth=0.8)
            continue
        strength = strengths[setting]
        _box(axes, corner, grid, 0.01, facecolor=tint(one.colour, strength), linewidth=0)
        middle = corner[0] + grid.width / 2, corner[1] + grid.height / 2
        number = axes.text(*middle, numbers[setting], ha="center", va="center_baseline", fontsize=points)
        number.set_color(PAPER if strength > LIGHT else INK)
        number.set_fontweight("bold" if setting in best else "normal")
    axes.add_collection(LineCollection(_frame(best, left, grid), colors=INK, linewidths=1.8, capstyle="projecting"))


def _box(axes: Axes, corner: tuple[float, float], grid: Grid, inset: float, **style: Any) -> None:
    """A box in a cell, so many inches from its edges."""
    (x, y), size = corner, (grid.width - 2 * inset, grid.height - 2 * inset)
    axes.add_patch(Rectangle((x + inset, y + inset), *size, **style))


def _best(values: Values) -> set[Setting]:
    """The settings with the least; none if it is the same everywhere."""
    least = min(values.values(), default=0.0)
    best = {setting for setting, value in values.items() if value == least}
    return best if len(best) < len(values) else set()


def _frame(best: set[Setting], left: float, grid: Grid) -> list[Line]:
    """The edges of these cells: those of neighbours have one frame together."""
    lines: list[Line] = []
    for setting in sorted(best):
        x, y = grid.corner(setting)
        x, y = left + x, TOP + y
        right, bottom = x + grid.width, y + grid.height
        edges: dict[tuple[int, int], Line] = {
            (-1, 0): ((x, y), (right, y)),
            (1, 0): ((x, bottom), (right, bottom)),
            (0, -1): ((x, y), (x, bottom)),
            (0, 1): ((right, y), (right, bottom)),
        }
        lines += [line for step, line in edges.items() if grid.neighbour(setting, *step) not in best]
    return lines


def _name(axes: Axes, left: float, grid: Grid, one: Map) -> None:
    """Above a map what it shows, and below it the windows."""
    axes.text(left, TOP - 0.13, one.title, va="baseline", fontweight="bold")
    if one.unit:
        after = left + text_width(one.title, 9.5, "bold") + 0.08
        axes.text(after, TOP - 0.13, one.unit, va="baseline", fontsize=8.3, color=MUTED)
    bottom = TOP + grid.height * len(grid.sizes)
    for i, window in enumerate(grid.windows):
        text = axes.text(left + (i + 0.5) * grid.width, bottom + 0.16, f"{window:g}", ha="center", va="center_baseline")
        text.set_fontsize(8.3)
    axes.text(left, bottom + 0.36, "batching window, seconds", va="center_baseline", fontsize=8.3, color=MUTED)


def _name_sizes(axes: Axes, grid: Grid) -> None:
    """Beside the maps, the batch sizes."""
    axes.text(LEFT - 0.1, TOP - 0.13, "batch size", ha="right", va="baseline", fontsize=8.3, color=MUTED)
    for i, size in enumerate(grid.sizes):
        y = TOP + (i + 0.5) * grid.height
        axes.text(LEFT - 0.1, y, f"{size:,.0f}", ha="right", va="center_baseline", fontsize=8.3)
