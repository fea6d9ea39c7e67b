"""Handlers that return what is no JSON, or too much."""

from __future__ import annotations

from tests.hostile.table import WHATEVER, Answer, died, gives, handler, unmarshalled


@handler(WHATEVER)
def returns_no_number(event, context):
    return float("nan")


@handler(WHATEVER)
def returns_an_endless_number(event, context):
    return [float("inf"), -float("inf")]


@handler(unmarshalled("Exceeds the limit.*"))
def returns_a_large_number(event, context):
    return 10**5000


@handler(WHATEVER)
def returns_bytes_that_are_no_JSON(event, context):
    return b"\xff\x00"


@handler(unmarshalled("Object of type set is not JSON serializable"))
def returns_a_set(event, context):
    return {1}


@handler(unmarshalled("Circular reference detected"))
def returns_a_circle(event, context):
    circle = []
    circle.append(circle)
    return circle


@handler(unmarshalled("Object of type generator is not JSON serializable"))
def returns_a_generator(event, context):
    return (n for n in range(3))


@handler(unmarshalled("Object of type type is not JSON serializable"))
def returns_a_type(event, context):
    return int


@handler(unmarshalled("maximum recursion depth.*"), gate=True, mapping=True)
def returns_100_000_lists_in_each_other(event, context):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@handler(
    Answer(
        error=r"Function\.ResponseSizeTooLarge",
        message=r"Response payload size exceeded maximum allowed payload size \(\d+ bytes\)\.",
    )
)
def returns_7_MB(event, context):
    return "x" * 7_000_000


@handler(Answer(error=r"Function\.ResponseSizeTooLarge"), memory=2048, growth=900, fresh=None)
def returns_200_MB(event, context):
    return "x" * 200_000_000


@handler(Answer(error=r"Runtime\.ExitError|Sandbox\.Timedout"), fresh=True)
def returns_a_list_without_an_end(event, context):
    class Endless(list):
        def __iter__(self):
            while True:
                yield 1

    return Endless([1])


@handler(unmarshalled("evil"))
def returns_a_dict_that_raises(event, context):
    class Evil(dict):
        def items(self):
            raise ValueError("evil")

    return Evil(a=1)


@handler(died("exit status 4"), fresh=True)
def returns_a_dict_that_exits(event, context):
    class Evil(dict):
        def items(self):
            raise SystemExit(4)

    return Evil(a=1)


@handler(Answer(error=r"Runtime\.MarshalError"))
def returns_a_tuple_that_lies(event, context):
    class Evil:
        def _asdict(self):
            return self

    return Evil()


@handler(gives("x"))
def returns_a_text_that_lies(event, context):
    class Evil(str):
        def __str__(self):
            return 1

        def encode(self, *a):
            return 5

    return Evil("x")


@handler(WHATEVER)
def returns_an_integer_that_lies(event, context):
    class Evil(int):
        def __repr__(self):
            return "]"

        __str__ = __repr__

    return Evil(5)


@handler(gives({"1": "a", "null": "b", "2.5": "c", "false": "d"}))
def returns_odd_keys(event, context):
    return {1: "a", None: "b", 2.5: "c", False: "d"}


@handler(unmarshalled("keys must be str.*"))
def returns_a_tuple_as_key(event, context):
    return {(1, 2): 3}


@handler(WHATEVER, fresh=None)
def returns_half_a_character(event, context):
    return "\ud800"


@handler(unmarshalled("Object of type coroutine is not JSON serializable"))
def returns_a_coroutine(event, context):
    async def later():
        return 1

    return later()
