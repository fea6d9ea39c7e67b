"""CloudFormation templates of the systems that chapters build."""

from __future__ import annotations

from typing import Any

from helpers.deploying import LOGGING, READING, RUNTIME, trust_policy

Resource = dict[str, Any]


def fan_out() -> Resource:
    """The system of chapter 07: transactions are routed into three streams, and each of these has its function.

    Parameters of the template: Stage, and Bucket and Key of the package with the code of `handlers/fan_out`.
    Streams and functions are named after the side or the job, and the stage.
    """
    sides = ("Positive", "Negative", "Rejected")
    resources = {f"{name}Stream": stream(name) for name in ("Transactions", *sides)}
    targets = {side.upper(): {"Ref": f"{side}Stream"} for side in sides}
    writes = allow("kinesis:PutRecords", *(arn(f"{side}Stream") for side in sides))
    reports = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    resources |= consumer("Router", "router.handler", "TransactionsStream", targets, [writes], **reports)
    for side in sides:
        resources |= consumer(side, "say.handler", f"{side}Stream", {"SIDE": side.upper()})
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Stage": {"Type": "String", "Default": "dev", "AllowedPattern": "[a-z]+"},
            "Bucket": {"Type": "String"},
            "Key": {"Type": "String"},
        },
        "Resources": resources,
    }


# Parts


def stream(name: str, shards: int = 1) -> Resource:
    """A stream that is named after this and the stage, in small letters."""
    return {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": staged(name), "ShardCount": shards}}


def consumer(
    name: str,
    handler: str,
    source: str,
    environment: dict[str, Any],
    statements: list[Resource] | None = None,
    **mapping: Any,
) -> dict[str, Resource]:
    """A function, its role and its mapping on the stream with the logical id `source`.

    `statements`: what the role allows besides reading this stream and logging; `mapping`: further settings of it.
    """
    policy = {
        "Version": "2012-10-17",
        "Statement": [allow(READING, arn(source)), allow(LOGGING, "arn:aws:logs:*:*:*"), *(statements or [])],
    }
    policies = [{"PolicyName": "reads-and-writes", "PolicyDocument": policy}]
    role = {"AssumeRolePolicyDocument": trust_policy(), "Policies": policies}
    function = {
        "FunctionName": staged(name),
        "Runtime": RUNTIME,
        "Handler": handler,
        "Role": arn(f"{name}Role"),
        "Timeout": 30,
        "Code": {"S3Bucket": {"Ref": "Bucket"}, "S3Key": {"Ref": "Key"}},
        "Environment": {"Variables": environment},
    }
    mapped = {"EventSourceArn": arn(source), "FunctionName": {"Ref": f"{name}Function"}}
    return {
        f"{name}Role": {"Type": "AWS::IAM::Role", "Properties": role},
        f"{name}Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        f"{name}Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {**mapped, "StartingPosition": "TRIM_HORIZON", **mapping},
        },
    }


def allow(actions: str | tuple[str, ...], *resources: Any) -> Resource:
    """A statement of a policy."""
    return {
        "Effect": "Allow",
        "Action": [actions] if isinstance(actions, str) else list(actions),
        "Resource": list(resources),
    }


def arn(logical_id: str) -> Resource:
    """The ARN of a resource of the template."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def staged(name: str) -> Resource:
    """A name that differs from stage to stage."""
    return {"Fn::Sub": f"{name.lower()}-${{Stage}}"}
