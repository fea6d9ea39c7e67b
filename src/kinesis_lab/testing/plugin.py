"""What pytest finds when this package is installed: the fixture `local_cloud`.

pytest imports this file at every start, also where no test needs a cloud: nothing heavy up here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kinesis_lab.testing.clouds import fresh_cloud

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud

MARKER = "local_cloud(seed=0, limits=True, speed=None): how the fixture local_cloud opens its cloud, see open_cloud"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, so that --strict-markers lets it pass."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def kept_launchers() -> Iterator[None]:
    """Keeps what starts the processes of functions from one cloud to the next."""
    from kinesis_lab.emulator.lambda_.launchers import kept_launchers  # heavy

    with kept_launchers():
        yield


@pytest.fixture
def local_cloud(request: pytest.FixtureRequest, kept_launchers: None) -> Iterator[Cloud]:
    """An open local cloud of the test's own, with boto3 clients and virtual time; closed when the test is over."""
    marker = request.node.get_closest_marker("local_cloud")
    arguments = marker.kwargs if marker else {}
    with fresh_cloud(**arguments) as cloud:
        yield cloud
