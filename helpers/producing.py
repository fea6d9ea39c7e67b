"""What goes into a stream, seeded and the same on every run, and how all of it gets there."""

from __future__ import annotations

import random
from typing import Any

from kinesis_lab.producing import Lost, Record, Report, put_all
from kinesis_lab.transactions import CUSTOMERS, WITHOUT_AMOUNT, ZEROS, make_transactions

__all__ = [
    "CUSTOMERS",
    "WITHOUT_AMOUNT",
    "ZEROS",
    "Lost",
    "Record",
    "Report",
    "make_rush",
    "make_transactions",
    "put_all",
]


def make_rush(count: int, *, hot: str = "Zoë", share: float = 0.5, seed: int = 2017) -> list[dict[str, Any]]:
    """Transactions of a busy day, on which the customer `hot` makes a `share` of them (0 to 1)."""
    if not 0 <= share <= 1:
        raise ValueError(f"share must be between 0 and 1, not {share}")
    source = random.Random(seed)
    others = [name for name in CUSTOMERS if name != hot]
    return [
        {
            "ID": number,
            "USERNAME": hot if source.random() < share else source.choice(others),
            "AMOUNT": round(source.uniform(1, 100), 2),
        }
        for number in range(count)
    ]
