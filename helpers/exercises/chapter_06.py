"""The exercises of chapter 06: capacity, lanes, order in threads, a filter, a window's state, the right knob."""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import threading
from collections.abc import Iterator
from numbers import Integral
from typing import Any

from helpers.exercises.chapter_03 import SHARD, STREAM, event_of
from helpers.exercises.chapter_06_incidents import INCIDENT_EXERCISES
from helpers.exercises.exercise import NotStarted, exercise, named, outcome_of
from helpers.planning import capacity

# 6.1

CONSUMERS = (
    (1, 1, 10, 0.2, 0.05),
    (1, 1, 1, 0.2, 0.05),
    (4, 1, 10, 0.2, 0.05),
    (1, 5, 10, 0.2, 0.05),
    (2, 10, 100, 0.5, 0.002),
)
"""Shards, factor, batch size, seconds for each call and for each record."""


def check_capacity(capacity_of: Any) -> str | None:
    """Whether a function works out how much a consumer can do."""
    for given in CONSUMERS:
        shards, factor, batch_size, per_call, per_record = given
        got, error = outcome_of(capacity_of, *given)
        asked = f"With {_consumer(shards, factor, batch_size)}, a call of {per_call} s and {per_record} s a record,"
        if error:
            return f"{asked} your function raised {named(error)}."
        if not _is_number(got):
            return f"{asked} a number is wanted; what came back was {got!r}."
        wanted = capacity(*given)
        if math.isclose(got, wanted, rel_tol=0.01):
            continue
        lanes, seconds = shards * factor, per_call + per_record * batch_size
        slips = (
            (lanes / seconds, "that is how many calls end in a second. And how many records are in each?"),
            (wanted / factor, "you left out the factor: so many batches of each shard run at the same time."),
            (wanted / shards, "you left out the shards: each of them is served for itself."),
            (lanes * batch_size / (per_call + per_record), f"a batch takes {per_record} s for each of its records."),
            (lanes / (per_call + per_record), "what a call costs is paid once for the batch, not for each record."),
            (lanes * batch_size * seconds, "you multiplied by the seconds; the longer a call takes, the less is done."),
        )
        why = next((text for slip, text in slips if math.isclose(got, slip, rel_tol=0.01)), "")
        return f"{asked} you say {got:.4g}: {why or f'it is {wanted:.4g} records a second.'}"
    return None


def _consumer(shards: int, factor: int, batch_size: int) -> str:
    return f"{shards} shard{'s' * (shards > 1)}, factor {factor}, batches of {batch_size}"


def _is_number(value: Any) -> bool:
    """Whether it is a number, of NumPy or not."""
    return isinstance(value, Integral | float) and not isinstance(value, bool)


# 6.2

MOST_LANES = 10
RUSHES: tuple[tuple[int, int, int, float, int | None], ...] = (
    (30, 50, 10, 0.7, 3),
    (14, 50, 10, 0.7, 1),
    (25, 2, 10, 0.7, 2),
    (900, 400, 500, 1.0, 2),
    (200, 50, 10, 0.7, None),
    (30, 1, 10, 0.7, None),
    (90, 50, 10, 0.7, 8),
    (25, 3, 10, 0.7, 3),
)
"""Records a second, keys, batch size, seconds of a full batch, and the factor that is enough."""


def check_factor_needed(factor_needed: Any) -> str | None:
    """Whether a function finds the smallest factor that is enough, or that none is."""
    for rate, keys, batch_size, seconds, wanted in RUSHES:
        got, error = outcome_of(factor_needed, rate, keys, batch_size, seconds)
        asked = f"{rate} records a second of {keys} key{'s' * (keys > 1)}, {batch_size} of them in {seconds} s:"
        if error:
            return f"{asked} your function raised {named(error)}."
        if (_is_number(got) and got == wanted) or (got is None and wanted is None):
            continue
        if got is None:
            return f"{asked} you say that no factor is enough, and {wanted} is."
        if not _is_number(got):
            return f"{asked} a factor or None is wanted; what came back was {got!r}."
        if not math.isfinite(got) or got != int(got):
            return f"{asked} you say {got:.3g}. There is no part of a lane: round up."
        if got > MOST_LANES:
            return f"{asked} you say {got:g}, and a shard has {MOST_LANES} lanes at most: None."
        if got > keys:
            return f"{asked} you say {got:g}. A key is always in one lane: with {keys}, no more lanes have work."
        if got < 1:
            return f"{asked} you say {got:g}. There is always one lane, at least."
        if wanted is None or got < wanted:
            return f"{asked} {_fullest_lane(rate, keys, int(got), batch_size / seconds)}"
        return f"{asked} {got:g} lanes are enough, but so are {wanted}: the smallest factor is wanted."
    return None


def _fullest_lane(rate: int, keys: int, factor: int, does: float) -> str:
    """What comes in for the lane with most keys, and that it can't do that."""
    of_it = math.ceil(keys / factor)
    lanes = f"of {factor} lanes, the fullest has {of_it} of the {keys} keys, and so" if factor > 1 else "one lane gets"
    return f"{lanes} {of_it * rate / keys:.1f} records a second. It does {does:.1f}, and the rest waits."


# 6.3

Order = tuple[str, int]
ORDERS: tuple[Order, ...] = (("Zoë", 4), ("Zoë", 1), ("Tom", 5), ("Zoë", 6), ("Tom", 2), ("Noor", 3))
"""Not in the order of their numbers: what counts is where they stand."""
REFUSED: Order = ("Tom", 2)


class Bank:
    """Charges `ORDERS`; is slow with the first one, until it has seen whether others come meanwhile."""

    PATIENCE = 0.3
    """Real seconds that the first order takes if no other customer comes."""
    GRACE = 0.05
    """Real seconds for another order of the same customer to show up."""

    def __init__(self, refuses: Order | None = None) -> None:
        """`refuses`: the order that can't be charged."""
        self.done: list[Order] = []
        self.side_by_side = False
        self.overtaken: Order | None = None
        """An order that was begun while an earlier one of its customer was not done."""
        self._refuses = refuses
        self._lock = threading.Lock()
        self._running: list[Order] = []
        self._others, self._same = threading.Event(), threading.Event()

    def charge(self, order: Order) -> None:
        """What the learner's function is to call for each order."""
        if order not in ORDERS:
            raise TypeError("charge takes one of the orders")
        with self._lock:
            first = not self._running and not self.done
            if any(each[0] == order[0] for each in self._running):
                self._same.set()
            elif self._running:
                self.side_by_side = True
                self._others.set()
            if not set(_before(order)) <= set(self.done):
                self.overtaken = order
            self._running.append(order)
        if first:
            self._others.wait(self.PATIENCE)
            self._same.wait(self.GRACE)
        with self._lock:
            self._running.remove(order)
            if order == self._refuses:
                raise ValueError(f"{order[0]}'s card was refused")
            self.done.append(order)


def _before(order: Order) -> Iterator[Order]:
    """The orders of the same customer that stand before this one."""
    return (each for each in ORDERS[: ORDERS.index(order)] if each[0] == order[0])


def check_charge_all(charge_all: Any) -> str | None:
    """Whether orders are charged side by side, and those of one customer in order."""
    bank = Bank()
    _, error = outcome_of(charge_all, list(ORDERS), bank.charge)
    if error:
        return f"Your function raised {named(error)}."
    if bank.overtaken:
        name, number = bank.overtaken
        return (
            f"{name}'s order {number} was begun before an earlier one of {name} was done. Orders of one customer "
            "must stay in one thread, one after the other, as they stand in the batch."
        )
    if sorted(bank.done) != sorted(ORDERS):
        missing = len(set(ORDERS) - set(bank.done))
        if missing:
            return f"When your function returned, {missing} of {len(ORDERS)} orders were not charged: wait for all."
        return f"There were {len(ORDERS)} orders, and you charged {len(bank.done)}: some twice."
    if not bank.side_by_side:
        return "In order, and one after the other: Tom waits for Zoë without need. Serve customers side by side."
    bank = Bank(REFUSED)
    _, error = outcome_of(charge_all, list(ORDERS), bank.charge)
    if error is None:
        return (
            "An order could not be charged, charge raised, and nobody heard of it: the batch would count as done. Ask "
            "for the results of your threads, as list(pool.map(…)) does."
        )
    return None


# 6.4

SAMPLES: tuple[tuple[str, bool], ...] = (
    ('{"AMOUNT": 250, "COUNTRY": "NO"}', True),
    ('{"AMOUNT": 300, "COUNTRY": "NO", "TEST": true}', False),
    ('{"AMOUNT": 99.99, "COUNTRY": "NO"}', False),
    ('{"AMOUNT": 300, "COUNTRY": "SE"}', False),
    ('{"AMOUNT": 100, "COUNTRY": "NO"}', True),
    ('{"AMOUNT": 120.5, "COUNTRY": "DK"}', True),
    ('{"COUNTRY": "NO"}', False),
    ("AMOUNT 300 COUNTRY NO", False),
)
"""What is in a record, and whether it should pass."""
FIELDS = ("AMOUNT", "COUNTRY", "TEST")
AROUND = {"Filters", "Pattern"}
ONLY_THE_PATTERN = "That is what goes around it. Wanted is only the pattern: the text that stands under Pattern."


def check_pattern(pattern: Any) -> str | None:
    """Whether a filter lets through what it should."""
    if isinstance(pattern, dict):
        if set(pattern) & AROUND:
            return ONLY_THE_PATTERN
        return "Lambda takes the pattern as text: json.dumps(…) makes it of a dict."
    if not isinstance(pattern, str):
        return f"A pattern is text; yours is {pattern!r}."
    try:
        document = json.loads(pattern)
    except ValueError:
        return "This is no JSON, and Lambda refuses it: Invalid filter pattern definition. json.dumps makes good JSON."
    if not isinstance(document, dict):
        return "A pattern is an object, like the record that it looks at."
    if set(document) & AROUND:
        return ONLY_THE_PATTERN
    if "data" not in document:
        return "Under `data`, please: your pattern looks beside it, finds nothing there, and lets nothing through."
    return _wrong_filter(document)


def _passed(document: dict[str, Any]) -> dict[str, bool]:
    """Which samples a pattern lets through.  Raises AwsError for a pattern that Lambda refuses."""
    from kinesis_lab.emulator.kinesis.shard import Record  # moto is slow to import: only when it is wanted
    from kinesis_lab.emulator.lambda_.mapping.filters import Filters

    filters = Filters.of({"Filters": [{"Pattern": json.dumps(document)}]})
    return {data: filters.pass_(Record("1", "Zoë", data.encode(), 0.0)) for data, _ in SAMPLES}


def _wrong_filter(document: dict[str, Any]) -> str | None:
    from kinesis_lab.emulator.wire import AwsError

    fields = document["data"]
    try:
        passed = _passed(document)
    except AwsError as refusal:
        bare = [name for name, rule in fields.items() if not isinstance(rule, list)] if isinstance(fields, dict) else []
        if bare:
            return f"{refusal.message} What is wanted of a field is always a list, and that of {bare[0]} is none."
        return f"{refusal.message} An operator looks like this: {{'numeric': ['>=', 100]}}, with a number as a number."
    if not any(passed.values()):
        return f"Nothing gets through, not even {SAMPLES[0][0]}.{_why_missing(document, SAMPLES[0][0])}"
    for data, wanted in SAMPLES:
        if passed[data] and not wanted:
            return f"{data} got through, and should not.{_why_passed(data)}"
        if wanted and not passed[data]:
            return f"{data} was filtered out, and should get through.{_why_missing(document, data)}"
    return None


def _why_passed(data: str) -> str:
    if "TEST" in data:
        return " A field that must not be there: `exists` with false."
    if "99.99" in data:
        return " Amounts are compared with `numeric`."
    return " All fields of a pattern must match: country and amount."


def _why_missing(document: dict[str, Any], data: str) -> str:
    """Which field keeps a good order out when nothing else is asked, and why."""
    for name, rule in document["data"].items():
        if not _passed({"data": {name: rule}})[data]:
            return f" {_against(name, rule, data)}"
    beside = ", ".join(name for name in document if name != "data")
    return f" Beside `data`, your pattern asks for {beside}: leave that out."


def _against(name: str, rule: Any, data: str) -> str:
    """What is wrong with the rule for a field that should let these data through."""
    if name == "$or":
        return "None of the alternatives under $or matches it."
    if name not in FIELDS:
        return f"No order has a field {name}: the fields are {', '.join(FIELDS)}, in just these letters."
    if isinstance(rule, dict):
        return f"What is wanted of a field is always a list, and that of {name} is none: [{json.dumps(rule)}]."
    if name == "TEST":
        if "anything-but" in json.dumps(rule):
            return "`anything-but` wants the field to be there. That it is not there is what `exists` asks."
        return "What do you want of TEST? Good orders don't have it."
    if name == "COUNTRY":
        if "DK" in data:
            return "One of several values is enough: they stand in one list."
        return "Look at COUNTRY: text must be the same, letter by letter."
    if any(isinstance(each, str) for each in rule):
        return "An AMOUNT is a number, and what stands in quotes is text. From 100 on is what `numeric` asks."
    if "numeric" not in json.dumps(rule):
        return "An AMOUNT may be more than 100. From 100 on is what `numeric` asks."
    return "AMOUNT from 100 on: is 100 itself in it?" if ": 100," in data else "Look at the numbers for AMOUNT."


# 6.5

BATCHES = (30, 17, 38, 53)
"""Records in the batches: neither they nor their sums stand in a time or a shard's id."""
AT_LAST = 11
"""Records in the last call of a window: AWS does not say that there are none (facts 7.13)."""


class Windows:
    """Plays Lambda with one environment: two shards, two windows, and a batch that comes twice."""

    def __init__(self, handler: Any) -> None:
        """`handler`: the learner's."""
        self._handler = handler
        self.wrong: str | None = None

    def call(self, records: int, state: dict[str, Any], shard: int = 0, minute: int = 1, *, final: bool = False) -> Any:
        """Deliver a batch; returns the new state, and what was printed, or nothing once something is wrong."""
        event = event_of(*(b'{"ID": 1}' for _ in range(records))) | {
            "window": {"start": f"2026-01-05T09:0{minute}:00Z", "end": f"2026-01-05T09:0{minute + 1}:00Z"},
            "state": json.loads(json.dumps(state)),
            "shardId": f"{SHARD[:-1]}{shard}",
            "eventSourceARN": STREAM,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": False,
        }
        with contextlib.redirect_stdout(io.StringIO()) as said:
            answer, error = outcome_of(self._handler, event, None)
        self.wrong = self.wrong or _wrong_answer(answer, error, state, said.getvalue(), final)
        return ({} if self.wrong else answer["state"]), said.getvalue()


def _wrong_answer(answer: Any, error: Exception | None, state: Any, said: str, final: bool) -> str | None:
    if error and final:
        return f"At the last call of a window there may be no records, and your handler raised {named(error)}."
    if error:
        empty = " The state is {} at first: state.get('count', 0) knows that." if state == {} else ""
        return f"Your handler raised {named(error)}.{empty}"
    if not isinstance(answer, dict) or not isinstance(answer.get("state"), dict):
        when = "the last call" if final else "a call"
        return f"After {when} you returned {answer!r}. Lambda takes an answer without a state, a dict, for a failure."
    try:
        json.dumps(answer["state"])
    except TypeError as not_json:
        return f"The state travels as JSON, and yours can't: {not_json}."
    if said.strip() and not final:
        return "You printed before the window was over: isFinalInvokeForWindow says when it is."
    if final and not said.strip():
        return "The window was over, and nothing was printed."
    return None


def check_count(handler: Any) -> str | None:
    """Whether a handler counts by window, whatever its environment has seen before."""
    first, second, other, later = BATCHES
    lambda_ = Windows(handler)
    lambda_.call(first, {})  # the answer is lost: the batch comes again, with the state from before
    state, _ = lambda_.call(first, {})
    other_state, _ = lambda_.call(other, {}, shard=1)
    state, _ = lambda_.call(second, state)
    _, said = lambda_.call(0, state, final=True)
    _, other_said = lambda_.call(0, other_state, shard=1, final=True)
    later_state, _ = lambda_.call(later, {}, minute=2)
    _, later_said = lambda_.call(AT_LAST, later_state, minute=2, final=True)
    if lambda_.wrong:
        return lambda_.wrong
    printed = _numbers(said)
    if first + second not in printed:
        if twice := {first + first + second, first + first + other + second} & printed:
            return (
                f"Batches of {first} and {second}, and you counted {max(twice)}. The first one came twice, as its "
                "answer was lost. A global remembers calls that failed; the state in the event doesn't."
            )
        if second in printed:
            return f"Batches of {first} and {second}, and you say {second}: add to what is in the state already."
        return f"There were {first} and {second} records in the window; you printed {said.strip()!r}."
    if other not in _numbers(other_said):
        return f"Another shard had {other} records, and you printed {other_said.strip()!r}: each has its own state."
    if later + AT_LAST not in _numbers(later_said):
        if later in _numbers(later_said):
            return (
                f"The next window had {later} records, then {AT_LAST} in its last call, and you counted {later}. "
                "Nobody promises that the last call has none."
            )
        told = f"{later} records, and {AT_LAST} in its last call"
        return f"The next window had {told}, and you printed {later_said.strip()!r}: it begins anew."
    return None


def _numbers(text: str) -> set[int]:
    """All numbers in a text, whatever stands around them; those of a shard or a time are no count of ours."""
    return {int(each) for each in re.findall(r"\d+", text)}


# 6.6

KNOBS = ("lanes", "batch", "shards", "fan-out", "keys")
RIGHT = {"A": "lanes", "B": "batch", "C": "keys", "D": "shards", "E": "fan-out"}
WRONG_KNOBS = {
    ("A", "shards"): "they would help, but this shard is far from full, and lanes cost nothing.",
    ("A", "batch"): "its batches are full, and most of a call is spent on the orders in it: little would be won.",
    ("B", "lanes"): "they would help, but every order would still pay for a call of its own.",
    ("B", "shards"): "they would help, but every order would still pay for a call of its own.",
    ("C", "lanes"): "it has ten, and nine have nothing to do.",
    ("C", "shards"): "all of it has one key, and one key is in one shard.",
    ("C", "batch"): "its batches are full, and most of a call is spent on the orders in it: little would be won.",
    ("D", "lanes"): "its function keeps up. The records that are missing never got into the stream.",
    ("D", "batch"): "its function keeps up. The records that are missing never got into the stream.",
    ("D", "fan-out"): "reading is not refused. Writing is.",
    ("E", "lanes"): "its function has hardly anything to do: what is late is the reading.",
    ("E", "batch"): "its function has hardly anything to do: what is late is the reading.",
    ("E", "shards"): "they would help, and all readers would pay for one. There is something for just this reader.",
}


def check_knobs(knob: Any) -> str | None:
    """Whether the knob fits the trouble, for each of five consumers."""
    if not isinstance(knob, dict):
        return "Keep the dict, and put one of the five words for each letter."
    if any(each is ... for each in knob.values()):
        raise NotStarted("put a knob in place of the dots, for each of the five")
    for case, right in RIGHT.items():
        got = knob.get(case)
        if got == right:
            continue
        if got not in KNOBS:
            return f"For {case} you say {got!r}; the knobs are {', '.join(KNOBS)}."
        why = WRONG_KNOBS.get((case, str(got)), "look at its row again: what is refused, and what is idle?")
        return f"“{got}” for {case}: {why}"
    return None


EXERCISES = (
    exercise(
        "6.1",
        "How much can it do?",
        check_capacity,
        "Four numbers and a quotient: this is worth knowing before anything is deployed.",
        (
            "How long does one call take, with a full batch? That is the time for `batch_size` records.",
            "`per_call + per_record * batch_size` seconds.",
            "Records divided by seconds, and that in every lane of every shard.",
        ),
        """
def capacity(shards, factor, batch_size, per_call, per_record):
    seconds = per_call + per_record * batch_size
    return shards * factor * batch_size / seconds
""",
    ),
    exercise(
        "6.2",
        "How many lanes?",
        check_factor_needed,
        "The fullest lane decides, and it often has more than the average.",
        (
            "One lane does `batch_size / seconds` records a second. What comes in for the lane with most keys?",
            "Of `factor` lanes, the fullest has `math.ceil(keys / factor)` keys, and each key gets `rate / keys` "
            "records a second.",
            "Try the factors from 1 to 10, and return the first whose fullest lane keeps up.",
        ),
        """
import math


def factor_needed(rate, keys, batch_size, seconds):
    for factor in range(1, 11):
        fullest = math.ceil(keys / factor) * rate / keys
        if fullest <= batch_size / seconds:
            return factor
    return None
""",
    ),
    exercise(
        "6.3",
        "Threads that keep order",
        check_charge_all,
        "Lanes inside of a lane: side by side by customer, one after the other for each.",
        (
            "Which orders may run at the same time, and which may not?",
            "Make a list of orders for each customer; one thread takes one list.",
            "`list(pool.map(one_customer, lists))` waits for all, and raises what a thread has raised.",
        ),
        """
from concurrent.futures import ThreadPoolExecutor


def charge_all(orders, charge):
    by_customer = {}
    for order in orders:
        by_customer.setdefault(order[0], []).append(order)

    def one_customer(theirs):
        for order in theirs:
            charge(order)

    with ThreadPoolExecutor() as pool:
        list(pool.map(one_customer, by_customer.values()))
""",
    ),
    exercise(
        "6.4",
        "Only what matters",
        check_pattern,
        "What doesn't match is never delivered, and costs no call.",
        (
            'Begin with `{"data": {…}}`, and put the three fields inside: all of them must match.',
            'One of two values: `"COUNTRY": ["NO", "DK"]`. From a number on: `[{"numeric": [">=", …]}]`.',
            'A field that is not there: `"TEST": [{"exists": False}]`. And `json.dumps` around it all.',
        ),
        """
pattern = json.dumps(
    {"data": {"AMOUNT": [{"numeric": [">=", 100]}], "COUNTRY": ["NO", "DK"], "TEST": [{"exists": False}]}}
)
""",
    ),
    exercise(
        "6.5",
        "A count that survives",
        check_count,
        "Whatever comes twice, and wherever it runs: the state knows what counts.",
        (
            "All that you want to remember is in `event['state']`, and goes back as `{'state': …}`.",
            "At first it is empty: `state.get('count', 0)`.",
            "Print when `event['isFinalInvokeForWindow']` is true, and return the state there, too.",
        ),
        """
def handler(event, context):
    state = event["state"]
    state["count"] = state.get("count", 0) + len(event["Records"])
    if event["isFinalInvokeForWindow"]:
        print(event["window"]["start"], state["count"])
    return {"state": state}
""",
    ),
    exercise(
        "6.6",
        "Which knob?",
        check_knobs,
        "You look for what is scarce first, and turn the knob that gives more of just that.",
        (
            "First: is anything refused? Writes point to the stream, reads to its readers.",
            "Then: how many run at once, and how many could?",
            "Then: is a call mostly spent on its records, or on itself?",
        ),
        """
knob = {"A": "lanes", "B": "batch", "C": "keys", "D": "shards", "E": "fan-out"}
""",
    ),
    *INCIDENT_EXERCISES,
)
