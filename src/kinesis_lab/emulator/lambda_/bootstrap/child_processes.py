"""Child processes of a function: they are told where the function's folders are on this computer."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .lambda_paths import LambdaPaths

_putenv = os.putenv


class ChildProcesses:
    """Translates commands, working folders and environment variables.

    Paths that are words of a command are translated, in a shell's as well.  What a program makes up for itself is not:
    a script that opens `/tmp/x` opens that of this computer.
    """

    def __init__(self, paths: LambdaPaths, starting: Callable[[], None]) -> None:
        """`starting` is called before a child may write to `/tmp`."""
        self._paths = paths
        self._starting = starting

    def inherit(self) -> None:
        """Translate the variables that children inherit; the function goes on seeing what it was given."""
        for name, value in os.environ.items():
            here = self._paths.command(value)
            if here != value:
                _putenv(name, here)
        for name in ("TMPDIR",) if os.name == "posix" else ("TEMP", "TMP"):
            if name not in os.environ:
                _putenv(name, self._paths.tmp)

    def putenv(self, native: Callable[..., Any]) -> Callable[..., Any]:
        """`os.putenv`, which `os.environ` uses."""
        return lambda name, value: native(name, self._told(value))

    def system(self, native: Callable[..., Any]) -> Callable[..., Any]:
        """`os.system`."""

        def call(command: Any) -> Any:
            self._starting()
            return native(self._told(command))

        return call

    def translate_commands(self, module: Any) -> None:
        """The hook for `subprocess`."""
        told, translate, starting = self._told, self._paths.translate, self._starting
        there = self._paths.there

        class Popen(module.Popen):  # type: ignore[misc]
            __module__, __qualname__ = "subprocess", "Popen"

            def __init__(
                self,
                args: Any,
                bufsize: int = -1,
                executable: Any = None,
                stdin: Any = None,
                stdout: Any = None,
                stderr: Any = None,
                preexec_fn: Any = None,
                close_fds: bool = True,
                shell: bool = False,
                cwd: Any = None,
                env: Any = None,
                *rest: Any,
                **options: Any,
            ) -> None:
                starting()
                one = isinstance(args, (str, bytes)) or hasattr(args, "__fspath__")
                here = told(args) if one else [told(argument) for argument in args]
                if env is not None:
                    env = {name: told(value) for name, value in env.items()}
                try:
                    super().__init__(
                        here,
                        bufsize,
                        translate(executable),
                        stdin,
                        stdout,
                        stderr,
                        preexec_fn,
                        close_fds,
                        shell,
                        translate(cwd),
                        env,
                        *rest,
                        **options,
                    )
                except OSError as error:
                    if isinstance(error.filename, str):
                        error.filename = there(error.filename)
                    raise
                self.args = args

        module.Popen = Popen

    def _told(self, text: Any) -> Any:
        """A word or a command, whatever stands for it."""
        if isinstance(text, bytes):
            return os.fsencode(self._paths.command(os.fsdecode(text)))
        return self._paths.command(text) if isinstance(text, str) else self._paths.translate(text)
