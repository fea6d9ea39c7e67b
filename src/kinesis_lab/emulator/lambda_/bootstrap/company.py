"""Whether anything but the runtime is at work in an environment: threads, and processes that were started."""

from __future__ import annotations

import _thread
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any


class Company:
    """Notices whatever the handler starts beside itself."""

    def __init__(self) -> None:
        """Nothing has been started yet."""
        self._threads = _thread._count
        self._has_started_processes = False
        for name in ("system", "posix_spawn", "posix_spawnp"):
            if hasattr(os, name):
                setattr(os, name, self._noticing(getattr(os, name)))

    def begin(self) -> None:
        """From now on it counts."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._notice)

    def is_none(self) -> bool:
        """Whether this thread is all that runs here, and no process was ever started: they may outlive each other."""
        return not self._threads() and not self._has_started_processes

    def watch_subprocesses(self, starter: ModuleType) -> None:
        """Notice, too, what `starter` starts, which is `_posixsubprocess` or `_winapi`."""
        for name in ("fork_exec", "CreateProcess"):
            if hasattr(starter, name):
                setattr(starter, name, self._noticing(getattr(starter, name)))

    def _notice(self) -> None:
        self._has_started_processes = True

    def _noticing(self, start: Callable[..., Any]) -> Callable[..., Any]:
        def noticed(*arguments: Any, **options: Any) -> Any:
            self._notice()
            return start(*arguments, **options)

        return noticed
