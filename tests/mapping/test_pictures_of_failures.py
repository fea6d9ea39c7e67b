"""Pictures of failures, of crowds and of visits show their tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers.emulator.recorder import Entry
from helpers.ledger import ledger
from helpers.pictures import Picture, age, bisect_tree, dashboard, fates, lag, shard_colour, timeline
from helpers.pictures.fates import DONE, THINNEST
from helpers.pictures.style import FAIL, PAPER
from tests.mapping.conftest import Stage, poison, stuck_at_poison

SHARD = "shardId-000000000000"
DAY = 24 * 3600


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def boxes(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def failed(box: Rectangle) -> bool:
    return box.get_hatch() is not None


def is_inside(picture: Picture) -> bool:
    """Whether nothing that is written runs over the edge, or over what else is written."""
    picture.png()
    renderer = picture._get_renderer()  # type: ignore[attr-defined]
    written = [text for axes in picture.axes for text in axes.texts] + list(picture.texts)
    extents = [text.get_window_extent(renderer) for text in written if text.get_text().strip()]
    width, height = picture.get_size_inches() * picture.dpi
    apart = all(not one.overlaps(other) for i, one in enumerate(extents) for other in extents[:i])
    return apart and all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in extents)


def table(*entries: Entry) -> pd.DataFrame:
    return pd.DataFrame(entries, columns=list(Entry._fields))


def put(at: float, places: str, shard: str = SHARD) -> Entry:
    return Entry(at, "put", stream="orders", shard=shard, places=places, outcome="ok")


def invoke(at: float, places: str, done: int = 0, outcome: str = "ok", shard: str = SHARD, **more: Any) -> Entry:
    first, _, last = places.partition("-")
    about: dict[str, Any] = {"stream": "orders", "shard": shard, "mapping": "m", "lane": 0, "attempt": 1, **more}
    count = int(last or first) - int(first) + 1
    return Entry(at, "invoke", at + 0.5, places=places, records=count, done=done, outcome=outcome, **about)


def ended(at: float, kind: str, places: str, outcome: str, shard: str = SHARD) -> Entry:
    first, _, last = places.partition("-")
    count = int(last or first) - int(first) + 1
    about: dict[str, Any] = {"stream": "orders", "shard": shard, "mapping": "m", "lane": 0}
    return Entry(at, kind, places=places, records=count, outcome=outcome, note="RetryAttemptsExhausted", **about)


# Iterator age


@pytest.fixture
def day() -> pd.DataFrame:
    """Shard 1 keeps up; the first record of shard 0 is poison, and expires after a day with the one behind it."""
    other = "shardId-000000000001"
    rows = [put(0, "0-1"), invoke(1, "0-1", outcome="error")]
    for hour in range(1, 26):
        rows += [put(hour * 3600, str(hour + 1)), put(hour * 3600, str(hour - 1), other)]
        rows.append(invoke(hour * 3600 + 1, str(hour - 1), 1, shard=other))
    rows += [ended(DAY, "expired", "0-1", "waiting"), invoke(DAY + 1, "2-25", 24), invoke(25 * 3600 + 2, "26", 1)]
    return table(*sorted(rows, key=lambda row: row.at))


def test_the_age_grows_until_the_record_expires(day):
    picture = age(day)
    upper, lower = picture.axes
    assert picture.finding == "Shard 0 fell 24 h behind; 2 records expired"
    blue, yellow = (
        next(line for line in upper.lines if line.get_color() == shard_colour(f"shardId-{n:012d}")) for n in (0, 1)
    )
    hours, ages = blue.get_xdata() / 3600, blue.get_ydata()
    assert np.allclose(ages[hours < 23.9], hours[hours < 23.9], atol=0.01)
    assert ages[hours > 24.1].max() < 0.1 and max(yellow.get_ydata()) < 0.001
    (crosses,) = [line for line in upper.lines if line.get_marker() == "X"]
    assert list(crosses.get_xdata()) == [DAY]
    assert "2 records of shard 0 expired" in texts(upper) and "kept for 24 h" in texts(upper)
    assert "shard 1\nkeeps up" in texts(upper)
    backlog = next(line for line in lower.lines if line.get_color() == shard_colour(SHARD)).get_ydata()
    assert max(backlog) == 25 or max(backlog) == 26
    assert is_inside(picture)


def test_the_retention_is_drawn_when_it_comes_into_sight(day):
    assert "kept for 24 h" in texts(age(day).axes[0])
    assert not [text for text in texts(age(day, retention_hours=168).axes[0]) if text.startswith("kept")]


def test_when_all_shards_keep_up_the_title_says_so(stage: Stage):
    stage.map()
    for _ in range(20):
        stage.put("a", "b", key="k")
        stage.cloud.wait(1)
    picture = age(stage.cloud.recorder.table())
    assert picture.finding.startswith("All shards keep up: no record waits longer than ")
    assert is_inside(picture)


def test_a_line_is_what_the_ledger_says_at_every_instant(stage: Stage):
    stage.seconds = lambda event: 7.0
    stage.map(BatchSize=2)
    for _ in range(30):
        stage.put("a", key="k")
        stage.cloud.wait(2)
    recorded = stage.cloud.recorder.table()
    account = ledger(recorded)
    (line,) = (line for line in age(recorded).axes[1].lines)
    for instant, waiting in list(zip(line.get_xdata(), line.get_ydata(), strict=True))[::100]:
        there = (account["put_at"] <= instant) & ~(account["done_at"] <= instant)
        assert waiting == there.sum()
    ages = age(recorded).axes[0].lines[0]
    for instant, drawn in list(zip(ages.get_xdata(), ages.get_ydata(), strict=True))[::100]:
        there = account[(account["put_at"] <= instant) & ~(account["done_at"] <= instant)]
        assert drawn == pytest.approx(instant - there["put_at"].min() if len(there) else 0.0)


def test_nothing_put_yet_is_said():
    assert age(table()).finding == "Nothing has been put yet"


# The search


def test_bisecting_is_drawn_as_it_happened(stage: Stage):
    stage.answer = poison
    stage.map(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    stage.put(*("poison" if place == 5 else "good" for place in range(8)), key="k")
    stage.cloud.wait(60)
    picture = bisect_tree(stage.cloud.recorder.table())
    assert picture.finding == "7 calls found 1 bad record among 8; the other 7 went through"
    (axes,) = picture.axes
    bars = boxes(axes)
    assert sum(map(failed, bars)) == 4 and len(bars) == len(stage.invocations) == 7
    assert [round(box.get_x()) for box in bars if failed(box)] == [0, 4, 4, 5]
    assert {to_hex(box.get_facecolor()) for box in bars if not failed(box)} == {shard_colour(SHARD)}
    assert "8" in texts(axes) and "call 1" in texts(axes) and "call 6: dropped" in texts(axes)
    assert is_inside(picture)


def test_a_partial_answer_cuts_where_it_says(stage: Stage):
    stage.answer = stuck_at_poison
    stage.map(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    stage.put(*("poison" if place == 5 else "good" for place in range(8)), key="k")
    stage.cloud.wait(60)
    picture = bisect_tree(stage.cloud.recorder.table())
    assert picture.finding == "3 calls: 5 of 8 records went through, 3 were given up"
    (axes,) = picture.axes
    first, rest, again = boxes(axes)
    assert not failed(first) and failed(rest) and failed(again)
    assert [text for text in texts(axes) if text.startswith("call")] == ["call 1", "calls 2, 3: dropped"]
    assert is_inside(picture)


def test_a_search_that_is_still_on(stage: Stage):
    stage.answer = poison
    stage.map()
    stage.put("good", "poison", key="k")
    stage.cloud.wait(20)
    picture = bisect_tree(stage.cloud.recorder.table())
    tries = len(stage.invocations)
    assert picture.finding == f"{tries} calls: 0 of 2 records went through so far"
    assert f"calls 1 to {tries}" in texts(picture.axes[0])


@pytest.mark.parametrize(("count", "bad"), [(1000, 0), (1000, 999), (100, 37), (3, 1)])
def test_large_batches_have_room(stage: Stage, count: int, bad: int):
    stage.answer = poison
    stage.map(BatchSize=10_000, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    texts_of = ["poison" if place == bad else "good" for place in range(count)]
    for start in range(0, count, 500):
        stage.put(*texts_of[start : start + 500], key="k")
    stage.cloud.wait(60)
    picture = bisect_tree(stage.cloud.recorder.table())
    assert is_inside(picture)


def test_no_failure_is_no_search(stage: Stage):
    stage.map()
    stage.put("good", key="k")
    stage.cloud.wait(5)
    assert bisect_tree(stage.cloud.recorder.table()).finding == "No batch has failed"
    assert bisect_tree(table()).finding == "No batch has failed"
    with pytest.raises(ValueError, match="no column places"):
        bisect_tree(stage.cloud.recorder.table().drop(columns="places"))


# What became of every record


def account(**counts: int) -> pd.DataFrame:
    """So many records of each fate; `again` are processed after several deliveries."""
    rows = []
    for fate, count in counts.items():
        deliveries = 3 if fate == "again" else 1
        rows += [{"deliveries": deliveries, "fate": "processed" if fate == "again" else fate}] * count
    return pd.DataFrame(rows, columns=["deliveries", "fate"])


def test_every_way_is_there_and_they_add_up():
    counts = {
        "processed": 500,
        "again": 300,
        "filtered": 100,
        "waiting": 50,
        "reported": 30,
        "dropped": 15,
        "expired": 5,
    }
    picture = fates(account(**counts))
    assert picture.finding == "20 of 1,000 records were lost"
    (axes,) = picture.axes
    numbers = [int(text.replace(",", "")) for text in texts(axes) if text.replace(",", "").isdigit()]
    shares = [float(text[:-1]) for text in texts(axes) if text.endswith("%")]
    assert numbers == list(counts.values()) and sum(numbers) == 1000
    assert sum(shares) == pytest.approx(100)
    assert "1,000\nput" in texts(axes)
    left, *bars = boxes(axes)
    assert left.get_height() == pytest.approx(sum(bar.get_height() for bar in bars))
    assert bars[0].get_height() / bars[1].get_height() == pytest.approx(500 / 300)
    assert to_hex(bars[0].get_facecolor()) == DONE
    assert [to_hex(bar.get_facecolor()) for bar in bars[-2:]] == [FAIL, FAIL]
    assert to_hex(bars[-3].get_facecolor()) == PAPER and failed(bars[-3])
    assert is_inside(picture)


def test_one_in_a_million_is_seen():
    picture = fates(account(processed=99_999, dropped=1))
    assert picture.finding == "1 of 100,000 records was lost"
    assert boxes(picture.axes[0])[-1].get_height() == THINNEST
    assert is_inside(picture)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"processed": 7}, "None of 7 records was lost"),
        ({"processed": 7, "reported": 1}, "None of 8 records was lost; 1 is in a report"),
        ({"expired": 4}, "4 of 4 records were lost"),
        ({}, "Nothing has been put yet"),
    ],
)
def test_the_finding_of_fates(counts, told):
    assert fates(account(**counts)).finding == told


def test_another_table_is_refused():
    with pytest.raises(ValueError, match="the account has no column fate"):
        fates(pd.DataFrame({"deliveries": [1]}))


# In the timeline


def test_the_timeline_shows_what_was_given_up(stage: Stage):
    stage.answer = poison
    stage.map(MaximumRetryAttempts=2)
    stage.put("good", "poison", key="k")
    stage.cloud.wait(30)
    picture = timeline(stage.cloud.recorder.table())
    assert picture.finding == "A batch of shard 0 failed 3 times until 2 records were given up"
    assert "2 dropped" in texts(picture.axes[0])
    assert [line.get_marker() for line in picture.axes[0].lines] == ["X"]
    assert is_inside(picture)


def test_the_timeline_splits_a_batch_that_went_through_in_part(stage: Stage):
    answers = iter([True, False])
    stage.answer = lambda event: stuck_at_poison(event) if next(answers) else None
    stage.seconds = lambda event: 5.0
    stage.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    stage.put("good", "good", "good", "poison", key="k")
    stage.cloud.wait(30)
    picture = timeline(stage.cloud.recorder.table())
    assert picture.finding == "4 records in 2 batches, of which 1 went through in part"
    done, rest, later = boxes(picture.axes[0])
    assert done.get_width() / rest.get_width() == pytest.approx(3)
    assert failed(rest) and not failed(done) and not failed(later)


def test_the_same_table_gives_the_same_bytes(day):
    assert age(day).png() == age(day).png()
    assert fates(ledger(day)).png() == fates(ledger(day)).png()
    assert bisect_tree(day).png() == bisect_tree(day).png()


# Readers that share


def reading(**behind: list[int]) -> pd.DataFrame:
    """For each number of readers, how many records one of them is behind, second by second."""
    rows = [(int(name[1:]), at, count) for name, line in behind.items() for at, count in enumerate(line, 1)]
    return pd.DataFrame(rows, columns=["readers", "second", "behind"])


def test_the_lag_of_readers_is_drawn_for_each_number_of_them():
    picture = lag(reading(r1=[0, 0, 0], r2=[0, 0, 0], r3=[2, 4, 6], r4=[6, 6, 6]), per_second=2)
    assert picture.finding == "With 3 readers, each falls 60 s behind in a minute; with 2, none does"
    (axes,) = picture.axes
    assert [list(line.get_ydata()) for line in axes.lines][-2:] == [[1, 2, 3], [3, 3, 3]]
    assert texts(axes)[1:] == ["1 or 2 readers: not behind", "3 readers: 3 s behind", "4 readers: 3 s behind"]
    assert is_inside(picture)


def test_several_readers_of_a_kind_are_averaged():
    table = pd.concat([reading(r3=[0, 2]), reading(r3=[0, 6])])
    assert list(lag(table).axes[0].lines[0].get_ydata()) == [0, 4]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (reading(r1=[0], r5=[0]), "5 readers share the stream, and none falls behind"),
        (reading(r2=[1, 2]), "With 2 readers, each falls 60 s behind in a minute"),
        (reading(), "Nobody has read yet"),
    ],
)
def test_the_finding_of_lag(table, told):
    assert lag(table).finding == told


def test_lag_asks_for_its_columns():
    with pytest.raises(ValueError, match="no column behind"):
        lag(reading(r1=[0]).drop(columns="behind"))


# A dashboard


def visited(*values: int) -> list[dict[str, Any]]:
    return [{"name": f"Page {n}", "url": f"https://shop.example/{n}", "value": value} for n, value in enumerate(values)]


def test_the_dashboard_shows_pages_and_time():
    series = [
        {"date": f"MINUTE:2017-08-25T13:{m}", "url": "https://shop.example/1", "value": v}
        for m, v in ((33, 4), (34, 6))
    ]
    picture = dashboard(visited(30, 10), series)
    assert picture.finding == "40 hits on 2 pages; “Page 0” has 75%"
    pages, time = picture.axes
    assert [bar.get_width() for bar in boxes(pages)] == [30, 10]
    assert [bar.get_height() for bar in boxes(time)] == [4, 6]
    assert boxes(pages)[0].get_facecolor() != boxes(pages)[1].get_facecolor() == boxes(time)[0].get_facecolor()
    assert "“Page 1” by minute" in texts(time)
    assert [label.get_text() for label in time.get_xticklabels()] == ["13:33", "13:34"]
    assert is_inside(picture)


def test_the_dashboard_without_a_series_or_without_visits():
    assert len(dashboard(visited(3)).axes) == 1
    assert dashboard([]).finding == "Nobody has come yet"
