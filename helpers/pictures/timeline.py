"""The timeline: shards as rows, invocations as bars, retries in red, arrivals as ticks."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from helpers.pictures.style import (
    FAIL,
    HALO,
    MUTED,
    PAPER,
    RC,
    RULE,
    WIDTH,
    Picture,
    plural,
    shard_colour,
    shard_label,
    text_width,
    time_unit,
    who,
)

NEEDED = ("at", "until", "kind", "shard", "records", "attempt", "outcome")

ADVANCES = ("ok", "partial")
"""Outcomes after which the shard moves on, if only by some records."""
LEFT, RIGHT = 0.85, 1.55
"""Inches beside the rows: for the shards' names, and for what each adds up to."""
THINNEST, PARTLY = 0.0035, 0.012
"""Share of the width below which no bar is drawn, so that none is invisible; of one with two parts, so that both show.
"""
CROWDED = 200
"""Invocations of a shard from which on those that touch are drawn as one bar."""
SMALL = 7.5
APART = 0.1
"""Inches from one cross to the next, at least."""


class Bar(NamedTuple):
    """One invocation; or several, alike and so close that they touch."""

    x: float
    width: float
    outcome: str
    """ok, partial or failed."""
    records: int
    done: int
    attempt: int
    cut: bool
    """Whether its batch was then cut in two."""
    calls: int = 1


def timeline(
    table: pd.DataFrame,
    *,
    function: str | None = None,
    start: float | None = None,
    end: float | None = None,
    title: str | None = None,
) -> Picture:
    """Draw when each shard's batches were delivered.

    table: the flight recorder's, whole or in part; rows of kind `invoke` become bars, `put` ticks, `expired` and
        `discard` crosses; `bisect` says which batches were cut.
    function: only invocations of this function.
    start, end: virtual seconds between which to draw; else from the first arrival or delivery to the last.

    Raises ValueError when a column is missing or no invocation of a mapping is in the table.
    """
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}; the flight recorder's has")
    table = table[[name for name in (*NEEDED, "function", "mapping", "done") if name in table]]
    bars = table[(table["kind"] == "invoke") & table["shard"].notna()]
    if function is not None:
        bars = bars[bars["function"] == function]
    if bars.empty:
        raise ValueError("no batch has been delivered yet: put records, and let time pass with cloud.wait")
    rest = table[table["kind"].isin(["put", "discard", "expired", "bisect"]) & table["shard"].isin(bars["shard"])]
    puts, others = rest[rest["kind"] == "put"], _of_mappings(rest[rest["kind"] != "put"], bars)
    ended = others[others["kind"] != "bisect"]
    ended = ended.assign(outcome=ended["outcome"].where(ended["kind"] == "discard", "expired"))
    first = start if start is not None else min([bars["at"].min(), *puts["at"]])
    last = end if end is not None else max([bars["until"].max(), *ended["at"]])
    bars = bars[(bars["until"] >= first) & (bars["at"] <= last)]
    bars = bars.assign(cut=_were_cut(bars, others[others["kind"] == "bisect"]))
    puts, ended = (rows[rows["at"].between(first, last)] for rows in (puts, ended))
    shards = sorted(bars["shard"].unique())

    scale, unit = time_unit(last - first)
    span = (last - first) / scale
    across = -0.012 * span, 1.012 * span
    drawn = {shard: _joined(bars[bars["shard"] == shard], first, scale, across[1] - across[0]) for shard in shards}

    row = 0.7 if len(shards) <= 8 else max(0.16, 5.0 / len(shards))
    picture = Picture(1.3 + row * len(shards), title or finding(bars, ended), _reading(drawn))
    with rc_context(RC):
        axes = picture.axes_below_title(left=LEFT, right=RIGHT, bottom=0.55)
        _frame(axes, shards, across, unit)
        for y, shard in enumerate(reversed(shards)):
            _arrivals(axes, y, shard, (puts.loc[puts["shard"] == shard, "at"] - first) / scale)
            _bars(axes, y, shard, drawn[shard], row)
            _given_up(axes, y, ended[ended["shard"] == shard], first, scale, named=row > 0.3)
            if row > 0.3:
                total = _sum(bars[bars["shard"] == shard])
                axes.text(1.015, y, total, transform=axes.get_yaxis_transform(), va="center", fontsize=8.3)
    return picture


def _of_mappings(table: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """The rows of the mappings that these invocations are of."""
    return table[table["mapping"].isin(bars["mapping"])] if "mapping" in table else table


def _were_cut(bars: pd.DataFrame, cuts: pd.DataFrame) -> list[bool]:
    """For each invocation, whether its batch was cut in two when it had failed."""
    if cuts.empty:
        return [False] * len(bars)
    moments = set(zip(cuts["shard"], cuts["at"].round(6), strict=True))
    return [moment in moments for moment in zip(bars["shard"], bars["until"].round(6), strict=True)]


def _reading(drawn: dict[str, list[Bar]]) -> str:
    bars = [bar for row in drawn.values() for bar in row]
    outcomes = {bar.outcome for bar in bars}
    if any(bar.calls > 1 for bar in bars):
        bar, failed = "bar = invocations so close that they touch, with their number", "hatched red = they failed"
    elif "partial" in outcomes:
        bar, failed = "bar = one invocation, with the records that it did", "hatched red = it failed"
    else:
        bar, failed = "bar = one invocation, with the records in its batch", "hatched red = it failed, with the attempt"
    signs = [bar, "tick = a record arrives"]
    if "partial" in outcomes:
        share = "" if "failed" in outcomes else ", as wide as its share of the records"
        signs.append(f"hatched = handed back{share}")
    if "failed" in outcomes or "partial" not in outcomes:
        signs.append(failed)
    if any(bar.cut for bar in bars):
        signs.append("÷2 = then cut in two")
    return " · ".join(signs)


def finding(bars: pd.DataFrame, ended: pd.DataFrame) -> str:
    """What the invocations show, in a sentence; `ended` are the rows of what was given up, or expired."""
    good = bars[bars["outcome"].isin(ADVANCES)]
    bad = bars[~bars["outcome"].isin(ADVANCES)]
    done = f"{plural(_processed(bars), 'record')} in {plural(len(good), 'batch', 'batches')}"
    if bad.empty:
        partly = int((good["outcome"] == "partial").sum())
        return f"{done}, of which {partly:,} went through in part" if partly else f"All went well: {done}"
    stuck = sorted(bad["shard"].unique())
    others = sorted(set(bars["shard"]) - set(stuck))
    several = len(stuck) > 1 or (len(ended) > 1 and not bars["cut"].any())
    what = f"{'Batches' if several else 'A batch'} of {who(stuck, len(stuck) + len(others))}"
    told = f"{what} failed {_times(len(bad))} {_ending(bars, stuck, ended, several=several)}"
    if others:
        kept = "the others" if len(others) > 1 else shard_label(others[0])
        return f"{told}; {kept} went on"
    return told


def _ending(bars: pd.DataFrame, stuck: list[str], ended: pd.DataFrame, *, several: bool) -> str:
    lost = ended[ended["outcome"] == "expired"]
    given_up = ended[ended["outcome"] != "expired"]
    if set(stuck) <= set(given_up["shard"]):
        count = int(given_up["records"].sum())
        return f"until {plural(count, 'record')} {'was' if count == 1 else 'were'} given up"
    last = bars[bars["shard"].isin(stuck)].sort_values("until").groupby("shard")["outcome"].last()
    it, is_still = ("they", "are still") if several else ("it", "is still")
    if not (last == "ok").all():
        return f"and {is_still} being retried"
    if set(stuck) <= set(lost["shard"]):
        return f"until {plural(int(lost['records'].sum()), 'record')} expired"
    return f"until {it} went through"


def _processed(bars: pd.DataFrame) -> int:
    """How many records are done for good; of a batch that failed in part, those before the failure."""
    whole = bars.loc[bars["outcome"] == "ok", "records"].sum()
    return int(whole + (bars.loc[bars["outcome"] == "partial", "done"].sum() if "done" in bars else 0))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _frame(axes: Axes, shards: list[str], across: tuple[float, float], unit: str) -> None:
    axes.set_xlim(*across)
    axes.set_ylim(-0.6, len(shards) - 0.4)
    axes.set_yticks(range(len(shards)), [shard_label(shard) for shard in reversed(shards)])
    if len(shards) > 16:
        axes.tick_params(axis="y", labelsize=7)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"virtual {unit}", fontsize=8.5, color=MUTED, loc="right")


def _arrivals(axes: Axes, y: int, shard: str, moments: pd.Series[float]) -> None:
    ticks = [((x, y - 0.4), (x, y - 0.3)) for x in moments]
    axes.add_collection(LineCollection(ticks, colors=shard_colour(shard), linewidths=1.0, alpha=0.75))


def _bars(axes: Axes, y: int, shard: str, bars: list[Bar], height: float) -> None:
    low, high = axes.get_xlim()
    per_inch = (high - low) / (WIDTH - LEFT - RIGHT)
    labelled_until = -np.inf
    for bar in bars:
        good = bar.outcome in ADVANCES
        colour = shard_colour(shard) if good else FAIL
        done = bar.width if bar.done == bar.records else bar.width * bar.done / bar.records
        if done:
            box: dict[str, Any] = {"facecolor": colour, "edgecolor": PAPER, "linewidth": 0.5}
            axes.add_patch(Rectangle((bar.x, y - 0.27), done, 0.54, **box))
        if done < bar.width:  # it comes again
            box = {"facecolor": PAPER, "edgecolor": colour, "linewidth": 1.1, "hatch": "/////"}
            axes.add_patch(Rectangle((bar.x + done, y - 0.27), bar.width - done, 0.54, **box))
        if height < 0.3:
            continue
        label = _label(bar)
        middle, room = bar.x + (done or bar.width) / 2, (0.075 * len(label) + 0.04) * per_inch
        if good and done > room:
            axes.text(middle, y, label, ha="center", va="center", fontsize=8, color="white", fontweight="bold")
        elif middle - room / 2 > labelled_until:
            axes.text(middle, y + 0.31, label, ha="center", va="bottom", fontsize=SMALL, color=colour)
            labelled_until = middle + room / 2


def _joined(rows: pd.DataFrame, first: float, scale: float, span: float) -> list[Bar]:
    """The bars of a shard, in the order of time; if there are very many, those that touch and are alike are one."""
    rows = rows.sort_values(["at", "until"])
    kind = rows["outcome"].where(rows["outcome"].isin(ADVANCES), "failed").to_numpy(dtype=object)
    thinnest = np.where(kind == "partial", PARTLY, THINNEST) * span
    x = (rows["at"].to_numpy() - first) / scale
    width = np.maximum((rows["until"] - rows["at"]).to_numpy() / scale, thinnest)
    records = rows["records"].to_numpy(dtype=float)
    partly = rows["done"].to_numpy(dtype=float) if "done" in rows else records
    done = np.where(kind == "ok", records, np.where(kind == "partial", partly, 0.0))
    begins = np.ones(len(rows), dtype=bool)
    if len(rows) > CROWDED:
        begins[1:] = (x[1:] > x[:-1] + width[:-1]) | (kind[1:] != kind[:-1])
    heads = np.flatnonzero(begins)
    ends = np.maximum.reduceat(x + width, heads)
    calls = np.diff([*heads, len(rows)])
    columns = (
        x[heads],
        np.where(calls > 1, ends - x[heads], width[heads]),
        kind[heads],
        np.add.reduceat(records, heads).astype(int),
        np.add.reduceat(done, heads).astype(int),
        rows["attempt"].to_numpy(dtype=int)[heads],
        rows["cut"].to_numpy()[heads],
        calls,
    )
    return [Bar(*values) for values in zip(*columns, strict=True)]


def _label(bar: Bar) -> str:
    if bar.calls > 1:
        return plural(bar.calls, "attempt") if bar.outcome == "failed" else plural(bar.calls, "batch", "batches")
    if bar.outcome == "failed":
        return "÷2" if bar.cut else f"{bar.attempt}"
    return f"{bar.done}"


def _given_up(axes: Axes, y: int, rows: pd.DataFrame, first: float, scale: float, *, named: bool) -> None:
    """Crosses where records were given up or expired, and how many; where words would touch, one says it for all."""
    if rows.empty:
        return
    places = (rows["at"] - first) / scale
    style: Any = {"markersize": 8, "markeredgecolor": PAPER, "markeredgewidth": 0.6}
    low, high = axes.get_xlim()
    per_inch = (high - low) / (WIDTH - LEFT - RIGHT)
    crosses: list[float] = []
    for x in sorted(places):
        if not crosses or x - crosses[-1] >= APART * per_inch:
            crosses.append(x)
    axes.plot(crosses, [y] * len(crosses), "X", color=FAIL, zorder=4, **style)
    words: list[tuple[float, float, Counter[str]]] = []
    for x, outcome, records in sorted(zip(places, rows["outcome"], rows["records"], strict=True)) if named else ():
        words.append((x, x, Counter({outcome: int(records)})))
        while len(words) > 1 and _reach(*words[-2], per_inch)[1] > _reach(*words[-1], per_inch)[0]:
            (start, _, before), (_, end, after) = words[-2:]
            words[-2:] = [(start, end, before + after)]
    for word in words:
        start, end = _reach(*word, per_inch)
        where: Any = {"ha": "center", "va": "top", "annotation_clip": False, "path_effects": HALO}
        axes.annotate(_given_up_words(word[2]), ((start + end) / 2, y - 0.3), fontsize=SMALL, color=FAIL, **where)


def _reach(start: float, end: float, what: Counter[str], per_inch: float) -> tuple[float, float]:
    """From where to where words go that stand in the middle between two places."""
    half = (text_width(_given_up_words(what), SMALL) / 2 + 0.03) * per_inch
    return (start + end) / 2 - half, (start + end) / 2 + half


def _given_up_words(what: Counter[str]) -> str:
    return ", ".join(f"{records:,} {outcome}" for outcome, records in sorted(what.items()))


def _sum(rows: pd.DataFrame) -> str:
    good = rows[rows["outcome"].isin(ADVANCES)]
    failed = len(rows) - len(good)
    text = f"{plural(_processed(rows), 'record')}\n{plural(len(good), 'batch', 'batches')}"
    if not failed:
        return text
    line = f"{text}, {failed:,} failed"
    return line if text_width(line, 8.3) < RIGHT - 0.12 else f"{text}\n{failed:,} failed"
