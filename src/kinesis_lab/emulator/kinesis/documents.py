"""Streams, shards, records and consumers as responses show them."""

from __future__ import annotations

import base64

from kinesis_lab.emulator.kinesis.shard import Record, Shard
from kinesis_lab.emulator.kinesis.stream import Consumer, Stream
from kinesis_lab.emulator.wire import ACCOUNT, Document


def stream_document(stream: Stream) -> Document:
    """What all descriptions of a stream have in common (facts 1.10)."""
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": stream.created,
        "EnhancedMonitoring": [{"ShardLevelMetrics": stream.shard_metrics}],
        "EncryptionType": stream.encryption or "NONE",
        **({"KeyId": stream.key_id} if stream.key_id else {}),
    }


def shard_document(shard: Shard) -> Document:
    """A Shard: an EndingSequenceNumber says that it is closed (facts 3, 6)."""
    numbers = {"StartingSequenceNumber": shard.starting_sequence_number}
    if shard.ending_sequence_number:
        numbers["EndingSequenceNumber"] = shard.ending_sequence_number
    parents = zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False)
    return {
        "ShardId": shard.id,
        **{name: parent.id for name, parent in parents},
        "HashKeyRange": _range(shard),
        "SequenceNumberRange": numbers,
    }


def child_documents(stream: Stream, parent: Shard) -> list[Document]:
    """The ChildShards with which the end of a closed shard is answered (facts 5.2)."""
    return [
        {
            "ShardId": child.id,
            "ParentShards": [shard.id for shard in child.parents],
            "HashKeyRange": _range(child),
        }
        for child in stream.children(parent)
    ]


def record_documents(records: list[Record]) -> list[Document]:
    """Records as they are read."""
    documents = []
    for number, key, data, arrival, encryption, _place in records:
        document = {
            "SequenceNumber": number,
            "ApproximateArrivalTimestamp": arrival,
            "Data": base64.b64encode(data).decode("ascii"),
        }
        if key is not None:
            document["PartitionKey"] = key
        if encryption:
            document["EncryptionType"] = encryption
        documents.append(document)
    return documents


def consumer_document(consumer: Consumer) -> Document:
    """A Consumer."""
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn,
        "ConsumerStatus": consumer.status,
        "ConsumerCreationTimestamp": consumer.created,
    }


def _range(shard: Shard) -> Document:
    return {"StartingHashKey": str(shard.first_hash), "EndingHashKey": str(shard.last_hash)}


def rate_exceeded(stream: Stream, shard: Shard) -> str:
    """What AWS says when a shard's throughput is exceeded, by writes or by reads (facts 4.3, 5.2)."""
    return f"Rate exceeded for shard {shard.id} in stream {stream.name} under account {ACCOUNT}."
