"""How functions answer the gateway."""

import json


def answer(status, body):
    headers = {"content-type": "application/json", "access-control-allow-origin": "*"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body, ensure_ascii=False)}
