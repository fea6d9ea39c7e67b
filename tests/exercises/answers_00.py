"""Chapter 00: wrong answers as learners give them, and a part of what each is told.

The reference solutions are the ones folded into the chapter.
"""

WRONG = {
    "0.1": {
        "reads base64 as JSON": (
            'def decode(record): return json.loads(record["kinesis"]["data"])',
            "undo base64 once, then read the JSON",
        ),
        "another record": (
            "def decode(_): return {'ID': 0, 'USERNAME': 'Noor', 'AMOUNT': -60.17}",
            "another record's transaction",
        ),
        "looks at the top of the record": (
            'def decode(record): return json.loads(base64.b64decode(record["data"]))',
            'in record["kinesis"]["data"]',
        ),
        "decodes twice": (
            'def decode(record): return json.loads(base64.b64decode(base64.b64decode(record["kinesis"]["data"])))',
            "undo base64 once, then read the JSON",
        ),
        "ASCII": (
            'def decode(record): return json.loads(base64.b64decode(record["kinesis"]["data"]).decode("ascii"))',
            "names beyond ASCII in here: the bytes are UTF-8",
        ),
        "ASCII, losing letters": (
            "def decode(record):\n"
            '    return json.loads(base64.b64decode(record["kinesis"]["data"]).decode("ascii", "ignore"))',
            "The name came out as 'Zo' instead of 'Zoë'",
        ),
        "seven bits": (
            "def decode(record):\n"
            '    return json.loads(bytes(b & 127 for b in base64.b64decode(record["kinesis"]["data"])))',
            "instead of 'Zoë': decode the bytes as UTF-8",
        ),
        "stops at bytes": (
            'def decode(record): return base64.b64decode(record["kinesis"]["data"])',
            "That is still bytes",
        ),
        "stops at text": (
            'def decode(record): return base64.b64decode(record["kinesis"]["data"]).decode()',
            "That is still text",
        ),
        "prints instead of returning": (
            'def decode(record): json.loads(base64.b64decode(record["kinesis"]["data"]))',
            "returns nothing",
        ),
        "not a function": ("decode = 7", "a function was expected here, not int"),
    },
    "0.2": {
        "drops zero": (
            "def classify(transaction):\n"
            '    amount = transaction.get("AMOUNT")\n'
            '    if not amount: return "MISSING"\n'
            '    return "POSITIVE" if amount > 0 else "NEGATIVE"',
            "An AMOUNT of 0 is there",
        ),
        "zero is positive": (
            "def classify(transaction):\n"
            '    amount = transaction.get("AMOUNT")\n'
            '    if amount is None: return "MISSING"\n'
            '    return "POSITIVE" if amount >= 0 else "NEGATIVE"',
            "neither paid nor paid back, but the answer was POSITIVE",
        ),
        "fails without an amount": (
            "def classify(transaction):\n"
            '    amount = transaction["AMOUNT"]\n'
            '    if amount == 0: return "ZERO"\n'
            '    return "POSITIVE" if amount > 0 else "NEGATIVE"',
            "that would stop the whole shard",
        ),
        "absent is zero": (
            "def classify(transaction):\n"
            '    amount = transaction.get("AMOUNT", 0)\n'
            '    if amount == 0: return "ZERO"\n'
            '    return "POSITIVE" if amount > 0 else "NEGATIVE"',
            "absent and None are both MISSING",
        ),
        "forgets a path": (
            "def classify(transaction):\n"
            '    amount = transaction.get("AMOUNT")\n'
            '    if amount is None: return "MISSING"\n'
            '    if amount > 0: return "POSITIVE"\n'
            '    if amount < 0: return "NEGATIVE"',
            "does every path end with return?",
        ),
    },
}
