"""The museum of the retail system: each bug of the published code is made to happen, with that code and with ours.

Handlers are called here, in this process, and not by a mapping: so one can stop them in the middle.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError, ParamValidationError

from helpers.handlers.retail.envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2, egress, ingress
from helpers.retail import tables

if TYPE_CHECKING:
    import pandas as pd

    from kinesis_lab.cloud import Cloud

AT = "2026-01-05T09:00:00.000+00:00"
FIELDS: dict[str, dict[str, str]] = {
    CREATE: {"brand": "Fjord", "name": "Wool hat", "description": "warm", "category": "clothes"},
    IMAGE: {"image": "i/p/hat"},
    PURCHASE: {},
    PURCHASE_2: {},
}
ROLES = {CREATE: "merchant", IMAGE: "photographer", PURCHASE: "buyer", PURCHASE_2: "buyer"}

Record = dict[str, Any]


class Log:
    """A log that gives out its records, numbered as they come."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._number = 0

    def created(self, product: str, who: str) -> Record:
        """A merchant offers a product; `who` is an id, or widget/role/id/name."""
        return self.record(CREATE, product, who)

    def pictured(self, product: str, who: str) -> Record:
        """A photographer's picture is there."""
        return self.record(IMAGE, product, who)

    def bought(self, product: str, who: str = "eve") -> Record:
        """Somebody buys one piece."""
        return self.record(PURCHASE, product, who)

    def ordered(self, product: str, order: str, who: str = "eve") -> Record:
        """The same, by a till that numbers its orders."""
        return self.record(PURCHASE_2, product, who, order=order)

    def copied(self, record: Record, keep_id: bool = True) -> Record:
        """The record in a copy of the log: in an egress envelope, which keeps its id, or as it went in."""
        envelope = json.loads(base64.b64decode(record["kinesis"]["data"]))
        return self.wrapped(record["kinesis"]["partitionKey"], egress(envelope, record) if keep_id else envelope)

    def record(self, schema: str, product: str, who: str, **more: str) -> Record:
        """The next record."""
        origin = who if "/" in who else f"web/{ROLES[schema]}/{who}/{who.title()}"
        return self.wrapped(product, ingress({"schema": schema, "id": product, **FIELDS[schema], **more}, origin, AT))

    def wrapped(self, key: str, envelope: dict[str, Any]) -> Record:
        """An envelope as the next record."""
        self._number += 1
        number = f"{self._number:056d}"
        data = json.dumps(envelope, ensure_ascii=False).encode("utf-8")
        return {
            "eventID": f"shardId-000000000000:{number}",
            "kinesis": {
                "sequenceNumber": number,
                "partitionKey": key,
                "data": base64.b64encode(data).decode(),
                "approximateArrivalTimestamp": 1767603600.0 + self._number,
            },
        }


class View:
    """One of the views of the winner, with empty tables, and handlers that are called by hand."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        """`name`: of its module among the handlers."""
        self.published = name.endswith("2017")
        self._cloud = cloud
        self.empty()
        self._module = importlib.import_module(f"helpers.handlers.retail.{name}")
        store = importlib.import_module("helpers.handlers.retail.store")
        board = self._module if self.published else importlib.import_module("helpers.handlers.retail.scoreboard")
        self.contributions = board.contributions
        self.events = getattr(self._module, "events", None)
        self._calls = store.dynamodb.meta.client.meta.events

    def empty(self) -> None:
        """Make the tables anew."""
        tables.make_tables(self._cloud, tables.WINNER_2017 if self.published else tables.WINNER)

    def take(self, *records: Record) -> dict[str, Any]:
        """Give the function a batch; its answer."""
        with contextlib.redirect_stdout(io.StringIO()):
            answer: dict[str, Any] = self._module.handler({"Records": list(records)}, None)
        return answer

    def rows(self) -> list[dict[str, Any]]:
        """The table of scores as it is."""
        return tables.rows(self._cloud, "scores")

    def scores(self) -> dict[tuple[str, str], int]:
        """Who has which score in which role, by id, without those who have none."""
        found: dict[tuple[str, str], int] = {}
        for row in self.rows():
            who = row["userId"].split("/")[2] if "/" in row["userId"] else row["userId"]
            found[who, row["role"]] = found.get((who, row["role"]), 0) + int(row["score"])
        return {key: score for key, score in found.items() if score}

    def ask(self, path: str = "/scores", **asked: str) -> tuple[int, Any]:
        """What the API answers: status and body.  500, if the function fails: that is what the gateway makes of it."""
        name = "scores_api_2017" if self.published else "scores_api"
        api = importlib.import_module(f"helpers.handlers.retail.{name}")
        try:
            answer = api.handler({"path": path, "queryStringParameters": asked or None}, None)
        except (ParamValidationError, ClientError) as error:
            return 500, type(error).__name__
        return answer["statusCode"], json.loads(answer["body"])

    def score(self, who: str, role: str = "creator") -> int:
        """What somebody has earned."""
        return self.scores().get((who, role), 0)

    def product(self, product: str) -> list[tuple[str, int]]:
        """Creator and photographer of a product, each with their score."""
        (row,) = [row for row in tables.rows(self._cloud, "contributions") if row["productId"] == product]
        roles = [role for role in ("creator", "photographer") if role in row]
        if not self.published:
            return [(row[role][0], int(row[role][2])) for role in roles]
        people = [row[role].split("/")[2] if "/" in row[role] else row[role] for role in roles]
        return [(who, int(row[f"{role}Score"])) for who, role in zip(people, roles, strict=True)]

    # Mishaps

    def calls(self, *records: Record) -> int:
        """How many calls to DynamoDB a batch takes."""
        count = 0

        def note(**_: Any) -> None:
            nonlocal count
            count += 1

        self._calls.register("before-call.dynamodb", note)
        self.take(*records)
        self._calls.unregister("before-call.dynamodb", note)
        return count

    def crash(self, number: int, *records: Record) -> None:
        """Give the function a batch, and let its so-manieth call to DynamoDB be its last."""
        left = number

        def fail(**_: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise ConnectionError("the line is dead")

        self._calls.register("before-call.dynamodb", fail)
        self.take(*records)
        self._calls.unregister("before-call.dynamodb", fail)

    @contextlib.contextmanager
    def interrupted(self, table: Any, operation: str, *records: Record) -> Iterator[None]:
        """Let others handle a batch between the first answer of an operation and what is made of it."""
        real = getattr(table, operation)

        def slow(**request: Any) -> Any:
            setattr(table, operation, real)
            answer = real(**request)
            self.take(*records)
            return answer

        setattr(table, operation, slow)
        try:
            yield
        finally:
            setattr(table, operation, real)

    @contextlib.contextmanager
    def late_index(self) -> Iterator[None]:
        """Let queries of an index answer what was true before, as they may: an index is brought up to date later."""
        real = self.contributions.query
        before = {row["productId"]: row for row in tables.rows(self._cloud, "contributions")}

        def stale(**request: Any) -> Any:
            answer = real(**request)
            answer["Items"] = [{**item, **before.get(item["productId"], {})} for item in answer["Items"]]
            return answer

        self.contributions.query = stale
        try:
            yield
        finally:
            self.contributions.query = real

    @contextlib.contextmanager
    def short_pages(self) -> Iterator[None]:
        """Let a query's answer hold one item, as if that filled the megabyte at which DynamoDB cuts it."""
        real = self.contributions.query
        self.contributions.query = lambda **request: real(**request, Limit=1)
        try:
            yield
        finally:
            self.contributions.query = real


# The exhibits


def created_again(view: View, log: Log) -> str:
    """A product is created again."""
    view.take(log.created("P1", "ann"), log.pictured("P1", "bob"), log.bought("P1"), log.bought("P1"))
    view.take(log.created("P1", "ann"), log.bought("P1"))
    return f"photographer: {view.score('bob', 'photographer')}"


def crashed(view: View, log: Log) -> str:
    """It dies at a call to a table, and the batch comes again; tried with each call."""
    before = log.created("P1", "ann"), log.pictured("P1", "bob"), log.bought("P1")
    sale = log.bought("P1")
    view.take(*before)
    calls, right = view.calls(sale), 0
    for number in range(1, calls + 1):
        view.empty()
        view.take(*before)
        view.crash(number, sale)
        view.take(sale)
        right += view.scores() == {("ann", "creator"): 2, ("bob", "photographer"): 2}
    return f"right after {right} of {calls}"


def second_picture(view: View, log: Log) -> str:
    """There is a second picture, and the log is replayed from there."""
    view.take(log.created("P1", "ann"), log.pictured("P1", "bob"), log.bought("P1"))
    second, sale = log.pictured("P1", "dan"), log.bought("P1")
    view.take(second, sale)
    view.take(second)
    return ", ".join(f"{who}: {view.score(who, 'photographer')}" for who in ("bob", "dan"))


def race(view: View, log: Log) -> str:
    """A picture comes while a sale behind it is being worked on."""
    created, picture, sale = log.created("P1", "ann"), log.pictured("P1", "bob"), log.bought("P1")
    view.take(created)
    with view.interrupted(view.contributions, "get_item", picture):
        view.take(sale)
    return f"photographer: {view.score('bob', 'photographer')}"


def late_index(view: View, log: Log) -> str:
    """An index answers what was true a moment ago."""
    view.take(log.created("P1", "ann"), log.bought("P1"))
    with view.late_index():
        view.take(log.bought("P1"))
    return f"merchant: {view.score('ann')}"


def two_pages(view: View, log: Log) -> str:
    """A merchant has more products than one answer of a table holds."""
    view.take(log.created("P1", "ann"), log.created("P2", "ann"), log.bought("P1"))
    with view.short_pages():
        view.take(log.bought("P2"))
    return f"merchant: {view.score('ann')}"


def two_at_once(view: View, log: Log) -> str:
    """Two products of a merchant, in two shards, are sold at the same time."""
    view.take(log.created("P1", "ann"), log.created("P2", "ann"))
    one, other = log.bought("P1"), log.bought("P2")
    with view.interrupted(view.contributions, "query" if view.published else "get_item", other):
        view.take(one)
    return f"merchant: {view.score('ann')}"


def other_name(view: View, log: Log) -> str:
    """A merchant changes her name between two products."""
    view.take(log.created("P1", "web/merchant/ann/Ann"), log.created("P2", "app/merchant/ann/Ann the Great"))
    view.take(log.bought("P1"), log.bought("P2"))
    people = {row["userId"] for row in view.rows()}
    return f"people: {len(people)}"


def own_product(view: View, log: Log) -> str:
    """A merchant buys her own product, three times."""
    view.take(log.created("P1", "ann"), *(log.bought("P1", "ann") for _ in range(3)))
    return f"merchant: {view.score('ann')}"


def nobody_known(view: View, log: Log) -> str:
    """A product is bought that nobody has created; who leads?"""
    view.take(log.bought("P1"), log.bought("P1"), log.created("P2", "ann"), log.bought("P2"))
    _, best = view.ask(role="creator")
    return f"leader: {best[0]['userId'].split()[0]}"


def asked_badly(view: View, log: Log) -> str:
    """The API is asked with role missing, with limit=2, with limit=0."""
    view.take(log.created("P1", "ann"), log.bought("P1"))
    asked: tuple[dict[str, str], ...] = (
        {"limit": "1"},
        {"role": "creator", "limit": "2"},
        {"role": "creator", "limit": "0"},
    )
    return ", ".join(str(view.ask(**each)[0]) for each in asked)


def price_of_a_sale(view: View, log: Log) -> str:
    """A sale costs calls to tables."""
    view.take(log.created("P1", "ann"), log.pictured("P1", "bob"), log.bought("P1"))
    return f"calls: {view.calls(log.bought('P1'))}"


class Exhibit(NamedTuple):
    """A bug, and the two modules that it is shown with."""

    show: Callable[[View, Log], str]
    published: str = "winner_2017"
    ours: str = "winner"


ANY_ORDER = ("winner_any_order_2017", "winner_any_order")
EXHIBITS = (
    Exhibit(created_again),
    Exhibit(crashed),
    Exhibit(second_picture, *ANY_ORDER),
    Exhibit(race, *ANY_ORDER),
    Exhibit(late_index),
    Exhibit(two_pages),
    Exhibit(two_at_once),
    Exhibit(other_name),
    Exhibit(own_product),
    Exhibit(nobody_known),
    Exhibit(asked_badly),
    Exhibit(price_of_a_sale),
)


def tour(cloud: Cloud, exhibits: tuple[Exhibit, ...] = EXHIBITS) -> pd.DataFrame:
    """Show each exhibit with the published code and with ours."""
    import pandas as pd

    shown = [
        (
            (each.show.__doc__ or "").rstrip("."),
            "by order" if each.published == "winner_2017" else "by id",
            each.show(View(cloud, each.published), Log()),
            each.show(View(cloud, each.ours), Log()),
        )
        for each in exhibits
    ]
    return pd.DataFrame(shown, columns=["what happens", "view", "as published", "ours"]).set_index("what happens")
