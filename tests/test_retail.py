"""The retail system but for its views of the winner: schemas, envelopes, the way in, router, catalogue, copies."""

from __future__ import annotations

import base64
import importlib
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import open_cloud
from helpers.deploying import deploy, package
from helpers.handlers.retail import envelopes
from helpers.handlers.retail.envelopes import CREATE, EGRESS, IMAGE, INGRESS, PURCHASE, BadMessage
from helpers.handlers.retail.schema_router import SchemaRouter
from helpers.handlers.retail.schemas import SCHEMAS, is_moment, problem
from helpers.observing import log_events
from helpers.retail import tables
from helpers.retail.game import game, leaders, to_record, truth, with_orders
from helpers.retail.museum import Log

HANDLERS = Path(envelopes.__file__).parents[1]
SCHEMA_FILES = {"retail/schemas": HANDLERS.parents[1] / "data" / "retail"}
ORIGIN = "web/merchant/5551231234/Ann"
HAT = {"schema": CREATE, "id": "1", "brand": "Fjord", "name": "Hat", "description": "warm", "category": "clothes"}


@pytest.fixture(scope="module")
def shop():
    with open_cloud("local") as opened:
        yield opened


def module(name):
    return importlib.import_module(f"helpers.handlers.retail.{name}")


# Schemas


def test_there_are_the_schemas_of_the_specification():
    names = ("product/create", "product/image", "product/purchase", "user-info/login", "user-info/update-phone")
    names = (*names, "user-info/add-role", "retail-stream-ingress", "retail-stream-egress")
    assert {f"com.nordstrom/{name}/1-0-0" for name in names} | {"com.nordstrom/product/purchase/2-0-0"} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name):
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["properties"]["schema"] == {"const": name}


values = st.one_of(st.none(), st.text(max_size=3), st.integers(), st.just("2026-01-05T09:00:00Z"))
names = st.sampled_from(["schema", "id", "name", "image", "origin", "timeOrigin", "data", "eventId", "more"])
documents = st.dictionaries(names, st.one_of(values, st.dictionaries(names, values, max_size=3)), max_size=8)
checker = jsonschema.FormatChecker(formats=())


@checker.checks("date-time")
def _moment(value):
    return not isinstance(value, str) or is_moment(value)


@given(name=st.sampled_from(sorted(SCHEMAS)), document=st.one_of(documents, values), whole=st.booleans())
def test_our_validator_finds_what_jsonschema_finds(name, document, whole):
    schema = SCHEMAS[name]
    if whole and isinstance(document, dict):  # so that some of them are right
        document = {**dict.fromkeys(schema["required"], "2026-01-05T09:00:00Z"), "schema": name, **document}
        document |= {"data": {"schema": "x"}} if "data" in schema["properties"] else {}
    theirs = jsonschema.Draft7Validator(schema, format_checker=checker).is_valid(document)
    assert (problem(document, schema) is None) == theirs


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"category": None}, "category is not of type string"),
        ({"category": ""}, "category is empty"),
        ({"colour": "red"}, "the event has colour, which the schema does not know"),
        ({"schema": IMAGE}, f"schema is '{IMAGE}', not '{CREATE}'"),
    ],
)
def test_a_problem_is_told_in_words(changed, told):
    assert problem({**HAT, **changed}, SCHEMAS[CREATE], "the event") == told
    assert problem({"schema": CREATE}, SCHEMAS[CREATE], "the event") == "the event has no id"


def test_a_schema_with_more_than_we_know_is_refused():
    with pytest.raises(NotImplementedError, match="maximum"):
        problem(5, {"maximum": 3})


@pytest.mark.parametrize("text", ["2026-01-05", "yesterday", "2026-01-05T09:00:00", "T", ""])
def test_a_moment_has_date_time_and_zone(text):
    assert not is_moment(text)


# Envelopes


def test_egress_keeps_what_came_in_and_adds_what_the_log_knows():
    record = Log().created("1", "ann")
    event = envelopes.opened(record)
    sent = json.loads(base64.b64decode(record["kinesis"]["data"]))
    assert sent["schema"] == INGRESS and event["schema"] == EGRESS
    assert {name: event[name] for name in sent if name != "schema"} == {n: v for n, v in sent.items() if n != "schema"}
    assert event["eventId"] == record["eventID"]
    assert event["timeIngest"] == "2026-01-05T09:00:01.000+00:00"
    assert problem(event, SCHEMAS[EGRESS]) is None


def test_a_copy_keeps_the_id_of_the_log():
    log = Log()
    event = log.created("1", "ann")
    copy = log.copied(event)
    assert copy["eventID"] != event["eventID"]
    assert envelopes.opened(copy)["eventId"] == event["eventID"]


def record(data, **more):
    kinesis = {"data": data, "sequenceNumber": "1", "approximateArrivalTimestamp": 0.0, "partitionKey": "k"}
    return {"eventID": "shardId-000000000000:1", "kinesis": kinesis, **more}


def encoded(document):
    return base64.b64encode(json.dumps(document).encode()).decode()


BAD = {
    "not base64": ("%%%", "not JSON"),
    "not text": (base64.b64encode(b"\xff").decode(), "not JSON"),
    "cut": (base64.b64encode(b'{"schema": ').decode(), "not JSON"),
    "null": (encoded(None), "no envelope"),
    "a list": (encoded([1]), "no envelope"),
    "another envelope": (encoded({"schema": "com.nordstrom/other/1-0-0"}), "no envelope"),
    "no origin": (encoded({"schema": INGRESS, "timeOrigin": "2026-01-05T09:00:00Z", "data": HAT}), "bad envelope"),
    "no time": (encoded({"schema": INGRESS, "origin": "o", "timeOrigin": "now", "data": HAT}), "bad envelope"),
    "no schema": (
        encoded({"schema": INGRESS, "origin": "o", "timeOrigin": "2026-01-05T09:00:00Z", "data": {"id": "1"}}),
        "bad envelope",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_opened_says_why(what):
    data, reason = BAD[what]
    with pytest.raises(BadMessage) as refused:
        envelopes.opened(record(data))
    assert refused.value.args[0] == reason


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("5551231234", "Ann (**...**123****)"),
        ("testid", "Ann (**...**te****)"),
        ("ab", "Ann"),
        ("abcde", "Ann (**...**a****)"),
    ],
)
def test_of_an_id_three_characters_are_shown(who, shown):
    assert envelopes.shown(who, "Ann") == shown


# The router


def routed(records, mode="ordered", fail=()):
    router, seen = SchemaRouter(mode), []

    @router.on(CREATE, PURCHASE)
    def note(event):
        seen.append(event["data"]["id"])
        if event["data"]["id"] in fail:
            raise TimeoutError("later")

    return router.handler({"Records": records}, None), seen, router.bad


def test_poison_is_skipped_and_reported():
    log = Log()
    records = [log.created("1", "ann"), *(record(data) for data, _ in BAD.values()), log.bought("2")]
    answer, seen, bad = routed(records)
    assert answer == {"batchItemFailures": []} and seen == ["1", "2"]
    assert [each["reason"] for each in bad] == [reason for _, reason in BAD.values()]


def test_bad_data_are_poison_too(capsys):
    log = Log()
    bad = log.wrapped("k", envelopes.ingress({"schema": PURCHASE, "id": 7}, "o", "2026-01-05T09:00:00Z"))
    answer, seen, _ = routed([bad, log.bought("2")])
    assert answer == {"batchItemFailures": []} and seen == ["2"]
    line = capsys.readouterr().out
    assert line.startswith("BAD ") and json.loads(line[4:])["why"] == "id is not of type string"


def test_what_nobody_asked_for_is_skipped_in_silence():
    answer, seen, bad = routed([Log().pictured("1", "bob")])
    assert (answer, seen, bad) == ({"batchItemFailures": []}, [], [])


def test_in_order_it_stops_at_the_first_failure():
    log = Log()
    records = [log.bought(product) for product in "1234"]
    answer, seen, _ = routed(records, fail=("2", "4"))
    assert seen == ["1", "2"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": records[1]["kinesis"]["sequenceNumber"]}]}


def test_in_parallel_it_tries_all_and_names_those_that_failed():
    log = Log()
    records = [log.bought(product) for product in "1234"]
    answer, seen, _ = routed(records, "parallel", fail=("2", "4"))
    assert sorted(seen) == list("1234")
    named = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    assert named == {records[1]["kinesis"]["sequenceNumber"], records[3]["kinesis"]["sequenceNumber"]}


@pytest.mark.parametrize("mode", ["ordered", "parallel"])
def test_an_empty_batch_is_done(mode):
    assert routed([], mode)[0] == {"batchItemFailures": []}


def test_an_event_without_records_is_an_error():
    with pytest.raises(KeyError, match="Records"):
        SchemaRouter().handler({"what": 1}, None)


def test_a_schema_that_is_not_there_cannot_be_asked_for():
    with pytest.raises(KeyError, match=r"com\.nordstrom/nothing"):
        SchemaRouter().on("com.nordstrom/nothing/1-0-0")


def test_a_batch_after_a_bad_one_has_a_report_of_its_own():
    router = SchemaRouter()
    router.handler({"Records": [record("%%%")]}, None)
    router.handler({"Records": []}, None)
    assert router.bad == []


# The way in


@pytest.fixture
def write(shop, monkeypatch):
    kinesis = shop.client("kinesis")
    if "retail" not in kinesis.list_streams()["StreamNames"]:
        kinesis.create_stream(StreamName="retail", ShardCount=2)
        shop.wait(20)
    monkeypatch.setenv("STREAM", "retail")
    writer = module("event_writer")
    return lambda body: writer.handler({"body": body if isinstance(body, str) else json.dumps(body)}, None)


def newest(shop, event_id):
    shard, number = event_id.split(":")
    kinesis = shop.client("kinesis")
    place = kinesis.get_shard_iterator(
        StreamName="retail", ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number
    )["ShardIterator"]
    return kinesis.get_records(ShardIterator=place)["Records"][0]


def test_a_good_event_is_written_under_the_id_of_its_product(shop, write):
    answer = write({**HAT, "origin": ORIGIN})
    assert answer["statusCode"] == 200
    stored = newest(shop, json.loads(answer["body"])["eventId"])
    envelope = json.loads(stored["Data"])
    assert stored["PartitionKey"] == "1" and envelope["data"] == HAT and envelope["origin"] == ORIGIN
    assert problem(envelope, SCHEMAS[INGRESS]) is None


def test_a_telephone_number_stays_outside_of_the_log(shop, write, monkeypatch):
    monkeypatch.setenv("SECRET", "pepper")
    origins = []
    for who in ("5551231234", "5551231234", "5551231235"):
        answer = write({**HAT, "origin": f"web/merchant/{who}/Ann"})
        origins.append(json.loads(newest(shop, json.loads(answer["body"])["eventId"])["Data"])["origin"])
    assert origins[0] == origins[1] != origins[2]
    assert not any("555123" in origin for origin in origins)
    assert all(origin.startswith("web/merchant/") and origin.endswith("/Ann") for origin in origins)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "is wanted"),
        ("[]", "is wanted"),
        ("{}", "KeyError('origin')"),
        ({**HAT, "origin": "ann"}, "is wanted"),
        ({**HAT, "origin": ORIGIN, "schema": "com.nordstrom/else/1-0-0"}, "com.nordstrom/else"),
        ({**HAT, "origin": ORIGIN, "schema": ["x"]}, "is wanted"),
        ({**HAT, "origin": 5}, "is wanted"),
        ({**HAT, "origin": ORIGIN, "colour": "red"}, "colour, which the schema does not know"),
        ({"schema": CREATE, "id": "1", "origin": ORIGIN}, "has no brand"),
    ],
)
def test_a_bad_request_is_told_why(write, body, told):
    answer = write(body)
    assert answer["statusCode"] == 400 and told in json.loads(answer["body"])["error"]


def test_an_envelope_is_no_event_of_anybody(write):
    assert (
        write({"schema": INGRESS, "origin": ORIGIN, "timeOrigin": "2026-01-05T09:00:00Z", "data": HAT})["statusCode"]
        == 400
    )


def test_a_log_that_does_not_take_it_is_an_error(write, monkeypatch, capsys):
    monkeypatch.setenv("STREAM", "nowhere")
    assert write({**HAT, "origin": ORIGIN})["statusCode"] == 500
    assert "NOT WRITTEN" in capsys.readouterr().out


# The catalogue


@pytest.fixture
def catalogue(shop):
    tables.make_tables(shop, tables.CATALOGUE)
    return module("catalogue")


def ask(path, **asked):
    answer = module("catalogue_api").handler({"path": path, "queryStringParameters": asked or None}, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_the_catalogue_has_products_and_categories(catalogue):
    log = Log()
    catalogue.handler({"Records": [log.created("2", "ann"), log.created("1", "ann"), log.pictured("1", "bob")]}, None)
    assert ask("/categories") == (200, ["clothes"])
    status, found = ask("/products", category="clothes")
    hat = {"brand": "Fjord", "name": "Wool hat", "description": "warm"}
    assert status == 200
    assert sorted(found, key=lambda each: each["id"]) == [{"id": "1", **hat, "image": "i/p/hat"}, {"id": "2", **hat}]
    assert ask("/products", category="food") == (200, [])


@pytest.mark.parametrize(("path", "asked"), [("/products", {}), ("/products", {"colour": "red"}), ("/", {})])
def test_the_catalogue_is_asked_badly(catalogue, path, asked):
    assert ask(path, **asked)[0] == 400


def test_who_wrote_first_stays(shop, catalogue):
    log = Log()
    records = [log.created("1", "ann"), log.pictured("1", "bob"), log.created("1", "cat")]
    catalogue.handler({"Records": records}, None)
    first = tables.rows(shop, "products")
    assert "/ann/" in first[0]["createdBy"] and "/cat/" in first[0]["updatedBy"]
    tables.make_tables(shop, tables.CATALOGUE)
    catalogue.handler({"Records": records}, None)
    catalogue.handler({"Records": records}, None)
    assert tables.rows(shop, "products") == first


def test_pages_are_followed():
    asked = []

    def query(**request):
        asked.append(request)
        start = request.get("ExclusiveStartKey", 0)
        return {"Items": [start, start + 1], **({"LastEvaluatedKey": start + 2} if start < 4 else {})}

    assert list(module("store").pages(query, IndexName="i")) == [0, 1, 2, 3, 4, 5]
    assert all(request["IndexName"] == "i" for request in asked)


# Copies


@pytest.fixture
def copies(cloud, kinesis):
    """The log, the stream of somebody who takes part, and the function that copies the one into the other."""
    for name in ("log", "class"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    cloud.wait(20)
    tables.make_tables(cloud, tables.TARGETS)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = cloud.client("iam").create_role(RoleName="class-writer", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    targets = cloud.resource("dynamodb").Table("targets")
    may = [{"Effect": "Allow", "Action": ["dynamodb:Scan", "sts:AssumeRole"], "Resource": "*"}]

    def copy(*happenings, **target):
        targets.put_item(Item={"stream": "class", "role": role, "active": True, "parallel": False, **target})
        began = cloud.now()
        kinesis.put_records(StreamName="log", Records=[to_record(each, began) for each in happenings])
        deploy(cloud, "fan-out", HANDLERS, "log", handler="retail.fan_out.handler", statements=may, files=SCHEMA_FILES)
        cloud.wait(10)
        return stored(kinesis, "class")

    return copy


def stored(kinesis, stream):
    place = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return kinesis.get_records(ShardIterator=place)["Records"]


def test_a_copy_has_keys_order_and_ids_of_the_log(copies, kinesis):
    copied = copies(*game())
    sent = stored(kinesis, "log")
    events = [json.loads(each["Data"]) for each in copied]
    assert [each["PartitionKey"] for each in copied] == [each["PartitionKey"] for each in sent]
    assert [each["eventId"].split(":")[1] for each in events] == [each["SequenceNumber"] for each in sent]
    assert all(problem(event, SCHEMAS[EGRESS]) is None for event in events)


def test_sent_all_at_once_they_come_in_any_order(copies, kinesis):
    copied = [json.loads(each["Data"])["eventId"].split(":")[1] for each in copies(*game(), parallel=True)]
    sent = [each["SequenceNumber"] for each in stored(kinesis, "log")]
    assert sorted(copied) == sent != copied


def test_who_is_not_active_gets_nothing(copies):
    assert copies(*game(), active=False) == []


def test_a_target_that_is_gone_holds_up_the_copies(cloud, copies, kinesis):
    happenings = game()
    copies(happenings[0])
    kinesis.delete_stream(StreamName="class")
    cloud.wait(20)
    kinesis.put_records(StreamName="log", Records=[to_record(each, cloud.now()) for each in happenings[1:3]])
    cloud.wait(60)
    errors = [event["message"] for event in log_events(cloud, "fan-out") if event["message"].startswith("[ERROR]")]
    assert len(errors) > 3 and "ResourceNotFoundException" in errors[0]
    kinesis.create_stream(StreamName="class", ShardCount=1)
    cloud.wait(60)
    assert len(stored(kinesis, "class")) == 2


# The game


def test_a_game_is_the_same_every_time():
    assert game() == game()
    assert game(1) != game(2)


def test_a_game_has_what_it_says():
    happenings = game()
    kinds = [each.data["schema"] for each in happenings]
    assert (kinds.count(CREATE), kinds.count(IMAGE), kinds.count(PURCHASE)) == (8, 9, 40)
    assert [each.at for each in happenings] == sorted(each.at for each in happenings)
    assert all(problem(each.data, SCHEMAS[each.data["schema"]]) is None for each in happenings)
    offered = {each.data["id"]: each.at for each in happenings if each.data["schema"] == CREATE}
    assert all(each.at >= offered[each.data["id"]] for each in happenings)


def test_with_orders_every_purchase_has_a_number_of_its_own():
    orders = [each.data["order"] for each in with_orders(game()) if "order" in each.data]
    assert len(set(orders)) == 40
    assert leaders(truth(with_orders(game()))) == leaders(truth(game()))


def test_in_the_chapters_close_game_a_purchase_sent_twice_moves_the_prize():
    happenings = game(370, purchases=16)
    again = [each for each in happenings if each.data["schema"] == PURCHASE][::5]
    assert leaders(truth(happenings)) == {"creator": "Björn", "photographer": "Leila"}
    twice = sorted([*happenings, *again], key=lambda each: each.at)
    assert leaders(truth(twice)) == {"creator": "Björn", "photographer": "Noor"}


def test_the_truth_adds_up():
    board = truth(game())
    assert board[board["role"] == "creator"]["score"].sum() == 40
    assert list(board.columns) == ["role", "name", "score"]


def test_the_package_brings_the_schemas():
    import io
    import zipfile

    files = zipfile.ZipFile(io.BytesIO(package(HANDLERS, files=SCHEMA_FILES))).namelist()
    assert {"retail/winner.py", "retail/schemas/product-create.json"} <= set(files)
