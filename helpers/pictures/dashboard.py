"""A dashboard of visits: the pages by their hits, and one page's hits over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes

from helpers.handlers.analytics.dimensions import FORMATS
from helpers.pictures.style import BLANK, INK, MUTED, RC, RULE, SHARDS, WIDTH, Picture, percent, plural, shortened, tint

LINE, TOP, BOTTOM = 0.3, 0.98, 0.52
LEFT, MIDDLE, RIGHT = 1.75, 4.6, 0.25
"""Inches: of the pages' names, from the left to the end of their bars, and at the right."""
LONGEST_NAME = 22


def dashboard(ranking: Sequence[dict[str, Any]], series: Sequence[dict[str, Any]] = ()) -> Picture:
    """Draw what the reading API of chapter 09 returns.

    ranking: dicts with name, url and value (hits), most first; series: dicts with date (a bucket), url and value.
    """
    if not ranking:
        return Picture(BLANK, "Nobody has come yet", "visit a page, let time pass, then draw again")
    height = TOP + max(5, len(ranking)) * LINE + BOTTOM
    reading = (
        "left: pages by their hits · right: the hits of the dark one over time" if series else "pages by their hits"
    )
    picture = Picture(height, finding(ranking), reading)
    with rc_context(RC):
        end = MIDDLE if series else WIDTH - RIGHT - 0.7
        _draw_pages(_axes(picture, LEFT, end), ranking, series[0]["url"] if series else "")
        if series:
            names = {page["url"]: page["name"] for page in ranking}
            name = names.get(series[0]["url"], series[0]["url"])
            _draw_time(_axes(picture, MIDDLE + 1.1, WIDTH - RIGHT), series, shortened(name, LONGEST_NAME))
    return picture


def finding(ranking: Sequence[dict[str, Any]]) -> str:
    """What the ranking shows, in a sentence."""
    total = sum(page["value"] for page in ranking)
    first = ranking[0]
    share = percent(first["value"] / total)
    name = shortened(first["name"], LONGEST_NAME)
    return f"{plural(total, 'hit')} on {plural(len(ranking), 'page')}; “{name}” has {share}"


def _axes(picture: Picture, left: float, right: float) -> Axes:
    axes = picture.axes_below_title(left=left, right=WIDTH - right, top=TOP, bottom=BOTTOM)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return axes


def _draw_pages(axes: Axes, ranking: Sequence[dict[str, Any]], shown: str) -> None:
    most = max(page["value"] for page in ranking)
    for place, page in enumerate(ranking):
        colour = SHARDS[0] if page["url"] == shown or not shown else tint(SHARDS[0], 0.45)
        axes.barh(place, page["value"], height=0.66, color=colour)
        axes.text(page["value"] + most * 0.02, place, f"{page['value']:,}", va="center", fontsize=9, fontweight="bold")
    axes.set_ylim(max(5, len(ranking)) - 0.5, -0.5)
    axes.set_xlim(0, most * 1.12)
    axes.set_xticks([])
    axes.set_yticks(range(len(ranking)), [shortened(page["name"], LONGEST_NAME) for page in ranking], fontsize=9)
    axes.text(0, 1.03, "hits", transform=axes.transAxes, fontsize=8.5, color=MUTED)


def _draw_time(axes: Axes, series: Sequence[dict[str, Any]], name: str) -> None:
    hits = {each["date"]: each["value"] for each in series}
    buckets = _without_gaps(min(hits), max(hits))
    values = [hits.get(bucket, 0) for bucket in buckets]
    axes.bar(range(len(buckets)), values, width=0.8, color=SHARDS[0])
    axes.set_xlim(-0.6, max(5, len(buckets)) - 0.4)
    axes.set_ylim(0, max(values) * 1.15)
    axes.grid(axis="y", color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", labelsize=8.5, labelcolor=MUTED)
    step = -(-len(buckets) // 6)
    marks = range(0, len(buckets), step)
    axes.set_xticks(marks, [_when(buckets[place]) for place in marks], fontsize=8.5, color=INK)
    word = series[0]["date"].partition(":")[0].lower()
    axes.text(0, 1.03, f"“{name}” by {word}", transform=axes.transAxes, fontsize=8.5, color=MUTED)


FREQUENCIES = {"MINUTE": "min", "HOUR": "h", "DATE": "D", "MONTH": "M", "YEAR": "Y"}
"""Of buckets, as pandas calls them."""
LONGEST_SERIES = 1500
"""Bars: a day of minutes, and more than anybody can see."""


def _without_gaps(first: str, last: str) -> list[str]:
    """All buckets from one to another of the same kind: those in which nothing was are there, too."""
    kind = first.partition(":")[0]
    begin, end = (pd.Period(bucket.partition(":")[2], freq=FREQUENCIES[kind]) for bucket in (first, last))
    moments = pd.period_range(begin, min(end, begin + LONGEST_SERIES - 1))
    return [f"{kind}:{moment.strftime(FORMATS[kind])}" for moment in moments]


def _when(bucket: str) -> str:
    """The last part of a bucket: 13:33 of MINUTE:2017-08-25T13:33."""
    text = bucket.partition(":")[2]
    return text.partition("T")[2] or text
