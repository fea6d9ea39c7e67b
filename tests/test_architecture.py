"""How the packages lie upon each other: no circles, moto in one place only, and the emulator stands alone.

Every import counts: those inside functions and those for type checkers as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EMULATOR = "kinesis_lab.emulator"
ADAPTER = "kinesis_lab.emulator.moto_adapter"


def module_name(path: Path, root: Path) -> str:
    """As it is imported: a package by the name of its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """The files of the library and of the workbook's helpers, by the names of their modules."""
    roots = {"kinesis_lab": ROOT / "src", "helpers": ROOT}
    return {
        module_name(path, root): path
        for package, root in roots.items()
        for path in sorted((root / package).rglob("*.py"))
    }


def imported(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """The names that a module imports, the names that it takes out of others included: `a.b` for `from a import b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: None if is_package and node.level == 1 else -node.level] if node.level else []
            of = ".".join([*base, *filter(None, [node.module])])
            yield of
            yield from (f"{of}.{alias.name}" for alias in node.names)


@cache
def imports(module: str) -> frozenset[str]:
    path = modules()[module]
    return frozenset(imported(path.read_text(encoding="utf-8"), module, is_package=path.stem == "__init__"))


def dependencies(module: str) -> set[str]:
    """The modules of ours that a module imports: not its own packages, which are there before it.

    A name that a package's `__init__` takes from one of its modules counts as an import of that module.
    """
    own = imports(module) & modules().keys()
    found = {name for name in own - {module} if not module.startswith(f"{name}.")}
    return found | {where for name in imports(module) if (where := defined_in(name)) and where != module}


@cache
def reexported() -> dict[str, str]:
    """The names that packages take from their modules, such as `kinesis_lab.testing.feed`, and the module of each."""
    found = {}
    for package, path in modules().items():
        if path.stem == "__init__":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ImportFrom) and node.module in modules():
                    found.update({f"{package}.{alias.name}": str(node.module) for alias in node.names})
    return found


def defined_in(name: str) -> str:
    """The module from which a package has this name; empty if it is no such name."""
    return reexported().get(name, "")


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle of modules, the first one again at its end; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1][::-1]  # it lists who is imported before who imports
        return found
    return []


def test_no_imports_go_round_in_a_circle():
    found = circle({module: dependencies(module) for module in modules()})
    assert not found, " imports ".join(found)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c", {"a.b", "c"}),
        ("from a import b", {"a", "a.b"}),
        ("def f():\n    from a import b", {"a", "a.b"}),
        ("if TYPE_CHECKING:\n    import a", {"a"}),
        ("from . import b", {"p.q", "p.q.b"}),
        ("from ..r import b", {"p.r", "p.r.b"}),
    ],
)
def test_every_import_is_seen(source, names):
    assert set(imported(source, "p.q.m")) == names


def test_a_circle_is_told_in_the_order_of_its_imports():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) in (
        ["a", "b", "c", "a"],
        ["b", "c", "a", "b"],
        ["c", "a", "b", "c"],
    )
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def breaches(packages: tuple[str, ...], forbidden: tuple[str, ...], *, but: tuple[str, ...] = ()) -> list[str]:
    """Who in `packages` imports what is forbidden, unless it is in `but`."""
    return [
        f"{module} imports {name}"
        for module in modules()
        if within(module, *packages) and not within(module, *but)
        for name in sorted(imports(module))
        if within(name, *forbidden)
    ]


def test_only_the_adapter_knows_moto():
    assert breaches(("kinesis_lab", "helpers"), ("moto",), but=(ADAPTER,)) == []
    assert any(within(name, "moto") for module in modules() if within(module, ADAPTER) for name in imports(module))


def test_the_adapter_stands_at_the_bottom():
    own = [module for module in modules() if within(module, ADAPTER)]
    used = {name for module in own for name in dependencies(module) if modules()[name].stem != "__init__"}
    foundations = ("clock", "function_settings", "metrics", "patches", "protocols", "validation", "wire")
    below = {f"{EMULATOR}.{name}" for name in foundations}
    assert used - set(own) == below


def test_the_library_knows_nothing_of_the_workbook():
    assert breaches(("kinesis_lab",), ("helpers",)) == []


def test_the_emulator_stands_alone():
    others = tuple(name for name in modules() if within(name, "kinesis_lab") and not within(name, EMULATOR))
    above = tuple(name for name in others if name != "kinesis_lab")
    assert len(above) > 10
    assert breaches((EMULATOR,), above) == []
