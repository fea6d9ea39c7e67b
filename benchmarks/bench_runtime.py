"""How long it takes to start an execution environment and to use a warm one."""

from __future__ import annotations

import json
import time

from benchmarks.measuring import Bars, deploy, median_seconds
from helpers import open_cloud
from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.lambda_ import function_lookup
from kinesis_lab.emulator.moto_adapter import dispatch
from kinesis_lab.emulator.wire import Request

HANDLER = "def handler(event, context): return event\n"
UPDATES = 500
WITH_BOTO3 = "import boto3\nkinesis = boto3.client('kinesis')\n" + HANDLER


def main() -> int:
    """Print the table; the number of bars that were missed."""
    bars = Bars("Function runtime")
    with open_cloud("local") as cloud:
        lambda_ = cloud.client("lambda")
        deploy(cloud, HANDLER)
        deploy(cloud, WITH_BOTO3, "with-boto3")

        def cold(name: str, times: int) -> float:
            numbers = iter(range(times))

            def invoke() -> None:  # a changed setting needs a new environment; its own call is not measured
                lambda_.invoke(FunctionName=name, Payload=b"1")

            def measured() -> float:
                settings = {"Variables": {"RUN": str(next(numbers))}}
                lambda_.update_function_configuration(FunctionName=name, Environment=settings)
                return median_seconds(invoke, 1)

            return sorted(measured() for _ in range(times))[times // 2]

        bars.at_most("cold start and first invocation, no boto3 in the handler", cold("bench", 15) * 1e3, 30, "ms")
        bars.at_most("the same with a boto3 client in the handler", cold("with-boto3", 5) * 1e3, 80, "ms")

        local = cloud.emulator
        function = function_lookup.find("us-east-1", "bench")
        runtime = local.switchboard.runtime
        warm = median_seconds(lambda: local.clock.complete(runtime.invoke(function, b"{}")), 1000)
        bars.at_most("warm invocation", warm * 1e3, 0.1, "ms")
        through_boto3 = median_seconds(lambda: lambda_.invoke(FunctionName="bench"), 500)
        bars.info("the same through boto3", through_boto3 * 1e3, "ms")
        bars.at_most("a conditional update of an item, CPU", conditional_update(cloud) * 1e3, 2, "ms")
    return bars.missed


def conditional_update(cloud: Cloud) -> float:
    """Seconds of CPU that DynamoDB takes for one, as a handler counts: asked as functions ask, without a client."""
    cloud.client("dynamodb").create_table(
        TableName="visits",
        KeySchema=[{"AttributeName": "page", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "page", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    scope = "AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/dynamodb/aws4_request, Signature=0"
    headers = {"authorization": scope, "x-amz-target": "DynamoDB_20120810.UpdateItem"}
    began = time.process_time()
    for number in range(UPDATES):
        body = {
            "TableName": "visits",
            "Key": {"page": {"S": f"/{number % 20}"}},
            "UpdateExpression": "SET visits = if_not_exists(visits, :zero) + :n, #m = :mark",
            "ConditionExpression": "attribute_not_exists(#m) OR #m < :mark",
            "ExpressionAttributeNames": {"#m": "mark"},
            "ExpressionAttributeValues": {":zero": {"N": "0"}, ":n": {"N": "1"}, ":mark": {"S": f"{number:09}"}},
        }
        url = "https://dynamodb.us-east-1.amazonaws.com/"
        answered = dispatch.answer(Request("POST", url, headers, json.dumps(body).encode()))
        assert answered.status == 200, answered.body
    return (time.process_time() - began) / UPDATES


if __name__ == "__main__":
    raise SystemExit(main())
