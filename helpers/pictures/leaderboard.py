"""Who leads: the scores of two roles side by side, held against what the log says."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.pictures.style import BLANK, FAIL, INK, MUTED, PAPER, RC, RULE, WIDTH, Picture, shortened, tint

NEEDED = ("role", "name", "score")
ROLES = (("creator", "merchants"), ("photographer", "photographers"))
WINNER = "#2f6f73"

TOP, BOTTOM, ROW, HEAD = 0.72, 0.14, 0.33, 0.3
"""Inches: title, foot, a person, and the name of a role."""
NAME, GAP, TALLY = 1.0, 0.25, 0.9
"""Inches: for a name, between the roles, and for what is written behind a bar."""
BAR = 0.62
"""Of a row's height."""
LONGEST_NAME = 10


class Rank(NamedTuple):
    """One person in one role."""

    name: str
    score: int
    true: int
    """By the log."""
    wins: bool


def leaderboard(board: pd.DataFrame, truth: pd.DataFrame | None = None) -> Picture:
    """Draw the scores of both roles, the best first.

    board: role (creator or photographer), name, score; truth: the same, as it should be.

    Raises ValueError when a column is missing.
    """
    for table in (board, *([] if truth is None else [truth])):
        missing = [name for name in NEEDED if name not in table]
        if missing:
            raise ValueError(f"the table has no column {', '.join(missing)}; it needs {', '.join(NEEDED)}")
    ranks = {role: ranking(board, board if truth is None else truth, role) for role, _ in ROLES}
    if not any(ranks.values()):
        return Picture(BLANK, "Nobody has sold anything yet", "let somebody buy something, then draw again")
    rows = max(len(people) for people in ranks.values())
    reading = "bar = score in the table"
    if any(rank.score != rank.true for people in ranks.values() for rank in people):
        reading += " · hatched: points that are missing in it · solid red: points too many"
    height = TOP + HEAD + rows * ROW + BOTTOM
    picture = Picture(height, finding(board, truth), reading)
    width = (WIDTH - 2 * 0.16 - GAP) / 2
    most = max(max(rank.score, rank.true) for people in ranks.values() for rank in people)
    with rc_context(RC):
        for place, (role, title) in enumerate(ROLES):
            left = 0.16 + place * (width + GAP)
            axes = picture.add_axes((left / WIDTH, BOTTOM / height, width / WIDTH, (rows * ROW + HEAD) / height))
            axes.set_axis_off()
            axes.set_xlim(0, width)
            axes.set_ylim(rows * ROW, -HEAD)
            _draw(axes, title, ranks[role], (width - NAME - TALLY) / max(1, most))
    return picture


def ranking(board: pd.DataFrame, truth: pd.DataFrame, role: str) -> list[Rank]:
    """The people of a role, by their score; those who have one in one of the two tables."""
    scores, true = _scores(board, role), _scores(truth, role)
    best = max(scores.values(), default=0)
    everybody = sorted({*scores, *true}, key=lambda name: (-scores.get(name, 0), -true.get(name, 0), name))
    ranks = [Rank(name, scores.get(name, 0), true.get(name, 0), 0 < scores.get(name, 0) == best) for name in everybody]
    return [rank for rank in ranks if rank.score or rank.true]


def finding(board: pd.DataFrame, truth: pd.DataFrame | None) -> str:
    """Who wins, and who should."""
    told = _winners(board)
    if truth is None:
        return f"{told} win"
    right = _winners(truth)
    if told == right:
        same = all(_scores(board, role) == _scores(truth, role) for role, _ in ROLES)
        return f"{told} win, as the log says" if same else f"{told} win, as they should; but not all scores are right"
    return f"{told} win; by the log it is {right}"


def _winners(board: pd.DataFrame) -> str:
    """`Amara and Kofi`; with `or` between two equals, and only their number if they are more."""
    names = []
    for role, title in ROLES:
        scores = _scores(board, role)
        best = sorted(name for name, score in scores.items() if score == max(scores.values()))
        names.append(" or ".join(shortened(name, LONGEST_NAME) for name in best) or "nobody")
        if len(best) > 2:
            names[-1] = f"one of {len(best)} {title}"
    return " and ".join(names)


def _scores(table: pd.DataFrame, role: str) -> dict[str, int]:
    rows = table[(table["role"] == role) & (table["score"] > 0)]
    return {str(name): int(score) for name, score in zip(rows["name"], rows["score"], strict=True)}


def _draw(axes: Axes, title: str, people: list[Rank], inch: float) -> None:
    """One role; `inch`: of a point."""
    axes.text(0, -0.5 * HEAD, f"{title}, by sales", va="center", fontsize=8.5, color=MUTED)
    axes.plot([NAME, NAME], [0, len(people) * ROW], color=RULE, linewidth=1.2)
    for row, rank in enumerate(people):
        middle = (row + 0.5) * ROW
        weight = "bold" if rank.wins else "normal"
        stranger = rank.name == "UNKNOWN"
        axes.text(
            NAME - 0.1,
            middle,
            shortened(rank.name, LONGEST_NAME),
            ha="right",
            va="center",
            fontweight=weight,
            color=FAIL if stranger else INK,
        )
        sound, end = min(rank.score, rank.true), max(rank.score, rank.true)
        colour: Any = WINNER if rank.wins else tint(WINNER, 0.4)
        _bar(axes, middle, 0, sound * inch, facecolor=colour, linewidth=0)
        if sound != end:
            style = {"facecolor": FAIL} if rank.score > rank.true else {"facecolor": PAPER, "hatch": "////"}
            _bar(axes, middle, sound * inch, end * inch, edgecolor=FAIL, linewidth=0.8, **style)
        text = axes.text(NAME + end * inch + 0.08, middle, f"{rank.score}", va="center", fontweight=weight)
        if sound != end:
            text.set_color(FAIL)
            digits = 0.085 * len(str(rank.score))
            where = NAME + end * inch + 0.16 + digits
            axes.text(where, middle, f"not {rank.true}", va="center", fontsize=8.3, color=MUTED)


def _bar(axes: Axes, middle: float, start: float, end: float, **style: Any) -> None:
    axes.add_patch(Rectangle((NAME + start, middle - BAR * ROW / 2), end - start, BAR * ROW, **style))
