"""The emulator's README names what there is: tests, parameters, files, and the constants that we chose."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from kinesis_lab.emulator.lambda_.mapping.settings import OF_OTHER_SOURCES, SETTINGS
from kinesis_lab.emulator.validation import service_model

TESTS = Path(__file__).parent
ROOT = TESTS.parent / "src"
EMULATOR = ROOT / "kinesis_lab" / "emulator"
README = (EMULATOR / "README.md").read_text(encoding="utf-8")
SOURCES = sorted(EMULATOR.rglob("*.py"))
TABLES = [
    "Streams",
    "Writing",
    "Reading",
    "Resharding",
    "Fan-out",
    "Functions and runtime",
    "Mapping: API and states",
    "Mapping: reading and batching",
    "Mapping: failures",
    "Mapping: filters",
    "Mapping: tumbling windows",
    "Mapping: destinations",
    "Roles",
    "Metrics",
    "Endpoint and time",
]
HEAD = ["rule or parameter", "what happens", "fact", "test", "ours"]
UNITS = {"MiB": 1024**2, "": 1}

CONSTANT = re.compile(r"^([A-Z][A-Z_]*)\b[^=\n]*= ", flags=re.M)
CHOSEN = re.compile(r"\bour (?:own )?(?:choices?|words)\b", flags=re.I)
FACTS = re.compile(r"facts (\d+(?:\.\d+)?(?:(?:, | and | to )\d+(?:\.\d+)?)*)")


class Row(NamedTuple):
    """A row of a table."""

    table: str
    rule: str
    what: str
    fact: str
    test: str
    ours: str


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows() -> list[Row]:
    found = []
    for section in README.split("\n## ")[1:]:
        title, *lines = section.splitlines()
        table = [cells(line) for line in lines if line.startswith("|")]
        if table:
            assert table[0] == HEAD, title
        found += [Row(title, *row) for row in table[2:]]
    return found


ROWS = rows()


def paragraphs(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n\n")


@cache
def names_in(path: Path) -> set[str]:
    """The tests in a file: functions, and classes that a state machine has made."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if name.startswith(("test_", "Test"))}


# The tables


def test_it_has_the_tables():
    assert list(dict.fromkeys(row.table for row in ROWS)) == TABLES
    rules = [(row.table, row.rule) for row in ROWS]
    assert len(rules) == len(set(rules)) > 150


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}: {row.rule}")
def test_a_row_is_whole(row):
    assert row.rule and row.what
    assert row.fact or row.ours, "AWS says it, or we chose it"
    links = re.findall(r"\[([\d.]+)\]\((.+?)\)", row.fact)
    assert row.fact == ", ".join(f"[{number}](../../../docs/facts.md#{number})" for number, _ in links)
    assert row.test, "every rule has a test"
    for name in row.test.split("<br>"):
        found = re.fullmatch(r"`([\w/]+\.py)::(\w+)`", name)
        assert found, name
        assert found[2] in names_in(TESTS / found[1]), name


# What must be in them


def test_every_parameter_of_a_mapping_is_there():
    members = set(service_model("lambda").operation_model("CreateEventSourceMapping").input_shape.members)
    described = {
        name for row in ROWS if row.table == "Mapping: API and states" for name in re.findall("`(.+?)`", row.rule)
    }
    assert described == members - set(OF_OTHER_SOURCES)
    (others,) = [row.what for row in ROWS if row.rule == "settings of other sources"]
    assert set(re.findall("`(.+?)`", others)) == set(OF_OTHER_SOURCES)


NUMBERS = [setting for setting in SETTINGS.values() if setting.range]


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.name)
def test_a_setting_has_its_default_and_its_range(setting):
    (what,) = [row.what for row in ROWS if row.rule == f"`{setting.name}`"]
    least, most = setting.range
    assert re.match(rf"{setting.default}( \([^)]*\))? unless given; ", what)
    assert f"{min(least, setting.default)} to {most:,}" in what or f"{setting.default}, or {least} to {most:,}" in what


def test_every_fact_that_the_code_names_is_there():
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    named = {fact for group in FACTS.findall(text) for fact in re.findall(r"[\d.]+", group)}
    assert named
    listed = {fact for row in ROWS for fact in re.findall(r"\[([\d.]+)\]", row.fact)}
    listed |= {fact.partition(".")[0] for fact in listed}
    assert named <= listed


def chosen() -> list[str]:
    """The constants in whose paragraph the code says that they are our choice, as file.NAME."""
    return [
        f"{path.stem}.{name}"
        for path in SOURCES
        for paragraph in paragraphs(path)
        if CHOSEN.search(paragraph)
        for name in CONSTANT.findall(paragraph)
    ]


def test_every_choice_is_there():
    names = chosen()
    assert {"wire.LATENCY", "region.SECONDS_TO_RESHARD", "delivery.LONGEST_PAUSE"} <= set(names)
    assert [name for name in names if f"`{name}`" not in README] == []


MENTIONED = re.findall(r"`(\w+)\.([A-Z][A-Z_]*)`(?: = ([\d.]+)(?: (MiB)\b)?)?", README)


@pytest.mark.parametrize(("stem", "name", "number", "unit"), MENTIONED, ids=lambda text: text or "-")
def test_a_constant_is_there_and_has_its_value(stem, name, number, unit):
    values = [
        getattr(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)), name)
        for path in SOURCES
        if path.stem == stem and name in CONSTANT.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(values) == 1
    assert not number or float(number) * UNITS[unit] == values[0]


# What it says of files


def test_the_way_of_a_record_goes_through_every_file_of_a_mapping():
    listed = re.findall(r"^- `(\w+\.py)`:", README, flags=re.M)
    assert sorted(listed) == sorted(
        path.name for path in (EMULATOR / "lambda_" / "mapping").glob("*.py") if path.name != "__init__.py"
    )


def test_every_file_that_it_names_is_there():
    for name in re.findall(r"`((?:kinesis|lambda_)/[\w/.]+|\w+\.py)`", README):
        assert (EMULATOR / name).exists() or (EMULATOR / "lambda_" / "mapping" / name).exists(), name
