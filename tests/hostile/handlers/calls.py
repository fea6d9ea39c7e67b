"""Handlers that call AWS as nobody does, or delete what they live by."""

from __future__ import annotations

import os
from typing import Any

from tests.hostile.table import WHATEVER, Answer, gives, handler, raised

ODD_CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("cloudformation", "create_stack", {"StackName": "a", "TemplateBody": '{"Resources": {"A": {}}}'}),
    ("cloudformation", "create_stack", {"StackName": "b", "TemplateBody": '{"Resources": []}'}),
    ("cloudformation", "create_stack", {"StackName": "c", "TemplateBody": "[1]"}),
    ("cloudformation", "create_stack", {"StackName": "d", "TemplateBody": "Resources: {A: {Type: 5, Properties: 7}}"}),
    ("cloudformation", "validate_template", {"TemplateBody": "{"}),
    (
        "cloudformation",
        "create_stack",
        {
            "StackName": "e",
            "TemplateBody": '{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "A"}}}}}',
        },
    ),
    ("iam", "create_policy", {"PolicyName": "p", "PolicyDocument": "{"}),
    ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "[]"}),
    ("s3", "put_object", {"Bucket": "nowhere", "Key": "../../x", "Body": b"x"}),
    ("s3", "create_bucket", {"Bucket": "A__"}),
    ("sqs", "send_message", {"QueueUrl": "https://nowhere/1/2", "MessageBody": "x"}),
    ("sqs", "create_queue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "x"}}),
    ("sns", "publish", {"TopicArn": "x", "Message": "y"}),
    ("sns", "publish", {"TargetArn": "arn:aws:sns", "Message": "y"}),
    ("dynamodb", "put_item", {"TableName": "none", "Item": {"a": {"N": "x"}}}),
    (
        "dynamodb",
        "create_table",
        {"TableName": "abc", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "AttributeDefinitions": []},
    ),
    ("logs", "put_log_events", {"logGroupName": "none", "logStreamName": "none", "logEvents": []}),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": -1e300}]}),
    ("kms", "decrypt", {"CiphertextBlob": b"x"}),
    ("lambda", "invoke", {"FunctionName": "none"}),
    (
        "lambda",
        "create_function",
        {"FunctionName": "x", "Role": "arn:aws:iam::123456789012:role/x", "Code": {"ZipFile": b"x"}},
    ),
    ("apigateway", "put_rest_api", {"restApiId": "x", "body": b"{"}),
    ("stepfunctions", "create_state_machine", {"name": "x", "definition": "{", "roleArn": "x"}),
    ("kinesis", "get_records", {"ShardIterator": "x"}),
    ("events", "put_rule", {"Name": "x", "EventPattern": "{"}),
    ("firehose", "put_record", {"DeliveryStreamName": "x", "Record": {"Data": b"x"}}),
)


@handler(raised("ClientError|ValidationError"), timeout=60, mapping={"gate": True})
def creates_a_stack_without_a_type(event, context):
    import boto3

    boto3.client("cloudformation").create_stack(StackName="x", TemplateBody='{"Resources": {"A": {}}}')
    return 1


@handler(gives(len(ODD_CALLS)), given={"odd_calls": ODD_CALLS}, timeout=300, seconds=90, mapping={"attempts": 1})
def makes_many_odd_calls(event, context):
    import boto3
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1})
    for service, operation, arguments in odd_calls:
        try:
            getattr(boto3.client(service, config=once), operation)(**arguments)
        except Exception as error:
            print(service, operation, type(error).__name__, error)
    return len(odd_calls)


@handler(gives(1), again=("function",), fresh=None, timeout=20, gate=True)
def deletes_its_function(event, context):
    import boto3

    boto3.client("lambda").delete_function(FunctionName=context.function_name)
    return 1


@handler(Answer(error=r"Runtime\.ExitError"), again=("function",), fresh=True, timeout=20)
def deletes_its_function_and_dies(event, context):
    import boto3

    boto3.client("lambda").delete_function(FunctionName=context.function_name)
    os._exit(1)


@handler(gives(1), through="mapping", attempts=1, again=("function", "mapping"), fresh=None, timeout=20)
def deletes_its_function_by_mapping(event, context):
    import boto3

    boto3.client("lambda").delete_function(FunctionName=context.function_name)
    return 1


@handler(gives(1), through="mapping", attempts=1, again=("mapping",), timeout=20, gate=True)
def deletes_its_mapping(event, context):
    import boto3

    lambda_ = boto3.client("lambda")
    for m in lambda_.list_event_source_mappings(FunctionName=context.function_name)["EventSourceMappings"]:
        lambda_.delete_event_source_mapping(UUID=m["UUID"])
    return 1


@handler(WHATEVER, through="mapping", again=("mapping",), timeout=20)
def deletes_its_mapping_and_raises(event, context):
    import boto3

    lambda_ = boto3.client("lambda")
    for m in lambda_.list_event_source_mappings(FunctionName=context.function_name)["EventSourceMappings"]:
        lambda_.delete_event_source_mapping(UUID=m["UUID"])
    1 / 0


@handler(gives(1), through="mapping", attempts=1, again=("stream", "mapping"), timeout=20)
def deletes_its_stream(event, context):
    import boto3

    boto3.client("kinesis").delete_stream(StreamName="orders")
    return 1


@handler(WHATEVER, through="mapping", again=("stream", "mapping"), timeout=20, fresh=None)
def deletes_its_stream_and_raises(event, context):
    import boto3

    boto3.client("kinesis").delete_stream(StreamName="orders")
    1 / 0


@handler(gives(1), through="mapping", attempts=1, again=("role",), timeout=20)
def deletes_its_role(event, context):
    import boto3

    iam = boto3.client("iam")
    for p in iam.list_attached_role_policies(RoleName="shop")["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="shop", PolicyArn=p["PolicyArn"])
    iam.delete_role(RoleName="shop")
    return 1


@handler(gives(1), timeout=20)
def updates_its_code(event, context):
    import boto3

    try:
        boto3.client("lambda").update_function_code(FunctionName=context.function_name, ZipFile=b"x")
    except Exception:
        return 1


@handler(gives(1), fresh=None, timeout=20)
def changes_its_timeout(event, context):
    import boto3

    boto3.client("lambda").update_function_configuration(FunctionName=context.function_name, Timeout=1)
    return 1


@handler(WHATEVER, fresh=None, timeout=60, seconds=180)
def invokes_itself(event, context):
    import json

    import boto3

    return json.load(
        boto3.client("lambda").invoke(FunctionName=context.function_name, Payload=json.dumps(event))["Payload"]
    )


@handler(WHATEVER, fresh=None, timeout=10, seconds=180)
def invokes_itself_twice(event, context):
    import json

    import boto3

    lambda_ = boto3.client("lambda")
    return [
        json.load(lambda_.invoke(FunctionName=context.function_name, Payload=json.dumps(event))["Payload"])
        for _ in range(2)
    ]


@handler(WHATEVER, fresh=None, timeout=60, seconds=100)
def invokes_itself_twice_later(event, context):
    import json

    import boto3

    for _ in range(2):
        boto3.client("lambda").invoke(
            FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(event)
        )
    return 1


@handler(gives(1), fresh=None, timeout=60, seconds=90, mapping={"attempts": 16})
def invokes_itself_later(event, context):
    import json

    import boto3

    boto3.client("lambda").invoke(FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(event))
    return 1


@handler(WHATEVER, fresh=None, timeout=60, seconds=180, processes=40, twin=True)
def invokes_another_that_invokes_it(event, context):
    import json

    import boto3

    other = "other" if context.function_name == "case" else "case"
    return json.load(boto3.client("lambda").invoke(FunctionName=other, Payload=json.dumps(event))["Payload"])


@handler(gives(1), through="mapping", attempts=2, timeout=20)
def puts_its_record_again(event, context):
    import boto3

    boto3.client("kinesis").put_record(StreamName="orders", Data=b"again", PartitionKey="x")
    return 1


@handler(gives(1), timeout=60)
def calls_an_address_of_its_own(event, context):
    import boto3

    for address in ("http://127.0.0.1:1", "http://[::1]:9", "http://evil.example"):
        try:
            boto3.client("s3", endpoint_url=address).list_buckets()
        except Exception as error:
            print(error)
    return 1
