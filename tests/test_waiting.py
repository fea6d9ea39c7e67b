"""A long wait shows that it goes on, to those who look on, and leaves nothing in what is saved."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from helpers import waiting

SOURCE = """
from helpers import open_cloud, waiting
waiting.AFTER = waiting.EVERY = 0
cloud = open_cloud()
cloud.client("kinesis").create_stream(StreamName="orders", ShardCount=1)
def clicks():
    for _ in range(200):
        yield cloud.emulator.clock.timeout(20 * 60)
cloud.emulator.clock.start(clicks())
print("before")
"""


def shown(source: str, monkeypatch: pytest.MonkeyPatch, *, looks_on: bool) -> list[dict[str, Any]]:
    """What a kernel shows of the last line of a cell: its messages of display data."""
    if looks_on:
        for name in waiting.TOLD:
            monkeypatch.setenv(name, "chapter.ipynb")
    manager, client = start_new_kernel()
    found: list[dict[str, Any]] = []
    try:
        for each in (SOURCE, source):
            found.clear()
            reply = client.execute_interactive(each, timeout=120, output_hook=found.append)
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return [message for message in found if message["msg_type"] in ("display_data", "update_display_data", "stream")]


@pytest.mark.slow
def test_a_long_wait_is_shown_and_then_no_more(monkeypatch):
    first, *others = shown("cloud.wait(2 * 86400)", monkeypatch, looks_on=True)
    assert first["msg_type"] == "display_data" and others, "it is shown, and changes"
    assert {message["msg_type"] for message in others} == {"update_display_data"}
    assert "of 2 days" in first["content"]["data"]["text/html"]
    ids = {message["content"]["transient"]["display_id"] for message in (first, *others)}
    assert len(ids) == 1 and others[-1]["content"]["data"] == {}
    output = {"output_type": "display_data", "data": {}, "metadata": first["content"]["metadata"]}
    cell = {"cell_type": "code", "outputs": [output, {"output_type": "stream", "text": "x"}]}
    model = {"type": "notebook", "content": {"cells": [cell, {"cell_type": "markdown"}]}}
    waiting.without_bars(model, path="x")
    assert cell["outputs"] == [{"output_type": "stream", "text": "x"}]


@pytest.mark.slow
@pytest.mark.parametrize("told", waiting.TOLD)
def test_where_nobody_looks_or_nobody_takes_it_away_nothing_is_shown(monkeypatch, told):
    for name in waiting.TOLD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(told, "chapter.ipynb")
    assert shown("cloud.wait(2 * 86400)", monkeypatch, looks_on=False) == []


@pytest.mark.slow
def test_a_bar_goes_when_the_wait_is_broken_off(monkeypatch):
    broken = """
import contextlib
def fails():
    yield cloud.emulator.clock.timeout(72_000)
    raise ValueError
cloud.emulator.clock.start(fails())
with contextlib.suppress(ValueError):
    cloud.wait(86_400)
"""
    first, *_, last = shown(broken, monkeypatch, looks_on=True)
    assert first["content"]["data"]
    assert last["content"]["data"] == {}


def test_a_folder_is_saved_as_it_is():
    model = {"type": "directory", "content": []}
    waiting.without_bars(model)
    assert model["content"] == []


@pytest.mark.parametrize(
    ("passed", "seconds", "told"),
    [
        (86_400, 172_800, "1 of 2 days"),
        (3600, 97_200, "1 of 27 hours"),
        (30, 60, "30 of 60 seconds"),
        (0, 0.5, "0 of 0 seconds"),
    ],
)
def test_it_tells_in_units_that_can_be_read(passed, seconds, told):
    assert told in waiting._html(passed, seconds)
