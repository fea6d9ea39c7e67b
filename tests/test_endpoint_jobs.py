"""`python -m helpers simulate` and `logs`, against a cloud behind an endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import deploying, open_cloud
from kinesis_lab.commands import logs, simulate
from kinesis_lab.emulator.server import endpoint

HANDLER = Path(__file__).parent.parent / "helpers" / "handlers" / "transactions.py"


@pytest.fixture
def address() -> Iterator[str]:
    with open_cloud("local", speed=300) as cloud:
        kinesis = cloud.client("kinesis")
        kinesis.create_stream(StreamName="sales", ShardCount=2)
        cloud.wait(10)
        deploying.deploy(cloud, "book", HANDLER, "sales")
        with endpoint(cloud.emulator) as where:
            yield where


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "kinesis_lab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, encoding="utf-8")


def test_what_is_simulated_shows_in_the_log(address):
    done = run("simulate", "--stream", "sales", "--count", "30", "--endpoint-url", address)
    assert done.returncode == 0, done.stderr
    assert "30 written in 1 calls, 0 refusals, 0 lost" in done.stdout
    assert len([line for line in done.stdout.splitlines() if line[:6].strip().isdigit()]) == 30
    for _ in range(20):
        shown = run("logs", "--function", "book", "--endpoint-url", address).stdout
        booked = [line for line in shown.splitlines() if line.startswith(("POSITIVE ", "NEGATIVE ", "ZERO "))]
        if len(booked) == 30:
            break
    assert len(booked) == 30


def test_what_is_not_there_is_said_in_a_line(address):
    failed = run("simulate", "--stream", "nowhere", "--endpoint-url", address)
    assert failed.returncode == 1 and "Stream nowhere under account" in failed.stderr
    assert "Traceback" not in failed.stderr
    nobody = run("simulate", "--stream", "sales", "--endpoint-url", "http://127.0.0.1:9")
    assert nobody.returncode == 1 and "Could not connect" in nobody.stderr and "Traceback" not in nobody.stderr


def test_a_function_that_is_not_there_is_not_taken_for_a_silent_one(address):
    failed = run("logs", "--function", "bok", "--endpoint-url", address)
    assert failed.returncode == 1 and "Function not found" in failed.stderr and "Traceback" not in failed.stderr
    silent = run("logs", "--function", "book", "--endpoint-url", address)
    assert silent.returncode == 0 and not silent.stderr


def test_options():
    assert simulate.parser().parse_args(["--stream", "s"]).count == 20
    assert logs.parser().parse_args(["--function", "f", "--follow"]).follow
    with pytest.raises(SystemExit):
        simulate.parser().parse_args(["--stream", "s", "--count", "0"])
