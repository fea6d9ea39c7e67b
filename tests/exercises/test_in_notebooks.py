"""Exercises where learners meet them: each notebook with its stubs, and with the reference solutions put in."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import nbformat
import pytest

from helpers.commands.notebooks import building, normal

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def tagged(notebook, prefix):
    """The cells with a tag that begins so, by the rest of the tag."""
    return {
        tag.removeprefix(prefix): cell
        for cell in notebook.cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith(prefix)
    }


def of_chapter(number):
    """All exercises of a chapter, which may have two notebooks, such as 06 and 06b."""
    try:
        module = importlib.import_module(f"helpers.exercises.chapter_{number}")
    except ModuleNotFoundError:
        return {}
    return {exercise.id: exercise for exercise in module.EXERCISES}


def exercises_of(path):
    """Those of a chapter that a notebook has a stub, a check or a help for."""
    notebook = nbformat.read(path, as_version=4)
    tags = {tag.partition(":")[2] for cell in notebook.cells for tag in cell.metadata.get("tags", []) if ":" in tag}
    return {number: exercise for number, exercise in of_chapter(path.stem[:2]).items() if number in tags}


@pytest.mark.parametrize("number", sorted({path.stem[:2] for path in NOTEBOOKS}))
def test_no_exercise_of_a_chapter_is_missing(number):
    shown = [exercise_id for path in NOTEBOOKS if path.stem[:2] == number for exercise_id in exercises_of(path)]
    assert sorted(shown) == sorted(of_chapter(number))


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_each_exercise_has_its_stub_its_check_and_its_help(path):
    notebook = nbformat.read(path, as_version=4)
    exercises = exercises_of(path)
    for prefix in ("ex:", "check:", "help:"):
        assert set(tagged(notebook, prefix)) == set(exercises), prefix
    for exercise_id, cell in tagged(notebook, "help:").items():
        assert cell.source == exercises[exercise_id].folded_help()


def test_the_unsolved_chapter_is_green_and_undone(path):
    notebook = nbformat.read(path, as_version=4)
    for exercise_id, cell in tagged(notebook, "check:").items():
        assert printed(cell).startswith(f"⬜ {exercise_id} ")


def test_with_the_reference_solutions_all_checks_pass_and_all_else_is_as_it_stands(path):
    """Executed anew, byte by byte, pictures by what they show: the proof that a chapter is the same on every run."""
    notebook = nbformat.read(path, as_version=4)
    committed = normal.normalised(normal.read(path))
    exercises = exercises_of(path)
    for exercise_id, cell in tagged(notebook, "ex:").items():
        cell.source = exercises[exercise_id].solution
    building.execute(notebook, path.parent)
    for exercise_id, cell in tagged(notebook, "check:").items():
        assert printed(cell).startswith(f"✅ {exercise_id} "), printed(cell)
    touched = touched_by_exercises(notebook)
    for there, here in zip(committed["cells"], normal.normalised(notebook)["cells"], strict=True):
        there, here = without_png(there), without_png(here)
        assert there["id"] in touched or there == here, "\n".join(building.changes(there, here))
    shown = building.descriptions(notebook)
    described = json.loads(building.pictures_of(path).read_text(encoding="utf-8"))
    for cell_id in described.keys() | shown.keys() - touched:
        assert cell_id in touched or described.get(cell_id) == shown.get(cell_id), cell_id


def test_every_picture_of_a_chapter_is_described(path):
    notebook = nbformat.read(path, as_version=4)
    drawn = {
        cell["id"]: [output["data"]["text/plain"] for output in cell.outputs if "image/png" in output.get("data", {})]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    described = json.loads(building.pictures_of(path).read_text(encoding="utf-8"))
    told = {cell_id: [f"<picture: {each['finding']}>" for each in pictures] for cell_id, pictures in described.items()}
    assert told == {cell_id: findings for cell_id, findings in drawn.items() if findings}


def without_png(cell):
    """A cell as every processor makes it: the bytes of PNG files differ."""
    outputs = [
        {**output, "data": {mime: value for mime, value in output["data"].items() if mime != "image/png"}}
        if "data" in output
        else output
        for output in cell.get("outputs", [])
    ]
    return {**cell, "outputs": outputs} if "outputs" in cell else cell


def touched_by_exercises(notebook):
    """The ids of cells that may say something else once an exercise is done: from its stub to the next heading."""
    touched, within = set(), False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            within = False
        within = within or any(tag.startswith("ex:") for tag in cell.metadata.get("tags", []))
        if within or "progress()" in cell.source:
            touched.add(cell["id"])
    return touched
