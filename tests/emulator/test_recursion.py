"""Functions that invoke themselves: Lambda's detection of recursive loops, and the account's concurrency."""

from __future__ import annotations

import pytest

from kinesis_lab.emulator.lambda_ import environments, runtime

CHAIN = """
    import boto3, json
    from botocore.exceptions import ClientError
    lambda_ = boto3.client("lambda", config=boto3.session.Config(retries={"max_attempts": 0}))
    def handler(event, context):
        try:
            answer = lambda_.invoke(FunctionName=NEXT, Payload=json.dumps(event + 1))
        except ClientError as error:
            return [event, error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"],
                    error.response["Error"]["Message"]]
        return json.load(answer["Payload"])
"""
ONWARDS = """
    import boto3, json
    lambda_ = boto3.client("lambda")
    def handler(event, context):
        for _ in range(TIMES):
            lambda_.invoke(FunctionName=NEXT, InvocationType="Event", Payload=json.dumps(event + 1))
"""


def dropped(cloud):
    end = cloud.now()
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="RecursiveInvocationsDropped",
        Dimensions=[{"Name": "FunctionName", "Value": "app"}],
        StartTime=end.replace(hour=0),
        EndTime=end,
        Period=86_400,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


@pytest.mark.slow
def test_a_function_that_invokes_itself_is_stopped_after_sixteen_rounds(cloud, deploy, invoke):
    arn = deploy("NEXT = 'app'\n" + CHAIN.replace("\n    ", "\n"), Timeout=60)
    assert invoke(1).result == [
        16,
        "RecursiveInvocationException",
        400,
        f"Function {arn} was invoked in a recursive loop, and was stopped.",
    ]
    assert invoke(1).result[0] == 16, "every chain is counted by itself"
    assert dropped(cloud) == 2


@pytest.mark.slow
def test_a_loop_of_two_functions(deploy, invoke):
    for name, following in (("app", "other"), ("other", "app")):
        deploy(f"NEXT = '{following}'\n" + CHAIN.replace("\n    ", "\n"), name=name, Timeout=60)
    assert invoke(1).result[:2] == [32, "RecursiveInvocationException"]


@pytest.mark.slow
def test_an_asynchronous_loop_is_dropped(cloud, deploy, invoke):
    deploy("NEXT, TIMES = 'app', 1\n" + ONWARDS.replace("\n    ", "\n"), Timeout=60)
    invoke(1)
    cloud.wait(3600)
    assert len(cloud.recorder.table("invoke")) == 16
    assert list(cloud.recorder.table("refused")["outcome"]) == ["RecursiveInvocationException"], "it is not tried again"
    assert dropped(cloud) == 1


def test_fan_outs_are_no_loop(cloud, deploy, invoke):
    deploy("NEXT, TIMES = 'leaf', 40\n" + ONWARDS.replace("\n    ", "\n"), Timeout=60)
    deploy("def handler(event, context): return event", name="leaf")
    for _ in range(20):
        assert invoke(1).error is None
    cloud.wait(60)
    assert set(cloud.recorder.table("invoke")["outcome"]) == {"ok"}


def test_no_more_run_at_once_in_a_region_than_the_account_may(cloud, deploy, lambda_, monkeypatch):
    monkeypatch.setattr(runtime, "MOST_CONCURRENT", 3)
    for name in ("one", "two"):
        deploy("import time\ndef handler(event, context): time.sleep(30)", name=name, Timeout=60)
    for name in ("one", "two", "one"):
        lambda_.invoke(FunctionName=name, InvocationType="Event")
    cloud.wait(1)
    with pytest.raises(lambda_.exceptions.TooManyRequestsException, match=r"Rate Exceeded\."):
        lambda_.invoke(FunctionName="two")
    cloud.wait(40)
    assert lambda_.invoke(FunctionName="two")["StatusCode"] == 200


def test_there_are_no_more_environments_than_may_be(cloud, deploy, invoke, lambda_, monkeypatch):
    monkeypatch.setattr(environments, "MOST", 2)
    for name in ("one", "two", "three"):
        deploy("import time\ndef handler(event, context): time.sleep(30 if event else 0)", name=name, Timeout=60)
        assert invoke(0, name=name).error is None, "an idle one makes room"
    assert len(cloud.emulator.switchboard.runtime.environments._all) == 2
    for _ in range(2):
        lambda_.invoke(FunctionName="three", InvocationType="Event", Payload="1")
    cloud.wait(1)
    with pytest.raises(lambda_.exceptions.ServiceException, match="2 environments are at work"):
        invoke(0, name="two")
