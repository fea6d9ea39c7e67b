"""What moto keeps of its services: the local cloud begins with nothing, and what was there before comes back after it.

moto's `mock_aws` beside a local cloud:

- before and after it, `mock_aws` is what it always is;
- a cloud that is opened inside of a `mock_aws` answers until it is closed, then the mock answers again, with what it
  kept;
- a `mock_aws` inside of an open cloud changes nothing: the cloud goes on answering, and loses nothing at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper
from typing import Any

import moto.core.models
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.common_models import BaseModel
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends

from kinesis_lab.emulator.patches import Patches

_backends: list[Any] = vars(BackendDict)["_instances"]
"""Those in which moto keeps anything, one for each service."""


def attach(patches: Patches, seed: int) -> None:
    """Empty moto, and let it draw its ids from `seed`."""
    _put_backends_aside(patches)
    patches.callback(mock_random.setstate, mock_random.getstate())
    mock_random.seed(seed)
    # A `mock_aws` that begins or ends meanwhile neither answers requests nor empties moto.
    patches.attribute(BotocoreStubber, "__call__", _no_answer)
    patches.attribute(BackendDict, "reset", _nothing)
    patches.attribute(moto.core.models, "reset_model_data", _nothing)


def _put_backends_aside(patches: Patches) -> None:
    """Begin without any state, and restore the state of before when all of this cloud's has been reset."""
    instances = _forget_instances()
    kept = [(backend, dict(backend)) for backend in _backends]
    patches.callback(_restore_backends, kept)
    patches.callback(_restore_instances, instances)
    patches.attribute(s3_backends, "bucket_accounts", {})
    patches.callback(_reset, BackendDict.reset)  # as it is now: it closes files, too
    for backend, _ in kept:
        backend.clear()
    _backends.clear()


def _forget_instances() -> dict[Any, list[Any]]:
    """Empty the lists in which moto keeps every object of its classes, and return those that had anything."""
    instances = {model: model.instances_tracked for model in _models_in_use()}
    for model in instances:
        model.instances_tracked = []
    return instances


def _models_in_use() -> list[Any]:
    """Those of moto's classes of which there are objects.

    moto's own list of its classes has one of each name in a service, and leaves those out that share it.
    """
    return [model for model in _subclasses(BaseModel) if model.instances_tracked]


def _subclasses(model: Any) -> Iterator[Any]:
    for subclass in model.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _reset(reset: Callable[[], None]) -> None:
    """Empty moto, and the caches of its methods: they would keep whose methods these are, and all that a cloud had."""
    backends = [each.backend for each in _backends]
    reset()
    for owner in (AccountSpecificBackend, *backends, *_models_in_use()):
        for method in vars(owner).values():
            if isinstance(method, _lru_cache_wrapper):
                method.cache_clear()


def _restore_backends(kept: list[tuple[Any, dict[str, Any]]]) -> None:
    for backend, accounts in kept:
        backend.update(accounts)
    _backends[:] = [backend for backend, _ in kept]


def _restore_instances(instances: dict[Any, list[Any]]) -> None:
    _forget_instances()
    for model, tracked in instances.items():
        model.instances_tracked = tracked


def _no_answer(*_arguments: Any, **_event: Any) -> None:
    """What a stubber says that leaves a request to others."""


def _nothing() -> None:
    """Do nothing."""
