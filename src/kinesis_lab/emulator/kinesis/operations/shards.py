"""Listing shards and changing them: facts 1.10 and 6."""

from __future__ import annotations

from collections.abc import Callable

from kinesis_lab.emulator.clock import MICROSECONDS
from kinesis_lab.emulator.kinesis.documents import shard_document
from kinesis_lab.emulator.kinesis.region import SECONDS_TO_RESHARD, Region
from kinesis_lab.emulator.kinesis.shard import Shard
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.kinesis.tokens import seal, unseal
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document

MOST_LISTED = 1000
"""Shards on a page (facts 1.10)."""
TOKEN_SECONDS = 300
"""How long a NextToken is valid (facts 1.10)."""
MOST_SHARDS = 10_000
"""Up to how many shards UpdateShardCount goes (facts 6)."""


class ShardOperations:
    """ListShards, SplitShard, MergeShards, UpdateShardCount."""

    def __init__(self, region: Region) -> None:
        """Operate on the streams of `region`."""
        self._region = region

    # Listing

    def list_shards(self, request: Document) -> Document:
        """ListShards: 1,000 a page, filtered if asked (facts 1.10)."""
        token = request.get("NextToken")
        if not (token or request.get("StreamName") or request.get("StreamARN")):
            raise AwsError("InvalidArgumentException", "Either NextToken or StreamName should be provided.")
        if token and (request.get("StreamName") or request.get("StreamARN")):
            raise AwsError("InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
        if token and request.get("ExclusiveStartShardId"):
            raise AwsError(
                "InvalidArgumentException", "NextToken and ExclusiveStartShardId cannot be provided together."
            )
        if token:
            stream, shards = self._next_page(token)
        else:
            stream = self._region.stream(request)
            check_creation_timestamp(stream, request)
            shards = self._filtered(stream, request.get("ShardFilter", {}))
            if start := request.get("ExclusiveStartShardId"):
                after = find_shard(stream, start).index
                shards = [shard for shard in shards if shard.index > after]
        page = shards[: min(request.get("MaxResults", MOST_LISTED), MOST_LISTED)]
        answer: Document = {"Shards": [shard_document(shard) for shard in page]}
        if len(page) < len(shards):
            indices = ",".join(str(shard.index) for shard in shards[len(page) :])
            answer["NextToken"] = seal(stream.name, stream.created, self._region.clock.microseconds, indices)
        return answer

    def _next_page(self, token: str) -> tuple[Stream, list[Shard]]:
        parts = unseal(token)
        if len(parts) != 4:
            raise AwsError("InvalidArgumentException", "Invalid NextToken.")
        name, created, made, indices = parts
        check_age_of_token(int(made), self._region.clock.microseconds)
        stream = self._region.stream({"StreamName": name})
        if str(stream.created) != created:
            raise AwsError("InvalidArgumentException", "Invalid NextToken.")
        shards = [stream.shards[int(index)] for index in indices.split(",")]
        return stream, [shard for shard in shards if not shard.expired]

    def _filtered(self, stream: Stream, wanted: Document) -> list[Shard]:
        shards = stream.listed_shards
        kind = wanted.get("Type")
        if kind == "AFTER_SHARD_ID":
            if not wanted.get("ShardId"):
                raise AwsError(
                    "InvalidArgumentException", "ShardId is required when ShardFilter type is AFTER_SHARD_ID."
                )
            after = find_shard(stream, wanted["ShardId"]).index
            return [shard for shard in shards if shard.index > after]
        if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
            if wanted.get("Timestamp") is None:
                raise AwsError("InvalidArgumentException", f"Timestamp is required when ShardFilter type is {kind}.")
            return _alive(shards, max(wanted["Timestamp"], self._horizon(stream)), only_then=kind == "AT_TIMESTAMP")
        if kind == "AT_TRIM_HORIZON":
            return _alive(shards, self._horizon(stream), only_then=True)
        if kind == "AT_LATEST":
            return [shard for shard in shards if shard.open]
        return shards  # FROM_TRIM_HORIZON, or no filter: all that is listed

    def _horizon(self, stream: Stream) -> float:
        return max(stream.created, self._region.clock.now - stream.retention_hours * 3600)

    # Resharding

    def split_shard(self, request: Document) -> None:
        """SplitShard: the parent closes, two children take its hash keys."""
        stream = self._provisioned(request, "SplitShard")
        parent = self._open_shard(stream, request["ShardToSplit"])
        start = int(request["NewStartingHashKey"])
        if not parent.first_hash + 1 < start < parent.last_hash:
            raise AwsError(
                "InvalidArgumentException",
                f"NewStartingHashKey {start} used in SplitShard() on shard {parent.id} in stream {stream.name} under "
                f"account {ACCOUNT} is not both greater than one plus the shard's StartingHashKey "
                f"{parent.first_hash} and less than the shard's EndingHashKey {parent.last_hash}.",
            )
        self._region.check_quota(1)
        self._reshard(stream, lambda: stream.split(parent, start))

    def merge_shards(self, request: Document) -> None:
        """MergeShards: two neighbours close, one child takes their hash keys."""
        stream = self._provisioned(request, "MergeShards")
        lower = self._open_shard(stream, request["ShardToMerge"])
        upper = self._open_shard(stream, request["AdjacentShardToMerge"])
        if lower.last_hash + 1 != upper.first_hash:
            raise AwsError(
                "InvalidArgumentException",
                f"Shards {lower.id} and {upper.id} in stream {stream.name} under account {ACCOUNT} are not an "
                "adjacent pair of shards eligible for merging",
            )
        self._reshard(stream, lambda: stream.merge(lower, upper))

    def update_shard_count(self, request: Document) -> Document:
        """UpdateShardCount: splits and merges until the ranges are equal."""
        stream = self._provisioned(request, "UpdateShardCount")
        present, target = len(stream.open_shards), request["TargetShardCount"]
        if target > 2 * present:
            raise AwsError("InvalidArgumentException", "Cannot update shard count beyond 2x current shard count")
        if 2 * target < present:
            raise AwsError("InvalidArgumentException", "Cannot update shard count below 50% of the current shard count")
        if target > MOST_SHARDS:
            raise AwsError("InvalidArgumentException", f"Cannot update shard count beyond {MOST_SHARDS} shards")
        if target > present:
            self._region.check_quota(target - present)
        if not stream.rescalings.take(self._region.clock.microseconds):
            raise AwsError("LimitExceededException", f"Stream {stream.name} was scaled ten times within 24 hours.")
        self._reshard(stream, lambda: stream.scale(target))
        return {
            "StreamName": stream.name,
            "CurrentShardCount": present,
            "TargetShardCount": target,
            "StreamARN": stream.arn,
        }

    def _reshard(self, stream: Stream, change: Callable[[], object]) -> None:
        def then() -> None:
            change()
            self._region.expire_shards(stream)

        self._region.change(stream, then, seconds=SECONDS_TO_RESHARD)

    def _provisioned(self, request: Document, operation: str) -> Stream:
        stream = self._region.active_stream(request)
        if stream.mode != "PROVISIONED":
            raise AwsError("ValidationException", f"{operation} is only supported for streams in PROVISIONED mode.")
        return stream

    def _open_shard(self, stream: Stream, shard_id: str) -> Shard:
        shard = find_shard(stream, shard_id)
        if not shard.open:
            raise AwsError(
                "InvalidArgumentException",
                f"Shard {shard.id} in stream {stream.name} under account {ACCOUNT} has already been merged or split, "
                "and thus is not eligible for merging or splitting.",
            )
        return shard


def check_age_of_token(made: int, now: int) -> None:
    """Raise ExpiredNextTokenException if a NextToken is too old: `made` and `now` in microseconds since 1970."""
    if now - made > TOKEN_SECONDS * MICROSECONDS:
        raise AwsError("ExpiredNextTokenException", f"The NextToken is older than {TOKEN_SECONDS} seconds.")


def check_creation_timestamp(stream: Stream, request: Document) -> None:
    """Raise ResourceNotFoundException if a request means an earlier stream of the same name (facts 1.3)."""
    created = request.get("StreamCreationTimestamp")
    if created is not None and int(created) != int(stream.created):
        raise AwsError(
            "ResourceNotFoundException",
            f"Stream {stream.name} under account {ACCOUNT} was not created at {created:g}; it is another one.",
        )


def find_shard(stream: Stream, shard_id: str) -> Shard:
    """The shard with this id; AWS takes shortened ids such as `shardId-3` too (facts 2)."""
    number = shard_id.rpartition("-")[2]
    if not (number.isascii() and number.isdigit()):
        raise AwsError(
            "ResourceNotFoundException",
            f"Could not find shard {shard_id} in stream {stream.name} under account {ACCOUNT}.",
        )
    index = int(number)
    if index >= len(stream.shards) or stream.shards[index].expired:
        raise no_such_shard(index, stream.name)
    return stream.shards[index]


def no_such_shard(index: int, stream: str) -> AwsError:
    """The error for a shard that the stream does not have, or no longer lists."""
    return AwsError(
        "ResourceNotFoundException",
        f"Shard shardId-{index:012d} in stream {stream} under account {ACCOUNT} does not exist",
    )


def _alive(shards: list[Shard], second: float, *, only_then: bool) -> list[Shard]:
    """The shards that were open at `second` (since 1970), or at any time from then on unless `only_then`."""
    return [
        shard
        for shard in shards
        if (shard.closed_at is None or shard.closed_at > second) and (not only_then or shard.opened_at <= second)
    ]
