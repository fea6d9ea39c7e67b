"""What the notebooks import: the door to a cloud, and helpers around plain boto3.

from helpers import open_cloud
cloud = open_cloud()
kinesis = cloud.client("kinesis")
"""

__all__ = ["Cloud", "open_cloud"]


def __getattr__(name):  # type: ignore[no-untyped-def]
    # The set-up command imports this package before anything is installed, on any Python: nothing heavy above.
    if name in __all__:
        from helpers import waiting
        from kinesis_lab import cloud

        return waiting.open_cloud if name == "open_cloud" else getattr(cloud, name)
    raise AttributeError("module 'helpers' has no attribute {!r}".format(name))
