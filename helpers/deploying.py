"""From handler files to a function that is fed by a stream, and back: packages, roles, functions, mappings, stacks.

Everything here is plain boto3 through the clients of a `Cloud`, as chapter 04 does it call by call.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kinesis_lab.cloud import Cloud
from kinesis_lab.deploying import (
    LOGGING,
    READING,
    RUNTIME,
    Deployment,
    deploy,
    deploy_function,
    package,
    role_policy,
    tear_down,
    trust_policy,
    update_code,
    wait_until_enabled,
)

__all__ = [
    "LOGGING",
    "READING",
    "RUNTIME",
    "Deployment",
    "deploy",
    "deploy_function",
    "deploy_stack",
    "package",
    "role_policy",
    "tear_down",
    "template",
    "trust_policy",
    "update_code",
    "wait_until_enabled",
]


def template(code: str | Path, **mapping: Any) -> dict[str, Any]:
    """A CloudFormation template of a stream, a role, a function and a mapping, with a parameter for the stage.

    `code`: a handler file of up to 4,096 characters, which stands in the template; `mapping`: as for `deploy`.
    """
    source = Path(code).read_text(encoding="utf-8")
    if len(source) > 4096:
        raise ValueError(f"{code} has {len(source)} characters; a template holds 4096, what is larger goes through S3")
    stream = {"Fn::GetAtt": ["Stream", "Arn"]}
    policy = {"PolicyName": "reads-and-logs", "PolicyDocument": _with_stream(role_policy("STREAM"), stream)}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Stage": {"Type": "String", "Default": "dev", "AllowedPattern": "[a-z]+"},
            "Shards": {"Type": "Number", "Default": 1},
        },
        "Resources": {
            "Stream": _resource("Kinesis::Stream", Name=_staged("orders"), ShardCount={"Ref": "Shards"}),
            "Role": _resource("IAM::Role", AssumeRolePolicyDocument=trust_policy(), Policies=[policy]),
            "Function": _resource(
                "Lambda::Function",
                FunctionName=_staged("book-orders"),
                Runtime=RUNTIME,
                Handler="index.handler",
                Role={"Fn::GetAtt": ["Role", "Arn"]},
                Timeout=30,
                Code={"ZipFile": source},
            ),
            "Mapping": _resource(
                "Lambda::EventSourceMapping",
                EventSourceArn=stream,
                FunctionName={"Ref": "Function"},
                **{"StartingPosition": "TRIM_HORIZON", **mapping},
            ),
        },
        "Outputs": {"StreamName": {"Value": {"Ref": "Stream"}}, "FunctionName": {"Value": {"Ref": "Function"}}},
    }


def deploy_stack(cloud: Cloud, name: str, body: dict[str, Any], **parameters: str) -> dict[str, str]:
    """Create a stack from a template, wait until it is there, and return its outputs."""
    cloudformation = cloud.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloudformation.create_stack(
        StackName=name, TemplateBody=json.dumps(body), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def _staged(name: str) -> dict[str, str]:
    return {"Fn::Sub": f"{name}-${{Stage}}"}


def _with_stream(policy: dict[str, Any], stream: Any) -> dict[str, Any]:
    statements = [
        {**statement, "Resource": stream if statement["Resource"] == "STREAM" else statement["Resource"]}
        for statement in policy["Statement"]
    ]
    return {**policy, "Statement": statements}
