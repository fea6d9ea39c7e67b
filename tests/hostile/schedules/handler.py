"""The function of every mapping in a schedule: does what its records tell it, and writes down what it was given.

A line is written before anything is done, so that whoever reads them knows of invocations that never end, too.
"""

import base64
import json
import time

SLOW_SECONDS = 3.0
TOO_LONG_SECONDS = 30.0
"""More than the functions' timeout, which is 10 seconds."""
FINALS_THAT_FAIL = 2
"""How many final invocations of each window fail, for functions whose name ends with an odd number."""

seen = {}


def plan(name, event, seen):
    """What to do with an event: the line to write, seconds to work, and `raise` or the answer.

    `seen`: how often each record, or the end of each window, was given to this function before.
    """
    records = [(each, json.loads(base64.b64decode(each["kinesis"]["data"]))) for each in event["Records"]]
    shards = {each["eventID"].partition(":")[0] for each, _ in records} | {event.get("shardId")} - {None}
    line = {
        "function": name,
        "at": time.time(),
        "shards": sorted(shards),
        "ids": [what["id"] for _, what in records],
        "numbers": [each["kinesis"]["sequenceNumber"] for each, _ in records],
        "keys": [each["kinesis"]["partitionKey"] for each, _ in records],
        "arrivals": [each["kinesis"]["approximateArrivalTimestamp"] for each, _ in records],
    }
    for key in ("window", "state", "isFinalInvokeForWindow", "isWindowTerminatedEarly"):
        if key in event:
            line[key] = event[key]
    seconds, answer = _act(name, event, records, seen)
    return {**line, "seconds": seconds, "answer": answer}, seconds, answer


def _act(name, event, records, seen):
    seconds, failing = 0.05, []
    if event.get("isFinalInvokeForWindow"):
        closed = _times(seen, f"{event['shardId']} {event['window']['start']} {event['state']}")
        if int(name[1:]) % 2 and closed <= FINALS_THAT_FAIL:
            return seconds, "raise"
    times = {what["id"]: _times(seen, what["id"]) for _, what in records}
    for each, what in records:
        again = times[what["id"]] <= what.get("times", 0)
        match what["kind"]:
            case "slow":
                seconds = max(seconds, SLOW_SECONDS)
            case "poison":
                return seconds, "raise"
            case "flaky" if again:
                return seconds, "raise"
            case "timeout" if again:
                return TOO_LONG_SECONDS, "raise"
            case "nonsense" if again:
                return seconds, {"batchItemFailures": [{"itemIdentifier": "nobody"}], "state": {"ids": []}}
            case "stuck" if again:
                failing.append({"itemIdentifier": each["kinesis"]["sequenceNumber"]})
            case "stateless" if again:
                return seconds, {"batchItemFailures": []}
    answer = {"batchItemFailures": failing}
    if "window" in event:
        first = min((event["Records"].index(each) for each, _ in records if _named(each, failing)), default=None)
        done = [what["id"] for _, what in records[:first]]
        answer["state"] = {"ids": [*event["state"].get("ids", []), *done]}
    return seconds, answer


def _named(record, failing):
    return any(record["kinesis"]["sequenceNumber"] == each["itemIdentifier"] for each in failing)


def _times(seen, what):
    seen[what] = seen.get(what, 0) + 1
    return seen[what]


def handler(event, context):
    line, seconds, answer = plan(context.function_name, event, seen)
    print("GIVEN " + json.dumps(line))
    time.sleep(seconds)
    if answer == "raise":
        raise RuntimeError("as the record says")
    return answer
