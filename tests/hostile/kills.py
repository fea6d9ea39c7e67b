"""Kills with -9 at random moments: of the notebook, of `kinesis-lab serve`, and of what starts and runs functions."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from botocore.exceptions import BotoCoreError, ClientError

from kinesis_lab.cloud import Cloud, open_cloud
from kinesis_lab.commands import serve
from tests.conftest import execution_role, zipped
from tests.hostile.notebook import PLAIN, Notebook, Report, bound

VICTIMS = ("notebook", "serve", "launcher")
"""Who is killed; `launcher`: any process that the notebook has started, that which starts the others among them."""
LATEST = 2.0
"""Real seconds after the start at which the victim is killed at the latest."""
HANDLERS = {
    "fast": PLAIN,
    "busy": "import time\ndef handler(event, context):\n    for n in range(300_000): pass\n    time.sleep(1)",
    "forking": """
        import os, threading
        def handler(event, context):
            if hasattr(os, "fork") and not os.fork():
                threading.Event().wait(600)
        """,
    "dying": "import os\ndef handler(event, context): os._exit(1)",
}


def keep_busy(cloud: Cloud, go_on: Callable[[], bool]) -> None:
    """Make streams, functions and mappings, and put and invoke in turn."""
    kinesis, lambda_ = cloud.client("kinesis"), cloud.client("lambda")
    role = execution_role(cloud, "busy")
    kinesis.create_stream(StreamName="busy", ShardCount=2)
    cloud.wait(30)
    stream = kinesis.describe_stream_summary(StreamName="busy")["StreamDescriptionSummary"]["StreamARN"]
    for name, source in HANDLERS.items():
        code = {"ZipFile": zipped(source)}
        lambda_.create_function(
            FunctionName=name, Role=role, Code=code, Runtime="python3.13", Handler="app.handler", Timeout=5
        )
        lambda_.create_event_source_mapping(
            EventSourceArn=stream, FunctionName=name, StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=2
        )
    for n in itertools.count():
        if not go_on():
            return
        kinesis.put_record(StreamName="busy", Data=b"x", PartitionKey=str(n))
        cloud.wait(0.5)
        with contextlib.suppress(ClientError):  # not active yet
            lambda_.invoke(FunctionName=list(HANDLERS)[n % len(HANDLERS)], Payload=b"{}")


# Each in a process of its own


def be_a_notebook(seed: int, folder: Path) -> None:
    """Work until killed, by a thread of its own, at a moment of the seed's."""
    bound(folder)
    moment = random.Random(seed).uniform(0, LATEST)
    threading.Timer(moment, os.kill, (os.getpid(), signal.SIGKILL)).start()
    with open_cloud() as cloud:
        keep_busy(cloud, lambda: True)


def be_served(seed: int, folder: Path) -> None:
    """The same for `kinesis-lab serve`; who uses it is another process."""
    bound(folder)
    moment = random.Random(seed).uniform(0, LATEST)
    threading.Timer(moment, os.kill, (os.getpid(), signal.SIGKILL)).start()
    with (folder / "address.txt").open("w") as said:
        sys.stdout = said
        serve.run(serve.parser().parse_args(["--port", "0", "--speed", "60"]))


def use_served(folder: Path) -> None:
    """Work against the address that is served, until nobody answers any more."""
    bound(folder)
    deadline = time.monotonic() + LATEST + 2
    address = ""
    while not address and time.monotonic() < deadline:
        time.sleep(0.02)
        with contextlib.suppress(OSError):
            lines = (folder / "address.txt").read_text().splitlines()
            address = next((line.strip() for line in lines if line.strip().startswith("http")), "")
    if address:
        with contextlib.suppress(ClientError, BotoCoreError):
            cloud = open_cloud("endpoint", endpoint_url=address)
            keep_busy(cloud, lambda: time.monotonic() < deadline)


def survive(seed: int, folder: Path) -> None:
    """Work on while a process that this one has started is killed, and then look whether all is well."""
    bound(folder)
    chance = random.Random(seed)
    book = Notebook(folder, 40)
    killed: list[str] = []

    def kill_one() -> None:
        children = psutil.Process().children(recursive=True)
        if children:
            victim = chance.choice(children)
            with contextlib.suppress(psutil.NoSuchProcess):
                killed.append(" ".join(victim.cmdline()))
                victim.kill()

    timer = threading.Timer(chance.uniform(0, LATEST), kill_one)
    timer.start()
    end = time.monotonic() + LATEST + 0.5
    with book.step("working"):
        keep_busy(book.cloud, lambda: time.monotonic() < end)
    timer.join()
    book.report["killed"] = killed
    book.report["processes"] = []
    book.look_around()
    book.end("close")


def complaints(victim: str, report: Report) -> list[str]:
    """What is not as it should be after a kill."""
    found = [f"running: {text}" for text in report["left running"]]
    found += [f"lying: {text}" for text in report["left lying"][:5]]
    well: dict[str, Any] = {"step": "done", "plain": {"n": 7}, "read": ["7"]}
    if report["again"] != well:
        found.append(f"the next notebook: {report['again']}")
    if victim == "launcher":
        found += [f"{name}: {value}" for name, value in report.items() if name.endswith(" raised")]
        found += [f"{name} is {report.get(name)}" for name, value in well.items() if report.get(name) != value]
        found += report.get("kept", [])
    return found
