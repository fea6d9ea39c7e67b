"""Keys of KMS."""

from __future__ import annotations

from kinesis_lab.emulator.wire import ACCOUNT


def key_state(region: str, key: str) -> str | None:
    """The state of a key, as in Enabled; None if there is no such id, alias, or ARN of either."""
    from moto.kms.models import kms_backends  # needed by few, and slow to import

    backend = kms_backends[ACCOUNT][region]
    name = key.rpartition(":")[2]
    found = backend.get_key_id_from_alias(name) if name.startswith("alias/") else name.rpartition("/")[2]
    return str(backend.keys[found].key_state) if found in backend.keys else None
