"""How far behind each shard is over time: the numbers that the picture of age and backlog draws."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.pictures.style import duration, plural, who

LATE = 60.0
"""Seconds: a shard none of whose records ever waits so long keeps up, unless it is stuck."""
ALIKE = 0.95
"""Shards that fell this share of the worst one's age behind are named with it."""
ENDINGS = ("expired", "dropped", "reported")
"""The fates of records that the function was never done with."""

Line = npt.NDArray[np.float64]


class ShardHistory(NamedTuple):
    """What a shard looks like over time."""

    shard: str
    age: Line
    """Seconds since the arrival of the oldest record that is not done, at each instant."""
    backlog: Line
    """Records that have arrived and are not done, at each instant."""
    stuck: float
    """For how many seconds, at the last instant, none of its records has been processed, though some fail."""
    given_up: pd.DataFrame
    """Records that were not processed: fate, at (when they ended) and age (how old they were then)."""

    @property
    def longest(self) -> float:
        """The most seconds that the oldest record has waited."""
        return float(self.age.max())

    @property
    def late(self) -> bool:
        """Whether it does not keep up."""
        return self.longest >= LATE or self.stuck > 0


def history(shard: str, account: pd.DataFrame, instants: Line, *, peaks: bool = False) -> ShardHistory:
    """A shard over time, from the ledger's rows of it.

    peaks: whether age and backlog are the most that there was since the instant before, else what there is at each.
    """
    put = account["put_at"].to_numpy(dtype=float)
    done = account["done_at"].fillna(np.inf).to_numpy(dtype=float)
    # The oldest that is not done is the first whose end, or the end of one before it, is still to come.
    ends, counted, since = np.maximum.accumulate(done), np.sort(done), np.append(put, np.inf)

    def ages(moments: Line, side: Literal["left", "right"]) -> Line:
        age: Line = moments - since[np.searchsorted(ends, moments, side=side)]
        return np.maximum(age, 0.0)

    def backlogs(moments: Line) -> Line:
        gone = np.searchsorted(counted, moments, side="right")
        return (np.searchsorted(put, moments, side="right") - gone).astype(float)

    age, backlog, last = ages(instants, "right"), backlogs(instants), float(instants[-1])
    if peaks:  # the age is highest just before something ends, the backlog when something arrives
        over, come = done[done <= last], put[put <= last]
        np.maximum.at(age, np.searchsorted(instants, over), ages(over, "left"))
        np.maximum.at(backlog, np.searchsorted(instants, come), backlogs(come))
    lost = account[account["fate"].isin(ENDINGS) & (account["done_at"] <= last)]
    given_up = pd.DataFrame({"fate": lost["fate"], "at": lost["done_at"], "age": lost["done_at"] - lost["put_at"]})
    return ShardHistory(shard, age, backlog, _stuck(account, last), given_up)


def _stuck(account: pd.DataFrame, end: float) -> float:
    waiting = account[~(account["done_at"] <= end) & (account["put_at"] <= end)]
    if waiting.empty or waiting["deliveries"].max() == 0:
        return 0.0
    age = end - waiting["put_at"].min()
    processed = account.loc[(account["fate"] == "processed") & (account["done_at"] <= end), "done_at"]
    still = min(age, end - processed.max()) if len(processed) else age
    fails = waiting["deliveries"].max() > 1 or age >= LATE
    return float(still) if fails and still >= ALIKE * age else 0.0


def finding(shards: list[ShardHistory]) -> str:
    """What the lines show, in a sentence."""
    lost = _losses(shards)
    if not any(each.late for each in shards):
        told = f"All shards keep up: no record waits longer than {duration(max(each.longest for each in shards))}"
        return f"{told}; {lost}" if lost else told
    longest = max(each.stuck for each in shards)
    if longest:
        stuck = [each.shard for each in shards if each.stuck >= ALIKE * longest]
        has = "has" if len(stuck) == 1 else "have"
        told = f"{who(stuck, len(shards))} {has} not moved for {duration(longest)}"
    else:
        longest = max(each.longest for each in shards)
        told = f"{who([each.shard for each in shards if each.longest >= ALIKE * longest], len(shards))} "
        told += f"fell {duration(longest)} behind"
    return f"{told[0].upper()}{told[1:]}; {lost or 'nothing was lost'}"


def _losses(shards: list[ShardHistory]) -> str:
    """`20 records expired, 1 was reported`; nothing if all was processed or waits."""
    fates = pd.concat([each.given_up["fate"] for each in shards]).value_counts()
    told: list[str] = []
    for fate, count in ((fate, int(fates[fate])) for fate in ENDINGS if fate in fates):
        what = f"{count:,}" if told else plural(count, "record")
        told.append(f"{what} expired" if fate == "expired" else f"{what} {'was' if count == 1 else 'were'} {fate}")
    return ", ".join(told)
