"""Lineage: which shards there were, which hash keys they owned, and which became which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.pictures.moments import mark_evenly, mark_moments, places, squeeze
from helpers.pictures.style import (
    BLANK,
    DPI,
    INK,
    MUTED,
    PAPER,
    RC,
    Picture,
    plural,
    shard_colour,
    shard_index,
    shard_label,
    text_width,
    tint,
)
from helpers.pictures.tables import HASH_KEYS, chosen, one_stream

LEFT, RIGHT, BOTTOM, TOP = 0.7, 0.45, 0.55, 0.92
"""Inches around the shards."""
NARROWEST = 0.07
"""Share of the axis that there is at least between two moments."""
TAIL, SHORTEST = 0.25, 10.0
"""How long the last shards are drawn if nothing has come since: compared to the time before, and at least, in seconds.
"""
CLOSED = 0.3
"""How strong the colour of a closed shard is."""


class Shard(NamedTuple):
    """A shard from its opening to its closing, in virtual seconds."""

    id: str
    first: float
    """0 to 1, as a share of the hash keys."""
    last: float
    opened: float
    closed: float | None
    expired: bool
    parents: tuple[str, ...]


def lineage(events: pd.DataFrame, *, until: float | None = None) -> Picture:
    """Draw the shards of a stream over time, each as a block: across its life, down its hash keys.

    events: the flight recorder's rows of kind `shard`: at (virtual seconds), stream, shard, outcome (`opened`,
        `closed` or `expired`), first and last (the shard's hash keys, as decimal strings) and note (its parents' ids,
        with a blank between, or None); of one stream.
    until: the virtual second up to which to draw; else a while after the last event.

    Raises ValueError when a column is missing or the rows are of several streams.
    """
    events = one_stream(chosen(events, ("at", "shard", "outcome", "first", "last", "note"), "shard"))
    if until is not None and not events.empty:
        events = events[events["at"] <= until]
    shards = [] if events.empty else _shards(events)
    if not shards:
        return Picture(BLANK, "There is no shard yet", "create a stream and wait until it is active")
    times = sorted({time for shard in shards for time in (shard.opened, shard.closed) if time is not None})
    last = float(events["at"].max())
    end = until if until is not None else max(last, times[-1] + max(SHORTEST, TAIL * (times[-1] - times[0])))
    times.append(end if end > times[-1] else times[-1] + SHORTEST)
    height = min(7.0, max(2.4, 0.24 * _most_at_once(shards)))
    picture = Picture(TOP + height + BOTTOM, finding(shards), _reading(shards))
    with rc_context(RC):
        axes = picture.axes_below_title(left=LEFT, right=RIGHT, bottom=BOTTOM, top=TOP)
        _draw_hash_keys(axes)
        if squeeze(axes, times, places(times, NARROWEST)):
            mark_evenly(axes)
        else:
            mark_moments(axes, times)
        for shard in shards:
            _draw(axes, shard, times[-1])
        _name_changes(axes, shards)
    return picture


def finding(shards: Sequence[Shard]) -> str:
    """What became of the shards, in a sentence."""
    before = sum(not shard.parents for shard in shards)
    after = sum(shard.closed is None for shard in shards)
    changes = _changes(shards)
    splits, merges = (sum(change[name] for change in changes.values()) for name in ("split", "merge"))
    how = " and ".join(plural(count, name) for name, count in (("split", splits), ("merge", merges)) if count)
    if not how:
        return "1 shard, neither split nor merged" if before == 1 else f"{before} shards, none split or merged"
    expired = sum(shard.expired for shard in shards)
    gone = f"; {plural(expired, 'closed shard has', 'closed shards have')} expired" if expired else ""
    return f"{plural(before, 'shard')} became {after} by {how}{gone}"


def _reading(shards: Sequence[Shard]) -> str:
    closed = " · pale = closed" if any(shard.closed is not None and not shard.expired for shard in shards) else ""
    expired = " · hatched = expired, no longer listed" if any(shard.expired for shard in shards) else ""
    return (
        f"block = a shard: from left to right its life, from top to bottom its share of the hash keys{closed}{expired}"
    )


def _shards(events: pd.DataFrame) -> list[Shard]:
    """The shards in the order in which they were opened; those that have expired were closed before."""
    found: dict[str, Shard] = {}
    for row in events.sort_values("at", kind="stable").itertuples():
        event: Any = row
        if event.outcome == "opened":
            first, last = int(event.first) / HASH_KEYS, (int(event.last) + 1) / HASH_KEYS
            parents = tuple(event.note.split()) if isinstance(event.note, str) else ()
            found[event.shard] = Shard(event.shard, first, last, event.at, None, False, parents)
        elif event.shard in found:
            change = {"closed": event.at} if event.outcome == "closed" else {"expired": True}
            found[event.shard] = found[event.shard]._replace(**change)
    return list(found.values())


def _changes(shards: Sequence[Shard]) -> dict[float, Counter[str]]:
    """How many splits and merges there were, by the moments at which there were any."""
    changes: dict[float, Counter[str]] = defaultdict(Counter)
    split: set[str] = set()
    for shard in shards:
        if len(shard.parents) > 1:
            changes[shard.opened]["merge"] += 1
        elif shard.parents and shard.parents[0] not in split:
            split.add(shard.parents[0])
            changes[shard.opened]["split"] += 1
    return changes


def _most_at_once(shards: Sequence[Shard]) -> int:
    """How many shards the moment with the most of them has."""
    moments = {shard.opened for shard in shards}
    return max(
        sum(shard.opened <= moment and (shard.closed is None or shard.closed > moment) for shard in shards)
        for moment in moments
    )


# Drawing


def _draw_hash_keys(axes: Axes) -> None:
    axes.set_ylim(1, 0)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=MUTED)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.spines["left"].set_visible(False)


def _draw(axes: Axes, shard: Shard, end: float) -> None:
    colour = shard_colour(shard.id)
    closed = end if shard.closed is None else shard.closed
    if closed == shard.opened:  # made and replaced in one go: there is no width to give it
        axes.plot([closed, closed], [shard.first, shard.last], color=colour, linewidth=2.5, solid_capstyle="butt")
        return
    face, ink = (colour, "white") if shard.closed is None else (tint(colour, CLOSED), INK)
    style: dict[str, Any] = {"facecolor": face, "edgecolor": PAPER, "linewidth": 1.0}
    if shard.expired:
        style = {"facecolor": PAPER, "edgecolor": tint(colour, 0.6), "hatch": "////", "linewidth": 0.8}
    size = closed - shard.opened, shard.last - shard.first
    axes.add_patch(Rectangle((shard.opened, shard.first), *size, **style))
    _name(axes, shard, closed, ink)


def _name(axes: Axes, shard: Shard, closed: float, ink: str) -> None:
    """Write the shard's name, or its number, into its block if there is room."""
    to_pixels = axes.transData.transform
    (left, top), (right, bottom) = to_pixels((shard.opened, shard.first)), to_pixels((closed, shard.last))
    width, height = (right - left) / DPI, (top - bottom) / DPI
    points, weight = (8.5 if height > 0.2 else 6.8), ("bold" if shard.closed is None else "normal")
    for text in (shard_label(shard.id), str(shard_index(shard.id))):
        if text_width(text, points, weight) + 0.1 < width and height > 0.115:
            x, y = axes.transData.inverted().transform(((left + right) / 2, (top + bottom) / 2))
            label = axes.text(x, y, text, ha="center", va="center_baseline", fontsize=points, fontweight=weight)
            label.set_color(ink)
            if shard.expired:
                label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 1})
            return


def _name_changes(axes: Axes, shards: Sequence[Shard]) -> None:
    """Above the shards, say where some were split or merged, as far as there is room."""
    across = axes.get_xaxis_transform()
    free = -1.0
    for moment, counts in sorted(_changes(shards).items()):
        words = [name if count == 1 else plural(count, name) for name, count in sorted(counts.items(), reverse=True)]
        text = "\n".join(words)
        middle, half = axes.transData.transform((moment, 0))[0] / DPI, text_width(text, 8) / 2
        if middle - half > free:
            axes.text(moment, 1.01, text, ha="center", va="bottom", fontsize=8, color=MUTED, transform=across)
            free = middle + half + 0.1
