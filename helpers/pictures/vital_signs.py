"""Vital signs of a consumer: how long records wait, and beside it whatever CloudWatch says about the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.pictures.style import (
    BLANK,
    FAIL,
    INK,
    MUTED,
    PAPER,
    RC,
    RULE,
    WIDTH,
    Picture,
    duration,
    named,
    shard_colour,
    shard_label,
    time_unit,
    tint,
)
from helpers.pictures.tables import chosen

Line = npt.NDArray[np.float64]

LEFT, RIGHT, TOP, BOTTOM = 0.55, 0.8, 0.9, 0.34
"""Inches around all panels: for numbers, for the names of shards, for title and first panel's name, for times."""
MAIN, SMALL = 1.75, 0.72
"""Inches of height of the panel with the ages, and of each of the small ones."""
BETWEEN, APART = 0.52, 0.46
"""Inches between rows of panels, and between the small ones in a row."""
COLUMNS = 4
BEHIND = 60.0
"""Seconds that a record may wait before its shard counts as behind."""
NAMES_APART = 0.155
"""Inches between two names at the ends of lines."""
SILENCE = 300.0
"""Seconds without a measurement after which a line breaks off: nothing has run in between."""
MOST_NAMES = 6
"""Up to so many shards are all named."""


class Panel(NamedTuple):
    """A small panel: the sign that it shows, and what is written above it."""

    sign: str
    title: str
    failure: bool = False
    """Whether what it counts has failed."""


PANELS = (
    Panel("records in", "records in, by shard"),
    Panel("calls", "calls, and failed ones"),
    Panel("throttles", "throttled calls", failure=True),
    Panel("reads refused", "reads refused", failure=True),
    Panel("records a call", "records in a call"),
    Panel("seconds a record", "seconds a record"),
    Panel("seconds a call", "longest call, seconds"),
    Panel("calls at once", "calls at once, at most"),
)


def vital_signs(
    table: pd.DataFrame, *, limits: Mapping[str, float] | None = None, changed_at: float | None = None
) -> Picture:
    """Draw the vital signs, a value a minute.

    table: at (virtual seconds, when a minute began), sign, shard (for `age` and `records in`) and value; the signs are
        `age` and `iterator age` in seconds, and those of `PANELS` with `errors`; one that is missing leaves its panel
        empty.
    limits: a limit for a sign, drawn as a dashed line.
    changed_at: when a setting was changed (virtual seconds): a line through all panels.

    Raises ValueError when a column is missing.
    """
    table = chosen(table, ("at", "sign", "shard", "value"))
    if table.empty:
        return Picture(BLANK, "Nothing has been measured yet", "let some minutes pass with cloud.wait, then draw again")
    signs = {str(sign): rows for sign, rows in table.groupby("sign")}
    ages = _lines(signs, "age")
    rows = -(-len(PANELS) // COLUMNS)
    height = TOP + MAIN + rows * (BETWEEN + SMALL) + BOTTOM
    picture = Picture(
        height,
        finding(ages, changed_at),
        "lines = how long the oldest record of a shard has waited · dots = IteratorAge · "
        + ("dashed = the most that the settings allow" if limits else "below, minute by minute"),
    )
    with rc_context(RC):
        span = float(table["at"].min()), float(table["at"].max()) + 60
        main = _panel(picture, (LEFT, TOP), (WIDTH - LEFT - RIGHT, MAIN), span)
        _draw_ages(main, ages, signs.get("iterator age"))
        axes = [main]
        width = (WIDTH - LEFT - 0.2 - (COLUMNS - 1) * APART) / COLUMNS
        for place, panel in enumerate(PANELS):
            row, column = divmod(place, COLUMNS)
            corner = LEFT + column * (width + APART), TOP + MAIN + BETWEEN + row * (BETWEEN + SMALL)
            small = _panel(picture, corner, (width, SMALL), span)
            limit = (limits or {}).get(panel.sign)
            _draw_small(small, panel, signs, limit, until=span[1] if changed_at is None else changed_at)
            small.tick_params(labelbottom=row == rows - 1)
            axes.append(small)
        if changed_at is not None:
            _draw_change(axes, changed_at)
    return picture


def finding(ages: Mapping[str, Line], changed_at: float | None = None) -> str:
    """What the ages show, in a sentence."""
    if not ages:
        return "Nothing is known of the shards"
    behind = [shard for shard, line in ages.items() if line[-1] > BEHIND]
    worst = max(float(line.max()) for line in ages.values())
    if not behind:
        before = f"; the longest wait was {duration(worst)}" if worst > BEHIND else ""
        return f"No shard is behind{' any more' if before else ''}{before}"
    if len(behind) == len(ages) > 1:
        who = "both shards are" if len(ages) == 2 else f"all {len(ages)} shards are"
    else:
        who = f"{named(behind, len(ages))} {'is' if len(behind) == 1 else 'are'}"
    oldest = max(float(ages[shard][-1]) for shard in behind)
    still = " still" if changed_at is not None else ""
    return f"{who[0].upper()}{who[1:]}{still} behind: the oldest record has waited for {duration(oldest)}"


def _lines(signs: Mapping[str, pd.DataFrame], sign: str) -> dict[str, Line]:
    """The values of a sign by shard."""
    if sign not in signs:
        return {}
    return {str(shard): rows["value"].to_numpy(dtype=float) for shard, rows in signs[sign].groupby("shard")}


# Panels


def _panel(picture: Picture, corner: tuple[float, float], size: tuple[float, float], span: tuple[float, float]) -> Axes:
    """An empty panel for this span of time; its upper left corner and its size are in inches."""
    (left, top), (width, height) = corner, size
    axes = picture.axes_below_title(
        left=left, right=WIDTH - left - width, top=top, bottom=picture.get_size_inches()[1] - top - height
    )
    axes.set_xlim(*span)
    step = next(each for each in (600, 1200, 1800, 3600, 7200, 1e9) if (span[1] - span[0]) / each * 0.6 < width)
    ticks = np.arange(0, span[1] + 1, step)[1:]
    axes.set_xticks(ticks, [_clock(tick) for tick in ticks])
    axes.tick_params(axis="x", length=3, labelsize=8)
    axes.tick_params(axis="y", length=0, labelsize=8, labelcolor=MUTED, pad=3)
    axes.spines["left"].set_visible(False)
    axes.grid(color=RULE, linewidth=0.9)
    axes.set_axisbelow(True)
    return axes


def _clock(seconds: float) -> str:
    """Time of day: a local cloud opens at nine."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{9 + hours}:{minutes:02}"


def _title(axes: Axes, text: str) -> None:
    axes.text(0, 1.0, text, transform=axes.transAxes, va="bottom", fontsize=8.5, color=INK)


def _draw_ages(axes: Axes, ages: Mapping[str, Line], iterator_age: pd.DataFrame | None) -> None:
    highest = max((float(line.max()) for line in ages.values()), default=0.0)
    if iterator_age is not None:
        highest = float(np.nanmax([highest, iterator_age["value"].max()]))
    scale, unit = time_unit(max(highest, BEHIND))
    if iterator_age is not None:
        _dots(axes, iterator_age["at"] + 60, iterator_age["value"] / scale, MUTED, 3)
    for place, (shard, line) in enumerate(ages.items(), 1):
        moments = np.linspace(*axes.get_xlim(), len(line) + 1)[1:]
        wide = 1.5 + 0.9 * (len(ages) - place)  # lines that lie on each other are seen all the same
        axes.plot(moments, line / scale, color=shard_colour(shard), linewidth=min(wide, 4.2), clip_on=False)
    axes.set_ylim(0, 1.08 * max(highest, BEHIND) / scale)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 4, 5, 6, 10]))
    _title(axes, f"how long the oldest record has waited, {unit}")
    _name_ends(axes, {shard: float(line[-1]) / scale for shard, line in ages.items()})


def _name_ends(axes: Axes, ends: Mapping[str, float]) -> None:
    """The shards' names at the ends of their lines, from the lowest up, and no closer than can be read.

    When they are too many, those in which nothing waits share one.
    """
    names = [(end, shard_label(shard), shard_colour(shard)) for shard, end in ends.items()]
    idle = [name for name in names if not name[0]]
    if len(names) > MOST_NAMES and len(idle) > 1:
        names = [(0.0, f"{len(idle)} shards", MUTED), *(name for name in names if name not in idle)]
    apart = NAMES_APART * axes.get_ylim()[1] / MAIN
    free = -np.inf
    for end, name, colour in sorted(names):
        free = max(end, free + apart)
        axes.annotate(
            name,
            (axes.get_xlim()[1], free),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.8,
            color=colour,
            fontweight="bold",
            annotation_clip=False,
        )


def _draw_small(
    axes: Axes, panel: Panel, signs: Mapping[str, pd.DataFrame], limit: float | None, *, until: float
) -> None:
    """Draw a sign, and its limit for as long as that is known to hold."""
    _title(axes, panel.title)
    top = _draw_sign(axes, panel, signs) if panel.sign in signs else 0.0
    if limit is not None and limit <= 4 * top:
        top = max(top, limit)
        axes.plot([axes.get_xlim()[0], until], [limit, limit], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_ylim(0, 1.15 * (top or 1.0))
    whole = panel.sign not in ("seconds a record", "seconds a call")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10], min_n_ticks=2, integer=whole))
    if not top:
        axes.set_yticks([0])
        paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 2}
        axes.annotate(
            "none", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", fontsize=8, color=MUTED, bbox=paper
        )


def _draw_sign(axes: Axes, panel: Panel, signs: Mapping[str, pd.DataFrame]) -> float:
    """Draw a sign in the way that suits it; returns its largest value."""
    rows = signs[panel.sign]
    if rows["shard"].notna().any():
        for shard, line in rows.groupby("shard"):
            axes.plot(line["at"] + 30, line["value"], color=shard_colour(str(shard)), linewidth=1.2)
    elif panel.failure:
        _bars(axes, rows, FAIL)
    elif panel.sign == "calls":
        _bars(axes, rows, tint(INK, 0.35))
        if "errors" in signs:
            _bars(axes, signs["errors"], FAIL)
    else:
        known = rows[rows["value"].notna()]
        for _, line in known.groupby((known["at"].diff() > SILENCE).cumsum()):
            axes.plot(line["at"] + 30, line["value"], color=INK, linewidth=1.2)
        _dots(axes, known["at"] + 30, known["value"], INK, 2)
    return float(np.nan_to_num(rows["value"].to_numpy(dtype=float)).max())


def _dots(axes: Axes, across: pd.Series[float], up: pd.Series[float], colour: str, size: float) -> None:
    axes.plot(across, up, linestyle="none", marker=".", color=colour, markersize=size)


def _bars(axes: Axes, rows: pd.DataFrame, colour: str | tuple[float, float, float]) -> None:
    axes.bar(rows["at"], rows["value"], width=60, align="edge", color=colour, linewidth=0)


def _draw_change(axes: Sequence[Axes], changed_at: float) -> None:
    for each in axes:
        each.axvline(changed_at, color=INK, linewidth=1.0)
    axes[0].annotate(
        "changed",
        (changed_at, axes[0].get_ylim()[1]),
        xytext=(4, 0),
        textcoords="offset points",
        va="top",
        fontsize=8.3,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1},
    )
