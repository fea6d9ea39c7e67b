import base64
import os


def handler(event, context):
    for record in event["Records"]:
        print(os.environ["SIDE"], base64.b64decode(record["kinesis"]["data"]).decode("utf-8"))
