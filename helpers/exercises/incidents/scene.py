"""Where an incident happens: a cloud of its own, in it the stream `orders`, the function `book-orders`, and a shop.

The shop's tills write every half minute.  What goes wrong is a scenario; see `scenarios.py`.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.deploying import deploy, role_policy
from helpers.exercises.incidents.catalogue import Plan
from helpers.partitioning import hash_key, shard_for
from kinesis_lab.cloud import Cloud, open_cloud

STREAM = "orders"
FUNCTION = "book-orders"
QUEUE = "set-aside"
HANDLER = Path(__file__).parents[2] / "handlers" / "patient.py"

FLUSH = 30
"""Seconds from one call of the tills to the next."""
CUSTOMERS_PER_SHARD = 12


class Tills:
    """The shop's customers and what they order; each shard has as many customers as any other."""

    def __init__(self, plan: Plan, shards: list[dict[str, Any]]) -> None:
        """`shards`: those of the stream, as ListShards gives them."""
        self._chance = random.Random(plan.seed)
        self._count = 0
        self._orders = round(plan.orders_per_second_and_shard * plan.shards * FLUSH)
        self._waiting: list[dict[str, Any]] = []
        self.hot: tuple[str, int] | None = None
        """A customer who orders more than others, and how many orders that makes at every call."""
        by_shard: dict[str, list[str]] = {shard["ShardId"]: [] for shard in shards}
        while min(map(len, by_shard.values())) < CUSTOMERS_PER_SHARD:
            name = f"customer-{self._chance.randrange(1000, 10_000)}"
            customers = by_shard[str(shard_for(hash_key(name), shards))]
            if len(customers) < CUSTOMERS_PER_SHARD:
                customers.append(name)
        self._customers = [name for customers in by_shard.values() for name in customers]

    def any_customer(self) -> str:
        """One of them by chance."""
        return self._chance.choice(self._customers)

    def order(self, customer: str, **content: Any) -> None:
        """Let a customer order something at the next call."""
        self._count += 1
        data = json.dumps({"ID": self._count, "CUSTOMER": customer, **content}).encode()
        self._waiting.append({"Data": data, "PartitionKey": customer})

    def flush(self) -> list[dict[str, Any]]:
        """What was ordered since the last call, as PutRecords takes it."""
        names = [self.any_customer() for _ in range(self._orders)]
        if self.hot:
            names += [self.hot[0]] * self.hot[1]
            self._chance.shuffle(names)
        for name in names:
            self.order(name, AMOUNT=round(self._chance.uniform(1, 100), 2))
        waiting, self._waiting = self._waiting, []
        return waiting


class Scene:
    """An open cloud in which an incident takes its course."""

    def __init__(self, plan: Plan, happenings: dict[int, Callable[[Scene], None]]) -> None:
        """Set everything up.  `happenings`: what happens, by the minute after nine o'clock."""
        with contextlib.redirect_stdout(io.StringIO()):  # a check says one line, and that is not this one
            self.cloud: Cloud = open_cloud("local", seed=plan.seed)
        self.plan = plan
        self._opened = self.cloud.now()
        self._happenings = sorted(happenings.items())
        self.kinesis, self.lambda_ = self.cloud.client("kinesis"), self.cloud.client("lambda")
        self.kinesis.create_stream(StreamName=STREAM, ShardCount=plan.shards)
        self.kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
        self.kinesis.enable_enhanced_monitoring(StreamName=STREAM, ShardLevelMetrics=["IncomingRecords"])
        sqs = self.cloud.client("sqs")
        url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        self.queue: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        deployed = deploy(
            self.cloud,
            FUNCTION,
            HANDLER,
            STREAM,
            timeout=plan.timeout,
            environment=_variables(plan.seconds_per_call, plan.seconds_per_order),
            BatchSize=plan.batch_size,
            MetricsConfig={"Metrics": ["EventCount"]},
        )
        policy = json.dumps(role_policy(deployed.stream_arn, self.queue))
        self.cloud.client("iam").put_role_policy(RoleName=FUNCTION, PolicyName=FUNCTION, PolicyDocument=policy)
        self.mapping = deployed.mapping
        self.tills = Tills(plan, self.kinesis.list_shards(StreamName=STREAM)["Shards"])
        self._next_flush = 60

    @property
    def closed(self) -> bool:
        """Whether its cloud has been closed, as happens when another one is opened."""
        return self.cloud.emulator.closed

    @property
    def elapsed(self) -> float:
        """Seconds since nine o'clock."""
        return (self.cloud.now() - self._opened).total_seconds()

    def run_until(self, second: int) -> None:
        """Let time pass until so many seconds after nine, with everything that happens in it."""
        while self._next_flush < second:
            self._wait_for(self._next_flush)
            while self._happenings and self._happenings[0][0] * 60 <= self._next_flush:
                self._happenings.pop(0)[1](self)
            self.kinesis.put_records(StreamName=STREAM, Records=self.tills.flush())
            self._next_flush += FLUSH
        self._wait_for(second)

    def _wait_for(self, second: int) -> None:
        self.cloud.wait(max(0.0, second - self.elapsed))

    def update_mapping(self, **settings: Any) -> None:
        """Change settings of the mapping."""
        self.lambda_.update_event_source_mapping(UUID=self.mapping, **settings)

    def release(self, seconds_per_order: float) -> None:
        """Bring out a function that takes so long for an order."""
        variables = _variables(self.plan.seconds_per_call, seconds_per_order)
        self.lambda_.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": variables})


def _variables(seconds_per_call: float, seconds_per_order: float) -> dict[str, str]:
    return {"SECONDS_PER_CALL": f"{seconds_per_call:g}", "SECONDS_PER_ORDER": f"{seconds_per_order:g}"}
