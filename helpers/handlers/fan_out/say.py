import base64
import os


def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        print(os.environ["SIDE"], data.decode("utf-8", "backslashreplace"))  # what was rejected may be no text
