"""A cloud for a test."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud


@contextlib.contextmanager
def fresh_cloud(*, seed: int = 0, limits: bool = True, speed: float | None = None) -> Iterator[Cloud]:
    """A local cloud of your own, empty and without a word; closed at the end, whatever happens.

    The arguments are those of `open_cloud`.  The fixture `local_cloud` is this, for one test.  Where Hypothesis runs
    a test many times, open one for each of them: `with fresh_cloud() as cloud:` inside of the test.
    """
    from kinesis_lab.cloud import open_cloud  # heavy: only when it is wanted

    with contextlib.redirect_stdout(io.StringIO()):
        cloud = open_cloud("local", seed=seed, limits=limits, speed=speed)
    with cloud:
        yield cloud
