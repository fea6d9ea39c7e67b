"""What a handler can import: its own files, the standard library, and what Lambda's runtime brings along."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

RUNTIME_LIBRARIES = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"}
"""What Lambda's Python runtime brings along; everything else must be in the function's zip or a layer."""


class AfterImport:
    """Finds modules as usual and calls a hook once they are loaded."""

    def __init__(self, hooks: dict[str, Callable[[ModuleType], None]]) -> None:
        self._hooks = hooks

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """The module's usual spec, with the hook behind its loading."""
        hook = self._hooks.pop(name, None)
        if hook is None:
            return None
        spec = _find(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                hook(module)

            spec.loader.exec_module = exec_module
        return spec


class RuntimeLibraries:
    """Finds the packages that Lambda's runtime brings along, and no other installed package."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """The spec of a package of the runtime, or None."""
        return _find(name, self._folders) if name in RUNTIME_LIBRARIES else None


def _find(name: str, path: Sequence[str] | None) -> Any:
    return PathFinder.find_spec(name, path)


def import_unseen(name: str) -> ModuleType:
    """Import a module of the standard library and leave no trace: handlers may have another one of its name."""
    before = dict(sys.modules)
    module = _import_module(name)
    for new in sys.modules.keys() - before.keys():
        del sys.modules[new]
    return module


def standard_module(name: str) -> ModuleType:
    """A module of the standard library, though the function may have another of this name, or no way to import any."""
    if name not in _standard_modules:
        _standard_modules[name] = with_standard_library(lambda: _import_module(name), name)
    return _standard_modules[name]


def with_standard_library(call: Callable[[], T], *names: str) -> T:
    """The result of a call in which `import` finds the standard library's modules of these names, no others."""
    of_the_function = dict(sys.modules), sys.path, sys.meta_path, sys.path_hooks
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(_at_first.modules)
    sys.path, sys.meta_path, sys.path_hooks = _at_first.path, _at_first.meta_path, _at_first.path_hooks
    try:
        return call()
    finally:
        modules, sys.path, sys.meta_path, sys.path_hooks = of_the_function
        sys.modules.update(modules)


class Imports(NamedTuple):
    """How modules are found."""

    modules: dict[str, ModuleType]
    path: list[str]
    meta_path: list[Any]
    path_hooks: list[Any]


_import_module = importlib.import_module
_at_first = Imports(
    {name: module for name, module in sys.modules.items() if name.partition(".")[0] != __package__},
    sys.path[:],
    sys.meta_path[:],
    sys.path_hooks[:],
)
_standard_modules: dict[str, ModuleType] = {}
