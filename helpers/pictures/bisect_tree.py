"""The search for a bad record: a batch, the parts into which it was cut, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.pictures.style import (
    BLANK,
    FAIL,
    MUTED,
    PAPER,
    RC,
    WASH,
    WIDTH,
    Picture,
    plural,
    shard_colour,
    text_width,
)
from helpers.pictures.tables import chosen, one_stream
from kinesis_lab.ledger import spans

NEEDED = ("at", "kind", "shard", "mapping", "lane", "places", "records", "done", "outcome")
SAME = ("stream", "mapping", "shard", "lane")
"""What the rows about one batch have in common."""
WAITING = "not tried yet"

EDGE, TOP, BOTTOM = 0.3, 0.74, 0.3
ACROSS = WIDTH - 2 * EDGE
ROW, BAR = 0.55, 0.29
"""Inches from one row to the next, and of a bar."""
BELOW, LINE, CROSS = 0.355, 0.13, 0.14
"""Inches from the top of a row to the text below its bars, of a line of it, and of a cross in it."""
LEAF, ROOM = 0.5, 0.85
"""Inches that every part has if there is room for it, and the share of the width that is dealt out for that."""
SMALL = 7.5


class Part(NamedTuple):
    """Records of the batch that stayed together."""

    places: tuple[int, ...]
    depth: int
    """How often the batch was cut until it was this."""
    calls: tuple[int, ...] = ()
    """Which of all the calls, from 1, had these records."""
    done: int = 0
    """How many of them, from the first, were done in the last of these calls."""
    end: str = ""
    """What became of the rest: reported, dropped, expired, `WAITING`; nothing if it was cut, or is being retried."""

    @property
    def given_up(self) -> bool:
        """Whether it ended without being done."""
        return self.end not in ("", WAITING)


def bisect_tree(table: pd.DataFrame, shard: str | None = None, start: float | None = None) -> Picture:
    """Draw how the first batch that failed was cut into parts, and which of them went through.

    table: the flight recorder's; its rows of kind `invoke` are the calls, `discard` and `expired` what was given up.
    shard: the shard whose batch is asked about; else that of the first failure.
    start: virtual seconds from which on to look for a batch that failed; else from the beginning.

    Raises ValueError when a column is missing, or the table has the shards of several streams.
    """
    rows = chosen(table, NEEDED, "invoke", "discard", "expired")
    if not rows.empty:
        rows = one_stream(rows[rows["mapping"].notna() & rows["lane"].notna() & rows["places"].notna()])
        rows = rows[rows["shard"] == shard] if shard is not None else rows
        rows = rows[rows["at"] >= start] if start is not None else rows
    parts, of = parts_of(rows)
    if not parts:
        return Picture(BLANK, "No batch has failed", "nothing was cut; put a bad record, and draw again")
    depths = max(part.depth for part in parts) + 1
    tree = _Tree(parts, shard_colour(of))
    picture = Picture(TOP + depths * ROW + BOTTOM, finding(parts), reading(parts, to_scale=tree.to_scale))
    with rc_context(RC):
        axes = picture.axes_below_title(left=EDGE, right=EDGE, bottom=BOTTOM, top=TOP)
        axes.set_xlim(0, ACROSS)
        axes.set_ylim(depths * ROW, 0)
        axes.axis("off")
        tree.draw(axes)
    return picture


def parts_of(rows: pd.DataFrame) -> tuple[list[Part], str]:
    """The parts of the first batch that failed, in the order in which they were first met, and its shard."""
    failed = rows[(rows["kind"] == "invoke") & (rows["outcome"] != "ok")] if not rows.empty else rows
    if failed.empty:
        return [], ""
    first = failed.iloc[0]
    same = rows[rows["at"] >= first["at"]]
    for column in (name for name in SAME if name in rows):
        same = same[same[column] == first[column]]
    whole = _places(first["places"])
    known, parts = {first["places"]: whole}, {whole: Part(whole, 0)}
    calls: dict[tuple[int, ...], list[int]] = {whole: []}
    number = 0
    for row in same[["kind", "places", "done", "outcome"]].itertuples():
        entry: Any = row
        places = known.get(entry.places) or known.setdefault(entry.places, _places(entry.places))
        if places not in parts:
            over = [part.depth for part in parts.values() if set(places) < set(part.places)]
            if not over and entry.kind == "invoke":
                break  # the next batch
            if not over:
                continue
            parts[places], calls[places] = Part(places, max(over) + 1), []
        if entry.kind == "invoke":
            number += 1
            calls[places].append(number)
            parts[places] = parts[places]._replace(done=int(entry.done))
        else:
            end = str(entry.outcome) if entry.kind == "discard" else "expired"
            parts[places] = parts[places]._replace(end=end)
    found = [part._replace(calls=tuple(calls[places])) for places, part in parts.items()]
    return [*found, *_untried(found)], str(first["shard"])


def _untried(parts: list[Part]) -> list[Part]:
    """What was cut off from a part and has not been tried yet."""
    found = []
    for part in parts:
        met = {place for other in parts if other.depth > part.depth for place in other.places}
        rest = part.places[part.done :]
        left = tuple(place for place in rest if place not in met)
        if left and len(left) < len(rest):
            found.append(Part(left, part.depth + 1, end=WAITING))
    return found


def finding(parts: list[Part]) -> str:
    """What the search found, in a sentence."""
    calls = plural(sum(len(part.calls) for part in parts), "call")
    total = len(parts[0].places)
    lost = [part for part in parts if part.given_up]
    gone = sum(len(part.places) - part.done for part in lost)
    through = len({place for part in parts for place in part.places[: part.done]})
    over = through + gone == total
    if over and lost and all(len(part.places) == 1 and part.calls for part in lost):
        if not through:
            return f"{calls} found that all {total:,} records are bad" if total > 1 else f"{calls}: 1 bad record"
        others = "one" if through == 1 else f"{through:,}"
        return f"{calls} found {plural(gone, 'bad record')} among {total:,}; the other {others} went through"
    told = f"{calls}: {through:,} of {plural(total, 'record')} went through{'' if over else ' so far'}"
    if not gone:
        return told
    given_up = f"{'was' if gone == 1 else 'were'} given up"
    return f"{told}, {gone:,} {'expired' if all(part.end == 'expired' for part in lost) else given_up}"


def reading(parts: list[Part], *, to_scale: bool) -> str:
    """How to read the picture."""
    ends = sorted({part.end for part in parts if part.given_up})
    cross = f" · cross = {' or '.join(ends)}" if ends else ""
    scale = "" if to_scale else " (not to scale)"
    return (
        f"row = one cut further · bar = records tried together, with their number{scale} · hatched red = failed{cross}"
    )


def _places(text: str) -> tuple[int, ...]:
    return tuple(place for first, last in spans(text) for place in range(first, last + 1))


def widths(records: Sequence[int]) -> tuple[list[float], bool]:
    """How wide to draw so many records, one beside the other, and whether that is to scale.

    It is unless one would then be too narrow to read; then all have what it takes, and more records are still wider.
    """
    least, total = min(LEAF, ROOM * ACROSS / len(records)), sum(records)
    if min(records) * ACROSS >= least * total:
        return [count * ACROSS / total for count in records], True
    return [least + (ACROSS - least * len(records)) * count / total for count in records], False


class _Tree:
    """Draws the parts of a batch, each below what it was cut from; one unit of the axes is an inch."""

    axes: Axes

    def __init__(self, parts: list[Part], colour: str) -> None:
        self.parts = parts
        self.colour = colour
        self._index = {place: index for index, place in enumerate(parts[0].places)}
        cuts = {0, len(self._index)}
        for part in parts:
            first, last = self._from_to(part)
            cuts |= {first, first + part.done, last}
        self._cuts = sorted(cuts)
        between, self.to_scale = widths([later - earlier for earlier, later in pairwise(self._cuts)])
        self._where = list(accumulate(between, initial=0.0))

    def draw(self, axes: Axes) -> None:
        """Draw all rows."""
        self.axes = axes
        for depth in range(max(part.depth for part in self.parts) + 1):
            row = sorted((part for part in self.parts if part.depth == depth), key=self._from_to)
            free = 0.0
            for part in row:
                self._draw_bars(part)
                free = self._write_calls(part, free)
            self._write_ends([part for part in row if part.given_up], depth)

    def _from_to(self, part: Part) -> tuple[int, int]:
        return self._index[part.places[0]], self._index[part.places[-1]] + 1

    def _at(self, index: int) -> float:
        return float(np.interp(index, self._cuts, self._where))

    def _extent(self, part: Part) -> tuple[float, float]:
        first, last = self._from_to(part)
        return self._at(first), self._at(last)

    def _draw_bars(self, part: Part) -> None:
        """What is done, and what is not, each with its number of records."""
        left, right = self._extent(part)
        cut = self._at(self._from_to(part)[0] + part.done)
        top = part.depth * ROW + 0.03
        if part.done:
            self._draw_bar(left, cut, top, part.done, PAPER, {"facecolor": self.colour, "linewidth": 0})
        rest = len(part.places) - part.done
        if not rest:
            return
        if part.end == WAITING:
            dashed = {"facecolor": WASH, "edgecolor": MUTED, "linewidth": 0.8, "linestyle": (0, (3, 2))}
            self._draw_bar(cut, right, top, rest, MUTED, dashed)
            return
        hatch = "/////" if part.calls else None
        failed = {"facecolor": PAPER, "edgecolor": FAIL, "hatch": hatch, "linewidth": 1.1}
        self._draw_bar(cut, right, top, rest, FAIL, failed)

    def _draw_bar(self, left: float, right: float, top: float, count: int, ink: str, style: Any) -> None:
        """A bar, and in it the number of its records if it has room."""
        gap = min(0.02, (right - left) / 6)
        self.axes.add_patch(Rectangle((left + gap, top), right - left - 2 * gap, BAR, **style))
        text = f"{count:,}"
        if right - left < text_width(text, 8.5, "bold") + 0.1:
            return
        self.axes.text(
            (left + right) / 2,
            top + BAR / 2,
            text,
            ha="center",
            va="center_baseline",
            fontsize=8.5,
            fontweight="bold",
            color=ink,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0} if style.get("hatch") else None,
        )

    def _write_calls(self, part: Part, free: float) -> float:
        """Below a bar, which of the calls it was, as far as there is room; returns up to where the line is taken."""
        left, right = self._extent(part)
        numbers = _series(part.calls)
        texts = [f"{'call' if len(part.calls) == 1 else 'calls'} {numbers}", numbers] if numbers else []
        for text in [WAITING] if part.end == WAITING else texts:
            width = text_width(text, SMALL)
            start = min(max((left + right - width) / 2, 0.0), ACROSS - width)
            if start >= free and width <= right - left + 0.04:
                self._write(start, part.depth * ROW + BELOW, text, FAIL if part.given_up else MUTED)
                return start + width + 0.06
        return free

    def _write_ends(self, parts: list[Part], depth: int) -> None:
        """Below that, a cross for each part that was given up; and how it ended, if there is room in the whole row."""
        written = []
        for part in parts:
            left, right = self._extent(part)
            left = self._at(self._from_to(part)[0] + part.done)
            width = CROSS + text_width(part.end, SMALL)
            start = min(max((left + right - width) / 2, 0.0), ACROSS - width)
            written.append((start, start + width))
        taken = [self._extent(part) for part in self.parts if part.depth == depth + 1]
        boxes = sorted(taken + written)
        named = all(earlier[1] + 0.04 < later[0] for earlier, later in pairwise(boxes) if {earlier, later} - set(taken))
        for part, (start, end) in zip(parts, written, strict=True):
            y = depth * ROW + BELOW + (LINE if part.calls else 0.0)
            if named:
                self._write(start + CROSS, y, part.end, FAIL)
            mark: Any = {"marker": "X", "markersize": 6.5, "markeredgewidth": 0, "color": FAIL, "clip_on": False}
            self.axes.plot(start + 0.05 if named else (start + end) / 2, y + 0.055, **mark)

    def _write(self, left: float, y: float, text: str, colour: str) -> None:
        self.axes.text(left, y, text, va="top", fontsize=SMALL, color=colour)


def _series(numbers: tuple[int, ...]) -> str:
    """`3`, `3, 5`, or `3 to 9`."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]:,} to {numbers[-1]:,}"
    return ", ".join(f"{number:,}" for number in numbers)
