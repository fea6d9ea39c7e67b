"""Predict, check, hint, progress: what a learner does in a chapter besides running cells.

A stub cell runs as it is; the cell after it calls `check`, which says how far the answer is and never raises.
"""

from helpers.exercises.desk import check, hint, predict, progress, reveal
from helpers.exercises.exercise import Exercise, todo

__all__ = ["Exercise", "check", "hint", "predict", "progress", "reveal", "todo"]
