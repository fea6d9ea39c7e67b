"""The system of chapter 09: buckets, counters that are retried, the two ways to read, and the whole as a stack."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import templates
from helpers.deploying import deploy, deploy_stack, package
from helpers.handlers.analytics import dimensions as mended
from helpers.handlers.analytics import dimensions_2017 as published
from helpers.observing import invocations

CODE = Path(templates.__file__).parent / "handlers" / "analytics"
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


# Buckets


def test_the_five_buckets_of_a_hit():
    expected = ["MINUTE:2017-08-25T13:33", "HOUR:2017-08-25T13", "DATE:2017-08-25", "MONTH:2017-08", "YEAR:2017"]
    assert mended.dimensions(at(2017, 8, 25, 13, 33, 59)) == expected
    assert published.dimensions(at(2017, 8, 25, 13, 33, 59)) == expected


def test_october_as_published_and_mended():
    assert published.dimensions(at(2017, 10, 5, 14, 7)) == [
        "MINUTE:2017-010-05T14:0",
        "HOUR:2017-010-05T1",
        "DATE:2017-010-0",
        "MONTH:2017-01",
        "YEAR:2017",
    ]
    assert mended.dimensions(at(2017, 10, 5, 14, 7))[3] == "MONTH:2017-10"


@given(MOMENTS)
def test_a_bucket_can_be_read_back(moment):
    for bucket in mended.dimensions(int(moment.timestamp() * 1000)):
        word, _, text = bucket.partition(":")
        read = datetime.strptime(text, mended.FORMATS[word]).replace(tzinfo=UTC)
        assert read.strftime(mended.FORMATS[word]) == moment.strftime(mended.FORMATS[word])


@given(MOMENTS)
def test_only_octobers_went_wrong(moment):
    milliseconds = int(moment.timestamp() * 1000)
    same = published.dimensions(milliseconds) == mended.dimensions(milliseconds)
    assert same == (moment.month != 10)


# The whole


@pytest.fixture
def address(cloud):
    """Makes the system as a stack of a stage, and tells the address of its API."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="analytics.zip", Body=package(CODE))

    def made(stage: str) -> str:
        given = {"Stage": stage, "Bucket": "code", "Key": "analytics.zip"}
        outputs = deploy_stack(cloud, f"analytics-{stage}", templates.analytics(), **given)
        cloud.wait(30)
        return cloud.api_url(outputs["Api"], "live")

    return made


@pytest.fixture
def url(address):
    """The address of the system's API."""
    return address("test")


def post(url, hit):
    request = urllib.request.Request(f"{url}/track", json.dumps(hit).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def track(url, page, moment, site="shop", name="A page"):
    post(url, {"website": site, "url": f"https://shop.example{page}", "name": name, "date": moment})


def read(api, path, **asked):
    try:
        with urllib.request.urlopen(f"{api}/{path}?{urllib.parse.urlencode(asked)}") as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code


def test_hits_become_a_ranking_and_a_series(cloud, url):
    for page, count in (("/cart", 4), ("/", 9), ("/shoes", 2)):
        for _ in range(count):
            track(url, page, at(2017, 8, 25, 13, 33), name=f"Zoë {page}")
    track(url, "/", at(2017, 8, 25, 13, 46), name="Zoë /")
    track(url, "/", at(2017, 9, 1, 0, 0), name="Zoë /")
    track(url, "/", at(2017, 8, 25, 13, 33), site="shop2")
    cloud.wait(10)
    ranked = read(url, "ranking", website="shop", date="MONTH:2017-08")
    assert [(page["url"], page["value"]) for page in ranked] == [
        ("https://shop.example/", 10),
        ("https://shop.example/cart", 4),
        ("https://shop.example/shoes", 2),
    ]
    assert ranked[0]["name"] == "Zoë /"
    minutes = read(url, "series", website="shop", url="https://shop.example/", date="HOUR:2017-08-25T13")
    assert [(each["date"], each["value"]) for each in minutes] == [
        ("MINUTE:2017-08-25T13:33", 9),
        ("MINUTE:2017-08-25T13:46", 1),
    ]


def test_what_is_not_asked_right_is_refused(url):
    assert read(url, "ranking", website="shop") == 400
    assert read(url, "series", website="shop", date="HOUR:2017-08-25T13") == 400
    assert read(url, "series", website="shop", url="x", date="MINUTE:2017-08-25T13:33") == 400
    for date in ("MONTH:2017-1", "YEAR:20", "MONTH", "WEEK:2017-34", "DATE:2017-02-30", "HOUR:2017-08-25T13:"):
        assert read(url, "series", website="shop", url="x", date=date) == 400
        assert read(url, "ranking", website="shop", date=date) == 400


def test_a_series_is_of_one_bucket_only(cloud, url):
    for month in (1, 10, 11, 12):
        track(url, "/", at(2017, month, 5, 14, 7))
    cloud.wait(10)
    days = read(url, "series", website="shop", url="https://shop.example/", date="MONTH:2017-01")
    assert days == [{"date": "DATE:2017-01-05", "url": "https://shop.example/", "value": 1}]


def test_the_examples_of_the_published_system(cloud, url):
    """The numbers that its README shows: 17 hits in four minutes, and three pages."""
    for minute, hits in ((33, 1), (37, 1), (46, 14), (52, 1)):
        for _ in range(hits):
            track(url, "/a", at(2017, 8, 25, 13, minute))
    for page, hits in (("/b", 4), ("/a", 2), ("/c", 10)):
        for _ in range(hits):
            track(url, page, at(2017, 8, 26, 9, 0))
    cloud.wait(10)
    minutes = read(url, "series", website="shop", url="https://shop.example/a", date="HOUR:2017-08-25T13")
    assert [(each["date"][-3:], each["value"]) for each in minutes] == [(":33", 1), (":37", 1), (":46", 14), (":52", 1)]
    ranked = read(url, "ranking", website="shop", date="MONTH:2017-08")
    assert [(page["url"][-2:], page["value"]) for page in ranked] == [("/a", 19), ("/c", 10), ("/b", 4)]


def test_a_ranking_has_all_pages(cloud, url):
    """The pages' addresses are long, so that they don't fit into the megabyte of one answer."""
    table = cloud.resource("dynamodb").Table("hits-test")
    with table.batch_writer() as batch:
        for number in range(1500):
            page = f"https://shop.example/{number}/{'x' * 900}"
            keys = {"id": f"shop:{page}", "date": "YEAR:2017", "site_date": "shop|YEAR:2017"}
            batch.put_item(Item={**keys, "name": "A page", "value": number // 10})
    ranked = read(url, "ranking", website="shop", date="YEAR:2017")
    assert len({page["url"] for page in ranked}) == 1500
    values = [page["value"] for page in ranked]
    assert values == sorted(values, reverse=True) and len(values) == 1500


def test_a_series_has_all_minutes(cloud, url):
    table = cloud.resource("dynamodb").Table("hits-test")
    with table.batch_writer() as batch:
        for day in range(1, 31):
            batch.put_item(Item={"id": "shop:x", "date": f"DATE:2017-09-{day:02}", "name": "x" * 50_000, "value": day})
    found = read(url, "series", website="shop", url="x", date="MONTH:2017-09")
    assert [each["value"] for each in found] == list(range(1, 31))


@pytest.mark.parametrize("site", ["my:site", "shop|YEAR:2017", "50 % off", "Zoë’s"])
def test_a_site_may_have_any_name(cloud, url, site):
    track(url, "/", at(2017, 8, 25, 13, 33), site=site)
    cloud.wait(10)
    (page,) = read(url, "ranking", website=site, date="YEAR:2017")
    assert page == {"name": "A page", "url": "https://shop.example/", "value": 1}
    (month,) = read(url, "series", website=site, url="https://shop.example/", date="YEAR:2017")
    assert month["value"] == 1


def test_sites_do_not_mix(monkeypatch):
    """A site with a colon in its name is not another one, with a page that begins oddly."""
    monkeypatch.syspath_prepend(CODE)  # as in the package, where the modules lie side by side
    from visits import page_id

    assert page_id("a:b", "c") != page_id("a", "b:c")


def test_stages_come_up_side_by_side(cloud, address):
    test, prod = address("test"), address("prod")
    track(test, "/", at(2017, 8, 25, 13, 33))
    cloud.wait(10)
    assert len(read(test, "ranking", website="shop", date="YEAR:2017")) == 1
    assert read(prod, "ranking", website="shop", date="YEAR:2017") == []


def test_the_gateway_may_call_the_function_that_reads():
    permission = templates.analytics()["Resources"]["ReadPermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "ReadFunction"}
    assert permission["Principal"] == "apigateway.amazonaws.com"


# Poison

GOOD = {"website": "shop", "url": "https://shop.example/z", "name": "Z", "date": at(2017, 8, 25, 13, 33)}
BAD = (
    {"url": "https://shop.example/z"},
    {**GOOD, "date": None},
    {**GOOD, "date": "yesterday"},
    {**GOOD, "date": 1e18},
    {**GOOD, "date": 10**400},
    {**GOOD, "date": float("nan")},
    {**GOOD, "date": float("inf")},
    {**GOOD, "website": ""},
    {**GOOD, "website": ["shop"]},
    {**GOOD, "url": None},
    {**GOOD, "url": "https://shop.example/\ud800"},
    {**GOOD, "url": "x" * 2048},
    {**GOOD, "website": "\ud800"},
    {**GOOD, "name": "\ud800"},
    [],
    None,
    5,
    "text",
)
GARBAGE = (b"", b"{", b"\xff", b"[" * 100_000)


def test_bad_visits_do_not_stop_the_counter(cloud, url):
    for hit in BAD[:4]:
        post(url, hit)
    post(url, GOOD)
    cloud.wait(60)
    assert read(url, "ranking", website="shop", date="YEAR:2017") == [{"name": "Z", "url": GOOD["url"], "value": 1}]
    calls = invocations(cloud, "count-test")
    assert calls["errors"].sum() == 0
    said = calls["said"].str.cat()
    assert said.count("BAD ") == 4 and "KeyError('website')" in said


@pytest.mark.parametrize(
    "handler, mapping",
    [("count", {}), ("count_first_try", {}), ("count_windows", {"TumblingWindowInSeconds": 60})],
)
def test_poison_is_put_aside_and_told(cloud, handler, mapping):
    kinesis, dynamodb = cloud.client("kinesis"), cloud.client("dynamodb")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    properties = templates.analytics()["Resources"]["Hits"]["Properties"]
    dynamodb.create_table(**{**properties, "TableName": "hits"})
    allowed = {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"], "Resource": "*"}
    deploy(cloud, "count", CODE, "clicks", handler=f"{handler}.handler", statements=[allowed], **mapping)
    cloud.wait(10)
    documents = [json.dumps(hit).encode() for hit in BAD]
    datas = [json.dumps(GOOD).encode(), *documents, *GARBAGE, json.dumps({**GOOD, "name": None}).encode()]
    kinesis.put_records(StreamName="clicks", Records=[{"Data": data, "PartitionKey": "z"} for data in datas])
    cloud.wait(180)
    item = dynamodb.get_item(TableName="hits", Key={"id": {"S": f"shop:{GOOD['url']}"}, "date": {"S": "YEAR:2017"}})
    assert item["Item"]["value"]["N"] == "2"
    calls = invocations(cloud, "count")
    assert calls["errors"].sum() == 0
    assert calls["said"].str.cat().count("BAD ") == len(BAD) + len(GARBAGE)
