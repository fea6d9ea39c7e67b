"""Handlers that raise, as handlers do, or as none should."""

from __future__ import annotations

from tests.hostile.table import WHATEVER, Answer, died, handler, raised


@handler(raised("ValueError", "no\nluck", "Error Type: ValueError"), mapping=True)
def raises(event, context):
    raise ValueError("no\nluck")


@handler(died("exit status 1", "Odd: x"), fresh=True, mapping=True)
def raises_BaseException(event, context):
    class Odd(BaseException):
        pass

    raise Odd("x")


@handler(died(""), fresh=True, gate=True, mapping=True)
def raises_SystemExit_0(event, context):
    raise SystemExit(0)


@handler(died(""), fresh=True)
def raises_SystemExit_None(event, context):
    raise SystemExit


@handler(died("exit status 1"), fresh=True)
def raises_SystemExit_1(event, context):
    raise SystemExit(1)


@handler(died(""), fresh=True, needs="posix")
def raises_SystemExit_256(event, context):
    raise SystemExit(256)


@handler(died("exit status 255"), fresh=True)
def raises_SystemExit_minus_1(event, context):
    raise SystemExit(-1)


@handler(died("exit status 1", "so long"), fresh=True)
def raises_SystemExit_text(event, context):
    raise SystemExit("so long")


@handler(died("signal: interrupt"), fresh=True, needs="posix")
def raises_KeyboardInterrupt(event, context):
    raise KeyboardInterrupt


@handler(died("exit status 1"), fresh=True)
def raises_GeneratorExit(event, context):
    raise GeneratorExit


@handler(died("exit status 1"), fresh=True)
def raises_CancelledError(event, context):
    import asyncio

    raise asyncio.CancelledError


@handler(raised("StopIteration", "5"))
def raises_StopIteration(event, context):
    raise StopIteration(5)


@handler(raised("RecursionError", "maximum recursion depth.*"))
def raises_RecursionError(event, context):
    return raises_RecursionError(event, context)


@handler(raised("MemoryError", ""))
def raises_MemoryError(event, context):
    raise MemoryError


@handler(Answer(error=r"Runtime\.ExitError|Mute"), fresh=None, mapping=True)
def raises_an_error_that_cannot_be_said(event, context):
    class Mute(Exception):
        def __str__(self):
            raise ValueError("mute")

    raise Mute


@handler(raised("Shy", "hello"))
def raises_an_error_that_cannot_be_shown(event, context):
    class Shy(Exception):
        def __repr__(self):
            raise ValueError("shy")

    raise Shy("hello")


@handler(Answer(error=r"Runtime\.ExitError|Odd"), fresh=None)
def raises_an_error_whose_text_is_none(event, context):
    class Odd(Exception):
        def __str__(self):
            return 5

    raise Odd


@handler(raised("ExceptionGroup", "many.*"))
def raises_a_group(event, context):
    raise ExceptionGroup("many", [ValueError(1), KeyError(2)])


@handler(died("exit status 1"), fresh=True)
def raises_a_group_with_Ctrl_C(event, context):
    raise BaseExceptionGroup("many", [KeyboardInterrupt()])


@handler(raised("ValueError"))
def raises_what_cannot_be_pickled(event, context):
    raise ValueError(lambda: 1, open(__import__("os").devnull))


@handler(raised("ValueError", "x{50000}"))
def raises_a_long_text(event, context):
    raise ValueError("x" * 50_000)


@handler(WHATEVER)
def raises_5_MB(event, context):
    raise ValueError("x" * 5_000_000)


@handler(WHATEVER, fresh=None)
def raises_half_a_character(event, context):
    raise ValueError("\ud800")


@handler(raised(r"Sandbox\.Timedout", "no"))
def raises_an_error_with_a_name_of_Lambda(event, context):
    raise type("Sandbox.Timedout", (Exception,), {})("no")


@handler(raised("ValueError", "999"))
def raises_an_error_with_1_000_causes(event, context):
    error = ValueError("last")
    for n in range(1000):
        new = ValueError(n)
        new.__cause__ = error
        error = new
    raise error


@handler(WHATEVER, fresh=None)
def raises_an_error_with_an_evil_class(event, context):
    class Meta(type):
        __name__ = property(lambda self: 1 / 0)

    class Odd(Exception, metaclass=Meta):
        pass

    raise Odd
