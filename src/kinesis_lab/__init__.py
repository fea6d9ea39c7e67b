"""Kinesis, Lambda and the event source mapping between them, in this process and in virtual time.

from kinesis_lab import open_cloud
cloud = open_cloud()
kinesis = cloud.client("kinesis")

`kinesis_lab.testing` puts a handler of your own behind a stream; `kinesis-lab serve` does so for other languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud, CloudError, TookTooLong, open_cloud

__all__ = ["Cloud", "CloudError", "TookTooLong", "open_cloud"]


def __getattr__(name: str) -> Any:
    # boto3 is slow to import, and a test run may never need it: only when something is asked for.
    if name in __all__:
        from kinesis_lab import cloud

        return getattr(cloud, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
