"""The inside of an execution environment: a process of its own that imports a handler and calls it.

Runs as a script with the standard library only.  It talks to the local cloud over its standard input and output
in frames (a head and a body of bytes); what the handler prints goes to the file behind standard error.

The present is virtual here.  It moves when the handler sleeps or calls AWS, both of which are frames to the local
cloud, and by a microsecond at every look at the clock, so that a loop that waits for a moment ends.
"""

from __future__ import annotations

import importlib
import io
import json
import marshal
import math
import operator
import os
import site
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from types import ModuleType
from typing import Any, BinaryIO

TASK_ROOT = "/var/task"
"""Where Lambda keeps the function's code; tracebacks name files there."""
STANDARD_LIBRARY = f"/var/lang/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
"""Where Lambda keeps Python."""
PACKAGES = f"{STANDARD_LIBRARY}/site-packages"
"""Where Lambda keeps what its runtime brings along."""
RUNTIME = f"{PACKAGES}/awslambdaric/bootstrap.py"
"""What Lambda runs instead of this file."""
RUNTIME_LIBRARIES = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"}
"""What Lambda's Python runtime brings along; everything else must be in the function's zip or a layer."""
MICROSECONDS = 1_000_000

Head = dict[str, Any]


# Frames: used by both ends


def write_frame(pipe: BinaryIO, head: Head, body: bytes = b"") -> None:
    """Send a head and a body: plain values only, as both ends are the same Python and marshal is its quickest way."""
    frame = marshal.dumps((head, body))
    pipe.write(len(frame).to_bytes(4, "big") + frame)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[Head, bytes]:
    """Receive a head and a body; EOFError when the other end is gone."""
    size = int.from_bytes(_exactly(pipe, 4), "big")
    head, body = marshal.loads(_exactly(pipe, size))
    return head, body


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError("the other end of the pipe is gone")
    return data


# The cloud as seen from inside


class Cloud:
    """The line to the local cloud, and the virtual clock that it keeps."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._now = 0
        self._looks = 0
        self._line = threading.RLock()  # held while no invocation runs: stray threads are frozen, as on Lambda

    def microseconds(self) -> int:
        """Virtual microseconds since 1970; each look costs one."""
        self._looks += 1
        return self._now + self._looks

    def ask(self, head: Head, body: bytes = b"") -> tuple[Head, bytes]:
        """Send a frame and wait for the answer, which carries the time."""
        with self._line:
            self.tell(head, body)
            return self.hear()

    def tell(self, head: Head, body: bytes = b"") -> None:
        """Send a frame, with the time that looking at the clock has cost."""
        head["spent"], self._looks = self._looks, 0
        write_frame(self._outgoing, head, body)

    def hear(self) -> tuple[Head, bytes]:
        """Wait for a frame and set the clock by it."""
        head, body = read_frame(self._incoming)
        self._now = head["now"]
        return head, body

    def next_invocation(self) -> tuple[Head, bytes]:
        """Wait, frozen, for the next event."""
        with self._line:
            return self.hear()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if not math.isfinite(seconds):  # as the real one
            raise ValueError("Invalid value NaN (not a number)") if math.isnan(seconds) else OverflowError("too long")
        self.ask({"kind": "sleep", "seconds": seconds})


# Time


def _called_by_standard_library() -> bool:
    caller: str = sys._getframe(2).f_globals.get("__name__", "")
    return caller.partition(".")[0] in sys.stdlib_module_names


def virtual_time(cloud: Cloud) -> None:
    """Make the `time` module tell and spend virtual time, except for the standard library's own timeouts."""
    real = {name: getattr(time, name) for name in ("sleep", "monotonic", "monotonic_ns")}

    def sleep(seconds: float) -> None:
        asked = float(seconds) if isinstance(seconds, float) else operator.index(seconds)
        (real["sleep"] if _called_by_standard_library() else cloud.sleep)(asked)

    def monotonic() -> float:
        if _called_by_standard_library():
            return float(real["monotonic"]())
        return cloud.microseconds() / MICROSECONDS

    def monotonic_ns() -> int:
        if _called_by_standard_library():
            return int(real["monotonic_ns"]())
        return cloud.microseconds() * 1000

    def now() -> float:
        return cloud.microseconds() / MICROSECONDS

    def now_ns() -> int:
        return cloud.microseconds() * 1000

    class WithNow:  # an object and not a function: as a class attribute it must not become a method
        def __init__(self, function: Callable[..., Any]) -> None:
            self._function = function

        def __call__(self, seconds: float | None = None) -> Any:
            return self._function(now() if seconds is None else seconds)

    real_strftime = time.strftime
    gmtime = WithNow(time.gmtime)
    vars(time).update(
        sleep=sleep,
        time=now,
        time_ns=now_ns,
        perf_counter=now,
        perf_counter_ns=now_ns,
        monotonic=monotonic,
        monotonic_ns=monotonic_ns,
        gmtime=gmtime,
        localtime=gmtime,  # Lambda's time zone is UTC
        ctime=WithNow(time.ctime),
        strftime=lambda form, t=None: real_strftime(form, gmtime() if t is None else t),
    )


def virtual_datetime(module: ModuleType) -> None:
    """Make `datetime.datetime` and `datetime.date` tell virtual time."""
    real_datetime, real_date = module.datetime, module.date

    class AnyDatetime(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real_datetime)

    class AnyDate(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real_date)

    class datetime(real_datetime, metaclass=AnyDatetime):  # type: ignore[misc, valid-type]
        __module__, __qualname__ = "datetime", "datetime"

        def __repr__(self) -> str:
            return f"datetime.{super().__repr__()}"

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            local = cls.fromtimestamp(time.time(), tz or module.timezone.utc)
            return local if tz else local.replace(tzinfo=None)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now()

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    class date(real_date, metaclass=AnyDate):  # type: ignore[misc, valid-type]
        __module__, __qualname__ = "datetime", "date"

        def __repr__(self) -> str:
            return f"datetime.{super().__repr__()}"

        @classmethod
        def today(cls) -> Any:
            return cls.fromordinal(datetime.now().toordinal())

    module.datetime, module.date = datetime, date  # type: ignore[attr-defined]


def seeded_chance(seed: str) -> Callable[[ModuleType], None]:
    """Make `os.urandom` (hence uuid and secrets) the same on every run; returns the hook for `random`."""
    drawn = 0

    def urandom(size: int) -> bytes:
        nonlocal drawn
        from hashlib import shake_128

        drawn += 1
        return shake_128(f"{seed}{drawn}".encode()).digest(size)

    os.urandom = urandom
    return lambda module: module.seed(seed)


# Imports


class AfterImport:
    """Finds modules as usual and lets a hook have a say once they are loaded."""

    def __init__(self, hooks: dict[str, Callable[[ModuleType], None]]) -> None:
        self._hooks = hooks

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """The module's usual spec, with the hook behind its loading."""
        hook = self._hooks.pop(name, None)
        if hook is None:
            return None
        spec = _find(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                hook(module)

            spec.loader.exec_module = exec_module
        return spec


class RuntimeLibraries:
    """Finds the packages that Lambda's runtime brings along, and no other installed package."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """The spec of a package of the runtime, or None."""
        return _find(name, self._folders) if name in RUNTIME_LIBRARIES else None


def _find(name: str, path: Sequence[str] | None) -> Any:
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(name, path)


def task_imports(root: str) -> None:
    """Import from the function's folder; its files are known by the names that they have on Lambda."""
    from importlib import machinery

    class TaskLoader(machinery.SourceFileLoader):
        def source_to_code(self, data: Any, path: Any, **options: Any) -> Any:  # type: ignore[override]
            return super().source_to_code(data, TASK_ROOT + str(path)[len(root) :].replace(os.sep, "/"))

    def hook(path: str) -> Any:
        if not path.startswith(root):
            raise ImportError
        return machinery.FileFinder(
            path,
            (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
            (TaskLoader, machinery.SOURCE_SUFFIXES),
            (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
        )

    sys.path_hooks.insert(0, hook)
    sys.path.insert(0, root)


def forward_boto(cloud: Cloud) -> Callable[[ModuleType], None]:
    """Send every request of botocore to the local cloud: none can leave the process another way."""

    def forward(request: Any, **_event: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        headers = {
            str(name).lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        head, answer = cloud.ask(
            {"kind": "call", "method": str(request.method), "url": str(request.url), "headers": headers},
            body.encode() if isinstance(body, str) else bytes(body),
        )
        if "refused" in head:
            raise RuntimeError(head["refused"])
        return AWSResponse(request.url, head["status"], head["headers"], Body(answer))

    return lambda module: module.BUILTIN_HANDLERS.insert(0, ("before-send", forward))


class Body(io.BytesIO):
    """A response body as urllib3 would hand it out."""

    def stream(self, **_options: Any) -> Any:
        """The whole body in one piece."""
        yield self.read()


def lambda_logging(now_serving: dict[str, str]) -> Callable[[ModuleType], None]:
    """Give the root logger the handler and the line format of Lambda's runtime."""

    def install(logging: Any) -> None:
        class Handler(logging.Handler):  # type: ignore[misc]
            def emit(self, record: Any) -> None:
                record.aws_request_id = now_serving["request_id"]
                sys.stdout.write(self.format(record))

        logging.Formatter.converter = time.gmtime
        handler = Handler()
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))
        logging.getLogger().addHandler(handler)

    return install


# The handler


class Fault(Exception):
    """Something that is wrong with the function rather than in it; becomes an error of type `Runtime.…`."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


class Setting:
    """What every context of this environment says of the function."""

    def __init__(self) -> None:
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]


class Context:
    """The second argument of a handler (facts 8.2)."""

    def __init__(self, cloud: Cloud, invocation: Head, setting: Setting) -> None:
        self._cloud = cloud
        self._deadline = invocation["deadline"]
        self.aws_request_id = invocation["request_id"]
        self.log_group_name = setting.log_group_name
        self.log_stream_name = setting.log_stream_name
        self.function_name = setting.function_name
        self.memory_limit_in_mb = setting.memory_limit_in_mb
        self.function_version = setting.function_version
        self.invoked_function_arn = invocation["arn"]
        self.tenant_id = None
        self.client_context = ClientContext.of(invocation.get("client_context"))
        self.identity = Identity()

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out."""
        return int(max(0, self._deadline - self._cloud.microseconds()) // 1000)

    def log(self, message: object) -> None:
        """Write to the log, without a line end of its own."""
        sys.stdout.write(str(message))


class Identity:
    """Who a mobile client is: nobody, here."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class ClientContext:
    """What a client passed along with its call."""

    def __init__(self, document: Head) -> None:
        self.client = document.get("client")
        self.custom = document.get("custom")
        self.env = document.get("env")

    @classmethod
    def of(cls, document: Head | None) -> ClientContext | None:
        """The context in a document, if there is one."""
        return None if document is None else cls(document)


def load_handler(name: str) -> Callable[[Any, Context], Any]:
    """Import `module.function`; the faults are those of Lambda's Python runtime (facts 8.3)."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None
    try:
        handler: Callable[[Any, Context], Any] = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None
    return handler


def unmarshal(event: bytes) -> Any:
    """The event as the handler gets it."""
    try:
        return json.loads(event)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None


def marshalled(result: Any) -> bytes:
    """The handler's result as JSON; bytes go through as they are."""
    if isinstance(result, bytes):
        return bytes(result)
    try:
        return to_json(result).encode()
    except RecursionError:
        reason = "maximum recursion depth exceeded while encoding a JSON object"
    except Exception as error:
        reason = str(error)
    raise Fault("Runtime.MarshalError", f"Unable to marshal response: {reason}")


def to_json(value: Any) -> str:
    """A value as JSON, by the rules of Lambda's runtime.

    They are simplejson's and go beyond the json module's: a named tuple (what has `_asdict`) is an object, bytes are
    text, and a Decimal is a number with all its digits.
    """
    writer = JsonWriter()
    writer.write(value)
    return "".join(writer.parts)


class JsonWriter:
    """Writes values one after the other into `parts`."""

    def __init__(self) -> None:
        """Nothing written yet."""
        self._around: set[int] = set()
        self.parts: list[str] = []

    @cached_property
    def _quoted(self) -> Callable[[str], str]:
        """Runtimes before Python 3.12 write `ë` as an escape sequence."""
        minor = os.environ.get("AWS_EXECUTION_ENV", "").rpartition(".")[2]
        old = minor.isdigit() and int(minor) < 12
        return json.encoder.encode_basestring_ascii if old else json.encoder.encode_basestring

    def write(self, value: Any) -> None:
        """Add a value; recursive, at one call per level."""
        put = self.parts.append
        if value is None or isinstance(value, (str, bytes, int, float)):
            put(self._scalar(value))
            return
        content = _content(value)
        if isinstance(content, str):
            put(content)
            return
        if id(value) in self._around:
            raise ValueError("Circular reference detected")
        self._around.add(id(value))
        if isinstance(content, dict):
            put("{")
            for n, (key, item) in enumerate(content.items()):
                put(f"{', ' if n else ''}{self._key(key)}: ")
                self.write(item)
            put("}")
        else:
            put("[")
            for n, item in enumerate(content):
                put(", " if n else "")
                self.write(item)
            put("]")
        self._around.discard(id(value))

    def _scalar(self, value: str | bytes | float | None) -> str:
        if isinstance(value, (str, bytes)):
            return self._quoted(value if isinstance(value, str) else value.decode())
        return json.dumps(value)

    def _key(self, key: Any) -> str:
        if isinstance(key, (str, bytes)):
            return self._scalar(key)
        if key is None or isinstance(key, (int, float)):
            return self._quoted(json.dumps(key))
        raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


def _content(value: Any) -> dict[Any, Any] | list[Any] | tuple[Any, ...] | str:
    """What is in a container, or the text of a Decimal."""
    as_dict = None if isinstance(value, type) else getattr(value, "_asdict", None)
    if callable(as_dict):
        content = as_dict()
        if not isinstance(content, dict):
            raise TypeError(f"_asdict() must return a dict, not {type(content).__name__}")
        return content
    if isinstance(value, (dict, list, tuple)):
        return value
    decimal = sys.modules.get("decimal")
    if decimal and isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else str(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class Home:
    """Knows where on Lambda the files of this computer would be: messages and tracebacks name them there."""

    def __init__(self, task: str, libraries: Sequence[str]) -> None:
        self._moves = {
            __file__: RUNTIME,
            **dict.fromkeys(libraries, PACKAGES),
            os.path.dirname(os.__file__): STANDARD_LIBRARY,
            task: TASK_ROOT,
        }

    def path(self, filename: str) -> str:
        """A file's name as it is on Lambda."""
        for here, there in self._moves.items():
            if filename.startswith(here):
                return there + filename[len(here) :].replace(os.sep, "/")
        return filename

    def text(self, message: str) -> str:
        """A message with such names in it."""
        for here, there in self._moves.items():
            message = message.replace(here + os.sep, there + "/").replace(here, there)
        return message


def error_document(error: BaseException, request_id: str, home: Home) -> Head:
    """An error as Lambda's Python runtime reports it (facts 8.3)."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        kind, trace = type(error).__name__, _stack(error, home)
    return {
        "errorMessage": home.text(str(error)),
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _stack(error: BaseException, home: Home) -> list[str]:
    """The frames from the handler on; the runtime's own only when there are no others.

    AWS leaves out the first ones of any file that is called bootstrap.py.  Further ones of this file are only here.
    """
    import traceback

    frames = [
        (home.path(frame.filename), frame.lineno or 0, frame.name, frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    first = next((n for n, frame in enumerate(frames) if "/bootstrap.py" not in frame[0]), 0)
    return traceback.format_list(
        [frames[first], *(frame for frame in frames[first + 1 :] if frame[0] != RUNTIME)] if frames else []
    )


def log_error(document: Head) -> None:
    """Write an error to the log as the runtime does: one event, its lines joined by carriage returns."""
    lines = [f"[ERROR] {document['errorType']}"]
    if document["errorMessage"]:
        lines[0] += f": {document['errorMessage']}"
    lines.append("Traceback (most recent call last):")
    for frame in document["stackTrace"]:
        for line in frame.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines) + "\n")


class PeakMemory:
    """Knows how much memory this process has held at most."""

    def __init__(self) -> None:
        self._page_faults = _page_faults()
        self._faults = 0
        self._kilobytes = 0

    def kilobytes(self) -> int:
        """The peak until now; 0 where the system does not tell.

        No process grows without page faults, and to count them is much cheaper than to ask for the peak.
        """
        faults = self._page_faults()
        if faults != self._faults or not faults:
            self._faults, self._kilobytes = faults, _high_water_mark()
        return self._kilobytes


def _page_faults() -> Callable[[], int]:
    """What counts the page faults of this process; 0 where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return lambda: 0
    del sys.modules["resource"]  # handlers may have a module of this name

    def count() -> int:
        usage = getrusage(RUSAGE_SELF)
        return usage.ru_minflt + usage.ru_majflt

    return count


def _high_water_mark() -> int:
    try:
        with open("/proc/self/status", "rb") as status:
            return next((int(line.split()[1]) for line in status if line.startswith(b"VmHWM")), 0)
    except OSError:
        return 0


def serve(handler: Callable[[Any, Context], Any], event: bytes, context: Context, home: Home) -> tuple[str, bytes]:
    """Call the handler; returns "result" or "error", and the document."""
    try:
        return "result", marshalled(handler(unmarshal(event), context))
    except Exception as error:
        document = error_document(error, context.aws_request_id, home)
        log_error(document)
        return "error", to_json(document).encode()


def main() -> None:
    """Load the handler, then serve one invocation after the other until the line is cut."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # from here on, what is printed is logged

    cloud = Cloud(incoming, outgoing)
    now_serving = {"request_id": ""}
    start, _ = cloud.hear()
    os.environ.pop("PYTHONHASHSEED", None)
    virtual_time(cloud)
    hooks = {
        "botocore.handlers": forward_boto(cloud),
        "datetime": virtual_datetime,
        "logging": lambda_logging(now_serving),
        "random": seeded_chance(start["seed"]),
    }
    for name in hooks.keys() & sys.modules.keys():
        hooks.pop(name)(sys.modules[name])
    sys.meta_path[:0] = [AfterImport(hooks)]
    sys.meta_path.append(RuntimeLibraries(start["libraries"]))
    task_imports(start["task"])
    site.setquit()  # `exit` and `quit`
    home = Home(start["task"], start["libraries"])
    memory, setting = PeakMemory(), Setting()

    try:
        handler = load_handler(start["handler"])
    except Exception as error:
        document = error_document(error, "", home)
        log_error(document)
        cloud.tell({"kind": "failed"}, to_json(document).encode())
        sys.exit(1)
    cloud.tell({"kind": "ready"})

    while True:
        try:
            invocation, event = cloud.next_invocation()
        except EOFError:
            os._exit(0)  # the cloud is closed: no thread of the handler may keep this process
        now_serving["request_id"] = invocation["request_id"]
        kind, body = serve(handler, event, Context(cloud, invocation, setting), home)
        cloud.tell({"kind": kind, "peak": memory.kilobytes()}, body)


if __name__ == "__main__":
    main()
