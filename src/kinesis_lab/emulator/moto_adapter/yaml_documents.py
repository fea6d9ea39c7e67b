"""YAML in requests: plain values, and no more of them than the text has."""

from __future__ import annotations

from typing import Any

import yaml

from kinesis_lab.emulator.moto_adapter.ways_out import moto_below
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import AwsError


class PlainLoader(yaml.SafeLoader):
    """Makes plain values only, and takes no aliases: a few lines of them can mean millions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias, as CloudFormation does."""
        if self.check_event(yaml.AliasEvent):
            raise AwsError("ValidationError", "Template format error: YAML aliases are not allowed in templates")
        return super().compose_node(parent, index)


def attach(patches: Patches) -> None:
    """Let moto read YAML with `PlainLoader`; for the program, nothing changes."""
    safe_load = yaml.safe_load

    def load(stream: Any) -> Any:
        return yaml.load(stream, PlainLoader) if moto_below() else safe_load(stream)

    patches.attribute(yaml, "safe_load", load)
