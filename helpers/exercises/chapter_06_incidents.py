"""The exercises at the end of chapter 06: five incidents, each to be diagnosed and treated with one turn of a knob."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.exercises import incidents
from helpers.exercises.exercise import exercise


def check_of(number: int) -> Callable[[Any], str | None]:
    """The check of a remedy for an incident: it tries it for an hour, on the case as it was opened last."""
    return lambda remedy: incidents.opened(number).examine(remedy)


INCIDENT_EXERCISES = (
    exercise(
        "6.7",
        "Late for everybody",
        check_of(1),
        "Every record takes longer, so every shard does less: more lanes do more at once, at no extra price.",
        (
            "No call failed, none was turned away, no shard gets more than the others. Which number has jumped?",
            "`seconds a record`. What comes in is now more than shards × factor / seconds a record.",
            "More lanes: `lambda_.update_event_source_mapping(UUID=case.mapping, ParallelizationFactor=…)`. Count in "
            "what has piled up, too.",
        ),
        """
def treat_1(lambda_, kinesis, case):
    lambda_.update_event_source_mapping(UUID=case.mapping, ParallelizationFactor=5)
    return "slow function"
""",
    ),
    exercise(
        "6.8",
        "Some hear nothing",
        check_of(2),
        "Halve, give up, set aside: one order waits for a human, and nobody waits for that order.",
        (
            "One shard climbs by a minute a minute: nothing of it moves. The others are well. And calls fail.",
            "The log says why. As in chapter 05: what finds the bad order, what ends the trying, what keeps a note?",
            "All three are one knob: `BisectBatchOnFunctionError`, `MaximumRetryAttempts`, and `DestinationConfig` "
            "with `case.queue`.",
        ),
        """
def treat_2(lambda_, kinesis, case):
    lambda_.update_event_source_mapping(
        UUID=case.mapping,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": case.queue}},
    )
    return "poison record"
""",
    ),
    exercise(
        "6.9",
        "Better than ever",
        check_of(3),
        "One key is one lane: what helps it is more records for each call, as long as a call has a price of its own.",
        (
            "One shard climbs, but not by a minute a minute: it works, and too slowly. What is different about it?",
            "It gets more than the others. More lanes share out keys; what if nearly all of it is one key?",
            "A call takes four seconds, whatever is in it, and holds five records at most. Let it hold more, and mind "
            "the timeout.",
        ),
        """
def treat_3(lambda_, kinesis, case):
    lambda_.update_event_source_mapping(UUID=case.mapping, BatchSize=100)
    return "hot key"
""",
    ),
    exercise(
        "6.10",
        "In bursts",
        check_of(4),
        "Throttles say it all: the function was fast enough, and was not let in.",
        (
            "All shards climb, and each falls back when its turn comes. Whose turn is it, and who decides?",
            "Throttles: calls are turned away. And `calls at once` has fallen to one, at that minute.",
            "Somebody has reserved concurrency, which is a limit as well: `put_function_concurrency`, or "
            "`delete_function_concurrency`.",
        ),
        """
def treat_4(lambda_, kinesis, case):
    lambda_.delete_function_concurrency(FunctionName=case.function)
    return "too little concurrency"
""",
    ),
    exercise(
        "6.11",
        "After the maintenance",
        check_of(5),
        "A pause made batches that were too large for the timeout, and nothing comes back from that by itself.",
        (
            "Every shard climbs by a minute a minute, and every call fails. How long does a call last?",
            "Exactly as long as the timeout. The batches have grown while the mapping was off.",
            "More time or smaller batches. A full batch has 1,000 records, and before the trouble a record took 0.6 s.",
        ),
        """
def treat_5(lambda_, kinesis, case):
    lambda_.update_event_source_mapping(UUID=case.mapping, BatchSize=100)
    return "batch outlasts the timeout"
""",
    ),
)
