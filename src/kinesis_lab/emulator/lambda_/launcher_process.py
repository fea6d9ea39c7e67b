"""The launcher: the parent of all processes of functions of a cloud, run as a process of its own.

A function's process can read the environment of its parents: this one never had any.  Whatever happens to the program
that opened the cloud, the launcher sees its end and ends every function with it; and should the launcher itself be
killed, Linux ends them, since they asked for it.

Only the standard library is at hand here, and of that as little as possible, since a cold start waits for it.  What
comes in over the control socket are frames of plain data (see `frame`): "start" with argv, variables, cwd and services
of AWS, and the descriptors `REPORT` to `LOG`; "end" with a process's id; and "clear" with the descriptor of a report.
What goes out, over the report of each process, are two numbers: its id, or minus the error for which it could not be
started, and later how it ended; and a zero, when everything has ended that was to be cleared.

On Linux a process becomes that of a function by a fork of this one, which has imported what handlers need, if that
makes no difference; else it starts from nothing.
"""

from __future__ import annotations

import sys

AT_START = frozenset(sys.modules)
"""What every process has imported."""

import marshal  # noqa: E402
import os  # noqa: E402
import select  # noqa: E402
from time import monotonic, sleep  # noqa: E402 - a template is about to change them

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    import socket
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any
else:  # without what those import: it takes longer than all that is done here
    import _signal as signal
    import _socket as socket

REPORT, STDIN, STDOUT, LOG = range(4)
"""The order of the descriptors that come with "start"."""
NUMBER = 4
"""Bytes of a number."""
BOOTSTRAP = os.path.join(os.path.dirname(__file__), "bootstrap", "__main__.py")
"""What the process of a function runs."""
CANNOT_START = 127
"""The status of a process that could not become what it should; its log says why."""
MARK = b"AWS_LAMBDA_LOG_STREAM_NAME"
"""The variable by which a process is known to be of an environment, even if it left its parents and its session."""
MOST_DESCRIPTORS = 1024
"""How many descriptors a function may have."""
LAST_SECONDS = 1.5
"""Real seconds in which everything must have ended, when the cloud is gone."""
TICK = 0.005
"""Real seconds between two looks at what does not end."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def frame(*message: Any) -> bytes:
    """A message, of plain data, with its length before it."""
    data = marshal.dumps(message)
    return number(len(data)) + data


def number(value: int) -> bytes:
    """A number as it is sent."""
    return value.to_bytes(NUMBER, "big", signed=True)


def as_number(data: bytes) -> int:
    """A number that was sent."""
    return int.from_bytes(data, "big", signed=True)


# Who belongs to whom: on Linux only; elsewhere nobody is found


def children(pid: int) -> list[int]:
    """The children of a process; none if it is gone, or if this system does not tell."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def descendants(pids: Iterable[int]) -> list[int]:
    """The children of processes, and theirs, and so on."""
    found: dict[int, None] = {}
    waiting = list(pids)
    while waiting:
        new = [child for child in children(waiting.pop()) if child not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return list(found)


def orphans(launcher: int, started: Iterable[int], of: int, mark: bytes) -> list[int]:
    """The processes that `of` left behind: the launcher's children that it did not start, of that session or mark."""
    return [pid for pid in set(children(launcher)).difference(started) if _session(pid) == of or _has(pid, mark)]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _has(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return bool(mark) and mark in file.read().split(b"\0")
    except OSError:
        return False


def mark_of(variables: dict[bytes, bytes]) -> bytes:
    """The entry in the environment that a function's processes share."""
    return MARK + b"=" + variables[MARK] if MARK in variables else b""


def kill(pids: Iterable[int]) -> None:
    """End processes, if they are still there and ours."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def kill_group(pid: int) -> None:
    """End a process and its group, which it leads."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass


# The launcher itself


class Launcher:
    """Starts processes on request, and sees them to their ends."""

    def __init__(self, control: int, template: Any, command: list[str]) -> None:
        """`control` is the socket to the cloud.

        `template`: what this process is as the template of forks, or None; `command`: what a fork stands for.
        """
        self._control = socket.socket(fileno=control)
        self._template = template
        self._command = [os.fsencode(argument) for argument in command]
        self._pid = os.getpid()
        self._prctl = _prctl()
        self._prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a function leaves behind comes here and can be found
        _set_limits()
        self._become: Callable[[], None] | None = None
        self._reports: dict[int, int] = {}
        self._marks: dict[int, bytes] = {}

    def serve(self) -> Callable[[], None] | None:
        """Do what the cloud asks until it is closed or gone.

        Returns what is to be done next in a fork of this process, and None in this process itself.
        """
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        ready = select.poll()
        for descriptor in (self._control.fileno(), woken, *_parent_ends()):
            ready.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in ready.poll():
                if descriptor == woken:
                    os.read(woken, 512)
                    self._reap()
                elif descriptor != self._control.fileno() or not self._answer():
                    return self._become

    def end_all(self) -> bool:
        """End every process, and whatever they started and left behind; returns whether all are gone."""
        deadline = monotonic() + LAST_SECONDS
        while monotonic() < deadline:
            family = descendants([self._pid])
            for pid in self._reports:
                kill_group(pid)
            kill(family)
            self._reap()
            if not self._reports and not children(self._pid):
                return True
            sleep(TICK)
        return False

    def _answer(self) -> bool:
        """Do one thing that the cloud asks; False if it is gone, and in a fork that has become something else."""
        try:
            head, ancillary, _, _ = self._control.recvmsg(NUMBER, socket.CMSG_SPACE(4 * NUMBER))
            descriptors = [
                as_native(data[at : at + NUMBER]) for _, _, data in ancillary for at in range(0, len(data), NUMBER)
            ]
            head += self._receive(NUMBER - len(head))
            what, *arguments = marshal.loads(self._receive(as_number(head)))
        except (OSError, EOFError):
            return False
        if what == "start":
            self._start(descriptors, *arguments)
        elif what == "end":
            self._end(*arguments)
        else:
            self._clear(*descriptors)
        return self._become is None

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._control.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _start(
        self, descriptors: list[int], argv: list[bytes], variables: dict[bytes, bytes], cwd: bytes, services: list[str]
    ) -> None:
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        if len(descriptors) == 4:  # else this process may not have so many
            forks = self._template and argv == self._command and self._template.fits(variables, cwd)
            if forks:
                self._template.load(services)
            report = descriptors[REPORT]
            try:
                pid = os.fork()
            except OSError as error:
                _tell(report, -(error.errno or 1))
            else:
                if not pid:
                    self._begin(descriptors, cwd)
                    if forks:
                        self._become_function(variables)
                        return
                    _execute(argv, variables)
                _tell(report, pid)
                self._reports[pid] = report
                self._marks[pid] = mark_of(variables)
                descriptors.remove(report)
        for descriptor in descriptors:
            os.close(descriptor)

    def _become_function(self, variables: dict[bytes, bytes]) -> None:
        """In the child: go on as a function, once `serve` has returned; a fault here is none of the launcher's."""
        try:
            self._become = self._template.become(variables)
        except BaseException as error:
            _cannot_start(error)

    def _begin(self, descriptors: list[int], cwd: bytes) -> None:
        """In the child: keep nothing of this process but what a function's may have."""
        try:
            os.setsid()  # out of reach of Ctrl-C, and with whatever it starts one group to be killed
            self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self._pid:  # it was gone before that
                os._exit(CANNOT_START)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _limit_descriptors()
            for standard, descriptor in enumerate(descriptors[STDIN:]):
                os.dup2(descriptor, standard)
            self._control.detach()
            _close(_open_descriptors())
            os.chdir(cwd)
        except BaseException as error:
            _cannot_start(error)

    def _end(self, pid: int) -> None:
        """End a process and its family, which `_reap` completes."""
        if pid in self._reports:
            family = descendants([pid])
            kill_group(pid)
            kill(family)

    def _clear(self, report: int) -> None:
        """End everything, and say so if that was possible."""
        if self.end_all():
            _tell(report, 0)
        os.close(report)

    def _reap(self) -> None:
        """Take note of what has ended, end what it left behind, and report it."""
        for pid, status in _ended():
            if pid in self._reports:
                kill_group(pid)
                left = orphans(self._pid, self._reports, pid, self._marks.pop(pid))
                kill([*left, *descendants(left)])
                report = self._reports.pop(pid)
                _tell(report, os.waitstatus_to_exitcode(status))
                os.close(report)


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        try:
            os.close(descriptor)
        except OSError:  # that with which they were listed
            pass


def _execute(argv: list[bytes], variables: dict[bytes, bytes]) -> None:
    """In the child: become another program."""
    try:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python
            signal.signal(ignored, signal.SIG_DFL)
        os.execve(argv[0], argv, variables)
    except BaseException as error:
        _cannot_start(error)


def _cannot_start(error: BaseException) -> None:
    try:
        os.write(2, f"{error}\n".encode(errors="backslashreplace"))
    finally:
        os._exit(CANNOT_START)


def _open_descriptors() -> list[int]:
    """Those that a child has besides the standard ones.  Where the system does not tell, they end with the exec."""
    try:
        return [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
    except OSError:
        return []


def _ended() -> Iterator[tuple[int, int]]:
    """The children that have ended, and how."""
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended
    except ChildProcessError:
        return


def _tell(report: int, value: int) -> None:
    try:
        os.write(report, number(value))
    except OSError:  # nobody listens any more
        pass


def as_native(data: bytes) -> int:
    """A descriptor as the kernel hands it over."""
    return int.from_bytes(data, sys.byteorder, signed=True)


def _parent_ends() -> list[int]:
    """What becomes readable when the cloud's process ends, even if another one holds its socket: on Linux."""
    try:
        return [os.pidfd_open(os.getppid())]
    except (AttributeError, OSError):
        return []


def _prctl() -> Any:
    """Linux's call of this name; elsewhere nothing."""
    if sys.platform != "linux":
        return lambda *_: 0
    return _unseen("ctypes").CDLL(None).prctl


def _unseen(name: str) -> Any:
    """A module, of which no handler is to notice that it was imported here."""
    before = set(sys.modules)
    module = __import__(name)
    for new in sys.modules.keys() - before:
        del sys.modules[new]
    return module


def _set_limits() -> None:
    """Let this process have as many descriptors as it may, and no process a core file."""
    resource = _unseen("resource")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # a system may allow less than it says
        pass


def _limit_descriptors() -> None:
    resource = _unseen("resource")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(MOST_DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _template(arguments: list[str], *, boto: bool) -> Any:
    """What this process is as the template of forks, which was started as they would be."""
    from importlib.machinery import SourceFileLoader

    main = type(sys)("bootstrap")
    main.__file__ = BOOTSTRAP
    SourceFileLoader(main.__name__, BOOTSTRAP).exec_module(main)
    main.__name__ = "__main__"
    return main.import_runtime("template").Template(main, arguments, boto=boto)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for name in sys.modules.keys() - AT_START:
        del sys.modules[name]  # no handler is to notice that they were imported here
    *arguments, control, template = sys.argv[1:]
    command = [BOOTSTRAP if argument == __file__ else argument for argument in sys.orig_argv[:-2]]
    launcher = Launcher(
        int(control), None if template == "none" else _template(arguments, boto=template == "boto3"), command
    )
    try:
        become = launcher.serve()
    except BaseException:
        launcher.end_all()
        raise
    if become:
        become()
    else:
        launcher.end_all()
