"""No service of moto calls out, starts anything, writes files, or can be reset from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

NOT_OFFERED = {
    "firehose http",
    "firehose becomes http",
    "custom resource",
    "custom resource by its long name",
    "api destination",
    "api http",
    "api http proxy",
    "api described elsewhere",
    "api described in a file",
    "logs to a function",
    "batch job",
    "function by its old name",
}
OK = {"firehose to a bucket", "topic http", "topic https", "topic mail", "topic text message", "state machine"}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a process says in which everything that can call out did so."""
    folder = tmp_path_factory.mktemp("nothing-leaves")
    script = Path(__file__).with_name("nothing_leaves.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_nothing_is_connected_looked_up_or_started(report):
    own = report["seen"].pop("the program's own")
    assert any("connect" in event for event in own)  # the watch sees what there is to see
    assert {name: events for name, events in report["seen"].items() if events} == {}


@pytest.mark.slow
def test_what_is_closed_says_so(report):
    assert {name for name, outcome in report["outcomes"].items() if outcome == "not offered"} == NOT_OFFERED
    assert {name: report["outcomes"][name] for name in OK} == dict.fromkeys(OK, "ok")


@pytest.mark.slow
def test_nothing_was_reset_or_written(report):
    assert report["functions"] == ["f"]
    assert report["files"] == []
