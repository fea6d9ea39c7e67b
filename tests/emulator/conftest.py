"""Ways in which the processes of functions start."""

from __future__ import annotations

import sys

import pytest

from kinesis_lab.emulator.lambda_ import launchers


@pytest.fixture(params=["fork", "start"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a fork of what is prepared, and from nothing, as where there are no such forks."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("there are no forks here")
    monkeypatch.setattr(launchers, "TEMPLATES", request.param == "fork")
