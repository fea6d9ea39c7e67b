"""The notebooks as files: the committed ones are in order, and each check catches its mistake."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from helpers.commands import places
from helpers.commands.notebooks import building, form, normal

NOTEBOOKS = sorted(places.NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_in_order(path: Path) -> None:
    assert form.problems(path) == []


def code(source: str, count: int | None = 1, name: str = "the-cell", **more: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": source,
        **more,
    }


def prose(source: str, name: str = "the-text") -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def printed(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def error(ename: str, evalue: str) -> list[dict[str, Any]]:
    return [{"output_type": "error", "ename": ename, "evalue": evalue, "traceback": ["/home/me"]}]


GOOD = notebook(prose("# Title"), code("print(1)", outputs=printed("1\n")), code("", None, "empty"))


def write(path: Path, document: dict[str, Any]) -> Path:
    path.write_bytes(normal.to_bytes(document))
    return path


def test_a_good_notebook_has_no_problems(tmp_path: Path) -> None:
    assert form.problems(write(tmp_path / "good.ipynb", GOOD)) == []


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (notebook(code("1", None)), "execution count is None, not 1"),
        (notebook(code("1", 2)), "execution count is 2, not 1"),
        (notebook(code("1", 1, "a-b"), code("2", 1, "c-d")), "execution count is 1, not 2"),
        (notebook(prose("x"), prose("y")), "'the-text' is used 2 times"),
        (notebook(code("1/0", outputs=error("ZeroDivisionError", "no"))), "ends in ZeroDivision"),
        (notebook(code("1", outputs=printed("see /tmp/x.zip"))), "path of this machine"),
        (notebook(code("1", outputs=printed("/home/me/a.py:3: W"))), "path of this machine"),
        (notebook(code("1", outputs=printed("C:\\Users\\me"))), "path of this machine"),
        (notebook(code("1", outputs=printed(f"in {places.ROOT}"))), "path of this machine"),
        (notebook(code("1", outputs=printed("<f at 0x7f0012345678>"))), "address in memory"),
        (notebook(code("\n".join(["a = 1"] * 21))), "21 lines of code"),
        (notebook(code("plt.plot([1]); ")), "ends in a semicolon"),
        (notebook(prose("TODO: say more")), "unfinished prose: TODO"),
        (notebook(prose("Coming soon")), "unfinished prose: Coming soon"),
    ],
)
def test_each_check_catches_what_it_is_for(document: dict[str, Any], told: str, tmp_path: Path) -> None:
    (line,) = form.problems(write(tmp_path / "bad.ipynb", document))
    assert told in line


@pytest.mark.parametrize("name", ["7fb27b941602401d91542211134fc71a", "8e0c1f2a", "W0sZmlsZQ", ""])
def test_an_id_that_was_drawn_is_caught(name: str) -> None:
    (line,) = form.ids(notebook(prose("x", name)))
    assert "is not made of words" in line


@pytest.mark.parametrize("name", ["ring", "start-here-1", "ex-2_3", "decade", "put-100-records"])
def test_an_id_of_words_is_kept(name: str) -> None:
    assert list(form.ids(notebook(prose("x", name)))) == []
    assert normal.normalised(notebook(prose("x", name)))["cells"][0]["id"] == name


def test_an_error_that_is_meant_is_no_problem(tmp_path: Path) -> None:
    meant = code("1/0", outputs=error("ZeroDivisionError", "division by zero"))
    meant["metadata"] = {"tags": ["raises-exception"]}
    assert form.problems(write(tmp_path / "meant.ipynb", notebook(meant))) == []


def test_lambdas_own_paths_are_not_this_machines() -> None:
    cell = code("1", outputs=printed("/var/task/app.py, https://example.com/tmp/x"))
    assert list(form.no_machine(notebook(cell))) == []


def test_a_notebook_as_jupyter_saves_it_is_sent_to_build(tmp_path: Path) -> None:
    path = tmp_path / "saved.ipynb"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    (line,) = form.problems(path)
    assert "python -m helpers build saved" in line


# The normal form


def test_the_normal_form_is_its_own() -> None:
    once = normal.to_bytes(GOOD)
    assert normal.to_bytes(json.loads(once)) == once
    assert once.endswith(b"}\n")
    assert b"\r" not in once


def test_what_differs_between_runs_is_gone() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "Slider"}
    shown = {"output_type": "display_data", "data": widget, "metadata": {"needs": 1}}
    cell = code("x", outputs=[shown, *error("E", "it broke")])
    cell["metadata"] = {"execution": {"iopub.status.busy": "2026"}, "tags": ["ex:1"], "trusted": 1}
    document = notebook(cell)
    document["metadata"] = {"widgets": {"state": {}}, "kernelspec": {"name": "my-own"}}
    result = normal.normalised(document)
    assert result["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in result["metadata"]
    (kept,) = result["cells"]
    assert kept["metadata"] == {"tags": ["ex:1"]}
    assert kept["outputs"][0]["data"] == {"text/plain": ["Slider"]}
    assert kept["outputs"][0]["metadata"] == {}
    assert kept["outputs"][1]["traceback"] == ["E: it broke"]


def test_pieces_of_a_stream_are_put_together() -> None:
    loud = {"output_type": "stream", "name": "stderr", "text": "!\n"}
    pieces = [*printed("a"), *printed("b\nc\n"), loud, *printed("d\n")]
    (cell,) = normal.normalised(notebook(code("x", outputs=pieces)))["cells"]
    assert [(o["name"], o["text"]) for o in cell["outputs"]] == [
        ("stdout", ["ab\n", "c\n"]),
        ("stderr", ["!\n"]),
        ("stdout", ["d\n"]),
    ]


def test_a_drawn_id_becomes_one_from_its_section() -> None:
    cells = [
        prose("# Hash the key!", "0f0f0f0f"),
        code("1", name="11111111"),
        prose("more", "hash-the-key-3"),
        code("# no heading, a comment", name="22222222"),
    ]
    result = normal.normalised(notebook(*cells))["cells"]
    expected = ["hash-the-key-1", "hash-the-key-2", "hash-the-key-3", "hash-the-key-4"]
    assert [cell["id"] for cell in result] == expected


def test_normalising_leaves_its_argument_alone() -> None:
    before = copy.deepcopy(GOOD)
    normal.normalised(GOOD)
    assert before == GOOD


# Building


@pytest.mark.slow
def test_a_notebook_is_built_the_same_twice(tmp_path: Path) -> None:
    source = "import sys\nprint('a')\nprint('b', file=sys.stderr)\nsys.executable == {!r}"
    import sys

    path = tmp_path / "one.ipynb"
    drawn = notebook(prose("# One", "0a0a0a0a"), code(source.format(sys.executable), None, "x1"))
    path.write_text(json.dumps(drawn), encoding="utf-8")
    first = building.built(path).notebook
    assert path.read_text(encoding="utf-8") == json.dumps(drawn)
    path.write_bytes(first)
    assert building.built(path).notebook == first
    cell = json.loads(first)["cells"][1]
    assert cell["execution_count"] == 1
    # The kernel is this Python, whatever is registered on the machine.
    assert cell["outputs"][-1]["data"] == {"text/plain": ["True"]}


def test_differences_are_told_by_cell() -> None:
    old = normal.normalised(notebook(code("1", outputs=printed("put 100\nall\n"))))
    new = normal.normalised(notebook(code("1", outputs=printed("put 99\nall\n"))))
    assert list(building.differences(old, new)) == ["cell the-cell:", "  -put 100", "  +put 99"]


def test_a_different_picture_is_told_without_showing_it() -> None:
    def picture(data: str) -> dict[str, Any]:
        shown = {"output_type": "display_data", "data": {"image/png": data}, "metadata": {}}
        return normal.normalised(notebook(code("plt.show()", outputs=[shown])))

    told = list(building.differences(picture("AAAA" * 999), picture("BBBB" * 999)))
    assert len(told) == 3
    assert all("image/png" in line and len(line) < 80 for line in told[1:])
