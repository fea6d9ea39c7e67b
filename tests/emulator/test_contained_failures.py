"""Whatever goes wrong around one invocation is that invocation's failure: the notebook and the mapping go on."""

from __future__ import annotations

import json
import struct

import pytest
from botocore.exceptions import ClientError

from kinesis_lab.emulator.lambda_ import environments, invocation
from tests.conftest import zipped

pytestmark = pytest.mark.usefixtures("way")

GOOD = "def handler(event, context): return len(event['Records'])"

WRITES = """
    import json, os, select, stat, struct
    def pipe():
        for n in range(3, 30):
            try:
                if stat.S_ISFIFO(os.fstat(n).st_mode) and select.select([], [n], [], 0)[1]:
                    os.write(n, b"")
                    return n
            except OSError:
                pass
    def frame(head, body=b""):
        if not isinstance(head, bytes):
            head = json.dumps(head).encode()
        return struct.pack(">II", len(head), len(body)) + head + body
    def handler(event, context):
        i = context.aws_request_id
        os.write(pipe(), eval(event))
        return "went on"
"""

OF_A_SLEEP = "'kind': 'sleep', 'asker': 'a', 'request_id': i, 'spent': 0"
NONSENSE = [
    r"b'\xff' * 100",
    "b'nonsense, nonsense'",
    "struct.pack('>II', 2**32 - 1, 0)",
    "struct.pack('>II', 10, 3 * 2**30)",
    "frame(b'[' * 100_000)",
    "frame(b'{nonsense')",
    r"frame(b'\xff\xfe')",
    "frame([])",
    "frame(3)",
    "frame({})",
    "frame({'kind': 7})",
    "frame({'kind': ['result']})",
    "frame({'kind': 'of another kind', 'request_id': i, 'spent': 0})",
    "frame({'kind': 'result', 'request_id': i})",
    "frame({'kind': 'result', 'request_id': i, 'spent': 0, 'peak': 'much', 'alone': True})",
    "frame({'kind': 'result', 'request_id': i, 'spent': -1, 'peak': 0, 'alone': True})",
    "frame({'kind': 'result', 'request_id': i, 'spent': True, 'peak': 0, 'alone': True})",
    "frame({'kind': 'result', 'request_id': i, 'spent': 10 ** 400, 'peak': 0, 'alone': True})",
    "frame({'kind': 'error', 'request_id': 3, 'spent': 0, 'peak': 0, 'alone': True})",
    f"frame({{{OF_A_SLEEP}}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': float('nan')}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': float('inf')}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': -1}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': True}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': '1'}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': 10 ** 400}})",
    "frame({'kind': 'call', 'asker': 'a', 'request_id': i, 'spent': 0, 'method': 'GET', 'url': 3, 'headers': {}})",
    "frame({'kind': 'call', 'asker': 'a', 'request_id': i, 'spent': 0, 'method': 'PUT', 'url': '', 'headers': [1]})",
    "frame({'kind': 'ready', 'request_id': i, 'spent': 0, 'alone': True}) * 200",
    "frame({'kind': 'result', 'request_id': 'of another', 'spent': 0, 'peak': 0, 'alone': True}) * 200",
]
HARMLESS = [
    "frame({'kind': 'ready', 'request_id': i, 'spent': 0, 'alone': True})",
    "frame({'kind': 'failed', 'request_id': i, 'spent': 0})",
    "frame({'kind': 'result', 'request_id': 'of another', 'spent': 0, 'peak': 0, 'alone': True}, b'wrong')",
]
ENDED_LATE = [
    f"frame({{{OF_A_SLEEP}, 'seconds': 1e308}})",
    f"frame({{{OF_A_SLEEP}, 'seconds': 10 ** 300}})",
    "frame({'kind': 'result', 'request_id': i, 'spent': 2 ** 62, 'peak': 0, 'alone': True})",
]


def test_nonsense_on_the_pipe_is_the_end_of_the_process(deploy, invoke, log_lines):
    deploy(WRITES, MemorySize=256)
    for nonsense in NONSENSE:
        answer = invoke(nonsense)
        assert answer.error == "Unhandled", nonsense
        assert answer.result["errorMessage"].endswith("Runtime exited with error: signal: killed"), nonsense
        assert any("[local cloud] the process was ended: it has sent " in line for line in log_lines()[-6:]), nonsense
        assert invoke("b''").result == "went on", "the next invocation gets a new environment"


def test_what_belongs_to_nothing_is_dropped(deploy, invoke):
    deploy(WRITES)
    for stray in HARMLESS:
        assert invoke(stray).result == "went on", stray


def test_what_would_take_for_ever_ends_with_the_timeout(deploy, invoke, cloud):
    deploy(WRITES)
    for late in ENDED_LATE:
        before = cloud.now()
        assert "Task timed out after 3.00 seconds" in invoke(late).text, late
        assert (cloud.now() - before).total_seconds() < 5


def test_a_frame_that_is_announced_asks_for_no_memory():
    import tracemalloc

    from kinesis_lab.emulator.lambda_.bootstrap import Frames, Garbled

    frames = Frames(from_process=True)
    tracemalloc.start()
    frames.add(struct.pack(">II", 8 * 1024**2, 64 * 1024**2))
    assert frames.take() is None
    frames.add(struct.pack(">II", 1, 1))
    assert frames.take() is None
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    frames = Frames(from_process=True)
    frames.add(struct.pack(">II", 2, 3 * 2**30))
    with pytest.raises(Garbled, match="a frame of 3221225474 bytes"):
        frames.take()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frames_come_out_of_pieces_of_every_size(size):
    from kinesis_lab.emulator.lambda_.bootstrap.frames import Frames, to_cloud

    sent = [({"kind": "a"}, b""), ({"kind": "b", "x": "Zoë"}, b"y" * 3000), ({"kind": "c"}, b"z")]
    data = b"".join(to_cloud(*frame) for frame in sent)
    frames, taken = Frames(from_process=True), []
    for at in range(0, len(data), size):
        frames.add(data[at : at + size])
        while frame := frames.take():
            taken.append(frame)
    assert taken == sent


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        ("1e308", "OverflowError"),
        ("float('inf')", "OverflowError"),
        ("float('nan')", "ValueError"),
        ("-1", "ValueError"),
        ("10**400", "OverflowError"),
        ("'1'", "TypeError"),
        ("None", "TypeError"),
    ],
)
def test_a_sleep_that_is_none_is_the_handlers_error(deploy, invoke, seconds, error):
    deploy(f"import time\ndef handler(event, context): time.sleep({seconds})")
    assert invoke().result["errorType"] == error


def test_a_loop_that_sleeps_for_no_time_comes_to_its_deadline(deploy, invoke):
    deploy("import time\ndef handler(event, context):\n    while True: time.sleep(0)", Timeout=1)
    assert invoke().result["errorType"] == "Sandbox.Timedout"


# Calls at which the cloud fails

STUMBLES = """
    import boto3, json
    def handler(event, context):
        try:
            boto3.client("sqs", config=boto3.session.Config(retries={"max_attempts": 0})).list_queues()
        except Exception as error:
            return [type(error).__name__, error.response["Error"]["Code"],
                    error.response["ResponseMetadata"]["HTTPStatusCode"]]
"""


@pytest.fixture
def stumbling(cloud, monkeypatch):
    switchboard = cloud.emulator.switchboard
    answer = switchboard._answer

    def stumble(request):
        if request.scope[1] == "sqs":
            raise KeyError("Type")
        return answer(request)

    monkeypatch.setattr(switchboard, "_answer", stumble)


def test_a_call_at_which_the_cloud_fails_is_answered_as_by_aws(deploy, invoke, capfd, stumbling):
    deploy(STUMBLES, Timeout=60)
    assert invoke().result == ["ClientError", "InternalFailure", 500]
    assert "KeyError: 'Type'" in capfd.readouterr().err, "who maintains the cloud sees why"


def test_a_stack_at_which_moto_fails_does_not_stop_the_mapping(cloud, kinesis, stream, deploy, lambda_):
    arn = stream()
    deploy(
        """
        import boto3, json
        def handler(event, context):
            template = json.dumps({"Resources": {"Odd": {"Properties": {}}}})
            boto3.client("cloudformation").create_stack(StackName="odd", TemplateBody=template)
        """,
        Timeout=60,
    )
    lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON")
    cloud.wait(10)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    cloud.wait(60)
    lambda_.update_function_code(FunctionName="app", ZipFile=zipped(GOOD))
    cloud.wait(60)
    outcomes = list(cloud.recorder.table("invoke")["outcome"])
    assert outcomes[-1] == "ok" and set(outcomes[:-1]) == {"error"}


# Environments that cannot be started, and other trouble


@pytest.mark.parametrize(
    "error", [BlockingIOError(11, "Resource temporarily unavailable"), MemoryError(), OSError(24, "")]
)
def test_an_environment_that_cannot_be_started_is_a_failure_of_the_service(
    cloud, kinesis, stream, deploy, lambda_, monkeypatch, error
):
    arn = stream()
    deploy(GOOD)

    def refuse(*_arguments):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(environments, "Environment", refuse)
        with pytest.raises(ClientError) as refused:
            lambda_.invoke(FunctionName="app")
        assert refused.value.response["Error"]["Code"] == "ServiceException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON")
        cloud.wait(10)
        kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
        cloud.wait(20)
    cloud.wait(30)
    assert list(cloud.recorder.table("invoke")["outcome"]) == ["ok"]


@pytest.mark.parametrize(
    "fault",
    [
        "import shutil, os; shutil.rmtree(os.environ['LAMBDA_TASK_ROOT'], ignore_errors=True); os._exit(1)",
        "import os; os.chdir('/'); os.closerange(3, 100)",
        "import os; os.closerange(0, 3)",
        "import sys; sys.stdout = sys.stderr = None; raise ValueError",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "import builtins; builtins.len = builtins.dict = builtins.OSError = None; raise ValueError",
        "import json; json.dumps = json.loads = None",
        "import sys; sys.modules.clear()",
        "raise SystemExit",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "raise MemoryError",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    ],
)
def test_the_mapping_goes_on_when_the_code_is_mended(cloud, kinesis, stream, deploy, lambda_, monkeypatch, fault):
    monkeypatch.setattr(invocation, "PATIENCE", 0.2)
    arn = stream()
    deploy(f"def handler(event, context):\n    {fault}", Timeout=1)
    lambda_.create_event_source_mapping(EventSourceArn=arn, FunctionName="app", StartingPosition="TRIM_HORIZON")
    cloud.wait(10)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")
    cloud.wait(5)
    lambda_.update_function_code(FunctionName="app", ZipFile=zipped(GOOD))
    cloud.wait(60)
    assert list(cloud.recorder.table("invoke")["outcome"])[-1] == "ok"


class OfTheTest(Exception):
    """What a test's own code raises."""


def test_what_a_tests_interceptor_raises_is_raised_to_the_test(cloud, deploy, invoke):
    deploy("def handler(event, context): return 'done'")
    runtime = cloud.emulator.switchboard.runtime

    def intercept(_invocation, serving):
        yield from serving
        raise OfTheTest

    runtime.interceptors["app"] = intercept
    with pytest.raises(OfTheTest):
        invoke()
    assert not runtime.environments._all, "the environment is not lost"
    del runtime.interceptors["app"]
    assert invoke().result == "done"


def test_what_a_tests_refusal_raises_is_raised_to_the_test(cloud, deploy, invoke):
    deploy("import boto3\ndef handler(event, context): boto3.client('sqs').list_queues()", Timeout=60)

    def refuse(_request):
        raise OfTheTest

    cloud.emulator.switchboard.refusals.append(refuse)
    with pytest.raises(OfTheTest):
        invoke()


def test_an_error_document_of_the_handlers_own_making(deploy, invoke):
    deploy(
        """
        class Evil(Exception):
            def __str__(self): raise RuntimeError("no words")
        class Deep:
            def __iter__(self): return iter([self])
        def circle():
            value = []
            value.append(value)
            return value
        def deep():
            value = []
            for _ in range(100_000): value = [value]
            return value
        def evil(): raise Evil
        def large(): raise ValueError("x" * 7_000_000)
        def handler(event, context): return eval(event)
    """,
        MemorySize=512,
    )
    assert invoke("circle()").result["errorType"] == "Runtime.MarshalError"
    assert invoke("deep()").result["errorType"] == "Runtime.MarshalError"
    assert invoke("Deep()").result["errorType"] == "Runtime.MarshalError"
    assert "Runtime exited with error: exit status 1" in invoke("evil()").text
    assert invoke("large()").result["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke("'x' * 100_000_000").result["errorType"] == "Function.ResponseSizeTooLarge"
    assert invoke("b'no json'").text == "no json"
    assert json.loads(invoke("'still here'").text) == "still here"
