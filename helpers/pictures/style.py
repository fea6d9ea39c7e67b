"""The visual language of the workbook: one palette, one way to title, one way to show.

The shard colours are Okabe and Ito's, which colour-blind readers can tell apart and which differ in lightness, too.
A shard has the same colour in every picture.  Red is for what failed and for nothing else.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from helpers import descriptions

INK = "#22303c"
MUTED = "#6d7a86"
RULE = "#e6ebef"
PAPER = "#ffffff"
WASH = "#f4f7f9"
FAIL = "#c8102e"
SHARDS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#8c6d1f")

HALO = [withStroke(linewidth=2.5, foreground=PAPER)]
"""What keeps words legible over lines."""

WIDTH = 8.6
"""Inches: as wide as a notebook's text."""
DPI = 110
BLANK = 0.72
"""Inches of height of a picture that has nothing to show but its title."""
UNITS = ((1e-3, "milliseconds", 0.2), (1.0, "seconds", 300.0), (60.0, "minutes", 10_800.0), (3600.0, "hours", 1e12))
"""Seconds in a unit of time, its name, and the longest span that is shown in it."""

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": PAPER,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "hatch.linewidth": 0.7,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


class Picture(Figure):
    """A figure that knows what it says.

    `finding` is its title, `reading` the grey line on how to read it.  As text it is its finding, so that a reader
    without eyes on it, and a test, have something to go by.
    """

    def __init__(self, height: float, finding: str, reading: str) -> None:
        """A figure of the usual width and `height` inches, titled."""
        super().__init__(figsize=(WIDTH, height), dpi=DPI)
        self.finding = finding
        self.reading = reading
        with rc_context(RC):
            self.text(0.16 / WIDTH, 1 - 0.24 / height, finding, fontsize=11.5, fontweight="bold", va="center")
            self.text(0.16 / WIDTH, 1 - 0.48 / height, reading, fontsize=8.3, color=MUTED, va="center")

    def axes_below_title(self, *, left: float, right: float, bottom: float, top: float = 0.66) -> Axes:
        """Axes with these margins in inches; the title takes the first 0.66."""
        width, height = self.get_size_inches()
        box = (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
        return self.add_axes(box)

    def png(self) -> bytes:
        """The picture as a PNG file; the same table gives the same bytes."""
        buffer = io.BytesIO()
        with rc_context(RC):
            self.savefig(buffer, format="png", dpi=DPI, facecolor=PAPER, metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        """The finding, as text."""
        return f"<picture: {self.finding}>"

    __str__ = __repr__

    def described(self) -> dict[str, Any]:
        """What is drawn, whatever drew it: every text in its order, and how many shapes of each kind.

        PNG files of different processors differ in single bytes; this does not.
        """
        self.draw_without_rendering()
        texts = [text.get_text() for text in self.findobj(Text) if text.get_visible() and text.get_text().strip()]
        shapes = Counter(type(artist).__name__ for artist in self.findobj(Artist) if not isinstance(artist, Text))
        return {"finding": self.finding, "texts": texts, "shapes": dict(sorted(shapes.items()))}

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"image/png": self.png(), "text/plain": repr(self)}
        if os.environ.get(descriptions.WANTED):
            bundle[descriptions.MIME_TYPE] = self.described()
        return bundle


def shard_index(shard_id: str) -> int:
    """3 for shardId-000000000003."""
    return int(shard_id.rpartition("-")[2])


def shard_label(shard_id: str) -> str:
    """`shard 3` for shardId-000000000003."""
    return f"shard {shard_index(shard_id)}"


def shard_colour(shard_id: str) -> str:
    """The colour of a shard, by its number; after six shards the colours come again."""
    return SHARDS[shard_index(shard_id) % len(SHARDS)]


def tint(colour: str, strength: float) -> tuple[float, float, float]:
    """The colour mixed with paper: strength 1 is the colour itself, 0 is paper."""
    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def plural(count: int, noun: str, nouns: str = "") -> str:
    """`1 batch`, `12 batches`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def shortened(name: str, most: int) -> str:
    """A name of at most this many characters; what is left out in the middle becomes an ellipsis."""
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}…{name[head + 1 - most :]}"


def percent(share: float) -> str:
    """`62%`; `<1%` for what is there but would be rounded to nothing."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def named(shard_ids: Sequence[str], total: int) -> str:
    """`shard 2`, `shards 0 and 2`, or `12 of 40 shards` where their names would be too long."""
    numbers = [str(shard_index(shard)) for shard in sorted(shard_ids)]
    if len(numbers) > 4:
        return f"{len(numbers)} of {total} shards"
    if len(numbers) == 1:
        return f"shard {numbers[0]}"
    return f"shards {', '.join(numbers[:-1])} and {numbers[-1]}"


def who(shards: Sequence[str], total: int) -> str:
    """`shard 2`, `shards 0 and 2`, `5 of 8 shards`, `all 3 shards`."""
    return f"all {total} shards" if len(shards) == total > 2 else named(shards, total)


def time_unit(span: float) -> tuple[float, str]:
    """The seconds in the unit in which a span of seconds is shown, and the unit's name."""
    return next((size, name) for size, name, most in UNITS if span <= most)


def duration(seconds: float) -> str:
    """`200 ms`, `1.5 s`, `2 min 30 s`, `23 h 59 min`, `7 days`: no more than two units."""
    if 0 < seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    size, name, part, part_name = next(
        unit
        for unit in ((86_400, "days", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
        if round(seconds / unit[2]) * unit[2] >= (2 if unit[1] == "days" else 1) * unit[0]
    )
    whole, rest = divmod(round(seconds / part), size // part)
    return f"{whole} {name} {rest} {part_name}" if rest else f"{whole} {name}"


@lru_cache(maxsize=4096)
def text_width(text: str, points: float, weight: str = "normal") -> float:
    """Inches that a text takes in a picture; of several lines, the longest counts."""
    font = FontProperties(family=RC["font.family"], weight=weight)
    lines = [line for line in text.split("\n") if line.strip()]
    return max((TextPath((0, 0), line, size=points, prop=font).get_extents().width / 72 for line in lines), default=0.0)
