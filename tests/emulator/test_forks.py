"""What a handler leaves running beside itself: threads, and processes that it has forked or started."""

from __future__ import annotations

import os
import sys
import time

import psutil
import pytest

from kinesis_lab.emulator.lambda_ import invocation

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.usefixtures("way"),
]


def test_there_is_one_answer_when_both_sides_of_a_fork_return(deploy, invoke):
    deploy("""
        import os
        def handler(event, context):
            return [event, "child" if os.fork() == 0 else "parent"]
    """)
    for n in range(30):
        assert invoke(n).result == [n, "parent"]


def test_there_is_one_answer_when_the_child_raises_or_exits(deploy, invoke):
    deploy("""
        import os, sys
        def handler(event, context):
            if os.fork() == 0:
                if event % 2: raise ValueError("of the child")
                sys.exit(3)
            os.wait()
            return event
    """)
    assert [invoke(n).result for n in range(6)] == list(range(6))


def test_a_fork_while_the_handler_is_imported_makes_no_second_runtime(deploy, invoke):
    deploy("import os\nchild = os.fork()\ndef handler(event, context): return [event, child > 0]")
    assert [invoke(n).result for n in range(3)] == [[n, True] for n in range(3)]


def test_parents_and_children_call_aws_at_the_same_time(cloud, kinesis, stream, deploy, invoke):
    stream()
    deploy(
        """
        import boto3, os
        kinesis = boto3.client("kinesis")
        def put(who):
            return [kinesis.put_record(StreamName="orders", Data=f"{who}-{n}", PartitionKey="k") for n in range(20)]
        def handler(event, context):
            children = []
            for who in range(3):
                child = os.fork()
                if child == 0:
                    put(who)
                    os._exit(0)
                children.append(child)
            numbers = {put["SequenceNumber"] for put in put("parent")}
            return [len(numbers), [os.waitpid(child, 0)[1] for child in children]]
        """,
        Timeout=60,
    )
    assert invoke().result == [20, [0, 0, 0]]
    assert invoke().result == [20, [0, 0, 0]], "and once more, in the same environment"
    assert len(cloud.recorder.entries("put")) == 160


def test_pools_of_processes_call_aws(deploy, invoke):
    deploy(
        """
        import boto3, multiprocessing
        def count(n):
            return len(boto3.client("kinesis").list_streams()["StreamNames"]) + n
        def handler(event, context):
            with multiprocessing.get_context("fork").Pool(2) as pool:
                return pool.map(count, range(4))
        """,
        Timeout=60,
    )
    assert invoke().result == [0, 1, 2, 3]


def test_a_child_that_dies_in_the_middle_of_a_call_leaves_its_answer_to_nobody(deploy, invoke):
    deploy(
        """
        import boto3, os, signal, time
        def handler(event, context):
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    while True: boto3.client("kinesis").list_streams()
                time.sleep(0.5)
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            return [event, boto3.client("sts").get_caller_identity()["Account"]]
        """,
        Timeout=300,
    )
    assert invoke(1).result == [1, "123456789012"]
    assert invoke(2).result == [2, "123456789012"]


def test_a_child_that_goes_on_asking_gets_nobodys_event(deploy, invoke):
    deploy(
        """
        import os, time
        if os.fork() == 0:
            while True: time.sleep(0.001)
        def handler(event, context): return event
    """,
        Timeout=60,
    )
    assert [invoke(n).result for n in range(50)] == list(range(50))


@pytest.mark.parametrize("pause", ["0.001", "0.5", "0"])
def test_a_thread_that_sleeps_in_a_loop_disturbs_no_invocation(deploy, invoke, pause):
    deploy(
        f"""
        import threading, time
        begin = threading.Event()  # else its sleeps may fill the start's ten seconds, on a machine that is busy
        def stray():
            begin.wait()
            while True: time.sleep({pause})
        threading.Thread(target=stray, daemon=True).start()
        def handler(event, context):
            begin.set()
            return event
        """,
        Timeout=900,
    )
    assert [invoke(n).result for n in range(100)] == list(range(100))


def test_a_signal_handler_cannot_take_the_answer_of_what_it_interrupts(deploy, invoke):
    deploy(
        """
        import signal, time
        errors = []
        def on_alarm(*_):
            try:
                time.sleep(1)
            except RuntimeError as error:
                errors.append(str(error))
        signal.signal(signal.SIGALRM, on_alarm)
        def handler(event, context):
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            for _ in range(200): time.sleep(0.001)
            signal.setitimer(signal.ITIMER_REAL, 0)
            return event
    """,
        Timeout=60,
    )
    assert [invoke(n).result for n in range(3)] == [0, 1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the state of a process")
@pytest.mark.parametrize(
    "beside",
    [
        "threading.Thread(target=spin, daemon=True).start()",
        "os.fork() or spin()",
        "multiprocessing.get_context('fork').Process(target=spin, daemon=True).start()",
        "subprocess.Popen([sys.executable, '-c', 'while True: pass'])",
        "os.system('(while :; do :; done) &')",
        "os.posix_spawn('/bin/sh', ['sh', '-c', 'while :; do :; done'], {})",
    ],
)
def test_what_spins_is_stopped_between_invocations(deploy, invoke, beside):
    deploy(
        f"""
        import multiprocessing, os, subprocess, sys, threading
        def spin():
            while True: pass
        def handler(event, context):
            if event == 0:
                {beside}
            return os.getpid()
    """,
        Timeout=60,
    )
    pid = invoke(0).result
    group = [process for process in psutil.process_iter() if process.is_running() and _group(process) == pid]
    assert group
    patience = time.monotonic() + 30
    while {process.status() for process in group} != {"stopped"}:  # when the kernel comes to it
        assert time.monotonic() < patience
    assert invoke(1).result == pid, "it goes on"


def _group(process):
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def test_nobody_is_stopped_who_is_alone(deploy, invoke):
    deploy("import os\ndef handler(event, context): return os.getpid()")
    assert psutil.Process(invoke().result).status() != "stopped"


def test_a_stopped_environment_ends_with_the_cloud(cloud, deploy, invoke):
    deploy("""
        import os, threading
        def spin():
            while True: pass
        threading.Thread(target=spin, daemon=True).start()
        def handler(event, context): return os.getpid()
    """)
    process = psutil.Process(invoke().result)
    cloud.close()
    assert not psutil.wait_procs([process], timeout=10)[1]


def test_a_handler_that_stops_itself_is_hung(deploy, invoke, monkeypatch):
    monkeypatch.setattr(invocation, "PATIENCE", 0.2)
    deploy("import os, signal\ndef handler(event, context): os.kill(os.getpid(), signal.SIGSTOP)", Timeout=1)
    assert invoke().result["errorType"] == "Sandbox.Timedout"


def test_what_threads_print_between_invocations_is_in_the_next_ones_log(deploy, invoke, log_lines):
    deploy("""
        import threading, sys
        begin = threading.Event()
        threading.Thread(target=lambda: (begin.wait(), print("late")), daemon=True).start()
        def handler(event, context):
            if event == 1: begin.set(); threading.Event().wait(0.2)
            return event
    """)
    first, second = invoke(0).request_id, invoke(1).request_id
    lines = log_lines()
    assert lines.index(f"START RequestId: {second} Version: $LATEST") < lines.index("late")
    assert first != second
