import json


def handler(event, context):
    print(json.dumps(event, ensure_ascii=False))
