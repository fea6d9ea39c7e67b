"""Chapter 04: wrong answers as learners give them, and a part of what each is told."""


def handler(body: str, before: str = "") -> str:
    return f"import base64, json\n{before}\ndef handler(event, context):\n{body}"


LOOP = """
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
"""
END = '\n    return {"booked": booked, "skipped": skipped}'


def policy(*statements: str) -> str:
    return (
        f'def policy_for(stream_arn):\n    return {{"Version": "2012-10-17", "Statement": [{", ".join(statements)}]}}'
    )


def allow(actions: str, resource: str = "stream_arn") -> str:
    return f'{{"Effect": "Allow", "Action": {actions}, "Resource": {resource}}}'


READ = '["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]'
LOG = allow('["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]', '"arn:aws:logs:*:*:*"')


def start(settings: str) -> str:
    return f"def start_again(last_seen): return {settings}"


def parameters(body: str) -> str:
    return f"def parameters(stage, shards): return {body}"


def book(body: str) -> str:
    return f"def book(record):\n    {body}"


WRONG = {
    "4.1": {
        "counts that live on": (
            "import base64, json\n"
            'def handler(event, context, counts={"booked": 0, "skipped": 0}):'
            + LOOP
            + '        counts["skipped" if order.get("AMOUNT") is None else "booked"] += 1\n    return dict(counts)',
            "lives on between calls",
        ),
        "zero is missing": (
            handler(
                "    booked = skipped = 0"
                + LOOP
                + '        if not order.get("AMOUNT"): skipped += 1\n        else: booked += 1'
                + END
            ),
            "An amount of 0 is an amount",
        ),
        "turned round": (
            handler(
                "    booked = skipped = 0"
                + LOOP
                + '        if order.get("AMOUNT") is not None: skipped += 1\n        else: booked += 1'
                + END
            ),
            "turn the condition round",
        ),
        "raises": (
            handler("    booked = skipped = 0" + LOOP + '        booked += order["AMOUNT"] is not None' + END),
            "raising would stop the shard",
        ),
        "asks the context": (handler("    print(context.function_name)"), "there is no context"),
        "returns nothing": (handler("    len(event['Records'])"), "returns nothing"),
        "a number": (handler("    return len(event['Records'])"), "a dict with booked and skipped"),
    },
    "4.2": {
        "no folder": ('handler_name = "orders.book"', "at the top of the zip"),
        "the file": ('handler_name = "shop/orders.py"', "Which function in it?"),
        "no function": ('handler_name = "shop.orders"', "a function called orders in a module called shop"),
        "a colon": ('handler_name = "shop.orders:book"', "not a colon"),
        "the wrong function": ('handler_name = "shop.orders.handler"', "The function is called book"),
        "something else": ('handler_name = "main"', "folder, module and function"),
    },
    "4.3": {
        "everything": (policy(allow('"*"', '"*"')), "allows too much"),
        "all of Kinesis": (
            policy(allow('"kinesis:*"'), LOG),
            "write to the stream and delete the stream and split its shards",
        ),
        "all streams": (policy(allow(READ, '"*"'), LOG), "read the stream `salaries`"),
        "no logs": (policy(allow(READ)), "nothing could be logged"),
        "no ListShards": (policy(allow(READ.replace(', "kinesis:ListShards"', "")), LOG), "kinesis:ListShards is not"),
        "one log action": (
            policy(allow(READ), allow('"logs:PutLogEvents"', '"*"')),
            "logs:CreateLogGroup, logs:CreateLogStream is",
        ),
        "resharding": (policy(allow(READ.replace("[", '["kinesis:SplitShard", ')), LOG), "split its shards"),
        "an ARN of its own": (
            policy(allow(READ, '"arn:aws:kinesis:us-east-1:123456789012:stream/orders"'), LOG),
            "take the ARN that your function is given",
        ),
        "no prefix": (policy(allow('["GetRecords"]'), LOG), "kinesis:GetRecords"),
        "text": ('def policy_for(stream_arn): return "{}"', "json.dumps comes when it is sent"),
        "no resource": (policy('{"Effect": "Allow", "Action": "*"}'), "A statement has Effect, Action and Resource"),
    },
    "4.4": {
        "latest": (start('{"StartingPosition": "LATEST"}'), "LATEST is what lost them"),
        "everything": (start('{"StartingPosition": "TRIM_HORIZON"}'), "booked a second time"),
        "no time": (start('{"StartingPosition": "AT_TIMESTAMP"}'), "At which time?"),
        "no time at all": (
            start('{"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": "when it stopped"}'),
            "a datetime, or seconds since 1970",
        ),
        "too much": (
            start('{"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": last_seen, "Banana": 1}'),
            "Banana is too much",
        ),
        "milliseconds": (
            start('{"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": last_seen.timestamp() * 1000}'),
            "It should start at 2026-01-05T09:17:30",
        ),
        "a name": (start('{"StartingPosition": "FROM_TIMESTAMP"}'), "is none of them"),
        "only the time": (start("last_seen"), "Return a dict"),
    },
    "4.5": {
        "a dict": (parameters('{"Stage": stage, "Shards": str(shards)}'), "a list, with one dict for each"),
        "a number": (
            parameters(
                '[{"ParameterKey": "Stage", "ParameterValue": stage},'
                ' {"ParameterKey": "Shards", "ParameterValue": shards}]'
            ),
            "numbers as well",
        ),
        "other keys": (parameters('[{"Key": "Stage", "Value": stage}]'), "ParameterKey, the name"),
        "half": (parameters('[{"ParameterKey": "Stage", "ParameterValue": stage}]'), "your parameters say"),
    },
    "4.6": {
        "swallows": (
            book('order = record.kinesis.data_as_json()\n    return order.get("AMOUNT") is not None'),
            "nobody heard of it",
        ),
        "as a dict": (
            book('import json\n    order = json.loads(record["kinesis"]["data"])'),
            "an object of Powertools here",
        ),
        "turned round": (
            book('if isinstance(record.kinesis.data_as_json().get("AMOUNT"), (int, float)): raise ValueError'),
            "turn the condition round",
        ),
        "as shown": (
            book('if record.kinesis.data_as_json().get("AMOUNT") is None: raise ValueError'),
            "a text for an amount, and was booked",
        ),
        "zero": (
            book('if not record.kinesis.data_as_json().get("AMOUNT"): raise ValueError("no amount")'),
            "of exactly 0",
        ),
        "always": (book('raise ValueError("no")'), "Raise for an order whose amount is not a number only"),
    },
}
