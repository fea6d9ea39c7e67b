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
from helpers.deploying import package
from helpers.handlers.analytics import dimensions as mended
from helpers.handlers.analytics import dimensions_2017 as published

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
def url(cloud):
    """The address of the system's API, made as a stack."""
    s3, cloudformation = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="analytics.zip", Body=package(CODE))
    values = {"Stage": "test", "Bucket": "code", "Key": "analytics.zip"}
    cloudformation.create_stack(
        StackName="analytics",
        TemplateBody=json.dumps(templates.analytics()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloud.wait(30)
    (stack,) = cloudformation.describe_stacks(StackName="analytics")["Stacks"]
    return cloud.api_url(stack["Outputs"][0]["OutputValue"], "live")


def track(url, page, moment, site="shop", name="A page"):
    hit = {"website": site, "url": f"https://shop.example{page}", "name": name, "date": moment}
    request = urllib.request.Request(f"{url}/track", json.dumps(hit).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


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
