"""Libraries that open files without Python: SQLite, and the loader of shared libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .lambda_paths import LambdaPaths
from .read_only import ReadOnly


class NativeLibraries:
    """Gives them the paths of this computer."""

    def __init__(self, paths: LambdaPaths, read_only: ReadOnly) -> None:
        self._paths = paths
        self._read_only = read_only

    def hooks(self) -> dict[str, Callable[[ModuleType], None]]:
        """Change the import of native modules; returns the hooks for modules that may be imported later."""
        self._import_native_modules()
        return {"_sqlite3": self._connect_databases, "_ctypes": self._load_libraries}

    def _import_native_modules(self) -> None:
        loader: Any = sys.modules["_imp"]
        native = loader.create_dynamic

        def create_dynamic(spec: Any, *file: Any) -> Any:
            here = self._paths.translate(spec.origin)
            if here is spec.origin:
                return native(spec, *file)
            module = native(type(spec)(spec.name, spec.loader, origin=here), *file)
            if getattr(module, "__file__", None) == here:
                module.__file__ = spec.origin
            return module

        loader.create_dynamic = create_dynamic

    def _load_libraries(self, module: Any) -> None:
        for name in ("dlopen", "LoadLibrary"):
            native = getattr(module, name, None)
            if native is not None:
                load: Any = lambda path, *options, native=native: native(self._paths.translate(path), *options)  # noqa: E731
                setattr(module, name, load)

    def _connect_databases(self, module: Any) -> None:
        """Databases outside of `/tmp` are opened to be read, as SQLite does where it may not write."""
        native = module.connect

        def connect(database: Any, *arguments: Any, **options: Any) -> Any:
            from urllib.parse import quote, unquote

            name = os.fsdecode(database)
            question = ""
            if options.get("uri") and name.startswith("file:"):
                name, _, question = name.removeprefix("file:").partition("?")
                name = unquote("/" + name.lstrip("/") if name.startswith("///") else name)
            if name in ("", ":memory:") or "mode=memory" in question:
                return native(database, *arguments, **options)
            here = self._paths.here(name)
            if self._read_only.writable(here):
                given = f"file:{quote(here)}?{question}" if options.get("uri") else here
                return native(given, *arguments, **options)
            options["uri"] = True
            return native(f"file:{quote(os.path.abspath(here))}?mode=ro", *arguments, **options)

        module.connect = connect
