"""Hostile packages: refused in AWS's words, or unzipped and run as on Linux."""

from __future__ import annotations

import pytest

from tests.hostile.case import Ending, Package, parameters
from tests.hostile.packages import PACKAGES
from tests.hostile.questions import complaints

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("ending", ["close", pytest.param("kill", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("package", parameters(PACKAGES))
def test_a_hostile_package_is_refused_or_runs_as_on_lambda(
    package: Package, ending: Ending, prepared, tmp_path
) -> None:
    report = prepared.report(package, ending, tmp_path)
    assert complaints(package, report, ending) == []


def test_the_table_is_large() -> None:
    assert len({package.name for package in PACKAGES}) == len(PACKAGES) >= 40
    assert sum(package.gate for package in PACKAGES) >= 15
