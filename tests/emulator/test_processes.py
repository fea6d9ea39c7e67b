"""The processes of functions: what they can read of others, what ends them, and that nothing of them stays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from kinesis_lab.emulator.lambda_ import environments, launcher, launchers, output, temporary_folder
from kinesis_lab.emulator.lambda_.environment import Environment
from kinesis_lab.emulator.lambda_.launching import Launch
from kinesis_lab.testing import fresh_cloud
from tests.conftest import execution_role, zipped

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="there is no launcher")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells so much of its processes")

TOOLS = """
import json, os, signal, socket, subprocess, sys, threading

def daemon(variables=None):
    '''Leave a process behind that has another session and no parent here.'''
    script = "import os, time; os.fork() and os._exit(0); os.setsid(); print(os.getpid(), flush=True); "
    script += "os.close(1); threading = __import__('threading'); threading.Event().wait()"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=variables)
    return int(process.stdout.readline())

def child():
    '''Leave a child in this group behind.'''
    return subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"]).pid

def tell(port, *what):
    with socket.create_connection(("127.0.0.1", port)) as there:
        there.sendall(json.dumps(what).encode())
"""
IDLE = f"""{TOOLS}
def handler(event, context):
    return [os.getpid(), daemon(), child()]
"""
AT_WORK = {
    "spinning": "while True: pass",
    "hanging": "threading.Event().wait()",
    "deaf": "[signal.signal(n, signal.SIG_IGN) for n in range(1, 17) if n != 9]; threading.Event().wait()",
}


def at_work(how: str) -> str:
    """A handler that tells a port of its processes, and goes on in some way."""
    return f"""{TOOLS}
def handler(port, context):
    tell(port, os.getpid(), daemon(), child())
    {how}
"""


class Port:
    """Hears what one handler tells."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(60)
        self.number = self._socket.getsockname()[1]

    def heard(self) -> Any:
        with self._socket, self._socket.accept()[0] as there:
            return json.load(there.makefile())


@pytest.fixture(params=["fork", "start", "direct"])
def way(request, monkeypatch) -> str:
    """The ways to start a process: by a fork of the launcher, by the launcher from nothing, and without one."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("there are no forks here")
    monkeypatch.setattr(launchers, "HAS_FORK", request.param != "direct")
    monkeypatch.setattr(launchers, "TEMPLATES", request.param == "fork")
    return request.param


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.thorough)], ids=["fork", "start"])
def notebook(request) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs code in a process of its own, in which functions can be made."""
    running: list[subprocess.Popen[str]] = []

    def start(source: str, **variables: str) -> subprocess.Popen[str]:
        script = f"{NOTEBOOK}launchers.TEMPLATES &= {request.param}\n" + textwrap.dedent(source)
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            assert end
            end.close()


NOTEBOOK = """
import json, os, sys, threading, time
from kinesis_lab.emulator.lambda_ import launchers
from kinesis_lab.testing import fresh_cloud
from tests.conftest import execution_role, zipped

def say(*what):
    print(json.dumps(what), flush=True)

def deploy(cloud, source, name="app", **settings):
    cloud.client("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": zipped(source)},
        **{"Role": "arn:aws:iam::123456789012:role/shop", "Timeout": 600, **settings},
    )
    cloud.wait(5)

def invoke(cloud, event=None, name="app"):
    answer = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())
"""


def heard(process: subprocess.Popen[str]) -> Any:
    """What the notebook says next."""
    assert process.stdout
    return json.loads(process.stdout.readline())


def gone(*pids: int) -> bool:
    """Whether all of them end."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return not [one for one in psutil.wait_procs(found, timeout=10)[1] if one.status() != psutil.STATUS_ZOMBIE]


def running(*pids: int) -> list[bool]:
    return [psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids]


# Credentials

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "realsecretrealsecretrealsecret",
    "AWS_SESSION_TOKEN": "realtokenrealtoken",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/real/web/token",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "realcontainertoken",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/realuri",
    "AWS_BEARER_TOKEN_BEDROCK": "realbearertoken",
    "AWS_LOGIN_CACHE_DIRECTORY": "/real/login",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1/realendpoint",
    "AWS_SOMETHING_OF_TOMORROW": "realfuture",
}
SPY = """
    import os

    def handler(notebook, context):
        read, pid = {"self": open("/proc/self/environ").read()}, os.getpid()
        while pid != notebook:
            pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
            read[pid] = open(f"/proc/{pid}/environ").read()
        return [read, dict(os.environ)]
"""


@pytest.mark.slow
@LINUX
def test_no_process_up_to_the_notebook_shows_real_credentials(notebook):
    process = notebook(
        f"""
        with fresh_cloud() as cloud:
            execution_role(cloud)
            deploy(cloud, {SPY!r})
            say(*invoke(cloud, os.getpid()))
            import subprocess
            say(subprocess.run(["env"], capture_output=True, text=True).stdout)
        say(open("/proc/self/environ").read().split("\\0"), dict(os.environ))
        """,
        GITHUB_TOKEN="realgithub",
        **SECRETS,
    )
    read, variables = heard(process)
    assert len(read) == 3 and all("TZ=UTC" in text or "PATH" in text for text in read.values())
    shown = json.dumps([read, variables, heard(process)])
    assert [value for value in SECRETS.values() if value in shown] == []
    assert "realgithub" not in json.dumps(variables)
    block, restored = heard(process)
    assert [name for name, value in SECRETS.items() if f"{name}={value}" not in block] == []
    assert {name: restored[name] for name in SECRETS} == SECRETS


@LINUX
def test_where_they_cannot_be_hidden_it_is_said(monkeypatch):
    def refuse(_prefix):
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr("kinesis_lab.emulator.initial_environment.hide", refuse)
    with (
        pytest.warns(RuntimeWarning, match="handlers may read in /proc what this process was started with"),
        fresh_cloud(),
    ):
        pass


# Ends


NOTEBOOK_AT_WORK = """
        opened = fresh_cloud(speed=1000)
        cloud = opened.__enter__()
        execution_role(cloud)
        deploy(cloud, {idle!r}, "idle")
        deploy(cloud, {at_work!r}, MemorySize=512)
        say(os.getpid(), *invoke(cloud, name="idle"))
        threading.Thread(target=invoke, args=(cloud, {port}), daemon=True).start()
        threading.Event().wait()
"""


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("how", AT_WORK.values(), ids=AT_WORK)
def test_all_ends_with_the_notebook(notebook, how):
    port = Port()
    process = notebook(NOTEBOOK_AT_WORK.format(idle=IDLE, at_work=at_work(how), port=port.number))
    pids = heard(process)[1:] + port.heard()
    assert all(running(*pids))
    process.kill()
    assert gone(*pids)


@pytest.mark.slow
@POSIX
def test_all_ends_with_the_notebook_even_if_a_fork_of_it_lives(notebook):
    if sys.platform != "linux":
        pytest.skip("the launcher hears of the end of its socket only")
    process = notebook(f"""
        with fresh_cloud() as cloud:
            execution_role(cloud)
            deploy(cloud, {IDLE!r})
            pids = invoke(cloud)
            fork = os.fork()
            if fork:
                say(*pids, fork)
            threading.Event().wait()
    """)
    *pids, fork = heard(process)
    process.kill()
    assert gone(*pids)
    assert running(fork) == [True]
    os.kill(fork, signal.SIGKILL)


@POSIX
@pytest.mark.parametrize("how", AT_WORK.values(), ids=AT_WORK)
def test_all_ends_with_the_launcher_and_the_next_invocation_has_another(deploy, cloud, lambda_, invoke, how):
    """The handler itself kills it; its invocation counts as died, and environments that were idle are replaced."""
    deploy(IDLE, "idle")
    port = Port()
    deploy(at_work(f"os.kill(os.getppid(), 9)\n    {how}"), Timeout=600)
    idle = invoke(name="idle").result
    answer = invoke(port.number)
    pids = port.heard()
    assert answer.result["errorMessage"].endswith("Runtime exited with error: signal: killed")
    again = invoke(name="idle").result
    assert gone(*idle, *pids)
    assert all(running(*again))


@POSIX
def test_a_launcher_that_was_stopped_is_ended(deploy, invoke, monkeypatch):
    monkeypatch.setattr(launcher, "PATIENCE", 0.2)
    deploy(
        "import os, signal\ndef handler(event, context):\n    os.kill(os.getppid(), signal.SIGSTOP)\n    os._exit(0)",
        "stop",
    )
    deploy("import os\ndef handler(event, context): return os.getpid()")
    invoke(name="stop")
    assert running(invoke().result) == [True]


def test_nothing_stays_when_the_cloud_is_closed(way):
    with fresh_cloud() as cloud:
        pids = put_to_work(cloud)
        assert all(running(*pids))
    assert gone(*pids)


@LINUX
def test_not_even_who_hides(way):
    """Without parents, session and variables of its environment."""
    if way == "direct":
        pytest.skip("without a launcher nobody finds it")
    with fresh_cloud() as cloud:
        pids = put_to_work(cloud, IDLE.replace("daemon()", "daemon({})"))
        assert all(running(*pids))
    assert gone(*pids)


def put_to_work(cloud: Any, source: str = IDLE, name: str = "app", **settings: Any) -> Any:
    """The answer of the first invocation."""
    function = {"FunctionName": name, "Runtime": "python3.13", "Handler": "app.handler", **settings}
    try:
        role = cloud.client("iam").get_role(RoleName="shop")["Role"]["Arn"]
    except ClientError:
        role = execution_role(cloud)
    cloud.client("lambda").create_function(Role=role, Code={"ZipFile": zipped(source)}, **function)
    cloud.wait(5)
    return json.load(cloud.client("lambda").invoke(FunctionName=name, Payload="{}")["Payload"])


@LINUX
@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 11)", "threading.Event().wait()"])
def test_what_an_environment_left_behind_ends_with_it_alone(deploy, cloud, invoke, end):
    port = Port()
    others = put_to_work(cloud, IDLE, "other")
    deploy(at_work(end), "dies", Timeout=1)
    invoke(port.number, name="dies")
    assert gone(*port.heard())
    assert all(running(*others))


def test_how_it_ended_is_known_although_a_child_holds_its_pipes(way, deploy, invoke):
    if way == "direct":
        pytest.skip("there is nothing to tell the one from the other")
    deploy("import os, threading\ndef handler(e, c): os._exit(3) if os.fork() else threading.Event().wait()")
    assert invoke().result["errorMessage"].endswith("exit status 3")


@POSIX
def test_what_cannot_be_started_is_an_end(tmp_path):
    ended = launcher.Launcher(lambda: None)
    try:
        with (tmp_path / "log").open("wb") as log:
            process = ended.start(Launch([sys.executable], {}, str(tmp_path / "missing")), log.fileno())
            assert process.wait() == 127
            process.close()
        os.close(process.stdin)
        os.close(process.stdout)
        assert "No such file or directory" in (tmp_path / "log").read_text()
    finally:
        ended.close()


@POSIX
def test_functions_leave_no_core_files_and_have_usual_limits(deploy, invoke):
    deploy(
        "import resource\ndef handler(e, c): return [resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in e]"
    )
    core, descriptors = invoke(["CORE", "NOFILE"]).result
    assert core == [0, 0] and descriptors[0] <= 1024


@pytest.mark.slow
@POSIX
def test_more_environments_than_descriptors_are_usual(notebook):
    process = notebook("""
        import resource
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        source = "import time\\ndef handler(event, context): time.sleep(5)"
        with fresh_cloud() as cloud:
            execution_role(cloud)
            deploy(cloud, source)
            for _ in range(40):
                cloud.client("lambda").invoke(FunctionName="app", InvocationType="Event", Payload="{}")
            cloud.wait(60)
            say(list(cloud.recorder.table("invoke")["outcome"]))
        say(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    """)
    assert heard(process) == [["ok"] * 40]
    assert heard(process) == [64]


# Ctrl-C


def test_ctrl_c_while_an_environment_starts_leaves_nothing(way, deploy, cloud, invoke, monkeypatch):
    deploy(IDLE)
    started: list[int] = []
    begin = Environment.begin

    def interrupted(environment, now):
        started.append(environment.pid)
        signal.raise_signal(signal.SIGINT)
        begin(environment, now)

    monkeypatch.setattr(Environment, "begin", interrupted)
    with pytest.raises(KeyboardInterrupt):
        invoke()
    assert running(*started) == [True]
    cloud.close()
    assert gone(*started)


@pytest.fixture
def heeding_ctrl_c():
    """A shell ignores it for what runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_ctrl_c")
def test_ctrl_c_while_a_cloud_is_closed_waits_for_it(way, monkeypatch):
    opened = fresh_cloud()
    cloud = opened.__enter__()
    pids = put_to_work(cloud)
    close = environments.Environments.close

    def interrupted(these):
        signal.raise_signal(signal.SIGINT)
        close(these)

    monkeypatch.setattr(environments.Environments, "close", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cloud.close()
    assert gone(*pids)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert os.environ.get("AWS_ACCESS_KEY_ID") != "local"


# Memory, and the watch


@LINUX
def test_the_memory_of_children_counts(deploy, invoke):
    script = "x = bytearray(b'x') * 200_000_000; import threading; threading.Event().wait()"
    deploy(
        f"import subprocess, sys\ndef handler(e, c): subprocess.run([sys.executable, '-c', {script!r}])", Timeout=600
    )
    assert invoke().result["errorMessage"].endswith("Runtime exited with error: signal: killed")


@LINUX
def test_memory_that_a_fork_shares_counts_once(deploy, invoke):
    deploy(
        """
        import os, threading
        held = bytearray(b"x") * 150_000_000
        def handler(event, context):
            for _ in range(3):
                if not os.fork():
                    threading.Event().wait(1)
                    os._exit(0)
            for _ in range(3):
                os.wait()
            return len(held)
        """,
        MemorySize=256,
        Timeout=600,
    )
    assert invoke().result == 150_000_000


@pytest.mark.parametrize(
    "error", [psutil.AccessDenied(1), psutil.ZombieProcess(1), PermissionError(), RuntimeError("odd")]
)
def test_the_watch_survives_whatever_a_look_raises(deploy, invoke, monkeypatch, error):
    looked = threading.Event()

    def fail(_environment):
        looked.set()
        raise error

    monkeypatch.setattr(Environment, "resident_memory", fail)
    deploy("import threading\ndef handler(e, c): threading.Event().wait()", Timeout=1)
    assert "Task timed out" in invoke().text
    assert looked.is_set()


@POSIX
def test_what_is_printed_does_not_fill_the_disk(deploy, invoke, monkeypatch):
    """As long as the handler is at work it is not read."""
    monkeypatch.setattr(output, "MOST_LOG_BYTES", 2_000_000)
    deploy(
        """
        import os
        def handler(event, context):
            largest = 0
            for _ in range(500):
                os.write(2, b"x" * 999_999 + b"\\n")
                largest = max(largest, os.fstat(2).st_size)
            return largest
        """,
        Timeout=600,
    )
    assert invoke().result < 400_000_000


# Folders


@pytest.mark.slow
def test_folders_of_programs_that_were_killed_are_swept(notebook, tmp_path):
    source = f"""
        with fresh_cloud() as cloud:
            execution_role(cloud)
            deploy(cloud, {IDLE!r})
            invoke(cloud)
            say(sorted(os.listdir({str(tmp_path)!r})))
            sys.stdin.read()
    """
    variables = {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "TMP": str(tmp_path)}
    (tmp_path / "kinesis-lab-of-nobody").mkdir()
    killed, living = notebook(source, **variables), notebook(source, **variables)
    names = {*heard(killed)[0], *heard(living)[0]}
    killed.kill()
    killed.wait()
    (left,) = heard(notebook(source, **variables))
    folders = [name for name in names if name.startswith("kinesis-lab-")]
    assert len(folders) == 3
    assert len([name for name in left if name.startswith("kinesis-lab-")]) == 3
    assert "kinesis-lab-of-nobody" in left and len(set(folders) & set(left)) == 2
    living.communicate("")
    assert len(set(folders) & set(os.listdir(tmp_path))) == 1


@POSIX
def test_what_is_not_ours_is_not_swept(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lock").touch()
    (tmp_path / "kinesis-lab-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "kinesis-lab-other").mkdir()
    (tmp_path / "kinesis-lab-other" / "lock").touch()
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: 12345)
        temporary_folder.sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    temporary_folder.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "kinesis-lab-link"]


@POSIX
def test_a_sweep_has_a_bound(tmp_path):
    for number in range(temporary_folder.MOST_SWEPT + 3):
        (tmp_path / f"kinesis-lab-{number}").mkdir()
        (tmp_path / f"kinesis-lab-{number}" / "lock").touch()
    temporary_folder.sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@POSIX
def test_everything_can_be_removed(tmp_path):
    """Folders in folders beyond a path's length and a stack's depth, and some that may not be looked into."""
    top = tmp_path / "top"
    (top / "shut" / "in").mkdir(parents=True)
    (top / "shut" / "in" / "file").touch()
    (top / "link").symlink_to(tmp_path)
    (top / "lock").touch()
    (top / "shut" / "in").chmod(0)
    (top / "shut").chmod(0)
    deep = "import os\nfor _ in range(3000):\n    os.mkdir('folder')\n    os.chdir('folder')"
    subprocess.run([sys.executable, "-c", deep], cwd=top, check=True)
    temporary_folder.remove(top)
    assert list(tmp_path.iterdir()) == []
