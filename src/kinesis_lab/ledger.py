"""What became of every record: an account drawn from the flight recorder's table, a row for each record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FATES = ("processed", "filtered", "reported", "dropped", "expired", "waiting")
"""What can become of a record: the function is done with it; the filters let it go; it was given up, with or without
a report to a destination; the stream stopped keeping it before it was done with; or nothing yet."""
COLUMNS = ("stream", "shard", "place", "put_at", "deliveries", "first_given", "done_at", "fate", "reason")
NEEDED = ("at", "until", "kind", "stream", "shard", "mapping", "places", "done", "outcome", "note")


def ledger(table: pd.DataFrame, mapping: str | None = None) -> pd.DataFrame:
    """Account for every record that was put: what became of it on its way through a mapping.

    table: the flight recorder's; mapping: the UUID of the one that is asked about, which need not be given if there
    is only one.

    Returns a row for each record: stream, shard, place (its position in the shard, from 0), put_at (virtual seconds),
    deliveries (how often the function was given it), first_given and done_at (virtual seconds, NaN if never), fate
    (one of `FATES`), reason (why it was given up or lost).  A mapping that was paused may read again what it was done
    with: what became of it first stands, but what was given up, or let go, and is processed then counts as processed.

    Raises ValueError when a column is missing, or the table has several mappings and none was chosen.
    """
    import pandas as pd

    rows = _of_one_mapping(table, mapping)
    accounts: dict[tuple[Any, ...], _Account] = {}
    puts = rows[(rows["kind"] == "put") & rows["places"].notna()]
    streams = set(rows.loc[rows["mapping"].notna(), "stream"]) or set(puts["stream"])
    for shard, group in puts[puts["stream"].isin(streams)].groupby(["stream", "shard"]):
        accounts[shard] = _Account(group)
    told = rows[rows["mapping"].notna() & rows["places"].notna() & rows["kind"].isin(_Account.TELL)]
    # A batch that fails for a day is told of thousands of times: all that matters is how often, and since when.
    in_vain = (told["kind"] == "invoke") & (told["done"] == 0)
    tries = told[in_vain].groupby(["stream", "shard", "places"])["at"].agg(["size", "min"])
    for (stream, shard, places), count, since in tries.itertuples():
        if (stream, shard) in accounts:
            accounts[stream, shard].given(places, since, count)
    for row in told.loc[~in_vain, ["stream", "shard", *_Account.ASKED]].itertuples():
        entry: Any = row
        if (entry.stream, entry.shard) in accounts:
            accounts[entry.stream, entry.shard].take(entry)
    if not accounts:
        return pd.DataFrame(columns=list(COLUMNS))
    tables = [accounts[shard].table(*shard) for shard in sorted(accounts)]
    return pd.concat(tables, ignore_index=True)


def spans(places: str) -> Iterator[tuple[int, int]]:
    """The pairs of first and last place in what the flight recorder says of places: `0-4,7` is (0, 4) and (7, 7)."""
    for part in places.split(","):
        first, _, last = part.partition("-")
        yield int(first), int(last or first)


def _of_one_mapping(table: pd.DataFrame, mapping: str | None) -> pd.DataFrame:
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}; the flight recorder's has")
    known = sorted(table["mapping"].dropna().unique())
    if mapping is None and len(known) > 1:
        raise ValueError(f"the table is of {len(known)} mappings; choose one, for instance mapping={known[0]!r}")
    if mapping is not None and mapping not in known:
        raise ValueError(f"mapping is {mapping!r}; the table has {', '.join(map(repr, known)) or 'none'}")
    return table if mapping is None else table[table["mapping"].isna() | (table["mapping"] == mapping)]


class _Account:
    """The records of one shard, as arrays by place."""

    TELL = ("invoke", "filter", "discard", "expired")
    ASKED = ("at", "until", "kind", "places", "done", "outcome", "note")

    def __init__(self, puts: pd.DataFrame) -> None:
        parts = [(*span, at) for at, places in zip(puts["at"], puts["places"], strict=True) for span in spans(places)]
        self._first = min(first for first, _, _ in parts)
        count = max(last for _, last, _ in parts) + 1 - self._first
        self._put_at = np.full(count, np.nan)
        for first, last, at in parts:
            self._put_at[first - self._first : last + 1 - self._first] = at
        self._deliveries = np.zeros(count, dtype=int)
        self._first_given = np.full(count, np.nan)
        self._done_at = np.full(count, np.nan)
        self._fate = np.full(count, "waiting", dtype=object)
        self._reason = np.full(count, "", dtype=object)

    def given(self, places: str, since: float, times: int = 1) -> None:
        """Enter that the function was given these records so many times, and when first."""
        for which in self._slices(places):
            self._deliveries[which] += times
            self._first_given[which] = np.fmin(self._first_given[which], since)

    def take(self, entry: Any) -> None:
        """Enter what a row of the table says; rows come in the order in which things happened."""
        if entry.kind == "invoke":
            self.given(entry.places, entry.at)
            left = int(entry.done or 0)
            for given in self._slices(entry.places):
                done = slice(given.start, min(given.stop, given.start + left))
                left -= done.stop - done.start
                self._end(done, entry.until, "processed", "")
            return
        fate, reason = {
            "filter": ("filtered", ""),
            "discard": (entry.outcome, entry.note),
            "expired": ("expired", entry.outcome),
        }[entry.kind]
        for ended in self._slices(entry.places):
            self._end(ended, entry.at, fate, reason)

    def _slices(self, places: str) -> Iterator[slice]:
        """Where places stand in the arrays; what was put before the table begins is not in them."""
        for first, last in spans(places):
            start, stop = max(0, first - self._first), last + 1 - self._first
            if start < stop:
                yield slice(start, stop)

    def _end(self, which: slice, at: float, fate: str, reason: str) -> None:
        """Enter what became of records, unless that is known: after a rewind only the function can change it."""
        present = self._fate[which]
        open_ = present == "waiting" if fate != "processed" else present != "processed"
        self._done_at[which][open_] = at
        self._fate[which][open_] = fate
        self._reason[which][open_] = reason

    def table(self, stream: str, shard: str) -> pd.DataFrame:
        """A row for each record."""
        import pandas as pd

        rows = pd.DataFrame(
            {
                "stream": stream,
                "shard": shard,
                "place": np.arange(len(self._put_at)) + self._first,
                "put_at": self._put_at,
                "deliveries": self._deliveries,
                "first_given": self._first_given,
                "done_at": self._done_at,
                "fate": self._fate,
                "reason": self._reason,
            }
        )
        return rows.dropna(subset="put_at")
