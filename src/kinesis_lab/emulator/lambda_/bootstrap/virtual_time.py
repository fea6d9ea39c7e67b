"""Virtual time for the modules `time` and `datetime`."""

from __future__ import annotations

import operator
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .connection import Connection

MICROSECONDS = 1_000_000


def _called_by_standard_library() -> bool:
    caller: str = sys._getframe(2).f_globals.get("__name__", "")
    return caller.partition(".")[0] in sys.stdlib_module_names


def virtual_time(connection: Connection) -> None:
    """Make the `time` module tell and spend virtual time, except for the standard library's own timeouts."""
    real = {name: getattr(time, name) for name in ("sleep", "monotonic", "monotonic_ns")}

    def sleep(seconds: float) -> None:
        asked = float(seconds) if isinstance(seconds, float) else operator.index(seconds)
        (real["sleep"] if _called_by_standard_library() else connection.sleep)(asked)

    def monotonic() -> float:
        if _called_by_standard_library():
            return float(real["monotonic"]())
        return connection.microseconds() / MICROSECONDS

    def monotonic_ns() -> int:
        if _called_by_standard_library():
            return int(real["monotonic_ns"]())
        return connection.microseconds() * 1000

    def now() -> float:
        return connection.microseconds() / MICROSECONDS

    def now_ns() -> int:
        return connection.microseconds() * 1000

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
