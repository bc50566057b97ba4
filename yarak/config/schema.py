"""The JSON schema of the configuration (`--config-schema`)."""

from __future__ import annotations

from typing import Any

import msgspec

from yarak.config import later
from yarak.config.settings import Settings


def schema() -> str:
    """The schema, two-space indented, without a final line feed; keys not built yet accept anything."""
    (whole,), components = msgspec.json.schema_components([Settings], ref_template="#/definitions/{name}")
    definitions: dict[str, Any] = components
    for name, text in later.KEYS.items():
        _add(definitions, name.split("."), {"description": f"Not built yet: {text}"})
    document = {"$schema": "http://json-schema.org/draft-07/schema#", **whole, "definitions": definitions}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _add(definitions: dict[str, Any], steps: list[str], entry: dict[str, str]) -> None:
    section = definitions["Settings"]
    for step in steps[:-1]:
        section = definitions[_target(section["properties"][step])]
    section["properties"][steps[-1]] = entry


def _target(node: dict[str, Any]) -> str:
    """The definition that a property refers to; msgspec wraps references that carry a default."""
    reference: str = node["$ref"] if "$ref" in node else node["allOf"][0]["$ref"]
    return reference.rsplit("/", 1)[1]
