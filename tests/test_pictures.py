"""Pictures show their tables: every bar, label and colour is held against the rows it was drawn from."""

from __future__ import annotations

import time

import nbformat
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from nbclient import NotebookClient

from helpers.pictures import Picture, loop, shard_colour, shard_label, timeline
from helpers.pictures.style import FAIL, plural, shortened
from kinesis_lab.emulator.recorder import Entry

NAME = "a-function-with-a-very-long-name"
SHARD = "shardId-{:012d}".format


def table(*entries: Entry) -> pd.DataFrame:
    return pd.DataFrame(entries, columns=Entry._fields)


def delivered(shard, at, until, records=10, attempt=1, outcome="ok", function="app"):
    return Entry(
        at,
        "invoke",
        until=until,
        shard=SHARD(shard),
        records=records,
        attempt=attempt,
        outcome=outcome,
        function=function,
    )


def put(shard, at, records=1):
    return Entry(at, "put", shard=SHARD(shard), records=records, outcome="ok")


def bars(picture):
    return [patch for patch in picture.axes[0].patches if isinstance(patch, Rectangle)]


def texts(picture):
    return [text.get_text() for text in picture.axes[0].texts]


POISONED = table(
    put(0, 0.0),
    put(1, 0.5),
    delivered(0, 1, 2, records=12),
    delivered(1, 1, 1.5, outcome="error"),
    delivered(1, 3, 3.5, attempt=2, outcome="timeout"),
    delivered(1, 6, 7, attempt=3),
)


def test_a_bar_for_every_invocation():
    drawn = bars(timeline(POISONED))
    assert [(bar.get_x(), round(bar.get_width(), 6)) for bar in drawn] == [(1, 0.5), (3, 0.5), (6, 1), (1, 1)]
    assert [bar.get_hatch() for bar in drawn] == ["/////", "/////", None, None]
    assert [to_hex(bar.get_edgecolor()) for bar in drawn[:2]] == [FAIL, FAIL]
    assert [to_hex(bar.get_facecolor()) for bar in drawn[2:]] == [shard_colour(SHARD(1)), shard_colour(SHARD(0))]


def test_labels_count_records_and_attempts():
    assert sorted(texts(timeline(POISONED))) == sorted(
        ["1", "2", "10", "12", "12 records\n1 batch", "10 records\n1 batch, 2 failed"]
    )


def test_the_first_of_many_thin_bars_has_its_number_too():
    picture = timeline(table(*(delivered(0, 60 * i, 60 * i + 0.01, records=20 + i) for i in range(10))))
    assert [text for text in texts(picture) if text.isdigit()] == [str(20 + i) for i in range(10)]


def test_ticks_are_nearer_to_their_own_bars_than_to_the_numbers_of_the_next_shard():
    picture = timeline(table(*(put(i, 0) for i in range(3)), *(delivered(i, 60, 60.01, records=77) for i in range(3))))
    picture.png()
    renderer = picture._get_renderer()
    (axes,) = picture.axes
    ticks = [axes.transData.transform(ends)[:, 1] for lines in axes.collections for ends in lines.get_segments()]
    bottoms = [bar.get_window_extent(renderer).y0 for bar in bars(picture)]
    numbers = [text.get_window_extent(renderer).y1 for text in axes.texts if text.get_text() == "77"]
    for above, below in zip(sorted(ticks, key=max)[1:], sorted(numbers), strict=False):
        bottom = min(bottom for bottom in bottoms if bottom > max(above))
        assert 2 * (bottom - max(above)) < min(above) - below


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ([delivered(0, 1, 2)], "All went well: 10 records in 1 batch"),
        ([delivered(0, 1, 2, outcome="error")], "A batch of shard 0 failed once and is still being retried"),
        (
            [delivered(0, 1, 2, outcome="error"), delivered(0, 3, 4, attempt=2), delivered(1, 1, 2)],
            "A batch of shard 0 failed once until it went through; shard 1 went on",
        ),
    ],
)
def test_the_title_says_what_happened(rows, finding):
    picture = timeline(table(*rows))
    assert picture.finding == finding
    assert repr(picture) == f"<picture: {finding}>"


def test_a_short_invocation_on_a_long_axis_is_still_seen():
    (first, _) = bars(timeline(table(delivered(0, 0, 0.002), delivered(0, 280, 290))))
    low, high = timeline(table(delivered(0, 0, 0.002), delivered(0, 280, 290))).axes[0].get_xlim()
    assert first.get_width() >= 0.003 * (high - low)


@pytest.mark.parametrize(
    ("span", "unit"), [(0.1, "milliseconds"), (100, "seconds"), (3000, "minutes"), (50_000, "hours")]
)
def test_the_axis_has_a_fitting_unit(span, unit):
    picture = timeline(table(delivered(0, 10, 10 + span)))
    assert picture.axes[0].get_xlabel() == f"virtual {unit}"


def test_only_the_function_and_the_span_asked_for():
    rows = table(delivered(0, 1, 2, function="one"), delivered(0, 3, 4, function="two"), delivered(0, 30, 31))
    assert len(bars(timeline(rows, function="two"))) == 1
    assert len(bars(timeline(rows, start=0, end=10))) == 2


def test_what_cannot_be_drawn_says_why():
    with pytest.raises(ValueError, match="no batch has been delivered yet"):
        timeline(table(put(0, 1)))
    with pytest.raises(ValueError, match="the table has no column until, attempt"):
        timeline(POISONED.drop(columns=["until", "attempt"]))
    with pytest.raises(ValueError, match="shards must be 1 to 8 shard ids, not 9"):
        loop(stream="s", shards=[SHARD(i) for i in range(9)], batch_size=1, function="f")


def test_thousands_of_invocations_are_drawn_quickly_as_bars_that_touch():
    """A day of a shard that fails: nobody could tell one attempt from the next."""
    good = [delivered(0, i * 10, i * 10 + 0.05) for i in range(7000)]
    bad = [delivered(1, i * 10, i * 10 + 0.05, attempt=i + 1, outcome="error") for i in range(7000)]
    recorded = table(*sorted(good + bad + [delivered(1, 70_000, 70_001)]))
    began = time.perf_counter()
    picture = timeline(recorded)
    took = time.perf_counter() - began
    assert picture.png() and took < 3
    assert picture.finding == "A batch of shard 1 failed 7,000 times until it went through; shard 0 went on"
    assert picture.reading.startswith("bar = invocations so close that they touch, with their number")
    assert [bar.get_hatch() is not None for bar in bars(picture)] == [True, False, False]
    assert {"7,000 batches", "7,000 attempts"} <= set(texts(picture))
    assert "10 records\n1 batch, 7,000 failed" in texts(picture)


def test_up_to_two_hundred_invocations_of_a_shard_each_have_a_bar():
    assert len(bars(timeline(table(*(delivered(0, i, i + 0.5) for i in range(200)))))) == 200
    dense = timeline(table(*(delivered(0, i, i + 0.5) for i in range(1000))))
    assert len(bars(dense)) == 1 and "1,000 batches" in texts(dense)
    sparse = timeline(table(*(delivered(0, i, i + 0.5) for i in range(201))))
    assert len(bars(sparse)) == 201 and sparse.reading.startswith("bar = one invocation"), "none touches another"


def test_failures_of_several_shards_are_told_in_the_plural():
    rows = [delivered(shard, 1, 2, outcome="error") for shard in range(3)]
    assert timeline(table(*rows)).finding == "Batches of all 3 shards failed 3 times and are still being retried"
    mended = [delivered(shard, 3, 4) for shard in range(4)]
    finding = timeline(table(*rows, *mended)).finding
    assert finding == "Batches of shards 0, 1 and 2 failed 3 times until they went through; shard 3 went on"


def test_the_loop_carries_the_numbers_of_the_table():
    picture = loop(
        stream="orders",
        shards=[SHARD(0), SHARD(1)],
        batch_size=7,
        function="app",
        table=table(put(0, 1, 30), put(1, 1, 5), delivered(0, 2, 3, records=30), delivered(1, 2, 3, records=4)),
    )
    assert picture.finding == "34 of 35 records have come through"
    words = texts(picture)
    assert {"shard 0 · 30", "shard 1 · 5", "30 processed", "4 processed", "35 records"} <= set(words)
    assert "polls each shard,\nbatches of up to 7" in words


def pictures():
    yield "poisoned", timeline(POISONED)
    yield "wide", timeline(table(*(delivered(i, i, i + 3, records=10_000) for i in range(24))))
    yield "one", timeline(table(delivered(0, 1, 1.2)))
    for count in (1, 2, 3, 8):
        shards = [SHARD(i) for i in range(count)]
        rows = table(
            *(put(i, 1, 1000) for i in range(count)), *(delivered(i, 1, 2, 1000, function=NAME) for i in range(count))
        )
        yield (
            f"loop {count}",
            loop(stream="shop-transactions-of-all-shops", shards=shards, batch_size=10_000, function=NAME, table=rows),
        )


@pytest.mark.parametrize("picture", [pytest.param(picture, id=name) for name, picture in pictures()])
def test_nothing_is_cut_off_or_written_over(picture: Picture):
    renderer = FigureCanvasAgg(picture).get_renderer()
    width, height = picture.get_size_inches() * picture.dpi
    axes = picture.axes[0]
    names = axes.get_yticklabels() if axes.axison else []
    boxes = [text.get_window_extent(renderer) for text in (*picture.texts, *axes.texts, *names) if text.get_text()]
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(overlap) <= 1.5


def test_the_same_table_gives_the_same_bytes():
    assert timeline(POISONED).png() == timeline(POISONED).png()


def test_names():
    assert shard_label(SHARD(3)) == "shard 3"
    assert shard_colour(SHARD(1)) == shard_colour(SHARD(7)) != shard_colour(SHARD(2))
    assert (shortened("orders", 6), shortened("transactions", 7)) == ("orders", "tra…ons")
    assert (plural(1, "batch", "batches"), plural(1200, "record")) == ("1 batch", "1,200 records")


@pytest.mark.parametrize("before", ["", "import matplotlib.pyplot as plt\n"])
def test_a_picture_shows_itself_once(before):
    source = before + (
        "import pandas as pd\nfrom helpers.pictures import timeline\n"
        "timeline(pd.DataFrame([dict(at=1, until=2, kind='invoke', shard='shardId-0', records=3, attempt=1,"
        " outcome='ok')]))"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"] == "<picture: All went well: 3 records in 1 batch>"
    assert output.data["image/png"]
