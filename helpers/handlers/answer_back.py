import base64
import json


def handler(event, context):
    second = event["Records"][1]["kinesis"]
    answer = base64.b64decode(second["data"]).decode("utf-8")
    return json.loads(answer.replace("SECOND", second["sequenceNumber"]))
