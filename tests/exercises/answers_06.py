"""Chapter 06: answers as learners give them, and a part of what each wrong one is told."""

import ast
import json

from tests.exercises.answers_06_incidents import WRONG as INCIDENTS


def capacity(body: str) -> str:
    return f"def capacity(shards, factor, batch_size, per_call, per_record): return {body}"


def factor(body: str) -> str:
    return f"def factor_needed(rate, keys, batch_size, seconds):\n    import math\n    return {body}"


def threads(body: str) -> str:
    return f"from concurrent.futures import ThreadPoolExecutor\ndef charge_all(orders, charge):\n{body}"


BY_CUSTOMER = """
    lists = {}
    for order in orders:
        lists.setdefault(order[0], []).append(order)
    def one(theirs):
        for order in theirs:
            charge(order)
"""


def pattern(body: str) -> str:
    return f"pattern = json.dumps({body})"


def data(
    amount: str = '[{"numeric": [">=", 100]}]',
    country: str = '["NO", "DK"]',
    test: str = '[{"exists": False}]',
) -> str:
    fields = {"AMOUNT": amount, "COUNTRY": country, "TEST": test}
    return f'{{"data": {{{", ".join(f"{name!r}: {rule}" for name, rule in fields.items() if rule)}}}}}'


def window(count: str, after: str = 'print(event["state"])', end: str = 'return {"state": event["state"]}') -> str:
    return f"""
def handler(event, context):
    state = event["state"]
    {count}
    if event["isFinalInvokeForWindow"]:
        {after}
    {end}
"""


COUNT = 'state["count"] = state.get("count", 0) + len(event["Records"])'


def knob(**others: str) -> str:
    right = {"A": "lanes", "B": "batch", "C": "keys", "D": "shards", "E": "fan-out"}
    return f"knob = {right | {name: value.replace('_', '-') for name, value in others.items()}!r}"


FEWEST = "next((lane for lane in range(1, 11) if math.ceil(keys / lane) * rate / keys <= batch_size / seconds), None)"


def counted(form: str) -> str:
    return window(COUNT, after=f"print(f{form!r})")


RIGHT = {
    "6.2": {
        "as a float": factor(f"(lambda lanes: lanes and float(lanes))({FEWEST})"),
        "of NumPy": factor(f"(lambda lanes: lanes and __import__('numpy').int64(lanes))({FEWEST})"),
    },
    "6.4": {"as text": f"pattern = {json.dumps(ast.literal_eval(data()))!r}"},
    "6.5": {
        "the state": window(COUNT),
        "behind a colon": counted("count:{state['count']}"),
        "behind the time": counted("{event['window']['start']}:{state['count']}"),
        "in front of a letter": counted("{state['count']}x"),
        "with all there is": counted("{event['shardId']} {event['window']} count={state['count']}"),
        "as a float": counted("{state['count']:.1f}"),
    },
}
"""Other forms of right answers."""

WRONG = {
    "6.1": {
        "calls a second": (capacity("shards * factor / (per_call + per_record * batch_size)"), "how many calls end"),
        "one record": (capacity("shards * factor * batch_size / (per_call + per_record)"), "for each of its records"),
        "a call for each record": (capacity("shards * factor / (per_call + per_record)"), "paid once for the batch"),
        "no factor": (
            capacity("shards * batch_size / (per_call + per_record * batch_size)"),
            "you left out the factor",
        ),
        "no shards": (
            capacity("factor * batch_size / (per_call + per_record * batch_size)"),
            "you left out the shards",
        ),
        "one lane": (capacity("batch_size / (per_call + per_record * batch_size)"), "you left out the shards"),
        "times": (capacity("shards * factor * batch_size * (per_call + per_record * batch_size)"), "you multiplied"),
        "something else": (capacity("shards * factor * batch_size"), "it is 14.29 records a second"),
        "text": (capacity('f"{shards} records"'), "a number is wanted"),
    },
    "6.2": {
        "no limit": (factor("math.ceil(rate * seconds / batch_size)"), "10 lanes at most"),
        "keys forgotten": (
            factor("(lambda f: f if f <= 10 else None)(math.ceil(rate * seconds / batch_size))"),
            "A key is always in one lane",
        ),
        "cut off": (
            factor("min(10, keys, math.ceil(rate * seconds / batch_size))"),
            "of 10 lanes, the fullest has 5 of the 50 keys",
        ),
        "on average": (
            factor("(lambda f: f if f <= min(10, keys) else None)(math.ceil(rate * seconds / batch_size))"),
            "of 7 lanes, the fullest has 8 of the 50 keys, and so 14.4 records a second. It does 14.3",
        ),
        "none": (factor("int(rate * seconds / batch_size / 10)"), "There is always one lane"),
        "parts": (factor("rate * seconds / batch_size"), "There is no part of a lane"),
        "rounded down": (
            factor("max(1, int(rate * seconds / batch_size))"),
            "of 2 lanes, the fullest has 25 of the 50 keys, and so 15.0",
        ),
        "as many as there are": (factor("min(10, keys)"), "the smallest factor is wanted"),
        "as many as there are, as a float": (factor("float(min(10, keys))"), "the smallest factor is wanted"),
        "true": (factor("True"), "a factor or None is wanted"),
        "always one": (factor("1"), "one lane gets 30.0 records a second. It does 14.3, and the rest waits"),
        "never": (factor("None"), "you say that no factor is enough"),
    },
    "6.3": {
        "all at once": (
            threads("    with ThreadPoolExecutor(8) as pool:\n        list(pool.map(charge, orders))"),
            "must stay in one thread",
        ),
        "one after the other": (threads("    for order in orders:\n        charge(order)"), "Tom waits for Zoë"),
        "swallowed": (
            threads(
                f"{BY_CUSTOMER}    with ThreadPoolExecutor(8) as pool:\n"
                "        for each in lists.values():\n            pool.submit(one, each)"
            ),
            "nobody heard of it",
        ),
        "only the first": (
            threads(
                f"{BY_CUSTOMER}    with ThreadPoolExecutor(8) as pool:\n"
                "        list(pool.map(charge, [each[0] for each in lists.values()]))"
            ),
            "3 of 6 orders were not charged",
        ),
        "twice": (
            threads(f"{BY_CUSTOMER}    for each in lists.values():\n        one(each)\n        one(each[-1:])"),
            "some twice",
        ),
        "sorted away": (
            threads("    for order in sorted(orders, key=lambda order: -order[1]):\n        charge(order)"),
            "was begun before an earlier one",
        ),
        "a whole list": (threads("    charge(orders)"), "charge takes one of the orders"),
        "sorted by number": (
            threads(
                f"    orders = sorted(orders)\n{BY_CUSTOMER}    with ThreadPoolExecutor(8) as pool:\n"
                "        list(pool.map(one, lists.values()))"
            ),
            "as they stand in the batch",
        ),
    },
    "6.4": {
        "a dict": (f"pattern = {data()}", "json.dumps(…) makes it of a dict"),
        "the whole criteria": ('pattern = {"Filters": []}', "Wanted is only the pattern"),
        "the whole criteria as text": (
            pattern(f'{{"Filters": [{{"Pattern": json.dumps({data()})}}]}}'),
            "Wanted is only the pattern",
        ),
        "one filter as text": (pattern(f'{{"Pattern": json.dumps({data()})}}'), "Wanted is only the pattern"),
        "a misspelt field": (pattern(data().replace("AMOUNT", "Amount")), "No order has a field Amount"),
        "an amount as text": (pattern(data(amount='["100"]')), "what stands in quotes is text"),
        "one amount": (pattern(data(amount="[100]")), "An AMOUNT may be more than 100"),
        "an operator without a list": (
            pattern(data(amount='{"numeric": [">=", 100]}')),
            'that of AMOUNT is none: [{"numeric": [">=", 100]}]',
        ),
        "too high": (pattern(data(amount='[{"numeric": [">=", 1000]}]')), "Look at the numbers for AMOUNT"),
        "small letters": (pattern(data(country='["no", "dk"]')), "Look at COUNTRY"),
        "an alternative": (pattern(data()[:-2] + ', "$or": [{"AMOUNT": [1]}, {"AMOUNT": [2]}]}}'), "under $or"),
        "beside it": (pattern(data()[:-1] + ', "COUNTRY": ["NO"]}'), "Beside `data`, your pattern asks for COUNTRY"),
        "no data": (pattern('{"AMOUNT": [{"numeric": [">=", 100]}], "COUNTRY": ["NO", "DK"]}'), "Under `data`"),
        "no list": (pattern(data(country='"NO"')), "always a list, and that of COUNTRY is none"),
        "a number as text": (pattern(data(amount='[{"numeric": [">=", "100"]}]')), "with a number as a number"),
        "over 100": (pattern(data(amount='[{"numeric": [">", 100]}]')), "is 100 itself in it?"),
        "tests, too": (pattern(data(test="")), "`exists` with false"),
        "anything but": (pattern(data(test='[{"anything-but": [True]}]')), "wants the field to be there"),
        "no test": (pattern(data(test="[False]")), "Good orders don't have it"),
        "any amount": (pattern(data(amount='[{"exists": True}]')), "compared with `numeric`"),
        "one country": (pattern(data(country='["NO"]')), "they stand in one list"),
        "any country": (pattern(data(country="")), "All fields of a pattern must match"),
        "no JSON": ("pattern = \"{'data': {}}\"", "This is no JSON"),
    },
    "6.5": {
        "a global": (
            "def handler(event, context, counted={}):\n"
            '    where = event["shardId"], event["window"]["start"]\n'
            '    counted[where] = counted.get(where, 0) + len(event["Records"])\n'
            '    if event["isFinalInvokeForWindow"]: print(counted[where])\n    return {"state": {}}',
            "A global remembers calls that failed",
        ),
        "a global for all": (
            "def handler(event, context, counted=[0]):\n"
            '    counted[0] += len(event["Records"])\n'
            '    if event["isFinalInvokeForWindow"]: print(counted[0]); counted[0] = 0\n    return {"state": {}}',
            "A global remembers calls that failed",
        ),
        "a global with where it was": (
            "def handler(event, context, counted={}):\n"
            '    where = event["shardId"], event["window"]["start"]\n'
            '    counted[where] = counted.get(where, 0) + len(event["Records"])\n'
            '    if event["isFinalInvokeForWindow"]: print(counted[where], *where)\n    return {"state": {}}',
            "you counted 77. The first one came twice",
        ),
        "starts over": (
            window('state["count"] = len(event["Records"]) or state["count"]'),
            "add to what is in the state already",
        ),
        "no state": (window(COUNT, end="return state"), "without a state"),
        "nothing at the end": (window(COUNT, after="print(state); return"), "After the last call you returned None"),
        "too early": (window(COUNT, end="print(state); return {'state': state}"), "before the window was over"),
        "silent": (window(COUNT, after="pass"), "nothing was printed"),
        "not empty at first": (window('state["count"] += len(event["Records"])'), "The state is {} at first"),
        "a first record": (
            window(f'{COUNT}; event["Records"][0]'),
            "At the last call of a window there may be no records",
        ),
        "nothing in the last call": (
            window('if not event["isFinalInvokeForWindow"]: ' + COUNT),
            "Nobody promises that the last call has none",
        ),
        "not JSON": (window('state["seen"] = {1, 2}'), "The state travels as JSON"),
    },
    "6.6": {
        "lanes for one key": (knob(C="lanes"), "nine have nothing to do"),
        "shards for one key": (knob(C="shards"), "one key is in one shard"),
        "shards for lanes": (knob(A="shards"), "lanes cost nothing"),
        "lanes for small batches": (knob(B="lanes"), "pay for a call of its own"),
        "lanes for a full stream": (knob(D="lanes"), "never got into the stream"),
        "shards for readers": (knob(E="shards"), "something for just this reader"),
        "batch for readers": (knob(E="batch"), "what is late is the reading"),
        "no knob": (knob(A="more memory"), "the knobs are lanes, batch"),
        "something odd": (knob(A="keys"), "look at its row again"),
        "a list": ('knob = ["lanes"]', "Keep the dict"),
    },
}

WRONG |= INCIDENTS
