"""A time axis for what happens in a second and for what happens a day later, in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.pictures.style import MUTED, WIDTH, duration, text_width, time_unit

ROOM = 0.6
"""How much of the axis is dealt out evenly when the gaps between the moments are too different."""


def places(times: Sequence[float], narrowest: float) -> list[float]:
    """Where on an axis from 0 to 1 these ascending moments (two or more, all different) go.

    To scale, unless a gap would then take less than `narrowest` of the axis: then longer gaps are still longer, but
    not in proportion.
    """
    gaps = [later - earlier for earlier, later in pairwise(times)]
    least = min(narrowest, ROOM / len(gaps))
    if min(gaps) >= least * sum(gaps):
        widths = [gap / sum(gaps) for gap in gaps]
    else:
        orders = [log10(gap / min(gaps)) for gap in gaps]
        widths = [least + (1 - least * len(gaps)) * order / sum(orders) for order in orders]
    return [*accumulate(widths[:-1], initial=0.0), 1.0]


def squeeze(axes: Axes, times: Sequence[float], where: Sequence[float]) -> bool:
    """Put these moments of the time axis, which is in seconds, to these places; says whether that is to scale."""
    axes.set_xscale(
        "function",
        functions=(lambda time: np.interp(time, times, where), lambda place: np.interp(place, where, times)),
    )
    axes.set_xlim(times[0], times[-1])
    even = [(time - times[0]) / (times[-1] - times[0]) for time in times]
    return bool(np.allclose(where, even, rtol=0, atol=1e-6))


def mark_evenly(axes: Axes) -> None:
    """Ticks for a time axis, in seconds, that is to scale."""
    first, last = axes.get_xlim()
    scale, unit = time_unit(last - first)
    ticks = MaxNLocator(nbins=10, steps=[1, 2, 5, 10]).tick_values(0, (last - first) / scale)
    ticks = [tick for tick in ticks if 0 <= tick * scale <= (last - first) * 1.0001]
    axes.set_xticks([first + tick * scale for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes.set_xlabel(f"virtual {unit}", fontsize=8.5, color=MUTED, loc="right")


def mark_moments(axes: Axes, times: Sequence[float]) -> None:
    """Ticks at these moments, with the time since the first; where names would touch, the later one is left out."""
    inches = axes.get_position().width * WIDTH
    ticks, free = [], -1.0
    for time in times:
        middle = inches * axes.transAxes.inverted().transform(axes.transData.transform((time, 0)))[0]
        half = text_width(duration(time - times[0]), 8.5) / 2
        if middle - half > free:
            ticks.append(time)
            free = middle + half + 0.1
    axes.set_xticks(ticks, [duration(time - times[0]) for time in ticks])
    axes.set_xlabel("virtual time, not to scale", fontsize=8.5, color=MUTED, loc="right")
