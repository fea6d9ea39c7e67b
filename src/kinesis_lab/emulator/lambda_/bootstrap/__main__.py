"""Runs the runtime in a process of its own, and hides its modules: a handler may have others of the same names."""

import builtins
import importlib
import os
import sys
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

BUILT_IN = dict(vars(builtins))


class RuntimeLoader(SourceFileLoader):
    """Loads modules that keep to the built-in functions of now, whatever a handler puts in their places."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module with built-in functions of its own."""
        module = ModuleType(spec.name)
        vars(module)["__builtins__"] = BUILT_IN
        return module


def import_runtime(name: str) -> ModuleType:
    """Import one of the modules beside this file; their package has no parent and is to be seen by nobody else."""
    package = ModuleType("bootstrap")
    package.__path__ = [os.path.dirname(__file__)]
    sys.modules[package.__name__] = package
    sys.path_importer_cache[package.__path__[0]] = FileFinder(package.__path__[0], (RuntimeLoader, [".py"]))
    sys.dont_write_bytecode = False  # these modules are kept compiled, so that the next process starts faster
    module = importlib.import_module(f"bootstrap.{name}")
    sys.dont_write_bytecode = True  # what the handler imports is not: nothing appears in the function's folder
    del sys.path_importer_cache[package.__path__[0]]
    for imported in [name for name in sys.modules if name.partition(".")[0] == package.__name__]:
        del sys.modules[imported]
    return module


if __name__ == "__main__":
    libraries = sys.argv[1:]
    del sys.argv[1:]
    import_runtime("invocation_loop").prepare(libraries).run()
