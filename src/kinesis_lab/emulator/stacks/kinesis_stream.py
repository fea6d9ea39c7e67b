"""Streams and registered consumers of a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kinesis_lab.emulator.kinesis.kinesis_api import KinesisService
from kinesis_lab.emulator.kinesis.operations.streams import SHARD_METRICS, check_retention
from kinesis_lab.emulator.kinesis.stream import RECORD_KIB, RETENTION_HOURS, Stream
from kinesis_lab.emulator.stacks.resource_type import EmulatedResource, ResourceType, already_gone
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import AwsError, Document

STREAM_TYPES: Mapping[str, str] = {
    "Name": "string",
    "ShardCount": "integer",
    "RetentionPeriodHours": "integer",
    "StreamModeDetails": "structure",
    "StreamEncryption": "structure",
    "MaxRecordSizeInKiB": "integer",
    "WarmThroughputMiBps": "integer",
    "DesiredShardLevelMetrics": "list",
    "Tags": "tags",
}
CONSUMER_TYPES: Mapping[str, str] = {"StreamARN": "string", "ConsumerName": "string", "Tags": "tags"}
"""Properties in templates, and the kind of each."""


class StreamType(ResourceType):
    """AWS::Kinesis::Stream."""

    TYPE = "AWS::Kinesis::Stream"
    NAME = "Name"
    ATTRIBUTES = ("Arn",)
    FIXED = ("Name",)

    def types(self) -> Mapping[str, str]:
        """Not those of one operation: a stack calls several."""
        return STREAM_TYPES

    def make(self, region: str, name: str, properties: Document) -> EmulatedResource:
        """Create the stream; its other settings come with it."""
        service = self.services.kinesis(region)
        request: Document = {"StreamName": name}
        with_it = ("StreamModeDetails", "ShardCount", "Tags", "MaxRecordSizeInKiB", "WarmThroughputMiBps")
        request |= {setting: properties[setting] for setting in with_it if setting in properties}
        if _mode(properties) != "ON_DEMAND":
            request.setdefault("ShardCount", 1)
        if not request.get("Tags"):
            request.pop("Tags", None)
        _check_later_settings(service, name, properties)
        service.carry_out("CreateStream", request, throttled=False)
        stream = service.region.streams[name]
        stream.retention_hours = properties.get("RetentionPeriodHours", RETENTION_HOURS)
        stream.key_id = properties.get("StreamEncryption", {}).get("KeyId")
        stream.shard_metrics = _metrics(properties)
        return EmulatedResource(self, name, Arn=stream.arn)

    def change(self, region: str, resource: EmulatedResource, properties: Document) -> EmulatedResource:
        """Change settings one by one, each as soon as the one before is through; what is left out becomes the default.

        Shards come last, as they take longest.
        """
        service = self.services.kinesis(region)
        stream = service.region.stream({"StreamName": resource.physical_resource_id})
        _check_later_settings(service, stream.name, properties)
        for operation, request in _steps(service, stream, resource.stack_properties, properties):
            service.carry_out(operation, {"StreamARN": stream.arn, **request}, throttled=False)
        return resource

    def remove(self, region: str, resource: EmulatedResource) -> None:
        """Delete it with what is in it."""
        request = {"StreamName": resource.physical_resource_id, "EnforceConsumerDeletion": True}
        with already_gone():
            self.services.kinesis(region).carry_out("DeleteStream", request, throttled=False)


def _steps(
    service: KinesisService, stream: Stream, before: Document, properties: Document
) -> Iterator[tuple[str, Document]]:
    """The operations, with their requests, that lead from a stream to properties; `before` are those of last time."""
    settle = service.region.settle
    tags, wanted_tags = dict(stream.tags), properties.get("Tags", {})
    if gone := sorted(tags.keys() - wanted_tags.keys()):
        yield "RemoveTagsFromStream", {"TagKeys": gone}
    if new := dict(wanted_tags.items() - tags.items()):
        yield "AddTagsToStream", {"Tags": new}
    settle(stream)
    mode = _mode(properties)
    if mode != stream.mode:
        yield "UpdateStreamMode", {"StreamModeDetails": {"StreamMode": mode}}
        settle(stream)
    hours = properties.get("RetentionPeriodHours", RETENTION_HOURS)
    if hours != stream.retention_hours:
        direction = "Increase" if hours > stream.retention_hours else "Decrease"
        yield f"{direction}StreamRetentionPeriod", {"RetentionPeriodHours": hours}
        settle(stream)
    encryption = properties.get("StreamEncryption", {})
    if encryption.get("KeyId") != stream.key_id:
        start = {"EncryptionType": encryption.get("EncryptionType"), "KeyId": encryption.get("KeyId")}
        stop = {"EncryptionType": "KMS", "KeyId": stream.key_id}
        yield ("StartStreamEncryption", start) if encryption else ("StopStreamEncryption", stop)
        settle(stream)
    size = properties.get("MaxRecordSizeInKiB", RECORD_KIB)
    if size != stream.largest_record_kib:
        yield "UpdateMaxRecordSize", {"MaxRecordSizeInKiB": size}
        settle(stream)
    warm = properties.get("WarmThroughputMiBps", 0)
    if warm != stream.warm_throughput:
        yield "UpdateStreamWarmThroughput", {"WarmThroughputMiBps": warm}
        settle(stream)
    metrics, wanted_metrics = set(stream.shard_metrics), set(_metrics(properties))
    if metrics - wanted_metrics:
        yield "DisableEnhancedMonitoring", {"ShardLevelMetrics": sorted(metrics - wanted_metrics)}
        settle(stream)
    if wanted_metrics - metrics:
        yield "EnableEnhancedMonitoring", {"ShardLevelMetrics": sorted(wanted_metrics - metrics)}
        settle(stream)
    shards = properties.get("ShardCount", 1 if "ShardCount" in before else None)
    if mode == "PROVISIONED" and shards not in (None, len(stream.open_shards)):
        yield "UpdateShardCount", {"TargetShardCount": shards, "ScalingType": "UNIFORM_SCALING"}


def _mode(properties: Document) -> str:
    return str(properties.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED"))


def _metrics(properties: Document) -> list[str]:
    """The metrics of shards that are wanted, in AWS's order."""
    asked = properties.get("DesiredShardLevelMetrics", [])
    return [name for name in SHARD_METRICS if name in asked or "ALL" in asked]


def _check_later_settings(service: KinesisService, name: str, properties: Document) -> None:
    """Refuse what the API would refuse once the stream is there: it is made with all its settings, or not at all."""
    if "RetentionPeriodHours" in properties:
        hours = properties["RetentionPeriodHours"]
        validate("kinesis", "IncreaseStreamRetentionPeriod", {"StreamName": name, "RetentionPeriodHours": hours})
        check_retention(hours)
    if encryption := properties.get("StreamEncryption"):
        validate("kinesis", "StartStreamEncryption", {"StreamName": name, **encryption})
        if encryption["EncryptionType"] != "KMS":
            raise AwsError("InvalidArgumentException", "EncryptionType must be KMS to start encryption.")
        service.region.check_key(encryption["KeyId"])
    if metrics := properties.get("DesiredShardLevelMetrics"):
        validate("kinesis", "EnableEnhancedMonitoring", {"StreamName": name, "ShardLevelMetrics": metrics})


class ConsumerType(ResourceType):
    """AWS::Kinesis::StreamConsumer."""

    TYPE = "AWS::Kinesis::StreamConsumer"
    ATTRIBUTES = ("ConsumerARN",)
    FIXED = ("StreamARN", "ConsumerName")

    def types(self) -> Mapping[str, str]:
        """Those of RegisterStreamConsumer; its tags are a list here."""
        return CONSUMER_TYPES

    def make(self, region: str, name: str, properties: Document) -> EmulatedResource:
        """Register it; the stack does not wait until it is ACTIVE, which takes it a while otherwise."""
        service = self.services.kinesis(region)
        request = {setting: value for setting, value in properties.items() if value}
        answer = service.carry_out("RegisterStreamConsumer", request, throttled=False)
        stream = service.region.stream({"StreamARN": properties["StreamARN"]})
        stream.consumers[properties["ConsumerName"]].transition.settle()
        arn = str(answer["Consumer"]["ConsumerARN"])
        return EmulatedResource(self, arn, ConsumerARN=arn)

    def change(self, region: str, resource: EmulatedResource, properties: Document) -> EmulatedResource:
        """Change its tags, which are all that can be changed."""
        carry_out, before = self.services.kinesis(region).carry_out, resource.stack_properties.get("Tags", {})
        after, arn = properties.get("Tags", {}), {"ResourceARN": resource.physical_resource_id}
        if gone := sorted(before.keys() - after.keys()):
            carry_out("UntagResource", {**arn, "TagKeys": gone}, throttled=False)
        if after:
            carry_out("TagResource", {**arn, "Tags": after}, throttled=False)
        return resource

    def remove(self, region: str, resource: EmulatedResource) -> None:
        """Deregister it."""
        request = {"ConsumerARN": resource.physical_resource_id}
        with already_gone():
            self.services.kinesis(region).carry_out("DeregisterStreamConsumer", request, throttled=False)
