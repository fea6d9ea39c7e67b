"""The prepared process in which hostile cases are tried."""

from collections.abc import Iterator

import pytest

from tests.hostile.runner import Prepared


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    with Prepared() as process:
        yield process
