"""Configuration documents as trees of text: mappings, sequences and scalars that stay text until they are read.

Scalars keep their spelling because a key's declared type, and not YAML's guess, decides what a value means
(config.md §1: `-o` values are text, booleans take the YAML 1.1 words).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from yarak.errors import ConfigError

Node: TypeAlias = "dict[str, Node] | list[Node] | str"

MAX_EXPANSIONS = 1000


def parse(text: str, name: str) -> Node:
    """Read YAML text.

    Raises: ConfigError with line and column when `text` is not YAML.
    """
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _texts(yaml.load(text, Loader=loader))
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: {error}") from None


def read_file(path: Path) -> dict[str, Node]:
    """The document in `path`, `${VAR}` expanded; an empty file is an empty mapping.

    Raises: ConfigError when the file cannot be read or its top level is no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Could not read configuration file {path}: {error}") from None
    document = parse(text, str(path))
    if document == "":
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: the top level must be a mapping of keys")
    return {name: expand(node) for name, node in document.items()}


def _texts(value: object) -> Node:
    """Keys as text (a YAML key may be any node), an empty document as an empty scalar."""
    if isinstance(value, dict):
        return {str(name): _texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return "" if value is None else str(value)


def expand(node: Node) -> Node:
    """Replace `${VAR}` in every scalar value."""
    if isinstance(node, dict):
        return {name: expand(item) for name, item in node.items()}
    if isinstance(node, list):
        return [expand(item) for item in node]
    return expand_text(node)


def expand_text(text: str) -> str:
    """`${VAR}` → its value or nothing, `$${VAR}` → literal; `$X` ends the scan (config.md §1).

    Raises: ConfigError when values that name each other would never end.
    """
    position = 0
    for _ in range(MAX_EXPANSIONS):
        position = text.find("$", position)
        if position < 0:
            return text
        if text.startswith("$${", position):
            closing = text.find("}", position)
            if closing < 0:
                return text
            text = text[:position] + text[position + 1 :]
            position = closing
            continue
        closing = text.find("}", position)
        if not text.startswith("${", position) or closing < 0:
            return text
        # The scan resumes at the start of what was inserted, so an inserted ${…} is expanded too.
        text = text[:position] + os.environ.get(text[position + 2 : closing], "") + text[closing + 1 :]
    raise ConfigError("environment variables in the configuration refer to each other without end")
