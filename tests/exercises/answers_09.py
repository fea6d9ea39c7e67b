"""Chapter 09: wrong answers as learners give them, and a part of what each is told."""


def dimensions(body: str) -> str:
    return (
        "def dimensions(milliseconds):\n    from datetime import datetime, timezone\n"
        f"    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)\n    {body}"
    )


FORMS = (
    '("MINUTE", "%Y-%m-%dT%H:%M"), ("HOUR", "%Y-%m-%dT%H"), ("DATE", "%Y-%m-%d"), ("MONTH", "%Y-%m"), ("YEAR", "%Y")'
)


def write_all(body: str) -> str:
    return f"def write_all(dynamodb, table, requests):\n{body}"


def batch(body: str) -> str:
    return f"def batch(rate, size, window):\n    seconds = {body}\n    return rate * seconds, seconds"


WRONG = {
    "9.1": {
        "October": (
            dimensions(
                "from helpers.handlers.analytics.dimensions_2017 import dimensions as old; return old(milliseconds)"
            ),
            "That is the October bug itself",
        ),
        "seconds": (
            dimensions(
                "moment = datetime.fromtimestamp(milliseconds / 1e6, timezone.utc)\n"
                f"    return [f'{{n}}:{{moment.strftime(f)}}' for n, f in ({FORMS})]"
            ),
            "milliseconds, not seconds",
        ),
        "local time": (
            "from datetime import datetime\ndef dimensions(milliseconds):\n"
            "    moment = datetime.fromtimestamp(milliseconds / 1000)\n"
            f"    return [f'{{n}}:{{moment.strftime(f)}}' for n, f in ({FORMS})]",
            "that is local time",
        ),
        "the year first": (
            dimensions(f"return [f'{{n}}:{{moment.strftime(f)}}' for n, f in ({FORMS})][::-1]"),
            "in this order",
        ),
        "not padded": (
            dimensions(
                "day = f'{moment.year}-{moment.month}-{moment.day}'\n"
                "    return [f'MINUTE:{day}T{moment.hour}:{moment.minute}', '', '', '', '']"
            ),
            "instead of MINUTE:2017-08-25T13:33",
        ),
        "four": (dimensions(f"return [f'{{n}}:{{moment.strftime(f)}}' for n, f in ({FORMS})][1:]"), "Five buckets"),
    },
    "9.2": {
        "by page": (
            "def totals(hits):\n    from collections import Counter\n    return Counter(page for page, _ in hits)",
            "You added up pages",
        ),
        "each once": (
            "def totals(hits): return {(page, bucket): 1 for page, buckets in hits for bucket in buckets}",
            "and you have",
        ),
        "by bucket": (
            "from collections import Counter as C\ndef totals(hits): return C(b for _, bs in hits for b in bs)",
            "The keys should be",
        ),
        "a list": ("def totals(hits): return [5]", "Return a dict"),
    },
    "9.3": {
        "adds blindly": (
            "def count_once(item, numbers):\n"
            "    return {'value': item['value'] + len(numbers), 'mark': max(item['mark'], *numbers)}",
            "a second time",
        ),
        "all or nothing": (
            "def count_once(item, numbers):\n    new = numbers[0] > item['mark']\n"
            "    return {'value': item['value'] + new * len(numbers), 'mark': max(item['mark'], *numbers)}",
            "some are new",
        ),
        "the mark goes back": (
            "def count_once(item, numbers):\n    new = [n for n in numbers if n > item['mark']]\n"
            "    return {'value': item['value'] + len(new), 'mark': numbers[-1]}",
            "must not move it back",
        ),
        "no mark": ("def count_once(item, numbers): return {'value': item['value'] + len(numbers)}", "value and mark"),
    },
    "9.4": {
        "believes all": ("def when(hit, arrived): return hit.get('date', arrived)", "a text, take the time of arrival"),
        "believes nobody": ("def when(hit, arrived): return arrived", "can be right"),
        "raises": ("def when(hit, arrived): return hit['date']", "would stop the shard"),
        "only the past": (
            "def when(hit, arrived):\n    date = hit.get('date')\n"
            "    return date if isinstance(date, (int, float)) and 0 <= arrived - date <= 3_600_000 else arrived",
            "in five seconds can be right",
        ),
        "whole numbers": (
            "def when(hit, arrived):\n    date = hit.get('date')\n"
            "    return date if isinstance(date, int) and abs(date - arrived) <= 3_600_000 else arrived",
            "half a millisecond ago can be right",
        ),
        "any number": (
            "def when(hit, arrived):\n    date = hit.get('date')\n"
            "    return date if isinstance(date, (int, float)) else arrived",
            "NaN",
        ),
    },
    "9.5": {
        "once": (
            write_all("    dynamodb.batch_write_item(RequestItems={table: requests[:25]})"),
            "look at UnprocessedItems",
        ),
        "everything again": (
            write_all(
                "    while True:\n        answer = dynamodb.batch_write_item(RequestItems={table: requests[:25]})\n"
                "        if not answer['UnprocessedItems']: return"
            ),
            "there is no end to it",
        ),
        "twice at most": (
            write_all(
                "    for start in range(0, len(requests), 25):\n"
                "        left = dynamodb.batch_write_item(RequestItems={table: requests[start:start + 25]})\n"
                "        left = left['UnprocessedItems'].get(table)\n"
                "        if left: dynamodb.batch_write_item(RequestItems={table: left})"
            ),
            "go on until nothing is left",
        ),
        "too many": (
            write_all(
                "    while requests:\n        requests = dynamodb.batch_write_item(RequestItems={table: requests})"
                "['UnprocessedItems'].get(table, [])"
            ),
            "takes 1 to 25 requests",
        ),
        "nothing": (write_all("    return requests"), "Nothing was written"),
    },
    "9.6": {
        "always full": (batch("size / rate"), "a limit, not a wish"),
        "the size is forgotten": (batch("max(window, 1)"), "more than the size allows"),
        "the later of both": (batch("max(window, size / rate)"), "a limit, not a wish"),
        "no poll": (batch("min(window, size / rate)"), "there is a poll a second"),
        "the other way round": (
            "def batch(rate, size, window):\n    s = min(size / rate, max(window, 1))\n    return s, rate * s",
            "The records first",
        ),
        "waits for the window": (
            "def batch(rate, size, window):\n    w = max(window, 1)\n    return min(size, rate * w), w",
            "they come in 50 seconds, not 300",
        ),
        "records only": ("def batch(rate, size, window): return min(size, rate * max(window, 1))", "two numbers"),
        "none at all": (batch("0"), "and you have 0 and 0"),
    },
}
