"""What became of every record: an account drawn from the flight recorder, a row for each record.

`accounts` works on the recorder's entries and needs nothing else; `ledger` is the same for pandas tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kinesis_lab.emulator.recorder import Entry
from kinesis_lab.emulator.tables import import_pandas

if TYPE_CHECKING:
    import pandas as pd

FATES = ("processed", "filtered", "reported", "dropped", "expired", "waiting")
"""What can become of a record: the function is done with it; the filters removed it; it was given up, with or without
a report to a destination; the stream stopped keeping it before it was done with; or nothing yet."""
NEEDED = ("at", "until", "kind", "stream", "shard", "mapping", "places", "done", "outcome", "note")
"""The columns of the flight recorder's table that an account is drawn from."""
TELLING = ("invoke", "filter", "discard", "expired")
"""The kinds of entries that tell what became of records."""


class Account(NamedTuple):
    """What became of one record; times are virtual seconds since the cloud was opened, None if it never happened."""

    stream: str
    shard: str
    place: int
    """Its position in the shard, from 0."""
    put_at: float
    deliveries: int
    """How often the function was given it."""
    first_given: float | None
    done_at: float | None
    fate: str
    """One of `FATES`."""
    reason: str
    """Why it was given up or lost."""


COLUMNS = Account._fields


def accounts(entries: Iterable[Entry], mapping: str | None = None) -> list[Account]:
    """Account for every record that was put: what became of it on its way through a mapping.

    entries: the flight recorder's, in their order; mapping: the UUID of the one that is asked about, which need not
    be given if there is only one.

    Returns an account for each record, by stream, shard and place.  A mapping that was paused may read again what it
    was done with: what became of it first stands, but what was given up, or filtered out, and is processed then counts
    as processed.  Raises ValueError when there are several mappings and none was chosen.
    """
    told: list[Any] = list(entries)  # of their fields, an entry has those that its kind has
    _check_mapping(told, mapping)
    of_it = [entry for entry in told if entry.mapping is None or mapping in (None, entry.mapping)]
    puts = [entry for entry in of_it if entry.kind == "put" and entry.places]
    streams = {entry.stream for entry in of_it if entry.mapping} or {entry.stream for entry in puts}
    shards: dict[tuple[str, str], _Shard] = {}
    for entry in puts:
        if entry.stream in streams:
            shards.setdefault((entry.stream, entry.shard), _Shard()).put(entry)
    # A batch that fails for a day is told of thousands of times: all that matters is how often, and since when.
    failed: dict[tuple[str, str, str], list[float]] = {}
    for entry in of_it:
        if entry.mapping is None or not entry.places or entry.kind not in TELLING:
            continue
        if (shard := shards.get((entry.stream, entry.shard))) is None:
            continue
        if entry.kind == "invoke" and not entry.done:
            failed.setdefault((entry.stream, entry.shard, entry.places), []).append(entry.at)
        else:
            shard.take(entry)
    for (stream, name, places), tries in failed.items():
        shards[stream, name].given(places, min(tries), len(tries))
    return [account for where in sorted(shards) for account in shards[where].accounts(*where)]


def ledger(table: pd.DataFrame, mapping: str | None = None) -> pd.DataFrame:
    """The accounts of the flight recorder's table, as a table: the fields of `Account` are its columns, NaN for never.

    mapping: as for `accounts`.  Raises ValueError as well when a column is missing.
    """
    pandas = import_pandas("ledger()")
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}; the flight recorder's has")
    told = table[list(NEEDED)].astype(object)
    entries: Iterable[Any] = told.where(told.notna(), None).itertuples(index=False)
    found = accounts(entries, mapping)
    columns = {name: [account[place] for account in found] for place, name in enumerate(COLUMNS)}
    times = dict.fromkeys(("put_at", "first_given", "done_at"), float)
    account: pd.DataFrame = pandas.DataFrame(columns).astype(times | {"place": int, "deliveries": int})
    return account


def spans(places: str) -> Iterator[tuple[int, int]]:
    """The pairs of first and last place in what the flight recorder says of places: `0-4,7` is (0, 4) and (7, 7)."""
    for part in places.split(","):
        first, _, last = part.partition("-")
        yield int(first), int(last or first)


def _check_mapping(entries: list[Any], mapping: str | None) -> None:
    known = sorted({entry.mapping for entry in entries if entry.mapping})
    if mapping is None and len(known) > 1:
        raise ValueError(f"the table is of {len(known)} mappings; choose one, for instance mapping={known[0]!r}")
    if mapping is not None and mapping not in known:
        raise ValueError(f"mapping is {mapping!r}; the table has {', '.join(map(repr, known)) or 'none'}")


@dataclass(slots=True)
class _Record:
    put_at: float
    deliveries: int = 0
    first_given: float | None = None
    done_at: float | None = None
    fate: str = "waiting"
    reason: str = ""


class _Shard:
    """The records of one shard, by their place."""

    def __init__(self) -> None:
        self._records: dict[int, _Record] = {}

    def put(self, entry: Any) -> None:
        """Enter records that were put."""
        for first, last in spans(entry.places):
            for place in range(first, last + 1):
                self._records[place] = _Record(entry.at)

    def given(self, places: str, since: float, times: int = 1) -> None:
        """Enter that the function was given these records so many times, and when first."""
        for record in self._at(places):
            if record is not None:
                record.deliveries += times
                record.first_given = since if record.first_given is None else min(record.first_given, since)

    def take(self, entry: Any) -> None:
        """Enter what an entry says; entries come in the order in which things happened."""
        if entry.kind == "invoke":
            self.given(entry.places, entry.at)
            for number, record in enumerate(self._at(entry.places)):
                if record is not None and number < (entry.done or 0):
                    _end(record, entry.until, "processed", "")
            return
        fate, reason = {
            "filter": ("filtered", ""),
            "discard": (entry.outcome, entry.note),
            "expired": ("expired", entry.outcome),
        }[entry.kind]
        for record in self._at(entry.places):
            if record is not None:
                _end(record, entry.at, fate, reason)

    def accounts(self, stream: str, shard: str) -> Iterator[Account]:
        """An account for each record, by its place."""
        for place, record in sorted(self._records.items()):
            yield Account(
                stream,
                shard,
                place,
                record.put_at,
                record.deliveries,
                record.first_given,
                record.done_at,
                record.fate,
                record.reason,
            )

    def _at(self, places: str) -> Iterator[_Record | None]:
        """The records at these places; None for one that was put before the entries begin."""
        for first, last in spans(places):
            yield from map(self._records.get, range(first, last + 1))


def _end(record: _Record, at: float, fate: str, reason: str) -> None:
    """Enter what became of a record, unless that is known: after a rewind only the function can change it."""
    if record.fate == "waiting" or (fate == "processed" and record.fate != "processed"):
        record.done_at, record.fate, record.reason = at, fate, reason
