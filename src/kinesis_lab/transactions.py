"""A shop's transactions, seeded and the same on every run: what `kinesis-lab simulate` puts into a stream."""

from __future__ import annotations

import random
from typing import Any

CUSTOMERS = (
    "Zoë", "李娜", "José", "Amara", "Øyvind", "Fatima", "Łukasz", "Grace", "Søren", "Priya",
    "Noor", "Chloé", "Mateo", "Yuki", "Ama", "Björn", "Leila", "Tom", "Inès", "Kofi",
)  # fmt: skip


ZEROS = (20, 93)
"""IDs of the transactions whose AMOUNT is exactly 0."""
WITHOUT_AMOUNT = 73
"""ID of the transaction that has no AMOUNT at all."""


def make_transactions(count: int, seed: int = 2017) -> list[dict[str, Any]]:
    """The shop's transactions: ID (from 0), USERNAME, AMOUNT (positive: paid, negative: paid back).

    As real data do, they hold the awkward cases: names beyond ASCII, amounts of 0, and one that is missing.
    """
    source = random.Random(seed)
    transactions: list[dict[str, Any]] = []
    for number in range(count):
        amount = round(source.uniform(-100, 100), 2)
        transaction = {"ID": number, "USERNAME": source.choice(CUSTOMERS), "AMOUNT": amount}
        if number in ZEROS:
            transaction["AMOUNT"] = 0
        if number == WITHOUT_AMOUNT:
            del transaction["AMOUNT"]
        transactions.append(transaction)
    return transactions
