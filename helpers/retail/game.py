"""A class that plays a game with the retail system: what happens, and who should win."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpers.handlers.retail.envelopes import CREATE, IMAGE, PURCHASE, PURCHASE_2, ingress, person
from helpers.handlers.retail.tally import fact, tally
from helpers.retail.tables import rows

if TYPE_CHECKING:
    import pandas as pd

    from kinesis_lab.cloud import Cloud

PRODUCTS = (
    ("Fjord", "Wool hat", "clothes"), ("Fjord", "Mittens", "clothes"), ("Lumen", "Desk lamp", "home"),
    ("Lumen", "Candle", "home"), ("Kettle & Co", "Teapot", "kitchen"), ("Kettle & Co", "Mug", "kitchen"),
    ("Pico", "Kite", "play"), ("Pico", "Marbles", "play"),
)  # fmt: skip
MERCHANTS = ("Amara", "Björn", "Chloé", "Fatima")
PHOTOGRAPHERS = ("Kofi", "Leila", "Mateo", "Noor")
BUYERS = ("Priya", "Søren", "Tom", "Yuki", "Zoë", "李娜")


@dataclass(frozen=True)
class Happening:
    """Something that somebody does in the game."""

    at: float
    """Seconds since the game began."""
    origin: str
    data: dict[str, Any]


def origin(name: str, role: str) -> str:
    """Who says so, as the game writes it."""
    return f"classroom/{role}/{name.lower()}-01/{name}"


def game(seed: int = 8, *, purchases: int = 40, minutes: float = 4.0) -> list[Happening]:
    """A game of a class, in order of time: merchants offer products, photographers take pictures, everybody buys.

    The products come in the first minute, each with a picture after a while, and one with a second picture.  They are
    bought by popularity, the first of a shuffled list most; each merchant has one from its top and one from its end.
    """
    chance = random.Random(seed)
    products = chance.sample(PRODUCTS, len(PRODUCTS))
    ids = [str(chance.randrange(10**6, 10**7)) for _ in products]
    end, happenings = 60 * minutes, []
    offered = {}
    for number, (brand, name, category) in enumerate(products):
        at = chance.uniform(0, 50)
        offered[ids[number]] = at
        data = {
            "id": ids[number],
            "brand": brand,
            "name": name,
            "category": category,
            "description": f"{name} by {brand}",
        }
        happenings.append(Happening(at, origin(_turn(MERCHANTS, number), "merchant"), {"schema": CREATE, **data}))
        for shot in range(2 if number == 0 else 1):
            at += chance.uniform(10, 90)
            who = origin(_turn(PHOTOGRAPHERS, number + shot), "photographer")
            image = {"schema": IMAGE, "id": ids[number], "image": f"i/p/{ids[number]}"}
            happenings.append(Happening(at, who, image))
    weights = [1 / (rank + 2) for rank in range(1, len(ids) + 1)]
    for _ in range(purchases):
        (product,) = chance.choices(ids, weights)
        at = chance.uniform(max(55.0, offered[product]), end)
        happenings.append(Happening(at, origin(chance.choice(BUYERS), "buyer"), {"schema": PURCHASE, "id": product}))
    return sorted(happenings, key=lambda each: each.at)


def _turn(people: tuple[str, ...], number: int) -> str:
    """Whose turn it is: there and back again."""
    lap, step = divmod(number, len(people))
    return people[-1 - step if lap % 2 else step]


def with_orders(happenings: Iterable[Happening]) -> list[Happening]:
    """The same game, with purchases that carry the number of their order."""
    return [
        Happening(each.at, each.origin, {**each.data, "schema": PURCHASE_2, "order": f"order-{number}"})
        if each.data["schema"] == PURCHASE
        else each
        for number, each in enumerate(happenings)
    ]


def to_record(happening: Happening, began: datetime) -> dict[str, Any]:
    """The record that the event writer would put into the log."""
    at = began + timedelta(seconds=happening.at)
    envelope = ingress(happening.data, happening.origin, at.astimezone(UTC).isoformat(timespec="milliseconds"))
    data = json.dumps(envelope, ensure_ascii=False).encode("utf-8")
    return {"Data": data, "PartitionKey": happening.data["id"]}


# The result


def board(cloud: Cloud, prefix: str = "") -> pd.DataFrame:
    """The table of scores as a leaderboard: role, name, score; the best of each role first."""
    found = [
        (item["role"], item.get("friendlyName") or person(item["userId"])[1], int(item["score"]))
        for item in rows(cloud, "scores", prefix)
    ]
    return _ranked(found)


def truth(happenings: Iterable[Happening]) -> pd.DataFrame:
    """The leaderboard as the game's own events have it, counted without any cloud."""
    by_product: dict[str, list[dict[str, Any]]] = {}
    for number, each in enumerate(happenings, 1):
        event = {"eventId": f"shardId-000000000000:{number}", "origin": each.origin, "data": each.data}
        by_product.setdefault(each.data["id"], []).append(fact(event))
    scores: dict[tuple[str, str], int] = {}
    for facts in by_product.values():
        for role, (_, name, score) in tally(facts).items():
            scores[role, name] = scores.get((role, name), 0) + score
    return _ranked([(role, name, score) for (role, name), score in scores.items()])


def leaders(leaderboard: pd.DataFrame) -> dict[str, str]:
    """Who leads in each role; several if they are equal, nobody if nobody has sold anything."""
    found = {}
    for role in ("creator", "photographer"):
        rank = leaderboard[(leaderboard["role"] == role) & (leaderboard["score"] > 0)]
        best = rank[rank["score"] == rank["score"].max()]
        found[role] = " = ".join(best["name"]) or "nobody"
    return found


def _ranked(scores: list[tuple[str, str, int]]) -> pd.DataFrame:
    import pandas as pd

    ranked = sorted(scores, key=lambda each: (each[0], -each[2], each[1]))
    return pd.DataFrame(ranked, columns=["role", "name", "score"])
