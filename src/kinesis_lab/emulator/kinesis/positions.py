"""Where reading a shard begins: starting positions of iterators, subscriptions and mappings (facts 5.1, 7.2)."""

from __future__ import annotations

from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.kinesis.sequence import origin
from kinesis_lab.emulator.kinesis.shard import Shard
from kinesis_lab.emulator.kinesis.stream import Stream
from kinesis_lab.emulator.wire import ACCOUNT, AwsError


def position_at(shard: Shard, kind: str, timestamp: float) -> int:
    """The position of TRIM_HORIZON, LATEST, or AT_TIMESTAMP with its `timestamp` in seconds since 1970."""
    match kind:
        case "TRIM_HORIZON":
            return shard.horizon
        case "LATEST":
            return shard.tip
        case _:
            return shard.position_at_time(timestamp)


def starting_position(
    region: Region, stream: Stream, shard: Shard, kind: str, number: str | None, timestamp: float | None
) -> int:
    """The position that a request for an iterator or a subscription asks for; raises InvalidArgumentException.

    `number`: of AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER; `timestamp`: of AT_TIMESTAMP, in seconds since 1970.
    """
    if ("SEQUENCE_NUMBER" in kind) != (number is not None):
        also = "also a" if number is not None else "no"
        raise AwsError(
            "InvalidArgumentException",
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} and {also} StartingSequenceNumber.",
        )
    if number is None:
        return position_at(shard, kind, _past(timestamp, region.clock.now) if kind == "AT_TIMESTAMP" else 0.0)
    _check_number(stream, shard, number)
    return shard.position_of(number) if kind == "AT_SEQUENCE_NUMBER" else shard.position_after(number)


def _past(timestamp: float | None, now: float) -> float:
    if timestamp is None:
        raise AwsError(
            "InvalidArgumentException",
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
            "Current request has no timestamp parameter.",
        )
    if timestamp > now:
        raise AwsError(
            "InvalidArgumentException",
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {round(timestamp * 1000)}, currentTimestampInMillis: {round(now * 1000)}",
        )
    return timestamp


def _check_number(stream: Stream, shard: Shard, number: str) -> None:
    found = origin(number)
    owner = stream.shards[found.shard] if found and found.shard < len(stream.shards) else None
    if owner is None or not owner.numbered(number):
        raise AwsError(
            "InvalidArgumentException",
            f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.id} in stream {stream.name} "
            f"under account {ACCOUNT} is invalid because it did not come from this stream.",
        )
    if owner is not shard:
        raise AwsError(
            "InvalidArgumentException",
            f"Invalid StartingSequenceNumber. It encodes {owner.id}, while it was used in a call to a shard "
            f"with {shard.id}",
        )
