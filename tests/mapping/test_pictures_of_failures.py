"""Pictures of failures, of crowds and of visits show their tables."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers.pictures import Picture, age, bisect_tree, dashboard, fates, lag, shard_colour, timeline
from helpers.pictures.fates import DONE, THINNEST
from helpers.pictures.style import FAIL, PAPER, WASH
from kinesis_lab.emulator.recorder import Entry
from kinesis_lab.ledger import ledger
from tests.mapping.conftest import Stage, poison, stuck_at_poison

SHARD = "shardId-000000000000"
DAY = 24 * 3600


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def boxes(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def failed(box: Rectangle) -> bool:
    return box.get_hatch() is not None


def handed_back(box: Rectangle) -> bool:
    return failed(box) and to_hex(box.get_edgecolor()) == shard_colour(SHARD)


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


def test_an_age_is_called_what_it_is(day):
    assert "age of the oldest waiting record, hours" in texts(age(day).axes[0])


def test_when_all_shards_keep_up_the_title_says_so(stage: Stage):
    stage.map()
    for _ in range(20):
        stage.put("a", "b", key="k")
        stage.cloud.wait(1)
    picture = age(stage.cloud.recorder.table())
    assert picture.finding.startswith("All shards keep up: no record waits longer than ")
    assert is_inside(picture)


def test_a_line_goes_from_peak_to_peak_of_what_the_ledger_says(stage: Stage):
    """At each instant it is the most that there was since the one before: between two dots, nothing is hidden."""
    stage.seconds = lambda event: 7.0
    stage.map(BatchSize=2)
    for _ in range(30):
        stage.put("a", key="k")
        stage.cloud.wait(2)
    recorded = stage.cloud.recorder.table()
    account = ledger(recorded)
    put, done = account["put_at"], account["done_at"].fillna(np.inf)

    def waits(moment: float) -> pd.Series[float]:
        return moment - put[(put <= moment) & (done > moment)]

    upper, lower = (panel.lines[0] for panel in age(recorded).axes)
    instants = upper.get_xdata()
    for at in range(20, len(instants), 20):
        before, after, drawn, waiting = instants[at - 1], instants[at], upper.get_ydata()[at], lower.get_ydata()[at]
        moments = [after, *put[put.between(before, after)], *(done[done.between(before, after)] - 1e-9)]
        assert drawn == pytest.approx(max(waits(moment).max() if len(waits(moment)) else 0 for moment in moments))
        assert waiting == max(len(waits(moment)) for moment in moments)


def test_a_wait_of_seconds_is_not_lost_in_a_day():
    """At 250 dots for a day, a wait of 30 s falls between two."""
    rows = [put(at * 300, str(at)) for at in range(288)]
    rows += [invoke(at * 300 + (30 if at == 100 else 1), str(at), 1) for at in range(288)]
    picture = age(table(*sorted(rows, key=lambda row: row.at)))
    assert picture.finding == "All shards keep up: no record waits longer than 30.5 s"


def test_a_shard_that_does_not_move_is_told_however_short_the_time(stage: Stage):
    stage.answer = poison
    stage.map()
    for n in range(20):
        stage.put("poison" if n == 5 else "good", key="k")
        stage.cloud.wait(2)
    picture = age(stage.cloud.recorder.table())
    assert picture.finding.startswith("Shard 0 has not moved for 29") and picture.finding.endswith("; nothing was lost")


def test_what_was_given_up_is_not_called_kept(stage: Stage):
    stage.answer = poison
    stage.map(MaximumRetryAttempts=1)
    stage.put("good", "poison", key="k")
    stage.cloud.wait(30)
    picture = age(stage.cloud.recorder.table())
    assert picture.finding.startswith("All shards keep up") and picture.finding.endswith("; 2 records were dropped")
    assert "2 records dropped" in texts(picture.axes[0]) and picture.reading.endswith("red cross = records dropped")
    assert is_inside(picture)


def many_shards(count: int, stuck: int, hours: int = 26) -> pd.DataFrame:
    """The first shards have a bad record at their start; it expires after a day."""
    rows = []
    for shard in range(count):
        name, bad = f"shardId-{shard:012d}", shard < stuck
        for hour in range(hours):
            rows.append(put(hour * 3600, str(hour), name))
            if not bad:
                rows.append(invoke(hour * 3600 + 1, str(hour), 1, shard=name))
        if bad:
            rows += [invoke(1, "0", outcome="error", shard=name), invoke(99, "0", outcome="error", shard=name)]
            rows += [ended(DAY, "expired", "0", "waiting", name)] if hours > 24 else []
            rows += [invoke(DAY + 1, f"1-{hours - 1}", hours - 1, shard=name)] if hours > 25 else []
    return table(*sorted(rows, key=lambda row: row.at))


@pytest.mark.parametrize(
    ("count", "stuck", "hours", "told"),
    [
        (8, 8, 26, "All 8 shards fell 24 h behind; 8 records expired"),
        (8, 3, 26, "Shards 0, 1 and 2 fell 24 h behind; 3 records expired"),
        (8, 3, 20, "Shards 0, 1 and 2 have not moved for 19 h; nothing was lost"),
        (12, 5, 26, "5 of 12 shards fell 24 h behind; 5 records expired"),
        (4, 0, 24, "All shards keep up: no record waits longer than 1.5 s"),
        (1, 1, 170, "Shard 0 fell 24 h behind; 1 record expired"),
    ],
)
def test_shards_that_lie_on_each_other_are_named_together(count: int, stuck: int, hours: int, told: str):
    picture = age(many_shards(count, stuck, hours))
    assert picture.finding == told
    assert is_inside(picture)


def test_until_leaves_out_what_came_later():
    recorded = many_shards(2, 1)
    picture = age(recorded, until=10 * 3600)
    assert picture.finding == "Shard 0 has not moved for 10 h; nothing was lost"
    assert picture.axes[0].get_xlim()[1] == 10 * 3600 and not [x for x in texts(picture.axes[0]) if "expired" in x]


def test_the_ages_of_a_day_are_drawn_quickly():
    rows = [invoke(at * 3 + 1, "0", outcome="error") for at in range(28_800)]
    recorded = pd.concat([table(put(0, "0"), *rows), many_shards(3, 0, 20)[lambda t: t["shard"] != SHARD]])
    began = time.perf_counter()
    assert age(recorded).finding == "Shard 0 has not moved for 24 h; nothing was lost"
    assert time.perf_counter() - began < 3


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
    records = [round(8 * box.get_x() / axes.get_xlim()[1]) for box in bars if failed(box)]
    assert records == [0, 4, 4, 5], "with room for all, bars stand to scale"
    assert "not to scale" not in picture.reading and picture.reading.endswith("cross = dropped")
    assert {to_hex(box.get_facecolor()) for box in bars if not failed(box)} == {shard_colour(SHARD)}
    assert {"8", "call 1", "call 6", "dropped"} <= set(texts(axes))
    assert [line.get_marker() for line in axes.lines] == ["X"]
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
    assert [text for text in texts(axes) if text.startswith("call")] == ["call 1", "calls 2, 3"]
    assert "dropped" in texts(axes)
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


def search(stage: Stage, count: int, *bad: int, wait: float = 120, **settings: Any) -> pd.DataFrame:
    """The rows of a batch of so many records, of which these are bad."""
    stage.answer = poison
    given = {"BatchSize": 10_000, "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0} | settings
    stage.map(**given)
    texts_of = ["poison" if place in bad else "good" for place in range(count)]
    for start in range(0, count, 500):
        stage.put(*texts_of[start : start + 500], key="k")
    stage.cloud.wait(wait)
    recorded: pd.DataFrame = stage.cloud.recorder.table()
    return recorded


@pytest.mark.parametrize(
    ("count", "bad"),
    [(1000, [0]), (1000, [999]), (1000, [3, 500, 777]), (100, [37]), (100, [37, 80]), (3, [1]), (16, range(16))],
)
def test_batches_of_all_sizes_are_drawn_legibly(stage: Stage, count: int, bad: list[int]):
    picture = bisect_tree(search(stage, count, *bad))
    (axes,) = picture.axes
    bars = boxes(axes)
    assert len(bars) == len(stage.invocations) and is_inside(picture)
    numbers = [text for text in texts(axes) if text.replace(",", "").isdigit()]
    assert all(str(len(call.texts)) in [text.replace(",", "") for text in numbers] for call in stage.invocations)
    assert sum(line.get_marker() == "X" for line in axes.lines) == len(bad), "a cross for each bad record"
    for bar in bars[1:]:
        above = [other for other in bars if other.get_y() < bar.get_y() - 0.1 and failed(other)]
        assert any(
            other.get_x() - 0.03 <= bar.get_x()
            and bar.get_x() + bar.get_width() <= other.get_x() + other.get_width() + 0.03
            for other in above
        ), "each part stands below the one that it was cut from"


@pytest.mark.parametrize(
    ("count", "bad", "told"),
    [
        (2, [1], "3 calls found 1 bad record among 2; the other one went through"),
        (16, range(16), "31 calls found that all 16 records are bad"),
        (1000, [3, 500], "found 2 bad records among 1,000; the other 998 went through"),
    ],
)
def test_what_a_search_found_is_told_in_numbers(stage: Stage, count: int, bad: list[int], told: str):
    assert bisect_tree(search(stage, count, *bad)).finding.endswith(told)


def test_what_has_not_been_tried_yet_is_drawn_pale(stage: Stage):
    picture = bisect_tree(search(stage, 8, 2, wait=60, MaximumRetryAttempts=-1))
    (axes,) = picture.axes
    pale = [box for box in boxes(axes) if to_hex(box.get_facecolor()) == WASH]
    assert len(pale) == 2 and "not tried yet" in texts(axes)
    assert picture.finding.endswith("2 of 8 records went through so far")
    assert not axes.lines and "cross" not in picture.reading and is_inside(picture)


def test_what_was_given_up_without_a_try_is_counted_too(stage: Stage):
    recorded = search(stage, 8, 2, wait=300, MaximumRetryAttempts=-1, MaximumRecordAgeInSeconds=60)
    picture = bisect_tree(recorded)
    (axes,) = picture.axes
    assert picture.finding.endswith("2 of 8 records went through, 6 were given up")
    untried = [box for box in boxes(axes) if to_hex(box.get_facecolor()) == PAPER and not failed(box)]
    assert len(untried) == 2 and sum(line.get_marker() == "X" for line in axes.lines) == 3
    assert is_inside(picture)


def test_a_batch_that_expires_is_not_called_bad(stage: Stage):
    stage.answer = poison
    stage.map(BatchSize=2)
    stage.put("poison", "good", key="k")
    stage.cloud.wait(25 * 3600)
    picture = bisect_tree(stage.cloud.recorder.table())
    assert picture.finding.endswith(" calls: 0 of 2 records went through, 2 expired")
    assert "expired" in texts(picture.axes[0])


def test_a_week_of_retries_is_drawn_quickly():
    recorded = table(*(invoke(at * 12, "0-9", outcome="error") for at in range(50_000)))
    began = time.perf_counter()
    assert bisect_tree(recorded).finding == "50,000 calls: 0 of 10 records went through so far"
    assert time.perf_counter() - began < 2


def test_a_search_is_told_from_that_of_another_mapping_shard_and_time():
    other = "shardId-000000000001"
    rows = [
        invoke(1, "0-1", outcome="error"),
        invoke(1, "0-1", outcome="error", mapping="n"),
        invoke(2, "0-1", done=2),
        invoke(3, "0-3", outcome="error", shard=other),
        invoke(4, "0-3", done=4, shard=other),
        invoke(5, "2-4", outcome="error"),
        invoke(6, "2-4", outcome="error"),
    ]
    assert bisect_tree(table(*rows)).finding == "2 calls: 2 of 2 records went through"
    assert bisect_tree(table(*rows), shard=other).finding == "2 calls: 4 of 4 records went through"
    assert bisect_tree(table(*rows), start=4.5).finding == "2 calls: 0 of 3 records went through so far"
    assert bisect_tree(table(*rows), shard="shardId-000000000007").finding == "No batch has failed"
    two = table(*rows, rows[0]._replace(stream="returns"))
    with pytest.raises(ValueError, match="the shards of 2 streams"):
        bisect_tree(two)


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
    """So many records of each fate, given to the function once; `again` are processed after several deliveries."""
    rows = []
    for name, count in counts.items():
        fate, _, deliveries = name.partition("_")
        given = int(deliveries) if deliveries else 3 if fate == "again" else 1
        rows += [{"deliveries": given, "fate": "processed" if fate == "again" else fate}] * count
    return pd.DataFrame(rows, columns=["deliveries", "fate"])


def test_every_way_is_there_and_they_add_up():
    counts = {
        "processed": 500,
        "again": 300,
        "waiting": 50,
        "reported": 30,
        "dropped": 15,
        "expired": 5,
        "filtered_0": 100,
    }
    picture = fates(account(**counts))
    assert picture.finding == "20 of 1,000 records were lost; 30 are in a report, 50 still wait"
    (axes,) = picture.axes
    numbers = [int(text.replace(",", "")) for text in texts(axes) if text.replace(",", "").isdigit()]
    shares = [float(text[:-1]) for text in texts(axes) if text.endswith("%") and "\n" not in text]
    assert numbers == list(counts.values()) and sum(numbers) == 1000
    assert sum(shares) == pytest.approx(100)
    assert "1,000\nput" in texts(axes) and "900 delivered\n90.0%" in texts(axes)
    left, middle, *bars = boxes(axes)
    assert left.get_height() == pytest.approx(sum(bar.get_height() for bar in bars))
    assert middle.get_height() == pytest.approx(sum(bar.get_height() for bar in bars[:-1]))
    assert bars[0].get_height() / bars[1].get_height() == pytest.approx(500 / 300)
    assert to_hex(bars[0].get_facecolor()) == DONE
    assert [to_hex(bar.get_facecolor()) for bar in bars[4:6]] == [FAIL, FAIL]
    assert to_hex(bars[3].get_facecolor()) == PAPER and failed(bars[3])
    assert is_inside(picture)


def test_what_never_reached_the_function_flows_past_it():
    counts = {"processed": 3, "filtered_0": 40, "waiting_0": 30, "reported_0": 9, "dropped_0": 8, "expired_0": 910}
    picture = fates(account(**counts))
    assert picture.finding == "918 of 1,000 records were lost; 9 are in a report, 30 still wait"
    assert "3 delivered  0.3%" in texts(picture.axes[0])
    assert {"filtered out", "still waiting", "expired before any delivery"} <= set(texts(picture.axes[0]))
    assert "middle" in picture.reading and is_inside(picture)
    assert "middle" not in fates(account(filtered_0=5)).reading, "all went past it: there is no middle"


def test_one_in_a_million_is_seen():
    picture = fates(account(processed=99_999, dropped=1))
    assert picture.finding == "1 of 100,000 records was lost"
    assert boxes(picture.axes[0])[-1].get_height() == THINNEST
    assert {">99.9%", "<0.1%"} <= set(texts(picture.axes[0])), "neither nothing nor all"
    assert is_inside(picture)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"processed": 7}, "None of 7 records was lost"),
        ({"processed": 7, "reported": 1}, "None of 8 records was lost; 1 is in a report"),
        ({"expired": 4}, "4 of 4 records were lost"),
        ({"processed": 1}, "The one record was not lost"),
        ({"waiting": 1, "processed": 1}, "None of 2 records was lost; 1 still waits"),
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


def test_the_timeline_says_which_batches_were_cut(stage: Stage):
    recorded = search(stage, 8, 5)
    picture = timeline(recorded)
    assert picture.finding == "A batch of shard 0 failed 4 times until 1 record was given up"
    assert picture.reading.endswith("÷2 = then cut in two")
    assert texts(picture.axes[0]).count("÷2") >= 2 and "1 dropped" in texts(picture.axes[0])
    assert is_inside(picture)


def test_words_that_would_touch_become_one():
    rows = []
    for batch in range(30):
        rows.append(invoke(batch * 10, str(batch), outcome="error"))
        rows.append(ended(batch * 10 + 1, "discard", str(batch), "reported" if batch == 29 else "dropped"))
    picture = timeline(table(*rows))
    assert picture.finding == "Batches of shard 0 failed 30 times until 30 records were given up"
    words = [text for text in texts(picture.axes[0]) if "dropped" in text or "reported" in text]
    assert 1 < len(words) < 30 and words[-1].endswith(", 1 reported")
    assert sum(int(part.split()[0]) for word in words for part in word.split(", ")) == 30
    assert is_inside(picture)


def test_the_timeline_shows_what_expired():
    rows = [invoke(at, "0-4", outcome="error") for at in (0, 1000, 80_000)]
    rows += [ended(DAY, "expired", "0-4", "waiting"), invoke(DAY + 1, "5", 1)]
    picture = timeline(table(*rows))
    assert picture.finding == "A batch of shard 0 failed 3 times until 5 records expired"
    assert "5 expired" in texts(picture.axes[0])
    assert "5 expired" not in texts(timeline(table(*rows), end=50_000).axes[0])


def test_what_another_mapping_gave_up_is_not_drawn():
    rows = [invoke(0, "0", 1, function="app"), ended(1, "discard", "0", "dropped")._replace(mapping="n")]
    assert timeline(table(*rows), function="app").finding == "All went well: 1 record in 1 batch"
    assert not timeline(table(*rows)).axes[0].lines


def test_a_short_partial_success_has_both_its_parts():
    rows = [invoke(0, "0-9", 5, outcome="partial"), invoke(500, "5-9", 5)]
    done, rest, _ = boxes(timeline(table(*rows)).axes[0])
    assert done.get_width() == pytest.approx(rest.get_width()) and handed_back(rest) and not failed(done)


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
    assert handed_back(rest) and not failed(done) and not failed(later)
    assert picture.reading.endswith("hatched = handed back, as wide as its share of the records")
    assert is_inside(picture)


def test_the_timeline_tells_what_failed_from_what_was_handed_back():
    rows = [invoke(0, "0-9", 5, outcome="partial"), invoke(500, "5-9", 5, outcome="error"), invoke(900, "5-9", 5)]
    picture = timeline(table(*rows))
    done, rest, bad, last = boxes(picture.axes[0])
    assert handed_back(rest) and failed(bad) and to_hex(bad.get_edgecolor()) == FAIL
    assert not failed(done) and not failed(last)
    assert picture.reading.endswith("hatched = handed back · hatched red = it failed")
    assert is_inside(picture)


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
    assert picture.finding == "With 3 readers, each is 3 s behind after 3 s; with 2, none is"
    (axes,) = picture.axes
    assert [list(line.get_ydata()) for line in axes.lines][-2:] == [[1, 2, 3], [3, 3, 3]]
    assert texts(axes)[1:] == ["1 or 2 readers: not behind", "3 readers: 3 s behind", "4 readers: 3 s behind"]
    assert is_inside(picture)


def test_readers_with_lanes_of_their_own_are_one_more_line():
    shared = reading(r1=[0, 0], r2=[0, 0], r3=[2, 4])
    picture = lag(shared, pushed=reading(r5=[0, 0]))
    assert picture.finding == "With 3 readers, each is 4 s behind after 2 s; 5 with lanes of their own are not"
    (axes,) = picture.axes
    assert texts(axes)[1:] == ["1 or 2 readers: not behind", "5 with fan-out: not behind", "3 readers: 4 s behind"]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "-", "--", "-"]
    assert is_inside(picture)
    assert lag(shared, pushed=reading(r5=[0, 1])).finding.endswith("5 with lanes of their own are, too")
    with pytest.raises(ValueError, match="no column second"):
        lag(shared, pushed=reading(r5=[0]).drop(columns="second"))


def test_several_readers_of_a_kind_are_averaged():
    table = pd.concat([reading(r3=[0, 2]), reading(r3=[0, 6])])
    assert list(lag(table).axes[0].lines[0].get_ydata()) == [0, 4]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (reading(r1=[0], r5=[0]), "5 readers share the stream, and none falls behind"),
        (reading(r2=[1, 2]), "With 2 readers, each is 2 s behind after 2 s"),
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


@pytest.mark.parametrize(
    ("buckets", "shown"),
    [
        (("MINUTE:2017-08-25T13:59", "MINUTE:2017-08-25T14:02"), ["13:59", "14:00", "14:01", "14:02"]),
        (("HOUR:2017-08-25T23", "HOUR:2017-08-26T01"), ["23", "00", "01"]),
        (("DATE:2020-02-28", "DATE:2020-03-01"), ["2020-02-28", "2020-02-29", "2020-03-01"]),
        (("MONTH:2017-11", "MONTH:2018-02"), ["2017-11", "2017-12", "2018-01", "2018-02"]),
        (("YEAR:2017", "YEAR:2019"), ["2017", "2018", "2019"]),
    ],
)
def test_a_time_without_visits_is_empty_in_the_dashboard(buckets, shown):
    series = [{"date": bucket, "url": "https://shop.example/0", "value": 5} for bucket in buckets]
    _, time = dashboard(visited(10), series).axes
    assert [bar.get_height() for bar in boxes(time)] == [5, *[0] * (len(shown) - 2), 5]
    assert [label.get_text() for label in time.get_xticklabels()] == shown


def test_the_dashboard_without_a_series_or_without_visits():
    assert len(dashboard(visited(3)).axes) == 1
    assert dashboard([]).finding == "Nobody has come yet"
