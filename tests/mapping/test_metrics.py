"""What is measured: facts 7.17."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.mapping.conftest import poison, stuck_at_poison, throttled


@pytest.fixture
def measured(stage):
    """A statistic of a metric over all that has happened; None if there is none."""
    cloudwatch = stage.cloud.client("cloudwatch")

    def measured(name, statistic="Sum", **dimensions):
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[
                {"Name": key, "Value": value} for key, value in (dimensions or {"FunctionName": "app"}).items()
            ],
            StartTime=stage.cloud.now() - timedelta(hours=30),
            EndTime=stage.cloud.now() + timedelta(minutes=2),
            Period=3600 * 48,
            Statistics=[statistic],
        )["Datapoints"]
        return sum(point[statistic] for point in points) if points else None

    return measured


@pytest.fixture
def events(stage, measured):
    """The mapping's own metrics."""

    def events():
        names = ("Polled", "FilteredOut", "Invoked", "FailedInvoke", "Dropped", "OnFailureDestinationDelivered")
        found = {name: measured(f"{name}EventCount", EventSourceMappingUUID=stage.uuid) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    return events


ON = {"MetricsConfig": {"Metrics": ["EventCount"]}}


def test_iterator_age_is_the_age_of_the_last_record_when_it_is_sent(stage, measured):
    stage.put("old")
    stage.cloud.wait(100)
    stage.put("young")
    stage.map(wait=8)
    assert measured("IteratorAge", "Maximum") == pytest.approx(5_000, abs=1_100)


def test_iterator_age_belongs_to_the_minute_in_which_the_batch_was_sent(stage):
    cloud, began = stage.cloud, stage.cloud.now()
    stage.seconds = lambda event: 300
    stage.put("a")
    stage.map(wait=360)
    (point,) = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": "app"}],
        StartTime=began - timedelta(minutes=2),
        EndTime=cloud.now() + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert point["Timestamp"] < began + timedelta(seconds=30)


def test_iterator_age_climbs_while_a_batch_is_stuck(stage, measured):
    stage.answer = poison
    stage.map()
    stage.put("poison")
    stage.cloud.wait(3600)
    assert measured("IteratorAge", "Maximum") == pytest.approx(3_600_000, abs=15_000)


def test_the_functions_own_metrics(cloud, kinesis, lambda_, stream, deploy):
    deploy(
        """
        import time
        def handler(event, context):
            time.sleep(2)
            if event == "bad": raise ValueError
        """,
        Timeout=10,
    )
    lambda_.invoke(FunctionName="app", Payload='"good"')
    lambda_.invoke(FunctionName="app", Payload='"bad"')
    for _ in range(2):
        lambda_.invoke(FunctionName="app", InvocationType="Event", Payload='"good"')
    cloud.wait(30)
    lambda_.put_function_concurrency(FunctionName="app", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError):
        lambda_.invoke(FunctionName="app")

    def total(name, statistic="Sum"):
        (point,) = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": "app"}],
            StartTime=cloud.now() - timedelta(hours=1),
            EndTime=cloud.now() + timedelta(hours=1),
            Period=7200,
            Statistics=[statistic],
        )["Datapoints"]
        return point[statistic]

    assert (total("Invocations"), total("Errors")) == (4, 1)
    assert total("Throttles") >= 1
    assert total("Duration", "Average") == pytest.approx(2002, abs=1)
    assert total("ConcurrentExecutions", "Maximum") == 2


def test_events_are_counted_when_asked_for(stage, events):
    stage.answer = poison
    stage.map(
        BatchSize=2,
        MaximumRetryAttempts=1,
        FilterCriteria={"Filters": [{"Pattern": '{"partitionKey": ["k"]}'}]},
        **ON,
    )
    stage.put("poison", "a", "b")
    stage.put("x", key="other")
    stage.cloud.wait(30)
    assert events() == {"Polled": 4, "FilteredOut": 1, "Invoked": 5, "FailedInvoke": 4, "Dropped": 2}


def test_a_partial_response_counts_its_whole_batch_as_failed(stage, events):
    stage.answer = stuck_at_poison
    stage.map(MaximumRetryAttempts=0, FunctionResponseTypes=["ReportBatchItemFailures"], **ON)
    stage.put("a", "b", "poison")
    stage.cloud.wait(30)
    assert events() == {"Polled": 3, "Invoked": 4, "FailedInvoke": 4, "Dropped": 1}


def test_throttled_events_have_failed_but_were_not_invoked(stage, events):
    stage.refuse = throttled
    stage.map(MaximumRecordAgeInSeconds=60, **ON)
    stage.put("a", "b")
    stage.cloud.wait(100)
    counted = events()
    assert counted["Dropped"] == 2 and counted["FailedInvoke"] >= 4 and "Invoked" not in counted


def test_what_was_reported_was_not_dropped(stage, events, measured):
    stage.cloud.client("sqs").create_queue(QueueName="failed")
    stage.answer = poison
    stage.map(
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}},
        **ON,
    )
    stage.put("poison", "a")
    stage.cloud.wait(20)
    assert measured("DestinationDeliveryFailures") == 1, "the role may not send yet"
    assert events()["Dropped"] == 2
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}'
    stage.cloud.client("iam").put_role_policy(RoleName="shop", PolicyName="send", PolicyDocument=policy)
    stage.put("poison", "b", "c")
    stage.cloud.wait(20)
    assert (events()["Dropped"], events()["OnFailureDestinationDelivered"]) == (2, 3)


def test_events_are_not_counted_unless_asked_for(stage, events):
    stage.map()
    stage.put("a")
    stage.cloud.wait(5)
    assert events() == {}
    stage.update(**ON)
    stage.put("b")
    stage.cloud.wait(5)
    assert events()["Invoked"] == 1
    stage.update(MetricsConfig={"Metrics": []})
    stage.put("c")
    stage.cloud.wait(5)
    assert events()["Invoked"] == 1
