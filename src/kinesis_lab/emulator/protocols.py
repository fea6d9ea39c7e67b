"""Reads requests in AWS's protocols: which operation one means, and its members as a JSON document would have them.

Which protocol a service speaks, and where a member stands (path, query, headers, body), says botocore's model.
`validation.py` checks what was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from xml.etree import ElementTree

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp

from kinesis_lab.emulator.validation import name_in_json, parse, service_model
from kinesis_lab.emulator.wire import AwsError, Document, Request

MODELS = {"monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses"}
"""What botocore calls services that sign their requests with another name."""

DEEPEST = 64
"""Elements in each other in an XML document: our choice, more than any operation has."""


class Call(NamedTuple):
    """What a request asks for."""

    service: str
    """As botocore calls it."""
    protocol: str
    operation: str
    members: Document
    """Not yet checked: see `validation.validate`."""


def call_of(request: Request) -> Call | None:
    """What a request asks for; None if botocore has no model of it, or speaks a protocol that is not read here.

    Raises AwsError for a body that is no document of its protocol.
    """
    service = MODELS.get(request.scope[1], request.scope[1])
    if service not in _known_services():
        return None
    model = service_model(service)
    protocol = protocol_of(model, request)
    match protocol:
        case "json":
            prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
            if operation not in model.operation_names or prefix != model.metadata.get("targetPrefix"):
                return None
            return Call(service, protocol, operation, parse(request.body))
        case "query" | "ec2":
            form = _form(request)
            operation = form.get("Action", "")
            if operation not in model.operation_names:
                return None
            return Call(service, protocol, operation, _Form(form, protocol).members(model.operation_model(operation)))
        case "rest-json" | "rest-xml":
            return rest_call(service, request)
    return None


@cache
def _known_services() -> frozenset[str]:
    return frozenset(Loader().list_available_services("service-2"))


def protocol_of(model: ServiceModel, request: Request) -> str:
    """The protocol of a request to a service that may speak several."""
    protocol = str(model.protocol)
    if protocol.startswith("rest-"):
        return protocol
    spoken = model.metadata.get("protocols", [protocol])
    content_type = request.headers.get("content-type", "")
    if "cbor" in content_type:
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in request.headers:
        return "json"
    return "ec2" if "ec2" in spoken else "query"


# REST: members in the path, in the query, in headers, and in the body


def rest_call(service: str, request: Request) -> Call | None:
    """What method and path of a request mean; None if there is no such operation."""
    parts = urlsplit(request.url)
    query = parse_qs(parts.query, keep_blank_values=True)
    given = query.keys() | request.headers.keys()
    found = _routes(service).find(request.method, _path(service, parts.hostname or "", parts.path), query, given)
    if found is None:
        return None
    operation, in_path = found
    model = service_model(service)
    members = _rest_members(model.operation_model(operation), in_path, query, request)
    return Call(service, str(model.protocol), operation, members)


def rest_request(service: str, operation: str, members: Document, request: Request) -> Request:
    """The request as botocore would send it for these members: nothing else of it is left."""
    model = service_model(service).operation_model(operation)
    serialized = _serializer(str(model.service_model.protocol)).serialize_to_request(members, model)
    query = urlencode(serialized["query_string"], doseq=True)
    url = urlsplit(request.url)._replace(path=serialized["url_path"], query=query).geturl()
    headers = {name.lower(): str(value) for name, value in serialized["headers"].items()}
    for name in ("authorization", "host"):
        if name in request.headers:
            headers[name] = request.headers[name]
    return Request(serialized["method"], url, headers, serialized["body"])


@cache
def _serializer(protocol: str) -> Any:
    return create_serializer(protocol, include_validation=False)


def _path(service: str, host: str, path: str) -> str:
    """The path of a request; S3 may have the name of the bucket in the host instead."""
    bucket = re.match(r"(.+)\.s3[.-]", host) if service == "s3" else None
    return f"/{bucket[1]}{path}" if bucket else path


class _Route(NamedTuple):
    operation: str
    names: tuple[str, ...]
    """Of the members in the path, in its order."""
    query: tuple[tuple[str, str], ...]
    """Names and values that must be in the query; any value for an empty one."""
    required: frozenset[str]
    """Names in the query and of headers without which another operation of the same path is meant, if there is one."""
    deprecated: bool

    def fits(self, given: set[str]) -> tuple[bool, bool, int]:
        """How well it fits a request that gives these names in its query and headers: better ones are greater."""
        return self.required <= given, not self.deprecated, len(self.query) + len(self.required)


class _Routes:
    """The operations of a service by method and path: a tree, which has an entry for each segment of a path."""

    ANY, REST = "{}", "{+}"

    def __init__(self, model: ServiceModel) -> None:
        self._tree: dict[str, Any] = {}
        for name in model.operation_names:
            self._add(model.operation_model(name))

    def _add(self, operation: OperationModel) -> None:
        path, _, query = operation.http["requestUri"].partition("?")
        node, names = self._tree.setdefault(operation.http["method"], {}), []
        for segment in _segments(path):
            named = re.fullmatch(r"\{(\w+)(\+?)\}", segment)
            if named:
                names.append(named[1])
            node = node.setdefault(f"{{{named[2]}}}" if named else segment, {})
        wanted = tuple((name, value) for name, _, value in (each.partition("=") for each in query.split("&") if each))
        required = frozenset(_required_outside_of_body(operation.input_shape))
        node.setdefault("", []).append(_Route(operation.name, tuple(names), wanted, required, operation.deprecated))

    def find(
        self, method: str, path: str, query: dict[str, list[str]], given: set[str]
    ) -> tuple[str, dict[str, str]] | None:
        """The operation, and the members in the path; `given`: the names of headers and in the query."""
        for routes, values in self._leaves(self._tree.get(method, {}), _segments(path)):
            fitting = [
                route
                for route in routes
                if all(name in query and value in ("", *query[name]) for name, value in route.query)
            ]
            if fitting:
                route = max(fitting, key=lambda each: each.fits(given))
                return route.operation, dict(zip(route.names, map(unquote, values), strict=True))
        return None

    def _leaves(self, node: dict[str, Any], segments: list[str]) -> Iterator[tuple[list[_Route], list[str]]]:
        if not segments:
            if "" in node:
                yield node[""], []
            return
        first, *others = segments
        if first in node and first:
            yield from self._leaves(node[first], others)
        if self.ANY in node and first:
            for routes, values in self._leaves(node[self.ANY], others):
                yield routes, [first, *values]
        if self.REST in node:
            rest = node[self.REST]
            if "" in rest:
                yield rest[""], ["/".join(segments)]
            for name in rest.keys() - {""}:  # what comes after, as in /{proxy+}/tags
                if segments[-1] == name and "" in rest[name]:
                    yield rest[name][""], ["/".join(segments[:-1])]


def _required_outside_of_body(shape: Shape | None) -> Iterator[str]:
    for name in shape.required_members if shape else []:
        serialization = shape.members[name].serialization  # type: ignore[union-attr]
        if serialization.get("location") == "querystring":
            yield str(serialization["name"])
        elif serialization.get("location") == "header":
            yield str(serialization["name"]).lower()


def _segments(path: str) -> list[str]:
    """What is between the slashes of a path; one at its end means nothing."""
    return path.strip("/").split("/") if path.strip("/") else []


@cache
def _routes(service: str) -> _Routes:
    return _Routes(service_model(service))


def _rest_members(
    operation: OperationModel, in_path: dict[str, str], query: dict[str, list[str]], request: Request
) -> Document:
    shape = operation.input_shape
    if shape is None:
        return {}
    payload = shape.serialization.get("payload")
    xml = str(operation.service_model.protocol) == "rest-xml"
    members = {} if payload else _body(shape, request.body, xml=xml)
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri" if wire_name in in_path:
                members[name] = _from_text(member, in_path[wire_name])
            case "querystring" if member.type_name == "map":
                members[name] = {key: _from_texts(member.value, values) for key, values in query.items()}
            case "querystring" if wire_name in query:
                members[name] = _from_texts(member, query[wire_name])
            case "header" if (value := request.headers.get(wire_name.lower())) is not None:
                members[name] = (
                    _from_texts(member, value.split(",")) if member.type_name == "list" else _from_text(member, value)
                )
            case "uri" | "querystring" | "header" | "headers" | "statusCode":
                members.pop(name, None)
            case None if name == payload and request.body:
                members[name] = _payload(member, request.body, xml=xml)
    return members


def _body(shape: Shape, body: bytes, *, xml: bool) -> Document:
    """The members that are in a body of their own; nobody reads that of an operation that has none there."""
    if all("location" in member.serialization for member in shape.members.values()):
        return {}
    document: Document = _xml(shape, body) if xml else parse(body)
    return document


def _payload(member: Shape, body: bytes, *, xml: bool) -> Any:
    """The one member that is the body."""
    if member.type_name == "blob":
        return body
    if member.type_name == "string":
        return body.decode(errors="replace")
    return _xml(member, body) if xml else parse(body)


# Texts: what is not in a JSON document has no type of its own


def _from_texts(shape: Shape, texts: list[str]) -> Any:
    if shape.type_name == "list":
        return [_from_text(shape.member, text.strip()) for text in texts]
    return _from_text(shape, texts[0])


def _from_text(shape: Shape, text: str) -> Any:
    """The value of a member as JSON has it, or the text if it is none of this type."""
    match shape.type_name:
        case "integer" | "long" if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            return int(text)
        case "float" | "double" if re.fullmatch(r"[+-]?[0-9]{1,300}(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?", text):
            return float(text)
        case "boolean" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "timestamp":
            try:
                return parse_timestamp(text).timestamp()
            except (ValueError, OverflowError, OSError, RuntimeError):
                return text
    return text


# Forms: the query protocol and that of EC2


def _form(request: Request) -> dict[str, str]:
    """Names and values of a form, in the body or in the URL."""
    text = request.body.decode(errors="replace") or urlsplit(request.url).query
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


class _Form:
    """A form whose names are paths into a document, as Attributes.entry.1.key."""

    def __init__(self, form: dict[str, str], protocol: str) -> None:
        self._form = form
        self._ec2 = protocol == "ec2"
        self._prefixes = {name[:end] for name in form for end in range(1, len(name) + 1) if name[end : end + 1] in ".["}
        self._prefixes |= form.keys()

    def members(self, operation: OperationModel) -> Document:
        """The members of the operation's input."""
        shape = operation.input_shape
        return {} if shape is None else self._structure(shape, "")

    def _value(self, shape: Shape, prefix: str) -> Any:
        match shape.type_name:
            case "structure":
                return self._structure(shape, prefix)
            case "list":
                return self._list(shape, prefix)
            case "map":
                return self._map(shape, prefix)
        return _from_text(shape, self._form[prefix]) if prefix in self._form else None

    def _structure(self, shape: Shape, prefix: str) -> Document:
        members = {}
        for name, member in shape.members.items():
            path = f"{prefix}.{self._name(member, name)}" if prefix else self._name(member, name)
            if self._has(path, member) and (value := self._value(member, path)) is not None:
                members[name_in_json(name, member)] = value
        return members

    def _list(self, shape: Shape, prefix: str) -> list[Any]:
        if self._ec2:
            return list(self._items(shape.member, prefix))
        if shape.serialization.get("flattened"):
            name = shape.member.serialization.get("name")
            return list(self._items(shape.member, ".".join([*prefix.split(".")[:-1], name]) if name else prefix))
        return list(self._items(shape.member, f"{prefix}.{shape.member.serialization.get('name', 'member')}"))

    def _items(self, shape: Shape, prefix: str) -> Iterator[Any]:
        number = 1
        while self._has(f"{prefix}.{number}", shape):
            yield self._value(shape, f"{prefix}.{number}")
            number += 1

    def _map(self, shape: Shape, prefix: str) -> Document:
        entry = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        members, number = {}, 1
        while f"{entry}.{number}.{key}" in self._form:
            members[self._form[f"{entry}.{number}.{key}"]] = self._value(shape.value, f"{entry}.{number}.{value}")
            number += 1
        return members

    def _name(self, member: Shape, name: str) -> str:
        serialization = member.serialization
        if self._ec2:
            wire_name = serialization.get("queryName") or serialization.get("name", name)
            return str(wire_name[:1].upper() + wire_name[1:])
        return str(serialization.get("name", name))

    def _has(self, path: str, member: Shape) -> bool:
        if path in self._prefixes:
            return True
        name = member.serialization.get("flattened") and getattr(member, "member", member).serialization.get("name")
        return bool(name) and ".".join([*path.split(".")[:-1], name]) in self._prefixes


# XML


def _xml(shape: Shape, body: bytes) -> Any:
    """The document in an XML body, by its shape; an empty body is an empty document."""
    if not body.strip():
        return {}
    try:
        root = ElementTree.fromstring(_declared(body))
    except (ElementTree.ParseError, ValueError, LookupError) as malformed:
        raise _malformed_xml() from malformed
    return _xml_value(shape, root, DEEPEST)


def _declared(body: bytes) -> bytes:
    """A body without a document type: entities can be made to grow without a bound."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("a document type")
    return body


def _malformed_xml() -> AwsError:
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def _xml_value(shape: Shape, element: ElementTree.Element, depth: int) -> Any:
    if not depth:
        raise _malformed_xml()
    match shape.type_name:
        case "structure":
            return _xml_structure(shape, element, depth - 1)
        case "list":
            return [_xml_value(shape.member, child, depth - 1) for child in element]
        case "map":
            pairs = [(child[0].text or "", child[1]) for child in element if len(child) == 2]
            return {key: _xml_value(shape.value, value, depth - 1) for key, value in pairs}
    return _from_text(shape, element.text or "")


def _xml_structure(shape: Shape, element: ElementTree.Element, depth: int) -> Document:
    children: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        children.setdefault(child.tag.rpartition("}")[2], []).append(child)
    members: Document = {}
    for name, member in shape.members.items():
        found = children.get(_xml_name(name, member))
        if not found:
            continue
        if member.type_name == "list" and member.serialization.get("flattened"):
            members[name_in_json(name, member)] = [_xml_value(member.member, each, depth) for each in found]
        else:
            members[name_in_json(name, member)] = _xml_value(member, found[0], depth)
    return members


def _xml_name(name: str, member: Shape) -> str:
    flattened = member.type_name == "list" and member.serialization.get("flattened")
    of_items = member.member.serialization.get("name") if flattened else None
    return str(of_items or member.serialization.get("name", name))
