"""From a handler's file and some records to what became of them: `feed` makes a `Run`, and a run can be asserted on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinesis_lab.testing import checking
from kinesis_lab.testing.checking import Field, taking
from kinesis_lab.testing.faults import Fault, InjectedFaults
from kinesis_lab.testing.sending import MOST_RECORDS, Sent, Where, as_record, send
from kinesis_lab.testing.wording import complaint, several, shown, times

if TYPE_CHECKING:
    import pandas as pd

    from kinesis_lab.cloud import Cloud
    from kinesis_lab.deploying import Deployment
    from kinesis_lab.emulator.recorder import Entry
    from kinesis_lab.ledger import Account

HOUR = 3600.0
LOST = ("dropped", "expired", "waiting")
"""The fates of the ledger that mean: the function did not get through with the record, and nobody was told."""
LAMBDAS_OWN = re.compile(r"(START|END|REPORT) RequestId: |INIT_START ")
FAILURE = re.compile(r"\[ERROR\]|.*Task timed out after|.*Runtime exited with error")


def feed(
    cloud: Cloud,
    code: str | Path,
    records: Iterable[Any],
    *,
    key: Field | None = None,
    shards: int = 1,
    per_second: int = MOST_RECORDS,
    seconds: float = HOUR,
    faults: Mapping[int, Fault] | None = None,
    name: str = "",
    **settings: Any,
) -> Run:
    """Put records into a new stream that feeds a handler, let time pass, and return what became of them.

    code: the handler's file, or a folder that is packed as it is.
    records: documents, texts or bytes, each of which becomes a record with the partition key that `key` takes of it
    (the name of a field, or a function); or records as PutRecords takes them, which have their own.
    shards: of the stream; per_second: how many records are put in a second, 500 at most.
    seconds: of virtual time that pass after the last one was put.
    faults: invocations that are to fail, by the place in `records` of a record that they have in their batch; places
    behind the last one are left out of account.
    name: of stream and function, by default that of the file; a second one in the same cloud needs another.
    settings: those of `kinesis_lab.deploying.deploy` (handler, libraries, timeout, memory, environment), and of the
    mapping as AWS calls them (BatchSize, MaximumRetryAttempts, …).
    """
    from kinesis_lab.deploying import deploy

    name = name or Path(code).stem
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    run = Run(cloud, deploy(cloud, name, code, name, **settings), key)
    run.put(records, per_second=per_second, faults=faults)
    cloud.wait(seconds)
    return run


@dataclass
class Run:
    """What became of the records that a function was fed with, as things are now: look at it, or assert."""

    cloud: Cloud
    deployment: Deployment
    """The names: of the function, which is that of the stream, too, and of the mapping."""
    key: Field | None = None
    sent: list[Sent] = field(default_factory=list, repr=False)
    """In the order in which they were put."""

    def __post_init__(self) -> None:
        """From now on, the faults of this run are injected into the function's invocations."""
        self._faults = InjectedFaults()
        self.cloud.emulator.switchboard.runtime.interceptors[self.deployment.name] = self._faults

    def put(
        self, records: Iterable[Any], *, per_second: int = MOST_RECORDS, faults: Mapping[int, Fault] | None = None
    ) -> None:
        """Put further records; the arguments are those of `feed`."""
        things = [(thing, as_record(thing, self.key)) for thing in records]
        for place, fault in (faults or {}).items():
            if place < len(things):
                self._faults.add(things[place][1], fault)
        self.sent += send(self.cloud, self.deployment.name, things, per_second=per_second)

    # To look at

    @property
    def table(self) -> pd.DataFrame:
        """The ledger: a row for each record in the stream, and what became of it.  Needs pandas: `accounts` doesn't."""
        from kinesis_lab.ledger import ledger

        return ledger(self.cloud.recorder.table(), self.deployment.mapping)

    @property
    def accounts(self) -> dict[Where, Account]:
        """What became of each record in the stream, by shard and place."""
        from kinesis_lab.ledger import accounts

        found = accounts(self.cloud.recorder.entries(), self.deployment.mapping)
        return {(account.shard, account.place): account for account in found}

    @property
    def fates(self) -> Counter[str]:
        """How many records are processed, filtered, reported, dropped, expired or still waiting."""
        return Counter(account.fate for account in self.accounts.values())

    @property
    def invocations(self) -> list[Entry]:
        """What the flight recorder has of each invocation, in the order in which they ended."""
        return [entry for entry in self.cloud.recorder.entries("invoke") if entry.mapping == self.deployment.mapping]

    @property
    def lines(self) -> list[str]:
        """What the function has logged, oldest first, without the lines that Lambda adds by itself."""
        from kinesis_lab.logs import log_events

        lines = (event["message"] for event in log_events(self.cloud, self.deployment.name))
        return [line for line in lines if not LAMBDAS_OWN.match(line)]

    # To assert

    def assert_nothing_lost(self, seen: Iterable[Any] | None = None, *, by: Field | None = None) -> None:
        """The function got through with every record; what was filtered out or reported to a destination is not lost.

        seen: what the handler has left behind, in a table for instance.  Then every record must be among it that was
        not filtered out.
        by: what of a record is seen, if not all of it: the name of a field, or a function.
        """
        __tracebackhide__ = True
        fates = {where: account.fate for where, account in self.accounts.items()}
        if seen is None:
            self._blame("lost", [(each, "") for each in self.sent if fates[each.where] in LOST])
            return
        seen, of = list(seen), _of_sent(by)
        missing = checking.lost([each for each in self.sent if fates[each.where] != "filtered"], seen, by=of)
        strange = checking.invented(self.sent, seen, by=of)
        hint = f"seen, but never sent: {several(strange)}" if strange else ""
        self._blame("not seen", [(each, "") for each in missing], hint)

    def assert_no_duplicates(self, seen: Iterable[Any] | None = None, *, by: Field | None = None) -> None:
        """The function was given every record once at most.

        seen: what the handler has left behind.  Then it may have been given a record again, as long as that left
        nothing more.
        by: as for `assert_nothing_lost`.
        """
        __tracebackhide__ = True
        if seen is None:
            accounts = self.accounts
            again = [(each, "") for each in self.sent if accounts[each.where].deliveries > 1]
            self._blame("delivered more than once", again)
            return
        extra = Counter(each.where for each in checking.duplicated(self.sent, seen, by=_of_sent(by)))
        often = [(each, f"seen {times(1 + extra[each.where])}, ") for each in self.sent if each.where in extra]
        self._blame("seen more often than sent", often)

    def assert_in_order(self, seen: Iterable[Any], *, by: Field | None = None) -> None:
        """Of each partition key, the records were seen in the order in which they were put.

        seen, by: as for `assert_nothing_lost`.  If a record is seen again, as after a retry, the first time counts.
        """
        __tracebackhide__ = True
        late = checking.out_of_order(self.sent, seen, key=lambda each: each.key, by=_of_sent(by))
        self._blame("seen out of order", [(each, f"seen after {shown(ahead.thing)}, ") for each, ahead in late])

    def assert_invocations(self, *, at_most: int) -> None:
        """The function was invoked so often at most."""
        __tracebackhide__ = True
        if (count := len(self.invocations)) > at_most:
            headline = f"{count:,} invocations instead of {at_most:,} at most"
            raise AssertionError(complaint(headline, [], self._circumstances()))

    # What a failed assertion says

    def _blame(self, what: str, offenders: list[tuple[Sent, str]], hint: str = "") -> None:
        """Raise if there are offenders, each with something to say of it."""
        __tracebackhide__ = True
        if not offenders:
            return
        accounts = self.accounts
        lines = [f"{each}: {remark}{_told(accounts[each.where])}" for each, remark in offenders]
        headline = f"{what}: {len(lines):,} of {len(self.sent):,} records"
        raise AssertionError(complaint(headline, lines, filter(None, [hint, *self._circumstances()])))

    def _circumstances(self) -> Iterator[str]:
        """What the mapping was set to, and how the invocations went."""
        from kinesis_lab.emulator.lambda_.mapping.settings import DEFAULTS, OPTIONAL

        mapping = self.cloud.client("lambda").get_event_source_mapping(UUID=self.deployment.mapping)
        chosen = [
            f"{name}={mapping[name]!r}"
            for name in (*DEFAULTS, *OPTIONAL)
            if name in mapping and mapping[name] != DEFAULTS.get(name)
        ]
        yield f"the mapping of {self.deployment.name}: {', '.join(chosen or ['nothing chosen'])}, defaults for the rest"
        invocations = self.invocations
        failed = sum(entry.outcome != "ok" for entry in invocations)
        yield f"{len(invocations):,} invocations, {failed:,} of them failed"
        if error := next(filter(FAILURE.match, self.lines), None):
            yield f"the first error in the log: {error.splitlines()[0].strip()}"


def _told(account: Account) -> str:
    """What the ledger says of a record."""
    reason = f" ({account.reason})" if account.reason else ""
    return f"delivered {times(account.deliveries)}, {account.fate}{reason}"


def _of_sent(by: Field | None) -> Callable[[Sent], Any]:
    take = taking(by)
    return lambda each: take(each.thing)
