"""The facts: what the code and the chapters cite is there, and what the facts link to is defined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHEET = ROOT / "docs" / "facts.md"
FOLDERS = ("helpers", "src", "tests", "docs", "notebooks", "benchmarks")
SUFFIXES = {".py", ".md", ".ipynb"}
LAST = 100
"""More sections than any section has: where a range has its ends in order, it ends before."""

ANCHOR = re.compile(r'<a id="([^"]*)"></a>')
HEADING = re.compile(r"(#+) (\d+(?:\.\d+)?) \S")
GAP = r"(?:\s|#)+"  # a citation may go on in the next line of a comment
NUMBER = r"\d+(?:\.\d+)?"
CITATION = re.compile(rf"\bfacts{GAP}({NUMBER}(?:(?:,{GAP}(?:and{GAP})?|{GAP}(?:and|to|or){GAP}){NUMBER})*)", re.I)
RANGE = re.compile(rf"({NUMBER}){GAP}to{GAP}({NUMBER})")
LINK = re.compile(r"\bfacts\.md#([\w.]*\w)")
WITHIN = re.compile(r"\]\(#([^)]*)\)")
USE = re.compile(r"\[[^\[\]]+\]\[([^\[\]]*)\]")
DEFINITION = re.compile(r"^\[([^\[\]]+)\]: (\S+)$", re.M)


def texts() -> Iterator[tuple[str, str]]:
    """Every file that may cite a fact, as its path from the repository's root and what is in it."""
    files = list(ROOT.glob("*.md"))
    for folder in FOLDERS:
        files += (path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES and path.is_file())
    for path in sorted(files):
        place = path.relative_to(ROOT)
        if path != SHEET and not any(part.startswith((".", "__pycache__")) for part in place.parts):
            yield place.as_posix(), path.read_text(encoding="utf-8")


def sections() -> set[str]:
    return set(ANCHOR.findall(SHEET.read_text(encoding="utf-8")))


def between(first: str, last: str) -> list[str]:
    """The sections from the first to the last."""
    (above, start), (below, end) = ((number.rpartition(".")[0], int(number.split(".")[-1])) for number in (first, last))
    if above != below or not start < end < LAST:
        return [f"{first} to {last}"]  # no section is called so
    return [f"{above}.{each}".lstrip(".") for each in range(start, end + 1)]


def cited(text: str) -> Iterator[tuple[int, str]]:
    """Every section that a text cites, after the number of the line in which the citation begins."""
    for citation in CITATION.finditer(text):
        numbers = re.findall(NUMBER, citation[1])
        for first, last in RANGE.findall(citation[1]):
            numbers += between(first, last)
        line = text.count("\n", 0, citation.start()) + 1
        yield from ((line, number) for number in numbers)


def linked(text: str) -> Iterator[tuple[int, str]]:
    """Every section that a text links to, after the number of the link's line."""
    yield from ((text.count("\n", 0, link.start()) + 1, link[1]) for link in LINK.finditer(text))


def prose(markdown: str) -> str:
    """Markdown without its code: what stands in there is no link."""
    return re.sub(r"`[^`]+`", "", re.sub(r"^```.*?^```$", "", markdown, flags=re.M | re.S))


def misplaced(markdown: str) -> list[str]:
    """Anchors that are not right before the heading with their number, and numbered headings without one."""
    lines = [*markdown.splitlines(), ""]
    found = []
    for number, (line, after) in enumerate(pairwise(lines), start=1):
        heading = HEADING.match(after)
        wanted = f'<a id="{heading[2]}"></a>' if heading else None
        level = heading and len(heading[1]) == 2 + heading[2].count(".")
        if (wanted or ANCHOR.search(line)) and not (line == wanted and level):
            found.append(f"{number}: {line}")
    return found


def links_without_end(markdown: str) -> tuple[set[str], set[str]]:
    """Names of links that are not defined, and of definitions that no link uses."""
    used = set(USE.findall(prose(markdown)))
    defined = {name for name, _ in DEFINITION.findall(markdown)}
    return used - defined, defined - used


# What others say of the facts


def test_every_fact_that_is_cited_is_there() -> None:
    known, number = sections(), 0
    lost = []
    for place, text in texts():
        for line, section in cited(text):
            number += 1
            if section not in known:
                lost.append(f"{place}:{line}: facts {section}")
    assert lost == []
    assert number > 250, "the code cites facts in hundreds of places"


def test_every_link_to_a_fact_leads_to_it() -> None:
    known = sections()
    links = [(place, line, name) for place, text in texts() for line, name in linked(text)]
    assert [f"{place}:{line}: #{name}" for place, line, name in links if name not in known] == []
    assert len(links) > 250, "the emulator's rules link to hundreds of facts"


# What the facts are like


def test_every_section_has_its_anchor_right_before_its_heading() -> None:
    markdown = SHEET.read_text(encoding="utf-8")
    assert misplaced(markdown) == []
    assert [name for name, times in Counter(ANCHOR.findall(markdown)).items() if times > 1] == []


def test_its_sections_are_numbered_without_gaps() -> None:
    numbers = [tuple(map(int, name.split("."))) for name in ANCHOR.findall(SHEET.read_text(encoding="utf-8"))]
    assert [each for each in numbers if len(each) == 1] == [(number,) for number in range(1, 14)]
    for number in range(1, 14):
        inner = [each for each in numbers if len(each) == 2 and each[0] == number]
        assert inner == [(number, each) for each in range(1, len(inner) + 1)]
    assert numbers == sorted(numbers)


def test_its_links_are_defined_and_its_definitions_are_used() -> None:
    markdown = SHEET.read_text(encoding="utf-8")
    assert links_without_end(markdown) == (set(), set())
    names = [name for name, _ in DEFINITION.findall(markdown)]
    assert len(names) == len(set(names)) > 50
    assert [address for _, address in DEFINITION.findall(markdown) if not address.startswith("https://")] == []
    assert set(WITHIN.findall(markdown)) <= sections()


# That these tests see what is wrong


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("{} 7.9.", ["7.9"]),
        ("({} 3, 6)", ["3", "6"]),
        ("{} 7.2, 7.6 and 7.7", ["7.2", "7.6", "7.7"]),
        ("{} 1.1, 1.2, and 99", ["1.1", "1.2", "99"]),
        ("{} 1.4 to 1.6", ["1.4", "1.6", "1.4", "1.5", "1.6"]),
        ("{} 8.1, 8.4 to 8.6", ["8.1", "8.4", "8.6", "8.4", "8.5", "8.6"]),
        ("{} 7.9 to 8.2", ["7.9", "8.2", "7.9 to 8.2"]),
        ("{} 7.2,\n    # 7.99", ["7.2", "7.99"]),
        ("The {} of 2026", []),
    ],
)
@pytest.mark.parametrize("word", ["facts", "Facts"])
def test_citations_are_found(word: str, words: str, numbers: list[str]) -> None:
    assert list(cited("\n" + words.format(word))) == [(2, number) for number in numbers]


def test_links_are_found() -> None:
    sheet = "facts.md"
    assert list(linked(f"[a](docs/{sheet}#7.9), [b]({sheet}#12).\nSee docs/{sheet}#x.")) == [
        (1, "7.9"),
        (1, "12"),
        (2, "x"),
    ]


@pytest.mark.parametrize(
    "markdown",
    [
        '<a id="7"></a>\n\n## 7 Title',
        '<a id="7"></a>\n## 8 Title',
        '<a id="7"></a>\n### 7 Title',
        '<a id="7.1"></a>\n## 7.1 Title',
        '<a id="x"></a>\n## Title',
        "Text\n## 7 Title",
        'Text\n<a id="7"></a>',
    ],
)
def test_what_is_misplaced_is_found(markdown: str) -> None:
    assert misplaced(markdown) != []
    assert misplaced('<a id="7"></a>\n## 7 Title\n\n<a id="7.1"></a>\n### 7.1 Title') == []


def test_links_without_end_are_found() -> None:
    assert links_without_end("[a][b] `[c][d]`\n\n[e]: https://example.com") == ({"b"}, {"e"})
    assert links_without_end("[a\nb][c]\n\n```\n[d][e]\n```\n\n[c]: https://example.com") == (set(), set())
