"""The flight recorder: one row for everything that happens in the local cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kinesis_lab.emulator.tables import import_pandas

if TYPE_CHECKING:
    import pandas as pd

    from kinesis_lab.emulator.clock import Clock


class Entry(NamedTuple):
    """One thing that happened.  What does not apply is None."""

    at: float
    """When it began, in virtual seconds since the cloud was opened."""
    kind: str
    """put, poll, invoke, retry, checkpoint, state, …"""
    until: float | None = None
    """When it ended, for what takes time."""
    stream: str | None = None
    shard: str | None = None
    mapping: str | None = None
    function: str | None = None
    lane: int | None = None
    first: str | None = None
    """Sequence number of the first record concerned."""
    last: str | None = None
    """Sequence number of the last record concerned."""
    places: str | None = None
    """Where the records concerned stand in their shard, counted from 0: `3`, `0-99`, or `0-4,7,9` if not in a row."""
    records: int | None = None
    bytes: int | None = None
    attempt: int | None = None
    """1 for the first delivery of a batch, 2 for its first retry, …"""
    done: int | None = None
    """How many of the records, from the first one on, are processed and will not be retried."""
    outcome: str | None = None
    """ok, error, timeout, throttled, …"""
    request_id: str | None = None
    cold: bool | None = None
    """Whether the invocation started a new execution environment."""
    note: str | None = None


class FlightRecorder:
    """Keeps the entries in the order in which they were noted."""

    def __init__(self, clock: Clock) -> None:
        """Entries are stamped by `clock` unless they say `at` themselves."""
        self._clock = clock
        self._rows: list[tuple[Any, ...]] = []
        # Plain tuples: the garbage collector does not look at them again and again, as it does at named ones.

    def note(self, kind: str, *, at: float | None = None, **fields: Any) -> None:
        """Add one entry, `at` a time since the cloud was opened or now; `fields` are those of `Entry`."""
        moment = self._clock.elapsed if at is None else at
        self._rows.append(Entry.__new__(tuple, moment, kind, **fields))

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._rows)

    def entries(self, kind: str | None = None) -> list[Entry]:
        """The entries, or only those of one `kind`."""
        return [Entry._make(row) for row in self._rows if kind is None or row[1] == kind]

    def table(self, kind: str | None = None) -> pd.DataFrame:
        """The entries as a pandas table, one row each, columns as the fields of `Entry`.

        Raises ModuleNotFoundError where pandas is not installed: it is an extra of the library, `tables`.
        """
        pandas = import_pandas("the flight recorder's table")
        table: pd.DataFrame = pandas.DataFrame(self.entries(kind), columns=list(Entry._fields))
        return table
