"""Execute notebooks and write or compare them; runs inside the environment."""

import argparse
import copy
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from helpers import descriptions as picture_descriptions
from helpers.commands import places, voice
from helpers.commands.notebooks import normal
from helpers.commands.notebooks.normal import Json

_SECONDS_PER_CELL = 120
_DIFFERENCES = 12


class OwnKernel(AsyncKernelManager):
    """A kernel of this very Python, whatever kernels the machine has registered."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command that starts it."""
        module = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=[sys.executable, *module], language="python")


class Built(NamedTuple):
    """A notebook that was executed anew."""

    notebook: bytes
    """In its normal form."""
    pictures: bytes
    """What its pictures show, as JSON: the descriptions of each cell's, by the cell's id."""


def built(path: Path) -> Built:
    """Execute a notebook anew in its own folder."""
    blank = cleared(normal.normalised(normal.read(path)))
    notebook: NotebookNode = nbformat.reads(json.dumps(blank), as_version=4)  # type: ignore[no-untyped-call]
    execute(notebook, path.parent)
    pictures = json.dumps(descriptions(notebook), ensure_ascii=False, indent=1, sort_keys=True)
    return Built(normal.to_bytes(notebook), f"{pictures}\n".encode())


def pictures_of(path: Path) -> Path:
    """The file that says what the pictures of a notebook show."""
    return places.PICTURES / f"{path.stem}.json"


def descriptions(notebook: Json) -> dict[str, list[Json]]:
    """What the pictures of an executed notebook show, by the id of their cell."""
    found: dict[str, list[Json]] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if described := output.get("data", {}).get(picture_descriptions.MIME_TYPE):
                found.setdefault(cell["id"], []).append(described)
    return found


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells of a notebook in a folder, and put what they say into it; raises CellExecutionError.

    Its pictures are described beside what they look like.
    """
    NotebookClient(
        notebook,
        kernel_manager_class=OwnKernel,
        timeout=_SECONDS_PER_CELL,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute(env={**os.environ, picture_descriptions.WANTED: "1"})


def cleared(notebook: Json) -> Json:
    """A copy without outputs and counts."""
    result = copy.deepcopy(notebook)
    for cell in result["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
    return result


def differences(old: Json, new: Json) -> Iterator[str]:
    """What a second build did otherwise, cell by cell, for people to read."""
    for before, after in zip(old["cells"], new["cells"], strict=True):
        if before != after:
            yield from changes(before, after)


def changes(before: Json, after: Json) -> Iterator[str]:
    """What one cell says now, and said before."""
    yield f"cell {after['id']}:"
    lines = list(unified_diff(_shown(before), _shown(after), "there", "built", n=0, lineterm=""))
    yield from (f"  {line[:160]}" for line in lines[2:] if not line.startswith("@@"))


def chosen(names: list[str]) -> list[Path]:
    """The notebooks meant by these names; all when there are none."""
    everything = sorted(places.NOTEBOOKS.glob("*.ipynb"))
    if not names:
        return everything
    found = []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb")
        meant = [p for p in everything if p.stem == stem or p.stem.split("_")[0] == stem]
        if not meant:
            raise voice.Stop(f"There is no notebook “{name}” in {places.near(places.NOTEBOOKS)}.")
        found += meant
    return found


def _shown(cell: Json) -> list[str]:
    """The lines of a cell's outputs; of a picture only its size."""
    lines = []
    for output in cell.get("outputs", []):
        for value in (output.get("text", ""), output.get("evalue", "")):
            lines += normal.text(value).splitlines()
        for mime, value in sorted(output.get("data", {}).items()):
            if mime.startswith("image/") and mime != "image/svg+xml":
                lines.append(f"{mime}, {len(normal.text(value))} characters, {_mark(value)}")
            elif mime.startswith("text/"):
                lines += normal.text(value).splitlines()
            else:
                lines.append(f"{mime}: {value}")
    return lines


def _mark(value: str | list[str]) -> str:
    """A few signs that differ when the pictures do."""
    return hashlib.sha256(normal.text(value).encode()).hexdigest()[:8]


def _do(path: Path, check: bool) -> tuple[str, str]:
    """Build one notebook: "ok", or another word and the lines that explain it."""
    try:
        new = built(path)
    except CellExecutionError as error:
        return "failed", f"{error.ename}: {error.evalue}\n{error.traceback.rstrip()}"
    except Exception as error:  # a dead kernel, a cell that takes too long: say so and go on
        return "failed", f"{type(error).__name__}: {error}"
    pictures = pictures_of(path)
    described_as_before = pictures.exists() and pictures.read_bytes() == new.pictures
    if path.read_bytes() == new.notebook and described_as_before:
        return "ok", ""
    if not check:
        path.write_bytes(new.notebook)
        pictures.write_bytes(new.pictures)
        return "ok", ""
    lines = list(differences(normal.normalised(normal.read(path)), json.loads(new.notebook)))
    lines += [] if described_as_before else [f"its pictures show something else than {places.near(pictures)} says"]
    more = [f"… and {len(lines) - _DIFFERENCES} lines more"] if len(lines) > _DIFFERENCES else []
    return "differs", "\n".join(lines[:_DIFFERENCES] + more) or "only its form differs"


def main(arguments: list[str]) -> int:
    """Build the notebooks that were named, as many at a time as there are cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("notebooks", nargs="*")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    voice.prepare()
    try:
        paths = chosen(options.notebooks)
    except voice.Stop as stop:
        voice.complain(str(stop))
        return 1
    started = time.monotonic()
    wrong = 0
    with ProcessPoolExecutor(max_workers=places.cores()) as pool:
        results = pool.map(_do, paths, [options.check] * len(paths))
        for path, (verdict, details) in zip(paths, results, strict=True):
            wrong += verdict != "ok"
            voice.say(f"{places.near(path)}  {verdict}")
            for line in details.splitlines():
                voice.say(f"    {line}")
    what = "checked" if options.check else "built"
    duration = voice.seconds(time.monotonic() - started)
    voice.say(f"{len(paths)} {what}, {wrong} wrong, in {duration}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
