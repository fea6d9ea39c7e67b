"""The one form in which a notebook is written, so that equal content gives equal bytes.

Works on the plain JSON of a notebook. What differs from run to run or from machine to machine goes:
timings, widget state, tracebacks, which kernel it was, how streams were cut into pieces.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers import descriptions

Json = dict[str, Any]

_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
_CELL_METADATA = ("jupyter", "slideshow", "tags")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_WORDS = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,}")


def read(path: Path) -> Json:
    """The JSON of a notebook."""
    notebook: Json = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def to_bytes(notebook: Json) -> bytes:
    """A notebook in its one written form."""
    text = json.dumps(normalised(notebook), ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def normalised(notebook: Json) -> Json:
    """A copy of the notebook without anything that differs between equal runs."""
    cells = [_cell(cell) for cell in notebook["cells"]]
    for cell, name in zip(cells, _ids(cells), strict=True):
        cell["id"] = name
    return {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}


def text(value: str | list[str]) -> str:
    """A text of the notebook format, which may be cut into lines."""
    return value if isinstance(value, str) else "".join(value)


def is_readable(cell_id: str) -> bool:
    """Whether a cell id was chosen by a person: words, not the digits that Jupyter draws."""
    return bool(_WORDS.fullmatch(cell_id)) and not _RANDOM.fullmatch(cell_id)


def _cell(cell: Json) -> Json:
    metadata = {key: cell["metadata"][key] for key in _CELL_METADATA if key in cell["metadata"]}
    source = text(cell["source"])
    result: Json = {
        "cell_type": cell["cell_type"],
        "id": cell.get("id", ""),
        "metadata": metadata,
        "source": _lines(source),
    }
    if cell["cell_type"] == "code":
        result["execution_count"] = cell.get("execution_count")
        result["outputs"] = list(_outputs(cell.get("outputs", [])))
    elif cell.get("attachments"):
        result["attachments"] = cell["attachments"]
    return result


def _outputs(outputs: Iterable[Json]) -> Iterable[Json]:
    """The outputs with neighbouring pieces of one stream put together."""
    stream: Json | None = None
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream" and stream and stream["name"] == output["name"]:
            stream["text"] = _lines(text(stream["text"]) + text(output["text"]))
            continue
        if stream:
            yield stream
            stream = None
        if kind == "stream":
            stream = {
                "name": output["name"],
                "output_type": "stream",
                "text": _lines(text(output["text"])),
            }
        else:
            yield _error(output) if kind == "error" else _display(output)
    if stream:
        yield stream


def _error(output: Json) -> Json:
    # A traceback names files of this machine; the error's own words are what a reader needs.
    kept = {key: output[key] for key in ("ename", "evalue")}
    return {**kept, "output_type": "error", "traceback": ["{ename}: {evalue}".format(**kept)]}


def _display(output: Json) -> Json:
    data = {
        mime: _data(mime, value)
        for mime, value in output["data"].items()
        if mime not in (_WIDGET, descriptions.MIME_TYPE)
    }
    result: Json = {"data": data, "metadata": {}, "output_type": output["output_type"]}
    if output["output_type"] == "execute_result":
        result["execution_count"] = output["execution_count"]
    return result


def _data(mime: str, value: Any) -> Any:
    """One representation of a result, cut into lines just where Jupyter itself does that."""
    if mime.endswith("json"):
        return value
    in_lines = mime.startswith("text/") or mime in ("application/javascript", "image/svg+xml")
    return _lines(text(value)) if in_lines else text(value)


def _lines(value: str) -> list[str]:
    return value.splitlines(keepends=True)


def _ids(cells: list[Json]) -> Iterable[str]:
    """The ids that people chose, and for the others one from the section they stand in."""
    taken = {cell["id"] for cell in cells}
    section = "start"
    for cell in cells:
        source = text(cell["source"])
        heading = re.search(r"^#+ +(.+)", source, re.MULTILINE)
        if cell["cell_type"] == "markdown" and heading:
            words = re.findall(r"[a-z0-9]+", heading[1].lower())
            section = "-".join(words[:4]) or section
        if is_readable(cell["id"]):
            yield cell["id"]
            continue
        number = next(n for n in range(1, len(cells) + 2) if f"{section}-{n}" not in taken)
        taken.add(f"{section}-{number}")
        yield f"{section}-{number}"
