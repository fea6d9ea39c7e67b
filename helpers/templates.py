"""CloudFormation templates of the systems that chapters build."""

from __future__ import annotations

from typing import Any

from helpers.deploying import LOGGING, READING, RUNTIME, trust_policy
from helpers.retail.tables import CATALOGUE, TARGETS, WINNER, WINNER_IN_ORDER

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
    mapped = {"EventSourceArn": arn(source), "FunctionName": {"Ref": f"{name}Function"}}
    return function(name, handler, environment, [allow(READING, arn(source)), *(statements or [])]) | {
        f"{name}Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {**mapped, "StartingPosition": "TRIM_HORIZON", **mapping},
        },
    }


def function(name: str, handler: str, environment: dict[str, Any], statements: list[Resource]) -> dict[str, Resource]:
    """A function and its role, which allows these statements and logging."""
    policy = {"Version": "2012-10-17", "Statement": [*statements, allow(LOGGING, "arn:aws:logs:*:*:*")]}
    policies = [{"PolicyName": "reads-and-writes", "PolicyDocument": policy}]
    role = {"AssumeRolePolicyDocument": trust_policy(), "Policies": policies}
    described = {
        "FunctionName": staged(name),
        "Runtime": RUNTIME,
        "Handler": handler,
        "Role": arn(f"{name}Role"),
        "Timeout": 30,
        "Code": {"S3Bucket": {"Ref": "Bucket"}, "S3Key": {"Ref": "Key"}},
        "Environment": {"Variables": environment},
    }
    return {
        f"{name}Role": {"Type": "AWS::IAM::Role", "Properties": role},
        f"{name}Function": {"Type": "AWS::Lambda::Function", "Properties": described},
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


GATEWAY_TO_FUNCTION = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.Arn}/invocations"
"""Where an API finds a function, by its logical id."""


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
    environment = {"TABLE": {"Ref": "Hits"}}
    resources |= consumer("Count", "count.handler", "ClicksStream", environment, [writes])
    resources |= function("Read", "api.handler", environment, [reads])
    resources["ReadPermission"] = _may_be_called("ReadFunction")
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
        "TableName": staged("Hits"),
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
    uri = GATEWAY_TO_FUNCTION % "ReadFunction"
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


def _may_be_called(function_id: str) -> Resource:
    """The function lets the gateway call it: a role of the gateway's own is not asked for that."""
    permission = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    return {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": function_id}, **permission}}


def keys(first: str, second: str) -> list[dict[str, str]]:
    """The key schema of a table or an index: hash key and range key."""
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]


# Retail


def retail() -> Resource:
    """The system of chapter 08: a log and a copy of it, the views of both, and an API to write and to ask.

    Parameters of the template: Stage, and Bucket and Key of the package with the code of `handlers` and its schemas.
    Who takes part is a row in the table of targets, which has to be put in by hand.
    """
    resources = {
        "LogStream": stream("Log", 2),
        "ClassStream": stream("Class", 2),
        "ClassWriter": _writer("ClassStream"),
    }
    for prefix, tables in (("", (*CATALOGUE, *TARGETS)), ("Ordered", WINNER_IN_ORDER), ("Class", WINNER)):
        for each in tables:
            in_stage = {**each, "TableName": _in_stage(prefix, each["TableName"])}
            resources[_table_id(prefix, each)] = {"Type": "AWS::DynamoDB::Table", "Properties": in_stage}
    partial = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    catalogue = _uses("Products", "Categories")
    resources |= consumer("Catalogue", "retail.catalogue.handler", "LogStream", _tables(), [catalogue], **partial)
    may_copy = [allow("dynamodb:Scan", arn("Targets")), allow("sts:AssumeRole", arn("ClassWriter"))]
    resources |= consumer("FanOut", "retail.fan_out.handler", "LogStream", _tables(), may_copy)
    for prefix, module, source, tables in (
        ("Ordered", "winner", "LogStream", WINNER_IN_ORDER),
        ("Class", "winner_any_order", "ClassStream", WINNER),
    ):
        uses = _uses(*(_table_id(prefix, each) for each in tables))
        handler = f"retail.{module}.handler"
        resources |= consumer(f"{prefix}Winner", handler, source, _tables(prefix), [uses], **partial)
    may_write = [allow("kinesis:PutRecord", arn("LogStream"))]
    writing = {"STREAM": {"Ref": "LogStream"}, "SECRET": {"Ref": "Secret"}}
    resources |= function("EventWriter", "retail.event_writer.handler", writing, may_write)
    resources |= function("CatalogueApi", "retail.catalogue_api.handler", _tables(), [catalogue])
    scores = [_uses("ClassScores", "ClassContributions")]
    resources |= function("ScoresApi", "retail.scores_api.handler", _tables("Class"), scores)
    routes = {
        "events": ("POST", "EventWriter"),
        "categories": ("GET", "CatalogueApi"),
        "products": ("GET", "CatalogueApi"),
        "scores": ("GET", "ScoresApi"),
        "contributions": ("GET", "ScoresApi"),
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Stage": {"Type": "String", "Default": "dev", "AllowedPattern": "[a-z]+"},
            "Bucket": {"Type": "String"},
            "Key": {"Type": "String"},
            "Secret": {"Type": "String", "NoEcho": True},
        },
        "Resources": resources | _proxy_api("Retail", routes),
        "Outputs": {"Api": {"Value": {"Ref": "Api"}}, "ClassWriter": {"Value": arn("ClassWriter")}},
    }


def _in_stage(prefix: str, name: str) -> Resource:
    return {"Fn::Sub": f"{prefix.lower()}-${{Stage}}-{name}" if prefix else f"${{Stage}}-{name}"}


def _tables(prefix: str = "") -> Resource:
    """What functions must know to find their tables."""
    return {"TABLES": _in_stage(prefix, "")}


def _table_id(prefix: str, table: Resource) -> str:
    return f"{prefix}{table['TableName'].title()}"


def _uses(*tables: str) -> Resource:
    """Reads and writes these tables and their indexes."""
    actions = ("GetItem", "PutItem", "Query", "Scan", "UpdateItem")
    indexes = [{"Fn::Join": ["", [arn(table), "/index/*"]]} for table in tables]
    return allow(tuple(f"dynamodb:{action}" for action in actions), *(arn(table) for table in tables), *indexes)


def _writer(stream_id: str) -> Resource:
    """The role in which others may write to a stream: here, the functions of this account."""
    trust = trust_policy()
    trust["Statement"][0]["Principal"] = {"AWS": {"Ref": "AWS::AccountId"}}
    policy = {"Version": "2012-10-17", "Statement": [allow("kinesis:PutRecords", arn(stream_id))]}
    policies = [{"PolicyName": "writes", "PolicyDocument": policy}]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": policies}}


def _proxy_api(name: str, routes: dict[str, tuple[str, str]]) -> dict[str, Resource]:
    """An API with a path and a method for each route, all of them answered by functions, on the stage `live`."""
    resources: dict[str, Resource] = {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": staged(name)}}}
    methods = []
    for path, (verb, answers) in routes.items():
        part = {"RestApiId": {"Ref": "Api"}, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": path}
        uri = GATEWAY_TO_FUNCTION % f"{answers}Function"
        integration = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": uri}}
        resources[f"{path.title()}Path"] = {"Type": "AWS::ApiGateway::Resource", "Properties": part}
        resources[f"{path.title()}Method"] = _method(path.title(), verb, integration)
        methods.append(f"{path.title()}Method")
        resources[f"{answers}Permission"] = _may_be_called(f"{answers}Function")
    deployment = {"RestApiId": {"Ref": "Api"}, "StageName": "live"}
    resources["Deployment"] = {"Type": "AWS::ApiGateway::Deployment", "DependsOn": methods, "Properties": deployment}
    return resources
