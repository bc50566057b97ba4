"""The JSON schema of rules files (spec: rules-language.md, section 1), and the check of YAML documents against it.

The schema is the one declaration: ``--rule-schema`` prints it and ``problems`` judges by it. It is stricter than the
loader on purpose, and what it finds never stops loading. YAML's scalars are weakly typed: ``13`` and ``"13"`` are both
a text and both an integer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from . import keys, priority

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_TEXTS: Final = {"type": "array", "items": _TEXT}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{name}"}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    whole: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return whole | {"required": list(required)} if required else whole


_PROPERTIES: Final[dict[str, Any]] = {
    "required_engine_version": _TEXT,
    "required_plugin_versions": {"type": "array", "items": _ref("plugin_requirement")},
    "list": _TEXT,
    "items": _TEXTS,
    "macro": _TEXT,
    "rule": _TEXT,
    "condition": _TEXT,
    "output": _TEXT,
    "desc": _TEXT,
    "priority": {"type": "string", "enum": [name.upper() for name in priority.NAMES] + ["INFO"]},
    "source": _TEXT,
    "enabled": _FLAG,
    "tags": _TEXTS,
    "exceptions": {"type": "array", "items": _ref("exception")},
    "warn_evttypes": _FLAG,
    "skip-if-unknown-filter": _FLAG,
    "capture": _FLAG,
    "capture_duration": {"type": "integer", "minimum": 0},
    "append": _FLAG,
    "override": _ref("override"),
}
"""Every key of every kind of item."""

_OPERATION: Final = {"type": "string", "enum": ["append", "replace"]}
_TEXT_OR_TEXTS: Final = {"anyOf": [_TEXT, _TEXTS]}
_ENTRY: Final = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT_OR_TEXTS}]}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "http://json-schema.org/draft-06/schema#",
    "title": "Rules file",
    "type": "array",
    "items": _ref("item"),
    "definitions": {
        "item": _object(_PROPERTIES),
        "plugin": _object({"name": _TEXT, "version": _TEXT}, "name", "version"),
        "plugin_requirement": _object(
            {"name": _TEXT, "version": _TEXT, "alternatives": {"type": "array", "items": _ref("plugin")}},
            "name", "version",
        ),
        "exception": _object(
            {"name": _TEXT, "fields": _TEXT_OR_TEXTS, "comps": _TEXT_OR_TEXTS,
             "values": {"type": "array", "items": _ENTRY}},
            "name",
        ),
        "override": _object(dict.fromkeys(sorted(frozenset().union(*keys.REPLACEABLE.values())), _OPERATION)),
    },
}  # fmt: skip

Problems = Iterator[tuple[str, str]]
"""``(path below the node, reason)`` of everything that does not fit."""
_Check = Callable[[Node], Problems]

_BOOLEAN: Final = re.compile(r"true|false|yes|no|on|off|y|n", re.IGNORECASE)
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NULL: Final = re.compile(r"~|null|Null|NULL|")


def text() -> str:
    """The schema, two-space indented, without a final line feed."""
    return json.dumps(SCHEMA, indent=2)


def problems(document: Node) -> list[str]:
    """What does not fit the schema in one document, as ``failed for <path>: <reason>``."""
    return [f"failed for <root>{path}: {reason}" for path, reason in _whole()(document)]


_compiled: list[_Check] = []


def _whole() -> _Check:
    if not _compiled:
        _compiled.append(_check(SCHEMA))
    return _compiled[0]


def _check(schema: dict[str, Any]) -> _Check:
    """The schema as a function; a definition that is used twice is compiled twice, none refers to itself."""
    if "$ref" in schema:
        return _check(SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return _any_of([_check(choice) for choice in schema["anyOf"]])
    return _KINDS[schema["type"]](schema)


def _any_of(choices: list[_Check]) -> _Check:
    def check(node: Node) -> Problems:
        if all(any(True for _ in choice(node)) for choice in choices):
            yield "", "the value has none of the forms that are allowed here"

    return check


def _array(schema: dict[str, Any]) -> _Check:
    element = _check(schema["items"])

    def check(node: Node) -> Problems:
        if not isinstance(node, SequenceNode):
            yield "", "expected a list"
            return
        for number, child in enumerate(node.value):
            for path, reason in element(child):
                yield f"[{number}]{path}", reason

    return check


def _mapping(schema: dict[str, Any]) -> _Check:
    properties = {key: _check(inner) for key, inner in schema["properties"].items()}
    required = frozenset(schema.get("required", ()))

    def check(node: Node) -> Problems:
        if not isinstance(node, MappingNode):
            yield "", "expected a map"
            return
        found = set()
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            found.add(name)
            if name not in properties:
                yield "", f"'{name}' is not one of the keys allowed here"
                continue
            for path, reason in properties[name](value):
                yield f"[{name}]{path}", reason
        for missing in sorted(required - found):
            yield "", f"'{missing}' is missing"

    return check


def _string(schema: dict[str, Any]) -> _Check:
    words = schema.get("enum")

    def check(node: Node) -> Problems:
        if not isinstance(node, ScalarNode) or (not node.style and _NULL.fullmatch(node.value)):
            yield "", "expected a text"
        elif words is not None and node.value not in words:
            yield "", f"'{node.value}' is not one of {', '.join(words)}"

    return check


def _pattern(pattern: re.Pattern[str], expected: str, minimum: int | None = None) -> _Check:
    def check(node: Node) -> Problems:
        if not isinstance(node, ScalarNode) or not pattern.fullmatch(node.value):
            yield "", f"expected {expected}"
        elif minimum is not None and node.value.startswith("-"):
            yield "", f"expected at least {minimum}"

    return check


_KINDS: Final[dict[str, Callable[[dict[str, Any]], _Check]]] = {
    "array": _array,
    "object": _mapping,
    "string": _string,
    "boolean": lambda _schema: _pattern(_BOOLEAN, "true or false"),
    "integer": lambda schema: _pattern(_INTEGER, "a whole number", schema.get("minimum")),
}
