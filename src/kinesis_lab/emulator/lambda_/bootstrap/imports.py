"""What a handler can import: its own files, the standard library, and what Lambda's runtime brings along."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from .lambda_paths import TASK_ROOT

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
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(name, path)


def task_imports(root: str) -> None:
    """Import from the function's folder; its files are known by the names that they have on Lambda."""
    from importlib import machinery

    class TaskLoader(machinery.SourceFileLoader):
        def source_to_code(self, data: Any, path: Any, **options: Any) -> Any:  # type: ignore[override]
            return super().source_to_code(data, TASK_ROOT + str(path)[len(root) :].replace(os.sep, "/"))

    def hook(path: str) -> Any:
        if not path.startswith(root):
            raise ImportError
        return machinery.FileFinder(
            path,
            (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
            (TaskLoader, machinery.SOURCE_SUFFIXES),
            (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
        )

    sys.path_hooks.insert(0, hook)
    sys.path.insert(0, root)
