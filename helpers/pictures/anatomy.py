"""The anatomy of a batch event: a record as Lambda delivers it, what each of its fields is, and who gave it."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Rectangle

from helpers.pictures.style import (
    DPI,
    FAIL,
    INK,
    MUTED,
    RC,
    WASH,
    WIDTH,
    Picture,
    plural,
    shard_colour,
    shard_label,
    shortened,
    text_width,
)

GIVERS = {"producer": "#35507a", "stream": "#6a4a80", "Lambda": "#2f6670"}
"""Who gives the fields of an event, and in which colour that is shown: no shard has one of them."""
TUMBLING = {
    "window": ("Lambda", "tumbling window:"),
    "state": ("Lambda", "what the function returned for the batch before"),
    "shardId": ("Lambda", "all records are from:"),
    "eventSourceARN": ("Lambda", "comes from:"),
    "isFinalInvokeForWindow": ("Lambda", "whether this closes the window"),
    "isWindowTerminatedEarly": ("Lambda", "whether too large a state closes it early"),
}
"""Further fields of an event with a tumbling window: who gives them, and what they are."""
EVENT = {"Records": ("Lambda", "the batch:"), **TUMBLING}
RECORD = {
    "kinesis": ("", ""),
    "eventSource": ("Lambda", "the service that it comes from"),
    "eventVersion": ("Lambda", "version of the form of a record"),
    "eventID": ("Lambda", "its address:"),
    "eventName": ("Lambda", "kind of event: always this"),
    "invokeIdentityArn": ("Lambda", "execution role:"),
    "awsRegion": ("Lambda", "where the stream is"),
    "eventSourceARN": ("Lambda", "comes from:"),
}
KINESIS = {
    "kinesisSchemaVersion": ("Lambda", "version of the form of this part"),
    "partitionKey": ("producer", "chooses the shard: equal keys, same shard"),
    "sequenceNumber": ("stream", "place in the shard: the larger, the later"),
    "data": ("producer", "in base64:"),
    "approximateArrivalTimestamp": ("stream", "arrived:"),
}
KNOWN = {"event": EVENT, "record": RECORD, "kinesis": KINESIS}

# Everything below is in inches, if it does not say otherwise.
EDGE, TOP, BOTTOM = 0.16, 0.76, 0.16
BAR, JSON, NOTES = 0.92, 1.06, 5.06
"""Where the bars are that say who gave a field, where the event begins, and where the notes on it do."""
LINE = 0.192
"""From one line to the next."""
INDENT = 0.125
MONO_FONT = "DejaVu Sans Mono"
MONO, PLAIN = 7.6, 8.3
"""Points of the event and of the notes."""
LETTER = 7 / DPI
"""How wide a letter of the event is: whole pixels at that size, so that they stand as evenly as they should."""
LONGEST_KEY, LONGEST_FACT = 34, 70
"""Letters."""
HINTED = 1.04
"""How much wider than it is a text may become on the screen."""


class Fact(NamedTuple):
    """What can be read off a value."""

    text: str = ""
    wrong: bool = False
    shard: str | None = None
    """The shard that it is about."""


class Line(NamedTuple):
    """A line of the event, and what is to be said about it."""

    depth: int
    key: str
    value: str
    giver: str = ""
    note: str = ""
    fact: Fact = Fact()
    missing: bool = False


class Content(NamedTuple):
    """What a record's data is, decoded."""

    size: int
    text: str | None
    """If it is text, in UTF-8."""


def anatomy(event: dict[str, Any], number: int = 0) -> Picture:
    """Draw a batch event of Kinesis with the record of this number (from 0): its fields, what they are, who gave them.

    event: as a function receives it; further fields, such as those of a tumbling window, are drawn, too, and what is
        missing or not as it should be is said in red.

    Raises ValueError if the event has records, but none of that number.
    """
    records = event.get("Records") if isinstance(event, dict) else None
    count = len(records) if isinstance(records, list) else 0
    if count and not 0 <= number < count:
        raise ValueError(f"number must be 0 to {count - 1}, not {number}: the event has {plural(count, 'record')}")
    lines = _event_lines(event, number)
    picture = Picture(
        TOP + LINE * len(lines) + BOTTOM,
        finding(event, number),
        "left: who added it · middle: the event, long values shortened · right: what it is, in bold what it says",
    )
    with rc_context(RC):
        axes = picture.axes_below_title(left=0, right=0, bottom=0, top=TOP)
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(len(lines) * LINE + BOTTOM, 0)
        axes.axis("off")
        axes.add_patch(Rectangle((JSON - 0.08, 0), NOTES - 0.1 - JSON, len(lines) * LINE, facecolor=WASH))
        for i, (line, comma) in enumerate(zip(lines, _commas(lines), strict=True)):
            _draw(axes, line, (i + 0.5) * LINE, comma)
        _draw_givers(axes, lines)
    return picture


def finding(event: object, number: int) -> str:
    """How much of the event is data, in a sentence."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(records, list):
        return "This is not a batch event: it has no Records"
    if not records:
        return "No record: this only closes the window" if event.get("isFinalInvokeForWindow") else "No record"
    which = f"One record{f' of {len(records):,}' if len(records) > 1 else ''}"
    kinesis = records[number].get("kinesis") if isinstance(records[number], dict) else None
    data = kinesis.get("data") if isinstance(kinesis, dict) else None
    content = _decoded(data)
    around = f"in {plural(len(_compact(records[number]).encode(errors='replace')), 'byte')} of event"
    if content is None:
        return f"{which}: {'no data' if data is None else 'data that is not base64'} {around}"
    return f"{which}: {plural(content.size, 'byte')} of data {around}"


# The lines


def _event_lines(event: object, number: int) -> list[Line]:
    if not isinstance(event, dict):
        return [Line(0, "", _compact(event), fact=Fact("not an object", wrong=True))]
    expected = EVENT if TUMBLING.keys() & event.keys() else {"Records": EVENT["Records"]}
    lines = []
    for key in _keys(event, expected):
        records = event.get(key)
        if key == "Records" and isinstance(records, list) and records:
            lines += _batch_lines(records, number)
        else:
            lines.append(_field(1, "event", event, key))
    return [Line(0, "", "{"), *lines, Line(0, "", "}")]


def _batch_lines(records: list[Any], number: int) -> list[Line]:
    before, after = number, len(records) - number - 1
    fact = Fact(f"record {number + 1:,} of {len(records):,}")
    return [
        Line(1, "Records", "[", *EVENT["Records"], fact),
        *([Line(2, "", f"… {plural(before, 'record')} before")] if before else []),
        *_record_lines(records[number]),
        *([Line(2, "", f"… {after:,} more")] if after else []),
        Line(1, "", "]"),
    ]


def _record_lines(record: object) -> list[Line]:
    if not isinstance(record, dict):
        return [Line(2, "", _compact(record), fact=Fact("not an object", wrong=True))]
    lines = []
    for key in _keys(record, RECORD):
        kinesis = record.get(key)
        if key == "kinesis" and isinstance(kinesis, dict):
            fields = [_field(4, "kinesis", kinesis, name) for name in _keys(kinesis, KINESIS)]
            lines += [Line(3, "kinesis", "{"), *fields, Line(3, "", "}")]
        else:
            lines.append(_field(3, "record", record, key))
    return [Line(2, "", "{"), *lines, Line(2, "", "}")]


def _keys(found: Mapping[Any, object], expected: Iterable[str]) -> list[Any]:
    """The keys in the order in which they were found; those that are missing stand behind the one expected before."""
    keys = list(found)
    place = 0
    for key in expected:
        if key not in keys:
            keys.insert(place, key)
        place = keys.index(key) + 1
    return keys


def _field(depth: int, part: str, fields: Mapping[Any, object], key: Any) -> Line:
    giver, note = KNOWN[part].get(key, ("", ""))
    if key not in fields:
        return Line(depth, str(key), "missing", giver, missing=True)
    fact = FACTS[key](fields[key], fields) if key in KNOWN[part] and key in FACTS else Fact()
    return Line(depth, str(key), _compact(fields[key]), giver, note, fact)


def _compact(value: object) -> str:
    """As JSON, as it is in an event."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        return repr(value)


# What can be read off values


def _decoded(data: object) -> Content | None:
    """What data, in base64, is; None if it is not base64."""
    try:
        content = b64decode(data, validate=True) if isinstance(data, str) else None
    except (Error, ValueError):
        return None
    if content is None:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Content(len(content), None)
    written = all(letter.isprintable() or letter in "\n\r\t" for letter in text)
    return Content(len(content), text if written else None)


def _data(value: object, _fields: Mapping[Any, object]) -> Fact:
    content = _decoded(value)
    if content is None:
        return Fact("not base64", wrong=True)
    size = plural(content.size, "byte")
    return Fact(f"{size}, “{content.text}”" if content.text else size)


def _arrival(value: object, _fields: Mapping[Any, object]) -> Fact:
    wrong = Fact("not a time", wrong=True)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return wrong
    try:
        seconds, thousandths = divmod(round(value * 1000), 1000)
        return Fact(f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{thousandths:03} UTC")
    except (ValueError, OverflowError, OSError):
        return wrong


def _address(value: object, fields: Mapping[Any, object]) -> Fact:
    found = re.fullmatch(r"(shardId-\d+):(\d+)", value) if isinstance(value, str) else None
    if not found:
        return Fact("not a shard and a number", wrong=True)
    shard, number = found.groups()
    kinesis = fields.get("kinesis")
    if isinstance(kinesis, dict) and kinesis.get("sequenceNumber", number) != number:
        return Fact("not its sequence number", wrong=True)
    return Fact(f"{shard_label(shard)}, number {shortened(number, 13)}", shard=shard)


def _shard(value: object, _fields: Mapping[Any, object]) -> Fact:
    if isinstance(value, str) and re.fullmatch(r"shardId-\d+", value):
        return Fact(shard_label(value), shard=value)
    return Fact("not a shard", wrong=True)


def _source(value: object, _fields: Mapping[Any, object]) -> Fact:
    found = re.fullmatch(r"arn:.+:stream/([^/]+)(?:/consumer/([^:]+).*)?", value) if isinstance(value, str) else None
    if not found:
        return Fact("not the ARN of a stream", wrong=True)
    stream, consumer = found.groups()
    return Fact(f"consumer {consumer} of {stream}" if consumer else f"stream {stream}")


def _role(value: object, _fields: Mapping[Any, object]) -> Fact:
    found = re.fullmatch(r"arn:.+:role/(?:.*/)?([^/]+)", value) if isinstance(value, str) else None
    return Fact(found[1]) if found else Fact("not the ARN of a role", wrong=True)


def _window(value: object, _fields: Mapping[Any, object]) -> Fact:
    start, end = (_instant(value.get(name)) if isinstance(value, dict) else None for name in ("start", "end"))
    if start is None or end is None:
        return Fact("not a start and an end", wrong=True)
    return Fact(f"{start:%H:%M:%S} to {end:%H:%M:%S} UTC")


def _instant(text: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant and instant.tzinfo else None


def _records(value: object, _fields: Mapping[Any, object]) -> Fact:
    return Fact("without records") if value == [] else Fact("not a list", wrong=True)


def _no_object(_value: object, _fields: Mapping[Any, object]) -> Fact:
    return Fact("not an object", wrong=True)


FACTS: dict[str, Callable[[object, Mapping[Any, object]], Fact]] = {
    "Records": _records,
    "window": _window,
    "shardId": _shard,
    "kinesis": _no_object,
    "eventID": _address,
    "invokeIdentityArn": _role,
    "eventSourceARN": _source,
    "data": _data,
    "approximateArrivalTimestamp": _arrival,
}
"""What the value of a field says, by its name; from the value, and all fields beside it."""

# Drawing


def _draw(axes: Axes, line: Line, y: float, comma: str) -> None:
    """A line of the event, and tied to it, what is to be said about it."""
    end = _write_json(axes, line, y, comma)
    if line.note or line.fact.text:
        colour = FAIL if line.fact.wrong or line.missing else GIVERS.get(line.giver, MUTED)
        axes.plot([end + 0.06, NOTES - 0.07], [y, y], color=colour, linewidth=0.7)
        axes.plot([NOTES - 0.07], [y], color=colour, marker="o", markersize=2.6, markeredgewidth=0)
        _write_note(axes, line, y)


def _write_json(axes: Axes, line: Line, y: float, comma: str) -> float:
    """A line of the event, shortened to the room it has; returns where it ends."""
    left = JSON + line.depth * INDENT
    most = int((NOTES - 0.3 - left) / LETTER)
    key = f"{_short(_compact(line.key), LONGEST_KEY)}: " if line.key else ""
    value = _short(line.value, most - len(key) - 1)
    middle = left + len(key) * LETTER
    style: dict[str, Any] = {"family": MONO_FONT, "fontsize": MONO, "va": "center_baseline", "parse_math": False}
    axes.text(left, y, key, color=FAIL if line.missing else MUTED, **style)
    faint = line.value in ("{", "[") or not (line.key or line.fact.wrong)
    axes.text(middle, y, value + comma, color=FAIL if line.missing else MUTED if faint else INK, **style)
    return middle + len(value + comma) * LETTER


def _write_note(axes: Axes, line: Line, y: float) -> None:
    """What a field is, and in bold what its value says, shortened to the room it has."""
    left = NOTES
    style: dict[str, Any] = {"fontsize": PLAIN, "va": "center_baseline", "parse_math": False}
    if line.note:
        axes.text(left, y, line.note, color=MUTED if line.missing else INK, **style)
        left += _width(line.note, "normal") + 0.05
    if line.fact.shard is not None:
        axes.add_patch(Rectangle((left + 0.02, y - 0.05), 0.1, 0.1, facecolor=shard_colour(line.fact.shard)))
        left += 0.18
    fact = _fitting(_short(line.fact.text, LONGEST_FACT), WIDTH - EDGE - left)
    axes.text(left, y, fact, fontweight="bold", color=FAIL if line.fact.wrong else INK, **style)


def _draw_givers(axes: Axes, lines: Sequence[Line]) -> None:
    """Left of each run of fields that the same one gave, a bar and who it is."""
    place = 0
    for giver, run in groupby(lines, key=lambda line: line.giver):
        count = len(list(run))
        if giver:
            top, bottom = place * LINE, (place + count) * LINE
            axes.add_patch(Rectangle((BAR, top + 0.02), 0.035, bottom - top - 0.04, facecolor=GIVERS[giver]))
            who = axes.text(BAR - 0.07, (top + bottom) / 2, giver, ha="right", va="center_baseline", fontsize=PLAIN)
            who.set(color=GIVERS[giver], fontweight="bold")
        place += count


def _commas(lines: Sequence[Line]) -> list[str]:
    """What ends each line: a comma if another one of the same depth follows."""
    depths = [*(line.depth for line in lines[1:]), -1]
    unfinished = [line.missing or line.value in ("{", "[") or line.value.startswith("…") for line in lines]
    return [
        "," if line.depth == after and not without else ""
        for line, after, without in zip(lines, depths, unfinished, strict=True)
    ]


def _fitting(text: str, inches: float) -> str:
    """As much of a text, bold, as there is room for."""
    most = len(text)
    while _width(shortened(text, most), "bold") > inches and most > 3:
        most -= 1
    return shortened(text, most)


def _width(text: str, weight: str) -> float:
    """Inches of a note on the screen; two $ would be mathematics if they were measured."""
    return HINTED * text_width(text.replace("$", "S"), PLAIN, weight)


def _short(text: str, most: int) -> str:
    """Shortened before and after it is made drawable: data may be a megabyte, and escapes are longer than letters."""
    return shortened(_drawable(shortened(text, most)), most)


def _drawable(text: str) -> str:
    """With escapes, as in JSON, for what the fonts have no letters for."""
    return "".join(letter if _has_letter(letter) else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    escape = json.dumps(letter)[1:-1]
    return escape if escape != letter else f"\\u{ord(letter):04x}"


@cache
def _has_letter(letter: str) -> bool:
    fonts = (get_font(findfont(FontProperties(family=family))) for family in (MONO_FONT, RC["font.family"]))
    return letter.isprintable() and all(font.get_char_index(ord(letter)) for font in fonts)
