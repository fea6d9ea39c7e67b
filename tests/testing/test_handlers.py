"""The handlers of the chapters, put to the test as a reader would test them at home."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.handlers import book_orders, transactions
from kinesis_lab.testing import feed, fresh_cloud, lost
from kinesis_lab.testing.strategies import documents, events, faults, mapping_settings
from tests.examples import examples

HANDLERS = Path(book_orders.__file__).parent
POWERTOOLS = ["aws_lambda_powertools", "jmespath", "typing_extensions"]

AMOUNTS = st.none() | st.integers(-5, 5)


@st.composite
def orders(draw):
    """Orders with a number each; some have no amount."""
    drawn = draw(st.lists(st.tuples(AMOUNTS, st.sampled_from(["Zoë", "José", "Noor"])), min_size=1, max_size=20))
    return [{"ID": number, "AMOUNT": amount, "USERNAME": name} for number, (amount, name) in enumerate(drawn)]


@settings(max_examples=examples(40))
@given(event=events(documents() | st.builds(lambda amount: {"AMOUNT": amount}, AMOUNTS)))
def test_every_order_is_either_booked_or_skipped(event):
    answer = book_orders.handler(event, None)
    assert answer["booked"] + answer["skipped"] == len(event["Records"])


@given(amount=AMOUNTS)
def test_every_transaction_has_its_class(amount):
    expected = "MISSING" if amount is None else "ZERO" if not amount else "POSITIVE" if amount > 0 else "NEGATIVE"
    assert transactions.classify({"AMOUNT": amount}) == expected


REPORTING = mapping_settings(
    FunctionResponseTypes=["ReportBatchItemFailures"],
    MaximumRetryAttempts=2,
    MaximumRecordAgeInSeconds=-1,
    ParallelizationFactor=1,  # each lane is a process, which has Powertools to import
)


@settings(max_examples=examples(6))
@given(orders=orders(), faults=faults(), shards=st.integers(1, 3), mapping=REPORTING)
def test_whatever_fails_all_good_orders_are_booked_in_their_order_and_no_bad_one(orders, faults, shards, mapping):
    good = [order["ID"] for order in orders if order["AMOUNT"] is not None]
    with fresh_cloud() as cloud:
        run = feed(
            cloud,
            HANDLERS / "book_orders_batch.py",
            orders,
            key="USERNAME",
            shards=shards,
            faults=faults,
            libraries=POWERTOOLS,
            **mapping,
        )
        booked = [int(line.split()[1]) for line in run.lines if line.startswith("booked ")]
        assert lost(good, booked) == [] and set(booked) <= set(good)
        run.assert_in_order(booked, by="ID")
        assert run.fates.keys() <= {"processed", "dropped"}
