"""The execution environments of a cloud: which are idle, how they begin and end, and where their files lie."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kinesis_lab.emulator.clock import MICROSECONDS, Clock
from kinesis_lab.emulator.identity import Identities
from kinesis_lab.emulator.interrupts import interrupts_postponed
from kinesis_lab.emulator.lambda_ import launchers
from kinesis_lab.emulator.lambda_.environment import Environment
from kinesis_lab.emulator.lambda_.function_lookup import Function
from kinesis_lab.emulator.lambda_.launching import Launcher
from kinesis_lab.emulator.lambda_.packages import services_of_aws, unzip
from kinesis_lab.emulator.lambda_.process_tree import LINUX, end_left_behind
from kinesis_lab.emulator.lambda_.temporary_folder import TemporaryFolder, remove
from kinesis_lab.emulator.lambda_.watch import Watch

INIT_SECONDS = 0.120
"""Virtual time to start an environment and import a handler, besides what the import itself sleeps or calls: our
choice, as AWS publishes none and it varies."""
MOST = 1000
"""Environments that there are at once, and so processes, without what handlers start: our choice."""


class Environments:
    """The execution environments of a cloud."""

    def __init__(self, clock: Clock, identities: Identities) -> None:
        """None yet."""
        self._clock = clock
        self._identities = identities
        self._folder: TemporaryFolder | None = None
        self._launchers: dict[bool, Launcher] = {}
        """By whether what they start begins with boto3."""
        self._idle: dict[tuple[Any, ...], list[Environment]] = {}
        self._all: set[Environment] = set()
        self._made = 0
        self._watch = Watch()

    def acquire(self, function: Function) -> tuple[Environment, bool]:
        """An environment for the function and whether it is new; with the first one, those of older revisions end."""
        self._forget_lost()
        idle = self._idle.get(function.revision)
        if idle:
            return idle.pop(), False
        with interrupts_postponed():
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
        """End an environment, once: its descriptors may be those of something else afterwards."""
        if environment not in self._all:
            return
        self._all.discard(environment)
        with ExitStack() as ending:
            ending.callback(remove, environment.folder)
            environment.close()

    def _forget_lost(self) -> None:
        """If a launcher was killed, and all that it started with it, no environment is idle any more."""
        for boto, launcher in [*self._launchers.items()]:
            if launcher.ended:
                del self._launchers[boto]
                launcher.close()
                for idle in self._idle.values():
                    for environment in [environment for environment in idle if environment.launcher is launcher]:
                        idle.remove(environment)
                        self.discard(environment)

    def _launcher(self, *, boto: bool) -> Launcher:
        if boto not in self._launchers:
            self._launchers[boto] = launchers.take(self._end_left_behind, boto=boto)
        return self._launchers[boto]

    def _end_left_behind(self) -> None:
        """End what processes have started that are gone with their launcher."""
        if self._folder:
            others = [environment.folder for environment in [*self._all] if not environment.launcher.ended]
            end_left_behind(self._folder.path, others)

    def _start(self, function: Function) -> Environment:
        self._make_room()
        self._forget_lost()  # to end others may have shown that it is
        self._made += 1
        folder = self._root() / f"environment-{self._made}"
        date = f"{self._clock.datetime:%Y/%m/%d}"
        stream = f"{date}/[{function.version}]{self._identities.hex(32)}"
        try:
            (folder / "tmp").mkdir(parents=True)
            unzip(function.code, folder / "task")
            services = services_of_aws(folder / "task")
            launcher = self._launcher(boto=services is not None)
            environment = Environment(function, folder, stream, self._watch, launcher, services or ())
        except BaseException:  # it may be tried again and again
            remove(folder)
            raise
        self._all.add(environment)
        environment.begin(self._clock.microseconds + round(INIT_SECONDS * MICROSECONDS))
        return environment

    def _make_room(self) -> None:
        """If there are as many as may be, end one that is idle.  Raises OSError when all are at work."""
        if len(self._all) >= MOST:
            idle = next((idle for idle in self._idle.values() if idle), None)
            if idle is None:
                raise OSError(errno.EAGAIN, f"{MOST} environments are at work")
            self.discard(idle.pop(0))

    def _root(self) -> Path:
        if self._folder is None:
            self._folder = TemporaryFolder()
        return self._folder.path

    def close(self) -> None:
        """End every process and remove every file."""
        self._watch.stop()
        with ExitStack() as ending:  # all of it is done, even if some of it fails
            if self._folder:
                ending.callback(self._folder.close)
            if not (LINUX and launchers.HAS_FORK):  # there, the launcher has found everything
                ending.callback(self._end_left_behind)
            for environment in self._all:
                ending.callback(environment.close)
            for launcher in self._launchers.values():
                ending.callback(launchers.give_back, launcher)  # first: it ends all of them at once
        self._all.clear()
        self._idle.clear()
