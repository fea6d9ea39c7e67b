"""Valid requests to every operation of a service, as botocore would send them, made from its model."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer

from kinesis_lab.emulator.validation import service_model
from kinesis_lab.emulator.wire import Request

SIGNED_AS = {"cloudwatch": "monitoring", "stepfunctions": "states", "ses": "email"}
DEEPEST = 5
"""Shapes in each other in a request that was made up."""

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Resource": "*",
        }
    ],
}
ACCOUNT = "123456789012"
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/orders"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:book"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop"
QUEUE_URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/parcels"
TEMPLATE = {"Resources": {"Line": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "line"}}}}

KNOWN: dict[str, Any] = {
    "StreamName": "orders",
    "StreamARN": STREAM,
    "ResourceARN": STREAM,
    "ConsumerName": "reader",
    "ShardId": "shardId-000000000000",
    "FunctionName": "book",
    "EventSourceArn": STREAM,
    "StartingPosition": "LATEST",
    "Role": ROLE,
    "RoleARN": ROLE,
    "RoleArn": ROLE,
    "roleArn": ROLE,
    "RoleName": "shop",
    "Handler": "app.handler",
    "Runtime": "python3.13",
    "PackageType": "Zip",
    "Resource": FUNCTION,
    "QueueUrl": QUEUE_URL,
    "QueueName": "parcels",
    "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news",
    "TableName": "shelf",
    "Bucket": "store",
    "Key": "box",
    "StackName": "shop",
    "TemplateBody": json.dumps(TEMPLATE),
    "AssumeRolePolicyDocument": json.dumps(TRUST),
    "PolicyDocument": json.dumps(TRUST),
    "Policy": json.dumps(TRUST),
    "logGroupName": "/aws/lambda/book",
    "logStreamName": "today",
    "DeliveryStreamName": "hose",
    "EventPattern": json.dumps({"source": ["shop"]}),
    "TemplateURL": None,
    "ImageUri": None,
    "S3Bucket": None,
    "S3Key": None,
    "S3ObjectVersion": None,
}
"""Values for members of these names: what the cloud of the campaign has.  None: left out."""


def request_of(service: str, operation: str, members: dict[str, Any]) -> Request:
    """A request as botocore would send it."""
    model = service_model(service).operation_model(operation)
    protocol = str(model.service_model.protocol)
    if protocol == "smithy-rpc-v2-cbor":
        protocol = "query"
    made = create_serializer(protocol, include_validation=False).serialize_to_request(members, model)
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
        headers["content-type"] = "application/x-www-form-urlencoded"
    signed_as = SIGNED_AS.get(service, service)
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/{signed_as}/aws4_request"
    path, query = made["url_path"], urlencode(made["query_string"], doseq=True)
    url = f"https://{signed_as}.us-east-1.amazonaws.com{path}" + (
        f"{'&' if '?' in path else '?'}{query}" if query else ""
    )
    return Request(made["method"], url, headers, body if isinstance(body, bytes) else body.encode())


def made_up(operation: OperationModel, chance: random.Random, package: bytes) -> dict[str, Any]:
    """Members for an operation: those that are required, and some of the others."""
    shape = operation.input_shape
    return _value(shape, "", chance, package, 0) if shape else {}


def _value(shape: Shape, name: str, chance: random.Random, package: bytes, depth: int) -> Any:
    if KNOWN.get(name) is not None and shape.type_name == "string":
        return KNOWN[name]
    match shape.type_name:
        case "structure":
            return {
                name: _value(member, name, chance, package, depth + 1)
                for name, member in shape.members.items()
                if KNOWN.get(name, "") is not None
                and (name in shape.required_members or (depth < DEEPEST and chance.random() < 0.5 / (depth + 1)))
            }
        case "list":
            return [_value(shape.member, name.removesuffix("s"), chance, package, depth + 1)] if depth < DEEPEST else []
        case "map":
            if depth >= DEEPEST:
                return {}
            return {_text(shape.key): _value(shape.value, "", chance, package, depth + 1)}
        case "blob":
            return package if name == "ZipFile" else b"{}"
        case "integer" | "long":
            return max(1, shape.metadata.get("min", 1))
        case "float" | "double":
            return 1.5
        case "boolean":
            return chance.random() < 0.5
        case "timestamp":
            return 1_767_600_000
    return _text(shape)


def _text(shape: Shape) -> str:
    if allowed := shape.metadata.get("enum"):
        return str(allowed[0])
    return "text".ljust(shape.metadata.get("min", 4), "t")
