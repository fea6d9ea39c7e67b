"""The files in data/ are what their README says they are."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.handlers import transactions, transactions_first_try
from helpers.producing import make_transactions

DATA = Path(__file__).parents[1] / "data"


def committed():
    lines = (DATA / "transactions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_transactions_are_those_of_the_generator():
    assert committed() == make_transactions(100)


def test_transactions_hold_the_awkward_cases():
    rows = committed()
    assert [row["ID"] for row in rows] == list(range(100))
    assert [row["ID"] for row in rows if row.get("AMOUNT") == 0] == [20, 93]
    assert [row["ID"] for row in rows if "AMOUNT" not in row] == [73]
    assert any(not row["USERNAME"].isascii() for row in rows)
    assert all(-100 <= row.get("AMOUNT", 0) <= 100 for row in rows)


def test_every_file_is_described():
    described = (DATA / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in described for path in DATA.iterdir() if path.name != "README.md")


def test_the_rule_counts_zero_and_names_what_is_missing():
    amounts = [{"AMOUNT": 1}, {"AMOUNT": -0.01}, {"AMOUNT": 0}, {"AMOUNT": -0.0}, {"AMOUNT": None}, {}]
    assert [transactions.classify(amount) for amount in amounts] == [
        "POSITIVE", "NEGATIVE", "ZERO", "ZERO", "MISSING", "MISSING",
    ]  # fmt: skip


def test_both_handlers_can_be_imported():
    assert callable(transactions.handler) and callable(transactions_first_try.handler)
