"""The execution environments of a cloud: which are idle, how they begin and end, and where their files lie."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kinesis_lab.emulator.clock import MICROSECONDS, Clock
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.lambda_.environment import Environment
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.watch import Watch

INIT_SECONDS = 0.120
"""Virtual time to start an environment and import a handler, besides what the import itself sleeps or calls: our
choice, as AWS publishes none and it varies."""


class Environments:
    """The execution environments of a cloud."""

    def __init__(self, clock: Clock, identities: Identities) -> None:
        """None yet."""
        self._clock = clock
        self._identities = identities
        self._folder: Path | None = None
        self._tasks: dict[str, Path] = {}
        self._idle: dict[tuple[Any, ...], list[Environment]] = {}
        self._all: set[Environment] = set()
        self._made = 0
        self._watch = Watch()

    def acquire(self, function: Function) -> tuple[Environment, bool]:
        """An environment for the function and whether it is new; with the first one, those of older revisions end."""
        idle = self._idle.get(function.revision)
        if idle:
            return idle.pop(), False
        if idle is None:
            self._retire(function)
            self._idle[function.revision] = []
        return self._start(function), True

    def release(self, environment: Environment) -> None:
        """Keep an environment warm for the next invocation, if its revision is still in use."""
        idle = self._idle.get(environment.revision)
        if idle is None:
            self.discard(environment)
        else:
            idle.append(environment)

    def _retire(self, function: Function) -> None:
        """End the environments of this version of the function that are idle."""
        of = function.arn, function.version
        for revision in [revision for revision in self._idle if revision[:2] == of]:
            for environment in self._idle.pop(revision):
                self.discard(environment)

    def discard(self, environment: Environment) -> None:
        """End an environment."""
        self._all.discard(environment)
        environment.close()

    def _start(self, function: Function) -> Environment:
        task = self._unzipped(function)
        self._made += 1
        log = self._root() / f"environment-{self._made}.log"
        date = f"{self._clock.datetime:%Y/%m/%d}"
        stream = f"{date}/[{function.version}]{self._identities.hex(32)}"
        environment = Environment(function, task, log, stream, self._watch)
        self._all.add(environment)
        environment.begin(self._clock.microseconds + round(INIT_SECONDS * MICROSECONDS))
        return environment

    def _unzipped(self, function: Function) -> Path:
        if function.code_sha256 not in self._tasks:
            task = self._root() / f"task-{len(self._tasks) + 1}"
            with zipfile.ZipFile(io.BytesIO(function.code)) as archive:
                archive.extractall(task)
            self._tasks[function.code_sha256] = task
        return self._tasks[function.code_sha256]

    def _root(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="kinesis-lab-")).resolve()
        return self._folder

    def close(self) -> None:
        """End every process and remove every file."""
        self._watch.stop()
        with ExitStack() as ending:  # all of it is done, even if some of it fails
            if self._folder:
                ending.callback(shutil.rmtree, self._folder, ignore_errors=True)
            for environment in self._all:
                ending.callback(environment.close)
        self._all.clear()
        self._idle.clear()
