"""Ctrl-C while a function is awaited: the wait ends at once, and the cloud goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C waits on Windows for what a process answers"),
    pytest.mark.slow,
]

NOTEBOOK = """
    import json, os, signal, sys
    from pathlib import Path
    from kinesis_lab import cloud as door
    from kinesis_lab.emulator.lambda_ import environment, invocation
    from kinesis_lab.emulator.lambda_.environment import Environment
    from tests.conftest import execution_role, zipped

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
    invocation.PATIENCE = invocation.INIT_PATIENCE = 3600
    reasons = []
    close = Environment.close
    def closing(self):
        reasons.append(self.killed_for)
        close(self)
    Environment.close = closing

    marker = sys.argv[1]
    cloud = door.open_cloud("local", speed=SPEED)
    lambda_, kinesis = cloud.client("lambda"), cloud.client("kinesis")
    MARK = f"sum(range(5_000_000)); open({marker!r}, 'w').close()"  # by then, the notebook waits
    HANG = f"{MARK}\\nwhile True: pass"
    CODE = {
        "in the handler": "def handler(event, context):\\n    " + HANG.replace("\\n", "\\n    "),
        "at the start": HANG + "\\ndef handler(event, context): pass",
        "in a thread": "import re, threading\\ndef handler(event, context):\\n"
            f"    {MARK}\\n    re.match('(a+)+$', 'a' * 60 + 'b')",
        "stopped": f"import os, signal\\ndef handler(event, context):\\n    {MARK}\\n"
            "    os.kill(os.getpid(), signal.SIGSTOP)",
    }[WHERE]
    GOOD = "def handler(event, context): return 'fine'"
    lambda_.create_function(FunctionName="app", Role=execution_role(cloud), Code={"ZipFile": zipped(CODE)},
                            Runtime="python3.13", Handler="app.handler", Timeout=900 if SPEED is None else 3)
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    cloud.wait(15)
    arn = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON")
    cloud.wait(10)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    interrupted = False
    try:
        cloud.wait(60) if BY_MAPPING else lambda_.invoke(FunctionName="app")
    except KeyboardInterrupt:
        interrupted = True
    before = list(reasons)
    if SPEED is None:
        lambda_.update_function_code(FunctionName="app", ZipFile=zipped(GOOD))
        cloud.wait(1000)
        outcomes = list(cloud.recorder.table("invoke")["outcome"])
    else:
        outcomes = []
    cloud.close()
    print(json.dumps([interrupted, reasons, outcomes]))
"""


def interrupted(tmp_path: Path, **settings: object) -> list[object]:
    """Run the notebook, interrupt it when its function has begun to hang, and return what it printed."""
    marker = tmp_path / "hangs"
    values = {"SPEED": None, "BY_MAPPING": True, "WHERE": "in the handler", **settings}
    names = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    process = subprocess.Popen(
        [sys.executable, "-c", names + textwrap.dedent(NOTEBOOK), str(marker)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )
    try:
        while not marker.exists() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    answer: list[object] = json.loads(output.splitlines()[-1])
    return answer


@pytest.mark.parametrize("where", ["in the handler", "at the start", "in a thread", "stopped"])
@pytest.mark.parametrize("by_mapping", [True, False])
def test_ctrl_c_ends_the_wait_for_a_function_that_hangs(tmp_path, where, by_mapping):
    came, reasons, outcomes = interrupted(tmp_path, WHERE=where, BY_MAPPING=by_mapping)
    assert came is True
    assert reasons[0] == "interrupted", "nobody had to lose patience"
    assert "ok" in outcomes, "the batch is tried again"


def test_ctrl_c_in_a_paced_cloud(tmp_path):
    came, reasons, _ = interrupted(tmp_path, SPEED=20.0)
    assert came is True
    assert "hung" not in reasons and "interrupted" in reasons
