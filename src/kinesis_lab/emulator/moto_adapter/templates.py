"""Templates of stacks: how their text is read, and what makes none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import yaml
from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError

from kinesis_lab.emulator.moto_adapter.yaml_documents import PlainLoader
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import AwsError, Document


class TemplateLoader(PlainLoader):
    """Reads the YAML of templates, where moto's own loader would call what a tag names."""


def _add_multi_constructor(prefix: str, constructor: Any, **_for_loader: Any) -> None:
    """As moto adds what reads !Ref and the like."""
    TemplateLoader.add_multi_constructor(prefix, constructor)


def _load(text: Any, Loader: Any) -> Document:
    """The template in a text; moto names a loader, which is none of `TemplateLoader`'s kind."""
    template = yaml.load(text, TemplateLoader)
    if not isinstance(template, dict):
        raise _format_error("unsupported structure.")
    return template


_YAML = SimpleNamespace(**{**vars(yaml), "load": _load, "add_multi_constructor": _add_multi_constructor})


def attach(patches: Patches) -> None:
    """Let moto read templates with `TemplateLoader`."""
    for module in (models, responses):
        patches.attribute(module, "yaml", _YAML)


def check_template(template: Any) -> None:
    """Raise ValidationError for a template whose resources are none, in CloudFormation's words as far as known."""
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise _invalid("At least one Resources member must be defined.")
    for name, described in resources.items():
        _check_resource(name, described)


def _check_resource(name: str, described: Document) -> None:
    if not isinstance(described, dict):
        raise _invalid(f"[/Resources/{name}] Any Resources member must be an object.")
    if not isinstance(described.get("Type"), str):
        raise _invalid(f"[/Resources/{name}] Every Resource object must contain a Type member.")
    if not isinstance(described.get("Properties", {}), dict):
        raise _invalid(f"[/Resources/{name}] Every Properties member must be an object.")


def _invalid(problem: str) -> ValidationError:
    return ValidationError(message=f"Template format error: {problem}")


def _format_error(problem: str) -> AwsError:
    return AwsError("ValidationError", f"Template format error: {problem}")
