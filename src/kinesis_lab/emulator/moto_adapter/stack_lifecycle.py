"""How stacks come, change and go: what moto's do, and what AWS's do besides.

A stack that fails says so, what is gone already is no obstacle to its end, and a change reaches all that it concerns.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.parsing import (
    OutputMap,
    ResourceMap,
    parse_and_update_resource,
    parse_resource,
    resource_class_from_type,
)

from kinesis_lab.emulator.moto_adapter.templates import check_template
from kinesis_lab.emulator.patches import Patches
from kinesis_lab.emulator.wire import Document, NotOffered

GONE = re.compile("NotFound|NoSuch|NonExistent|NotExist")
"""In the code of an error: what was to be deleted is not there."""


def attach(patches: Patches) -> None:
    """Change how moto's stacks come, change and go."""
    patches.attribute(CloudFormationBackend, "create_stack", _created(CloudFormationBackend.create_stack))
    patches.attribute(Stack, "update", _updated(Stack.update))
    patches.attribute(Stack, "delete", _deleted(Stack.delete))
    patches.attribute(ChangeSet, "apply", _applied(ChangeSet.apply))
    patches.attribute(ResourceMap, "__init__", _checking_template(ResourceMap.__init__))
    patches.attribute(ResourceMap, "update", _update_all)
    patches.attribute(ResourceMap, "delete", _delete_all)
    patches.attribute(ResourceMap, "_delete_resource", _if_there(ResourceMap._delete_resource))


# What fails says so


def _fail(stack: Any, status: str, problem: Exception) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=str(problem))


@contextmanager
def _failing(stack: Any, status: str) -> Iterator[None]:
    try:
        yield
    except Exception as problem:
        _fail(stack, status, problem)
        raise


def _created(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_stack(backend: Any, name: str, *about: Any, **more: Any) -> Any:
        before = set(backend.stacks)
        try:
            return create(backend, name, *about, **more)
        except Exception as problem:
            for stack_id in backend.stacks.keys() - before:
                _leave_unfinished(backend.stacks[stack_id])
                _fail(backend.stacks[stack_id], "CREATE_FAILED", problem)
            raise

    return create_stack


def _checking_template(initialise: Callable[..., None]) -> Callable[..., None]:
    def initialise_with_template(resources: Any, *about: Any, **more: Any) -> None:
        initialise(resources, *about, **more)
        if resources._template != {}:  # of a stack that is only planned
            check_template(resources._template)

    return initialise_with_template


def _leave_unfinished(stack: Any) -> None:
    """Keep what there is: moto would make the rest at the next look at it, or at the outputs."""
    resources = stack.resource_map
    described, made = resources._resource_json_map, resources._parsed_resources
    resources._resource_json_map = {name: each for name, each in described.items() if name in made}
    stack.output_map = OutputMap(resources, {}, stack.stack_id)


def _updated(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_stack(stack: Any, *about: Any, **more: Any) -> Any:
        with _failing(stack, "UPDATE_FAILED"):
            return update(stack, *about, **more)

    return update_stack


def _applied(apply: Callable[..., Any]) -> Callable[..., Any]:
    def apply_change_set(change_set: Any) -> Any:
        with _failing(change_set.stack, f"{change_set.change_set_type}_FAILED"):
            return apply(change_set)

    return apply_change_set


def _deleted(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_stack(stack: Any) -> Any:
        try:
            return delete(stack)
        except Exception as problem:
            _fail(stack, "DELETE_FAILED", problem)
            cloudformation_backends[stack.account_id][stack.region_name].stacks[stack.stack_id] = stack
            raise

    return delete_stack


# What is gone is no obstacle


def _if_there(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_resource(resources: Any, resource: Any, described: Document) -> None:
        try:
            delete(resources, resource, described)
        except Exception as problem:
            code = getattr(problem, "error_type", None) or getattr(problem, "code", "")
            if not GONE.search(str(code)):
                raise

    return delete_resource


def _delete_all(resources: Any) -> None:
    """Delete every resource that is not to be retained."""
    described = resources._resource_json_map
    _remove(resources, {name: each for name, each in described.items() if each.get("DeletionPolicy") != "Retain"})


def _remove(resources: Any, described: Document) -> None:
    """Delete resources, the last ones first: what is refused is tried again as long as others can be deleted."""
    left = [name for name in reversed(described) if name in resources._parsed_resources]
    while left:
        problems = {}
        for name in left:
            try:
                resources._delete_resource(resources._parsed_resources[name], described[name])
            except Exception as problem:
                problems[name] = problem
            else:
                resources._parsed_resources.pop(name)
                _made_of(resources).pop(name, None)
        if len(problems) == len(left):
            raise next(iter(problems.values()))
        left = list(problems)


# A change reaches everything


def _made_of(resources: Any) -> Document:
    """The properties from which each resource of a stack was made, or changed last."""
    made: Document = vars(resources).setdefault("_made_of", {})
    return made


def _update_all(resources: Any, template: Document, parameters: Document | None = None) -> None:
    """Make a stack what a template says: make and change first, then delete what is no longer in it, as AWS does.

    moto compares the texts of templates.  So it overlooks parameters in Fn::Sub, and that others name what it replaced.
    """
    before = resources._resource_json_map
    made = _made_of(resources)
    for name in before:
        if name in resources._parsed_resources:
            made.setdefault(name, _properties(resources, name))
    check_template(template)
    resources._template = template
    if parameters:
        resources.input_parameters = parameters
    resources.load_mapping()
    resources.load_parameters()
    resources.load_conditions()
    wanted = template["Resources"]
    resources._resource_json_map = wanted
    try:
        _bring_about(resources, list(wanted))
        described = {**before, **wanted}
        _remove(resources, {name: described[name] for name in made if not _is_wanted(resources, name)})
    except Exception:
        resources._resource_json_map = {name: wanted.get(name, before.get(name)) for name in made}
        raise


def _bring_about(resources: Any, names: list[str]) -> None:
    """Make or change resources, in as many turns as it takes: what one is refused may be there after the others."""
    for _ in [*names, ""]:
        problems, changed = [], False
        for name in names:
            try:
                changed |= _brought_about(resources, name)
            except Exception as problem:
                problems.append(problem)
        if not changed:
            break
    if problems:
        raise problems[0]


def _brought_about(resources: Any, name: str) -> bool:
    """Make or change a resource, unless it is as it should be."""
    described = resources._resource_json_map[name]
    of_type: Any = resource_class_from_type(described["Type"])
    if of_type is None or not _is_wanted(resources, name):
        return False
    made = _made_of(resources)
    if name not in made:  # it is made now, if no other that names it came before
        made[name] = resources[name] and _properties(resources, name)
        return True
    properties = _properties(resources, name)
    if properties == made[name]:
        return False
    if hasattr(of_type.update_from_cloudformation_json, "__isabstractmethod__"):
        raise NotOffered(f"the local cloud cannot change a resource of the type {described['Type']}: {name}")
    resources._parsed_resources[name] = parse_and_update_resource(
        name, described, resources, resources._account_id, resources._region_name
    )
    made[name] = properties
    return True


def _is_wanted(resources: Any, name: str) -> bool:
    described = resources._resource_json_map.get(name)
    condition = described and described.get("Condition")
    return bool(described) and (not condition or bool(resources.lazy_condition_map[condition]))


def _properties(resources: Any, name: str) -> Document | None:
    """A resource's properties, with everything that they name filled in."""
    parsed = parse_resource(copy.deepcopy(resources._resource_json_map[name]), resources)
    properties: Document | None = parsed[1]["Properties"] if parsed else None
    return properties
