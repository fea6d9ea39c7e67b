"""What the README says is so."""

from __future__ import annotations

import base64
import json
import re
import textwrap
from pathlib import Path

import pytest

from helpers.commands import JOBS
from kinesis_lab.testing import Fault, feed

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_table_of_chapters_lists_just_those_there_are():
    linked = re.findall(r"\((notebooks/\d\db?_\w+\.ipynb)\)", README)
    assert linked == sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_its_picture_is_the_one_in_the_chapter():
    notebook = json.loads((ROOT / "notebooks/00_start_here.ipynb").read_text(encoding="utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "update-the-code"]
    drawn = base64.b64decode("".join(cell["outputs"][-1]["data"]["image/png"]))
    assert (ROOT / "docs/timeline.png").read_bytes() == drawn


def test_its_example_is_the_one_that_is_run_and_fails_as_it_says(local_cloud, monkeypatch):
    (example,) = re.findall(r"```python\n(.+?)```", README, re.S)
    assert example == (ROOT / "docs/example/test_book.py").read_text(encoding="utf-8")
    assert len(example.splitlines()) == 10
    body = textwrap.dedent(example.partition("(local_cloud):\n")[2])
    names = {"feed": feed, "Fault": Fault, "local_cloud": local_cloud}
    monkeypatch.chdir(ROOT / "docs" / "example")
    exec(body, names)
    (assertion,) = re.findall(r"`(run\..+?)`", README)
    with pytest.raises(AssertionError) as failure:
        exec(assertion, names)
    (told,) = re.findall(r"```\n(seen .+?)```", README, re.S)
    before, after = told.split("  …\n")
    assert str(failure.value).startswith(before) and after in str(failure.value)


def test_its_commands_exist():
    for job in re.findall(r"python -m helpers (\w+)", README):
        assert job in JOBS


def test_every_file_and_link_is_there():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
