"""Kinesis on paper: stand-ins for a client that play one scene of a chapter's exercise and take notes.

They answer in the shapes of boto3, so that what passes here works there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/"
PATIENCE = 100
"""Calls after which a loop counts as endless."""


class Endless(Exception):
    """The learner's loop does not come to an end."""


def _error(code: str) -> type[ClientError]:
    return type(code, (ClientError,), {})


exceptions = SimpleNamespace(
    **{code: _error(code) for code in ("ResourceInUseException", "ResourceNotFoundException", "LimitExceededException")}
)


def refusal(code: str, message: str, operation: str) -> ClientError:
    """An error as the client raises it."""
    refused: ClientError = getattr(exceptions, code)({"Error": {"Code": code, "Message": message}}, operation)
    return refused


class PaperStreams:
    """Creating a stream: it takes three looks, or a waiter, until it is ACTIVE."""

    exceptions = exceptions

    def __init__(self, *, exists: bool = False, refuses: str | None = None) -> None:
        """`exists`: the stream is there already; `refuses`: the error with which creating one fails."""
        self.created = 0
        self._there = exists
        self._refuses = refuses
        self._looks = 3 if exists else 0

    @property
    def active(self) -> bool:
        """Whether the stream can be used."""
        return self._there and self._looks >= 3

    def create_stream(self, StreamName: str, **_settings: Any) -> None:
        """As boto3's."""
        if self._refuses:
            raise refusal(self._refuses, "Too many streams are being created.", "CreateStream")
        if self._there:
            raise refusal("ResourceInUseException", f"Stream {StreamName} already exists.", "CreateStream")
        self.created += 1
        self._there = True

    def describe_stream_summary(self, StreamName: str) -> dict[str, Any]:
        """As boto3's."""
        if not self._there:
            raise refusal("ResourceNotFoundException", f"Stream {StreamName} not found.", "DescribeStreamSummary")
        self._looks += 1
        description = {
            "StreamName": StreamName,
            "StreamARN": ARN + StreamName,
            "StreamStatus": "ACTIVE" if self.active else "CREATING",
        }
        return {"StreamDescriptionSummary": description}

    def describe_stream(self, StreamName: str) -> dict[str, Any]:
        """As boto3's."""
        return {"StreamDescription": self.describe_stream_summary(StreamName)["StreamDescriptionSummary"]}

    def list_streams(self) -> dict[str, Any]:
        """As boto3's, when there are few."""
        return {"StreamNames": ["orders"] if self._there else [], "HasMoreStreams": False}

    def get_waiter(self, _name: str) -> Any:
        """As boto3's."""
        return SimpleNamespace(wait=self._wait)

    def _wait(self, StreamName: str, **_settings: Any) -> None:
        self.describe_stream_summary(StreamName)
        self._looks = 3


ARRIVED = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""Of every record: a time of arrival is approximate, and no order can be made from it."""


class PaperShards:
    """Reading: each shard is a list of pages, an empty page among them, and shards are listed two at a time."""

    def __init__(
        self,
        pages: dict[str, list[list[bytes]]],
        *,
        closed: bool | Collection[str] = False,
        parents: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`pages`: for each shard id, the data on each page; after the last page of a `closed` shard nothing comes.

        `closed`: whether all shards are, or the ids of those that are; `parents`: of which shards one was made.
        """
        self._parents = parents or {}
        self._pages = pages
        self._closed = closed if not isinstance(closed, bool) else pages.keys() if closed else ()
        self.reads = 0
        self.iterators = 0

    def list_shards(self, **request: Any) -> dict[str, Any]:
        """As boto3's."""
        if "NextToken" in request and "StreamName" in request:
            message = "NextToken and StreamName cannot be provided together."
            raise ClientError({"Error": {"Code": "InvalidArgumentException", "Message": message}}, "ListShards")
        ids = list(self._pages)
        first = int(request.get("NextToken", "page-0").removeprefix("page-"))
        answer: dict[str, Any] = {"Shards": [self._shard(shard) for shard in ids[first : first + 2]]}
        return answer | ({"NextToken": f"page-{first + 2}"} if first + 2 < len(ids) else {})

    def _shard(self, shard: str) -> dict[str, Any]:
        names = ("ParentShardId", "AdjacentParentShardId")
        numbers = {"StartingSequenceNumber": "1"}
        if shard in self._closed:
            numbers["EndingSequenceNumber"] = str(100 * len(self._pages[shard]))
        return {
            "ShardId": shard,
            "SequenceNumberRange": numbers,
            **dict(zip(names, self._parents.get(shard, ()), strict=False)),
        }

    def get_paginator(self, _operation: str) -> Any:
        """As boto3's, for list_shards."""
        return SimpleNamespace(paginate=self._paginate)

    def _paginate(self, **request: Any) -> Any:
        page = self.list_shards(**request)
        yield page
        while "NextToken" in page:
            page = self.list_shards(NextToken=page["NextToken"])
            yield page

    def get_shard_iterator(
        self, ShardId: str, ShardIteratorType: str, StartingSequenceNumber: str = "", **_request: Any
    ) -> dict[str, Any]:
        """As boto3's, for all types but AT_TIMESTAMP."""
        self.iterators += 1
        self._check_patience()
        page, skip = 0 if ShardIteratorType == "TRIM_HORIZON" else len(self._pages[ShardId]), 0
        if ShardIteratorType in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
            page, skip = divmod(int(StartingSequenceNumber) - 1, 100)
            skip += ShardIteratorType == "AFTER_SEQUENCE_NUMBER"
        return {"ShardIterator": f"{ShardId} {page} {skip}"}

    def get_records(self, ShardIterator: str, **_request: Any) -> dict[str, Any]:
        """As boto3's."""
        self.reads += 1
        self._check_patience()
        if not isinstance(ShardIterator, str):
            raise TypeError(f"ShardIterator must be a string, not {ShardIterator!r}")
        shard, _, place = ShardIterator.partition(" ")
        if shard not in self._pages:
            problem = {"Code": "InvalidArgumentException", "Message": "Invalid ShardIterator."}
            raise ClientError({"Error": problem}, "GetRecords")
        index, skip = map(int, place.split())
        pages = self._pages[shard]
        left = len(pages) - index - 1
        answer: dict[str, Any] = {
            "Records": [
                {
                    "Data": data,
                    "PartitionKey": "k",
                    "SequenceNumber": str(index * 100 + place + 1),
                    "ApproximateArrivalTimestamp": ARRIVED,
                }
                for place, data in enumerate(pages[index] if left >= 0 else [])
                if place >= skip
            ],
            "MillisBehindLatest": max(0, left) * 1000,
        }
        at_the_end = shard in self._closed and left <= 0
        return answer | ({} if at_the_end else {"NextShardIterator": f"{shard} {min(index + 1, len(pages))} 0"})

    def _check_patience(self) -> None:
        if self.reads + self.iterators > PATIENCE:
            raise Endless


class PaperWrites:
    """Writing: PutRecords that refuses some entries for a while, and counts what it has taken."""

    def __init__(self, *, refusals: int, every: int = 3, full_for: float = 0.0) -> None:
        """Refuse the first, and every `every`th entry from there, `refusals` times.

        Everything is refused until `full_for` seconds were slept away, as `slept` says.
        """
        self.slept = 0.0
        self._full_for = full_for
        self.calls = 0
        self.taken: list[bytes] = []
        self.sent: list[bytes] = []
        self.sizes: list[int] = []
        self._refusals = refusals
        self._every = every
        self._refused: dict[bytes, int] = {}

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        """As boto3's."""
        self.calls += 1
        if self.calls > PATIENCE:
            raise Endless
        self.sizes.append(len(Records))
        if not 1 <= len(Records) <= 500:
            rule = "greater than or equal to 1" if not Records else "less than or equal to 500"
            message = f"1 validation error detected: 'records' must have length {rule}"
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "PutRecords")
        entries = [self._entry(place, record["Data"], StreamName) for place, record in enumerate(Records)]
        return {"FailedRecordCount": sum("ErrorCode" in entry for entry in entries), "Records": entries}

    def _entry(self, place: int, data: bytes, stream: str) -> dict[str, str]:
        self.sent.append(data)
        times = self._refused.get(data, 0)
        full = self.slept < self._full_for
        if full or (times < self._refusals and (times or place % self._every == 0)):
            self._refused[data] = times + 1
            message = f"Rate exceeded for shard shardId-000000000000 in stream {stream} under account 123456789012."
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": message}
        self.taken.append(data)
        return {"ShardId": "shardId-000000000000", "SequenceNumber": str(len(self.taken))}
