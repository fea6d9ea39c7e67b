"""Says whether AWS's promises were kept, from what a customer knows: calls and answers, lines, messages (facts 7).

It knows nothing of the emulator: not its clock, its recorder, its ledger or its classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.hostile.schedules.play import TIMEOUT_SECONDS, Evidence, MappingEvidence, Put

DAY = 24 * 3600.0
A_WHILE = 15.0
"""Seconds: more than any pause between two attempts, or any change of state."""
INSTANT = 2e-3
"""Arrivals and lines are good to a millisecond."""

Line = dict[str, Any]


def judge(evidence: Evidence) -> list[str]:
    """What is wrong, in words; nothing if all is well."""
    puts = {put.id: put for put in evidence.puts}
    return [
        f"{mapping.function}: {complaint}"
        for mapping in evidence.mappings
        for complaint in _Case(evidence, mapping, puts).complaints()
    ]


class _Case:
    """One mapping before the judge."""

    def __init__(self, evidence: Evidence, mapping: MappingEvidence, puts: dict[int, Put]) -> None:
        self.mapping = mapping
        self.puts = puts
        self.ended = evidence.ended
        self.lines = [line for line in evidence.lines if line["function"] == mapping.function]
        self.messages = [
            message
            for message in evidence.messages
            if message["requestContext"]["functionArn"].endswith(f":function:{mapping.function}")
        ]
        self.resumed = [pause[2] for pause in mapping.pauses if len(pause) == 3]
        self.done = [self._done(line) for line in self.lines]
        self.first_done: dict[int, float] = {}
        for line, done in zip(self.lines, self.done, strict=True):
            for id in done:
                self.first_done.setdefault(id, line["at"])
        self.reported = {id for id, put in puts.items() if any(self._covers(each, put) for each in self.messages)}
        self.failed = [
            line for line, done in zip(self.lines, self.done, strict=True) if len(done) < len(line["ids"]) or not done
        ]

    def complaints(self) -> Iterator[str]:
        yield from self._batches()
        if {id for line in self.lines for id in line["ids"]} - set(self.puts):
            return  # nothing else can be said
        yield from self._pauses()
        yield from self._repeats()
        yield from self._order()
        yield from self._accounts()
        yield from self._attempts()
        yield from self._reports()
        yield from self._windows()

    # What is known

    def _values(self, name: str, default: Any = None) -> list[Any]:
        """All values that a setting ever had."""
        values = [self.mapping.settings.get(name, default)]
        return values + [update[name] for _, update in self.mapping.updates if name in update]

    def _limits(self, name: str) -> list[int]:
        return [value for value in self._values(name, -1) if value >= 0]

    @property
    def _filters(self) -> list[bool]:
        """Whether there were filters, one after the other."""
        return [bool(value.get("Filters")) for value in self._values("FilterCriteria", {})]

    def _done(self, line: Line) -> list[int]:
        """The records that an invocation has processed, by what it answered (facts 7.12, 7.13)."""
        answer = line["answer"]
        if answer == "raise" or ("window" in line and "state" not in answer):
            return []
        ids: list[int] = line["ids"]
        if "FunctionResponseTypes" not in self.mapping.settings:
            return ids
        named = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
        if any(number not in line["numbers"] for number in named):
            return []
        return ids[: min((line["numbers"].index(number) for number in named), default=len(ids))]

    def _covers(self, message: dict[str, Any], put: Put) -> bool:
        info = message["KinesisBatchInfo"]
        if info["shardId"] != put.shard or not info["batchSize"]:
            return False
        return int(info["startSequenceNumber"]) <= int(put.number) <= int(info["endSequenceNumber"])

    def _resumed_between(self, first: float, last: float) -> bool:
        return any(first <= moment <= last for moment in self.resumed)

    def _paused_during(self, first: float, last: float) -> bool:
        """Whether it was not certainly at work at all times from `first` to `last`."""
        return any(
            pause[0] <= last and (len(pause) < 3 or pause[2] + A_WHILE >= first) for pause in self.mapping.pauses
        )

    def _held_up(self, first: float, last: float) -> bool:
        """Whether something explains that a record had to wait: a pause, or a failure that holds a shard up."""
        return self._paused_during(first, last) or any(
            first - A_WHILE <= line["at"] <= last + A_WHILE for line in self.failed
        )

    # What must hold

    def _batches(self) -> Iterator[str]:
        most = max(self._values("BatchSize", 100))
        always = all(self._filters)
        for line in self.lines:
            where = f"at {line['at']:.2f}"
            if len(line["shards"]) != 1:
                yield f"a batch {where} is of the shards {line['shards']}"
            if len(line["ids"]) > most:
                yield f"a batch {where} of {len(line['ids'])} records, more than {most}"
            numbers = list(map(int, line["numbers"]))
            if numbers != sorted(set(numbers)):
                yield f"a batch {where} is out of order"
            for id, number, key, arrival in zip(
                line["ids"], line["numbers"], line["keys"], line["arrivals"], strict=True
            ):
                put = self.puts.get(id)
                if put is None or (put.number, put.key, [put.shard]) != (number, key, line["shards"]):
                    yield f"record {id} {where} was never put like this"
                    continue
                if arrival > line["at"] + INSTANT:
                    yield f"record {id} {where} has not arrived yet"
                if always and not put.wanted:
                    yield f"record {id} {where} does not pass the filters"
                if "window" in line and not _start(line) - INSTANT <= arrival < _end_of_window(line) + INSTANT:
                    yield f"record {id} {where} is not of its window"

    def _pauses(self) -> Iterator[str]:
        for line in self.lines:
            for pause in self.mapping.pauses:
                if len(pause) >= 2 and pause[1] < line["at"] < (pause[2] if len(pause) == 3 else float("inf")):
                    yield f"invoked at {line['at']:.2f}, while Disabled"
            if self.mapping.deleted is not None and line["at"] > self.mapping.deleted + 1:
                yield f"invoked at {line['at']:.2f}, when deleted"

    def _repeats(self) -> Iterator[str]:
        before: dict[int, int] = {}
        for place, line in enumerate(self.lines):
            for id in line["ids"]:
                if id in before:
                    last = self.lines[before[id]]
                    if line["at"] < _end(last) - INSTANT:
                        yield f"record {id} is in two batches at once, at {line['at']:.2f}"
                    if id in self.done[before[id]] and not self._resumed_between(last["at"], line["at"]):
                        yield f"record {id} comes again at {line['at']:.2f} without a reason"
                before[id] = place

    def _order(self) -> Iterator[str]:
        limits = self._limits("MaximumRetryAttempts") + self._limits("MaximumRecordAgeInSeconds")
        exempt = set(self.reported)  # what was given up, or filtered, comes late after a pause
        for id, put in self.puts.items():
            if (any(self._filters) and not put.wanted) or (limits and self.resumed and self._fails(id)):
                exempt.add(id)
            if self._limits("MaximumRecordAgeInSeconds") and self.resumed:
                exempt.add(id)
        firsts: dict[str, list[int]] = {}
        for id in self.first_done:
            if id not in exempt:
                firsts.setdefault(self.puts[id].key, []).append(id)
        for key, ids in firsts.items():
            if ids != sorted(ids):
                yield f"the records of {key} were processed in the order {ids}"
        lanes = max(self._values("ParallelizationFactor", 1))
        by_key: dict[str, list[Line]] = {}
        by_shard: dict[str, list[Line]] = {}
        for line in self.lines:
            by_shard.setdefault(line["shards"][0], []).append(line)
            for key in set(line["keys"]):
                by_key.setdefault(key, []).append(line)
        for key, lines in by_key.items():
            for one, other in pairwise(lines):
                if other["at"] < _end(one) - INSTANT:
                    yield f"{key} is in two batches at once, at {other['at']:.2f}"
        for shard, lines in by_shard.items():
            working: list[float] = []
            for line in lines:
                working = [end for end in working if end - INSTANT > line["at"]] + [_end(line)]
                if len(working) > lanes:
                    yield f"{shard} has more than {lanes} batches at once, at {line['at']:.2f}"

    def _fails(self, id: int) -> bool:
        return any(id in line["ids"] for line in self.failed)

    def _accounts(self) -> Iterator[str]:
        if self.mapping.deleted is not None:
            return
        for put in self.puts.values():
            if not self._responsible(put) or put.id in self.first_done or put.id in self.reported:
                continue
            if any(self._filters) and not put.wanted:
                continue
            if not self._gone_for_a_reason(put):
                yield f"record {put.id} ({put.kind}, {put.shard}, {put.at:.2f}) was neither processed nor reported"

    def _responsible(self, put: Put) -> bool:
        if self.mapping.position == "LATEST":
            return self.mapping.enabled is not None and put.at > self.mapping.enabled + 1
        if self.mapping.position == "AT_TIMESTAMP":
            return put.at > (self.mapping.timestamp or 0) + 1
        return True

    def _gone_for_a_reason(self, put: Put) -> bool:
        """Given up where nobody had to be told, or expired."""
        if self.ended > put.at + DAY and self._held_up(put.at, put.at + DAY):
            return True
        if self.mapping.reports:
            return False
        failures = sum(put.id in line["ids"] for line in self.failed)
        if any(failures > limit for limit in self._limits("MaximumRetryAttempts")):
            return True
        return any(self._held_up(put.at, put.at + age) for age in self._limits("MaximumRecordAgeInSeconds"))

    def _attempts(self) -> Iterator[str]:
        """What is to be counted, where the settings have stayed what they were."""
        (retries, *others) = self._values("MaximumRetryAttempts", -1)
        if retries < 0 or others or self.mapping.updates:
            return
        bisects = self.mapping.settings.get("BisectBatchOnFunctionError", False)
        counts: dict[tuple[Any, ...], int] = {}
        since = self.lines[0]["at"] if self.lines else 0.0
        for line, done in zip(self.lines, self.done, strict=True):
            if self._resumed_between(since, line["at"]):
                counts.clear()
            since = line["at"]
            if done or not line["ids"]:
                continue
            batch = tuple(line["ids"])
            counts[batch] = counts.get(batch, 0) + 1
            most = 1 if bisects and len(batch) > 1 else retries + 1
            if counts[batch] > most:
                yield f"the batch {batch} has failed {counts[batch]} times, and may {most} times"
        for message in self.messages:
            context, info = message["requestContext"], message["KinesisBatchInfo"]
            if context["condition"] != "RetryAttemptsExhausted" or not info["batchSize"]:
                continue
            tried = [
                line
                for line in self.failed
                if (line["numbers"][:1], line["numbers"][-1:])
                == ([info["startSequenceNumber"]], [info["endSequenceNumber"]])
            ]
            if context["approximateInvokeCount"] != retries + 1 or len(tried) < retries + 1:
                yield (
                    f"given up after {context['approximateInvokeCount']} attempts, of which {len(tried)} were seen, "
                    f"instead of {retries + 1}"
                )

    def _reports(self) -> Iterator[str]:
        if self.messages and not self.mapping.reports:
            yield "something was reported that should not be"
        seen: list[tuple[Any, ...]] = []
        for message in self.messages:
            info = message["KinesisBatchInfo"]
            among = [put for put in self.puts.values() if self._covers(message, put)]
            if info["batchSize"] > len(among):
                yield f"{info['batchSize']} records were reported, and there are {len(among)}"
            for put in among:
                if put.id in self.first_done and not self.resumed and max(self._values("ParallelizationFactor", 1)) < 2:
                    yield f"record {put.id} was processed and reported"
            condition = message["requestContext"]["condition"]
            if condition == "RetryAttemptsExhausted" and not self._limits("MaximumRetryAttempts"):
                yield "given up after so many attempts, and there is no limit"
            if condition == "RecordAgeExceeded":
                ages = self._limits("MaximumRecordAgeInSeconds")
                moment = datetime.fromisoformat(message["timestamp"]).timestamp()
                if among and not any(put.at + age <= moment + 1 for put in among[:1] for age in ages):
                    yield f"record {among[0].id} was given up too early"
            if info["batchSize"]:
                seen.append((info["shardId"], info["startSequenceNumber"], info["endSequenceNumber"]))
        if len(seen) > len(set(seen)) and not self.resumed:
            yield "something was reported twice"

    # Tumbling windows (facts 7.13)

    def _windows(self) -> Iterator[str]:
        windows: dict[tuple[str, float], list[tuple[Line, list[int]]]] = {}
        for line, done in zip(self.lines, self.done, strict=True):
            if "window" in line:
                windows.setdefault((line["shards"][0], _start(line)), []).append((line, done))
        for (shard, _), told in windows.items():
            yield from self._window(shard, told)

    def _window(self, shard: str, told: list[tuple[Line, list[int]]]) -> Iterator[str]:
        state: dict[str, Any] = {}
        open, closed, last = False, False, told[0][0]
        where = f"the window {last['window']['start']} of {shard}"
        for line, done in told:
            answer = line["answer"]
            if closed and not self._resumed_between(last["at"], line["at"]):
                yield f"{where} goes on after its end"
            closed = False
            if line["state"] != state:
                yield f"{where} has the state {line['state']} instead of {state} at {line['at']:.2f}"
                state = line["state"]
            good = answer != "raise" and "state" in answer and len(done) == len(line["ids"])
            if line["isFinalInvokeForWindow"]:
                if line["ids"]:
                    yield f"{where} is closed with records"
                if good and answer["batchItemFailures"] == []:
                    state, open, closed = {}, False, True
            else:
                open = True
                if done or good:
                    state = answer["state"]
            last = line
        if open and self.mapping.deleted is None and not self._closed_otherwise(shard, last):
            yield f"{where} was never closed; its state is {state}"

    def _closed_otherwise(self, shard: str, last: Line) -> bool:
        """Whether the final invocation was given up, for a reason."""
        for message in self.messages:
            if not message["KinesisBatchInfo"]["batchSize"] and message["KinesisBatchInfo"]["shardId"] == shard:
                payload = json.loads(message["payload"])
                if payload["window"] == last["window"] and payload["isFinalInvokeForWindow"]:
                    return True
        end = _end_of_window(last)
        if self.ended > end + DAY and self._held_up(end, end + DAY):
            return True
        if self.mapping.reports:
            return False
        finals = [
            line
            for line in self.failed
            if line.get("isFinalInvokeForWindow") and (line["shards"], line["window"]) == ([shard], last["window"])
        ]
        if any(len(finals) > limit for limit in self._limits("MaximumRetryAttempts")):
            return True
        ages = self._limits("MaximumRecordAgeInSeconds")
        return any(self.ended > end + age and self._held_up(end, end + age) for age in ages)


def _end(line: Line) -> float:
    """When an invocation ended."""
    return float(line["at"] + min(line["seconds"], TIMEOUT_SECONDS))


def _start(line: Line) -> float:
    return datetime.fromisoformat(line["window"]["start"]).timestamp()


def _end_of_window(line: Line) -> float:
    return datetime.fromisoformat(line["window"]["end"]).timestamp()
