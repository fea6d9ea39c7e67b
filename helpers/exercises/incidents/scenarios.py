"""What goes wrong: a scenario says what happens in a scene, by the minute after nine o'clock.

A row of the catalogue names its scenario under `trouble`, with what the scenario wants to know.
"""

from __future__ import annotations

from collections.abc import Callable

from helpers.exercises.incidents.catalogue import Plan
from helpers.exercises.incidents.scene import FLUSH, FUNCTION, Scene

Happenings = dict[int, Callable[[Scene], None]]


def slower(plan: Plan, seconds_per_order: float) -> Happenings:
    """A new release takes more time for every order."""
    return {plan.onset_minute: lambda scene: scene.release(seconds_per_order)}


def poison(plan: Plan) -> Happenings:
    """One order has no amount, and the function cannot cope with that."""
    return {plan.onset_minute: lambda scene: scene.tills.order(scene.tills.any_customer())}


def hot_key(plan: Plan, orders_per_second: float) -> Happenings:
    """One customer begins to order more than all others of a shard."""

    def begin(scene: Scene) -> None:
        scene.tills.hot = scene.tills.any_customer(), round(orders_per_second * FLUSH)

    return {plan.onset_minute: begin}


def throttle(plan: Plan, concurrency: int) -> Happenings:
    """Somebody reserves concurrency for the function, and with that limits it."""
    return {
        plan.onset_minute: lambda scene: scene.lambda_.put_function_concurrency(
            FunctionName=FUNCTION, ReservedConcurrentExecutions=concurrency
        )
    }


def pause(plan: Plan, minutes: int) -> Happenings:
    """The mapping is disabled for some minutes: what waits then makes larger batches than there ever were."""
    return {
        plan.onset_minute: lambda scene: scene.update_mapping(Enabled=False),
        plan.onset_minute + minutes: lambda scene: scene.update_mapping(Enabled=True),
    }


SCENARIOS: dict[str, Callable[..., Happenings]] = {
    each.__name__: each for each in (slower, poison, hot_key, throttle, pause)
}


def play(plan: Plan) -> Scene:
    """Open the scene of a plan."""
    trouble = dict(plan.trouble)
    return Scene(plan, SCENARIOS[trouble.pop("what")](plan, **trouble))
