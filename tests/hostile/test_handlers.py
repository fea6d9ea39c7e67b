"""Hostile handlers: whatever one does, it is its own invocation that fails."""

from __future__ import annotations

import pytest

from tests.hostile.case import Case, Ending, parameters
from tests.hostile.handlers import HANDLERS
from tests.hostile.questions import complaints

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("ending", ["close", pytest.param("kill", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("case", parameters(HANDLERS))
def test_a_hostile_handler_hurts_its_own_invocation_only(case: Case, ending: Ending, prepared, tmp_path) -> None:
    report = prepared.report(case, ending, tmp_path)
    assert complaints(case, report, ending) == []


def test_the_table_is_large() -> None:
    assert len({case.name for case in HANDLERS}) == len(HANDLERS) >= 80
    assert sum(case.gate for case in HANDLERS) >= 25
