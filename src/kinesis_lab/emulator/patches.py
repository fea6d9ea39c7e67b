"""What the local cloud changes in this process, and how it is undone."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import ExitStack
from typing import Any

_MISSING: Any = object()


class Patches(ExitStack):
    """A stack of changes; `close` undoes them, the last one first, and all of them even when one of them fails."""

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute of a module, a class or an object.  A class is given back what is its own, not inherited."""
        before = vars(owner).get(name, _MISSING) if isinstance(owner, type) else getattr(owner, name, _MISSING)
        self.callback(_set_attribute, owner, name, before)
        setattr(owner, name, value)

    def item(self, mapping: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Set what a mapping has under a key."""
        self.callback(_set_item, mapping, key, mapping.get(key, _MISSING))
        mapping[key] = value

    def no_item(self, mapping: MutableMapping[Any, Any], key: Any) -> None:
        """Delete what a mapping has under a key, if it has anything there."""
        self.callback(_set_item, mapping, key, mapping.get(key, _MISSING))
        mapping.pop(key, None)


def _set_attribute(owner: Any, name: str, value: Any) -> None:
    if value is not _MISSING:
        setattr(owner, name, value)
    elif name in vars(owner):
        delattr(owner, name)


def _set_item(mapping: MutableMapping[Any, Any], key: Any, value: Any) -> None:
    if value is not _MISSING:
        mapping[key] = value
    else:
        mapping.pop(key, None)
