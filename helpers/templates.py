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


# Web analytics

TO_STREAM = '{"StreamName": "%s", "Data": "$util.base64Encode($input.body)", "PartitionKey": "$input.path(\'$.url\')"}'
ALLOW_ALL = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
ALLOW_TO_ASK = {
    **ALLOW_ALL,
    "method.response.header.Access-Control-Allow-Headers": "'content-type'",
    "method.response.header.Access-Control-Allow-Methods": "'OPTIONS,POST'",
}


def analytics() -> Resource:
    """The system of chapter 09: an API that puts hits into a stream, a counter, its table, and an API that reads it.

    Parameters of the template: Stage, and Bucket and Key of the package with the code of `handlers/analytics`.
    """
    table = arn("Hits")
    writes = allow(("dynamodb:GetItem", "dynamodb:UpdateItem"), table)
    reads = allow("dynamodb:Query", table, {"Fn::Join": ["", [table, "/index/*"]]})
    resources = {"ClicksStream": stream("Clicks"), "Hits": _table_of_hits()}
    resources |= consumer("Count", "count.handler", "ClicksStream", {}, [writes])
    read_api = consumer("Read", "api.handler", "ClicksStream", {}, [reads])
    resources |= {name: read_api[name] for name in ("ReadRole", "ReadFunction")}
    resources |= _rest_api()
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Stage": {"Type": "String", "Default": "dev", "AllowedPattern": "[a-z]+"},
            "Bucket": {"Type": "String"},
            "Key": {"Type": "String"},
        },
        "Resources": resources,
        "Outputs": {"Api": {"Value": {"Ref": "Api"}}},
    }


def _table_of_hits() -> Resource:
    kinds = {"id": "S", "date": "S", "site_date": "S", "value": "N"}
    index = {
        "IndexName": "by-date",
        "KeySchema": keys("site_date", "value"),
        "Projection": {"ProjectionType": "ALL"},
    }
    properties = {
        "TableName": "hits",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        "KeySchema": keys("id", "date"),
        "GlobalSecondaryIndexes": [index],
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def _rest_api() -> dict[str, Resource]:
    """The API, its role, its three paths, and its deployment to the stage `live`."""
    writes = {"Version": "2012-10-17", "Statement": [allow("kinesis:PutRecord", arn("ClicksStream"))]}
    trust = trust_policy()
    trust["Statement"][0]["Principal"] = {"Service": "apigateway.amazonaws.com"}
    role = {"AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": "writes", "PolicyDocument": writes}]}
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": staged("Analytics")}},
        "ApiRole": {"Type": "AWS::IAM::Role", "Properties": role},
    }
    for name in ("Track", "Ranking", "Series"):
        path = {
            "RestApiId": {"Ref": "Api"},
            "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
            "PathPart": name.lower(),
        }
        resources[f"{name}Path"] = {"Type": "AWS::ApiGateway::Resource", "Properties": path}
    to_kinesis = {
        "Type": "AWS",
        "IntegrationHttpMethod": "POST",
        "Uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:kinesis:action/PutRecord"},
        "Credentials": arn("ApiRole"),
        "RequestTemplates": {"application/json": {"Fn::Sub": TO_STREAM % "clicks-${Stage}"}},
        "IntegrationResponses": [
            {"StatusCode": "200", "ResponseParameters": ALLOW_ALL},
            {"StatusCode": "503", "SelectionPattern": r"[45]\d\d", "ResponseParameters": ALLOW_ALL},
        ],
    }
    asked_first = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": "200", "ResponseParameters": ALLOW_TO_ASK}],
    }
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${ReadFunction.Arn}/invocations"
    to_function = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": uri}}
    methods = {
        "Track": _method("Track", "POST", to_kinesis),
        "TrackAsked": _method("Track", "OPTIONS", asked_first),
        "Ranking": _method("Ranking", "GET", to_function),
        "Series": _method("Series", "GET", to_function),
    }
    resources |= {f"{name}Method": method for name, method in methods.items()}
    deployment = {"RestApiId": {"Ref": "Api"}, "StageName": "live"}
    resources["Deployment"] = {
        "Type": "AWS::ApiGateway::Deployment",
        "DependsOn": [f"{name}Method" for name in methods],
        "Properties": deployment,
    }
    return resources


def _method(path: str, verb: str, integration: Resource) -> Resource:
    properties = {
        "RestApiId": {"Ref": "Api"},
        "ResourceId": {"Ref": f"{path}Path"},
        "HttpMethod": verb,
        "AuthorizationType": "NONE",
        "Integration": integration,
    }
    return {"Type": "AWS::ApiGateway::Method", "Properties": properties}


def keys(first: str, second: str) -> list[dict[str, str]]:
    """The key schema of a table or an index: hash key and range key."""
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]
