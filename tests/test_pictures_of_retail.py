"""The leaderboard shows its table: a bar for everybody, what is missing, what is too much, and who wins."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers.pictures import leaderboard
from helpers.pictures.leaderboard import WINNER, ranking
from helpers.pictures.style import FAIL


def table(*rows: Any) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["role", "name", "score"])


TRUTH = table(
    ("creator", "Amara", 12), ("creator", "Chloé", 11), ("photographer", "Kofi", 9), ("photographer", "Noor", 3)
)
BROKEN = table(
    ("creator", "UNKNOWN", 15), ("creator", "Chloé", 11), ("creator", "Amara", 4), ("photographer", "Noor", 5)
)


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_bar_for_everybody_as_long_as_the_score():
    merchants, photographers = leaderboard(TRUTH).axes
    first, second = bars(merchants)
    assert first.get_width() / second.get_width() == pytest.approx(12 / 11)
    assert texts(merchants) == ["merchants, by sales", "Amara", "12", "Chloé", "11"]
    assert texts(photographers) == ["photographers, by sales", "Kofi", "9", "Noor", "3"]
    assert bars(photographers)[0].get_width() / first.get_width() == pytest.approx(9 / 12), "the same scale for both"


def test_the_winner_stands_out():
    first, second = bars(leaderboard(TRUTH).axes[0])
    assert to_hex(first.get_facecolor()) == WINNER != to_hex(second.get_facecolor())
    assert [text.get_fontweight() for text in leaderboard(TRUTH).axes[0].texts[1:]] == ["bold", "bold"] + ["normal"] * 2


def test_what_is_missing_and_what_is_too_much_is_red():
    merchants, photographers = leaderboard(BROKEN, TRUTH).axes
    stranger, surplus, chloe, amara, missing = bars(merchants)
    assert (stranger.get_width(), chloe.get_width() / amara.get_width()) == (0, pytest.approx(11 / 4))
    for patch, points in ((surplus, 15), (missing, 8)):
        assert to_hex(patch.get_edgecolor()) == FAIL and bool(patch.get_hatch()) == (patch is missing)
        assert patch.get_width() / chloe.get_width() == pytest.approx(points / 11)
    assert to_hex(missing.get_facecolor()) == "#ffffff" != to_hex(surplus.get_facecolor())
    assert texts(merchants)[1:] == ["UNKNOWN", "15", "not 0", "Chloé", "11", "Amara", "4", "not 12"]
    assert texts(photographers)[1:] == ["Noor", "5", "not 3", "Kofi", "0", "not 9"]


TIED = table(("creator", "A", 2), ("creator", "B", 2), ("photographer", "C", 1))
TIED_3 = table(("creator", "A", 2), ("creator", "B", 2), ("creator", "C", 2))


@pytest.mark.parametrize(
    ("board", "truth", "finding"),
    [
        (TRUTH, None, "Amara and Kofi win"),
        (TRUTH, TRUTH, "Amara and Kofi win, as the log says"),
        (TRUTH.assign(score=[12, 11, 9, 2]), TRUTH, "Amara and Kofi win, as they should; but not all scores are right"),
        (BROKEN, TRUTH, "UNKNOWN and Noor win; by the log it is Amara and Kofi"),
        (TIED, None, "A or B and C win"),
        (TIED_3, None, "one of 3 merchants and nobody win"),
        (table(), None, "Nobody has sold anything yet"),
        (table(("creator", "A", 0)), None, "Nobody has sold anything yet"),
    ],
)
def test_the_title_says_who_wins(board, truth, finding):
    assert leaderboard(board, truth).finding == finding


def test_nobody_is_left_out_and_nobody_without_points_is_in():
    people = ranking(BROKEN, TRUTH, "creator")
    assert [(each.name, each.score, each.true, each.wins) for each in people] == [
        ("UNKNOWN", 15, 0, True),
        ("Chloé", 11, 11, False),
        ("Amara", 4, 12, False),
    ]
    assert ranking(table(("creator", "A", 0)), table(), "creator") == []


def test_what_cannot_be_drawn_says_why():
    with pytest.raises(ValueError, match="no column name, score"):
        leaderboard(pd.DataFrame({"role": []}))


LONG = table(
    *(("creator", f"somebody with a long name {number}", 100 + number) for number in range(12)),
    *(("photographer", f"Ünal the photographer {number}", 7) for number in range(2)),
)


@pytest.mark.parametrize(
    "picture",
    [
        leaderboard(TRUTH),
        leaderboard(BROKEN, TRUTH),
        leaderboard(LONG),
        leaderboard(LONG, TRUTH),
        leaderboard(TIED, LONG),
        leaderboard(table()),
    ],
    ids=["right", "broken", "long", "long and broken", "long truth", "empty"],
)
def test_nothing_is_cut_off_or_written_over(picture):
    renderer = FigureCanvasAgg(picture).get_renderer()
    width, height = picture.get_size_inches() * picture.dpi
    written = [*picture.texts, *(text for axes in picture.axes for text in axes.texts)]
    boxes = [text.get_window_extent(renderer) for text in written if text.get_text()]
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(overlap) <= 1.5


def test_the_same_table_gives_the_same_bytes():
    assert leaderboard(BROKEN, TRUTH).png() == leaderboard(BROKEN, TRUTH).png()
