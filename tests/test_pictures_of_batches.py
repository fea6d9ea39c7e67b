"""The pictures of batches show their tables: the anatomy of an event, the batch map and the lanes."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from helpers.pictures import Picture, anatomy, batch_map, lanes, shard_colour
from helpers.pictures.anatomy import GIVERS, NOTES
from helpers.pictures.batch_map import BETWEEN, LEFT, SLOT, TOP
from helpers.pictures.style import FAIL, MUTED, PAPER, WASH, tint
from kinesis_lab.emulator.kinesis.shard import Record
from kinesis_lab.emulator.lambda_.mapping.event import EventForm
from kinesis_lab.emulator.recorder import Entry

SHARD = "shardId-{:012d}".format
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
NUMBER = 49590338271490256608559692538361571095921575989136588898


def texts(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.axes[0].texts]


def boxes(picture: Picture, colour: str) -> list[Rectangle]:
    patches = picture.axes[0].patches
    return [patch for patch in patches if isinstance(patch, Rectangle) and to_hex(patch.get_facecolor()) == colour]


# Anatomy


def record(place: int = 0, data: bytes = b'{"order": 17}', key: str = "customer-42", shard: int = 2) -> dict[str, Any]:
    number = str(NUMBER + place)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": key,
            "sequenceNumber": number,
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{SHARD(shard)}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/service/reader",
        "awsRegion": "eu-west-1",
        "eventSourceARN": STREAM,
    }


def batch(count: int, **more: Any) -> dict[str, Any]:
    return {"Records": [record(i) for i in range(count)], **more}


WINDOW = {
    "window": {"start": "2020-07-30T17:00:00Z", "end": "2020-07-30T17:05:00Z"},
    "state": {"1": 282},
    "shardId": SHARD(0),
    "eventSourceARN": STREAM,
    "isFinalInvokeForWindow": False,
    "isWindowTerminatedEarly": False,
}


def rows(picture: Picture) -> dict[float, list[Text]]:
    """What is written in each line, from left to right; without who gave it."""
    found: dict[float, list[Text]] = {}
    for text in sorted(picture.axes[0].texts, key=lambda text: text.get_position()[0]):
        if text.get_text() and text.get_text() not in GIVERS:
            found.setdefault(round(text.get_position()[1], 4), []).append(text)
    return dict(sorted(found.items()))


def about(picture: Picture, field: str) -> list[str]:
    """The value of a field, its note and its fact."""
    for line in rows(picture).values():
        if line[0].get_text() == f'"{field}": ':
            return [text.get_text() for text in line[1:]]
    raise AssertionError(f"no field {field}")


def red(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.axes[0].texts if text.get_text() and text.get_color() == FAIL]


def without(field: str, part: str = "") -> dict[str, Any]:
    event = deepcopy(batch(3))
    fields = event["Records"][0]
    del (fields[part] if part else fields)[field]
    return event


def with_value(field: str, value: Any, part: str = "") -> dict[str, Any]:
    event = deepcopy(batch(3))
    fields = event["Records"][0]
    (fields[part] if part else fields)[field] = value
    return event


def test_every_line_of_the_event_is_drawn_in_its_order() -> None:
    lines = ["".join(text.get_text() for text in line) for line in rows(anatomy(batch(4), 1)).values()]
    starts = ["{", '"Records": [', "… 1 record before", "{", '"kinesis": {', '"kinesisSchemaVersion": "1.0",']
    starts += ['"partitionKey": "customer-42",', '"sequenceNumber": "4959', '"data": "eyJvcmRlciI6IDE3fQ==",']
    starts += ['"approximateArrivalTimestamp": 1545084650.987', "},", '"eventSource": "aws:kinesis",']
    starts += ['"eventVersion": "1.0",', '"eventID": "shardId-', '"eventName": "aws:kinesis:record",']
    starts += ['"invokeIdentityArn": "arn:', '"awsRegion": "eu-west-1",', '"eventSourceARN": "arn:', "},"]
    starts += ["… 2 more", "]", "}"]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts


def test_facts_are_read_off_the_values() -> None:
    picture = anatomy(batch(4), 1)
    assert about(picture, "Records")[1:] == ["the batch:", "record 2 of 4"]
    assert about(picture, "data")[1:] == ["in base64:", '13 bytes, “{"order": 17}”']
    assert about(picture, "approximateArrivalTimestamp")[1:] == ["arrived:", "2018-12-17 22:10:50.987 UTC"]
    assert about(picture, "eventID")[1:] == ["its address:", "shard 2, number 495903…588899"]
    assert about(picture, "invokeIdentityArn")[1:] == ["execution role:", "reader"]
    assert about(picture, "eventSourceARN")[1:] == ["comes from:", "stream orders"]
    assert len(boxes(picture, shard_colour(SHARD(2)))) == 1
    assert red(picture) == []


def test_long_values_keep_their_ends() -> None:
    value, *_ = about(anatomy(batch(1)), "sequenceNumber")
    head, _, tail = value.strip('",').partition("…")
    assert str(NUMBER).startswith(head) and str(NUMBER).endswith(tail) and len(head + tail) > 20


def test_who_gave_a_field_is_said_beside_its_run() -> None:
    picture = anatomy(batch(1))
    places = [y for y, line in rows(picture).items() if line[0].get_text().startswith('"')]
    step = min(np.diff(places))
    beside = {}
    for giver, colour in GIVERS.items():
        names = [text for text in picture.axes[0].texts if text.get_text() == giver]
        bars = boxes(picture, colour)
        assert len(names) == len(bars)
        for name, bar in zip(names, bars, strict=True):
            assert name.get_position()[1] == pytest.approx(bar.get_y() + bar.get_height() / 2)
            assert to_hex(name.get_color()) == colour
        for y, line in rows(picture).items():
            if any(bar.get_y() < y < bar.get_y() + bar.get_height() for bar in bars):
                beside[line[0].get_text().strip('": ')] = giver
        assert {round(bar.get_height() / step) for bar in bars} <= {1, 7}
    assert [key for key, giver in beside.items() if giver == "producer"] == ["partitionKey", "data"]
    assert [key for key, giver in beside.items() if giver == "stream"] == [
        "sequenceNumber",
        "approximateArrivalTimestamp",
    ]
    assert len(beside) == 13


def test_a_line_ties_each_field_to_its_note() -> None:
    picture = anatomy(batch(2))
    ties = {round(line.get_ydata()[0], 4): line for line in picture.axes[0].lines if len(line.get_xdata()) == 2}
    for y, line in rows(picture).items():
        noted = [text for text in line if text.get_position()[0] >= NOTES]
        assert bool(noted) == (y in ties)
        if noted:
            start, end = ties[y].get_xdata()
            assert line[1].get_position()[0] < start < end < NOTES


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (b"", "0 bytes"),
        (b"a", "1 byte, “a”"),
        ("zwölf €".encode(), "10 bytes, “zwölf €”"),
        (b"one\ntwo", r"7 bytes, “one\ntwo”"),
        (b"$1 and $2", "9 bytes, “$1 and $2”"),
        ("to the 🚀".encode(), r"11 bytes, “to the \ud83d\ude80”"),
        (b"\x1f\x8b\x08" + bytes(997), "1,000 bytes"),
        (b"\x00\x01", "2 bytes"),
    ],
)
def test_data_is_decoded_if_it_is_text(data: bytes, fact: str) -> None:
    assert about(anatomy({"Records": [record(data=data)]}), "data")[2] == fact


def test_a_consumer_is_named_with_its_stream() -> None:
    event = with_value("eventSourceARN", f"{STREAM}/consumer/fast:1700000000")
    assert about(anatomy(event), "eventSourceARN")[2] == "consumer fast of orders"


def test_a_tumbling_window_is_drawn_where_it_stands() -> None:
    picture = anatomy(batch(2, **WINDOW))
    keys = [line[0].get_text().strip('": ') for line in rows(picture).values()]
    assert keys[-7:-1] == list(WINDOW)
    assert about(picture, "window")[1:] == ["tumbling window:", "17:00:00 to 17:05:00 UTC"]
    assert about(picture, "state")[0] == '{"1":282},'
    assert about(picture, "shardId")[1:] == ["all records are from:", "shard 0"]
    assert about(picture, "isFinalInvokeForWindow")[0] == "false,"
    assert red(picture) == []
    first = anatomy({**WINDOW, **batch(2)})
    assert [line[0].get_text() for line in rows(first).values()][1] == '"window": '
    assert red(anatomy({"Records": [record()], "window": WINDOW["window"]})).count("missing") == 5


@pytest.mark.parametrize(
    ("event", "finding"),
    [
        (batch(1), "One record: 13 bytes of data in 558 bytes of event"),
        (batch(4), "One record of 4: 13 bytes of data in 558 bytes of event"),
        ({"Records": [record(data=b"x")]}, "One record: 1 byte of data in 542 bytes of event"),
        (without("data", "kinesis"), "One record of 3: no data in 528 bytes of event"),
        (with_value("data", "?", "kinesis"), "One record of 3: data that is not base64 in 539 bytes of event"),
        ({"Records": [{}]}, "One record: no data in 2 bytes of event"),
        ({"Records": [7]}, "One record: no data in 1 byte of event"),
        ({"Records": []}, "No record"),
        ({"Records": [], **WINDOW, "isFinalInvokeForWindow": True}, "No record: this only closes the window"),
        ({"Records": None}, "This is not a batch event: it has no Records"),
        ({}, "This is not a batch event: it has no Records"),
        ("event", "This is not a batch event: it has no Records"),
    ],
)
def test_the_anatomy_says_how_much_is_data(event: Any, finding: str) -> None:
    assert anatomy(event).finding == finding


def test_the_bytes_are_those_of_the_event_that_lambda_sends() -> None:
    records = [Record(str(NUMBER + i), "customer-42", b'{"order": 17}', 1545084650.987) for i in range(3)]
    form = EventForm(SHARD(2), STREAM, "eu-west-1", "arn:aws:iam::123456789012:role/service/reader")
    sent = form.event(records)
    of_one = len(sent) - len(form.event(records[1:])) - len(",")
    picture = anatomy(json.loads(sent))
    assert picture.finding == f"One record of 3: 13 bytes of data in {of_one} bytes of event"
    assert red(picture) == []


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (without("data", "kinesis"), ['"data": ', "missing"]),
        (without("kinesisSchemaVersion", "kinesis"), ['"kinesisSchemaVersion": ', "missing"]),
        (without("eventID"), ['"eventID": ', "missing"]),
        (without("kinesis"), ['"kinesis": ', "missing"]),
        ({}, ['"Records": ', "missing"]),
        (with_value("data", "a,b", "kinesis"), ["not base64"]),
        (with_value("data", None, "kinesis"), ["not base64"]),
        (with_value("approximateArrivalTimestamp", "soon", "kinesis"), ["not a time"]),
        (with_value("approximateArrivalTimestamp", nan, "kinesis"), ["not a time"]),
        (with_value("approximateArrivalTimestamp", inf, "kinesis"), ["not a time"]),
        (with_value("approximateArrivalTimestamp", 1e300, "kinesis"), ["not a time"]),
        (with_value("approximateArrivalTimestamp", True, "kinesis"), ["not a time"]),
        (with_value("eventID", "shard 2"), ["not a shard and a number"]),
        (with_value("eventID", f"{SHARD(2)}:1"), ["not its sequence number"]),
        (with_value("invokeIdentityArn", ""), ["not the ARN of a role"]),
        (with_value("eventSourceARN", ["orders"]), ["not the ARN of a stream"]),
        (with_value("kinesis", "text"), ["not an object"]),
        ({"Records": "text"}, ["not a list"]),
        ({"Records": [None]}, ["not an object"]),
        ([], ["not an object"]),
        (batch(1, **{**WINDOW, "window": {"start": "now"}}), ["not a start and an end"]),
        (batch(1, **{**WINDOW, "shardId": "0"}), ["not a shard"]),
    ],
)
def test_what_is_wrong_is_said_in_red_at_its_place(event: Any, said: list[str]) -> None:
    assert red(anatomy(event)) == said


def test_a_missing_field_stands_where_it_belongs() -> None:
    keys = [line[0].get_text().strip('": ') for line in rows(anatomy(without("data", "kinesis"))).values()]
    assert keys[keys.index("data") - 1 :][:3] == ["sequenceNumber", "data", "approximateArrivalTimestamp"]


def test_fields_that_nobody_knows_are_drawn_without_a_note() -> None:
    event = with_value("encryptionType", {"a": [1, b"x", {2}]}, "kinesis")
    assert len(about(anatomy(event), "encryptionType")) == 1
    strange = with_value(str(7), 1)
    strange["Records"][0][7] = {(1, 2): 3}
    assert anatomy(strange).png()


def test_there_must_be_a_record_of_that_number() -> None:
    for number in (-1, 4):
        with pytest.raises(ValueError, match=f"number must be 0 to 3, not {number}: the event has 4 records"):
            anatomy(batch(4), number)
    assert anatomy({"Records": []}, 7).finding == "No record"


def test_a_large_batch_and_a_large_record_are_drawn_quickly() -> None:
    event = {"Records": [record(data=b"x" * 1024**2), *(record(i) for i in range(9_999))]}
    began = time.perf_counter()
    assert anatomy(event).png() and anatomy(event, 9_999).png()
    assert time.perf_counter() - began < 10


# The batch map


def measured(*found: tuple[float, float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=["batch_size", "window", "invocations", "latency", "cost"])


def grid(sizes: int, windows: int, large: float = 1.0) -> pd.DataFrame:
    """Fewer invocations and more latency with each step, whatever the direction."""
    return measured(
        *(
            (
                10 ** (1 + i / 2) // 1,
                5 * j,
                large * 36_000 // (1 + i) // (1 + j),
                large * (0.1 + i + 3 * j),
                large / (1 + i),
            )
            for i in range(sizes)
            for j in range(windows)
        )
    )


TRADE = measured(
    (100, 0, 1200, 0.5, 3.0), (100, 60, 100, 31.5, 0.6), (500, 0, 900, 0.8, 2.0), (500, 60, 100, 40.0, 0.5)
)


def cells(picture: Picture, number: int) -> list[Rectangle]:
    """Those of a map that have a value."""
    left = LEFT + number * (SLOT + BETWEEN)
    found = [patch for patch in picture.axes[0].patches if isinstance(patch, Rectangle) and patch.get_linewidth() == 0]
    return [cell for cell in found if left <= cell.get_x() < left + SLOT]


def in_cell(picture: Picture, cell: Rectangle) -> str:
    (word,) = [
        text.get_text()
        for text in picture.axes[0].texts
        if cell.get_x() < text.get_position()[0] < cell.get_x() + cell.get_width()
        and cell.get_y() < text.get_position()[1] < cell.get_y() + cell.get_height()
    ]
    return word


def test_each_map_has_its_values_with_sizes_down_and_windows_across() -> None:
    picture = batch_map(TRADE.iloc[::-1])
    for number, words in enumerate(
        (["1,200", "100", "900", "100"], ["0.5", "31.5", "0.8", "40"], ["3", "0.6", "2", "0.5"])
    ):
        drawn = sorted(cells(picture, number), key=lambda cell: (round(cell.get_y(), 3), cell.get_x()))
        assert [in_cell(picture, cell) for cell in drawn] == words
    down = {text.get_text(): text.get_position()[1] for text in picture.axes[0].texts if text.get_ha() == "right"}
    assert down["100"] < down["500"]
    titles = [text.get_text() for text in picture.axes[0].texts if text.get_position()[1] < TOP]
    assert titles == ["invocations", "latency", "seconds", "cost", "US$", "batch size"]


def test_more_is_darker_in_one_colour() -> None:
    picture = batch_map(grid(4, 4))
    for number in range(3):
        drawn = cells(picture, number)
        values = [float(in_cell(picture, cell).replace(",", "")) for cell in drawn]
        light = [sum(cell.get_facecolor()[:3]) for cell in drawn]
        assert [light[i] for i in np.argsort(values)] == pytest.approx(sorted(light, reverse=True))
        darkest = min((cell.get_facecolor() for cell in drawn), key=lambda colour: sum(colour[:3]))
        lightest = max((cell.get_facecolor() for cell in drawn), key=lambda colour: sum(colour[:3]))
        mixed = tint(to_hex(darkest), (1 - lightest[0]) / (1 - darkest[0]))
        assert mixed == pytest.approx(lightest[:3], abs=0.01)


def luminance(colour: Any) -> float:
    """As the web's guidelines on contrast define it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def test_numbers_can_be_read_on_their_cells() -> None:
    picture = batch_map(grid(8, 8))
    for number in range(3):
        for cell in cells(picture, number):
            (word,) = [
                text for text in picture.axes[0].texts if text.get_position() == pytest.approx(cell.get_center())
            ]
            dark, light = sorted((luminance(cell.get_facecolor()), luminance(word.get_color())))
            assert (light + 0.05) / (dark + 0.05) > 3


def framed(picture: Picture) -> list[set[tuple[float, float]]]:
    """The corners of what is framed in each map, in cells."""
    wide, high = (cells(picture, 0)[0].get_width() + 0.02, cells(picture, 0)[0].get_height() + 0.02)
    found = []
    for number, lines in enumerate(mark for mark in picture.axes[0].collections if isinstance(mark, LineCollection)):
        left = LEFT + number * (SLOT + BETWEEN)
        ends = np.concatenate([np.empty((0, 2)), *lines.get_segments()])
        found.append({(round((x - left) / wide, 3), round((y - TOP) / high, 3)) for x, y in ends})
    return found


def test_the_least_is_framed_and_bold() -> None:
    picture = batch_map(TRADE)
    tied, fastest, cheapest = framed(picture)
    assert tied == {(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2)}
    assert fastest == {(0, 0), (1, 0), (0, 1), (1, 1)}
    assert cheapest == {(1, 1), (2, 1), (1, 2), (2, 2)}
    (lines, *_) = [mark for mark in picture.axes[0].collections if isinstance(mark, LineCollection)]
    assert len(lines.get_segments()) == 6  # of two cells that have one frame
    bold = [text.get_text() for text in picture.axes[0].texts if text.get_fontweight() == "bold"]
    assert bold == ["invocations", "100", "100", "latency", "0.5", "cost", "0.5"]


def test_nothing_is_framed_where_all_is_the_same() -> None:
    assert framed(batch_map(measured((1, 0, 5, 1, 2)))) == [set(), set(), set()]
    assert framed(batch_map(measured((1, 0, 5, 1, 2), (2, 0, 5, 3, 2))))[0] == set()


def test_what_is_missing_leaves_an_empty_cell() -> None:
    some = pd.concat([TRADE.iloc[:3], measured((500, 60, 7, nan, inf))])
    assert [len(cells(batch_map(TRADE.iloc[:3]), number)) for number in range(3)] == [3, 3, 3]
    assert [len(cells(batch_map(some), number)) for number in range(3)] == [4, 3, 3]


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (TRADE.iloc[:2], "A window of 60 s: 12 times fewer invocations, 31 s later, at 20% of the cost"),
        (TRADE.iloc[::2], "Batches of 500: 25% fewer invocations, 300 ms later, at 67% of the cost"),
        (TRADE, "A window of 60 s: 12 times fewer invocations, 31 s later, at 20% of the cost"),
        (TRADE.assign(cost=nan), "A window of 60 s: 12 times fewer invocations, 31 s later"),
        (TRADE.assign(cost=0.0), "A window of 60 s: 12 times fewer invocations, 31 s later"),
        (TRADE.iloc[[0]], "Batches of 100, window 0 s: 1,200 invocations, 500 ms of latency"),
        (TRADE.iloc[[0]].assign(invocations=1), "Batches of 100, window 0 s: 1 invocation, 500 ms of latency"),
        (
            measured((10, 0, 250, 1, 1), (1000, 60, 100, 21, 1)),
            "Batches of 1,000, window 60 s: 2.5 times fewer invocations, 20 s later",
        ),
        (
            measured((10, 0, 250, 1, 1), (10, 5, 0, 21, 1)),
            "A window of 5 s: no invocations instead of 250, 20 s later, at 100% of the cost",
        ),
        (
            measured((10, 0, 100, 1, 1), (1000, 0, 200, 21, 1)),
            "Batches of 10, window 0 s: fewest invocations and least latency, 1 s",
        ),
        (TRADE.assign(latency=nan), "No setting has both its invocations and its latency measured"),
        (pd.DataFrame(), "Nothing has been measured yet"),
    ],
)
def test_the_map_says_what_few_invocations_cost_in_latency(rows: pd.DataFrame, finding: str) -> None:
    assert batch_map(rows).finding == finding


@pytest.mark.parametrize(
    ("latency", "cost", "units"),
    [
        (0.1, 100, ["milliseconds", "US$"]),
        (2, 0.02, ["seconds", "US cents"]),
        (1000, 2e-5, ["minutes", "millionths of a US$"]),
    ],
)
def test_units_suit_what_was_measured(latency: float, cost: float, units: list[str]) -> None:
    words = texts(batch_map(measured((1, 0, 5, latency, cost), (2, 0, 5, latency / 2, cost / 2))))
    assert [word for word in words if word in {*units, "seconds"}] == units


def test_maps_that_cannot_be_drawn_say_why() -> None:
    with pytest.raises(ValueError, match="the table has no column window, cost"):
        batch_map(TRADE.drop(columns=["window", "cost"]))
    with pytest.raises(ValueError, match="batch size 100 with window 60 has several rows"):
        batch_map(pd.concat([TRADE, TRADE.iloc[[1]]]))


# The lanes


def table(*entries: Entry) -> pd.DataFrame:
    return pd.DataFrame(entries, columns=list(Entry._fields))


def delivered(
    lane: int, at: float, until: float, records: int = 10, outcome: str = "ok", shard: int = 0, **more: Any
) -> Entry:
    fields = {"stream": "orders", "mapping": "m", "function": "app", "attempt": 1, **more}
    return Entry(at, "invoke", until=until, shard=SHARD(shard), lane=lane, records=records, outcome=outcome, **fields)


def busy(shards: int, per_shard: int, count: int, records: int = 10, failing: int = 7) -> pd.DataFrame:
    """All lanes at work, one batch after the other; every so-manyth fails."""
    return table(
        *(
            delivered(
                lane,
                100 + place + lane / 20,
                100.9 + place + lane / 20,
                records,
                "error" if (place + lane) % failing == failing - 1 else "ok",
                shard,
            )
            for shard in range(shards)
            for lane in range(per_shard)
            for place in range(count)
        )
    )


WORKED = table(
    Entry(0.0, "put", stream="orders", shard=SHARD(0), records=40, outcome="ok"),
    delivered(1, 2, 5, 12),
    delivered(4, 3, 6, 8),
    delivered(9, 4, 8, 14, "timeout"),
    delivered(9, 10, 14, 14),
    delivered(1, 5, 7, 6),
)


def bars(picture: Picture) -> list[Rectangle]:
    """The invocations, without the lanes that they are on."""
    patches = [patch for patch in picture.axes[0].patches if isinstance(patch, Rectangle)]
    return [patch for patch in patches if to_hex(patch.get_facecolor()) != WASH]


def test_a_row_for_every_lane_and_a_bar_for_every_invocation() -> None:
    picture = lanes(WORKED)
    tracks = boxes(picture, WASH)
    assert len(tracks) == 10
    middles = [track.get_y() + track.get_height() / 2 for track in tracks]
    drawn = [
        (bar.get_x(), bar.get_width(), middles.index(pytest.approx(bar.get_y() + bar.get_height() / 2)))
        for bar in bars(picture)
    ]
    assert sorted(drawn) == [(2, 3, 1), (3, 3, 4), (4, 4, 9), (5, 2, 1), (10, 4, 9)]
    names = [text.get_text() for text in picture.axes[0].texts if text.get_text().startswith("lane")]
    assert names == [f"lane {i}" for i in range(10)]
    assert picture.axes[0].get_xlim() == (2, 14)


def test_bars_have_the_colour_of_their_shard_and_failures_are_hatched_red() -> None:
    rows = [delivered(0, 1, 2), delivered(0, 2, 3, outcome="error"), delivered(0, 1, 3, shard=1)]
    good, bad, other = bars(lanes(table(*rows)))
    assert to_hex(good.get_facecolor()) == shard_colour(SHARD(0)) and good.get_hatch() is None
    assert (to_hex(bad.get_facecolor()), to_hex(bad.get_edgecolor()), bad.get_hatch()) == (PAPER, FAIL, "/////")
    assert to_hex(other.get_facecolor()) == shard_colour(SHARD(1))
    failed = {"error", "timeout", "partial", "failed"}
    assert all(bars(lanes(table(delivered(0, 1, 2, outcome=how))))[0].get_hatch() for how in failed)


def test_numbers_are_in_bars_with_room_for_them() -> None:
    def numbers(*ends: float, records: int = 10) -> list[str]:
        rows = [delivered(lane, 0, end, records) for lane, end in enumerate(ends)]
        return [text for text in texts(lanes(table(*rows))) if text.replace(",", "").isdigit()]

    assert numbers(1, 1, 0.5) == ["10", "10", "10"]
    assert numbers(1, 1, 0.01) == ["10", "10"]
    assert numbers(1, 0.01, 0.01) == []
    assert numbers(1, 1, 0.06) == ["10", "10", "10"] and numbers(1, 1, 0.06, records=10_000) == ["10,000"] * 2


def test_beside_each_lane_is_what_it_did() -> None:
    picture = lanes(WORKED)
    beside: dict[float, list[str]] = {}
    end = picture.axes[0].get_position().x1
    for text in picture.axes[0].texts:
        if text.get_text() and text.get_transform() != picture.axes[0].transData and text.get_position()[0] > end:
            beside.setdefault(text.get_position()[1], []).append(text.get_text())
    assert [beside[y] for y in sorted(beside)] == [
        ["idle"],
        ["18 records"],
        ["idle"],
        ["idle"],
        ["8 records"],
        *[["idle"]] * 4,
        ["14 records", "1 failed"],
    ]
    assert red(picture) == ["14", "1 failed"]
    assert {text.get_color() for text in picture.axes[0].texts if text.get_text() == "idle"} == {MUTED}


@pytest.mark.parametrize(
    ("rows", "options", "finding"),
    [
        (WORKED, {}, "3 of 10 lanes worked, at most 3 at once: 40 records in 12 s, 1 failed"),
        (WORKED[WORKED["outcome"] == "ok"], {}, "3 of 10 lanes worked, at most 2 batches at once: 40 records in 12 s"),
        (table(delivered(0, 1, 2)), {}, "1 lane worked, one batch at a time: 10 records in 1 s"),
        (table(delivered(0, 1, 2)), {"per_shard": 1}, "1 lane worked, one batch at a time: 10 records in 1 s"),
        (table(delivered(0, 1, 2)), {"per_shard": 4}, "1 of 4 lanes worked, one batch at a time: 10 records in 1 s"),
        (busy(2, 3, 2), {}, "6 lanes worked, at most 6 batches at once: 120 records in 2 s"),
        (busy(1, 2, 2), {"per_shard": 2}, "Both lanes worked, at most 2 batches at once: 40 records in 1.95 s"),
        (busy(2, 3, 2), {"per_shard": 3}, "All 6 lanes worked, at most 6 batches at once: 120 records in 2 s"),
        (busy(2, 3, 2), {"shard": SHARD(1)}, "3 lanes worked, at most 3 batches at once: 60 records in 2 s"),
        (busy(2, 3, 2), {"shard": SHARD(7)}, f"No batch of {SHARD(7)} has been delivered yet"),
        (pd.DataFrame(), {}, "No batch has been delivered yet"),
        (WORKED.iloc[:1], {}, "No batch has been delivered yet"),
        (table(Entry(1, "invoke", until=2, function="app", outcome="ok")), {}, "No batch has been delivered yet"),
        (
            table(delivered(0, 1, 2, 10, "partial", done=4), delivered(0, 3, 4, 6)),
            {},
            "1 lane worked, one batch at a time: 10 records in 3 s, 1 failed",
        ),
    ],
)
def test_the_lanes_say_how_many_worked_at_once(rows: pd.DataFrame, options: Any, finding: str) -> None:
    assert lanes(rows, **options).finding == finding


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([(0, 1), (1, 2)], "one batch at a time"),
        ([(0, 0.1 + 0.2), (0.3, 2)], "one batch at a time"),
        ([(0, 2), (1, 3), (2, 4)], "at most 2 batches at once"),
        ([(0, 9), (1, 2), (3, 4), (3, 5)], "at most 3 batches at once"),
        ([(5, 5)], "one batch at a time"),
        ([(5, 5), (5, 5)], "at most 2 batches at once"),
    ],
)
def test_at_once_is_between_the_beginning_and_the_end(spans: list[tuple[float, float]], most: str) -> None:
    rows = table(*(delivered(lane, *span) for lane, span in enumerate(spans)))
    assert f"worked, {most}: " in lanes(rows).finding


def refused(lane: int, at: float, shard: int = 0) -> Entry:
    return Entry(
        at, "refused", stream="orders", shard=SHARD(shard), mapping="m", lane=lane, records=10, outcome="TooMany"
    )


def test_a_tick_wherever_a_call_was_refused() -> None:
    picture = lanes(table(delivered(0, 1, 2), refused(1, 1), refused(1, 2.5), refused(2, 0.5), delivered(1, 3, 4)))
    middles = [track.get_y() + track.get_height() / 2 for track in boxes(picture, WASH)]
    ticks = {
        (round(segment[0][0], 3), middles.index(pytest.approx(segment.mean(axis=0)[1])))
        for collection in picture.axes[0].collections
        if isinstance(collection, LineCollection)
        for segment in collection.get_segments()
    }
    assert ticks == {(1, 1), (2.5, 1), (0.5, 2)}
    assert len(bars(picture)) == 2 and picture.axes[0].get_xlim() == (0.5, 4)
    assert picture.finding == "2 lanes worked, one batch at a time: 20 records in 3 s"
    assert picture.reading.endswith(" · tick = one of 3 refused calls")
    assert "tick" not in lanes(WORKED).reading and red(picture) == []


def test_shards_are_apart_and_named_once() -> None:
    picture = lanes(busy(3, 4, 3))
    tops = [track.get_y() for track in boxes(picture, WASH)]
    steps = np.diff(tops)
    assert [i for i, step in enumerate(steps) if step > 1.2 * min(steps)] == [3, 7]
    assert [text for text in texts(picture) if text.startswith("shard")] == ["shard 0", "shard 1", "shard 2"]
    held = [line for line in picture.axes[0].lines if len(line.get_xdata()) == 2]
    assert [line.get_color() for line in held] == [shard_colour(SHARD(i)) for i in range(3)]
    single = lanes(busy(3, 1, 3))
    assert [text for text in texts(single) if text.startswith(("shard", "lane"))] == ["shard 0", "shard 1", "shard 2"]


def test_a_short_invocation_on_a_long_axis_is_still_seen_and_stays_on_it() -> None:
    picture = lanes(table(delivered(0, 0, 0.002), delivered(0, 290, 290)))
    low, high = picture.axes[0].get_xlim()
    for bar in bars(picture):
        assert bar.get_width() >= 0.003 * (high - low)
        assert low <= bar.get_x() and bar.get_x() + bar.get_width() <= high + 1e-9


def test_lanes_that_cannot_be_drawn_say_why() -> None:
    with pytest.raises(ValueError, match="the table has no column until, lane"):
        lanes(WORKED.drop(columns=["until", "lane"]))
    with pytest.raises(ValueError, match="the shards of 2 streams"):
        lanes(table(delivered(0, 1, 2), delivered(0, 1, 2, stream="clicks")))
    with pytest.raises(ValueError, match="the lanes of 2 mappings; choose one"):
        lanes(table(delivered(0, 1, 2), delivered(0, 1, 2, mapping="n")))
    with pytest.raises(ValueError, match="per_shard must be 10 or more, not 4: lane 9 has worked"):
        lanes(WORKED, per_shard=4)


def test_thousands_of_invocations_are_drawn_quickly() -> None:
    began = time.perf_counter()
    picture = lanes(busy(4, 10, 75))
    assert len(bars(picture)) == 3000
    assert picture.png()
    assert time.perf_counter() - began < 20


def test_the_recorders_own_table_can_be_drawn(cloud: Any, kinesis: Any, lambda_: Any, stream: Any, deploy: Any) -> None:
    arn = stream("orders", shards=2)
    deploy("def handler(event, context): pass")
    lambda_.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON", BatchSize=10, ParallelizationFactor=4
    )
    for i in range(40):
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey=f"customer-{i}")
    cloud.wait(30)
    picture = lanes(cloud.recorder.table(), per_shard=4)
    assert picture.finding.startswith("All 8 lanes worked, ")
    assert ": 40 records in " in picture.finding
    assert [text for text in texts(picture) if text.startswith("shard")] == ["shard 0", "shard 1"]


# All of them


def pictures() -> Iterator[tuple[str, Callable[[], Picture]]]:
    """Each to be drawn when it is its turn: a test that needs one should not wait for all."""
    long = "a-very-long-name-of-which-the-ends-matter-" * 6
    yield "anatomy", partial(anatomy, batch(4), 2)
    yield "anatomy tumbling", partial(anatomy, batch(10_000, **WINDOW), 5_000)
    yield "anatomy window only", partial(anatomy, {"Records": [], **WINDOW})
    yield "anatomy long text", partial(anatomy, {"Records": [record(data=b"word " * 99, key=long, shard=123)]})
    yield "anatomy wide text", partial(anatomy, {"Records": [record(data=b"W" * 500, key="W" * 99)]})
    yield (
        "anatomy strange text",
        partial(anatomy, {"Records": [record(data="🚀漢$א\n".encode() * 99, key="🚀漢$א\n" * 99)]}),
    )
    yield "anatomy binary", partial(anatomy, {"Records": [record(data=bytes(range(256)) * 4096)]})
    for field in ("eventSourceARN", "invokeIdentityArn", "eventID", long):
        yield (
            f"anatomy odd {field[:17]}",
            partial(anatomy, with_value(field, f"arn:aws:{long}:stream/{long}:role/{long}")),
        )
    yield "anatomy long names", partial(anatomy, with_value("eventSourceARN", f"{STREAM}{long}/consumer/{long}:1"))
    yield "anatomy deep", partial(anatomy, batch(1, **{**WINDOW, "state": {long: {long: list(range(999))}}}))
    for strange in ({}, {"Records": [{}]}, {"Records": [[long]]}, {"Records": long}, {"Records": [{"kinesis": {}}]}):
        yield f"anatomy {str(strange)[:30]}", partial(anatomy, strange)
    for sizes in (1, 2, 4, 8):
        for windows in (1, 3, 8):
            yield f"map {sizes} {windows}", partial(batch_map, grid(sizes, windows))
            yield f"map {sizes} {windows} large", partial(batch_map, grid(sizes, windows, 9_999.0))
            yield f"map {sizes} {windows} small", partial(batch_map, grid(sizes, windows, 0.0003))
            yield f"map {sizes} {windows} gaps", partial(batch_map, grid(sizes, windows).iloc[::3])
    for shards in (1, 2, 4):
        for per_shard in (1, 4, 10):
            yield f"lanes {shards} {per_shard}", partial(lanes, busy(shards, per_shard, 4))
            yield f"lanes {shards} {per_shard} many", partial(lanes, busy(shards, per_shard, 50, 10_000, 2))
            yield f"lanes {shards} {per_shard} more", partial(lanes, busy(shards, per_shard, 4, 1), per_shard=10)
    yield (
        "lanes a day",
        partial(lanes, table(*(delivered(i % 10, 9_000 * i, 9_000 * i + 900, 10_000) for i in range(10)))),
    )
    yield (
        "lanes long title",
        partial(
            lanes, pd.concat([busy(4, 10, 40, 10_000, 2), table(delivered(9, 86_000, 86_300, shard=3))]), per_shard=10
        ),
    )
    dear = measured((1, 0, 9_999_999, 0.1, 1), (10_000, 300, 1, 86_340, 0.5))
    yield "map long title", partial(batch_map, dear)
    crowd = table(*(refused(i % 10, 100 + i / 50, i % 4) for i in range(2_000)))
    yield "lanes refused", partial(lanes, pd.concat([busy(4, 10, 40, 10_000, 2), crowd]), per_shard=10)
    yield "lanes none", partial(lanes, pd.DataFrame())
    yield "map none", partial(batch_map, pd.DataFrame())


def tick_labels(axis: Axis) -> list[Text]:
    """Those that are drawn: matplotlib keeps ticks beyond the ends of an axis, too."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


@pytest.mark.filterwarnings("error")  # such as that of a letter which the font does not have
@pytest.mark.parametrize("draw", [pytest.param(draw, id=name) for name, draw in pictures()])
def test_nothing_is_cut_off_or_written_over(draw: Callable[[], Picture]) -> None:
    picture = draw()
    renderer = FigureCanvasAgg(picture).get_renderer()
    width, height = picture.get_size_inches() * picture.dpi
    picture.draw(renderer)
    words = list(picture.texts)
    for axes in picture.axes:
        words += axes.texts
        if axes.axison:
            words += [*tick_labels(axes.yaxis), *tick_labels(axes.xaxis), axes.xaxis.label]
    found = [(word.get_text(), word.get_window_extent(renderer)) for word in words if word.get_text().strip()]
    for text, box in found:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
    for i, (text, one) in enumerate(found):
        for other_text, other in found[i + 1 :]:
            overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(overlap) <= 1.5, (text, other_text)


@pytest.mark.parametrize(
    "draw", [lambda: anatomy(batch(4, **WINDOW), 1), lambda: batch_map(TRADE), lambda: lanes(busy(2, 4, 5))]
)
def test_the_same_table_gives_the_same_bytes(draw: Any) -> None:
    assert draw().png() == draw().png()
    assert repr(draw()) == f"<picture: {draw().finding}>"


def test_nothing_is_done_to_what_is_drawn() -> None:
    event, rows, found = batch(2, **WINDOW), busy(1, 2, 3), TRADE.copy()
    before = deepcopy(event), rows.copy(), found.copy()
    anatomy(event), lanes(rows), batch_map(found)
    assert event == before[0]
    pd.testing.assert_frame_equal(rows, before[1])
    pd.testing.assert_frame_equal(found, before[2])
