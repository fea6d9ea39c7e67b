"""Chapter 08: wrong answers as learners give them, and a part of what each is told."""

STUCK = '{"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}'
DONE = '{"batchItemFailures": []}'


def handle(poison: str, luckless: str, end: str = f"return {DONE}, bad") -> str:
    return f"""
def handle(event, read, act):
    bad, stuck = [], []
    for record in event["Records"]:
        try:
            content = read(record)
        except ValueError:
            {poison}
        try:
            act(content)
        except Exception:
            {luckless}
    {end}
"""


def one_try(what: str) -> str:
    return f"""
def handle(event, read, act):
    bad = []
    for record in event["Records"]:
        try:
            act(read(record))
        except ValueError:
            bad.append(record["eventID"])
        except Exception:
            {what}
    return {DONE}, bad
"""


SKIP = 'bad.append(record["eventID"]); continue'


def pattern(body: str) -> str:
    return f"pattern = {body}"


def log(
    ids: str = 'sorted(shard["ShardId"] for page in pages for shard in page["Shards"])',
    going_on: str = 'page.get("NextShardIterator") if page["MillisBehindLatest"] else None',
    take: str = 'records += page["Records"]',
    kind: str = "TRIM_HORIZON",
) -> str:
    return f"""
def whole_log(kinesis, stream):
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    ids = {ids}
    records = []
    for shard in ids:
        place = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="{kind}")
        iterator = place["ShardIterator"]
        while iterator:
            page = kinesis.get_records(ShardIterator=iterator)
            {take}
            iterator = {going_on}
    return records
"""


def batch(body: str) -> str:
    return f"def largest_batch(timeout, writes_per_event, writes_per_second): return {body}"


def tally(
    events: str = 'sorted({e["eventId"]: e for e in events}.values(), key=lambda e: e["eventId"])',
    pick: str = "break",
    since: str = "place",
    role: str = "",
) -> str:
    return f"""
def tally(events):
    events = {events}
    result = {{{role}}}
    for role, kind in (("creator", "create"), ("photographer", "image")):
        for place, event in enumerate(events):
            if event["kind"] == kind:
                later = [other for other in events[{since}:] if other["kind"] == "purchase"]
                result[role] = (event["who"], len(later))
                {pick}
    return result
"""


def sold(name: str) -> str:
    return f"def sold(events): return len({{{name} for event in events}})"


WRONG = {
    "8.1": {
        "goes on": (handle(SKIP, f"stuck = {STUCK}", f"return stuck or {DONE}, bad"), "You went on behind a failure"),
        "reports poison": (handle(f"return {STUCK}, bad", f"return {STUCK}, bad"), "It will never get better"),
        "poison as a failure, going on": (
            handle(
                'stuck.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]}); continue',
                f"return {STUCK}, bad",
                'return {"batchItemFailures": stuck}, bad',
            ),
            "blocks its shard",
        ),
        "one try for both": (one_try(f"return {STUCK}, bad"), "Only what read refuses is bad"),
        "swallows bad luck": (handle(SKIP, f"return {DONE}, bad"), "the record counts as done, and is lost"),
        "bad luck is bad": (
            handle(SKIP, f"bad.append(record['eventID']); return {STUCK}, bad"),
            "Whatever act raises may pass",
        ),
        "raises": (handle(SKIP, "raise"), "It has to answer"),
        "only the answer": (handle(SKIP, f"return {STUCK}", f"return {DONE}"), "Two things are to be returned"),
        "by the eventID": (
            handle(SKIP, 'return {"batchItemFailures": [{"itemIdentifier": record["eventID"]}]}, bad'),
            "the sequenceNumber of the record",
        ),
        "bad by number": (
            handle('bad.append(record["kinesis"]["sequenceNumber"]); continue', f"return {STUCK}, bad"),
            "as eventIDs",
        ),
    },
    "8.2": {
        "the envelope's": (pattern('{"data": {"schema": [{"prefix": "com.nordstrom/product/"}]}}'), "one level deeper"),
        "beside data": (pattern('{"schema": [{"prefix": "com.nordstrom/product/"}]}'), "A pattern begins with data"),
        "everything": (
            pattern('{"data": {"data": {"schema": [{"prefix": "com.nordstrom/"}]}}}'),
            "lets a login through",
        ),
        "one version": (
            pattern(
                '{"data": {"data": {"schema": ["com.nordstrom/product/create/1-0-0", '
                '"com.nordstrom/product/image/1-0-0", "com.nordstrom/product/purchase/1-0-0"]}}}'
            ),
            "holds back a purchase of version 2-0-0",
        ),
        "no slash": (
            pattern('{"data": {"data": {"schema": [{"prefix": "com.nordstrom/product"}]}}}'),
            "lets a review through",
        ),
        "three kinds": (
            pattern(
                '{"data": {"data": {"schema": [{"prefix": "com.nordstrom/product/create/"}, '
                '{"prefix": "com.nordstrom/product/image/"}, {"prefix": "com.nordstrom/product/purchase/"}]}}}'
            ),
            "holds back a new price",
        ),
        "no list": (
            pattern('{"data": {"data": {"schema": {"prefix": "com.nordstrom/product/"}}}}'),
            "Lambda would not take it",
        ),
        "text": (pattern("'{}'"), "A dict is wanted this time"),
        "a list": (pattern("[1]"), "A dict is wanted; yours"),
    },
    "8.3": {
        "as listed": (log('[shard["ShardId"] for page in pages for shard in page["Shards"]]'), "Not in order"),
        "children first": (
            log('sorted((shard["ShardId"] for page in pages for shard in page["Shards"]), reverse=True)'),
            "Not in order",
        ),
        "open ones only": (
            log('["shardId-000000000003", "shardId-000000000004"]'),
            "They are in shards that are closed",
        ),
        "to an empty page": (
            log(going_on='page.get("NextShardIterator") if page["Records"] else None'),
            "An empty page is not the end",
        ),
        "one page of each": (log(going_on="None"), "follow NextShardIterator"),
        "two shards": (
            log('sorted(shard["ShardId"] for shard in kinesis.list_shards(StreamName=stream)["Shards"])'),
            "may have several pages",
        ),
        "without end": (log(going_on='page.get("NextShardIterator")'), "does not come to an end"),
        "from now on": (log(kind="LATEST"), "Nothing was read"),
        "twice": (log(take='records += page["Records"] * 2'), "twice"),
        "data only": (
            log(take='records += [record["Data"] for record in page["Records"]]'),
            "Return a list of records",
        ),
    },
    "8.4": {
        "as published": (batch("5"), "is ended before"),
        "not rounded": (batch("timeout * writes_per_second / writes_per_event"), "round down"),
        "rounded up": (batch("min(10_000, -int(-timeout * writes_per_second // writes_per_event))"), "is ended before"),
        "at least one": (
            batch("max(1, min(10_000, int(timeout * writes_per_second / writes_per_event)))"),
            "not even one event fits",
        ),
        "no limit": (batch("int(timeout * writes_per_second / writes_per_event)"), "is no BatchSize"),
        "too careful": (
            batch("min(10_000, int(timeout * writes_per_second / writes_per_event) // 2)"),
            "would be done in",
        ),
        "text": (batch("'two'"), "a number is wanted"),
    },
    "8.5": {
        "as they come": (tally('list({e["eventId"]: e for e in events}.values())'), "sort by eventId"),
        "twice": (tally('sorted(events, key=lambda e: e["eventId"])'), "An event that is there twice"),
        "the last one": (tally(pick="pass"), "The first to register counts"),
        "all sales": (tally(since="0"), "Only what was bought after"),
        "UNKNOWN": (tally(role='"creator": ("UNKNOWN", 0), "photographer": ("UNKNOWN", 0)'), "A role that nobody has"),
        "a list": ("def tally(events): return []", "Return a dict"),
        "only the sales": (
            "def tally(events): return {'creator': sum(e['kind'] == 'purchase' for e in events)}",
            "a pair of who it is and the sales",
        ),
    },
    "8.6": {
        "by event": (sold('event["eventId"]'), "An order that was sent twice"),
        "by order": (sold('event["order"]'), "None is not the number of an order"),
        "by both": (sold('(event["eventId"], event["order"])'), "An order that was sent twice"),
        "all": ("def sold(events): return len(events)", "its eventId is the same"),
        "orders only": (
            'def sold(events): return len({event["order"] for event in events if event["order"]})',
            "Two purchases without an order",
        ),
        "a set": ('def sold(events): return {event["order"] for event in events}', "A number is wanted"),
    },
}
