import base64
import json


def handler(event, context):
    state = event["state"]  # what the last call for this window has returned; {} at first
    for record in event["Records"]:
        sale = json.loads(base64.b64decode(record["kinesis"]["data"]))
        state["sales"] = state.get("sales", 0) + 1
        state["sum"] = round(state.get("sum", 0) + sale["AMOUNT"], 2)
    if event["isFinalInvokeForWindow"]:
        print(event["window"]["start"], event["shardId"], state["sales"], "sales,", state["sum"], "euros")
    return {"state": state}
