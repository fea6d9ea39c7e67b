"""Chapter 07: wrong answers as learners give them, and a part of what each is told."""


def most(body: str) -> str:
    return f"def most_readers(megabytes): return {body}"


def pump(body: str) -> str:
    return f"def pump(row):\n    amount = row['AMOUNT']\n    return {body}"


def route(entry: str = "{'Data': data, 'PartitionKey': record['kinesis']['partitionKey']}", where: str = "") -> str:
    return f"""
def route(records, side_of):
    sides = {{"POSITIVE": [], "NEGATIVE": [], "REJECTED": []}}
    for record in records:
        data = base64.b64decode(record["kinesis"]["data"])
        {where or f"sides[side_of(data)].append({entry})"}
    return sides
"""


def fresh(condition: str, name: str = "json.loads(base64.b64decode(record['kinesis']['data']))['EVENT']") -> str:
    return f"""
def fresh(records, seen):
    kept = []
    for record in records:
        event = {name}
        if event not in seen:
            {condition}
            kept.append(record)
    seen.update(json.loads(base64.b64decode(record['kinesis']['data']))['EVENT'] for record in kept)
    return kept
"""


MISSING, NULL, TEXT = '[{"exists": False}]', "[None]", '[{"prefix": ""}]'


def rest(*rules: str) -> str:
    return f'rest = [{", ".join(f"""{{"data": {{"AMOUNT": {rule}}}}}""" for rule in rules)}]'


WRONG = {
    "7.1": {
        "bytes only": (most("int(2 / megabytes)"), "five calls a second"),
        "rounded up": (most("min(5, -int(-2 // megabytes))"), "round down, not up"),
        "not rounded": (most("min(5, 2 / megabytes)"), "no parts of readers"),
        "the write limit": (most("min(5, int(1 / megabytes))"), "it gives out 2 MB/s"),
        "always three": (most("3"), "round down"),
        "a text": (most("'two'"), "A whole number"),
    },
    "7.2": {
        "zero is negative": (pump("None if amount is None else 'POSITIVE' if amount > 0 else 'NEGATIVE'"), ">= 0"),
        "NULL is zero": (pump("'POSITIVE' if (amount or 0) >= 0 else 'NEGATIVE'"), "no pump takes it"),
        "NULL raises": (pump("'POSITIVE' if amount >= 0 else 'NEGATIVE'"), "In SQL it is no error"),
        "not is none": (
            pump("None if not amount else 'POSITIVE' if amount > 0 else 'NEGATIVE'"),
            "zero is its business",
        ),
        "turned round": (pump("None if amount is None else 'NEGATIVE' if amount >= 0 else 'POSITIVE'"), "you say"),
    },
    "7.3": {
        "one key": (route("{'Data': data, 'PartitionKey': 'key'}"), "The keys are not those"),
        "still base64": (
            route("{'Data': record['kinesis']['data'], 'PartitionKey': record['kinesis']['partitionKey']}"),
            "decode base64 first",
        ),
        "turned round": (
            route(
                where="sides[side_of(data)].insert("
                "0, {'Data': data, 'PartitionKey': record['kinesis']['partitionKey']})"
            ),
            "not in the order",
        ),
        "no rejects": (
            route(
                where="side_of(data) != 'REJECTED' and sides[side_of(data)].append("
                "{'Data': data, 'PartitionKey': record['kinesis']['partitionKey']})"
            ),
            "REJECTED should hold 2",
        ),
        "a list": ("def route(records, side_of): return []", "Return a dict"),
        "too much": (route("{'Data': data, 'PartitionKey': 'k', 'StreamName': 's'}"), "has Data and PartitionKey"),
    },
    "7.4": {
        "no text": (rest(MISSING, NULL), "let go of a text"),
        "no null": (rest(MISSING, TEXT), "let go of null"),
        "everything": (rest(MISSING, '[{"exists": True}]'), "let through a number"),
        "not under data": ('rest = [{"AMOUNT": [None]}]', 'under "data"'),
        "two fields": ('rest = [{"data": {"AMOUNT": [None], "ID": [{"exists": False}]}}]', "must all fit"),
        "no list": ('rest = {"data": {"AMOUNT": [None]}}', "A list of patterns"),
        "not a rule": ('rest = [{"data": {"AMOUNT": None}}]', "Lambda would not take these"),
    },
    "7.5": {
        "by the eventID": (fresh("seen.add(event)", "record['eventID']"), "The name that stays is the EVENT"),
        "by the ID": (
            fresh("seen.add(event)", "json.loads(base64.b64decode(record['kinesis']['data']))['ID']"),
            "Go by EVENT",
        ),
        "remembers too late": (fresh("pass"), "A batch may hold an event twice"),
        "never remembers": (
            "def fresh(records, seen): return list(records)",
            "The next batch brought it again",
        ),
        "returns data": (
            "def fresh(records, seen): return [base64.b64decode(r['kinesis']['data']) for r in records]",
            "Return a list of records",
        ),
        "nothing": ("def fresh(records, seen): return []", "are new; you returned []"),
    },
}
