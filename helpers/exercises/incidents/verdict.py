"""What is said of a diagnosis and of a remedy: always with the numbers of the case itself."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from types import MappingProxyType
from typing import TYPE_CHECKING

from helpers.exercises.incidents.catalogue import Plan
from helpers.exercises.incidents.findings import HOURS_A_MONTH, LOST, SHARD_HOUR, STALLED, Findings, toll
from helpers.exercises.incidents.knobs import (
    BATCHING,
    CONCURRENCY,
    FILTERS,
    GIVING_UP,
    LANES,
    MEMORY,
    RETENTION,
    SHARDS,
    SWITCH,
    TIMEOUT,
    Turn,
)
from helpers.pictures.style import duration, percent, plural

if TYPE_CHECKING:
    import pandas as pd

SLOW = "slow function"
POISON = "poison record"
HOT = "hot key"
THROTTLED = "too little concurrency"
TOO_LONG = "batch outlasts the timeout"
READERS = "too many readers"

CAUSES = (SLOW, POISON, HOT, THROTTLED, TOO_LONG, READERS)
"""What a diagnosis can be."""


class Chart:
    """The signs of a case at ten o'clock, as numbers: before the trouble began, and since."""

    def __init__(self, plan: Plan, signs: pd.DataFrame) -> None:
        """The trouble begins with the onset; its first minutes are neither before nor since."""
        onset = plan.onset_minute * 60
        self._before = signs[signs["at"] < onset]
        self._since = signs[signs["at"] >= onset + 300]

    def total(self, sign: str) -> int:
        """Since the trouble began."""
        return int(self._of(self._since, sign).sum())

    def longest(self, sign: str) -> float:
        """The largest value since the trouble began."""
        return float(self._of(self._since, sign).max())

    def usual(self, sign: str) -> tuple[float, float]:
        """The median before, and since."""
        return float(self._of(self._before, sign).median()), float(self._of(self._since, sign).median())

    def shares(self) -> list[float]:
        """Which part of the records each shard has received since."""
        rows = self._since[self._since["sign"] == "records in"].groupby("shard")["value"].sum()
        return [float(share) for share in rows / rows.sum()]

    def behind(self) -> list[int]:
        """The numbers of the shards that are behind."""
        last = self._since[self._since["sign"] == "age"].groupby("shard")["value"].last()
        return [number for number, age in enumerate(last) if age > STALLED]

    @staticmethod
    def _of(rows: pd.DataFrame, sign: str) -> pd.Series[float]:
        return rows.loc[rows["sign"] == sign, "value"]


# What speaks against a diagnosis


def _against_slow(_plan: Plan, chart: Chart) -> str:
    before, since = chart.usual("seconds a record")
    slow = "A function that has become slow needs longer for each record. Here"
    if isnan(since):
        then, now = chart.usual("records a call")
        return (
            f"{slow}, no call has gone through since the trouble began: each holds {now:.0f} records, not {then:.0f}."
        )
    return f"{slow} it was {before:.2g} s for a record before the trouble, and {since:.2g} s since."


def _against_poison(plan: Plan, chart: Chart) -> str:
    if not chart.total("errors"):
        return "A poison record makes calls fail, again and again. Here not one call has failed."
    return (
        f"A poison record stops the shard that it is in, and the others go on. Here {len(chart.behind())} of "
        f"{plan.shards} are behind, and they have stopped in the same minute."
    )


def _against_hot(_plan: Plan, chart: Chart) -> str:
    shares = ", ".join(percent(share) for share in chart.shares())
    return f"A hot key shows as a shard that receives more than the others. Here the shares are {shares}."


def _against_throttled(_plan: Plan, _chart: Chart) -> str:
    return "Who has too little concurrency is turned away at the door: those are Throttles, and here there are none."


def _against_too_long(plan: Plan, chart: Chart) -> str:
    errors, longest = chart.total("errors"), chart.longest("seconds a call")
    failed = f"{errors} calls have failed, but none was" if errors else "No call was"
    return f"{failed} cut off: the longest took {longest:.0f} s, and the timeout is {plan.timeout} s."


def _against_readers(_plan: Plan, _chart: Chart) -> str:
    return "Too many readers get ReadProvisionedThroughputExceeded. Here not one read was refused."


AGAINST: MappingProxyType[str, Callable[[Plan, Chart], str]] = MappingProxyType(
    {
        SLOW: _against_slow,
        POISON: _against_poison,
        HOT: _against_hot,
        THROTTLED: _against_throttled,
        TOO_LONG: _against_too_long,
        READERS: _against_readers,
    }
)


def of_diagnosis(plan: Plan, cause: object, signs: pd.DataFrame) -> str | None:
    """What speaks against a cause; None when it is the right one."""
    if cause == plan.cause:
        return None
    if not isinstance(cause, str) or cause not in AGAINST:
        said = "nothing" if cause is None else repr(cause)
        return f"And the diagnosis? Return one of {', '.join(map(repr, CAUSES))}; your remedy returned {said}."
    return AGAINST[cause](plan, Chart(plan, signs))


# What a remedy has done

GENERAL = MappingProxyType(
    {
        LANES: "Lanes let more batches of a shard run side by side.",
        BATCHING: "In a larger batch, more records share what every call costs.",
        GIVING_UP: "These settings say when a batch that fails is given up. They change nothing for calls that work.",
        FILTERS: "A filter is for records that nobody wants.",
        SWITCH: "Switched off, a mapping reads nothing; and on it was already.",
        TIMEOUT: "The timeout matters to calls that come near it.",
        MEMORY: "More memory means more computing power, and this function does not compute: it waits.",
        CONCURRENCY: "Nobody had been turned away: there was room for every call.",
        SHARDS: "New shards take what comes from now on; an old one is worked off first, and no faster than before.",
        RETENTION: "That buys time, which is wise, and moves nothing.",
    }
)
"""What is to be said of a knob that has not helped."""
LESSONS = MappingProxyType(
    {
        (SLOW, LANES): "It is the right knob. How many lanes does it take, for what comes in and for what waits?",
        (SLOW, BATCHING): "A batch of twice the size takes twice as long: here, the work is in the records.",
        (POISON, LANES): (
            "The other lanes go on, which is something. In the lane of the bad order all wait as before, and it "
            "is tried for ever."
        ),
        (POISON, BATCHING): "In a batch of any size the bad order fails, and stands in the way of what is behind it.",
        (POISON, GIVING_UP): "The bad order is still tried again and again. When does that end?",
        (HOT, LANES): "A key is always in one lane, which keeps its order: more lanes help the other keys only.",
        (HOT, SHARDS): "One key is in one shard, however many there are.",
        (HOT, BATCHING): (
            "It is the right knob, as a call costs time whatever is in it. How many records must share that, and how "
            "many are done within the timeout?"
        ),
        (THROTTLED, LANES): "More lanes knock at the same door.",
        (THROTTLED, SHARDS): "More shards knock at the same door.",
        (THROTTLED, CONCURRENCY): "It is the right knob. How many calls at once would there be if nobody counted?",
        (TOO_LONG, LANES): "Each lane gets batches of its own, and some of them last too long again.",
        (TOO_LONG, BATCHING): "It is the right knob. How many orders are done within the timeout?",
        (TOO_LONG, TIMEOUT): "It is the right knob. How long does a batch take that is full?",
        (TOO_LONG, GIVING_UP): (
            "A batch that takes too long fails every time. Halving finds parts that fit, and loses all the time that "
            "it takes to fail."
        ),
    }
)
"""The same, where the case makes it special."""
REASONS = MappingProxyType(
    {
        "RecordAgeExceeded": "they were older than you allow, and where records wait, good ones are that old, too",
        "RetryAttemptsExhausted": "their batches failed too often, and a batch is given up as a whole",
    }
)


def of_remedy(plan: Plan, turn: Turn, before: Findings, after: Findings) -> str | None:
    """What is wrong with what a remedy has done in its hour; None when nothing is."""
    bad, cost = int(plan.cause == POISON), toll(after, before)
    if cost.lost > bad:
        return f"{plural(cost.lost, 'order')} {'is' if cost.lost == 1 else 'are'} lost: {_how(after)}."
    if cost.set_aside > bad:
        return f"{plural(cost.set_aside - bad, 'good order')} had to be set aside: {_how(after)}."
    if cost.worst > STALLED:
        return f"The cause is right. And the remedy? {_not_cured(plan, turn, before, after)}"
    if cost.lost:
        return "The shard moves again. But the bad order was dropped, and nobody was told: set it aside, with a note."
    if after.shards > before.shards:
        return f"It helps, and {_price_of_shards(before, after)} A setting would have cost nothing."
    return None


def _how(after: Findings) -> str:
    """How orders came to be given up."""
    given_up = after.account[after.account["fate"].isin((*LOST, "reported"))]
    if (given_up["fate"] == "filtered").any():
        return "your filter let them go, and nobody will ever book them"
    return REASONS.get(str(given_up["reason"].mode().iloc[0]), "they have expired")


def _not_cured(plan: Plan, turn: Turn, before: Findings, after: Findings) -> str:
    was, now = toll(before).behind, toll(after, before).behind
    trend = "It gets better, too slowly: at" if now < 0.75 * was else "At"
    sentences = [f"{trend} ten the oldest order had waited for {duration(was)}, at eleven for {duration(now)}."]
    if cut := _cut_off(after) - _cut_off(before):
        sentences.append(f"{plural(cut, 'call')} {'was' if cut == 1 else 'were'} cut off by the timeout.")
    if turned_away := _turned_away(after) if not _turned_away(before) else 0:
        sentences.append(f"Calls are turned away now: {plural(turned_away, 'throttle')}.")
    sentences.append(LESSONS.get((plan.cause, turn.knob), GENERAL[turn.knob]))
    if after.shards > before.shards:
        sentences.append(f"And {_price_of_shards(before, after)}")
    if after.memory > before.memory:
        sentences.append(f"And each second costs {after.memory / before.memory:g} times as much.")
    return " ".join(sentences)


def _cut_off(findings: Findings) -> int:
    """How many calls the timeout has cut off since nine o'clock."""
    failures = findings.failures
    return int(failures.loc[failures["what"].str.startswith("Task timed out"), "times"].sum())


def _turned_away(findings: Findings) -> int:
    """How many calls found no room since nine o'clock."""
    return int(findings.signs.loc[findings.signs["sign"] == "throttles", "value"].sum())


def _price_of_shards(before: Findings, after: Findings) -> str:
    more = after.shards - before.shards
    return f"{plural(more, 'more shard')} cost ${more * SHARD_HOUR * HOURS_A_MONTH:,.2f} a month."
