"""The hash ring: shards as arcs, their load as bars on them, partition keys as dots."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Wedge

from helpers.pictures.style import (
    BLANK,
    INK,
    MUTED,
    PAPER,
    RC,
    WIDTH,
    Picture,
    percent,
    plural,
    shard_colour,
    shard_label,
    shortened,
    text_width,
    tint,
)
from helpers.pictures.tables import HASH_KEYS, chosen

HOT, NEARLY_EVEN = 1.5, 1.2
"""From how many times an even share on a shard is called hot, and up to how many the load is called even."""

# Everything below is in inches from the middle of the ring, or inches long.
RADIUS, BAND, GAP = 1.3, 0.1, 0.03
"""Inside of the ring, thickness of the arcs, and what is left between an arc and its bar."""
EVEN_BAR, LONGEST_BAR, UNLOADED = 0.3, 0.85, 0.14
"""Length of the bar of an even share, and the longest there is, for which the others shrink."""
BARS = RADIUS + BAND + GAP
"""Where the bars stand."""
DIAMETERS = [(0.26 * 0.85**step, max(0.02, 0.045 * 0.8**step)) for step in range(16)]
"""The largest and the smallest dot, to be tried until nearly all find room."""
DEPTH = 0.55
"""How far into the ring the dots may pile up."""
COLUMNS = 360
"""Dots stand in so many columns around the ring, each next to its hash key's place."""
COLUMN = 2 * pi * (RADIUS - DEPTH / 2) / COLUMNS
TOP = 0.7
LINE = 0.165
"""From one line of text to the next."""

MOST_NAMED_KEYS = 5
LONGEST_KEY = 16
MOST_FULL_LABELS = 8
"""Up to so many shards there is room for two lines at each arc."""


class Arc(NamedTuple):
    """A shard on the ring, its first and its last hash key, and how many records fall on it."""

    shard: str
    first: int
    last: int
    records: int

    @property
    def start(self) -> float:
        """Where it starts: the circle is 1 around, from the top clockwise."""
        return self.first / HASH_KEYS

    @property
    def end(self) -> float:
        """Where it ends."""
        return (self.last + 1) / HASH_KEYS


class Dot(NamedTuple):
    """A partition key on the ring."""

    key: str
    records: int
    place: float
    """0 to 1, from the top clockwise."""
    diameter: float
    radius: float
    """Distance of its centre from the middle of the ring."""
    colour: str

    @property
    def at(self) -> tuple[float, float]:
        """Its centre, from the middle of the ring."""
        return _point(self.place, self.radius)


def ring(shards: pd.DataFrame, keys: pd.DataFrame | None = None) -> Picture:
    """Draw which hash keys each shard owns, and with `keys` how the records fall on them.

    shards: the open shards of a stream: shard (its id), first_hash and last_hash (both included, 0 to 2**128 - 1, as
        ints or as decimal strings); together they cover every hash key once.
    keys: partition_key, hash_key (int or decimal string) and records (how many it was put with), a row for each key.

    Raises ValueError when a column is missing or the shards do not cover the ring.
    """
    shards = chosen(shards, ("shard", "first_hash", "last_hash"))
    if shards.empty:
        return Picture(BLANK, "There is no shard yet", "create a stream and wait until it is active")
    if keys is not None:
        keys = chosen(keys, ("partition_key", "hash_key", "records"))
    arcs = _arcs(shards, keys)
    total = sum(arc.records for arc in arcs)
    lengths = _bar_lengths(arcs, total)
    labels = _labels(arcs, lengths)
    low, high = _extent(arcs, lengths, labels)
    picture = Picture(TOP + high - low, finding(arcs), _reading(total, len(arcs)))
    with rc_context(RC):
        axes = picture.axes_below_title(left=0, right=0, bottom=0, top=TOP)
        axes.set_xlim(-WIDTH / 2, WIDTH / 2)
        axes.set_ylim(low, high)
        axes.axis("off")
        for arc, length in zip(arcs, lengths, strict=True):
            _draw_arc(axes, arc, length, loaded=total > 0, hot=_is_hot(arc, arcs))
        if total and len(arcs) > 1:
            _draw_even_share(axes, _even_length(lengths))
        for label in labels:
            label.write(axes)
        dots = _dots(arcs, keys) if keys is not None and total else []
        _draw_dots(axes, dots)
        _write_middle(axes, dots, total)
    return picture


def finding(arcs: Sequence[Arc]) -> str:
    """What the ring shows, in a sentence."""
    total = sum(arc.records for arc in arcs)
    if len(arcs) == 1:
        return f"One shard takes {plural(total, 'record')}: all there are" if total else "One shard owns every hash key"
    shares = [arc.records / total if total else arc.end - arc.start for arc in arcs]
    hottest = max(arcs, key=lambda arc: arc.records)
    if _is_hot(hottest, arcs):
        times = f"{len(arcs) * hottest.records / total:.1f}".removesuffix(".0")
        share = percent(hottest.records / total)
        return f"{shard_label(hottest.shard).capitalize()} takes {share} of the records, {times} times an even share"
    low, high = percent(min(shares)), percent(max(shares))
    each = high if low == high else f"{low} to {high}"
    if total:
        what = "The load is even: each" if len(arcs) * max(shares) < NEARLY_EVEN else "No shard is hot: each"
        return f"{what} of {len(arcs)} shards takes {each} of the records"
    return f"{len(arcs)} shards share the hash keys, {each} each"


def _reading(total: int, shards: int) -> str:
    start = "clockwise from the top: hash keys 0 to 2¹²⁸ − 1"
    if not total:
        return f"{start} · arc = the hash keys that a shard owns"
    dashed = " · dashed = an even share" if shards > 1 else ""
    return f"{start} · bar = a shard's share of the records{dashed} · dot = a partition key"


def _arcs(shards: pd.DataFrame, keys: pd.DataFrame | None) -> list[Arc]:
    rows = zip(shards["shard"], shards["first_hash"].map(int), shards["last_hash"].map(int), strict=True)
    ranges = sorted(rows, key=lambda row: row[1])
    firsts = [first for _, first, _ in ranges]
    expected = [0, *(last + 1 for _, _, last in ranges)]
    if [*firsts, HASH_KEYS] != expected:
        raise ValueError("shards must be the open shards of a stream: they cover every hash key once")
    records = [0] * len(ranges)
    if keys is not None and not keys.empty:
        for hash_key, count in zip(keys["hash_key"].map(int), keys["records"], strict=True):
            records[bisect_right(firsts, hash_key) - 1] += int(count)
    return [Arc(str(shard), first, last, count) for (shard, first, last), count in zip(ranges, records, strict=True)]


def _is_hot(arc: Arc, arcs: Sequence[Arc]) -> bool:
    even = sum(arc.records for arc in arcs) / len(arcs)
    return len(arcs) > 1 and arc.records > 0 and arc.records >= HOT * even


def _bar_lengths(arcs: Sequence[Arc], total: int) -> list[float]:
    """How long the bars on the arcs are; without records, how much thicker the arcs are."""
    if not total:
        return [UNLOADED] * len(arcs)
    most = max(arc.records for arc in arcs)
    a_record = min(EVEN_BAR * len(arcs) / total, LONGEST_BAR / most)
    return [arc.records * a_record for arc in arcs]


# Arcs and bars


def _point(place: float, radius: float) -> tuple[float, float]:
    angle = 2 * pi * (0.25 - place)
    return radius * cos(angle), radius * sin(angle)


def _wedge(axes: Axes, arc: Arc, inside: float, thickness: float, colour: object) -> None:
    angles = 90 - 360 * arc.end, 90 - 360 * arc.start
    axes.add_patch(
        Wedge((0, 0), inside + thickness, *angles, width=thickness, facecolor=colour, edgecolor=PAPER, linewidth=0.8)
    )


def _draw_arc(axes: Axes, arc: Arc, length: float, *, loaded: bool, hot: bool) -> None:
    colour = shard_colour(arc.shard)
    if not loaded:
        _wedge(axes, arc, RADIUS, BARS + length - RADIUS, colour)
        return
    _wedge(axes, arc, RADIUS, BAND, colour)
    if length:
        _wedge(axes, arc, BARS, length, colour if hot else tint(colour, 0.45))


def _draw_even_share(axes: Axes, length: float) -> None:
    circle = Circle((0, 0), BARS + length, fill=False, edgecolor=INK, linewidth=0.8, linestyle=(0, (4, 3)), alpha=0.7)
    axes.add_patch(circle)


def _even_length(lengths: Sequence[float]) -> float:
    return sum(lengths) / len(lengths)


def _extent(arcs: Sequence[Arc], lengths: Sequence[float], labels: Sequence[Label]) -> tuple[float, float]:
    """The lowest and the highest that is drawn, and a little room."""
    steps = [step / 20 for step in range(21)]
    heights = [
        _point(arc.start + step * (arc.end - arc.start), BARS + max(length, _even_length(lengths)))[1]
        for arc, length in zip(arcs, lengths, strict=True)
        for step in steps
    ]
    edges = [edge for label in labels for edge in (label.y, label.y + label.height)]
    return min(*heights, *edges) - 0.15, max(*heights, *edges) + 0.15


# What is written around it


class Label(NamedTuple):
    """A text and the box that it takes."""

    text: str
    points: float
    weight: str
    x: float
    y: float
    width: float
    height: float

    def covers(self, other: Label) -> bool:
        """Whether the two would touch."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        return across > -0.06 and min(self.y + self.height, other.y + other.height) - max(self.y, other.y) > 0

    def reaches_into(self, arcs: Sequence[Arc], lengths: Sequence[float]) -> bool:
        """Whether it would be written over a bar."""
        corners = [
            (self.x + part * self.width, y) for part in (0, 0.25, 0.5, 0.75, 1) for y in (self.y, self.y + self.height)
        ]
        starts = [arc.start for arc in arcs]
        return any(
            hypot(x, y) < BARS + lengths[bisect_right(starts, (0.25 - atan2(y, x) / (2 * pi)) % 1) - 1] + 0.04
            for x, y in corners
        )

    def write(self, axes: Axes) -> None:
        """Write it."""
        axes.text(
            self.x + self.width / 2,
            self.y + self.height / 2,
            self.text,
            ha="center",
            va="center",
            fontsize=self.points,
            fontweight=self.weight,
            linespacing=1.25,
        )


def _labels(arcs: Sequence[Arc], lengths: Sequence[float]) -> list[Label]:
    """Labels of the arcs, the hottest first; one that finds no room is left out."""
    labels: list[Label] = []
    for arc, length in sorted(zip(arcs, lengths, strict=True), key=lambda pair: (-pair[0].records, pair[0].start)):
        for further in (0, 0.1, 0.2):
            label = _label(arc, max(length, _even_length(lengths)) + further, arcs)
            if not (label.reaches_into(arcs, lengths) or any(label.covers(other) for other in labels)):
                labels.append(label)
                break
    return labels


def _label(arc: Arc, outside: float, arcs: Sequence[Arc]) -> Label:
    """The label of an arc, next to its middle, so far outside of the arc."""
    hot = _is_hot(arc, arcs)
    full = hot or len(arcs) <= MOST_FULL_LABELS
    text, points, weight = _words(arc, arcs, full), (9 if full else 8), ("bold" if hot else "normal")
    width, height = text_width(text, points, weight), LINE * (text.count("\n") + 1)
    x, y = _point((arc.start + arc.end) / 2, BARS + outside + 0.09)
    right, up = _point((arc.start + arc.end) / 2, 1)
    x += (max(-1, min(1, 8 * right)) - 1) * width / 2
    y += (max(-1, min(1, 1.3 * up)) - 1) * height / 2
    return Label(text, points, weight, x, y, width, height)


def _words(arc: Arc, arcs: Sequence[Arc], full: bool) -> str:
    total = sum(arc.records for arc in arcs)
    name = shard_label(arc.shard)
    if total:
        short = f"{name} · {percent(arc.records / total)}"
        return f"{short}\n{plural(arc.records, 'record')}" if full else short
    return f"{name}\n{percent(arc.end - arc.start)} of the ring" if full else name


# Keys


def _dots(arcs: Sequence[Arc], keys: pd.DataFrame) -> list[Dot]:
    """The keys as dots, the largest first; a dot's area is in proportion to the key's records."""
    rows = sorted(
        zip(keys["partition_key"].map(str), keys["hash_key"].map(int), keys["records"].map(int), strict=True),
        key=lambda row: (-row[2], row[1]),
    )
    columns = [hash_key * COLUMNS // HASH_KEYS for _, hash_key, _ in rows]
    for largest, smallest in DIAMETERS:
        diameters = [max(smallest, largest * sqrt(count / rows[0][2])) for _, _, count in rows]
        depths = _pile(columns, diameters)
        if sum(depth > DEPTH for depth in depths) <= 0.02 * len(depths):
            break
    firsts = [arc.first for arc in arcs]
    dots = []
    for (key, hash_key, count), column, diameter, depth in zip(rows, columns, diameters, depths, strict=True):
        owner = arcs[bisect_right(firsts, hash_key) - 1]
        radius = RADIUS - min(depth, DEPTH)
        dots.append(Dot(key, count, (column + 0.5) / COLUMNS, diameter, radius, shard_colour(owner.shard)))
    return dots


def _pile(columns: Sequence[int], diameters: Sequence[float]) -> list[float]:
    """How far inside the ring the centre of each dot is, if they pile up in their columns in this order."""
    tops = [0.06] * COLUMNS
    depths = []
    for column, diameter in zip(columns, diameters, strict=True):
        reach = int(diameter / 2 / COLUMN + 0.3)
        covered = [(column + step) % COLUMNS for step in range(-reach, reach + 1)]
        top = max(tops[near] for near in covered)
        for near in covered:
            tops[near] = top + diameter
        depths.append(top + diameter / 2)
    return depths


def _draw_dots(axes: Axes, dots: Sequence[Dot]) -> None:
    axes.scatter(
        [dot.at[0] for dot in dots],
        [dot.at[1] for dot in dots],
        s=[(72 * dot.diameter) ** 2 for dot in dots],
        c=[dot.colour for dot in dots],
        edgecolors=PAPER,
        linewidths=[0.5 if dot.diameter > 0.05 else 0 for dot in dots],
    )


def _write_middle(axes: Axes, dots: Sequence[Dot], total: int) -> None:
    """In the middle of the ring: the names of the keys that stand out, or what all the keys add up to."""
    few = len(dots) <= MOST_NAMED_KEYS
    big = [dot for dot in dots[:MOST_NAMED_KEYS] if few or dot.records >= 2 * total / len(dots)]
    if not big:
        text = f"{plural(len(dots), 'key')}\n{plural(total, 'record')}" if dots else "2¹²⁸\nhash keys"
        axes.text(0, 0, text, ha="center", va="center", color=MUTED, linespacing=1.5)
        return
    big.sort(key=lambda dot: -dot.at[1])
    texts = [f"{shortened(dot.key, LONGEST_KEY)} · {percent(dot.records / total)}" for dot in big]
    heights = _lines([dot.at[1] for dot in big])
    halves = [text_width(text, 8.3) / 2 + 0.05 for text in texts]
    for dot, text, y, half in zip(big, texts, heights, halves, strict=True):
        axes.text(0, y, text, ha="center", va="center", fontsize=8.3)
        xs, ys = zip(*_leader(dot.at, y, half, max(halves), heights), strict=True)
        axes.plot(xs, ys, color=dot.colour, linewidth=0.9, zorder=0.9)


def _leader(
    dot: tuple[float, float], y: float, half: float, widest: float, heights: Sequence[float]
) -> list[tuple[float, float]]:
    """A line from a text of that half width at height `y` to its dot, around the other lines of text."""
    side = 1 if dot[0] > 0 else -1
    nearest = heights[0] if dot[1] > heights[0] else heights[-1]
    beyond = nearest + 0.1 * (1 if dot[1] > nearest else -1)
    if abs(dot[0]) >= widest:
        return [(side * half, y), (side * widest, y), dot]
    if y == nearest:
        return [(max(-half, min(half, dot[0])), beyond), dot]
    return [(side * half, y), (side * widest, y), (side * widest, beyond), dot]


def _lines(wanted: Sequence[float]) -> list[float]:
    """Heights for lines of text near those wanted, which fall; none closer to the next than a line, all inside."""
    step = LINE * 1.25
    room = 2 * step
    heights: list[float] = []
    for i, height in enumerate(wanted):
        lowest = -room + step * (len(wanted) - 1 - i)
        highest = heights[-1] - step if heights else room
        heights.append(min(max(height * 0.4, lowest), highest))
    return heights
