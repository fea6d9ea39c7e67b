"""What Hypothesis may draw: records, the events that they come in, failures, and settings of a mapping.

The fixture `local_cloud` is one cloud for all examples of a test, which Hypothesis refuses for good reason.  Open one
for each of them: `with fresh_cloud() as cloud:` inside of the test, as docs/example/test_book_with_hypothesis.py does.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from kinesis_lab.batch_event import batch_event
from kinesis_lab.emulator.lambda_.mapping.settings import SETTINGS
from kinesis_lab.testing.faults import Fault, How
from kinesis_lab.testing.sending import Record, as_record

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
ROLE = "arn:aws:iam::123456789012:role/book"
FIRST_NUMBER = 49_671_154_890_364_207_541_235_910_732_180_479_302_655_872_104_038_957_058
FIRST_ARRIVAL = datetime(2026, 1, 5, 9, tzinfo=UTC)

KNOBS: dict[str, SearchStrategy[Any]] = {
    setting.name: st.sampled_from(setting.draws) for setting in SETTINGS.values() if setting.draws
}
"""What can be turned at a mapping, in any combination; but no tumbling windows, for which a handler must be written."""

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def documents() -> SearchStrategy[dict[str, Any]]:
    """JSON objects: text beyond ASCII, large numbers, nothing at all, lists and objects in each other."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
    values = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=5)
    return st.dictionaries(TEXTS, values, max_size=4)


def data() -> SearchStrategy[bytes]:
    """What a stream can bring: JSON, text, any bytes, no bytes."""
    as_json = documents().map(lambda document: json.dumps(document, ensure_ascii=False))
    return st.one_of(as_json.map(str.encode), TEXTS.map(str.encode), st.binary(max_size=50), st.just(b""))


@st.composite
def records(
    draw: DrawFn, things: SearchStrategy[Any] | None = None, *, keys: int = 6, least: int = 1, most: int = 20
) -> list[Record]:
    """Records as PutRecords takes them; their keys are equally frequent, or one has most of the records.

    things: what to carry, documents, texts or bytes; `data()` if not given.  keys: how many there are at most.
    least, most: how many records.
    """
    names = [f"key-{number}" for number in range(keys)]
    skewed = draw(st.booleans())
    key = st.sampled_from([*names, *[names[0]] * keys * skewed])
    pairs = draw(st.lists(st.tuples(data() if things is None else things, key), min_size=least, max_size=most))
    return [as_record(thing, lambda _thing, key=key: key) for thing, key in pairs]


@st.composite
def events(draw: DrawFn, things: SearchStrategy[Any] | None = None, *, most: int = 20) -> dict[str, Any]:
    """Batch events just as Lambda sends them: for calling a handler, `handler(event, None)`."""
    shard = f"shardId-{draw(st.integers(0, 9)):012d}"
    number, arrival = FIRST_NUMBER, FIRST_ARRIVAL
    stored = []
    for record in draw(records(things, most=most)):
        number += draw(st.integers(1, 1000))
        arrival += timedelta(milliseconds=draw(st.integers(0, 5000)))
        stored.append({**record, "SequenceNumber": str(number), "ApproximateArrivalTimestamp": arrival})
    return batch_event(stored, shard=shard, stream_arn=STREAM, role_arn=ROLE)


def faults(most: int = 20, *, always: bool = False) -> SearchStrategy[dict[int, Fault]]:
    """What `feed` takes as `faults`: no failures, or some among the first `most` records, each a few times.

    always: also such as never end, so that a record does not get through at all.
    """
    times = st.sampled_from([1, 2, 4, None] if always else [1, 2, 4])
    fault = st.builds(Fault, st.sampled_from(get_args(How)), times)
    return st.dictionaries(st.integers(0, most - 1), fault, max_size=3)


def mapping_settings(**fixed: Any) -> SearchStrategy[dict[str, Any]]:
    """Settings of a mapping that go together: some of `KNOBS`, and with them those that are `fixed`."""
    free = {name: values for name, values in KNOBS.items() if name not in fixed}
    return st.fixed_dictionaries({name: st.just(value) for name, value in fixed.items()}, optional=free)
