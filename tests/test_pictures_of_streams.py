"""The pictures of streams show their tables: the ring, the writes, the lineage and the life of a record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import md5
from itertools import pairwise
from math import atan2, hypot, pi
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Rectangle, Wedge
from matplotlib.text import Text

from helpers.pictures import Picture, life_of_a_record, lineage, ring, shard_colour, writes
from helpers.pictures.moments import places
from helpers.pictures.style import FAIL, PAPER, duration, named, percent, text_width, tint
from kinesis_lab.emulator.recorder import Entry

SHARD = "shardId-{:012d}".format
HASH_KEYS = 2**128
Range = tuple[int, int]


def table(*entries: Entry) -> pd.DataFrame:
    return pd.DataFrame(entries, columns=list(Entry._fields))


def texts(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.axes[0].texts]


def patches(picture: Picture, kind: type) -> list[Any]:
    return [patch for patch in picture.axes[0].patches if type(patch) is kind]


# The ring


def even_shards(count: int) -> pd.DataFrame:
    ends = [HASH_KEYS * i // count for i in range(count + 1)]
    rows = [(SHARD(i), first, after - 1) for i, (first, after) in enumerate(pairwise(ends))]
    return pd.DataFrame(rows, columns=["shard", "first_hash", "last_hash"])


def keys_of(records: dict[str, int]) -> pd.DataFrame:
    rows = [(key, int(md5(key.encode()).hexdigest(), 16), count) for key, count in records.items()]
    return pd.DataFrame(rows, columns=["partition_key", "hash_key", "records"])


def at_places(*keys: tuple[float, int]) -> pd.DataFrame:
    """Keys at these places of the ring, 0 to 1, with so many records."""
    rows = [(f"key-{i}", int(place * HASH_KEYS), count) for i, (place, count) in enumerate(keys)]
    return pd.DataFrame(rows, columns=["partition_key", "hash_key", "records"])


def even_keys(count: int, records: int = 5) -> pd.DataFrame:
    return at_places(*(((i + 0.5) / count, records) for i in range(count)))


HOT = at_places((0.1, 10), (0.3, 70), (0.6, 10), (0.9, 10))


def arcs_and_bars(picture: Picture) -> tuple[list[Wedge], list[Wedge]]:
    wedges = patches(picture, Wedge)
    inside = min(wedge.r - wedge.width for wedge in wedges)
    arcs = [wedge for wedge in wedges if wedge.r - wedge.width < inside + 0.01]
    return arcs, [wedge for wedge in wedges if wedge not in arcs]


def test_an_arc_for_every_shard_clockwise_from_the_top() -> None:
    arcs, bars = arcs_and_bars(ring(even_shards(4)))
    assert [(arc.theta2, arc.theta1) for arc in arcs] == [(90, 0), (0, -90), (-90, -180), (-180, -270)]
    assert [to_hex(arc.get_facecolor()) for arc in arcs] == [shard_colour(SHARD(i)) for i in range(4)]
    assert bars == []


def test_a_bar_is_as_long_as_the_shards_share() -> None:
    picture = ring(even_shards(4), HOT)
    arcs, bars = arcs_and_bars(picture)
    assert len(arcs) == 4
    assert [bar.width / sum(bar.width for bar in bars) for bar in bars] == pytest.approx([0.1, 0.7, 0.1, 0.1])
    (even,) = patches(picture, Circle)
    foot = bars[0].r - bars[0].width
    assert (even.radius - foot) / sum(bar.width for bar in bars) == pytest.approx(0.25)


def test_the_hot_shard_stands_out_and_nothing_is_red() -> None:
    picture = ring(even_shards(4), HOT)
    _, bars = arcs_and_bars(picture)
    colours = [to_hex(bar.get_facecolor()) for bar in bars]
    assert colours[1] == shard_colour(SHARD(1))
    assert colours[0] == to_hex(tint(shard_colour(SHARD(0)), 0.45))
    (bold,) = [text.get_text() for text in picture.axes[0].texts if text.get_fontweight() == "bold"]
    assert bold == "shard 1 · 70%\n70 records"
    assert FAIL not in colours


def test_a_dot_for_every_key_at_its_hash_key_with_an_area_like_its_records() -> None:
    keys = at_places((0.1, 40), (0.3, 10), (0.6, 20), (0.999, 10))
    (dots,) = (mark for mark in ring(even_shards(4), keys).axes[0].collections if isinstance(mark, PathCollection))
    drawn = []
    for (x, y), area, colour in zip(dots.get_offsets(), dots.get_sizes(), dots.get_facecolors(), strict=True):
        drawn.append(((0.25 - atan2(y, x) / (2 * pi)) % 1, area / max(dots.get_sizes()), to_hex(colour)))
        assert 0.7 < hypot(x, y) < 1.3
    for (place, area, colour), (where, records, shard) in zip(
        sorted(drawn), [(0.1, 40, 0), (0.3, 10, 1), (0.6, 20, 2), (0.999, 10, 3)], strict=True
    ):
        assert place == pytest.approx(where, abs=1 / 360)
        assert area == pytest.approx(records / 40)
        assert colour == shard_colour(SHARD(shard))


def test_a_key_on_the_edge_belongs_to_the_shard_that_owns_its_hash_key() -> None:
    edge = HASH_KEYS // 2
    keys = pd.DataFrame({"partition_key": ["last", "next"], "hash_key": [edge - 1, edge], "records": [3, 1]})
    words = texts(ring(even_shards(2), keys))
    assert {"shard 0 · 75%\n3 records", "shard 1 · 25%\n1 record"} <= set(words)
    (dots,) = (mark for mark in ring(even_shards(2), keys).axes[0].collections if isinstance(mark, PathCollection))
    assert [to_hex(colour) for colour in dots.get_facecolors()] == [shard_colour(SHARD(0)), shard_colour(SHARD(1))]


@pytest.mark.parametrize(
    ("shards", "keys", "finding"),
    [
        (4, HOT, "Shard 1 takes 70% of the records, 2.8 times an even share"),
        (4, even_keys(400), "The load is even: each of 4 shards takes 25% of the records"),
        (2, at_places((0.2, 55), (0.7, 45)), "The load is even: each of 2 shards takes 45% to 55% of the records"),
        (2, at_places((0.2, 65), (0.7, 35)), "No shard is hot: each of 2 shards takes 35% to 65% of the records"),
        (1, even_keys(3), "One shard takes 15 records: all there are"),
        (1, None, "One shard owns every hash key"),
        (4, None, "4 shards share the hash keys, 25% each"),
        (4, even_keys(0), "4 shards share the hash keys, 25% each"),
        (4, pd.DataFrame(), "4 shards share the hash keys, 25% each"),
        (4, even_keys(3, records=0), "4 shards share the hash keys, 25% each"),
        (0, None, "There is no shard yet"),
    ],
)
def test_the_ring_says_whether_the_load_is_even(shards: int, keys: pd.DataFrame | None, finding: str) -> None:
    assert ring(even_shards(shards) if shards else pd.DataFrame(), keys).finding == finding


def test_hash_keys_may_be_strings_and_shards_in_any_order() -> None:
    shards = even_shards(4).iloc[::-1].astype({"first_hash": str, "last_hash": str})
    assert ring(shards, HOT.astype({"hash_key": str})).png() == ring(even_shards(4), HOT).png()


def test_shards_that_do_not_cover_the_ring_once_are_refused() -> None:
    for wrong in (even_shards(4).drop(index=2), pd.concat([even_shards(4), even_shards(2)])):
        with pytest.raises(ValueError, match="they cover every hash key once"):
            ring(wrong)
    with pytest.raises(ValueError, match="the table has no column last_hash"):
        ring(even_shards(4).drop(columns="last_hash"))


def test_the_biggest_keys_are_named_or_all_are_counted() -> None:
    words = texts(ring(even_shards(4), keys_of({f"key-{i}": 1 for i in range(90)} | {"MyPartitionKey": 60})))
    assert "MyPartitionKey · 40%" in words
    assert not any(word.startswith("key-") for word in words)
    assert "400 keys\n2,000 records" in texts(ring(even_shards(4), even_keys(400)))
    assert sum("key-" in word for word in texts(ring(even_shards(4), even_keys(5)))) == 5


def test_every_shard_is_drawn_when_labels_thin_out() -> None:
    picture = ring(even_shards(60), keys_of({f"key-{i}": 1 + i % 9 for i in range(5000)} | {"hot": 9000}))
    arcs, bars = arcs_and_bars(picture)
    assert (len(arcs), len(bars)) == (60, 60)
    assert 20 < sum(word.startswith("shard") for word in texts(picture)) < 60


# Writes


def put(shard: int, at: float, records: int = 1, size: int = 0, outcome: str = "ok", stream: str = "orders") -> Entry:
    return Entry(at, "put", stream=stream, shard=SHARD(shard), records=records, bytes=size, outcome=outcome)


BUSY = table(
    put(0, 10.2, 300, 1024),
    put(0, 10.9, 100, 1024),
    put(1, 10.5, 1000, 4096),
    put(1, 10.6, 500, 2048, "throttled"),
    put(1, 12.0, 20, 512),
    put(1, 12.1, 10, 1024, "throttled"),
)


def boxes(picture: Picture) -> list[tuple[float, float, float, float, Any]]:
    """Left, bottom, width, height and face colour of all that a collection draws."""
    found = []
    for collection in picture.axes[0].collections:
        assert isinstance(collection, PolyCollection)
        colours = collection.get_facecolor()
        for i, path in enumerate(collection.get_paths()):
            (left, bottom), (right, top) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            found.append((left, bottom, right - left, top - bottom, to_hex(colours[i % len(colours)])))
    return found


def test_a_bar_for_every_second_of_a_shard_stacked_on_what_was_accepted() -> None:
    drawn = boxes(writes(BUSY))
    one, two = shard_colour(SHARD(0)), shard_colour(SHARD(1))
    a_record = 0.84 / 1500
    expected = [
        (0, 0, 1000, two),
        (2, 0, 20, two),
        (0, 1000, 500, PAPER),
        (2, 20, 10, PAPER),
        (0, 1 / a_record, 400, one),
    ]
    for (left, bottom, width, height, colour), (second, base, records, face) in zip(drawn, expected, strict=True):
        assert (left + width / 2, bottom / a_record, height / a_record) == pytest.approx((second + 0.5, base, records))
        assert colour == face
    picture = writes(BUSY)
    hatched = [mark for mark in picture.axes[0].collections if mark.get_hatch()]
    assert {to_hex(mark.get_edgecolor()[0]) for mark in hatched if len(mark.get_paths())} == {FAIL}


def test_the_limit_is_a_line_in_every_row_labelled_once() -> None:
    picture = writes(BUSY, limit_records=750)
    heights = sorted({line.get_ydata()[0] for line in picture.axes[0].lines})
    assert heights == pytest.approx([0, 0.42, 1, 1.42])
    assert [text for text in texts(picture) if text.startswith("limit")] == ["limit\n750/s"]
    assert {"400 accepted", "1,020 accepted", "510 refused"} <= set(texts(picture))


def test_bytes_are_measured_in_kib() -> None:
    picture = writes(BUSY, measure="bytes", limit_bytes=8192)
    assert picture.finding == "3 KiB of 9.5 KiB refused, all by shard 1"
    assert {"limit\n8 KiB/s", "2 KiB accepted", "4.5 KiB accepted", "3 KiB refused"} == set(texts(picture))
    assert max(box[3] for box in boxes(picture)) == pytest.approx(0.84 * 4 / 8)


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ([put(0, 1, 5), put(1, 1, 5)], "Nothing was refused: 10 records accepted"),
        ([put(0, 1)], "Nothing was refused: 1 record accepted"),
        ([put(0, 1, 5), put(0, 1, 5, outcome="throttled")], "5 of 10 records refused"),
        ([put(0, 1, 5), put(2, 1, 5, outcome="throttled")], "5 of 10 records refused, all by shard 2"),
        ([put(i, 1, 5, outcome="throttled") for i in range(3)], "15 of 15 records refused, by every shard"),
        (
            [put(0, 1, 5), *(put(i, 1, 5, outcome="throttled") for i in (1, 3))],
            "10 of 15 records refused, by shards 1 and 3",
        ),
        (
            [put(0, 1), *(put(i, 1, outcome="throttled") for i in range(1, 7))],
            "6 of 7 records refused, by 6 of 7 shards",
        ),
    ],
)
def test_the_writes_say_who_refused_how_much(rows: list[Entry], finding: str) -> None:
    assert writes(table(*rows)).finding == finding


def test_many_shards_become_rows_of_cells() -> None:
    rows = [put(i, second + 0.5, 250 + 750 * (i == second)) for i in range(40) for second in range(10)]
    rows.append(put(7, 3.7, 1000, outcome="throttled"))
    picture = writes(table(*rows))
    drawn = boxes(picture)
    assert len(drawn) == 400
    cells = {(39 - int(bottom), int(left)): colour for left, bottom, _, _, colour in drawn}
    assert cells[7, 3] == to_hex(tint(FAIL, 0.6 + 0.4 * 0.8))
    assert cells[7, 7] == shard_colour(SHARD(7))
    assert cells[8, 3] == to_hex(tint(shard_colour(SHARD(8)), 0.12 + 0.88 / 4))
    assert texts(picture) == ["1,000 refused"]


def test_rows_of_other_kinds_do_not_matter_but_other_streams_do() -> None:
    other = Entry(0.0, "get", stream="clicks", shard=SHARD(5), records=3, outcome="ok")
    assert writes(pd.concat([table(other), BUSY])).png() == writes(BUSY).png()
    with pytest.raises(ValueError, match=r"of 2 streams; choose one: table\[table\['stream'\] == 'clicks'\]"):
        writes(table(put(0, 1), put(0, 1, stream="clicks")))


def test_ten_minutes_are_drawn_in_minutes_and_quickly() -> None:
    rows = [put(i, second, 500) for i in range(8) for second in range(600)]
    began = time.perf_counter()
    picture = writes(table(*rows))
    assert picture.png()
    assert time.perf_counter() - began < 20
    assert picture.axes[0].get_xlabel() == "virtual minutes"
    assert sum(box[2] for box in boxes(picture)) == pytest.approx(8 * 10)


# Lineage


def shard(number: int, at: float, outcome: str, ends: Range, *parents: int, stream: str = "orders") -> Entry:
    return Entry(
        at,
        "shard",
        stream=stream,
        shard=SHARD(number),
        outcome=outcome,
        first=str(HASH_KEYS * ends[0] // 100),
        last=str(HASH_KEYS * ends[1] // 100 - 1),
        note=" ".join(map(SHARD, parents)) or None,
    )


def born(count: int) -> list[Entry]:
    return [shard(i, 5, "opened", (100 * i // count, 100 * (i + 1) // count)) for i in range(count)]


def split(parent: int, at: float, ends: Range, middle: int, child: int) -> list[Entry]:
    return [
        shard(parent, at, "closed", ends),
        shard(child, at, "opened", (ends[0], middle), parent),
        shard(child + 1, at, "opened", (middle, ends[1]), parent),
    ]


def merge(one: int, other: int, at: float, ends: tuple[int, int, int], child: int) -> list[Entry]:
    return [
        shard(one, at, "closed", ends[:2]),
        shard(other, at, "closed", ends[1:]),
        shard(child, at, "opened", (ends[0], ends[2]), one, other),
    ]


GROWN = [*born(2), *split(0, 65, (0, 50), 25, 2), *merge(3, 1, 125, (25, 50, 100), 4)]
A_DAY = 86_400
OLD = [*GROWN, shard(0, 65 + A_DAY, "expired", (0, 50))]


def blocks(picture: Picture) -> list[Rectangle]:
    return patches(picture, Rectangle)


def test_a_block_for_every_shard_from_opening_to_closing() -> None:
    picture = lineage(table(*GROWN))
    drawn = [(block.get_x(), block.get_y(), block.get_width(), block.get_height()) for block in blocks(picture)]
    end = 125 + 0.25 * 120
    expected = [(5, 0, 60, 0.5), (5, 0.5, 120, 0.5)]
    expected += [(65, 0, end - 65, 0.25), (65, 0.25, 60, 0.25), (125, 0.25, 30, 0.75)]
    assert np.array(drawn) == pytest.approx(np.array(expected))
    assert texts(picture) == ["shard 0", "shard 1", "shard 2", "shard 3", "shard 4", "split", "merge"]


def test_closed_is_pale_and_expired_is_hatched() -> None:
    def faces(picture: Picture) -> list[tuple[str, bool]]:
        return [(to_hex(block.get_facecolor()), bool(block.get_hatch())) for block in blocks(picture)]

    colours = [shard_colour(SHARD(i)) for i in range(5)]
    pale = [to_hex(tint(colour, 0.3)) for colour in colours]
    assert faces(lineage(table(*GROWN))) == [
        (pale[0], False),
        (pale[1], False),
        (colours[2], False),
        (pale[3], False),
        (colours[4], False),
    ]
    assert faces(lineage(table(*OLD)))[:2] == [(PAPER, True), (pale[1], False)]


def test_until_shows_how_it_was_then() -> None:
    picture = lineage(table(*OLD), until=100)
    assert picture.finding == "2 shards became 3 by 1 split"
    drawn = [(block.get_x(), block.get_x() + block.get_width()) for block in blocks(picture)]
    assert np.array(drawn) == pytest.approx(np.array([(5, 65), (5, 100), (65, 100), (65, 100)]))


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (born(1), "1 shard, neither split nor merged"),
        (born(24), "24 shards, none split or merged"),
        (GROWN, "2 shards became 2 by 1 split and 1 merge"),
        (OLD, "2 shards became 2 by 1 split and 1 merge; 1 closed shard has expired"),
        ([], "There is no shard yet"),
        (GROWN[2:3], "There is no shard yet"),
    ],
)
def test_the_lineage_says_what_became_of_the_shards(rows: list[Entry], finding: str) -> None:
    assert lineage(table(*rows)).finding == finding


def test_a_minute_and_a_day_have_room_in_one_picture() -> None:
    picture = lineage(table(*OLD))
    (axes,) = picture.axes
    assert [block.get_x() for block in blocks(picture)] == [5, 5, 65, 65, 125]
    pixels = axes.transData.transform([(time, 0) for time in (5, 65, 125, 65 + A_DAY)])[:, 0]
    assert min(np.diff(pixels)) > 40
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0 s", "1 min", "2 min", "24 h 1 min"]
    assert axes.get_xlabel() == "virtual time, not to scale"
    assert lineage(table(*GROWN)).axes[0].get_xlabel() == "virtual seconds"


def test_a_shard_that_lived_for_no_time_is_still_seen() -> None:
    rows = [*born(1), *split(0, 65, (0, 100), 50, 1), *split(2, 65, (50, 100), 75, 3)]
    picture = lineage(table(*rows))
    assert len(blocks(picture)) == 4
    (line,) = picture.axes[0].lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([65, 65], [0.5, 1])
    assert "2 splits" in texts(picture)


def test_lineage_of_several_streams_is_refused() -> None:
    with pytest.raises(ValueError, match="the shards of 2 streams"):
        lineage(table(*born(2), shard(0, 9, "opened", (0, 100), stream="clicks")))


# The life of a record

NUMBER = 49659016783211345678901234567890123456789012345670018882


def about(kind: str, at: float, *, low: int = 0, high: int = 0, number: int = 1, stream: str = "orders") -> Entry:
    """A row about the record and its neighbours, from so many before it to so many after it."""
    first, last = str(NUMBER - low), str(NUMBER + high)
    return Entry(at, kind, stream=stream, shard=SHARD(number), first=first, last=last, records=1, outcome="ok")


PUT = about("put", 10, low=3, high=4)


def life(*rows: Entry, hours: float = 24) -> Picture:
    return life_of_a_record(table(*rows), NUMBER, retention_hours=hours)


@pytest.mark.parametrize(
    ("rows", "hours", "finding"),
    [
        ([PUT], 24, "Never read, and trimmed all the same when it is 24 h old"),
        ([PUT, about("get", 11)], 24, "Read once, and kept all the same until it is 24 h old"),
        ([PUT, about("get", 11), about("poll", 11)], 168, "Read twice, and kept all the same until it is 7 days old"),
        (
            [PUT, about("poll", 11), about("expired", 10 + A_DAY)],
            24,
            "Lost: trimmed when it was 24 h old, before its mapping had processed it",
        ),
        ([about("get", 11)], 24, "This record has not been put"),
        ([], 24, "This record has not been put"),
    ],
)
def test_the_life_says_what_became_of_the_record(rows: list[Entry], hours: float, finding: str) -> None:
    assert life(*rows, hours=hours).finding == finding


def test_only_rows_about_the_record_count() -> None:
    before, after = about("get", 11, low=9, high=-1), about("get", 12, low=-1, high=9)
    empty = Entry(13, "get", stream="orders", shard=SHARD(1), records=0, outcome="ok")
    other_shard, other_stream = about("get", 14, number=2), about("get", 15, stream="clicks")
    picture = life(PUT, before, after, empty, other_shard, other_stream, about("invoke", 16), about("get", 17, low=99))
    assert picture.finding == "Read once, and kept all the same until it is 24 h old"


def test_numbers_are_compared_as_numbers() -> None:
    rows = table(
        Entry(1, "put", shard=SHARD(0), first="9", last="11"),
        Entry(2, "get", shard=SHARD(0), first="9", last="10"),
        Entry(3, "get", shard=SHARD(0), first="11", last="11"),
    )
    assert life_of_a_record(rows, "10", retention_hours=24).finding.startswith("Read once")


def test_each_moment_is_where_its_name_and_its_time_are() -> None:
    picture = life(PUT, about("get", 10.25), about("poll", 11), about("push", 11), about("get", 3610))
    (axes,) = picture.axes
    written = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert {
        "put": 10,
        "read 1": 10.25,
        "reads 2–3": 11,
        "read 4": 3610,
        "trimmed": 10 + A_DAY,
    }.items() <= written.items()
    assert {"0 s": 10, "250 ms": 10.25, "1 s": 11, "1 h": 3610, "24 h": 10 + A_DAY}.items() <= written.items()
    assert {"GetRecords", "mapping", "fan-out"} <= set(written)
    dots = [line for line in axes.lines if line.get_markersize() == 10]
    assert [list(line.get_xdata()) for line in dots] == [[10.25, 11, 3610]]
    (line,) = patches(picture, Rectangle)
    assert (line.get_x(), line.get_width()) == (10, A_DAY)
    assert to_hex(line.get_facecolor()) == shard_colour(SHARD(1))
    pixels = axes.transData.transform([(moment, 0) for moment in (10, 10.25, 11, 3610, 10 + A_DAY)])[:, 0]
    assert min(np.diff(pixels)) > 80


def test_of_many_readings_all_are_marked_and_four_named() -> None:
    picture = life(PUT, *(about("get", 11 + i) for i in range(50)))
    (axes,) = picture.axes
    assert [text for text in texts(picture) if text.startswith("read")] == ["read 1", "read 2", "read 3", "read 50"]
    (small,) = [line for line in axes.lines if line.get_markersize() == 4]
    assert list(small.get_xdata()) == [11 + i for i in range(3, 49)]
    pixels = axes.transData.transform([(moment, 0) for moment in small.get_xdata()])[:, 0]
    assert np.ptp(np.diff(pixels)) < 0.01


def test_what_is_lost_is_red() -> None:
    picture = life(PUT, about("poll", 11), about("expired", 12 + A_DAY))
    red = [text.get_text() for text in picture.axes[0].texts if text.get_color() == FAIL]
    assert red == ["lost", "2 s later"]
    assert "trimmed" in texts(picture)
    at_once = life(PUT, about("poll", 11), about("expired", 10 + A_DAY))
    assert "trimmed" not in texts(at_once)
    assert [text.get_text() for text in at_once.axes[0].texts if text.get_color() == FAIL] == ["lost", "24 h"]


# All of them


def busy(shards: int, seconds: int, refused: int = 0) -> pd.DataFrame:
    rows = [put(i, second + 0.1, 150_000, 10**9) for i in range(shards) for second in range(seconds)]
    return table(*rows, *(put(0, second + 0.2, refused, 10**9, "throttled") for second in range(seconds) if refused))


def grown(shards: int) -> pd.DataFrame:
    rows = born(shards)
    for i in range(shards):
        low, high = 100 * i // shards, 100 * (i + 1) // shards
        rows += split(i, 65 + 30 * i, (low, high), (low + high) // 2, shards + 2 * i)
    return table(*rows, *(shard(i, 65 + 30 * i + A_DAY, "expired", (0, 1)) for i in range(shards // 2)))


def pictures() -> Iterator[tuple[str, Picture]]:
    skewed = keys_of({f"a-product-with-a-long-name-{i}": 1 + 10_000 // (i + 1) for i in range(1000)})
    for count in (1, 2, 4, 9, 24, 60):
        yield f"ring {count}", ring(even_shards(count))
        yield f"ring {count} hot", ring(even_shards(count), skewed)
        yield f"ring {count} even", ring(even_shards(count), even_keys(5000))
        yield f"ring {count} few", ring(even_shards(count), keys_of({f"customer-{i}": 900 + i for i in range(5)}))
    for count in (1, 4, 8, 24, 40):
        for seconds in (1, 5, 600):
            yield f"writes {count} {seconds}", writes(busy(count, seconds, 400_000))
    yield "writes bytes", writes(busy(4, 30, 400), measure="bytes")
    for count in (1, 2, 4, 24, 50):
        yield f"lineage {count}", lineage(table(*born(count)))
        yield f"lineage {count} grown", lineage(grown(count))
        yield f"lineage {count} growing", lineage(grown(count), until=200)
    reads = [about("get", 11), about("poll", 11.5), about("poll", 11.5), about("push", 11.5)]
    for count in range(5):
        yield f"life {count}", life(PUT, *reads[:count], about("get", 40_000), hours=8760)
    yield "life many", life(PUT, *reads, *(about("get", 12 + i) for i in range(100)))
    yield "life lost", life(PUT, *reads, *(about("get", 12 + i) for i in range(9)), about("expired", A_DAY + 15.5))
    for empty in (ring(pd.DataFrame()), writes(pd.DataFrame()), lineage(pd.DataFrame()), life()):
        yield empty.finding, empty


def tick_labels(axis: Axis) -> list[Text]:
    """Those that are drawn: matplotlib keeps ticks beyond the ends of an axis, too."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


@pytest.mark.parametrize("picture", [pytest.param(picture, id=name) for name, picture in pictures()])
def test_nothing_is_cut_off_or_written_over(picture: Picture) -> None:
    renderer = FigureCanvasAgg(picture).get_renderer()
    width, height = picture.get_size_inches() * picture.dpi
    picture.draw(renderer)
    words = list(picture.texts)
    for axes in picture.axes:
        words += axes.texts
        if axes.axison:
            words += [*tick_labels(axes.yaxis), *tick_labels(axes.xaxis), axes.xaxis.label]
    found = [(word.get_text(), word.get_window_extent(renderer)) for word in words if word.get_text()]
    for text, box in found:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
    for i, (text, one) in enumerate(found):
        for other_text, other in found[i + 1 :]:
            overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(overlap) <= 1.5, (text, other_text)


@pytest.mark.parametrize(
    "draw", [lambda: ring(even_shards(4), HOT), lambda: writes(BUSY), lambda: lineage(table(*OLD))]
)
def test_the_same_table_gives_the_same_bytes(draw: Any) -> None:
    assert draw().png() == draw().png()
    assert repr(draw()) == f"<picture: {draw().finding}>"


def test_the_recorders_own_table_can_be_drawn(cloud: Any, kinesis: Any, stream: Any) -> None:
    stream("orders", shards=2)
    for _ in range(3):
        records = [{"Data": b"x", "PartitionKey": "hot"}] * 400
        answer = kinesis.put_records(StreamName="orders", Records=records)
    assert answer["FailedRecordCount"] == 200
    kinesis.split_shard(StreamName="orders", ShardToSplit=SHARD(0), NewStartingHashKey=str(2**126))
    cloud.wait(60)
    recorded = cloud.recorder.table()
    assert writes(recorded).finding == "200 of 1,200 records refused"
    assert lineage(recorded).finding == "2 shards became 3 by 1 split"
    first = recorded.loc[recorded["kind"] == "put", "first"].iloc[0]
    assert life_of_a_record(recorded, first, retention_hours=24).finding.startswith("Never read")


# What they share


def test_places_are_to_scale_where_there_is_room() -> None:
    assert places([0, 1, 4], 0.1) == pytest.approx([0, 0.25, 1])
    assert places([0, 1, 2, 3], 0.5) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    squeezed = places([0, 1, 2, A_DAY], 0.1)
    assert squeezed == pytest.approx([0, 0.1, 0.2, 1])
    gaps = np.diff(places([0, 1, 11, 1011], 0.1))
    assert gaps[0] == pytest.approx(0.1) and gaps[0] < gaps[1] < gaps[2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0004, "0.4 ms"),
        (0.2, "200 ms"),
        (0.9996, "1 s"),
        (2.14159, "2.14 s"),
        (59.96, "1 min"),
        (150, "2 min 30 s"),
        (3599.9, "1 h"),
        (86_340, "23 h 59 min"),
        (A_DAY, "24 h"),
        (7 * A_DAY, "7 days"),
        (7 * A_DAY + 7200, "7 days 2 h"),
    ],
)
def test_durations_are_said_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_words() -> None:
    assert [percent(share) for share in (0, 0.001, 0.624, 1)] == ["0%", "<1%", "62%", "100%"]
    assert named([SHARD(2)], 4) == "shard 2"
    assert named([SHARD(10), SHARD(2), SHARD(3)], 40) == "shards 2, 3 and 10"
    assert named([SHARD(i) for i in range(5)], 40) == "5 of 40 shards"
    assert text_width("", 9) == 0 < text_width("wide", 9) == text_width("a\nwide", 9) < text_width("wide", 9, "bold")
