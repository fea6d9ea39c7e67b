"""Processes in which hostile cases are tried: each case in a notebook of its own.

`python -m tests.hostile.notebook` is prepared once, as to import everything takes seconds.  For each line on its
input (a case, how it ends, a folder) it starts a notebook – a fork where there is one –, waits for its end, looks at
what is left behind, and answers with a line of JSON: the report.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config
from botocore.exceptions import ClientError

from kinesis_lab.cloud import Cloud, open_cloud
from kinesis_lab.emulator.wire import NotOffered
from tests.conftest import execution_role, zipped
from tests.hostile.case import Case, Ending, Package

GRACE = 2.0
"""Real seconds in which processes end by themselves once their notebook is gone."""
CTRL_C_AFTER = 0.7
"""Real seconds from the hostile invocation to Ctrl-C."""
MOST_CPU, MOST_BYTES, MOST_FILE_BYTES = 120, 6 * 1024**3, 1024**3
"""What any process of a case may take before the system ends it: the machine is to survive its tests."""
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=300)
PLAIN = "def handler(event, context): return event"

Report = dict[str, Any]


# The notebook


class Notebook:
    """An open cloud, and what is written down of it: at every step, as the next one may be the last."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.report: Report = {"step": "start"}
        self._file = folder / "report.json"
        self._hung = (folder / "hung.txt").open("w")
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._hung)
        self._began = time.monotonic()
        self._belongings = belongings()
        self._memory = psutil.Process().memory_info().rss
        self.cloud: Cloud = open_cloud()
        self.lambda_ = boto3.client("lambda", region_name="us-east-1", config=ONCE)
        self.role = execution_role(self.cloud)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of the case: what it raises is written down, and how long it took."""
        self.report["step"] = name
        self._save()
        began = time.monotonic()
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            self.report[f"{name} raised"] = said(error)
        self.report[f"{name} took"] = time.monotonic() - began

    def deploy(self, name: str, code: bytes, **settings: Any) -> None:
        """A function from a zip."""
        handler = settings.pop("Handler", "app.handler")
        self.lambda_.create_function(
            FunctionName=name, Role=self.role, Code={"ZipFile": code}, Runtime="python3.13", Handler=handler, **settings
        )
        self.cloud.wait(5)

    def invoke(self, event: Any, name: str = "case") -> Report:
        """Status, error and document of an invocation, or how the API refused it."""
        try:
            answer = self.lambda_.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        except ClientError as error:
            return {"status": error.response["ResponseMetadata"]["HTTPStatusCode"], "refused": said(error)}
        body = answer["Payload"].read()
        return {
            "status": answer["StatusCode"],
            "error": answer.get("FunctionError", ""),
            "document": parsed(body),
        }

    def map_stream(self) -> None:
        """Let the function get the stream's new records, each batch twice at most."""
        summary = self.cloud.client("kinesis").describe_stream_summary(StreamName="orders")
        self.lambda_.create_event_source_mapping(
            EventSourceArn=summary["StreamDescriptionSummary"]["StreamARN"],
            FunctionName="case",
            StartingPosition="LATEST",
            MaximumRetryAttempts=1,
        )
        self.cloud.wait(60)

    def unmap(self) -> None:
        """Delete the mappings that there are."""
        for mapping in self.lambda_.list_event_source_mappings()["EventSourceMappings"]:
            if mapping["State"] != "Deleting":
                self.lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
        self.cloud.wait(60)

    def make_stream(self, name: str) -> None:
        """A new stream with one shard."""
        self.cloud.client("kinesis").create_stream(StreamName=name, ShardCount=1)
        self.cloud.wait(30)

    def make_again(self, deleted: Iterable[str], code: bytes, **settings: Any) -> None:
        """Make anew what a handler has deleted: its role, its function, its stream or its mapping."""
        if "role" in deleted:
            self.role = execution_role(self.cloud)
            self.cloud.wait(300)  # IAM's memory
        if "function" in deleted:
            self.deploy("case", code, **settings)
        if "stream" in deleted:
            self.make_stream("orders")
        if "mapping" in deleted:
            self.unmap()
            self.map_stream()

    def put(self, data: bytes) -> list[str]:
        """Put a record into the mapped stream and let time pass; the outcomes of its invocations."""
        before = len(self.cloud.recorder.entries("invoke"))
        self.cloud.client("kinesis").put_record(StreamName="orders", Data=data, PartitionKey="x")
        self.cloud.wait(120)
        return [
            str(entry.outcome) for entry in self.cloud.recorder.entries("invoke")[before:] if entry.function == "case"
        ]

    def look_around(self) -> None:
        """Whether an ordinary function and a stream still work."""
        with self.step("an ordinary function"):
            self.deploy("plain", zipped(PLAIN))
            self.report["plain"] = self.invoke({"n": 7}, "plain")["document"]
        with self.step("an ordinary stream"):
            self.make_stream("plain")
            kinesis = self.cloud.client("kinesis")
            kinesis.put_record(StreamName="plain", Data=b"7", PartitionKey="x")
            (shard,) = kinesis.list_shards(StreamName="plain")["Shards"]
            start = kinesis.get_shard_iterator(
                StreamName="plain", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )
            records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
            self.report["read"] = [record["Data"].decode() for record in records]

    def read_log(self) -> None:
        """What the function has logged, long events cut."""
        with self.step("reading the log"):
            logs = self.cloud.client("logs")
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/case")
            lines = [event["message"][:2000] for page in pages for event in page["events"]]
            self.report["log"] = lines[:500] + lines[500:][-500:]

    def end(self, ending: Ending) -> None:
        """Close the cloud, and say what this process has more than before; or die."""
        self.report["grew"] = (peak_memory() - self._memory) // 1024**2
        self.report["step"] = "end"
        self._save()
        if ending == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        with self.step("close"):
            self.cloud.close()
        self.report["kept"] = sorted(set(belongings()) - set(self._belongings))
        self.report["took"] = time.monotonic() - self._began
        self.report["step"] = "done"
        self._save()

    def _save(self) -> None:
        self._file.write_text(json.dumps(self.report, default=repr))


def belongings() -> list[str]:
    """The threads and descriptors of this process."""
    threads = [f"thread {thread.name}" for thread in threading.enumerate()]
    links = Path("/proc/self/fd")
    if not links.exists():
        return threads
    descriptors = []
    for link in links.iterdir():
        with contextlib.suppress(OSError):
            descriptors.append(f"descriptor {link.name} of {link.readlink()}")
    return threads + [text for text in descriptors if not text.endswith("/fd")]


def peak_memory() -> int:
    """Bytes that this process has held at most, where the system tells; else those that it holds."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) * 1024
    return psutil.Process().memory_info().rss


def parsed(body: bytes) -> Any:
    """A document, or what there is in place of one."""
    if len(body) > 100_000:
        return f"{len(body)} bytes"
    try:
        return json.loads(body)
    except ValueError:
        return repr(body)


def said(error: BaseException) -> str:
    """An error in a line."""
    text = str(error).replace("\n", " ")
    return f"{type(error).__name__}: {text[:500]}"


@contextlib.contextmanager
def ctrl_c(report: Report) -> Iterator[None]:
    """Ctrl-C in a moment; how long it takes until it is noticed is written down."""
    sent = []

    def press() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(CTRL_C_AFTER, press)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        report["interrupted after"] = time.monotonic() - sent[0]
    finally:
        timer.cancel()
        timer.join()


# Playing a case


def play(case: Case, ending: Ending, folder: Path) -> None:
    """The whole case, in this process."""
    bound(folder)
    book = Notebook(folder, case.seconds)
    report = book.report
    code = zipped(case.code)
    settings = {"Timeout": case.timeout, "MemorySize": case.memory, **case.settings}
    with book.step("deploying"):
        book.deploy("case", code, **settings)
        if case.twin:
            book.deploy("other", code, **settings)
        if case.through == "mapping":
            book.make_stream("orders")
            book.map_stream()
    if not case.at_init:
        with book.step("the first invocation"):
            report["first"] = book.invoke(event(case, "first"))
    with book.step("the hostile invocation"), ctrl_c(report) if case.interrupted else contextlib.nullcontext():
        if case.through == "mapping":
            report["outcomes"] = book.put(b"hostile")
        else:
            report["hostile"] = book.invoke(event(case, "hostile"))
    report["processes"] = [described(process) for process in psutil.Process().children(recursive=True)]
    if not case.interrupted:  # an invocation that was interrupted leaves no log
        book.read_log()
    if case.again:
        with book.step("making it again"):
            book.make_again(case.again, code, **settings)
    with book.step("the next invocations"):
        report["next"] = [book.invoke(event(case, f"next {n}")) for n in range(case.rounds)]
        if case.through == "mapping":
            report["next outcomes"] = book.put(b"next")
    with book.step("mended code"):
        book.lambda_.update_function_code(FunctionName="case", ZipFile=zipped(PLAIN))
        book.cloud.wait(5)
        report["mended"] = book.invoke({"n": 8})
        if case.through == "mapping":
            report["mended outcomes"] = book.put(b"mended")
    book.look_around()
    book.end(ending)


def play_package(package: Package, ending: Ending, folder: Path) -> None:
    """The same for a package."""
    bound(folder)
    book = Notebook(folder, package.seconds)
    report = book.report
    with book.step("deploying"):
        try:
            book.deploy("case", package.data, Handler=package.handler, Timeout=10)
        except (ClientError, NotOffered) as error:
            report["refused"] = [getattr(error, "response", {}).get("Error", {}).get("Code", "NotOffered"), str(error)]
    if "refused" not in report:
        with book.step("the hostile invocation"):
            report["hostile"] = book.invoke("go")
            book.read_log()
    report["processes"] = []
    with book.step("mended code"):
        if "refused" in report:
            book.deploy("case", zipped(PLAIN))
        else:
            settings = {"FunctionName": "case", "Handler": "app.handler"}
            book.lambda_.update_function_configuration(**settings)
            book.cloud.wait(5)
            book.lambda_.update_function_code(FunctionName="case", ZipFile=zipped(PLAIN))
            book.cloud.wait(5)
        report["mended"] = book.invoke({"n": 8})
    book.look_around()
    book.end(ending)


def event(case: Case, do: str) -> dict[str, Any]:
    """What the function gets."""
    return {"do": do, "padding": "x" * case.padding}


def start_again(folder: Path) -> None:
    """Another notebook on the same machine, which finds what one that was killed has left."""
    bound(folder)
    book = Notebook(folder, 30)
    book.look_around()
    book.end("close")


def bound(folder: Path) -> None:
    """A group and a temporary folder of its own, and limits to what the system lets this process take."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    for name in ("TMPDIR", "TEMP", "TMP"):
        os.environ[name] = str(temporary)
    tempfile.tempdir = None
    if sys.platform != "win32":
        import resource

        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE_BYTES, MOST_FILE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# The prepared process


def serve() -> None:
    """Play a case for each line on the input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    adopt_orphans()
    open_cloud().close()
    warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        folder = Path(order["folder"])
        if "victim" in order:
            report = observe_kill(order["victim"], order["seed"], folder)
        else:
            report = observe(find(order["table"], order["name"]), order["ending"], folder)
        print(json.dumps(report), file=answers, flush=True)


def warm_up() -> None:
    """Import what a case needs, and have AWS's models read."""
    with open_cloud() as cloud:
        execution_role(cloud)
        for service in ("lambda", "kinesis", "logs"):
            cloud.client(service)


def find(table: str, name: str) -> Case | Package:
    """A case by its name."""
    from tests.hostile import handlers, packages

    cases: tuple[Case, ...] | tuple[Package, ...] = handlers.HANDLERS if table == "handlers" else packages.PACKAGES
    return next(case for case in cases if case.name == name)


def observe(case: Case | Package, ending: Ending, folder: Path) -> Report:
    """Play a case in a process of its own; the report, with what has outlived it."""
    before = set(folder.iterdir())
    target: Callable[..., None] = play if isinstance(case, Case) else play_package
    run_apart(target, (case, ending, folder), case.seconds + 10)
    report = read_report(folder)
    look_at_the_rest(report, folder, again=ending == "kill")
    report["strange"] = sorted(path.name for path in set(folder.iterdir()) - before)
    for path in Path(tempfile.gettempdir()).glob("hostile-*"):
        report["strange"].append(str(path))
        path.unlink()
    return report


def observe_kill(victim: str, seed: int, folder: Path) -> Report:
    """Let a victim be killed; the report, with what has outlived it."""
    from tests.hostile import kills

    if victim == "serve":
        client = start_apart(kills.use_served, (folder,))
        run_apart(kills.be_served, (seed, folder), 30)
        end_apart(client, 30)
    else:
        run_apart(kills.be_a_notebook if victim == "notebook" else kills.survive, (seed, folder), 60)
    report = read_report(folder)
    look_at_the_rest(report, folder, again=True)
    return report


def read_report(folder: Path) -> Report:
    """What a notebook has written down, and where it hung, if it did."""
    files = {name: folder / name for name in ("report.json", "hung.txt")}
    texts = {name: path.read_text() if path.exists() else "" for name, path in files.items()}
    report: Report = json.loads(texts["report.json"] or "{}")
    report["hung"] = texts["hung.txt"]
    return report


def look_at_the_rest(report: Report, folder: Path, *, again: bool) -> None:
    """Write down which processes and files are left; `again`: once another notebook has started."""
    report["left running"] = still_running(GRACE)
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    if again:
        run_apart(start_again, (folder,), 40)
        found = read_report(folder)
        report["again"] = {name: found.get(name) for name in ("step", "plain", "read")}
    report["left lying"] = sorted(path.relative_to(folder).as_posix() for path in (folder / "tmp").rglob("*"))


def run_apart(target: Callable[..., None], arguments: tuple[Any, ...], seconds: float) -> None:
    """Run a function in a process of its own, at most so long."""
    end_apart(start_apart(target, arguments), seconds)


def start_apart(target: Callable[..., None], arguments: tuple[Any, ...]) -> Any:
    """Start a function in a process of its own."""
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    process = context.Process(target=target, args=arguments)
    process.start()
    return process


def end_apart(process: Any, seconds: float) -> None:
    """Wait for its end, at most so long."""
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()


def still_running(seconds: float) -> list[str]:
    """The descendants of this process that are there after so long; none as soon as there are none."""
    deadline = time.monotonic() + seconds
    while True:
        reap()
        found = [described(process) for process in psutil.Process().children(recursive=True)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def described(process: psutil.Process) -> str:
    """A process in a line."""
    try:
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())[:200]}"
    except psutil.Error:
        return f"{process.pid} gone"


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent dies, where the system can do it: none is overlooked."""
    if sys.platform == "linux":
        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def reap() -> None:
    """Take leave of adopted processes that have ended."""
    if hasattr(os, "waitpid") and hasattr(os, "WNOHANG"):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    serve()
