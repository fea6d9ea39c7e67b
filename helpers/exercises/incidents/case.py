"""A case: an incident that is open, from the alarm at ten o'clock to what an hour of a remedy has done."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from helpers.exercises.exercise import NotStarted, named
from helpers.exercises.incidents import verdict
from helpers.exercises.incidents.catalogue import Plan
from helpers.exercises.incidents.findings import STALLED, Findings, Toll, look, toll
from helpers.exercises.incidents.knobs import Hand, Refused, Turn
from helpers.exercises.incidents.scenarios import play
from helpers.exercises.incidents.scene import FUNCTION, STREAM, Scene
from helpers.pictures.style import Picture, duration
from helpers.pictures.vital_signs import vital_signs
from kinesis_lab.cloud import Cloud

if TYPE_CHECKING:
    import pandas as pd

Remedy = Callable[[Any, Any, "Case"], Any]
"""Takes the clients of Lambda and Kinesis, and the case; makes one call that changes something; returns the cause."""

TEN, ELEVEN = 3600, 7200
"""Seconds after nine o'clock: when the pager goes, and when the remedy is judged."""
ALARM = 300.0
"""Seconds of iterator age at which the alarm rings."""


class Case:
    """One patient.  Its cloud opens when it is looked at, and closes when another is opened."""

    function: str = FUNCTION
    stream: str = STREAM

    def __init__(self, plan: Plan) -> None:
        """Nothing has happened yet: the first look lets it happen, from nine to ten."""
        self.plan = plan
        self._scene: Scene | None = None
        self._untouched_at = 0.0
        self._mapping = self._queue = ""
        self._before: Findings | None = None
        self._alone: Findings | None = None
        self._after: Findings | None = None

    # What is there to see

    @property
    def cloud(self) -> Cloud:
        """Where it happens, with clients to look around: at ten o'clock, and after a remedy at eleven."""
        return self._stage().cloud

    @property
    def mapping(self) -> str:
        """The UUID of the event source mapping."""
        self._at_ten()
        return self._mapping

    @property
    def queue(self) -> str:
        """The ARN of a queue for what is set aside.  The function's role may send to it; nothing does yet."""
        self._at_ten()
        return self._queue

    @property
    def story(self) -> str:
        """What the pager says at ten o'clock."""
        signs = self._at_ten().signs.groupby("sign")
        alarm = signs.get_group("iterator age").query("value > @ALARM")["at"].min()
        waited = signs.get_group("age").groupby("shard")["value"].last().max()
        return (
            f"10:00, {FUNCTION}: the iterator age passed {duration(ALARM)} at 9:{alarm // 60:02}, and the oldest order "
            f"has now waited for {duration(waited)}. {self.plan.told}"
        )

    def signs(self) -> pd.DataFrame:
        """The vital signs from nine to ten, as numbers: at (seconds since nine), sign, shard, value."""
        return self._at_ten().signs

    def graphs(self) -> Picture:
        """The same as a picture."""
        return vital_signs(self._at_ten().signs, limits=self._limits)

    def failure_records(self) -> pd.DataFrame:
        """What has failed since nine: a row for each kind of failure in the log, and for what was set aside.

        Until ten, and after a remedy until eleven.
        """
        return (self._after or self._at_ten()).failures

    # What can be done

    def treat(self, remedy: Remedy) -> pd.DataFrame:
        """Try a remedy for an hour, say how it went, and return the chart."""
        try:
            wrong = self.examine(remedy)
        except NotStarted as stub:
            print(f"⬜ Not started. To do: {stub}.")
        else:
            print(f"🔶 Not yet. {wrong}" if wrong else f"✅ The patient is well. It was: {self.plan.cause}.")
        return self.chart()

    def examine(self, remedy: Any) -> str | None:
        """What is wrong with a remedy and its diagnosis; None when nothing is."""
        self._after = None
        try:
            turn, cause = self._prescription(remedy)
            before = self._at_ten()
            if wrong := verdict.of_diagnosis(self.plan, cause, before.signs):
                return wrong
            self._after = self._hour_with(turn)
        except Refused as refusal:
            return str(refusal)
        return verdict.of_remedy(self.plan, turn, before, self._after)

    def _prescription(self, remedy: Any) -> tuple[Turn, object]:
        """Which knob a remedy wants turned, and which cause it names.  Raises Refused, and NotStarted for a stub."""
        if not callable(remedy):
            raise Refused(f"A function was expected here, not {type(remedy).__name__}.")
        try:
            inspect.signature(remedy).bind(None, None, None)
        except (TypeError, ValueError):
            raise Refused("A remedy takes three things: lambda_, kinesis and the case.") from None
        if not self._untouched:
            self._scene = None  # it shall look around at ten o'clock, too
        turns: list[Turn] = []
        lambda_ = Hand("lambda", lambda: self.cloud.client("lambda"), turns)
        kinesis = Hand("kinesis", lambda: self.cloud.client("kinesis"), turns)
        try:
            cause = remedy(lambda_, kinesis, self)
        except (NotStarted, Refused):
            raise
        except (Exception, SystemExit) as error:
            raise Refused(f"Your remedy raised {named(error)}.") from error
        if not turns:
            raise Refused(
                "Your remedy changes nothing. It should make one call that does, with the lambda_ or the kinesis that "
                "it is given."
            )
        return turns[0], cause

    def _hour_with(self, turn: Turn) -> Findings:
        """Turn a knob at ten, and look again at eleven."""
        scene = self._untouched_stage()
        try:
            getattr(scene.cloud.client(turn.service), turn.operation)(**turn.parameters)
        except (BotoCoreError, ClientError) as error:
            raise Refused(f"AWS does not take your call. {error}") from error
        scene.run_until(ELEVEN)
        return look(scene)

    # How it went

    def next_hour(self) -> Picture:
        """The vital signs until eleven: with the last remedy, or, if there was none, when nobody comes."""
        after = self._after or self._when_nobody_comes()
        return vital_signs(after.signs, limits=self._limits, changed_at=TEN if self._after else None)

    def chart(self) -> pd.DataFrame:
        """What each hour has cost: until ten, and until eleven when nobody comes, and with the last remedy.

        A remedy is marked in each row: it does well if it is no worse than when nobody comes, and loses nothing.
        """
        import pandas as pd

        before, alone = self._at_ten(), self._when_nobody_comes()
        columns = {"9 to 10": _in_words(toll(before)), "nobody comes": _in_words(toll(alone, before))}
        if self._after:
            columns["your remedy"] = _in_words(toll(self._after, before))
            columns["grade"] = self._grades(toll(self._after, before), toll(alone, before))
        return pd.DataFrame(columns)

    def _grades(self, remedy: Toll, alone: Toll) -> dict[str, str]:
        assert self._before and self._after
        bad = int(self.plan.cause == verdict.POISON)
        good = {
            "orders lost": not remedy.lost,
            "orders set aside": remedy.set_aside <= bad,
            "orders given again": remedy.again <= alone.again,
            "minutes of stall": remedy.stalled < alone.stalled,
            "oldest order at the end": remedy.worst <= STALLED,
            "dollars": self._after.shards <= self._before.shards and self._after.memory <= self._before.memory,
        }
        return {row: "✅" if well else "🔶" for row, well in good.items()}

    # Behind the scenes

    @property
    def _limits(self) -> dict[str, float]:
        return {"seconds a call": self.plan.timeout, "records a call": self.plan.batch_size}

    @property
    def _untouched(self) -> bool:
        """Whether the scene is open and no time has passed since it was ten o'clock."""
        scene = self._scene
        return scene is not None and not scene.closed and scene.elapsed == self._untouched_at

    def _stage(self) -> Scene:
        """The scene as it is; if it was left, it is played again until ten."""
        if self._scene is None or self._scene.closed:
            self._scene = play(self.plan)
            self._scene.run_until(TEN)
            self._before = look(self._scene)
            self._untouched_at = self._scene.elapsed
            self._mapping, self._queue = self._scene.mapping, self._scene.queue
        return self._scene

    def _untouched_stage(self) -> Scene:
        """The scene at ten o'clock."""
        if not self._untouched:
            self._scene = None
        return self._stage()

    def _at_ten(self) -> Findings:
        if self._before is None:
            self._stage()
        assert self._before is not None
        return self._before

    def _when_nobody_comes(self) -> Findings:
        if self._alone is None:
            scene = self._untouched_stage()
            scene.run_until(ELEVEN)
            self._alone = look(scene)
        return self._alone


def _in_words(cost: Toll) -> dict[str, str]:
    return {
        "orders lost": f"{cost.lost:,}",
        "orders set aside": f"{cost.set_aside:,}",
        "orders given again": f"{cost.again:,}",
        "minutes of stall": f"{cost.stalled}",
        "oldest order at the end": duration(cost.behind) if cost.behind else "none waits",
        "dollars": f"{cost.dollars:.3f}",
    }
