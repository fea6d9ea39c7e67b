"""Chapter 02: wrong answers as learners give them, and a part of what each is told.

The reference solutions are the ones folded into the chapter.
"""


def hash_key(body: str) -> str:
    return f"import hashlib\ndef hash_key(partition_key): return {body}"


def shard_for(condition: str, *, also_closed: bool = False, answer: str = 'shard["ShardId"]') -> str:
    return (
        "def shard_for(hash_key, shards):\n"
        "    for shard in shards:\n"
        '        closed = "EndingSequenceNumber" in shard["SequenceNumberRange"]\n'
        f"        if closed and not {also_closed}: continue\n"
        '        first, last = shard["HashKeyRange"]["StartingHashKey"], shard["HashKeyRange"]["EndingHashKey"]\n'
        f"        if {condition}: return {answer}"
    )


def put_all(body: str) -> str:
    return f"def put_all(kinesis, stream, records):\n{body}"


CHUNKS = """
    for start in range(0, len(records), 500):
        chunk = records[start : start + 500]
"""


def again(pause: str) -> str:
    """The body of a put_all that is right but for its pauses."""
    return (
        "    import time\n    lost = []" + CHUNKS + "        for attempt in range(5):\n"
        "            answer = kinesis.put_records(StreamName=stream, Records=chunk)\n"
        '            chunk = [r for r, e in zip(chunk, answer["Records"]) if "ErrorCode" in e]\n'
        "            if not chunk: break\n"
        f"            {pause}\n"
        "        lost += chunk\n"
        "    return lost"
    )


HALF = '(int(shard["HashKeyRange"]["StartingHashKey"]) + int(shard["HashKeyRange"]["EndingHashKey"]))'

WRONG = {
    "2.1": {
        "forgets to encode": (hash_key("int(hashlib.md5(partition_key).hexdigest(), 16)"), "encode the key first"),
        "ASCII": (hash_key('int(hashlib.md5(partition_key.encode("ascii")).hexdigest(), 16)'), "encode them as UTF-8"),
        "hexadecimal": (hash_key("hashlib.md5(partition_key.encode()).hexdigest()"), "Read them as a number"),
        "bytes": (hash_key("hashlib.md5(partition_key.encode()).digest()"), "Read them as one number"),
        "from the wrong end": (
            hash_key('int.from_bytes(hashlib.md5(partition_key.encode()).digest(), "little")'),
            "big-endian",
        ),
        "hash()": (hash_key("hash(partition_key)"), "Python's own hash() is another one"),
        "SHA": (hash_key("int(hashlib.sha256(partition_key.encode()).hexdigest(), 16)"), "the hash key is"),
        "Latin-1": (
            hash_key('int(hashlib.md5(partition_key.encode("latin-1")).hexdigest(), 16)'),
            "For the key 'Zoë', the hash key is",
        ),
    },
    "2.2": {
        "a closed shard": (shard_for("int(first) <= hash_key <= int(last)", also_closed=True), "is closed"),
        "the end left out": (shard_for("int(first) <= hash_key < int(last)"), "Both ends belong to the range"),
        "text": (shard_for("first <= hash_key <= last"), "use int()"),
        "all as text": (shard_for("first <= str(hash_key) <= last"), "Compare numbers: as text"),
        "the whole shard": (shard_for("int(first) <= hash_key <= int(last)", answer="shard"), "return its ShardId"),
        "always the first": (shard_for("True"), "belongs to shardId-000000000002; your function says"),
    },
    "2.3": {
        "constant": ("choice = \"the word 'transaction'\"", "One key, one shard"),
        "three values": ("choice = 'the currency'", "one hot key in one hot shard"),
        "random": ("choice = 'a random number'", "their order is lost"),
        "another one": ("choice = 'the weather'", "Choose one of"),
    },
    "2.4": {
        "all in one call": (
            put_all("    kinesis.put_records(StreamName=stream, Records=records)\n    return []"),
            "You sent 1201 records in one call",
        ),
        "does not look": (
            put_all(CHUNKS + "        kinesis.put_records(StreamName=stream, Records=chunk)\n    return []"),
            "are lost, and nobody was told",
        ),
        "sends the whole chunk again": (
            put_all(
                CHUNKS + "        for attempt in range(5):\n"
                "            answer = kinesis.put_records(StreamName=stream, Records=chunk)\n"
                '            if not answer["FailedRecordCount"]: break\n'
                "    return []"
            ),
            "written more than once",
        ),
        "never gives up": (
            put_all(
                CHUNKS + "        while chunk:\n"
                "            answer = kinesis.put_records(StreamName=stream, Records=chunk)\n"
                '            chunk = [r for r, e in zip(chunk, answer["Records"]) if "ErrorCode" in e]\n'
                "    return []"
            ),
            "A record that is refused for ever",
        ),
        "keeps quiet about the lost": (
            put_all(
                CHUNKS + "        for attempt in range(5):\n"
                "            if not chunk: break\n"
                "            answer = kinesis.put_records(StreamName=stream, Records=chunk)\n"
                '            chunk = [r for r, e in zip(chunk, answer["Records"]) if "ErrorCode" in e]\n'
                "    return []"
            ),
            "could not be written, and should come back",
        ),
        "gives up at once": (
            put_all(
                "    lost = []" + CHUNKS + "        answer = kinesis.put_records(StreamName=stream, Records=chunk)\n"
                '        lost += [r for r, e in zip(chunk, answer["Records"]) if "ErrorCode" in e]\n'
                "    return lost"
            ),
            "were given up that would have been taken",
        ),
        "no pause": (put_all(again("pass")), "in 0 s: pause between the tries"),
        "short pauses": (put_all(again("time.sleep(0.1)")), "in 0.5 s: pause between the tries"),
        "an empty call": (
            put_all(
                "    for start in range(0, 1501, 500):\n"
                "        kinesis.put_records(StreamName=stream, Records=records[start : start + 500])\n"
                "    return []"
            ),
            "with no records at all",
        ),
    },
    "2.5": {
        "count only": (
            "import math\ndef shards_needed(records, size): return math.ceil(records / 1000)",
            "the records fit, the bytes do not",
        ),
        "bytes only": (
            "import math\ndef shards_needed(records, size): return math.ceil(records * size / 1024**2)",
            "the bytes fit, the number of records does not",
        ),
        "rounds down": (
            "def shards_needed(records, size): return max(records // 1000, records * size // 1024**2)",
            "there are no parts of a shard, round up",
        ),
        "one too many": (
            "def shards_needed(records, size): return max(records // 1000, records * size // 1024**2) + 1",
            "counts one too many",
        ),
        "megabytes": (
            "import math\ndef shards_needed(records, size):\n"
            "    return max(math.ceil(records / 1000), math.ceil(records * size / 1e6))",
            "1,048,576 bytes",
        ),
        "adds up": (
            "import math\ndef shards_needed(records, size):\n"
            "    return math.ceil(records / 1000) + math.ceil(records * size / 1024**2)",
            "take the larger need",
        ),
        "text": ("def shards_needed(records, size): return 'two'", "should be a number of shards"),
    },
    "2.6": {
        "a float": (f"def split_at(shard): return {HALF} / 2", "has lost digits"),
        "a float as text": (f"def split_at(shard): return str({HALF} / 2)", "A number in a string is wanted"),
        "a number": (f"def split_at(shard): return {HALF} // 2", "NewStartingHashKey is a string"),
        "half of the end": (
            'def split_at(shard): return str(int(shard["HashKeyRange"]["EndingHashKey"]) // 2)',
            "The middle is the mean of both ends",
        ),
        "adds text": (
            'def split_at(shard): return (shard["HashKeyRange"]["StartingHashKey"] + 1) // 2',
            "int() makes numbers of them",
        ),
    },
}
