"""DynamoDB answers as moto alone does, though its expressions are read in another way here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kinesis_lab.cloud import Cloud
from kinesis_lab.emulator.moto_adapter import expressions
from kinesis_lab.testing import fresh_cloud

KEY = {"page": {"S": "/"}, "minute": {"N": "1"}}
ITEM = {
    **KEY,
    "n": {"N": "5"},
    "s": {"S": "text"},
    "l": {"L": [{"N": "1"}, {"S": "a"}, {"M": {"x": {"N": "1"}}}]},
    "m": {"M": {"a": {"M": {"b": {"N": "7"}}}, "c": {"SS": ["x", "y"]}}},
    "set": {"NS": ["1", "2"]},
    "b": {"BOOL": True},
    "null": {"NULL": True},
}
NAMES = {"#n": "n", "#m": "m", "#a": "a", "#status": "status", "#s": "s"}
VALUES = {
    ":1": {"N": "1"},
    ":2": {"N": "2"},
    ":9": {"N": "9"},
    ":t": {"S": "text"},
    ":e": {"S": "te"},
    ":type": {"S": "N"},
    ":x": {"SS": ["x"]},
    ":two": {"NS": ["2"]},
    ":list": {"L": [{"N": "4"}]},
    ":map": {"M": {"a": {"N": "1"}}},
    ":empty": {"S": ""},
    ":b": {"BOOL": True},
}
UPDATES = """
SET n = :1
SET n = n + :1
SET n = n - :1
SET n=n+:1
set n = :1
SET #n = #n + :2
SET n = :1, s = :t
SET z = if_not_exists(z, :1) + :2
SET n = if_not_exists(n, :1) + :2
SET n = :1 + if_not_exists(z, :2)
SET l = list_append(l, :list)
SET l = list_append(:list, l)
SET l[0] = :9
SET l[9] = :9, l[0] = :1
SET l[2].x = :9
SET m.a.b = :9
SET m.#a.b = m.a.b + :1
SET #m.#a.z = :map
SET m.a = :map, m.c = :x
SET z = n
SET z = l[1]
SET z = m.a.b
SET z = s
SET b = :b, z = :map
SET z = :empty
REMOVE n
REMOVE n, s
REMOVE l[0]
REMOVE l[0], l[2]
REMOVE l[2], l[0]
REMOVE m.a.b
REMOVE z
REMOVE m.c, l[1].z
ADD n :1
ADD z :1
ADD set :two
ADD m.c :x
ADD z :x
ADD s :1
ADD l :1
DELETE set :two
DELETE m.c :x
DELETE z :x
DELETE n :1
DELETE set :x
SET n = :1 REMOVE s
SET n = :1 ADD z :2 REMOVE s DELETE set :two
REMOVE s SET n = :1 ADD q :1
SET z = if_not_exists(m.a.q, m.a.b)
SET z = if_not_exists(n, s)
SET z = list_append(if_not_exists(q, :list), :list)
""".strip().splitlines()
REFUSED_UPDATES = [
    "",
    " ",
    *"""
SET
SET n
SET n =
SET n = :missing
SET #missing = :1
SET n = :1 + :t
SET n = s + :1
SET page = :t
SET minute = minute + :1
REMOVE page
ADD page :1
SET n = q
SET n = q + :1
SET q.r = :1
SET n = :1 SET s = :t
ADD n :1 ADD z :1
REMOVE n REMOVE s
SET n = :1, n = :2
SET m.a = :1, m.a.b = :2
SET #n = :1, n = :2
SET status = :1
SET #status = :1
SET size = :1
SET n = size(l)
SET n := :1
UPDATE n = :1
SET n = :1,
SET n = :1;
SET l[a] = :1
SET n = n + n + :1
SET n = list_append(n, :list)
SET n = unknown(:1)
SET n = if_not_exists(n)
DELETE n
ADD n
REMOVE
SET n = (:1)
SET l[0 = :1
x
""".strip().splitlines(),
]
CONDITIONS = """
attribute_exists(n)
attribute_not_exists(n)
attribute_exists(z)
attribute_not_exists(z)
n = :1
n <> :1
n < :9
n <= :9
n > :9
n >= :9
n BETWEEN :1 AND :9
n IN (:1, :2)
n IN (:1, :2, n)
s = :t
begins_with(s, :e)
contains(s, :e)
contains(m.c, :t)
size(s) > :2
size(l) = :2
attribute_type(n, :type)
NOT n = :1
NOT (n = :1)
n = :1 OR s = :t
n = :1 AND s = :t
n = :1 OR s = :t AND b = :b
#n > :1
(n = :1 OR s = :t) AND b = :b
m.a.b > :1
#m.#a.b > :1
l[0] = :1
z < :9
z > :9
attribute_exists(m.a.q)
attribute_not_exists(z) OR z < :9
attribute_not_exists(#n) OR #n < :9
b = :b AND NOT attribute_exists(null)
""".strip().splitlines()
REFUSED_CONDITIONS = [
    "",
    " ",
    *"""
n
n =
n = :missing
#missing = :1
n == :1
((n = :1))
n = :1 AND
status = :1
unknown(n)
size(n)
n BETWEEN :1
n IN ()
begins_with(s)
attribute_exists(:1)
n = :1 n = :2
[
n = 1
""".strip().splitlines(),
]
RETURNS = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]


@pytest.fixture(scope="module")
def tables() -> Any:
    """Two clouds, the second of which leaves moto's expressions alone, cannot be open at once: answers of each."""

    def answers(ask: Callable[[Any], Any]) -> list[Any]:
        found = []
        for attach in (expressions.attach, lambda patches: None):
            with pytest.MonkeyPatch.context() as monkeypatch, fresh_cloud_with(monkeypatch, attach) as cloud:
                found.append(ask(with_table(cloud)))
        return found

    return answers


def fresh_cloud_with(monkeypatch: pytest.MonkeyPatch, attach: Any) -> Any:
    monkeypatch.setattr(expressions, "attach", attach)
    return fresh_cloud()


def with_table(cloud: Cloud) -> Any:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="visits",
        KeySchema=[{"AttributeName": "page", "KeyType": "HASH"}, {"AttributeName": "minute", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "page", "AttributeType": "S"},
            {"AttributeName": "minute", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return dynamodb


def said(call: Callable[..., Any], **arguments: Any) -> Any:
    """What a call answers: its result, or its error."""
    used = json.dumps(arguments)
    arguments["ExpressionAttributeNames"] = {name: NAMES[name] for name in NAMES if name in used}
    arguments["ExpressionAttributeValues"] = {name: VALUES[name] for name in VALUES if name in used}
    try:
        answer = call(TableName="visits", **{name: value for name, value in arguments.items() if value != {}})
    except ClientError as error:
        answer = error.response
    answer["ResponseMetadata"] = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer


def test_updates(tables):
    """Each of them on an item, on one that there is not, twice, and with what was there before."""

    def ask(dynamodb: Any) -> Any:
        found = []
        for n, update in enumerate(UPDATES + REFUSED_UPDATES):
            dynamodb.put_item(TableName="visits", Item=ITEM)
            returned = RETURNS[n % len(RETURNS)]
            for key in (KEY, KEY, {**KEY, "minute": {"N": f"1{n}"}}):
                found.append(
                    (update, said(dynamodb.update_item, Key=key, UpdateExpression=update, ReturnValues=returned))
                )
                found.append(dynamodb.get_item(TableName="visits", Key=key).get("Item"))
        return found

    ours, motos = tables(ask)
    for our, moto in zip(ours, motos, strict=True):
        assert our == moto
    statuses = [answer[1]["ResponseMetadata"] for answer in ours if isinstance(answer, tuple)]
    assert min(map(statuses.count, (200, 400))) > 50


def test_conditions(tables):
    """Of an update, of what is put and deleted, and as a filter."""

    def ask(dynamodb: Any) -> Any:
        found = []
        for condition in CONDITIONS + REFUSED_CONDITIONS:
            for item in (ITEM, {**KEY, "n": {"N": "1"}}):
                dynamodb.put_item(TableName="visits", Item=item)
                change = {"Key": KEY, "UpdateExpression": "SET n = :9", "ConditionExpression": condition}
                found.append(
                    (condition, said(dynamodb.update_item, **change, ReturnValuesOnConditionCheckFailure="ALL_OLD"))
                )
                found.append(said(dynamodb.put_item, Item=item, ConditionExpression=condition))
                found.append(said(dynamodb.scan, FilterExpression=condition))
                found.append(said(dynamodb.delete_item, Key=KEY, ConditionExpression=condition))
        return found

    ours, motos = tables(ask)
    for our, moto in zip(ours, motos, strict=True):
        assert our == moto


def test_transactions_and_other_requests(tables):
    def ask(dynamodb: Any) -> Any:
        dynamodb.put_item(TableName="visits", Item=ITEM)
        found = []
        for update in UPDATES + REFUSED_UPDATES:
            entry = {"TableName": "visits", "Key": KEY, "UpdateExpression": update}
            values = {name: value for name, value in VALUES.items() if name in update}
            names = {name: value for name, value in NAMES.items() if name in update}
            if values:
                entry["ExpressionAttributeValues"] = values
            if names:
                entry["ExpressionAttributeNames"] = names
            try:
                dynamodb.transact_write_items(TransactItems=[{"Update": entry}])
            except ClientError as error:
                found.append(error.response["Error"])
            found.append(
                dynamodb.get_item(TableName="visits", Key=KEY, ProjectionExpression="n, m.a, l[0]").get("Item")
            )
        return found

    ours, motos = tables(ask)
    assert ours == motos


def test_what_is_remembered_is_not_changed(tables):
    """Items that hold what came with a request, and are changed afterwards."""

    def ask(dynamodb: Any) -> Any:
        found = []
        for _ in range(3):
            dynamodb.put_item(TableName="visits", Item=ITEM)
            for update, condition in (
                ("SET z = :map", "attribute_not_exists(z) AND m <> :map"),
                ("SET z.a = :9", "z = :map OR n > :1"),
                ("SET z = :map, q = :map", "z <> :map"),
                ("SET z.#a = :t REMOVE l[0], l[1]", "q = :map"),
            ):
                change = {"Key": KEY, "UpdateExpression": update, "ConditionExpression": condition}
                found.append(said(dynamodb.update_item, **change, ReturnValues="ALL_NEW"))
        return found

    ours, motos = tables(ask)
    assert ours == motos
    assert ours[:4] == ours[4:8] == ours[8:]
