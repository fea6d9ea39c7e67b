"""The picture of vital signs shows its table: ages by shard, and beside them what CloudWatch counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from helpers.pictures import Picture, shard_colour, vital_signs
from helpers.pictures.style import FAIL, INK
from helpers.pictures.vital_signs import MOST_NAMES, PANELS

MINUTES = np.arange(1, 60)


def shard(number: int) -> str:
    return f"shardId-{number:012d}"


def sign(name: str, values: Any, of: int | None = None, minutes: Any = MINUTES) -> pd.DataFrame:
    about = {"sign": name, "shard": None if of is None else shard(of)}
    return pd.DataFrame({"at": minutes * 60, **about, "value": values})


def ages(*slopes: float) -> list[pd.DataFrame]:
    """For each shard, seconds of age for a second that passes."""
    return [sign("age", slope * (MINUTES + 1) * 60.0, number) for number, slope in enumerate(slopes)]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def panel(picture: Picture, name: str) -> Axes:
    place = [panel.sign for panel in PANELS].index(name)
    return picture.axes[1 + place]


def heights(axes: Axes, colour: str) -> list[float]:
    return [float(bar.get_height()) for bar in axes.patches if to_hex(bar.get_facecolor()) == colour]


@pytest.mark.parametrize(
    ("slopes", "finding"),
    [
        ((0, 0), "No shard is behind"),
        ((0, 1, 0), "Shard 1 is behind: the oldest record has waited for 1 h"),
        ((1, 0.5, 0), "Shards 0 and 1 are behind: the oldest record has waited for 1 h"),
        ((0.5, 0.25), "Both shards are behind: the oldest record has waited for 30 min"),
        ((0.5, 0.5, 0.5), "All 3 shards are behind: the oldest record has waited for 30 min"),
        ((0.5,), "Shard 0 is behind: the oldest record has waited for 30 min"),
    ],
)
def test_the_title_says_who_is_behind(slopes, finding):
    assert vital_signs(pd.concat(ages(*slopes))).finding == finding


def test_after_a_change_it_says_whether_that_has_helped():
    recovered = pd.concat([sign("age", np.where(MINUTES < 30, MINUTES * 60.0, 0.0), 0)])
    assert vital_signs(recovered, changed_at=1800).finding == "No shard is behind any more; the longest wait was 29 min"
    assert vital_signs(pd.concat(ages(1, 0)), changed_at=1800).finding.startswith("Shard 0 is still behind")


def test_each_shard_has_its_line_in_its_colour_and_its_name_at_the_end():
    main = vital_signs(pd.concat([*ages(1, 0.5), sign("iterator age", MINUTES * 50.0)])).axes[0]
    dots, first, second = main.lines
    assert [line.get_color() for line in (first, second)] == [shard_colour(shard(0)), shard_colour(shard(1))]
    assert first.get_ydata()[-1] == 60 and second.get_ydata()[-1] == 30, "in minutes"
    assert first.get_xdata()[0] == 120, "an age is that of the end of a minute"
    assert list(dots.get_ydata()) == list(MINUTES * 50 / 60)
    assert texts(main)[1:] == ["shard 1", "shard 0"]


def test_lines_that_lie_on_each_other_are_both_seen():
    first, second = vital_signs(pd.concat(ages(1, 1))).axes[0].lines
    assert first.get_linewidth() > second.get_linewidth() + 0.5


def test_many_idle_shards_share_a_name():
    main = vital_signs(pd.concat(ages(1, *[0] * MOST_NAMES))).axes[0]
    assert texts(main)[1:] == [f"{MOST_NAMES} shards", "shard 0"]


def test_failures_are_red_and_nothing_else_is():
    counted = [sign("calls", 5.0), sign("errors", np.where(MINUTES > 30, 2.0, 0.0)), sign("throttles", 3.0)]
    picture = vital_signs(pd.concat([*ages(1), *counted]))
    assert sum(heights(panel(picture, "calls"), FAIL)) == 2 * 29
    assert heights(panel(picture, "throttles"), FAIL) == [3.0] * len(MINUTES)
    quiet = vital_signs(pd.concat([*ages(1), sign("calls", 5.0), sign("errors", 0.0)]))
    assert sum(heights(panel(quiet, "calls"), FAIL)) == 0


def test_what_never_happened_says_so():
    picture = vital_signs(pd.concat([*ages(0), sign("throttles", 0.0)]))
    assert texts(panel(picture, "throttles")) == ["throttled calls", "none"]
    assert texts(panel(picture, "reads refused")) == ["reads refused", "none"]


def test_minutes_without_a_measurement_are_left_out():
    seconds = np.where(MINUTES % 2 == 0, 7.0, np.nan)
    line, _dots = panel(vital_signs(pd.concat([*ages(0), sign("seconds a call", seconds)])), "seconds a call").lines
    assert set(line.get_ydata()) == {7.0} and len(line.get_ydata()) == 29


def test_a_line_breaks_off_where_nothing_has_run():
    seconds = np.where((MINUTES < 10) | (MINUTES > 20), 7.0, np.nan)
    picture = vital_signs(pd.concat([*ages(0), sign("seconds a call", seconds)]))
    *lines, dots = panel(picture, "seconds a call").lines
    assert [len(line.get_ydata()) for line in lines] == [9, 39] and len(dots.get_ydata()) == 48


def test_a_limit_is_dashed_as_long_as_it_is_near_and_holds():
    table = pd.concat([*ages(0), sign("seconds a call", 50.0)])
    near = panel(vital_signs(table, limits={"seconds a call": 60}, changed_at=1800), "seconds a call")
    limit = next(line for line in near.lines if line.get_linestyle() == "--")
    assert list(limit.get_ydata()) == [60, 60] and list(limit.get_xdata())[1] == 1800
    assert vital_signs(table, limits={"seconds a call": 60}).reading.endswith(
        "dashed = the most that the settings allow"
    )
    assert "dashed" not in vital_signs(table).reading
    far = panel(vital_signs(table, limits={"seconds a call": 900}), "seconds a call")
    assert all(line.get_linestyle() != "--" for line in far.lines)


def test_a_change_is_a_line_through_all_panels():
    picture = vital_signs(pd.concat(ages(1)), changed_at=1800)
    for axes in picture.axes:
        assert [list(line.get_xdata()) for line in axes.lines if line.get_color() == INK][-1] == [1800, 1800]
    assert "changed" in texts(picture.axes[0])


def test_times_are_those_of_the_day():
    picture = vital_signs(pd.concat(ages(1)))
    assert [tick.get_text() for tick in picture.axes[-1].get_xticklabels()] == ["9:30", "10:00"]


def test_nothing_measured_and_columns_that_are_missing():
    assert "Nothing has been measured" in vital_signs(pd.DataFrame()).finding
    assert vital_signs(pd.concat([sign("calls", 1.0)])).finding == "Nothing is known of the shards"
    with pytest.raises(ValueError, match="no column value"):
        vital_signs(pd.concat(ages(1)).drop(columns="value"))


def test_names_stay_inside_and_apart():
    picture = vital_signs(pd.concat(ages(1, 1, 1, 0.99)), changed_at=1800)
    picture.png()
    renderer = picture._get_renderer()
    extents = [text.get_window_extent(renderer) for text in (*picture.axes[0].texts, *picture.texts)]
    width, height = picture.get_size_inches() * picture.dpi
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in extents)
    assert all(not one.overlaps(other) for i, one in enumerate(extents) for other in extents[:i])


def test_the_same_table_gives_the_same_bytes():
    table = pd.concat([*ages(1, 0.3), sign("calls", 3.0), sign("errors", 1.0)])
    assert vital_signs(table).png() == vital_signs(table).png()
