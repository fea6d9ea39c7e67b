"""A local cloud gives the process back as it was: what was changed, what was opened, and what was started."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
import time
import urllib.request
from typing import Any

import boto3
import botocore.endpoint
import psutil
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.core.base_backend import BackendDict
from moto.core.common_models import CloudFormationModel
from moto.core.model_instances import model_data

from kinesis_lab.emulator import botocore_requests, local, process
from kinesis_lab.emulator.lambda_.runtime import Runtime
from kinesis_lab.emulator.local import LocalCloud
from kinesis_lab.emulator.moto_adapter import attaching
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.testing import fresh_cloud
from tests.conftest import execution_role, zipped

MISSING = object()
Changed = dict[tuple[Any, str], Any]

TEMPLATE = '{"Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "stacked"}}}}'


def present(owner: Any, name: str) -> Any:
    """An attribute of a module, function or class; of a class, only if it is its own."""
    return vars(owner).get(name, MISSING) if isinstance(owner, type) else getattr(owner, name, MISSING)


@pytest.fixture
def changed(monkeypatch) -> Changed:
    """Every attribute that a cloud has changed since, and what it was before the first time."""
    before: Changed = {}
    set_attribute = Patches.attribute

    def attribute(patches: Patches, owner: Any, name: str, value: Any) -> None:
        before.setdefault((owner, name), present(owner, name))
        set_attribute(patches, owner, name, value)

    monkeypatch.setattr(Patches, "attribute", attribute)
    return before


class Process:
    """What this process has open, and what runs in it."""

    def __init__(self) -> None:
        gc.collect()
        this = psutil.Process()
        self.variables = dict(os.environ)
        self.threads = set(threading.enumerate())
        self.children = {child.pid for child in this.children(recursive=True)}
        self.files = this.num_fds() if hasattr(this, "num_fds") else len(this.open_files())
        self.zone = time.strftime("%Z")
        self.backends = list(BackendDict._instances)
        self.models = CloudFormationModel.__subclasses__(), parsing.get_model_map()
        models = [model for of_service in model_data.values() for model in of_service.values()]
        self.instances = sum(len(model.instances_tracked) for model in models)


def use(cloud: Any) -> None:
    """Invoke a function, make a stack and an object, and let all of them tell the time."""
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="app",
        Runtime="python3.13",
        Role=execution_role(cloud),
        Handler="app.handler",
        Code={"ZipFile": zipped("def handler(event, context): print(event)")},
    )
    cloud.wait(5)
    assert "FunctionError" not in functions.invoke(FunctionName="app", Payload="{}")
    cloud.client("cloudformation").create_stack(StackName="shop", TemplateBody=TEMPLATE)
    cloud.client("s3").create_bucket(Bucket="attic")
    cloud.client("s3").put_object(Bucket="attic", Key="key", Body=b"x")
    assert len(cloud.client("logs").describe_log_groups()["logGroups"]) == 1
    cloud.client("cloudwatch").list_metrics()


def ask_for_health(cloud: Any) -> None:
    with urllib.request.urlopen(f"{cloud.emulator.address()}/_health") as answer:
        assert answer.status == 200


def check(changed: Changed, before: Process) -> None:
    """All is as it was."""
    assert len(changed) > 10
    left = [f"{owner}.{name}" for (owner, name), value in changed.items() if present(owner, name) is not value]
    assert left == []
    assert vars(Process()) == vars(before)


@pytest.mark.slow
def test_twenty_clouds_leave_nothing_behind(changed, monkeypatch):
    with fresh_cloud() as first:  # what is imported and cached the first time stays
        use(first)
        ask_for_health(first)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())
    changed.clear()
    before = Process()
    for number in range(20):
        with fresh_cloud(seed=number, speed=None if number % 4 else 1000) as cloud:
            if number % 3 == 0:
                use(cloud)
            if number % 5 == 0:
                ask_for_health(cloud)
            cloud.client("kinesis").list_streams()
            assert number % 5 or len(changed) > 10
    check(changed, before)


def test_a_cloud_that_another_one_has_closed_leaves_nothing_behind(changed):
    with fresh_cloud() as cloud:
        use(cloud)
    before = Process()
    for _ in range(3):
        left = LocalCloud(speed=1000)
        left.address()
    with fresh_cloud() as last:
        assert left.closed and local.current() is last.emulator
        use(last)
    assert local.current() is None
    check(changed, before)


@pytest.mark.parametrize("late", [(attaching.iam, "provide_policies"), (process, "attach"), (atexit, "register")])
def test_what_cannot_be_opened_leaves_nothing_behind(changed, monkeypatch, late):
    with fresh_cloud():
        pass
    before = Process()

    def fail(*_arguments: object) -> None:
        assert len(changed) > 10
        raise MemoryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(*late, fail)
        with pytest.raises(MemoryError, match="no room"):
            LocalCloud(speed=1000)
    assert local.current() is None
    check(changed, before)
    with fresh_cloud() as cloud:
        use(cloud)


def test_all_is_undone_even_when_something_cannot_be_ended(changed, monkeypatch):
    monkeypatch.setattr(Runtime, "close", lambda _runtime: 1 / 0)
    cloud = LocalCloud()
    with pytest.raises(ZeroDivisionError):
        cloud.close()
    assert [name for (owner, name), value in changed.items() if present(owner, name) is not value] == []
    assert cloud.closed and os.environ.get("AWS_ACCESS_KEY_ID") != "local"


def test_nothing_is_left_to_do_at_exit(monkeypatch):
    registered: list[Any] = []
    monkeypatch.setattr(atexit, "register", registered.append)
    monkeypatch.setattr(atexit, "unregister", registered.remove)
    cloud = LocalCloud()
    assert registered == [cloud.close]
    cloud.close()
    assert registered == []


# The ways out of the process


@pytest.fixture
def network(monkeypatch) -> list[str]:
    """The addresses of requests that would have gone out."""
    asked: list[str] = []

    def send(_session: Any, request: Any) -> Any:
        asked.append(request.url)
        raise ConnectionError("there is no network here")

    monkeypatch.setattr(botocore.endpoint.URLLib3Session, "send", send)
    return asked


def test_a_client_of_a_closed_cloud_reaches_nobody(network):
    with fresh_cloud() as cloud:
        clients = [
            cloud.client("kinesis"),
            boto3.client("kinesis"),
            boto3.Session("AKIAREALREALREALREAL", "secret", region_name="eu-west-1").client("kinesis"),
            cloud.resource("dynamodb").meta.client,
        ]
        calls = [getattr(client, "list_streams", None) or client.list_tables for client in clients]
        for call in calls:
            call()
    for call in calls:
        with pytest.raises(RuntimeError, match="the local cloud of this client is closed, and it never calls http"):
            call()
    with fresh_cloud():
        for call in calls:
            call()
    assert network == []


def test_a_client_that_is_nobodys_goes_out_once_no_cloud_is_open(network):
    def client() -> Any:
        return boto3.client("kinesis", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")

    early = client()
    with fresh_cloud():
        assert early.list_streams()["StreamNames"] == []
    for each in (early, client()):
        with pytest.raises(ConnectionError):
            each.list_streams()
    assert network


def test_names_of_sleep_follow_the_clouds(monkeypatch):
    notebook = sys.modules["__main__"]
    monkeypatch.setattr(notebook, "sleep", time.sleep, raising=False)
    with fresh_cloud() as cloud:
        began = cloud.now()
        exec("sleep(3600)", vars(notebook))
        assert (cloud.now() - began).total_seconds() >= 3600
        monkeypatch.setattr(notebook, "pause", time.sleep, raising=False)
    assert notebook.sleep is notebook.pause is time.sleep
    began = time.monotonic()
    process._sleep(0.01)  # a module that took the name while a cloud was open
    assert 0.01 <= time.monotonic() - began < 60


def test_what_moto_refuses_is_an_error_of_the_client(cloud):
    """The answer comes from where the network would be, and botocore reads it as any other."""
    with pytest.raises(ClientError, match="NoSuchBucket") as refused:
        cloud.client("s3").list_objects_v2(Bucket="attic")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert botocore_requests.Endpoint._send.__module__ == botocore_requests.__name__


def test_a_test_that_mocks_sleep_around_a_cloud_gets_the_real_one_back():
    """Whichever ends first, the cloud or the mock."""
    real = time.sleep
    for cloud_ends_first in (True, False):
        with pytest.MonkeyPatch.context() as mock:
            mock.setattr(time, "sleep", lambda _seconds: None)
            cloud = LocalCloud()
            if cloud_ends_first:
                cloud.close()
        cloud.close()
        assert time.sleep is real


@pytest.mark.skipif(not hasattr(os, "dup"), reason="needs descriptors that can be compared")
def test_an_invocation_that_a_closed_cloud_has_left_closes_nothing_of_others(tmp_path):
    """It is torn down when Python collects it, when its descriptors have long been given to other files."""
    with fresh_cloud() as cloud:
        lambda_ = cloud.client("lambda")
        code = {"ZipFile": zipped("import time\ndef handler(event, context): time.sleep(600)")}
        lambda_.create_function(
            FunctionName="long",
            Runtime="python3.13",
            Role=execution_role(cloud),
            Handler="app.handler",
            Timeout=900,
            Code=code,
        )
        cloud.wait(5)
        lambda_.invoke(FunctionName="long", InvocationType="Event")
        cloud.wait(5)
        gc.disable()
    try:
        files = [(tmp_path / str(number)).open("w") for number in range(40)]
    finally:
        gc.enable()
    del cloud, lambda_
    gc.collect()
    for file in files:
        os.fstat(file.fileno())
        file.close()
