"""Tags of streams and of consumers, and resource policies: facts 1.9."""

from __future__ import annotations

import json

from kinesis_lab.emulator.kinesis.region import Region
from kinesis_lab.emulator.wire import AwsError, Document

MOST_TAGS = 50
"""Tags of a resource (facts 1.9)."""


class TagOperations:
    """The calls for streams, those for any resource, and resource policies."""

    def __init__(self, region: Region) -> None:
        """Operate on the streams of `region`."""
        self._region = region

    def add_tags_to_stream(self, request: Document) -> None:
        """AddTagsToStream: the same key again overwrites."""
        add_tags(self._region.stream(request).tags, request["Tags"])

    def remove_tags_from_stream(self, request: Document) -> None:
        """RemoveTagsFromStream: unknown keys are no error."""
        _remove(self._region.stream(request).tags, request["TagKeys"])

    def list_tags_for_stream(self, request: Document) -> Document:
        """ListTagsForStream: by key, all or as many as asked for."""
        tags = self._region.stream(request).tags
        after = request.get("ExclusiveStartTagKey", "")
        keys = sorted(key for key in tags if key > after)
        page = keys[: request.get("Limit", MOST_TAGS)]
        return {"Tags": [{"Key": key, "Value": tags[key]} for key in page], "HasMoreTags": len(page) < len(keys)}

    def tag_resource(self, request: Document) -> None:
        """TagResource: of a stream or a consumer."""
        add_tags(self._region.resource(request["ResourceARN"]).tags, request["Tags"])

    def untag_resource(self, request: Document) -> None:
        """UntagResource: of a stream or a consumer."""
        _remove(self._region.resource(request["ResourceARN"]).tags, request["TagKeys"])

    def list_tags_for_resource(self, request: Document) -> Document:
        """ListTagsForResource: of a stream or a consumer."""
        tags = self._region.resource(request["ResourceARN"]).tags
        return {"Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)]}

    def put_resource_policy(self, request: Document) -> None:
        """PutResourcePolicy: kept and given back, not enforced."""
        policy = request["Policy"]
        try:
            document = json.loads(policy)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise AwsError("InvalidArgumentException", "Policy is not a JSON document.")
        self._region.resource(request["ResourceARN"]).policy = policy

    def get_resource_policy(self, request: Document) -> Document:
        """GetResourcePolicy: as it was put."""
        return {"Policy": self._region.resource(request["ResourceARN"]).policy or "{}"}

    def delete_resource_policy(self, request: Document) -> None:
        """DeleteResourcePolicy: there must be one."""
        resource = self._region.resource(request["ResourceARN"])
        if resource.policy is None:
            raise AwsError("ResourceNotFoundException", f"No resource policy found for resource ARN {resource.arn}")
        resource.policy = None


def add_tags(tags: dict[str, str], new: dict[str, str]) -> None:
    """Add `new` to `tags`; raises InvalidArgumentException if these would be too many."""
    if len(tags.keys() | new.keys()) > MOST_TAGS:
        raise AwsError("InvalidArgumentException", f"A resource can have at most {MOST_TAGS} tags.")
    tags.update(new)


def _remove(tags: dict[str, str], keys: list[str]) -> None:
    for key in keys:
        tags.pop(key, None)
