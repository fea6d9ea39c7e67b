"""The life of one record: when it was put, each time it was read, and when it was trimmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.pictures.moments import places, squeeze
from helpers.pictures.style import (
    BLANK,
    DPI,
    FAIL,
    INK,
    MUTED,
    PAPER,
    RC,
    Picture,
    duration,
    shard_colour,
    shard_label,
    shortened,
    text_width,
)
from helpers.pictures.tables import chosen, one_stream

READERS = {"get": "GetRecords", "poll": "mapping", "push": "fan-out"}
"""Kinds of the flight recorder's rows in which a record is read, and who reads it."""
LEFT, RIGHT, BOTTOM, TOP = 0.75, 0.75, 0.1, 0.8
"""Inches around the line of life and what is written at it."""
LOW, HIGH = 0.42, 0.76
"""Inches between which the line runs."""
LINE = 0.15
"""Inches from one line of small text to the next."""
NARROWEST = 0.135
"""Share of the line there is at least between two moments that are named."""
KEPT = "kept, read or not"
MOST_NAMED = 4
"""Up to so many moments of reading are named: the first and the last; the others are only marked."""


class Life(NamedTuple):
    """What became of a record, in virtual seconds."""

    shard: str
    put: float
    reads: dict[float, Counter[str]]
    """By the moments in which it was read: how many of which readers."""
    trimmed: float
    lost: float | None
    """When a mapping gave it up, because it was trimmed before it was processed."""


def life_of_a_record(events: pd.DataFrame, number: int | str, *, retention_hours: float) -> Picture:
    """Draw when a record was put, read and trimmed.

    events: the flight recorder's rows: kind, at (virtual seconds), shard, first and last (sequence numbers, as decimal
        strings); of the kinds `put`, `get`, `poll`, `push` and `expired`, others do not matter.
    number: the record's sequence number.
    retention_hours: for how long its stream keeps records.

    Raises ValueError when a column is missing or when the record is in several streams.
    """
    events = chosen(events, ("kind", "at", "shard", "first", "last"), "put", "expired", *READERS)
    life = None if events.empty else _life(events, int(number), retention_hours * 3600)
    name = shortened(str(number), 17)
    if life is None:
        return Picture(BLANK, "This record has not been put", f"no row of the kind put has the sequence number {name}")
    reading = (
        f"record {name} of {shard_label(life.shard)} · white dot = a reading · times since it was put, not to scale"
    )
    height = HIGH + 0.4 + LINE * max([1, *map(len, life.reads.values())])
    picture = Picture(TOP + height + BOTTOM, finding(life), reading)
    with rc_context(RC):
        axes = picture.axes_below_title(left=LEFT, right=RIGHT, bottom=BOTTOM, top=TOP)
        axes.axis("off")
        axes.set_ylim(0, height)
        named = _named(life)
        _place(axes, life, named)
        _draw_line(axes, life, named)
        _write(axes, life.put, "put", "0 s")
        for moment in named:
            _write_reading(axes, life, moment)
        if life.lost != life.trimmed:
            _write(axes, life.trimmed, "trimmed", duration(life.trimmed - life.put))
        if life.lost is not None:
            _write_loss(axes, life, life.lost)
    return picture


def finding(life: Life) -> str:
    """What the life of the record shows, in a sentence."""
    age = duration(life.trimmed - life.put)
    if life.lost is not None:
        return f"Lost: trimmed when it was {age} old, before its mapping had processed it"
    count = sum(readers.total() for readers in life.reads.values())
    if not count:
        return f"Never read, and trimmed all the same when it is {age} old"
    times = {1: "once", 2: "twice"}.get(count, f"{count} times")
    return f"Read {times}, and kept all the same until it is {age} old"


def _life(events: pd.DataFrame, number: int, retention: float) -> Life | None:
    found = events[[_holds(*ends, number) for ends in zip(events["first"], events["last"], strict=True)]]
    puts = one_stream(found[found["kind"] == "put"])
    if puts.empty:
        return None
    put: Any = next(puts.itertuples())
    reads: dict[float, Counter[str]] = {}
    lost = None
    for row in found[found["shard"] == put.shard].sort_values("at", kind="stable").itertuples():
        event: Any = row
        if "stream" in events and event.stream != put.stream:
            continue
        if event.kind in READERS:
            reads.setdefault(event.at, Counter())[READERS[event.kind]] += 1
        elif event.kind == "expired":
            lost = event.at
    trimmed = put.at + retention if lost is None else min(put.at + retention, lost)
    return Life(put.shard, put.at, reads, trimmed, lost)


def _holds(first: object, last: object, number: int) -> bool:
    """Whether a row with these sequence numbers, if it has any, is about the record."""
    return isinstance(first, str) and isinstance(last, str) and int(first) <= number <= int(last)


# Drawing


def _named(life: Life) -> list[float]:
    """The moments of reading that have a name: the first ones, and the last."""
    moments = list(life.reads)
    return [*moments[: MOST_NAMED - 1], *moments[MOST_NAMED - 1 :][-1:]]


def _place(axes: Axes, life: Life, named: Sequence[float]) -> None:
    """Give the moments that are named the room they need, and spread the others evenly over the gap they are in."""
    times = sorted({life.put, *named, life.trimmed, life.trimmed if life.lost is None else life.lost})
    where = places(times, NARROWEST)
    others = [moment for moment in life.reads if moment not in named]
    if others:
        i = times.index(named[-1])
        where[i:i] = np.linspace(where[i - 1], where[i], len(others) + 2)[1:-1].tolist()
        times[i:i] = others
    squeeze(axes, times, where)


def _draw_line(axes: Axes, life: Life, named: Sequence[float]) -> None:
    colour = shard_colour(life.shard)
    middle = (LOW + HIGH) / 2
    axes.add_patch(Rectangle((life.put, LOW), life.trimmed - life.put, HIGH - LOW, facecolor=colour))
    axes.plot([life.trimmed] * 2, [LOW - 0.06, HIGH + 0.06], color=INK, linewidth=2.5, clip_on=False)
    others = [moment for moment in life.reads if moment not in named]
    dots: dict[str, Any] = {"marker": "o", "linestyle": "", "markerfacecolor": PAPER, "clip_on": False}
    axes.plot(others, [middle] * len(others), markersize=4, markeredgewidth=0, **dots)
    axes.plot(named, [middle] * len(named), markersize=10, markeredgewidth=0, **dots)
    cap: dict[str, Any] = {"marker": "o", "color": colour, "clip_on": False}
    axes.plot([life.put], [middle], markersize=72 * (HIGH - LOW), markeredgewidth=0, **cap)
    axes.plot([life.put], [middle], markersize=12, markeredgewidth=2, markeredgecolor=PAPER, **cap)
    _write_kept(axes, max([life.put, *named]), life.trimmed)
    if life.lost is not None:
        axes.plot([life.lost], [middle], marker="X", markersize=11, color=FAIL, markeredgewidth=0, clip_on=False)


def _write_kept(axes: Axes, start: float, end: float) -> None:
    """In the line, between these moments, that the record is still there, if there is room for that."""
    left, right = axes.transData.transform([(start, 0), (end, 0)])[:, 0] / DPI
    if right - left > text_width(KEPT, 8.5, "bold") + 0.4:
        middle = axes.transData.inverted().transform(((left + right) / 2 * DPI, 0))[0]
        axes.text(
            middle, (LOW + HIGH) / 2, KEPT, ha="center", va="center", fontsize=8.5, fontweight="bold", color=PAPER
        )


def _write_reading(axes: Axes, life: Life, moment: float) -> None:
    before = sum(readers.total() for at, readers in life.reads.items() if at < moment)
    readers = life.reads[moment]
    if len(life.reads) == readers.total() == 1:
        what = "read"
    elif readers.total() == 1:
        what = f"read {before + 1}"
    else:
        what = f"reads {before + 1}–{before + readers.total()}"
    who = [name if count == 1 else f"{count} × {name}" for name, count in readers.items()]
    _write(axes, moment, what, duration(moment - life.put), who)


def _write_loss(axes: Axes, life: Life, lost: float) -> None:
    when = duration(lost - life.put) if lost == life.trimmed else f"{duration(lost - life.trimmed)} later"
    _write(axes, lost, "lost", when, ["not processed"], FAIL)


def _write(axes: Axes, moment: float, what: str, when: str, who: Sequence[str] = (), colour: str = INK) -> None:
    """Above the line what happened and who did it, below when."""
    style: dict[str, Any] = {"ha": "center", "va": "baseline"}
    for line, name in enumerate(reversed(who)):
        axes.text(moment, HIGH + 0.15 + LINE * line, name, fontsize=8, color=MUTED, **style)
    axes.text(moment, HIGH + 0.16 + LINE * 1.15 * len(who), what, fontweight="bold", color=colour, **style)
    axes.text(moment, LOW - 0.24, when, fontsize=8.5, color=colour, **style)
