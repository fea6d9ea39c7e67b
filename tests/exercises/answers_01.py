"""Chapter 01: wrong answers as learners give them, and a part of what each is told.

The reference solutions are the ones folded into the chapter.
"""

from helpers.exercises.chapter_01 import ERRORS

START = """
    place = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    place = place["ShardIterator"]
"""


def reader(body: str) -> str:
    return "def read_shard(kinesis, stream, shard):" + START + body


def all_shards(ids: str) -> str:
    return (
        "def read_stream(kinesis, stream):\n"
        "    records = []\n"
        f"    for shard in {ids}:\n"
        "        place = kinesis.get_shard_iterator(\n"
        '            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]\n'
        '        records += kinesis.get_records(ShardIterator=place)["Records"]\n'
        "    return records"
    )


def errors(wrong: dict[str, str | None]) -> str:
    return f"answers = { {mistake: code for mistake, (code, _) in ERRORS.items()} | wrong }"


WRONG = {
    "1.1": {
        "does not wait": (
            "def ensure_stream(kinesis, name):\n"
            "    try: kinesis.create_stream(StreamName=name, ShardCount=1)\n"
            "    except kinesis.exceptions.ResourceInUseException: pass\n"
            '    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]',
            "while it was still CREATING",
        ),
        "runs once only": (
            "def ensure_stream(kinesis, name):\n"
            "    kinesis.create_stream(StreamName=name, ShardCount=1)\n"
            '    kinesis.get_waiter("stream_exists").wait(StreamName=name)\n'
            '    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]',
            "The second time, with the stream there already",
        ),
        "catches everything": (
            "def ensure_stream(kinesis, name):\n"
            "    try: kinesis.create_stream(StreamName=name, ShardCount=1)\n"
            "    except Exception: pass\n"
            "    try:\n"
            '        kinesis.get_waiter("stream_exists").wait(StreamName=name)\n'
            '        return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]\n'
            "    except Exception: return None",
            "catch ResourceInUseException only",
        ),
        "returns nothing": (
            "def ensure_stream(kinesis, name):\n"
            "    try: kinesis.create_stream(StreamName=name, ShardCount=1)\n"
            "    except kinesis.exceptions.ResourceInUseException: pass\n"
            '    kinesis.get_waiter("stream_exists").wait(StreamName=name)',
            "return its StreamARN, too. What came back was None",
        ),
        "makes nothing": ("def ensure_stream(kinesis, name): return None", "your function made none"),
    },
    "1.2": {
        "ascii": ('answer = "A"', "it raises UnicodeDecodeError"),
        "utf-8": ('answer = "b"', "it gives back just what went in"),
        "bytes": ('answer = "D"', "it knows that JSON is UTF-8"),
        "a word": ('answer = "latin-1"', "The answer is one letter in quotes"),
        "a number": ("answer = 3", "and not 3"),
    },
    "1.3": {
        "the first page only": (
            reader('    return kinesis.get_records(ShardIterator=place)["Records"]'),
            "That is only the first page",
        ),
        "stops at the empty page": (
            reader(
                "    records = []\n"
                "    page = kinesis.get_records(ShardIterator=place)\n"
                '    while page["Records"]:\n'
                '        records += page["Records"]\n'
                '        page = kinesis.get_records(ShardIterator=page["NextShardIterator"])\n'
                "    return records"
            ),
            "stopped at the first empty page",
        ),
        "never stops": (
            reader(
                "    records = []\n"
                "    while place:\n"
                "        page = kinesis.get_records(ShardIterator=place)\n"
                '        records += page["Records"]\n'
                '        place = page.get("NextShardIterator")\n'
                "    return records"
            ),
            "An open shard has no end",
        ),
        "stumbles at the end of a closed shard": (
            reader(
                "    records = []\n"
                "    while True:\n"
                "        page = kinesis.get_records(ShardIterator=place)\n"
                '        records += page["Records"]\n'
                '        place = page["NextShardIterator"]\n'
                '        if page["MillisBehindLatest"] == 0: return records'
            ),
            "the last answer has no NextShardIterator",
        ),
        "asks for the iterator again and again": (
            "def read_shard(kinesis, stream, shard):\n"
            "    records = []\n"
            "    while True:" + START.replace("\n    ", "\n        ") + "    \n"
            "        page = kinesis.get_records(ShardIterator=place)\n"
            '        records += page["Records"]\n'
            '        if page["MillisBehindLatest"] == 0: return records',
            "asks for a new iterator each time",
        ),
        "another iterator": (
            "def read_shard(kinesis, stream, shard):\n"
            '    return kinesis.get_records(ShardIterator="AAAAAAAAAAF")["Records"]',
            "does not come from the `kinesis` that your function is given",
        ),
        "returns pages": (
            reader('    return [kinesis.get_records(ShardIterator=place)["Records"]]'),
            "Return a list of records",
        ),
    },
    "1.4": {
        "the first shard only": (
            all_shards('kinesis.list_shards(StreamName=stream)["Shards"][:1]'),
            "That is the first shard alone",
        ),
        "the first page of shards only": (
            all_shards('kinesis.list_shards(StreamName=stream)["Shards"]'),
            "ListShards answers in pages",
        ),
        "the name with the token": (
            "def read_stream(kinesis, stream):\n"
            "    page = kinesis.list_shards(StreamName=stream)\n"
            '    return kinesis.list_shards(StreamName=stream, NextToken=page["NextToken"])',
            "pass NextToken alone",
        ),
        "returns nothing": ("def read_stream(kinesis, stream): pass", "What came back was None"),
    },
    "1.5": {
        "forgets the hours": (
            "import math\n"
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    return records_per_second * 3600 * 730 * math.ceil(kilobytes / 25) / 1e6 * 0.014",
            "a shard costs by the hour, whether records come or not",
        ),
        "forgets the records": (
            "def monthly_price(shards, records_per_second, kilobytes): return shards * 730 * 0.015",
            "the records cost, too",
        ),
        "does not round up": (
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    return shards * 730 * 0.015 + records_per_second * 3600 * 730 * kilobytes / 25 / 1e6 * 0.014",
            "a unit that was begun counts whole",
        ),
        "units of 1 KB": (
            "import math\n"
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    return shards * 730 * 0.015 + records_per_second * 3600 * 730 * math.ceil(kilobytes) / 1e6 * 0.014",
            "a unit is 25 KB, not 1 KB",
        ),
        "one shard": (
            "import math\n"
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    units = records_per_second * 3600 * 730 * math.ceil(kilobytes / 25)\n"
            "    return 730 * 0.015 + units / 1e6 * 0.014",
            "every shard costs",
        ),
        "60 seconds an hour": (
            "import math\n"
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    units = records_per_second * 60 * 730 * math.ceil(kilobytes / 25)\n"
            "    return shards * 730 * 0.015 + units / 1e6 * 0.014",
            "an hour has 3,600 seconds",
        ),
        "whole millions": (
            "import math\n"
            "def monthly_price(shards, records_per_second, kilobytes):\n"
            "    units = records_per_second * 3600 * 730 * math.ceil(kilobytes / 25)\n"
            "    return shards * 730 * 0.015 + math.ceil(units / 1e6) * 0.014",
            "not the millions of a month",
        ),
        "text": (
            "def monthly_price(shards, records_per_second, kilobytes): return '21.90 USD'",
            "should be a number of dollars",
        ),
    },
    "1.6": {
        "in use instead of not found": (
            errors({"put to a stream that is CREATING": "ResourceInUseException"}),
            "4 of 5 are right. “put to a stream that is CREATING” is another one",
        ),
        "validation for a value": (
            errors({"ask for a retention of 12 hours": "ValidationException"}),
            "the service does not take this value",
        ),
        "half done": (errors({"create a stream called 'Black Friday'": None}), "Still open: “create a stream called"),
        "not found for a name that is none": (
            errors({"create a stream called 'Black Friday'": "InvalidArgumentException"}),
            "the request itself is malformed",
        ),
        "a list": ("answers = []", "The answer is a dict"),
    },
}
