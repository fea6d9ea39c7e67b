"""The tables of the retail system, as boto3 and CloudFormation take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinesis_lab.cloud import Cloud


def table(name: str, key: str, sort: str = "", **indexes: tuple[str, str, list[str]]) -> dict[str, Any]:
    """A table as create_table and CloudFormation take it: its key, and of each index the key and what else is in it."""
    definition: dict[str, Any] = {"TableName": name, "KeySchema": _keys(key, sort), "BillingMode": "PAY_PER_REQUEST"}
    attributes = {key, sort}
    for index, (index_key, index_sort, more) in indexes.items():
        attributes |= {index_key, index_sort}
        projection = (
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": more} if more else {"ProjectionType": "KEYS_ONLY"}
        )
        described = {"IndexName": index, "KeySchema": _keys(index_key, index_sort), "Projection": projection}
        definition.setdefault("GlobalSecondaryIndexes", []).append(described)
    numbers = ("score", "creatorScore")
    definition["AttributeDefinitions"] = [
        {"AttributeName": each, "AttributeType": "N" if each in numbers else "S"} for each in sorted(attributes - {""})
    ]
    return definition


def _keys(key: str, sort: str) -> list[dict[str, str]]:
    found = [{"AttributeName": key, "KeyType": "HASH"}]
    return [*found, {"AttributeName": sort, "KeyType": "RANGE"}] if sort else found


CATALOGUE = (
    table("products", "id", Category=("category", "name", ["brand", "description", "image"])),
    table("categories", "category"),
)
SCORES = table("scores", "userId", "role", ScoresByRole=("role", "score", ["friendlyName"]))
WINNER_IN_ORDER = (table("contributions", "productId"), SCORES)
WINNER = (*WINNER_IN_ORDER, table("events", "productId", "eventId"))
WINNER_2017 = (
    table(
        "contributions",
        "productId",
        ProductsByCreator=("creator", "", ["creatorScore"]),
        ProductsByPhotographer=("photographer", "", ["photographerScore"]),
    ),
    table(
        "events",
        "productId",
        "eventId",
        EventsByCreator=("creator", "", []),
        EventsByPhotographer=("photographer", "", []),
    ),
    SCORES,
)
TARGETS = (table("targets", "stream"),)
"""The tables of each part of the system; the mended views of the winner need fewer indexes."""


def make_tables(cloud: Cloud, tables: Iterable[dict[str, Any]], prefix: str = "") -> None:
    """Create these tables, their names with a prefix; those that are there already are made anew, and are empty."""
    dynamodb = cloud.client("dynamodb")
    there = set(dynamodb.list_tables()["TableNames"])
    for each in tables:
        name = prefix + each["TableName"]
        if name in there:
            dynamodb.delete_table(TableName=name)
            dynamodb.get_waiter("table_not_exists").wait(TableName=name)
        dynamodb.create_table(**{**each, "TableName": name})
        dynamodb.get_waiter("table_exists").wait(TableName=name)


def rows(cloud: Cloud, name: str, prefix: str = "") -> list[dict[str, Any]]:
    """All rows of a table, in the order of their keys."""
    found = cloud.resource("dynamodb").Table(prefix + name)
    keys = [each["AttributeName"] for each in found.key_schema]
    items: list[dict[str, Any]] = found.scan()["Items"]
    return sorted(items, key=lambda item: [item[key] for key in keys])
