"""Handlers that write where nobody should, or more than anybody wants to read."""

from __future__ import annotations

import os
import sys
from typing import Any

from tests.hostile.table import WHATEVER, gives, handler, raised

MESSAGES: dict[str, dict[str, Any]] = {
    "a message of no kind": {"kind": "explode"},
    "a message of an odd kind": {"kind": {}, "seconds": "x"},
    "a sleep of no length": {"kind": "sleep", "seconds": "x"},
    "a sleep backwards": {"kind": "sleep", "seconds": -5.0},
    "a sleep that is much too long": {"kind": "sleep", "seconds": 1e308},
    "a call without an address": {"kind": "call", "method": "GET", "url": "[", "headers": {}},
    "a call to nowhere": {"kind": "call", "method": 5, "url": None, "headers": []},
    "a report of much time": {"kind": "sleep", "seconds": 0.0, "spent": -1e300},
    "an early end": {"kind": "result", "peak": "x"},
    "a second start": {"kind": "ready"},
}
"""What the runtime in the process would never send to the cloud."""


@handler(gives(1))
def closes_its_standard_streams(event, context):
    for each in (sys.stdin, sys.stdout, sys.stderr):
        each.close()
    return 1


@handler(gives(1))
def closes_its_standard_descriptors(event, context):
    for each in (0, 1, 2):
        os.close(each)
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*", gate=True, mapping=True)
def closes_every_descriptor(event, context):
    os.closerange(0, 4096)
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*", gate=True, mapping={"gate": True})
def writes_nonsense_everywhere(event, context):
    for number in range(0, 64):
        try:
            os.write(number, b"\x00\x00\x00\x05hello" * 9)
        except OSError:
            pass
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*")
def writes_a_large_number_everywhere(event, context):
    for number in range(0, 64):
        try:
            os.write(number, b"\xff" * 8)
        except OSError:
            pass
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*")
def writes_one_byte_everywhere(event, context):
    for number in range(0, 64):
        try:
            os.write(number, b"\x00")
        except OSError:
            pass
    return 1


@handler(WHATEVER, fresh=True)
def writes_nonsense_everywhere_and_dies(event, context):
    for number in range(0, 64):
        try:
            os.write(number, b"hello")
        except OSError:
            pass
    os._exit(1)


@handler(WHATEVER, fresh=None, next_fails=".*")
def writes_answers_of_its_own(event, context):
    import marshal

    frame = marshal.dumps(({"kind": "result", "spent": 0, "peak": 0, "id": 1, "request_id": "x"}, b"7"))
    for number in range(0, 64):
        try:
            os.write(number, len(frame).to_bytes(4, "big") + frame)
        except OSError:
            pass
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*", needs="posix")
def reads_everything(event, context):
    for number in range(0, 64):
        try:
            os.set_blocking(number, False)
            os.read(number, 100)
        except OSError:
            pass
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*")
def swaps_all_descriptors(event, context):
    for number in range(0, 64):
        try:
            os.dup2(2, number)
        except OSError:
            pass
    return 1


@handler(WHATEVER, fresh=None, next_fails=".*")
def closes_the_connection(event, context):
    import gc

    for each in gc.get_objects():
        if type(each).__name__ in ("BufferedReader", "BufferedWriter"):
            try:
                each.close()
            except Exception:
                pass
    return 1


for about, message in MESSAGES.items():

    @handler(
        WHATEVER,
        called=f"sends {about}",
        given={"message": message},
        fresh=None,
        next_fails=".*",
        gate=about == "a message of no kind",
    )
    def sends_a_message_of_its_own(event, context):
        import gc

        for each in gc.get_objects():
            if type(each).__name__ == "Connection" and hasattr(each, "ask"):
                each.ask(message)
        return 1


@handler(gives(1), seconds=90, gate=True)
def prints_100_MB(event, context):
    for _ in range(100_000):
        print("x" * 1000)
    return 1


@handler(gives(1))
def prints_20_MB_without_an_end(event, context):
    for _ in range(20):
        sys.stdout.write("x" * 1_000_000)
    return 1


@handler(gives(1, "^99999"), mapping=True)
def prints_100_000_lines(event, context):
    for n in range(100_000):
        print(n)
    return 1


@handler(gives(1, " here"), mapping=True)
def prints_no_UTF_8(event, context):
    os.write(1, b"\xff\xfe\x80 here\n")
    return 1


@handler(gives(1, "a\0b"))
def prints_odd_characters(event, context):
    print("a\0b\rc\r\nd\x1b[31m\u2028e")
    return 1


@handler(raised("UnicodeEncodeError"))
def prints_half_a_character(event, context):
    print("\ud800")


@handler(gives(1, "REPORT RequestId: 1\t"))
def prints_what_Lambda_prints(event, context):
    print("END RequestId: 1\nREPORT RequestId: 1\tDuration: -1 ms")
    return 1


@handler(gives(1, "^x{1000}"))
def prints_300_KB_in_a_line(event, context):
    print("x" * 300_000)
    return 1


@handler(gives(1))
def puts_other_things_in_place_of_its_streams(event, context):
    sys.stdout = sys.stderr = sys.stdin = 5
    return 1


@handler(WHATEVER, fresh=None)
def has_no_streams_and_raises(event, context):
    sys.stdout = sys.stderr = None
    raise ValueError("x")
