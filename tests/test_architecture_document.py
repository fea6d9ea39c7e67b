"""ARCHITECTURE.md against the code: its rooms against the imports, its states against what happens in a scenario."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.lambda_ import invocation
from kinesis_lab.emulator.lambda_.mapping import consumer, lane
from kinesis_lab.testing import fresh_cloud
from tests.conftest import execution_role, zipped
from tests.test_architecture import dependencies, modules

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
ENDS = "[*]"


def section(title: str) -> str:
    (text,) = re.findall(rf"^#+ {title}\n.*?```mermaid\n(.*?)```", DOCUMENT, re.DOTALL | re.MULTILINE)
    return str(text)


# Rooms

LOCAL = ("local", "server", "switchboard", "botocore_requests", "process", "http_translation")


def room_of(module: str) -> str:
    """The room in which a module lies; empty for a package that only holds others."""
    first, *rest = module.split(".")
    if first == "helpers":
        return "helpers"
    if not rest or rest[0] != "emulator":
        return rest[0] if rest and rest[0] in ("testing", "commands") else "" if rest == ["__main__"] else "door"
    match rest[1:]:
        case ["lambda_", ("mapping" | "mapping_api"), *_]:
            return "mapping"
        case ["lambda_", "lambda_api"]:
            return "lambda_api"
        case ["lambda_", _, *_]:
            return "runtime"
        case [("kinesis" | "gateway" | "stacks" | "moto_adapter" | "permissions") as room, *_]:
            return room
        case [name, *_] if name in LOCAL:
            return "local"
        case [name] if name != "lambda_":
            return "foundations"
    return ""


def reachable(arrows: set[tuple[str, str]], start: str) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        here = pending.pop()
        following = {target for source, target in arrows if source == here} - found
        found |= following
        pending += following
    return found


def test_the_rooms_import_each_other_as_the_picture_has_it():
    drawn = set(re.findall(r"^ *(\w+)(?:\[.*?\])? --> (\w+)", section("The rooms"), re.MULTILINE))
    real = {
        (room_of(module), room_of(other))
        for module in modules()
        for other in dependencies(module)
        if room_of(module) and room_of(other) and room_of(module) != room_of(other)
    }
    assert {room for arrow in real for room in arrow} == {room for arrow in drawn for room in arrow}
    upwards = [(source, target) for source, target in real if target not in reachable(drawn, source)]
    assert not upwards, "an import that no way in the picture leads along"
    assert drawn <= real, "an arrow in the picture without an import"
    assert all(source not in reachable(drawn, source) for source, _ in drawn), "rooms in a circle"


# States


class Arrow(NamedTuple):
    source: str
    target: str
    label: str


def arrows(title: str) -> list[Arrow]:
    """The arrows of a diagram, one for each of its labels; those from a state to itself stand in the state."""
    text = section(title)
    found = re.findall(r"^ +(\S+) --> (\S+)(?: : (.+))?$", text, re.MULTILINE)
    found += [(name, name, labels) for labels, name in re.findall(r'state "\w+<br/>(.+)" as (\w+)', text)]
    assert found
    return [Arrow(source, target, label) for source, target, labels in found for label in labels.split(", ")]


def states_of(cloud: Cloud, *, mapping: bool) -> dict[str, list[str]]:
    """The states of each stream or mapping, as the flight recorder has them."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in cloud.recorder.entries("state"):
        if (entry.mapping is not None) == mapping:
            found[str(entry.mapping or entry.stream)].append(str(entry.outcome))
    return found


def seen(histories: dict[str, list[str]], gone: set[str]) -> set[tuple[str, str]]:
    """The transitions in histories; of what is gone in the end, the last one as well."""
    return {
        pair
        for name, history in histories.items()
        for pair in zip([ENDS, *history], [*history, *([ENDS] if name in gone else [])], strict=False)
    }


def test_the_states_of_a_stream():
    with fresh_cloud() as cloud:
        kinesis = cloud.client("kinesis")
        names = ("from-creating", "from-active", "from-updating")
        for name in names:
            kinesis.create_stream(StreamName=name, ShardCount=1)
            if name != "from-creating":
                cloud.wait(10)
                for _ in range(2):
                    kinesis.update_shard_count(StreamName=name, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
                    cloud.wait(60)
            if name == "from-updating":
                kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
            kinesis.delete_stream(StreamName=name)
        cloud.wait(10)
        assert kinesis.list_streams()["StreamNames"] == []
        happened = seen(states_of(cloud, mapping=False), set(names))
    assert happened == {(arrow.source, arrow.target) for arrow in arrows("Stream")}


def test_the_states_of_a_mapping():
    with fresh_cloud() as cloud:
        kinesis, lambda_ = cloud.client("kinesis"), cloud.client("lambda")
        arn = make_function(cloud, "def handler(event, context): pass")
        gone = set()
        for enabled in (True, False):
            kinesis.create_stream(StreamName=f"orders-{enabled}", ShardCount=1)
            cloud.wait(10)
            source = arn.replace(":lambda:", ":kinesis:").replace(":function:app", f":stream/orders-{enabled}")
            uuid = lambda_.create_event_source_mapping(
                EventSourceArn=source, FunctionName="app", StartingPosition="LATEST", Enabled=enabled
            )["UUID"]
            cloud.wait(10)
            for change in ({"BatchSize": 7}, {"Enabled": not enabled}, {"BatchSize": 8}, {"Enabled": enabled}):
                lambda_.update_event_source_mapping(UUID=uuid, **change)
                cloud.wait(10)
            lambda_.delete_event_source_mapping(UUID=uuid)
            gone.add(uuid)
            cloud.wait(10)
        for state, enabled, update in (
            ("Creating", True, None),
            ("Enabling", False, {"Enabled": True}),
            ("Disabling", True, {"Enabled": False}),
        ):
            uuid = lambda_.create_event_source_mapping(
                EventSourceArn=source, FunctionName="app", StartingPosition="LATEST", Enabled=enabled
            )["UUID"]
            if update:
                cloud.wait(10)
                lambda_.update_event_source_mapping(UUID=uuid, **update)
            assert lambda_.get_event_source_mapping(UUID=uuid)["State"] == state
            lambda_.delete_event_source_mapping(UUID=uuid)
            gone.add(uuid)
        assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []
        happened = seen(states_of(cloud, mapping=True), gone)
    assert happened == {(arrow.source, arrow.target) for arrow in arrows("Event source mapping")}


FOLLOWED: dict[str, type] = {
    "Shard consumer": consumer.ShardConsumer,
    "Lane": lane.Lane,
    "Invocation": invocation.Invocation,
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[int, list[str]]]:
    """The methods that the diagrams name, in the order in which they were called on each object, by diagram."""
    noted: dict[str, dict[int, list[str]]] = {title: defaultdict(list) for title in FOLLOWED}
    kept: list[Any] = []  # an id stays one object's as long as the object is there
    for title, owner in FOLLOWED.items():
        for name in {arrow.label for arrow in arrows(title) if arrow.label}:
            monkeypatch.setattr(owner, name, following(getattr(owner, name), name, noted[title], kept))
    return noted


def following(method: Callable[..., Any], name: str, noted: dict[int, list[str]], kept: list[Any]) -> Any:
    @functools.wraps(method)
    def called(self: Any, *arguments: Any, **more: Any) -> Any:
        kept.append(self)
        place = len(noted[id(self)])
        noted[id(self)].append(name)
        result = method(self, *arguments, **more)
        if name == "next_batch" and result is None:  # there was none: nothing has changed
            del noted[id(self)][place]
        return result

    return called


HANDLER = """
    import json, os, time, boto3
    kinesis = boto3.client("kinesis")
    if os.environ.get("AT_IMPORT") == "fail":
        raise RuntimeError("no")
    if os.environ.get("AT_IMPORT") == "sleep":
        time.sleep(11)
    if os.environ.get("AT_IMPORT") == "exit":
        os._exit(3)
    kinesis.list_streams()
    def handler(event, context):
        time.sleep(0.5)
        kinesis.list_streams()
        if event == "sleep" or "Records" not in event:
            time.sleep(99)
        if "crash" in str(event):
            os._exit(3)
        for record in event["Records"]:
            if record["kinesis"]["partitionKey"] == "bad":
                raise ValueError("bad")
"""


def make_function(cloud: Cloud, source: str, name: str = "app", **environment: str) -> str:
    try:
        role = cloud.client("iam").get_role(RoleName="shop")["Role"]["Arn"]
    except cloud.client("iam").exceptions.NoSuchEntityException:
        role = execution_role(cloud)
    made = cloud.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": zipped(source)},
        Environment={"Variables": environment},
    )
    cloud.wait(5)
    return str(made["FunctionArn"])


def play(cloud: Cloud) -> None:
    """A stream that is resharded, a function that fails, settings that change, invocations of every outcome."""
    kinesis, lambda_ = cloud.client("kinesis"), cloud.client("lambda")
    arn = make_function(cloud, HANDLER)
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    cloud.wait(10)
    uuid = lambda_.create_event_source_mapping(
        EventSourceArn=arn.replace(":lambda:", ":kinesis:").replace(":function:app", ":stream/orders"),
        FunctionName="app",
        StartingPosition="TRIM_HORIZON",
        BatchSize=2,
        MaximumRetryAttempts=2,
    )["UUID"]
    cloud.wait(10)
    for number in range(40):
        key = "bad" if number % 9 == 0 else f"key {number % 5}"
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey=key)
        cloud.wait(0.2)
        if number == 20:
            lambda_.update_event_source_mapping(UUID=uuid, ParallelizationFactor=3)
    kinesis.update_shard_count(StreamName="orders", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    for _ in range(170):  # more than one lane can take: batches are in flight when the shard closes
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="key 1")
        cloud.wait(0.2)
    cloud.wait(300)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="bad")
    cloud.wait(1)
    lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    cloud.wait(60)
    make_function(cloud, HANDLER, "no-import", AT_IMPORT="fail")
    make_function(cloud, HANDLER, "slow-import", AT_IMPORT="sleep")
    make_function(cloud, HANDLER, "no-process", AT_IMPORT="exit")
    for name, event in (("app", b'"sleep"'), ("app", b'{"crash": 1, "Records": []}')):
        lambda_.invoke(FunctionName=name, Payload=event)
    for name in ("no-import", "slow-import", "no-process"):
        lambda_.invoke(FunctionName=name, Payload=b"{}")


def test_a_scenario_goes_the_ways_that_the_diagrams_have(calls):
    with fresh_cloud() as cloud:
        play(cloud)
    for title, histories in calls.items():
        drawn, used = arrows(title), set[Arrow]()
        assert histories
        for history in histories.values():
            used |= set(follow(title, drawn, history))
        unused = [arrow for arrow in drawn if arrow.label and arrow not in used]
        assert not unused, f"{title}: nothing has gone this way: {unused}"


def follow(title: str, drawn: list[Arrow], history: list[str]) -> Iterator[Arrow]:
    """The arrows along which calls lead through a diagram, from its beginning; fails where none leads on."""
    here = {ENDS} | {arrow.target for arrow in drawn if arrow.source == ENDS and not arrow.label}
    for place, name in enumerate(history):
        ways = [arrow for arrow in drawn if arrow.label == name and arrow.source in here]
        assert ways, f"{title}: no way from {sorted(here)} by {name}, after {history[max(0, place - 8) : place]}"
        yield from ways
        here = {arrow.target for arrow in ways}


def test_what_is_no_way_is_found():
    with pytest.raises(AssertionError, match=r"Lane: no way from \['Queueing'\] by delivered"):
        list(follow("Lane", arrows("Lane"), ["add", "delivered"]))


def test_its_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENT + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        assert (ROOT / link).exists(), link
