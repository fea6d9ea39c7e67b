"""What becomes of output: cut as CloudWatch cuts it, kept up to a bound, and never taken into memory beyond that."""

from __future__ import annotations

import base64
import tracemalloc

import pytest

from kinesis_lab.emulator.clock import Clock
from kinesis_lab.emulator.lambda_.logs import MOST_EVENT_BYTES, MOST_KEPT, TAIL, LogLines
from kinesis_lab.emulator.lambda_.output import Output


def texts(lines):
    return [text for _, text in lines.lines]


def test_events_are_cut_by_bytes_and_never_within_a_character():
    for character in ("x", "ë", "€", "😀"):
        lines = LogLines(Clock())
        lines.write(b"." + character.encode() * 300_000 + b"\nnext\n")
        *cut, last = texts(lines)
        assert last == "next"
        assert "".join(cut) == "." + character * 300_000
        assert all(MOST_EVENT_BYTES - 3 <= len(text.encode()) <= MOST_EVENT_BYTES for text in cut[:-1])


def test_what_is_no_text_is_cut_as_well():
    lines = LogLines(Clock())
    lines.write(b"\xff" * 300_000 + b"\n")
    assert "".join(texts(lines)) == "\\xff" * 300_000
    assert all(len(text.encode()) <= MOST_EVENT_BYTES for text in texts(lines))


def test_a_character_that_is_printed_in_halves_is_whole():
    lines = LogLines(Clock())
    for byte in "Zoë 😀".encode():
        lines.write(bytes([byte]))
    lines.flush()
    assert texts(lines) == ["Zoë 😀"]


def test_a_line_without_an_end_is_not_kept_waiting():
    lines = LogLines(Clock())
    for _ in range(20):
        lines.write(b"x" * 100_000)
    assert len(lines.lines) == 7
    lines.flush()
    assert sum(len(text) for text in texts(lines)) == 2_000_000


@pytest.mark.parametrize("line", [b"x" * 999 + b"\n", b"\n", b"x" * 1_000_000], ids=["lines", "empty", "endless"])
def test_a_bound_on_what_is_kept_of_an_invocation(line):
    lines, printed = LogLines(Clock()), 0
    piece = line * (10_000_000 // len(line))
    tracemalloc.start()
    for _ in range(10):
        lines.write(piece)
        printed += len(piece.replace(b"\n", b""))
    lines.flush()
    assert tracemalloc.get_traced_memory()[1] < 5 * MOST_KEPT
    tracemalloc.stop()
    *kept, said = texts(lines)
    assert sum(map(len, kept)) <= MOST_KEPT
    dropped = int(said.split()[2])
    assert said == f"[local cloud] {dropped} bytes of output were dropped: 16777216 are kept at most"
    assert sum(map(len, kept)) + dropped >= printed


def test_a_log_is_passed_over_and_not_read(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"")
    output = Output(path)
    with path.open("ab", buffering=0) as process:
        process.write(b"x" * 100)
        process.write(bytes(50_000_000))
        tracemalloc.start()
        assert output.read(100) == (b"x" * 100, 50_000_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()
        process.write(b"later")
        assert output.read(0) == (b"", 5)
        process.write(b"again")
        assert output.read(100) == (b"again", 0)
    output.close()


def test_a_hundred_megabytes_of_output(deploy, invoke, log_lines):
    deploy(
        """
        import sys, time
        def handler(event, context):
            for _ in range(100):
                sys.stdout.write(("x" * 999 + "\\n") * 1000)
                time.sleep(0.01)
            print("the end")
        """,
        Timeout=60,
        MemorySize=512,
    )
    assert invoke().error is None
    lines = log_lines()
    assert 10_000 < sum(line == "x" * 999 for line in lines) < 17_000
    (said,) = [line for line in lines if line.startswith("[local cloud]")]
    assert " bytes of output were dropped: 16777216 are kept at most" in said
    assert lines.index(said) == len(lines) - 3


def test_the_tail_of_a_log_of_long_lines(deploy, lambda_):
    deploy("def handler(event, context): print('ë' * 3_000_000)")
    tail = base64.b64decode(lambda_.invoke(FunctionName="app", LogType="Tail")["LogResult"])
    assert TAIL - 1 <= len(tail) <= TAIL
    assert "ëë\nEND RequestId: " in tail.decode()
