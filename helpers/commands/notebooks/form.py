"""Checks on a notebook as a file: what must hold whatever the chapter is about.

`python -m helpers.commands.notebooks.form` checks all notebooks and prints what is wrong.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.commands import places, voice
from helpers.commands.notebooks import normal
from helpers.commands.notebooks.normal import Json

LONGEST = 20
_MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|tmp|private|var/folders)/|\b[A-Z]:\\|site-packages")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}\b")
_PLACEHOLDER = re.compile(r"\b(?:TODO|FIXME|XXX|TBD|[Ll]orem ipsum|[Cc]oming soon)\b")


def problems(path: Path) -> list[str]:
    """Everything that is wrong with the form of this notebook, one line each."""
    notebook = normal.read(path)
    found = [line for check in CHECKS for line in check(notebook)]
    if path.read_bytes() != normal.to_bytes(notebook):
        found.append(f"is not in its normal form: run python -m helpers build {path.stem}")
    return found


def code_cells(notebook: Json) -> list[Json]:
    """The code cells that have something in them."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [cell for cell in cells if normal.text(cell["source"]).strip()]


def ids(notebook: Json) -> Iterator[str]:
    """Cell ids are words, and each is used once."""
    names = [cell.get("id", "") for cell in notebook["cells"]]
    for name in names:
        if not normal.is_readable(name):
            yield f"cell id {name!r} is not made of words"
    for name, times in Counter(names).items():
        if times > 1:
            yield f"cell id {name!r} is used {times} times"


def executed(notebook: Json) -> Iterator[str]:
    """Every code cell was run, once, from top to bottom."""
    for number, cell in enumerate(code_cells(notebook), start=1):
        count = cell.get("execution_count")
        if count != number:
            yield f"{_name(cell)}: execution count is {count}, not {number}"


def no_errors(notebook: Json) -> Iterator[str]:
    """Only a cell tagged raises-exception ends in an error."""
    for cell in code_cells(notebook):
        if "raises-exception" in cell["metadata"].get("tags", []):
            continue
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                yield f"{_name(cell)}: ends in {output['ename']}: {output['evalue']}"


def no_machine(notebook: Json) -> Iterator[str]:
    """No output tells on which machine, or at which address in memory, it was made."""
    for cell in code_cells(notebook):
        for line in _output_lines(cell):
            if _MACHINE.search(line) or str(places.ROOT) in line:
                yield f"{_name(cell)}: output has a path of this machine: {line.strip()[:80]}"
            if _ADDRESS.search(line):
                yield f"{_name(cell)}: output has an address in memory: {line.strip()[:80]}"


def short(notebook: Json) -> Iterator[str]:
    """Code cells are short enough to be read at a glance."""
    for cell in code_cells(notebook):
        length = len(normal.text(cell["source"]).splitlines())
        if length > LONGEST:
            yield f"{_name(cell)}: {length} lines of code, more than {LONGEST}"


def no_semicolon(notebook: Json) -> Iterator[str]:
    """No cell ends in a semicolon, which hides its result from the comparison."""
    for cell in code_cells(notebook):
        if normal.text(cell["source"]).rstrip().endswith(";"):
            yield f"{_name(cell)}: ends in a semicolon; end a plot with plt.show()"


def no_placeholders(notebook: Json) -> Iterator[str]:
    """The prose is finished."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for word in _PLACEHOLDER.findall(normal.text(cell["source"])):
                yield f"{_name(cell)}: unfinished prose: {word}"


CHECKS: tuple[Callable[[Json], Iterator[str]], ...] = (
    ids,
    executed,
    no_errors,
    no_machine,
    short,
    no_semicolon,
    no_placeholders,
)


def _name(cell: Json) -> str:
    return f"cell {cell.get('id', '')}"


def _output_lines(cell: Json) -> Iterator[str]:
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            yield output["evalue"]
        else:
            texts = [output.get("text", "")]
            texts += [v for k, v in output.get("data", {}).items() if k.startswith("text/")]
            for value in texts:
                yield from normal.text(value).splitlines()


def main() -> int:
    """Check every notebook of the workbook."""
    voice.prepare()
    paths = sorted(places.NOTEBOOKS.glob("*.ipynb"))
    found = [f"{path.name}: {line}" for path in paths for line in problems(path)]
    for line in found:
        voice.say(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
