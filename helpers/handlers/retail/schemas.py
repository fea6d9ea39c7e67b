"""The schemas of all events, by name, and what is wrong with a document."""

import json
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = (HERE / "schemas", *(folder / "data" / "retail" for folder in HERE.parents))
"""Where the schemas are: beside the code in a package, in data/retail in this repository."""
KNOWN = {"$schema", "self", "description", "type", "const", "properties", "required", "additionalProperties",
         "minLength", "format"}  # fmt: skip
TYPES = {"object": dict, "string": str}


def load():
    """All schemas, each under vendor/name/version."""
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    found = {}
    for path in sorted(folder.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        own = schema["self"]
        found[f"{own['vendor']}/{own['name']}/{own['version']}"] = schema
    return found


def problem(value, schema, where="the document"):
    """What is wrong with a value, in a sentence; None if it is as the schema wants it."""
    if unknown := set(schema) - KNOWN:
        raise NotImplementedError(f"schemas here don't use {', '.join(sorted(unknown))}")
    if "const" in schema and value != schema["const"]:
        return f"{where} is {value!r}, not {schema['const']!r}"
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return f"{where} is not of type {schema['type']}"
    if isinstance(value, str):
        return text_problem(value, schema, where)
    if isinstance(value, dict):
        return object_problem(value, schema, where)
    return None


def text_problem(value, schema, where):
    if len(value) < schema.get("minLength", 0):
        return f"{where} is empty"
    if schema.get("format") == "date-time" and not is_moment(value):
        return f"{where} is no date and time: {value!r}"
    return None


def object_problem(value, schema, where):
    fields = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{where} has no {name}"
    if schema.get("additionalProperties") is False and (more := set(value) - set(fields)):
        return f"{where} has {', '.join(sorted(more))}, which the schema does not know"
    problems = (problem(value[name], field, name) for name, field in fields.items() if name in value)
    return next((found for found in problems if found), None)


def is_moment(text):
    try:
        return "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


SCHEMAS = load()
