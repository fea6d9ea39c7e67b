"""The search for a bad record: a batch, the parts into which it was cut, and what became of each."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.ledger import spans
from helpers.pictures.style import BLANK, DPI, FAIL, MUTED, PAPER, RC, Picture, plural, shard_colour, text_width
from helpers.pictures.tables import chosen

NEEDED = ("at", "kind", "shard", "mapping", "lane", "places", "records", "done", "outcome")
EDGE, TOP, BOTTOM = 0.3, 0.74, 0.3
ROW, BAR = 0.56, 0.3
"""Inches from one row to the next, and of a bar."""
NARROWEST = 0.05
"""Inches below which no bar is drawn."""
SMALL = 7.5


class Part(NamedTuple):
    """Records of the batch that were tried together."""

    places: tuple[int, ...]
    depth: int
    """How often the batch was cut until it was this."""
    calls: list[int]
    """Which of all the calls, from 1, had these records."""
    done: int
    """How many of them, from the first, were done in the last of these calls."""
    end: str
    """What became of the rest, if it was given up: reported or dropped."""


def bisect_tree(table: pd.DataFrame) -> Picture:
    """Draw how the first batch that failed was cut into parts, and which of them went through.

    table: the flight recorder's; its rows of kind `invoke` are the calls, `discard` what was given up.

    Raises ValueError when a column is missing.
    """
    rows = chosen(table, NEEDED, "invoke", "discard")
    if not rows.empty:
        rows = rows[rows["mapping"].notna() & rows["places"].notna()]
    parts, shard = parts_of(rows)
    if not parts:
        return Picture(BLANK, "No batch has failed", "nothing was cut; put a bad record, and draw again")
    depths = max(part.depth for part in parts) + 1
    picture = Picture(
        TOP + depths * ROW + BOTTOM,
        finding(parts),
        "row = one cut further · bar = records tried together, with their number · below: which call · "
        "hatched red = failed",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=EDGE, right=EDGE, bottom=BOTTOM, top=TOP)
        whole = parts[0].places
        axes.set_xlim(0, len(whole))
        axes.set_ylim(depths * ROW, 0)
        axes.axis("off")
        for depth in range(depths):
            _draw_row(axes, [part for part in parts if part.depth == depth], whole, shard_colour(shard))
    return picture


def parts_of(rows: pd.DataFrame) -> tuple[list[Part], str]:
    """The parts of the first batch that failed, in the order in which they were first tried, and its shard."""
    calls = rows[rows["kind"] == "invoke"] if not rows.empty else rows
    failed = calls[calls["outcome"] != "ok"] if not calls.empty else calls
    if failed.empty:
        return [], ""
    first = failed.iloc[0]
    whole = _places(first["places"])
    same = rows[(rows["shard"] == first["shard"]) & (rows["lane"] == first["lane"]) & (rows["at"] >= first["at"])]
    parts: dict[tuple[int, ...], Part] = {}
    for number, row in enumerate(same[same["kind"] == "invoke"].itertuples(), 1):
        call: Any = row
        places = _places(call.places)
        if not set(places) <= set(whole):
            break
        known = parts.get(places)
        if known is None:
            over = [part.depth for part in parts.values() if set(places) < set(part.places)]
            known = Part(places, max(over, default=-1) + 1, [], 0, "")
        parts[places] = known._replace(calls=[*known.calls, number], done=int(call.done))
    for row in same[same["kind"] == "discard"].itertuples():
        given_up: Any = row
        places = _places(given_up.places)
        if places in parts:
            parts[places] = parts[places]._replace(end=str(given_up.outcome))
    return list(parts.values()), str(first["shard"])


def finding(parts: list[Part]) -> str:
    """What the search found, in a sentence."""
    calls = sum(len(part.calls) for part in parts)
    total = len(parts[0].places)
    given_up = sum(len(part.places) for part in parts if part.end)
    through = len({place for part in parts for place in part.places[: part.done]})
    if not given_up:
        return f"{plural(calls, 'call')}: {through} of {plural(total, 'record')} went through so far"
    alone = all(len(part.places) == 1 for part in parts if part.end)
    if alone and through == total - given_up:
        bad = plural(given_up, "bad record")
        return f"{plural(calls, 'call')} found {bad} among {total}; the other {through} went through"
    return f"{plural(calls, 'call')}: {through} of {plural(total, 'record')} went through, {given_up} were given up"


def _places(text: str) -> tuple[int, ...]:
    return tuple(place for first, last in spans(text) for place in range(first, last + 1))


def _draw_row(axes: Axes, parts: list[Part], whole: tuple[int, ...], colour: str) -> None:
    """The parts of one depth, each where its records stand in the batch."""
    position = {place: index for index, place in enumerate(whole)}
    per_inch = len(whole) / (axes.bbox.width / DPI)
    free = -1.0
    for part in sorted(parts, key=lambda each: each.places):
        first, last = position[part.places[0]], position[part.places[-1]] + 1
        top = part.depth * ROW + 0.03
        width = max(last - first, NARROWEST * per_inch)
        gap = min(0.02 * per_inch, width / 6)
        done = part.done * width / len(part.places)
        if part.done:
            axes.add_patch(Rectangle((first + gap, top), done - 2 * gap, BAR, facecolor=colour, linewidth=0))
        if part.done < len(part.places):
            rest: Any = {"facecolor": PAPER, "edgecolor": FAIL, "hatch": "/////", "linewidth": 1.1}
            axes.add_patch(Rectangle((first + done + gap, top), width - done - 2 * gap, BAR, **rest))
        _write_count(axes, first, width, top, part, per_inch)
        free = _write_calls(axes, first + width / 2, top + BAR + 0.035, part, per_inch, free)


def _write_count(axes: Axes, first: float, width: float, top: float, part: Part, per_inch: float) -> None:
    """The number of records, in the bar if it has room; of a partial success, of both of its parts."""
    share = width / len(part.places)
    for start, count, failed in ((0, part.done, False), (part.done, len(part.places) - part.done, True)):
        room = count * share - text_width(str(count), 8.5, "bold") * per_inch
        if count and room > 0.12 * per_inch:
            axes.text(
                first + (start + count / 2) * share,
                top + BAR / 2,
                f"{count:,}",
                ha="center",
                va="center_baseline",
                fontsize=8.5,
                fontweight="bold",
                color=FAIL if failed else PAPER,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0} if failed else None,
            )


def _write_calls(axes: Axes, middle: float, y: float, part: Part, per_inch: float, free: float) -> float:
    """Below a bar, which of the calls it was, and how it ended; returns up to where the line is taken."""
    long = f"{'call' if len(part.calls) == 1 else 'calls'} {_series(part.calls)}"
    text = f"{long}: {part.end}" if part.end else long
    width = text_width(text, SMALL) * per_inch
    left = min(max(middle - width / 2, 0.0), axes.get_xlim()[1] - width)
    if left < free:
        text = _series(part.calls)
        width = text_width(text, SMALL) * per_inch
        left = middle - width / 2
    if left < free:
        return free
    axes.text(left, y, text, va="top", fontsize=SMALL, color=FAIL if part.end else MUTED)
    return left + width + 0.06 * per_inch


def _series(numbers: list[int]) -> str:
    """`3`, `3, 5`, or `3 to 9`."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))
